//! Who is busy, away or back, and who writes, line by line.

use super::line;
use crate::client::Update;
use crate::protocol::{Absence, AbsenceKind};

/// Nothing else comes here.
pub(super) fn lines(update: &Update) -> String {
    match update {
        Update::AbsenceDone(own) => {
            let here = [AbsenceKind::HERE, ""];
            line("absence-ok", &fields(own.as_ref()).unwrap_or(here))
        }
        Update::Absence(who) | Update::IsAbsent(who) => {
            let kind = if matches!(update, Update::Absence(_)) { "absence" } else { "is-absent" };
            let [state, words] = fields(who.absence.as_deref()).unwrap_or([AbsenceKind::HERE, ""]);
            line(kind, &[&who.id.to_string(), &who.name, state, words])
        }
        Update::Typing { room, by, name } => {
            line("typing", &[&room.to_string(), &by.to_string(), name])
        }
        _ => String::new(),
    }
}

/// In what way somebody is not quite there, and their words.
pub(super) fn fields(absence: Option<&Absence>) -> Option<[&str; 2]> {
    absence.map(|absence| [absence.kind.name(), absence.words()])
}
