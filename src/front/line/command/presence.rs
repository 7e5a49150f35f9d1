//! What is typed about being away, and about one's devices.

use super::Wrong;
use crate::protocol::{Absence, AbsenceKind, AbsenceNote, Command, Device, ErrorCode};
use crate::texts;

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

pub(super) fn logout(name: &str) -> Result<Command, Wrong> {
    match name {
        "" => Err(Wrong::Form),
        texts::NAMELESS => Ok(Command::EndDevice(None)),
        name => {
            let device = Device::new(name).ok_or(ErrorCode::UnknownDevice)?;
            Ok(Command::EndDevice(Some(device)))
        }
    }
}
