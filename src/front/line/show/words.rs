//! What is done to what was said, and pages of what was said with the numbers by which it is
//! meant.

use super::{LINE_END, continued, marked, said, server, told};
use crate::clock;
use crate::protocol::{About, Before, Event, Message, RoomId, RoomName, Shown, What};
use crate::texts::{self, Lang, Reply};

/// Nothing else comes here.
pub(super) fn spell(event: &Event, lang: Lang) -> String {
    match event {
        Event::Said { message, address, room } if message.is_said() => {
            said(message, &answering(message, address.to_string()), room.as_ref())
        }
        Event::Replayed { message, room, .. } if message.is_said() => {
            said(message, &answering(message, clock::utc(message.time)), room.as_ref())
        }
        Event::Said { message, room, .. } => done(message, room.as_ref(), lang),
        Event::Replayed { message, room, .. } => was_done(message, room.as_ref(), lang),
        Event::History { name, messages, more, .. } => {
            history(messages, name.as_ref(), *more, lang)
        }
        Event::Found { names, messages, next, .. } => found(messages, names, *next, lang),
        _ => String::new(),
    }
}

/// What stands in the brackets of a message: the address or the time, and what it answers.
fn answering(message: &Message, bracket: String) -> String {
    match message.about {
        Some(About { id, what: What::Reply }) => format!("{bracket} > #{}", id.0),
        _ => bracket,
    }
}

/// Something is done to a message, now.
fn done(message: &Message, room: Option<&RoomName>, lang: Lang) -> String {
    let text = continued(&texts::done(message, room, lang));
    format!("* {text}{LINE_END}")
}

/// It was done while the reader was away: of interest is only what was not read before, a text.
fn was_done(message: &Message, room: Option<&RoomName>, lang: Lang) -> String {
    match message.what() {
        Some(What::Edit) => done(message, room, lang),
        _ => String::new(),
    }
}

fn history(messages: &[Shown], room: Option<&RoomName>, more: bool, lang: Lang) -> String {
    let lines: String = messages.iter().map(|shown| numbered(shown, room, lang)).collect();
    match (messages.len(), more) {
        (0, _) => told(Reply::NothingSaid, lang),
        (_, true) => lines + &told(Reply::MoreSaid, lang),
        _ => lines,
    }
}

/// What was found, the newest first.
fn found(
    messages: &[Shown],
    names: &[(RoomId, RoomName)],
    next: Option<Before>,
    lang: Lang,
) -> String {
    let line = |shown: &Shown| {
        let named = names.iter().find(|(room, _)| *room == shown.message.room);
        numbered(shown, named.map(|(_, name)| name), lang)
    };
    let lines: String = messages.iter().map(line).collect();
    let end = match (messages.len(), next) {
        (_, Some(before)) => told(Reply::SearchOn(before), lang),
        (0, None) => told(Reply::NothingFound, lang),
        (_, None) => String::new(),
    };
    lines + &end
}

/// With its number, and what has become of it.
fn numbered(shown: &Shown, room: Option<&RoomName>, lang: Lang) -> String {
    let message = &shown.message;
    let bracket = format!("{} #{}", clock::utc(message.time), message.id.0);
    let state = texts::state(shown.is_gone, shown.edited.is_some(), lang)
        .map_or(String::new(), |state| format!(", {state}"));
    let line = said(message, &answering(message, bracket + &state), room);
    let reactions = shown.reactions.iter();
    let reactions: Vec<_> =
        reactions.map(|its| format!("{} {}", marked(its.emoji.as_str()), its.count)).collect();
    match reactions.is_empty() {
        true => line,
        false => line + &server(&format!("#{}: {}", message.id.0, reactions.join(", "))),
    }
}
