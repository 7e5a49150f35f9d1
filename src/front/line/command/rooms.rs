//! What is typed about rooms. Where no room is named, the one that plain text goes to is meant.

use super::{Wrong, somebody, split_word};
use crate::clock;
use crate::protocol::{
    Command, ErrorCode, Note, Role, RoomAsk, RoomKind, RoomName, RoomRef, Span, Topic, UserId,
};

/// What stands for "without guests".
const NO_GUESTS: &str = "no-guests";

pub(super) fn create(arguments: &str) -> Result<Command, Wrong> {
    let (name, rest) = split_word(arguments);
    let (kind, guests) = if rest.is_empty() { (RoomKind::Open, true) } else { kind(rest)? };
    Ok(Command::Create { name: RoomName::new(name)?, kind, guests })
}

pub(super) fn access(arguments: &str) -> Result<Command, Wrong> {
    let (kind, guests) = kind(arguments)?;
    Ok(Command::Room(RoomRef::Here, RoomAsk::Set(kind, guests)))
}

/// `open`, `open no-guests`, `no-guests`.
fn kind(words: &str) -> Result<(RoomKind, bool), Wrong> {
    let (first, second) = split_word(words);
    match (RoomKind::from_name(first), second) {
        (Some(kind), "") => Ok((kind, kind == RoomKind::Open)),
        (Some(kind), NO_GUESTS) => Ok((kind, false)),
        (None, "") if first == NO_GUESTS => Ok((RoomKind::Open, false)),
        _ => Err(Wrong::Form),
    }
}

pub(super) fn join(arguments: &str) -> Result<Command, Wrong> {
    match arguments {
        "" => Err(Wrong::Form),
        name => Ok(Command::Room(RoomRef::parse(name)?, RoomAsk::Join)),
    }
}

pub(super) fn part(arguments: &str) -> Result<Command, Wrong> {
    Ok(Command::Room(room(arguments)?, RoomAsk::Part))
}

pub(super) fn close(arguments: &str) -> Result<Command, Wrong> {
    Ok(Command::Room(room(arguments)?, RoomAsk::Close))
}

fn room(name: &str) -> Result<RoomRef, ErrorCode> {
    if name.is_empty() { Ok(RoomRef::Here) } else { RoomRef::parse(name) }
}

pub(super) fn rooms(arguments: &str) -> Result<Command, Wrong> {
    let after = if arguments.is_empty() { None } else { Some(RoomName::new(arguments)?) };
    Ok(Command::Rooms(after))
}

pub(super) fn members(arguments: &str) -> Result<Command, Wrong> {
    let (name, after) = split_word(arguments);
    let after = if after.is_empty() {
        None
    } else {
        Some(UserId(after.parse().map_err(|_no_number| Wrong::Form)?))
    };
    Ok(Command::Members(room(name)?, after))
}

pub(super) fn topic(arguments: &str) -> Result<Command, Wrong> {
    let topic = if arguments.is_empty() { None } else { Some(Topic::new(arguments)?) };
    Ok(Command::Room(RoomRef::Here, RoomAsk::Topic(topic)))
}

/// Messages that are shown where no number is given.
const SHOWN: usize = 20;

/// The most at once: `/since` says so, and the session keeps to it.
const MAX_SHOWN: usize = 100;

pub(super) fn history(arguments: &str) -> Result<Command, Wrong> {
    let limit = match arguments {
        "" => SHOWN,
        number => number.parse().map_err(|_no_number| Wrong::Form)?,
    };
    Ok(Command::History { room: RoomRef::Here, span: Span::Last, limit })
}

/// A time of today, a day, or both.
pub(super) fn since(arguments: &str) -> Result<Command, Wrong> {
    let time = clock::typed(arguments, clock::now_ms()).ok_or(Wrong::Form)?;
    Ok(Command::History { room: RoomRef::Here, span: Span::Since(time), limit: MAX_SHOWN })
}

pub(super) fn invite(arguments: &str) -> Result<Command, Wrong> {
    match somebody(arguments)? {
        (who, "") => Ok(Command::Room(RoomRef::Here, RoomAsk::Invite(who))),
        _ => Err(Wrong::Form),
    }
}

pub(super) fn kick(arguments: &str) -> Result<Command, Wrong> {
    let (who, why) = somebody(arguments)?;
    let note = match why {
        "" => None,
        why => Some(Note::new(why).ok_or(ErrorCode::BadNote)?),
    };
    Ok(Command::Room(RoomRef::Here, RoomAsk::Kick(who, note)))
}

pub(super) fn role(arguments: &str) -> Result<Command, Wrong> {
    let (who, role) = somebody(arguments)?;
    let role = Role::from_name(role).ok_or(Wrong::Form)?;
    Ok(Command::Room(RoomRef::Here, RoomAsk::Role(who, role)))
}
