//! What several servers on one store hear of each other: everything that was done for a session
//! of any of them, and what they tell each other, in one order.
//!
//! Only a store that is shared has a feed; then what is committed is told by it alone, to the
//! server that asked for it, too, so that every server shows one order. It may have several, each
//! for its share of the rooms ([`RoomId::feed`]); what comes by one has no order with what comes by
//! another.

use std::fmt;

use super::{StoreError, Write, Written};
#[cfg(doc)]
use crate::protocol::RoomId;
use crate::protocol::{Millis, NamedRoom, NodeId, Present, SessionId, Tiding};

/// One thing in the feed.
#[derive(Clone, Debug)]
pub enum FeedEntry {
    /// This was done for a session.
    Done {
        /// Of which server.
        from: NodeId,
        /// Which session there.
        session: SessionId,
        /// What was to be done.
        write: Box<Write>,
        /// What became of it.
        written: Written,
        /// The room that it was about, as it is now.
        room: Option<NamedRoom>,
    },
    /// A server tells something.
    Told {
        /// Which one.
        from: NodeId,
        /// What.
        tidings: Vec<Tiding>,
    },
    /// A server has ended, or was not heard of for too long.
    Gone(NodeId),
}

/// One thing that the command line tells the one server of a store that has no feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Increasing, and never given again.
    pub id: u64,
    /// When it was told.
    pub time: Millis,
    /// What.
    pub tiding: Tiding,
}

/// A server's place among those that share a store. Ends when all halves are dropped.
#[derive(Debug)]
pub struct Membership {
    /// Its name from now on.
    pub node: NodeId,
    /// Who is on the other servers.
    pub others: Vec<(NodeId, Vec<Present>)>,
    /// Everything that has happened since, and its sign of life: one of each for each feed of the
    /// store, at least one, in their order. A server is given up by the first alone, and what the
    /// servers tell each other comes by it.
    pub feeds: Vec<(Box<dyn Feed>, Box<dyn Pulse>)>,
}

/// The reading side of one feed, for one thread.
pub trait Feed: Send + fmt::Debug {
    /// What comes next, in order; nothing, when nothing has come for a fifth of a second.
    /// Blocks for that long, or for the store's deadline.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: ask again, nothing is left out. [`StoreError::Replaced`]: what
    /// comes next is not there any more, so this server must begin anew.
    fn next(&mut self) -> Result<Vec<FeedEntry>, StoreError>;
}

/// Sees to it that the others know of this server, and that one feed keeps for it what it has not
/// read, for one thread.
pub trait Pulse: Send + fmt::Debug {
    /// Says that it lives; once a second. Blocks up to the store's deadline.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it was not said. [`StoreError::Replaced`] and
    /// [`StoreError::Newer`], as for a commit.
    fn beat(&mut self) -> Result<Beat, StoreError>;

    /// Says that it ends. What cannot be said is found out by the others.
    fn leave(&mut self);
}

/// What a sign of life was answered with. What stands in it counts from the first feed only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The others had given it up: it must tell them again who is here.
    pub was_gone: bool,
    /// Where clients reach each server that says so, this one included, in the order in which
    /// they began.
    pub addresses: Vec<String>,
}

/// How a server presents itself to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sign {
    /// The same for every run of one server, and no other's: a new run ends the one before.
    pub name: String,
    /// Where clients reach it, `HOST:PORT`; empty where that is not said.
    pub address: String,
}
