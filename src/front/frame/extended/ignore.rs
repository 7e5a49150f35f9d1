//! Whom one ignores, and what is left out for it.

use crate::protocol::frame::encode;
use crate::protocol::wire::{IgnoreMes, Ignored, Passed, kind};
use crate::protocol::{Event, Party};

/// People in one frame: names of 64 bytes may take 500 each in JSON within JSON.
const PAGE: usize = 100;

/// Nothing else comes here.
pub(super) fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Ignoring(whom, is_so) => {
            let mes = IgnoreMes { off: (!is_so).then_some(true), ..listed(whom) };
            encode(kind::IGNORE, &mes, out);
        }
        Event::Ignored(people) => ignored(people, out),
        Event::Passed { room, up_to } => {
            encode(kind::PASSED, &Passed { room: room.to_string(), up_to: up_to.0 }, out);
        }
        _ => {}
    }
}

/// The list in as many frames as it takes, one where it is empty.
fn ignored(people: &[Party], out: &mut Vec<u8>) {
    let mut rest = people;
    loop {
        let (page, behind) = rest.split_at_checked(PAGE).unwrap_or((rest, &[]));
        let mes = Ignored { people: page.iter().map(listed).collect(), more: !behind.is_empty() };
        encode(kind::IGNORED_RES, &mes, out);
        if behind.is_empty() {
            return;
        }
        rest = behind;
    }
}

fn listed(whom: &Party) -> IgnoreMes {
    let (user_id, user_name) = (whom.id.0, Some(whom.name.to_string()));
    IgnoreMes { user_id, user_name, off: None }
}
