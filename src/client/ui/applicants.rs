//! Who asks for an account: what is shown of it, not yet made harmless.

use crate::client::Update;
use crate::clock;
use crate::protocol::wire::entry::{APPROVE, Applicant as Wire, EntryMes, REJECT};
use crate::protocol::{Applicant, EntryNews, Knock, Millis, Note, Party, UserId};
use crate::texts::{self, Lang};

/// Nothing else comes here.
pub(super) fn lines(update: &Update, lang: Lang) -> Vec<String> {
    match update {
        Update::Applicants(told) => {
            let all: Vec<_> = told.applicants.iter().map(applicant).collect();
            texts::applicants(&all, lang, clock::minute)
        }
        Update::Entry(mes) => vec![texts::entry_news(&news(mes), lang)],
        _ => Vec::new(),
    }
}

fn applicant(wire: &Wire) -> Applicant {
    let who = party(wire.user_id, Some(&wire.user_name));
    Applicant { who, since: Millis(wire.time) }
}

fn news(mes: &EntryMes) -> EntryNews {
    let by = party(mes.user_id.unwrap_or_default(), mes.user_name.as_deref());
    let what = match mes.act.as_str() {
        APPROVE => Knock::LetIn(by),
        REJECT => Knock::Rejected(by, mes.text.as_deref().and_then(Note::new)),
        _ => Knock::Waits,
    };
    EntryNews { whom: party(mes.whom_id, mes.whom_name.as_deref()), what }
}

fn party(id: i64, name: Option<&str>) -> Party {
    Party { id: UserId(id), name: name.unwrap_or_default().into() }
}
