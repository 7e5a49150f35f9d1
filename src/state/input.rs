//! Everything that can happen to the chat, in one closed enum.

use std::sync::Arc;

use crate::protocol::{
    Act, Device, ErrorCode, Leaving, Message, MessageId, Millis, Name, Receipts, Reference, RoomId,
    SessionId, UserId,
};

#[cfg(doc)]
use super::State;

/// What the clock says, both ways.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment {
    /// For people: the time of a message.
    pub wall: Millis,
    /// For deadlines: never goes back.
    pub tick: Millis,
}

/// Everything that can happen to the chat.
#[derive(Debug)]
pub enum Input {
    /// A session is somebody now (or somebody else: a guest who logged in).
    Attach(Box<Attach>),
    /// The session's thread has sent what the store had, up to these ids.
    CaughtUp {
        /// Which session.
        session: SessionId,
        /// The last id sent of each room that had something.
        taken: Vec<(RoomId, MessageId)>,
    },
    /// The session is over.
    Detach {
        /// Which session.
        session: SessionId,
        /// How others are told.
        why: Leaving,
    },
    /// What one read brought.
    Acts {
        /// Which session.
        session: SessionId,
        /// In order.
        acts: Vec<Act>,
    },
    /// What became of sends, in the order of the journal.
    Posted(Vec<Posted>),
    /// Nothing happened, but [`State::deadline`] has come.
    Tick,
    /// No new sends; end when those in flight have ended.
    Shutdown,
}

/// A session becomes somebody.
#[derive(Debug)]
pub struct Attach {
    /// Which session.
    pub session: SessionId,
    /// Account or guest.
    pub user: UserId,
    /// The account's name; `None`: a guest, named by its address.
    pub name: Option<Name>,
    /// Other accounts bear this name.
    pub shared: bool,
    /// From where, as others may see it.
    pub address: Arc<str>,
    /// A device with cursors of its own.
    pub device: Option<Device>,
    /// What others may see of the account's progress.
    pub receipts: Receipts,
}

/// What became of one send.
#[derive(Debug)]
pub struct Posted {
    /// Who sent it.
    pub session: SessionId,
    /// Its reference, the client's or ours.
    pub reference: Reference,
    /// Bytes of its text.
    pub bytes: usize,
    /// The stored message and whether it is new, or why there is none.
    pub outcome: Result<(Arc<Message>, bool), ErrorCode>,
}
