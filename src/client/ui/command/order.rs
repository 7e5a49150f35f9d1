//! What is typed to keep order: which room is meant always stands first; `lobby` means the whole
//! server.

use super::rooms::{alone, place};
use super::{Line, split, word};
use crate::protocol::{
    Against, Aim, EntryAsk, Measure, Note, Order, Pattern, RoomAsk, RoomRef, Terms, UserId, lasting,
};

/// Acts that are shown where no number is given.
const SHOWN: u32 = 20;

pub(super) fn ban(rest: &str) -> Option<Line> {
    set(rest, Measure::Ban)
}

pub(super) fn unban(rest: &str) -> Option<Line> {
    lift(rest, Measure::Ban)
}

pub(super) fn mute(rest: &str) -> Option<Line> {
    set(rest, Measure::Mute)
}

pub(super) fn unmute(rest: &str) -> Option<Line> {
    lift(rest, Measure::Mute)
}

/// With 0 seconds it ends; without anybody it is for everybody.
pub(super) fn slow(rest: &str) -> Option<Line> {
    let (room, rest) = place(rest)?;
    let (seconds, rest) = split(rest);
    let every = seconds.parse().ok().filter(|every| *every <= Terms::MAX_EVERY)?;
    let (aim, rest) = match rest {
        "" => (Aim::Against(Against::Names(Pattern::everybody())), ""),
        rest => aim(rest)?,
    };
    let terms = if every == 0 { None } else { Some(terms(every, rest)?) };
    Some(order(room, Measure::Slow, aim, terms))
}

pub(super) fn bans(rest: &str) -> Option<Line> {
    alone(rest).map(Line::Sanctions)
}

pub(super) fn audit(rest: &str) -> Option<Line> {
    match rest {
        "" => Some(Line::Audit(SHOWN)),
        number => number.parse().ok().map(Line::Audit),
    }
}

pub(super) fn approve(rest: &str) -> Option<Line> {
    Some(Line::Entry(EntryAsk::Approve(UserId(rest.trim().parse().ok()?))))
}

pub(super) fn reject(rest: &str) -> Option<Line> {
    let (id, why) = split(rest);
    let why = if why.is_empty() { None } else { Some(Note::new(why)?) };
    Some(Line::Entry(EntryAsk::Reject(UserId(id.parse().ok()?), why)))
}

fn set(rest: &str, measure: Measure) -> Option<Line> {
    let (room, rest) = place(rest)?;
    let (aim, rest) = aim(rest)?;
    Some(order(room, measure, aim, Some(terms(0, rest)?)))
}

fn lift(rest: &str, measure: Measure) -> Option<Line> {
    let (room, rest) = place(rest)?;
    let (aim, rest) = aim(rest)?;
    rest.is_empty().then(|| order(room, measure, aim, None))
}

fn order(room: RoomRef, measure: Measure, aim: Aim, terms: Option<Terms>) -> Line {
    Line::Room(room, RoomAsk::Order(Box::new(Order { measure, aim, terms })))
}

fn aim(rest: &str) -> Option<(Aim, &str)> {
    let (whom, rest) = word(rest)?;
    Some((Aim::parse(whom)?, rest))
}

/// A time, if the first word is one, and the reason.
fn terms(every: u32, rest: &str) -> Option<Terms> {
    let (first, behind) = split(rest);
    let lasts = lasting(first);
    let reason = match if lasts.is_some() { behind } else { rest } {
        "" => None,
        reason => Some(Note::new(reason)?),
    };
    Some(Terms { every, lasts, reason })
}
