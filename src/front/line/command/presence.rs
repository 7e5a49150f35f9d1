//! What is typed about being away.

use super::Wrong;
use crate::protocol::{Absence, AbsenceKind, AbsenceNote, Command, ErrorCode};

/// As in IRC, nothing behind it means that one is back.
pub(super) fn away(words: &str) -> Result<Command, Wrong> {
    if words.is_empty() { Ok(Command::Absence(None)) } else { absent(AbsenceKind::Away, words) }
}

pub(super) fn busy(words: &str) -> Result<Command, Wrong> {
    absent(AbsenceKind::Busy, words)
}

fn absent(kind: AbsenceKind, words: &str) -> Result<Command, Wrong> {
    let note = match words {
        "" => None,
        words => Some(AbsenceNote::new(words).ok_or(ErrorCode::BadNote)?),
    };
    Ok(Command::Absence(Some(Absence { kind, note })))
}
