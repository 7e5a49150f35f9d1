//! Everything a store holds, as a row of records: what `export` gives, `verify` looks at and
//! `import` takes. docs/store.md describes each kind.
//!
//! The order: counters, retired ids, accounts whose words are still to be erased; each room with
//! what it is called, its messages, then its references; each account with its rooms, invitations,
//! devices, cursors, read marks, whom it ignores, and tokens; invitation codes; who waits to be let
//! in; sanctions; acts, the oldest first. Within each kind by id or
//! name (devices: the one used longest ago first), so that equal stores give equal rows.

use super::contract::Kept;
use super::{Account, Asked, Code, Cursor, Receipts, Token, TokenDigest};
use crate::protocol::{
    Deed, Device, Message, MessageId, Millis, NamedRoom, Reference, Role, RoomId, RoomNo, Sanction,
    UserId,
};

/// One thing that a store holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Where the store's own ids go on; once, before everything else.
    Counters {
        /// The next id for an account, upwards.
        next_user: UserId,
        /// The next id for a guest, downwards.
        next_guest: UserId,
        /// The next number for a room, upwards.
        next_room: RoomNo,
    },
    /// An id at or above `next_user` that had an owner: the store gives it to nobody else.
    Retired(UserId),
    /// An account that is gone, and whose words are not yet.
    Erasing(UserId),
    /// A room.
    Room {
        /// Which.
        room: RoomId,
        /// The newest id ever given in it.
        last: MessageId,
    },
    /// What the room before it is called, and who may come in, where it has a name.
    Named(NamedRoom),
    /// A message of the room before it.
    Message(Message),
    /// A reference of the room before it.
    Reference(Referred),
    /// An account.
    Account {
        /// The account.
        account: Account,
        /// What others may see of it.
        receipts: Receipts,
        /// It may keep order in every room.
        is_operator: bool,
    },
    /// A private or named room of the account before it.
    Member {
        /// Whose.
        account: UserId,
        /// Which room.
        room: RoomId,
        /// What lies up to here was not for this account: it came later, or its id had another
        /// owner then.
        since: MessageId,
        /// What it is there, in a named room.
        role: Option<Role>,
    },
    /// An invitation of the account before it.
    Invited {
        /// Whose.
        account: UserId,
        /// Which room.
        room: RoomNo,
    },
    /// A device of the account before it.
    Device {
        /// Whose.
        account: UserId,
        /// Which.
        device: Device,
        /// Of its first login; 0: not known.
        since: Millis,
        /// When it came or left last; 0: not known.
        used: Millis,
    },
    /// A cursor of the account before it.
    Cursor(Cursor),
    /// A read mark of the account before it.
    Read {
        /// Whose.
        account: UserId,
        /// Which room.
        room: RoomId,
        /// The last id read.
        up_to: MessageId,
    },
    /// Somebody whom the account before it ignores.
    Ignored {
        /// Whose list.
        account: UserId,
        /// Who is on it.
        whom: UserId,
    },
    /// A token of the account before it.
    Token {
        /// By what it is known again.
        digest: TokenDigest,
        /// What it stands for.
        token: Token,
    },
    /// An invitation code.
    Code(Code),
    /// Somebody who waits to be let in.
    Asked(Asked),
    /// Somebody is banned, muted or slowed.
    Sanction(Sanction),
    /// Something was done to keep order.
    Deed(Deed),
}

/// What is remembered of a send, by its reference: so that a repeat is known as one, also when
/// the message is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referred {
    /// Which room.
    pub room: RoomId,
    /// Who sent it.
    pub sender: UserId,
    /// From which device.
    pub device: Option<Device>,
    /// The sender's name for it.
    pub reference: Reference,
    /// The message it became.
    pub id: MessageId,
    /// When it was accepted.
    pub time: Millis,
    /// BLAKE2b of its text.
    pub digest: [u8; 16],
    /// The attempt that stored it.
    pub nonce: u64,
}

impl Referred {
    pub(super) fn kept(&self) -> Kept {
        Kept { id: self.id, time: self.time, digest: self.digest, nonce: self.nonce }
    }
}

impl Record {
    /// What it is called, in a line and in a report.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Counters { .. } => "counters",
            Self::Retired(_) => "retired",
            Self::Erasing(_) => "erasing",
            Self::Room { .. } => "room",
            Self::Named(_) => "named",
            Self::Message(_) => "message",
            Self::Reference(_) => "reference",
            Self::Account { .. } => "account",
            Self::Member { .. } => "member",
            Self::Invited { .. } => "invited",
            Self::Device { .. } => "device",
            Self::Cursor(_) => "cursor",
            Self::Read { .. } => "read",
            Self::Ignored { .. } => "ignored",
            Self::Token { .. } => "token",
            Self::Code(_) => "code",
            Self::Asked(_) => "asked",
            Self::Sanction(_) => "sanction",
            Self::Deed(_) => "deed",
        }
    }
}
