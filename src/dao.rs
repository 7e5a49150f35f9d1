//! The stores: one trait, one table, one file per store.
//!
//! Reading is for any thread and blocks at most for a deadline of the store's own.
//! Writing is for one thread, the journal's, which hands over everything that waits as one
//! batch: one transaction, one result per write, in order.
//! Knows nothing of the hub and of fronts.

pub mod audit;
mod contract;
mod entry;
mod feed;
mod health;
pub mod lines;
pub mod memory;
pub mod own;
mod people;
pub mod record;
pub mod redis;
mod search;
pub mod sqlite;
mod write;

pub use entry::{Asked, Code, Decision, Entry};
pub use feed::{Beat, Feed, FeedEntry, Membership, Pulse, Sign, Told};
pub use health::Health;
pub use people::{
    Account, Cursor, Identity, Marks, PeerMarks, Receipts, Secret, Token, TokenDigest,
};
pub use search::{Hits, Lookup};
pub use write::{Erase, Prune, Write, Written};

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::Sender;

use self::record::Record;
use crate::protocol::{
    Changes, Deed, Device, ErrorCode, Message, MessageId, Millis, NameKey, NamedRoom, OwnDevice,
    Role, RoomId, RoomMember, RoomName, RoomNo, Sanction, SessionId, Standing, UserId,
};

