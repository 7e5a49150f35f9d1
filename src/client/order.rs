//! What a program asks to see of keeping order. What it does is asked by
//! [`Client::ask_room`].

use super::conversation::Order;
use super::{Client, OrderError};
use crate::protocol::RoomRef;

#[cfg(doc)]
use super::Update;

impl Client {
    /// Asks who is banned, muted or slowed in a room; of the lobby: on the whole server. For those
    /// who keep order there. Answered by [`Update::Sanctions`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn sanctions(&self, room: RoomRef) -> Result<(), OrderError> {
        self.order(Order::Sanctions(room))
    }

    /// Asks for the last acts that kept order, for operators. Answered by [`Update::Audit`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn audit(&self, limit: u32) -> Result<(), OrderError> {
        self.order(Order::Audit(limit))
    }
}
