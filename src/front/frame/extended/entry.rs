//! Events about who asks for an account.

use super::order::pages;
use crate::protocol::frame::encode;
use crate::protocol::wire::entry::{
    APPROVE, Applicant as Wire, Applicants, EntryMes, REJECT, WAITS,
};
use crate::protocol::wire::kind;
use crate::protocol::{Applicant, EntryNews, Event, Knock, Party};

/// Everything else is spelled elsewhere.
pub(super) fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Applicants(all) => listed(all, out),
        Event::Entry(news) => encode(kind::ENTRY, &told(news), out),
        _ => {}
    }
}

fn told(EntryNews { whom, what }: &EntryNews) -> EntryMes {
    let about = |act: &str| EntryMes {
        act: act.to_owned(),
        whom_id: whom.id.0,
        whom_name: Some(whom.name.to_string()),
        ..EntryMes::default()
    };
    let by = |act: &str, by: &Party| EntryMes {
        user_id: Some(by.id.0),
        user_name: Some(by.name.to_string()),
        ..about(act)
    };
    match what {
        Knock::Waits => about(WAITS),
        Knock::LetIn(who) => by(APPROVE, who),
        Knock::Rejected(who, why) => {
            let text = why.as_ref().map(|why| why.as_str().to_owned());
            EntryMes { text, ..by(REJECT, who) }
        }
    }
}

fn listed(all: &[Applicant], out: &mut Vec<u8>) {
    let wire = |applicant: &Applicant| Wire {
        user_id: applicant.who.id.0,
        user_name: applicant.who.name.to_string(),
        time: applicant.since.0,
    };
    for (page, more) in pages(all) {
        let applicants = Applicants { applicants: page.iter().map(wire).collect(), more };
        encode(kind::PENDING_RES, &applicants, out);
    }
}
