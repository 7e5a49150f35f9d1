//! Frames about how far one is in a room.

use super::Fields;
use crate::protocol::{Command, ErrorCode, MessageId, Refusal, RoomId};

pub(super) fn read(fields: &Fields) -> Result<Command, Refusal> {
    let room = RoomId::parse(&fields.room).ok_or_else(|| Refusal::of(ErrorCode::BadRequest))?;
    Ok(Command::Read { room, up_to: MessageId(fields.up_to) })
}

pub(super) fn received(fields: &Fields) -> Result<Command, Refusal> {
    let room = RoomId::parse(&fields.room).ok_or_else(|| Refusal::of(ErrorCode::BadRequest))?;
    Ok(Command::Received { room, up_to: MessageId(fields.up_to) })
}
