//! Asking for an account.

use super::conversation::Order;
use super::{Client, OrderError};
use crate::protocol::{Name, Password, UserId};

impl Client {
    /// Asks for an account; `id` `None`: the server chooses.
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

    /// The invitation code that registrations from now on go with, where the server wants one
    /// ([`crate::protocol::ErrorCode::CodeNeeded`]). Nothing answers it.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn invitation_code(&self, code: Password) -> Result<(), OrderError> {
        self.order(Order::Code(code))
    }
}
