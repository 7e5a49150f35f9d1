//! Frames about being away, and about writing.

use super::{Fields, Key, Keys, optional_or};
use crate::protocol::{Absence, AbsenceKind, AbsenceNote, Command, ErrorCode, Refusal};

pub(super) const AWAY: Keys = &[("state", Key::Act), ("text", Key::Content)];

pub(super) fn away(fields: &Fields) -> Result<Command, Refusal> {
    if fields.act == AbsenceKind::HERE {
        return Ok(Command::Absence(None));
    }
    let kind = AbsenceKind::from_name(&fields.act);
    let kind = kind.ok_or_else(|| Refusal::of(ErrorCode::BadRequest))?;
    let note = optional_or(ErrorCode::BadNote, &fields.content, AbsenceNote::new)?;
    Ok(Command::Absence(Some(Absence { kind, note })))
}

pub(super) const TYPING: Keys = &[("room", Key::Room), ("toUserId", Key::Recipient)];

pub(super) fn typing(fields: &Fields) -> Result<Command, Refusal> {
    fields.to().map(Command::Typing).map_err(Refusal::of)
}