/// Why a store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was done; the store cannot be reached, is full, or is locked.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// Nothing was done, for it cannot be: what an operator asked for, in words for them.
    #[error("{0}")]
    Refused(String),
    /// Not known whether it was done: an answer did not come in time. Repeat the same batch.
    #[error("the store did not answer: {0}")]
    Unknown(String),
    /// A record or a file that cannot be read. Nothing was changed.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// It is not the store that was opened, or lacks what was acknowledged. Nothing was done, and
    /// nothing will be: open it again, to serve with a new epoch.
    #[error("the store is not the one that was opened: {0}")]
    Replaced(String),
    /// Written by a newer Hubbub, perhaps since it was opened: nothing was done, and nothing will
    /// be. Only a newer program can go on with it.
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

    /// Where a device is, in every room that its account is in: the lobby, its private rooms and
    /// the named ones it is a member of. Rooms it has taken nothing of are at id 0, or behind what
    /// was said there to an earlier owner of the account's id; an unknown device is where the
    /// account's furthest one is.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn cursors(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError>;

    /// What a token stands for, expired or not. `None` when there is none, or when its account
    /// is gone.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn token(&self, digest: &TokenDigest) -> Result<Option<Token>, StoreError>;

    /// The devices of an account and those that have a token, in the order of
    /// [`OwnDevice::in_order`], none of them online; a token counts, expired or not.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn devices(&self, account: UserId) -> Result<Vec<OwnDevice>, StoreError>;

    /// What others may see of an account's progress.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn receipts(&self, account: UserId) -> Result<Receipts, StoreError>;

    /// How far an account has read each room that [`Store::cursors`] lists, in the same order.
    /// A new account has read the lobby.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn marks(&self, account: UserId) -> Result<Vec<Marks>, StoreError>;

    /// Every room in which something was ever said and the last id given there, in order.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn rooms(&self) -> Result<Vec<(RoomId, MessageId)>, StoreError>;

    /// A named room.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn room(&self, no: RoomNo) -> Result<Option<NamedRoom>, StoreError>;

    /// The room of this name.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn room_named(&self, name: &RoomName) -> Result<Option<NamedRoom>, StoreError>;

    /// Up to `limit` named rooms of every kind, by name, those behind `after` or all.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn named_rooms(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<NamedRoom>, StoreError>;

    /// The named rooms that an account is a member of, by number, and what it is there.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn rooms_of(&self, account: UserId) -> Result<Vec<(NamedRoom, Role)>, StoreError>;

    /// What an account is to a named room.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn standing(&self, no: RoomNo, account: UserId) -> Result<Standing, StoreError>;

    /// Up to which id a private or named room is not for an account: it came later, or its id had
    /// another owner then. `None`: it is not in it.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn since(&self, account: UserId, room: RoomId) -> Result<Option<MessageId>, StoreError>;

    /// Up to `limit` members of a named room with ids above `after`, by id, none of them online.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn members(
        &self,
        no: RoomNo,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<RoomMember>, StoreError>;

    /// May this account keep order in every room?
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn is_operator(&self, account: UserId) -> Result<bool, StoreError>;

    /// The accounts that an account ignores, by id; those that are no more, too.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn ignored(&self, account: UserId) -> Result<Vec<UserId>, StoreError>;

    /// Does an account ignore this one?
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn ignores(&self, account: UserId, whom: UserId) -> Result<bool, StoreError>;

    /// The accounts whose words are to be erased, by id. Of several servers on one store only one
    /// is told them.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn erasing(&self) -> Result<Vec<UserId>, StoreError>;

    /// What [`Write::Tell`] was told after this one, in order, where the one server of a store has
    /// to look for it; nothing, where a feed brings it, or nobody else can write.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn told(&self, _after: u64) -> Result<Vec<Told>, StoreError> {
        Ok(Vec::new())
    }

    /// Everybody who is banned, muted or slowed, by place, measure and whom it is against; over or
    /// not.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn sanctions(&self) -> Result<Vec<Sanction>, StoreError>;

    /// Up to `limit` acts that kept order, newest first, those before this one or all.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn deeds(&self, before: Option<(Millis, u64)>, limit: usize) -> Result<Vec<Deed>, StoreError>;

    /// The invitation codes that are not used up, by their ends; over or not.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn codes(&self) -> Result<Vec<Code>, StoreError>;

    /// Those who asked for an account and wait, by when they did.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn applicants(&self) -> Result<Vec<Asked>, StoreError>;

    /// Up to `limit` messages of a room after an id, in order; fewer only at its end. The oldest
    /// may be gone, and what cannot be read is left out, with a line in the log.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;

    /// What has become of these messages of a room: of those that are as they were, nothing.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn changes(
        &self,
        room: RoomId,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, Changes)>, StoreError>;

    /// Which messages of a room may have these words, by an index; `None`: it has none, or it does
    /// not work, so read the room. Returns at about the deadline of what is asked, at the latest.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn lookup(&self, _: &Lookup<'_>) -> Result<Option<Hits>, StoreError> {
        Ok(None)
    }

    /// Does the index lack messages that [`Write::Index`] would add? `None`: there is no index.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn is_index_behind(&self) -> Result<Option<bool>, StoreError> {
        Ok(None)
    }

    /// The id of the newest message of a room ever stored; 0 where there is none.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn last(&self, room: RoomId) -> Result<MessageId, StoreError>;

    /// Hands over every record, in the order that [`record`] says, and what cannot be read as a
    /// line about it. Blocks as long as it takes; ends with the first error that `take` gives.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn export(&self, take: &mut Take<'_>) -> Result<(), StoreError>;

    /// Hands over what [`Store::export`] has of one account, itself first, without what it said;
    /// nothing, where there is no such account.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn belongings(&self, account: UserId, take: &mut Take<'_>) -> Result<(), StoreError>;

    /// Fills an empty store and makes a new epoch: [`Store::identity`] is out of date then, so
    /// open it again. All or nothing, as far as the store can: Redis keeps everybody from
    /// writing while it is half done. Trusts the records: look at them first ([`audit`]).
    /// Blocks as long as it takes.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn import(&self, records: &mut Records<'_>) -> Result<(), StoreError>;

    /// Makes a copy of a moment at a path where nothing is, for its owner only, and marks it as
    /// one. Blocks as long as it takes, and nobody else meanwhile.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn backup(&self, to: &Path) -> Result<(), StoreError>;

    /// What is wrong with it beneath its records; one line each. Blocks as long as it takes.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn check(&self) -> Result<Vec<String>, StoreError>;

    /// Makes a new epoch where this is a marked copy, and ends the mark; was it one? Then open
    /// it again.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn renew(&self) -> Result<bool, StoreError>;

    /// Says that this process serves from the store, until what is returned is dropped or the
    /// process ends, however it ends: two servers on one store would not see each other's live
    /// messages, and would count as taken what they never showed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: another one does.
    fn claim(&self) -> Result<Box<dyn Claim>, StoreError>;

    /// Takes a place among the servers that share this store, before [`Store::writer`]; `None`: it
    /// is not to be shared. Blocks up to the store's deadline.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn join(&self, _: &Sign) -> Result<Option<Membership>, StoreError> {
        Ok(None)
    }

    /// The write side, for the journal's thread. Taken once per process.
    #[expect(clippy::missing_errors_doc, reason = "said once, on the trait")]
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError>;
}

/// Takes what [`Store::export`] hands over.
pub type Take<'t> = dyn FnMut(Result<Record, String>) -> Result<(), StoreError> + 't;

