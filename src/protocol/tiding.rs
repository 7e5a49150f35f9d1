//! What the servers of one store tell each other beside what is stored: who is on which, and what
//! only those who are online are told. It goes through the store's feed, in the order of
//! everything else.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Absence, Device, EntryNews, Leaving, MessageId, Millis, Name, NamedRoom, Party, Receipts, Role,
    RoomId, SessionId, UserId,
};

/// One run of one server on a store that several share: the time it began, in milliseconds since
/// 1970, made unique and increasing by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u64);

impl NodeId {
    /// The first nonce of its run: a million for each millisecond, so that runs do not share any.
    pub fn first_nonce(self) -> u64 {
        self.0 << 20
    }

    /// What stands for everybody's sessions on that server, in the lists of this one: no session
    /// of ours has such a number.
    pub fn session(self) -> SessionId {
        SessionId(self.0 | 1 << 63)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl SessionId {
    /// On another server.
    pub fn is_elsewhere(self) -> bool {
        self.0 >> 63 == 1
    }
}

/// A session of somebody: the device, as its client calls it, and the address as others may see it.
pub type Station = (Option<Device>, Arc<str>);

/// Somebody who has a session on a server, as the others must know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// Account or guest.
    pub user: UserId,
    /// `None`: a guest, named by its address.
    pub name: Option<Name>,
    /// Other accounts bear this name.
    pub shared: bool,
    /// When they took it, or lost one; 0: they came with it. Of two names the later one holds, on
    /// every server.
    pub named: Millis,
    /// From where, as others may see it.
    pub address: Arc<str>,
    /// What others may see of their progress.
    pub receipts: Receipts,
    /// They may keep order in every room.
    pub operator: bool,
    /// They are busy or away.
    pub absence: Option<Arc<Absence>>,
    /// Since when, or since when they are back; 0: since they came. The later one holds.
    pub absent_since: Millis,
    /// Their sessions there; at most [`Present::MAX_SESSIONS`].
    pub sessions: Vec<Station>,
    /// The named rooms they are in, as far as is known.
    pub rooms: Vec<(NamedRoom, Role)>,
}

impl Present {
    /// Sessions that are told of.
    pub const MAX_SESSIONS: usize = 64;
}

/// One thing that a server tells the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tiding {
    /// Somebody has a session here, or what is said of them has changed.
    Here(Box<Present>),
    /// The last session of somebody here has ended.
    Gone(UserId, Leaving),
    /// These have sessions here, and nobody else.
    All(Vec<Present>),
    /// This is known here of somebody who has sessions on other servers only.
    Known(Box<Present>),
    /// The account wants its sessions on this device to end.
    EndDevice(UserId, Option<Device>),
    /// The account wants all other sessions to end than one that is here.
    EndOthers(UserId),
    /// The account was deleted by the operator.
    EndAccount(UserId),
    /// The account ignores somebody from now on, or, `false`, no longer.
    Ignore(UserId, Party, bool),
    /// A device of somebody has a private room up to here, and the other one may know.
    Delivered(UserId, RoomId, MessageId),
    /// Somebody writes something in a room.
    Typing(UserId, RoomId),
    /// Somebody asks for an account, or was let in, or was not: for operators.
    Entry(Box<EntryNews>),
    /// Somebody has read a room up to here; `true`: the other one may know.
    Read(UserId, RoomId, MessageId, bool),
}
