//! What is typed about rooms: which one is meant always stands first.

use super::{Line, split, who, word};
use crate::protocol::{Note, Role, RoomAsk, RoomKind, RoomName, RoomRef, Topic, UserId};

/// Messages of a page where nobody says how many: the server's own default.
const DEFAULT_PAGE: usize = 50;

pub(super) fn say(rest: &str) -> Option<Line> {
    let (room, text) = place(rest)?;
    (!text.is_empty()).then(|| Line::SayIn { room, text: text.to_owned() })
}

pub(super) fn create(rest: &str) -> Option<Line> {
    let (name, rest) = split(rest);
    let (kind, guests) = if rest.is_empty() { (RoomKind::Open, true) } else { kind(rest)? };
    Some(Line::CreateRoom { name: RoomName::new(name).ok()?, kind, guests })
}

pub(super) fn join(rest: &str) -> Option<Line> {
    Some(Line::Room(alone(rest)?, RoomAsk::Join))
}

pub(super) fn close(rest: &str) -> Option<Line> {
    Some(Line::Room(alone(rest)?, RoomAsk::Close))
}

pub(super) fn part(rest: &str) -> Option<Line> {
    Some(Line::Room(alone(rest)?, RoomAsk::Part))
}

pub(super) fn rooms(rest: &str) -> Option<Line> {
    match rest {
        "" => Some(Line::Rooms(None)),
        name => Some(Line::Rooms(Some(RoomName::new(name).ok()?))),
    }
}

pub(super) fn members(rest: &str) -> Option<Line> {
    let (room, after) = place(rest)?;
    let after = if after.is_empty() { None } else { Some(UserId(after.parse().ok()?)) };
    Some(Line::Members(room, after))
}

pub(super) fn history(rest: &str) -> Option<Line> {
    let (room, limit) = place(rest)?;
    let limit = if limit.is_empty() { DEFAULT_PAGE } else { limit.parse().ok()? };
    Some(Line::History(room, limit))
}

pub(super) fn topic(rest: &str) -> Option<Line> {
    let (room, text) = place(rest)?;
    Some(Line::Room(room, RoomAsk::Topic(Some(Topic::new(text).ok()?))))
}

pub(super) fn invite(rest: &str) -> Option<Line> {
    let (room, rest) = place(rest)?;
    let (whom, rest) = word(rest)?;
    rest.is_empty().then_some(Line::Room(room, RoomAsk::Invite(who(whom)?)))
}

pub(super) fn kick(rest: &str) -> Option<Line> {
    let (room, rest) = place(rest)?;
    let (whom, why) = word(rest)?;
    let note = if why.is_empty() { None } else { Some(Note::new(why)?) };
    Some(Line::Room(room, RoomAsk::Kick(who(whom)?, note)))
}

pub(super) fn role(rest: &str) -> Option<Line> {
    let (room, rest) = place(rest)?;
    let (whom, role) = word(rest)?;
    Some(Line::Room(room, RoomAsk::Role(who(whom)?, Role::from_name(role)?)))
}

pub(super) fn access(rest: &str) -> Option<Line> {
    let (room, rest) = place(rest)?;
    let (kind, guests) = kind(rest)?;
    Some(Line::Room(room, RoomAsk::Set(kind, guests)))
}

pub(super) fn alone(rest: &str) -> Option<RoomRef> {
    let (room, rest) = place(rest)?;
    rest.is_empty().then_some(room)
}

pub(super) fn place(rest: &str) -> Option<(RoomRef, &str)> {
    let (room, rest) = split(rest);
    Some((RoomRef::parse(room).ok()?, rest))
}

fn kind(words: &str) -> Option<(RoomKind, bool)> {
    let (first, second) = split(words);
    match (RoomKind::from_name(first), second) {
        (Some(kind), "") => Some((kind, kind == RoomKind::Open)),
        (Some(kind), "no-guests") => Some((kind, false)),
        _ => None,
    }
}