/// What [`Store::import`] takes; the first error ends it.
pub type Records<'r> = dyn Iterator<Item = Result<Record, StoreError>> + 'r;

/// Held by the one server of a store.
pub trait Claim: Send + Sync + fmt::Debug {}

impl<T: Send + Sync + fmt::Debug> Claim for T {}

/// The write side of a store, owned by the journal's thread.
pub trait Writer: Send + fmt::Debug {
    /// Writes a batch in one transaction: durable when this returns, one [`Written`] per write,
    /// in order. Within a batch, later writes see earlier ones. Safe to repeat after
    /// [`StoreError::Unknown`]: appends are told apart by reference and nonce.
    /// Blocks up to the store's deadline.
    ///
    /// # Errors
    /// All or nothing: [`StoreError::Unavailable`], [`StoreError::Replaced`] and
    /// [`StoreError::Newer`] nothing was done; [`StoreError::Unknown`] repeat the same batch until it is known. From then on a store
    /// that cannot be reached is [`StoreError::Unknown`] too, for the first attempt may count.
    fn commit(&mut self, batch: &[&Write]) -> Result<Vec<Written>, StoreError>;

    /// The same, where some of the writes were asked for by sessions: a store with a feed tells
    /// what becomes of those there, once, also when the batch is repeated.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    fn commit_for(
        &mut self,
        batch: &[&Write],
        _askers: &[Option<SessionId>],
    ) -> Result<Vec<Written>, StoreError> {
        self.commit(batch)
    }

    /// Is what becomes of a session's write told by the feed, and by nobody else?
    fn tells_by_feed(&self) -> bool {
        false
    }

    /// Can a commit wait for a disk, a lock of somebody else, or a network?
    fn waits(&self) -> bool {
        true
    }
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
    /// Is there something at such a place? `true` where only opening it would tell.
    pub exists: fn(&str) -> bool,
}

/// Every store there is. A new one is a file, a `mod` line and a row.
pub const STORES: &[StoreKind] = &[
    StoreKind {
        scheme: "sqlite",
        example: "sqlite:PATH",
        open: sqlite::open,
        exists: sqlite::exists,
    },
    StoreKind {
        scheme: "redis",
        example: "redis://[user:pass@]host:port/db",
        open: redis::open,
        exists: |_| true,
    },
    StoreKind { scheme: "memory", example: "memory:", open: memory::open, exists: |_| true },
];

/// Opens a store by its URL. Blocks until it is there and migrated, or refused.
///
/// # Errors
/// [`StoreError`]; an unknown scheme is [`StoreError::Unavailable`] and lists the known ones.
pub fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let (kind, rest) = kind(url)?;
    (kind.open)(rest)
}

/// Opens a store that is there: who only looks at one does not make it.
///
/// # Errors
/// As [`open`], and [`StoreError::Refused`] where there is none.
pub fn open_existing(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let (kind, rest) = kind(url)?;
    if !(kind.exists)(rest) {
        return Err(StoreError::Refused(format!("{rest}: there is no store")));
    }
    (kind.open)(rest)
}

/// Opens a store to serve from it. A marked copy becomes a store of its own: it gets a new epoch,
/// for the ids that were given after the copy was made will be given again.
///
/// # Errors
/// As [`open`].
pub fn open_to_serve(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let store = open(url)?;
    if !store.renew()? {
        return Ok(store);
    }
    log::info!("{} was a copy; it has a new epoch now", store.place());
    open(url)
}

fn kind(url: &str) -> Result<(&'static StoreKind, &str), StoreError> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match STORES.iter().find(|kind| kind.scheme == scheme) {
        Some(kind) => Ok((kind, rest)),
        None => {
            let known: Vec<_> = STORES.iter().map(|kind| kind.example).collect();
            // Only the scheme is repeated: what follows may hold a password.
            let known = known.join(", ");
            let reason = format!("no store is called {scheme:?}; there are {known}");
            Err(StoreError::Refused(reason))
        }
    }
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
    /// The other servers of the store, if there are any: here it is known already.
    Others,
    /// Nobody: cursors.
    Nobody,
}

impl Tell {
    /// On whose behalf the other servers of the store are told; [`Tell::NO_SESSION`]: nobody's.
    pub fn asker(&self) -> Option<SessionId> {
        match self {
            Self::Hub(session) => Some(*session),
            Self::Others => Some(Self::NO_SESSION),
            Self::Waiter(_) | Self::Nobody => None,
        }
    }

    /// No session has this number.
    pub const NO_SESSION: SessionId = SessionId(0);
}
