//! The stores: one trait, one table, one file per store.
//!
//! Reading is for any thread and blocks at most for a deadline of the store's own.
//! Writing is for one thread, the journal's, which hands over everything that waits as one
//! batch: one transaction, one result per write, in order.
//! Knows nothing of the hub and of fronts.

mod contract;
mod health;
pub mod memory;
pub mod redis;
pub mod sqlite;

pub use health::Health;

use std::fmt;
use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::protocol::{
    Append, Device, ErrorCode, Message, MessageId, Name, NameKey, RoomId, SessionId, UserId,
};

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
    /// In clear, put there by the original or by hand (Redis only): accepted once and rewritten
    /// as a hash at its first login.
    Clear(String),
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One thing to write.
#[derive(Clone, Debug)]
pub enum Write {
    /// A message. Creates its room when it is the first; a private room becomes known to both.
    Append(Append),
    /// A new account, never over another. `None`: the store chooses a free id.
    /// The account starts at the end of the lobby (a cursor for the shared device).
    Register {
        /// The wanted id, positive.
        id: Option<UserId>,
        /// Display name; `None` means the id in digits.
        name: Option<Name>,
        /// The password's hash.
        secret: String,
    },
    /// Another hash for an account.
    SetSecret {
        /// Whose.
        account: UserId,
        /// The new hash.
        secret: String,
    },
    /// Another display name for an account.
    Rename {
        /// Whose.
        account: UserId,
        /// The new name.
        name: Name,
    },
    /// Removes an account with its cursors. Its messages stay, under their names. Its id is
    /// never given to somebody else by the store (it can be registered again on purpose).
    Delete(UserId),
    /// Makes a device known: it starts where the account's furthest device is, in every room.
    /// Does nothing when it is known. An account has 64 devices: one more, and the one used
    /// longest ago is forgotten.
    OpenDevice {
        /// Whose.
        account: UserId,
        /// Which.
        device: Device,
    },
    /// Moves a cursor forward, never back and never beyond the room's last message, and with
    /// it the shared device's. Ignored for accounts that do not exist, and in rooms they are
    /// not in.
    Cursor(Cursor),
    /// Takes this many fresh guest ids out of the store.
    Guests(u32),
}

/// What became of one [`Write`].
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The message is stored under this id.
    Stored {
        /// As it is stored: for a repeat, the first one's id and time.
        message: Arc<Message>,
        /// `false`: it had been stored before by another attempt of the sender's (same
        /// reference, same text, other nonce): acknowledge, do not show again.
        fresh: bool,
    },
    /// The account exists now.
    Registered(UserId),
    /// Fresh guest ids: this one and the next lower ones, as many as asked for.
    Guests(UserId),
    /// Done, nothing to tell.
    Done,
    /// Not done, for good: [`ErrorCode::IdTaken`], [`ErrorCode::BadId`],
    /// [`ErrorCode::UnknownUser`], [`ErrorCode::ReferenceReused`], [`ErrorCode::Internal`] (an
    /// unreadable record), [`ErrorCode::Busy`] (a record that others keep changing).
    Refused(ErrorCode),
}

/// Why a store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was done; the store cannot be reached, is full, or is locked.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// Not known whether it was done: an answer did not come in time. Repeat the same batch.
    #[error("the store did not answer: {0}")]
    Unknown(String),
    /// A record or a file that cannot be read. Nothing was changed.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// Written by a newer Hubbub. Nothing was changed.
    #[error("the store is of version {found}, this program knows versions up to {known}")]
    Newer {
        /// The version found.
        found: i64,
        /// The newest known here.
        known: i64,
    },
}

/// Reads. Every call may block up to the store's deadline (a few seconds), never longer.
///
/// # Errors
/// All: [`StoreError::Unavailable`] or [`StoreError::Unreadable`].
pub trait Store: Send + Sync + fmt::Debug {
    /// What was made when the store was created.
    fn identity(&self) -> &Identity;

