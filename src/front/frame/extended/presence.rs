//! Who is busy, away or back, and who writes.

use crate::protocol::frame::encode;
use crate::protocol::wire::{AwayMes, Notify, TypingMes, kind, status};
use crate::protocol::{Absence, AbsenceKind, Event, Member};

/// Nothing else comes here.
pub(super) fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Absent(members) => members.iter().for_each(|member| absent(member, out)),
        Event::AbsenceDone(member) | Event::IsAbsent(member) => {
            let mes = AwayMes {
                user_id: Some(member.id.0),
                user_name: Some(member.name.to_string()),
                state: state(member).unwrap_or(AbsenceKind::HERE).to_owned(),
                text: words(member),
            };
            encode(kind::AWAY, &mes, out);
        }
        Event::Typing { room, who } => {
            let mes = TypingMes {
                room: Some(room.to_string()),
                user_id: Some(who.id.0),
                user_name: Some(who.name.to_string()),
                ..TypingMes::default()
            };
            encode(kind::TYPING, &mes, out);
        }
        _ => {}
    }
}

fn absent(member: &Member, out: &mut Vec<u8>) {
    let state = state(member);
    let notify = Notify {
        user_id: member.id.0,
        status: if state.is_some() { status::BUSY } else { status::ONLINE },
        user_name: Some(member.name.to_string()),
        address: Some(member.address.to_string()),
        state: Some(state.unwrap_or(AbsenceKind::HERE).to_owned()),
        text: words(member),
        ..Notify::default()
    };
    encode(kind::NOTIFY, &notify, out);
}

/// The stable name; `None`: somebody is there.
pub(super) fn state(member: &Member) -> Option<&'static str> {
    member.absence.as_ref().map(|absence| absence.kind.name())
}

pub(super) fn words(member: &Member) -> Option<String> {
    let words = member.absence.as_deref().map_or("", Absence::words);
    (!words.is_empty()).then(|| words.to_owned())
}
