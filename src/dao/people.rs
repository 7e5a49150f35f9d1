//! What a store knows of people: their account, their tokens, how far they are in their rooms.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::contract::hex;
pub use crate::protocol::Receipts;
use crate::protocol::{Device, MessageId, Millis, Name, RoomId, UserId};

/// An account as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Positive.
    pub id: UserId,
    /// Display name, not unique.
    pub name: Name,
    /// How its password is kept.
    pub secret: Secret,
}

/// Names the account, never its secret.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} {})", self.id, self.name)
    }
}

/// A password as a store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// An Argon2id PHC string.
    Hash(String),
    /// In clear, put there by the original or by hand: accepted once and rewritten as a hash at
    /// its first login.
    Clear(String),
}

impl Secret {
    /// What stands in a store.
    pub(super) fn stored(secret: String) -> Self {
        if secret.starts_with("$argon2") { Self::Hash(secret) } else { Self::Clear(secret) }
    }

    /// As it is to stand in a store.
    pub(super) fn as_stored(&self) -> &str {
        let (Self::Hash(secret) | Self::Clear(secret)) = self;
        secret
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What makes this store this store; made once, when it is created.
#[derive(Clone)]
pub struct Identity {
    /// Message ids are unique per (epoch, room); told to clients at login. Hex, not secret.
    pub epoch: Arc<str>,
    /// 32 random bytes for tokens that hide addresses. Secret.
    pub key: [u8; 32],
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(epoch {})", self.epoch)
    }
}

/// How far one device has taken one room. `device: None` is the one that all clients of an
/// account share that cannot acknowledge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Whose.
    pub account: UserId,
    /// Which device of theirs.
    pub device: Option<Device>,
    /// Which room.
    pub room: RoomId,
    /// The last id taken.
    pub up_to: MessageId,
}

/// The fingerprint of a token. A store never sees the token itself, so nobody who reads a store
/// can resume as somebody else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenDigest(pub [u8; 32]);

/// The beginning is enough to tell two apart.
impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beginning = self.0.first_chunk::<4>().map_or_else(String::new, |bytes| hex(bytes));
        write!(f, "TokenDigest({beginning}..)")
    }
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub account: UserId,
    /// The device it was given to.
    pub device: Option<Device>,
    /// From when on it is worth nothing. The store does not look at it: who asks compares.
    pub expires: Millis,
}

/// How far an account has read a room, on whichever device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Which room.
    pub room: RoomId,
    /// The last id read.
    pub read: MessageId,
    /// How far the other one of a private room is.
    pub peer: Option<PeerMarks>,
}

/// How far the other one of a private room is; 0 where they do not want it to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerMarks {
    /// The last id that a device of theirs has taken.
    pub delivered: MessageId,
    /// The last id they have read.
    pub read: MessageId,
}
