//! Frames about named rooms.

use super::{Fields, Key, Keys};
use crate::protocol::wire::act;
use crate::protocol::{
    Command, ErrorCode, MessageId, Millis, NameKey, Note, Refusal, Role, RoomAsk, RoomKind,
    RoomName, RoomRef, Span, Topic, UserId, Who,
};

pub(super) const ROOM: Keys = &[
    ("act", Key::Act),
    ("room", Key::Room),
    ("whomId", Key::WhomId),
    ("whomName", Key::WhomName),
    ("text", Key::Content),
    ("role", Key::Role),
    ("access", Key::Access),
    ("guests", Key::Guests),
    ("against", Key::Against),
    ("seconds", Key::Seconds),
    ("every", Key::Every),
];

pub(super) fn room(fields: &Fields) -> Result<Command, Refusal> {
    let ask = match fields.act.as_str() {
        act::CREATE => {
            let name = RoomName::new(&fields.room).map_err(Refusal::of)?;
            return Ok(Command::Create { name, kind: kind(fields)?, guests: fields.guests });
        }
        act::JOIN => RoomAsk::Join,
        act::PART => RoomAsk::Part,
        act::CLOSE => RoomAsk::Close,
        act::TOPIC => RoomAsk::Topic(Some(Topic::new(&fields.content).map_err(Refusal::of)?)),
        act::INVITE => RoomAsk::Invite(whom(fields)?),
        act::KICK => RoomAsk::Kick(whom(fields)?, note(fields)?),
        act::ROLE => RoomAsk::Role(whom(fields)?, role(fields)?),
        act::SET => RoomAsk::Set(kind(fields)?, fields.guests),
        other => super::order::order(other, fields)?,
    };
    Ok(Command::Room(RoomRef::parse(&fields.room).map_err(Refusal::of)?, ask))
}

pub(super) const HISTORY: Keys = &[
    ("room", Key::Room),
    ("before", Key::Before),
    ("after", Key::After),
    ("since", Key::Since),
    ("limit", Key::Limit),
];

/// Messages of a page where none are asked for.
const PAGE: usize = 50;

pub(super) fn history(fields: &Fields) -> Result<Command, Refusal> {
    let room = RoomRef::parse(&fields.room).map_err(Refusal::of)?;
    let span = match (fields.before, fields.after, fields.since) {
        (None, None, None) => Span::Last,
        (Some(id), None, None) => Span::Before(MessageId(id)),
        (None, Some(id), None) => Span::After(MessageId(id)),
        (None, None, Some(time)) => Span::Since(Millis(time)),
        _ => return Err(Refusal::of(ErrorCode::BadRequest)),
    };
    let limit = usize::try_from(fields.limit).ok().filter(|n| *n > 0).unwrap_or(PAGE);
    Ok(Command::History { room, span, limit })
}

pub(super) fn rooms(fields: &Fields) -> Result<Command, Refusal> {
    let after = match fields.room.as_str() {
        "" => None,
        name => Some(RoomName::new(name).map_err(Refusal::of)?),
    };
    Ok(Command::Rooms(after))
}

pub(super) fn members(fields: &Fields) -> Result<Command, Refusal> {
    let room = RoomRef::parse(&fields.room).map_err(Refusal::of)?;
    Ok(Command::Members(room, Some(UserId(fields.user_id))))
}

pub(super) fn whom(fields: &Fields) -> Result<Who, Refusal> {
    match (fields.whom_id, fields.whom_name.as_str()) {
        (0, "") => Err(Refusal::of(ErrorCode::BadRequest)),
        (0, name) => NameKey::new(name).map(Who::Named).ok_or(Refusal::of(ErrorCode::UnknownUser)),
        (id, _) => Ok(Who::Id(UserId(id))),
    }
}

pub(super) fn note(fields: &Fields) -> Result<Option<Note>, Refusal> {
    super::optional_or(ErrorCode::BadNote, &fields.content, Note::new)
}

fn role(fields: &Fields) -> Result<Role, Refusal> {
    Role::from_name(&fields.role).ok_or(Refusal::of(ErrorCode::BadRequest))
}

fn kind(fields: &Fields) -> Result<RoomKind, Refusal> {
    match fields.access.as_str() {
        "" => Ok(RoomKind::Open),
        name => RoomKind::from_name(name).ok_or(Refusal::of(ErrorCode::BadRequest)),
    }
}
