//! The vocabulary that every module speaks: ids, names, texts, what a client may ask
//! ([`Command`], [`Act`]), what the server tells ([`Event`]), and the limits of the wire.
//!
//! Every value here is already valid: a [`Text`] has a legal length, a [`Name`] has passed its
//! profile. Nothing here blocks. Knows nothing of threads, sockets and stores.

mod about;
mod absence;
mod carried;
mod command;
mod device;
mod entry;
mod event;
mod feed;
pub mod frame;
mod name;
mod net;
mod order;
mod query;
mod reason;
mod room;
mod tiding;
pub mod wire;

pub use about::{
    About, Changes, Edit, MAX_EMOJIS, MAX_NAMED_REACTORS, MAX_REACTIONS, Original, Reaction, Shown,
    Target, What, Which, shown,
};
pub use absence::{Absence, AbsenceKind, AbsenceNote};
pub use carried::NotCarried;
pub use command::{Act, Command, Hello, OrderAct, Refusal, RoomAct, Span, To, Who};
pub use device::OwnDevice;
pub use entry::{Applicant, EntryAsk, EntryNews, Knock};
pub use event::{Event, HelloReply, News, RoomNews, Welcome};
pub use name::{Name, NameError, NameKey};
pub use net::Net;
pub use order::{
    Against, Aim, Deed, Measure, Order, Pattern, Place, Sanction, SanctionKey, Subject, Terms,
    lasting, place_of,
};
pub use query::{Before, Query, Search, words};
pub use reason::{ErrorCode, Farewell, Leaving};
pub use room::{
    Change, NamedRoom, Note, Party, Role, RoomAsk, RoomChange, RoomDone, RoomKind, RoomMember,
    RoomName, RoomNo, RoomRef, Standing, Topic,
};
pub use tiding::{NodeId, Present, Station, Tiding};

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An account (positive) or a guest (negative). Chosen at registration or given by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UserId(pub i64);

impl UserId {
    /// Guests have negative ids, unique in a store and never used again.
    pub fn is_guest(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A connection, numbered from 1 in the order of arrival since the server started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// What is kept by session. The server chooses the numbers, so nobody can make them collide, and
/// a delivery need not pay for a hash that withstands that (25 ns of some 4 µs).
pub type BySession<V> = HashMap<SessionId, V, BuildHasherDefault<Numbers>>;

/// Hashes a number that nobody outside chooses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers(u64);

impl Hasher for Numbers {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, number: u64) {
        // Spreads neighbours over all bits, the upper ones included (Fibonacci hashing: 2^64
        // divided by the golden ratio).
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(self.0 ^ u64::from(*byte)));
    }
}

/// The place of a message in its room: from 1, increasing, never used twice in an epoch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct MessageId(pub u64);

/// Milliseconds since 1970-01-01 UTC.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Millis(pub i64);

impl Millis {
    /// This moment and `ms` milliseconds more.
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// Where a message lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoomId {
    /// The room everybody is in: the group chat of the original.
    Lobby,
    /// A private conversation: a room of two accounts, the smaller id first.
    Pair(UserId, UserId),
    /// A room with a name and members.
    Named(RoomNo),
}

impl RoomId {
    /// The private room of two accounts, whichever is named first.
    pub fn pair(a: UserId, b: UserId) -> Self {
        Self::Pair(a.min(b), a.max(b))
    }

    /// The other one of a private room, as `me` sees it. Talking to oneself is allowed.
    pub fn other(self, me: UserId) -> Option<UserId> {
        match self {
            Self::Pair(a, b) if b == me => Some(a),
            Self::Pair(a, b) if a == me => Some(b),
            _ => None,
        }
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(key: &str) -> Option<Self> {
        if key == "lobby" {
            return Some(Self::Lobby);
        }
        if let Some(no) = key.strip_prefix('!') {
            // As it is written, so that a room has one key only.
            let no = no.parse().ok().filter(|n: &u64| *n > 0 && n.to_string() == no)?;
            return Some(Self::Named(RoomNo(no)));
        }
        let (a, b) = key.strip_prefix('@')?.split_once(',')?;
        let (a, b) = (a.parse().ok()?, b.parse().ok()?);
        (a <= b).then_some(Self::Pair(UserId(a), UserId(b)))
    }
}

/// The key of a room on the wire and in stores: `lobby`, `@100,200`, `!17`.
impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lobby => f.write_str("lobby"),
            Self::Pair(a, b) => write!(f, "@{a},{b}"),
            Self::Named(no) => write!(f, "!{}", no.0),
        }
    }
}

