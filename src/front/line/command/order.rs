//! What is typed to keep order. `-server` means the whole server; otherwise it is the room that
//! plain text goes to, and from the lobby the whole server, too.

use super::{Wrong, split_word};
use crate::protocol::{
    Against, Aim, Command, ErrorCode, Measure, Note, Order, Pattern, RoomAsk, RoomId, RoomRef,
    Terms, lasting,
};

/// What stands for the whole server.
const SERVER: &str = "-server";

/// Acts that are shown where no number is given.
const SHOWN: usize = 20;

pub(super) fn ban(arguments: &str) -> Result<Command, Wrong> {
    set(arguments, Measure::Ban)
}

pub(super) fn unban(arguments: &str) -> Result<Command, Wrong> {
    lift(arguments, Measure::Ban)
}

pub(super) fn mute(arguments: &str) -> Result<Command, Wrong> {
    set(arguments, Measure::Mute)
}

pub(super) fn unmute(arguments: &str) -> Result<Command, Wrong> {
    lift(arguments, Measure::Mute)
}

/// `30`: everybody; `30 WHO`: one. With 0 it ends.
pub(super) fn slow(arguments: &str) -> Result<Command, Wrong> {
    let (room, rest) = place(arguments);
    let (seconds, rest) = split_word(rest);
    let every = seconds.parse().ok().filter(|every| *every <= Terms::MAX_EVERY);
    let every = every.ok_or(Wrong::Form)?;
    let (aim, rest) = match rest {
        "" => (Aim::Against(Against::Names(Pattern::everybody())), ""),
        rest => aim(rest)?,
    };
    match every {
        0 if rest.is_empty() => Ok(command(room, Measure::Slow, aim, None)),
        0 => Err(Wrong::Form),
        every => Ok(command(room, Measure::Slow, aim, Some(terms(every, rest)?))),
    }
}

pub(super) fn bans(arguments: &str) -> Result<Command, Wrong> {
    match place(arguments) {
        (room, "") => Ok(Command::Sanctions(room)),
        _ => Err(Wrong::Form),
    }
}

pub(super) fn audit(arguments: &str) -> Result<Command, Wrong> {
    match arguments {
        "" => Ok(Command::Deeds(SHOWN)),
        number => Ok(Command::Deeds(number.parse().map_err(|_no_number| Wrong::Form)?)),
    }
}

fn set(arguments: &str, measure: Measure) -> Result<Command, Wrong> {
    let (room, rest) = place(arguments);
    let (aim, rest) = aim(rest)?;
    Ok(command(room, measure, aim, Some(terms(0, rest)?)))
}

fn lift(arguments: &str, measure: Measure) -> Result<Command, Wrong> {
    let (room, rest) = place(arguments);
    match aim(rest)? {
        (aim, "") => Ok(command(room, measure, aim, None)),
        _ => Err(Wrong::Form),
    }
}

fn command(room: RoomRef, measure: Measure, aim: Aim, terms: Option<Terms>) -> Command {
    Command::Room(room, RoomAsk::Order(Box::new(Order { measure, aim, terms })))
}

fn place(arguments: &str) -> (RoomRef, &str) {
    match split_word(arguments) {
        (SERVER, rest) => (RoomRef::Id(RoomId::Lobby), rest),
        _ => (RoomRef::Here, arguments),
    }
}

/// One word, or a name in quotes.
fn aim(arguments: &str) -> Result<(Aim, &str), Wrong> {
    let (word, rest) = match arguments.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(Wrong::Form)?,
        None => split_word(arguments),
    };
    if word.is_empty() {
        return Err(Wrong::Form);
    }
    Ok((Aim::parse(word).ok_or(ErrorCode::UnknownUser)?, rest.trim_start()))
}

/// A time, if the first word is one, and the reason.
fn terms(every: u32, rest: &str) -> Result<Terms, Wrong> {
    let (word, behind) = split_word(rest);
    let lasts = lasting(word);
    let reason = match if lasts.is_some() { behind } else { rest } {
        "" => None,
        reason => Some(Note::new(reason).ok_or(ErrorCode::BadNote)?),
    };
    Ok(Terms { every, lasts, reason })
}
