//! Answering, changing, taking back and reacting to what was said.
//!
//! All are sends: kept until they are acknowledged, repeated after a break, answered by
//! [`Update::Sent`] or [`Update::NotSent`]. Others hear of them by [`Update::Said`] (an answer) and
//! [`Update::Changed`]; this device does not, it has done it.

use std::time::Duration;

use super::conversation::Order;
use super::{Client, OrderError};
use crate::protocol::{
    About, ErrorCode, MessageId, Reference, RoomId, RoomRef, Search, Text, To, UserId, What,
};

#[cfg(doc)]
use super::Update;

impl Client {
    /// Answers a message of a room. Blocks until there is room, up to `wait`.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn reply(
        &self,
        (room, id): (RoomRef, MessageId),
        text: Text,
        wait: Duration,
    ) -> Result<Reference, OrderError> {
        self.send_about(room, (What::Reply, id), text, wait)
    }

    /// Gives a message of one's own another text. Blocks until there is room, up to `wait`.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn edit(
        &self,
        (room, id): (RoomRef, MessageId),
        text: Text,
        wait: Duration,
    ) -> Result<Reference, OrderError> {
        self.send_about(room, (What::Edit, id), text, wait)
    }

    /// Takes a message back, for good. Blocks until there is room, up to `wait`.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn delete(
        &self,
        (room, id): (RoomRef, MessageId),
        wait: Duration,
    ) -> Result<Reference, OrderError> {
        self.send_about(room, (What::Delete, id), Text::nothing(), wait)
    }

    /// Reacts to a message, or no longer (`on` false). Blocks until there is room, up to `wait`.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn react(
        &self,
        (room, id): (RoomRef, MessageId),
        emoji: &Emoji,
        on: bool,
        wait: Duration,
    ) -> Result<Reference, OrderError> {
        let what = if on { What::React } else { What::Unreact };
        self.send_about(room, (what, id), emoji.0.clone(), wait)
    }

    /// Asks which messages have some words, at most 50 of them, in one room or in all that one may
    /// read. Answered by [`Update::Found`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn search(&self, search: Search) -> Result<(), OrderError> {
        self.order(Order::Search(search))
    }

    /// Takes back what was to be said and has not been on its way. Answered by
    /// [`Update::Withdrawn`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn withdraw(&self, reference: Reference) -> Result<(), OrderError> {
        self.order(Order::Withdraw(reference))
    }

    fn send_about(
        &self,
        room: RoomRef,
        (what, id): (What, MessageId),
        text: Text,
        wait: Duration,
    ) -> Result<Reference, OrderError> {
        let reference = self.references.next().ok_or(OrderError::Closed)?;
        let to = To::Room(room);
        self.send_anywhere((reference.clone(), to), (text, Some(About { id, what })), wait)?;
        Ok(reference)
    }
}

/// Something to react with: 1 to 48 bytes, no blank, no control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji(Text);

impl Emoji {
    /// # Errors
    /// [`ErrorCode::BadReaction`].
    pub fn new(text: &str) -> Result<Self, ErrorCode> {
        Text::of(Some(What::React), text).map(Self)
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// How a private room is named to [`Client`]'s calls that take a room: both accounts are in it.
pub fn private(me: UserId, other: UserId) -> RoomRef {
    RoomRef::Id(RoomId::pair(me, other))
}