/// A short string with no NUL and a length between 1 and `MAX` bytes: references, device names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Short<const MAX: usize>(Arc<str>);

impl<const MAX: usize> Short<MAX> {
    /// `None` when empty, too long, or with a control character in it.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=MAX).contains(&text.len());
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.into()))
    }

    /// The string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sender's name for one send, unique per room, account and device: its idempotency key.
pub type Reference = Short<64>;

impl Reference {
    /// What the references that the server makes begin with.
    const OF_SERVER: char = '~';

    /// The server's own reference for a send that came without one. Increasing, so that an index
    /// of references grows at its end: random ones cost a third of the throughput.
    pub fn of_server(nonce: u64) -> Self {
        Self(format!("{}{nonce:016x}", Self::OF_SERVER).into())
    }

    /// Made by the server: no client waits for its acknowledgement.
    pub fn is_of_server(&self) -> bool {
        self.0.starts_with(Self::OF_SERVER)
    }
}

/// One client program of an account, by the name it chose: it has cursors of its own.
pub type Device = Short<64>;

/// What somebody says: 1 to [`Text::MAX`] bytes of UTF-8 without U+0000, kept as sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(Arc<str>);

impl Text {
    /// Bytes; about what fits the body of the original's frames.
    pub const MAX: usize = 8_000;

    /// # Errors
    /// [`ErrorCode::EmptyText`], [`ErrorCode::TextTooLong`] or [`ErrorCode::BadText`] (a NUL).
    pub fn new(text: &str) -> Result<Self, ErrorCode> {
        match text.len() {
            0 => Err(ErrorCode::EmptyText),
            n if n > Self::MAX => Err(ErrorCode::TextTooLong),
            _ if text.contains('\0') => Err(ErrorCode::BadText),
            _ => Ok(Self(text.into())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Texts of people never reach a log, so they do not show in `{:?}` either.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// A password on its way from the wire to [`crate::auth`]: 1 to 256 bytes, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Box<str>);

impl Password {
    /// Bytes. Argon2 takes more; nobody types more.
    pub const MAX: usize = 256;

    /// # Errors
    /// [`ErrorCode::BadPassword`] when empty or longer than [`Password::MAX`] bytes.
    pub fn new(text: &str) -> Result<Self, ErrorCode> {
        let fits = (1..=Self::MAX).contains(&text.len());
        if fits { Ok(Self(text.into())) } else { Err(ErrorCode::BadPassword) }
    }

    /// The clear text, for hashing only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What others may see of how far an account has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    /// That a private message has reached a device.
    pub delivered: bool,
    /// That it was read.
    pub read: bool,
}

/// Both, until somebody says otherwise.
impl Default for Receipts {
    fn default() -> Self {
        Self { delivered: true, read: true }
    }
}

/// How far an account has read a room, and how far the other one of a private room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which room.
    pub room: RoomId,
    /// The last id read.
    pub read: MessageId,
    /// The last id that has reached a device of the other one; 0 where that is not to be seen.
    pub peer_delivered: MessageId,
    /// The last id the other one has read; 0 where that is not to be seen.
    pub peer_read: MessageId,
}

/// A person as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Account or guest.
    pub id: UserId,
    /// The name as shown: `name#id` where several bear it, the address for a nameless guest.
    pub name: Arc<str>,
    /// `IP:PORT` as the server sees it, or a token that hides it.
    pub address: Arc<str>,
    /// `Some`: not quite there.
    pub absence: Option<Arc<Absence>>,
}

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the room.
    pub id: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Who said it, from the session and never from the wire.
    pub sender: UserId,
    /// The name it was accepted under, as shown.
    pub name: Arc<str>,
    /// When the server accepted it.
    pub time: Millis,
    /// What was said.
    pub text: Text,
    /// The sender's reference, or the one the server made.
    pub reference: Reference,
    /// The earlier message that it is about.
    pub about: Option<About>,
}

/// A message on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Append {
    /// Its room.
    pub room: RoomId,
    /// Who says it.
    pub sender: UserId,
    /// The sender's device; `None` for the shared one. Part of the idempotency key.
    pub device: Option<Device>,
    /// The name it is shown under.
    pub name: Arc<str>,
    /// When it was accepted.
    pub time: Millis,
    /// What is said.
    pub text: Text,
    /// Unique per (room, sender, device); the append is idempotent on the four.
    pub reference: Reference,
    /// Names this very attempt, unique in the life of the store: a store that finds the
    /// reference taken by the same nonce knows its own earlier, unanswered attempt.
    pub nonce: u64,
    /// The earlier message that it is about.
    pub about: Option<About>,
}
