//! Frames that keep order.

use super::{Fields, rooms};
use crate::protocol::wire::act;
use crate::protocol::{
    Aim, Command, ErrorCode, Measure, Order, Refusal, RoomAsk, RoomRef, Terms, UserId, Who,
};

/// Acts of an answer where none are asked for.
const SHOWN: usize = 50;

/// What is meant by an act of `RoomMes` that keeps order.
pub(super) fn order(name: &str, fields: &Fields) -> Result<RoomAsk, Refusal> {
    let bad = || Refusal::of(ErrorCode::BadRequest);
    let (measure, is_set) = *act::ORDERS
        .iter()
        .find_map(|(known, order)| (*known == name).then_some(order))
        .ok_or_else(bad)?;
    let terms = match is_set {
        false => None,
        true => Some(Terms {
            every: every(measure, fields.every).ok_or_else(bad)?,
            lasts: (fields.seconds > 0).then_some(fields.seconds),
            reason: rooms::note(fields)?,
        }),
    };
    Ok(RoomAsk::Order(Box::new(Order { measure, aim: aim(fields)?, terms })))
}

fn every(measure: Measure, every: u32) -> Option<u32> {
    match measure {
        Measure::Slow => (1..=Terms::MAX_EVERY).contains(&every).then_some(every),
        Measure::Ban | Measure::Mute => Some(0),
    }
}

fn aim(fields: &Fields) -> Result<Aim, Refusal> {
    match (fields.against.as_str(), fields.whom_id) {
        ("", 0) => rooms::whom(fields).map(Aim::Who),
        ("", id) => Ok(Aim::Who(Who::Id(UserId(id)))),
        (text, _) => Aim::parse(text).ok_or(Refusal::of(ErrorCode::UnknownUser)),
    }
}

pub(super) fn sanctions(fields: &Fields) -> Result<Command, Refusal> {
    let room = match fields.room.as_str() {
        "" => "lobby",
        room => room,
    };
    RoomRef::parse(room).map(Command::Sanctions).map_err(Refusal::of)
}

pub(super) fn deeds(fields: &Fields) -> Result<Command, Refusal> {
    let limit = usize::try_from(fields.limit).ok().filter(|limit| *limit > 0);
    Ok(Command::Deeds(limit.unwrap_or(SHOWN)))
}
