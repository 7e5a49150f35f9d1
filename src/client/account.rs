//! Asking for an account, for what is its own, and deciding who gets one.

use super::conversation::Order;
use super::{Client, OrderError};
use crate::protocol::{EntryAsk, Name, Password, UserId};

#[cfg(doc)]
use super::Update;

impl Client {
    /// Asks for an account; `id` `None`: the server chooses. Answered by [`Update::Registered`], or
    /// by [`Update::Refused`], with [`crate::protocol::ErrorCode::NotLetIn`] where the account is
    /// kept and an operator has still to let it in.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn register(
        &self,
        id: Option<UserId>,
        password: Password,
        name: Option<Name>,
    ) -> Result<(), OrderError> {
        self.order(Order::Register { id, password, name })
    }

    /// Asks for what is the account's own: itself, where it is a member, its devices, and what it
    /// said. Answered by [`Update::Exported`] until there is no more, as fast as they are taken.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn export(&self) -> Result<(), OrderError> {
        self.order(Order::Export)
    }

    /// The invitation code that registrations from now on go with, where the server wants one
    /// ([`crate::protocol::ErrorCode::CodeNeeded`]). Nothing answers it.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn invitation_code(&self, code: Password) -> Result<(), OrderError> {
        self.order(Order::Code(code))
    }

    /// Asks who waits for an account, or decides about one of them, for operators. Answered by
    /// [`Update::Applicants`] or [`Update::Entry`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn entry(&self, ask: EntryAsk) -> Result<(), OrderError> {
        self.order(Order::Entry(ask))
    }
}
