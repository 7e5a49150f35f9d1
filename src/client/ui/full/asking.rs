//! Orders of the model that the library carries out by itself.

use std::time::Duration;

use crate::client::ui::command::Line;
use crate::client::{Client, Doing, Emoji, OrderError};
use crate::protocol::{Reference, RoomRef, Span, Text};

use super::model::Change;

/// Has the server change a message.
pub(super) fn changing(client: &Client, change: &Change) -> Result<Reference, OrderError> {
    let place = (RoomRef::Id(change.room), change.about);
    // Both were made of what is checked already; what is none is refused like what is too much.
    let (text, emoji) = (
        |text: &str| Text::new(text).map_err(|_| OrderError::Full),
        |text: &str| Emoji::new(text).map_err(|_| OrderError::Full),
    );
    match &change.what {
        Doing::Edit(words) => client.edit(place, text(words)?, Duration::ZERO),
        Doing::Delete => client.delete(place, Duration::ZERO),
        Doing::React(with) => client.react(place, &emoji(with)?, true, Duration::ZERO),
        Doing::Unreact(with) => client.react(place, &emoji(with)?, false, Duration::ZERO),
    }
}

/// What a typed command asks of the server.
pub(super) fn asked(client: &Client, line: Line) -> Result<(), OrderError> {
    match line {
        Line::CreateRoom { name, kind, guests } => client.create_room(name, kind, guests),
        Line::Room(room, ask) => client.ask_room(room, ask),
        Line::Rooms(after) => client.rooms(after),
        Line::Members(room, after) => client.members(room, after),
        Line::History(room, limit) => client.history(room, Span::Last, limit),
        Line::Words(words) => words.order(client, Duration::ZERO),
        Line::Who => client.who(),
        Line::Rename(name) => client.rename(name),
        Line::Passwd { old, new } => client.passwd(old, new),
        Line::DeleteAccount { password, erase } => client.delete_account(password, erase),
        Line::Sanctions(room) => client.sanctions(room),
        Line::Audit(limit) => client.audit(limit),
        Line::Entry(ask) => client.entry(ask),
        Line::Devices => client.devices(),
        Line::EndDevice(device) => client.end_device(device),
        Line::Ignore { who, is_so: true } => client.ignore(who),
        Line::Ignore { who, is_so: false } => client.unignore(who),
        Line::Ignored => client.ignored(),
        Line::Absence(absence) => client.absence(absence),
        Line::Receipts(receipts) => client.show_receipts(receipts),
        // The screen does these by itself.
        _ => Ok(()),
    }
}