    /// Where it is, for people; without a password.
    fn place(&self) -> &str;

    /// What the operator should know: durability settings that lose data, for instance.
    /// One line each; asked once, at start.
    fn advice(&self) -> Vec<String>;

    /// One account.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// The accounts that bear a name, by id; at most 20.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn named(&self, name: &NameKey) -> Result<Vec<UserId>, StoreError>;

    /// Up to `limit` accounts with ids above `after`, by id.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn accounts(&self, after: UserId, limit: usize) -> Result<Vec<Account>, StoreError>;

    /// Where a device is, in every room that its account is in: the lobby and its private
    /// rooms. Rooms it has taken nothing of are at id 0, or behind what was said there to an
    /// earlier owner of the account's id; an unknown device is where the account's furthest
    /// one is.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn cursors(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError>;

    /// Up to `limit` messages of a room after an id, in order.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// The id of the newest message of a room ever stored; 0 where there is none.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn last(&self, room: RoomId) -> Result<MessageId, StoreError>;

    /// The write side, for the journal's thread. Taken once per process.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError>;
}

/// The write side of a store, owned by the journal's thread.
pub trait Writer: Send + fmt::Debug {
    /// Writes a batch in one transaction: durable when this returns, one [`Written`] per write,
    /// in order. Within a batch, later writes see earlier ones. Safe to repeat after
    /// [`StoreError::Unknown`]: appends are told apart by reference and nonce.
    /// Blocks up to the store's deadline.
    ///
    /// # Errors
    /// All or nothing: [`StoreError::Unavailable`] nothing was done;
    /// [`StoreError::Unknown`] repeat the same batch until it is known. From then on a store
    /// that cannot be reached is [`StoreError::Unknown`] too, for the first attempt may count.
    fn commit(&mut self, batch: &[&Write]) -> Result<Vec<Written>, StoreError>;
}

/// How one kind of store is opened.
#[derive(Debug)]
pub struct StoreKind {
    /// The scheme of its URL.
    pub scheme: &'static str,
    /// An example, for help and error texts.
    pub example: &'static str,
    /// Opens or creates it and brings it to the newest version; takes what stands behind
    /// `scheme:`.
    pub open: fn(&str) -> Result<Arc<dyn Store>, StoreError>,
}

/// Every store there is. A new one is a file, a `mod` line and a row.
pub const STORES: &[StoreKind] = &[
    StoreKind { scheme: "sqlite", example: "sqlite:PATH", open: sqlite::open },
    StoreKind { scheme: "redis", example: "redis://[user:pass@]host:port/db", open: redis::open },
    StoreKind { scheme: "memory", example: "memory:", open: memory::open },
];

/// Opens a store by its URL. Blocks until it is there and migrated, or refused.
///
/// # Errors
/// [`StoreError`]; an unknown scheme is [`StoreError::Unavailable`] and lists the known ones.
pub fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    let Some(kind) = STORES.iter().find(|kind| kind.scheme == scheme) else {
        let known: Vec<_> = STORES.iter().map(|kind| kind.example).collect();
        // Only the scheme is repeated: what follows may hold a password.
        let reason = format!("no store is called {scheme:?}; there are {}", known.join(", "));
        return Err(StoreError::Unavailable(reason));
    };
    (kind.open)(rest)
}

/// A write and who wants to know what became of it: what the journal's queue holds.
#[derive(Debug)]
pub struct Job {
    /// What to write.
    pub write: Write,
    /// Who is told.
    pub tell: Tell,
}

/// Who is told what became of a write.
#[derive(Debug)]
pub enum Tell {
    /// The hub: a send of this session that passed the rules.
    Hub(SessionId),
    /// A session's thread that waits for it, or the command line. The channel holds one answer,
    /// so telling never blocks.
    Waiter(Sender<Result<Written, ErrorCode>>),
    /// Nobody: cursors.
    Nobody,
}
