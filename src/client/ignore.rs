//! What a program asks about whom its account ignores.

use super::conversation::Order;
use super::{Client, OrderError};
use crate::protocol::Who;

#[cfg(doc)]
use super::Update;

impl Client {
    /// Has the account hear nothing more from somebody, on all its devices, until
    /// [`Client::unignore`]. Answered by [`Update::Ignoring`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn ignore(&self, who: Who) -> Result<(), OrderError> {
        self.order(Order::Ignore { who, is_so: true })
    }

    /// Ends that. What was left out is in the history; it does not come by itself. Answered as
    /// above.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn unignore(&self, who: Who) -> Result<(), OrderError> {
        self.order(Order::Ignore { who, is_so: false })
    }

    /// Asks whom the account ignores. Answered by [`Update::Ignored`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn ignored(&self) -> Result<(), OrderError> {
        self.order(Order::Ignored)
    }
}
