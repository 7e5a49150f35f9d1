//! How an account comes to be, where not everybody may make one.

use serde::{Deserialize, Serialize};

use super::TokenDigest;
use crate::protocol::Millis;

/// How a new account is let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// Everybody may, or the operator makes it.
    #[default]
    Open,
    /// By an invitation code that must be good at this moment: one use of it is taken where the
    /// account is made, and only there.
    Code(TokenDigest, Millis),
}

/// An invitation code, as a store keeps it: never the code itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// By what it is known again.
    pub digest: TokenDigest,
    /// So many accounts can still be made with it, at least one: used up it is gone.
    pub uses: u32,
    /// From when on it is worth nothing.
    pub expires: Millis,
}
