//! What a program asks about rooms, and has done there.

use super::conversation::Order;
use super::{Client, OrderError};
use crate::protocol::{RoomAsk, RoomKind, RoomName, RoomRef, Span, UserId};

#[cfg(doc)]
use super::Update;

impl Client {
    /// Makes a room. Answered by [`Update::Room`] with the act `entered`.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn create_room(
        &self,
        name: RoomName,
        kind: RoomKind,
        guests: bool,
    ) -> Result<(), OrderError> {
        self.order(Order::CreateRoom { name, kind, guests })
    }

    /// Joins or leaves a room, or does something in it. Answered by [`Update::Room`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn ask_room(&self, room: RoomRef, ask: RoomAsk) -> Result<(), OrderError> {
        self.order(Order::Room(room, ask))
    }

    /// Asks which rooms there are, by name, behind this one. Answered by [`Update::Rooms`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn rooms(&self, after: Option<RoomName>) -> Result<(), OrderError> {
        self.order(Order::Rooms(after))
    }

    /// Asks who is in a room, by id, behind this one. Answered by [`Update::Members`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn members(&self, room: RoomRef, after: Option<UserId>) -> Result<(), OrderError> {
        self.order(Order::Members(room, after))
    }

    /// Asks what was said in a room one may read: at most `limit` messages, of which the server
    /// sends no more than a hundred. Answered by [`Update::History`]; it counts as nothing that
    /// was received.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn history(&self, room: RoomRef, span: Span, limit: usize) -> Result<(), OrderError> {
        self.order(Order::History { room, span, limit })
    }
}
