//! Everything that can happen to the chat, in one closed enum.

use std::net::IpAddr;
use std::sync::Arc;

use crate::protocol::{
    Act, Device, EntryNews, ErrorCode, Leaving, Message, MessageId, Millis, Name, NamedRoom,
    Receipts, Reference, Role, RoomChange, RoomDone, RoomId, SessionId, Tiding, UserId,
};

use super::Heard;
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
    /// The session's thread has read, since the attachment, which named rooms its account is in.
    Rooms {
        /// Which session.
        session: SessionId,
        /// The rooms, and what the account is there.
        rooms: Vec<(NamedRoom, Role)>,
    },
    /// The session's thread has sent what the store had, up to these ids: after an attachment, or
    /// on coming into a room.
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
    /// What the servers of the store did and told, this one included, in the order of its feed.
    Heard(Vec<Heard>),
    /// What the command line tells, and when it did: where no feed brings it.
    Told(Vec<(Millis, Tiding)>),
    /// Somebody asks for an account, or a session of an operator has decided about it.
    Entry {
        /// Who is told besides the operators.
        by: Option<SessionId>,
        /// What.
        news: Box<EntryNews>,
    },
    /// The other servers are to be told again who is here.
    Announce,
    /// Something that was to be told to them did not come through.
    Untold,
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
    /// How the client calls its device, with cursors of its own or without.
    pub called: Option<Device>,
    /// What others may see of the account's progress.
    pub receipts: Receipts,
    /// Its dialect has words for named rooms: otherwise it gets nothing of them.
    pub rooms: bool,
    /// The account may keep order in every room.
    pub operator: bool,
    /// From where; none: no ban by address touches it.
    pub ip: Option<IpAddr>,
    /// The accounts that the account ignores.
    pub ignored: Vec<UserId>,
}

/// What became of one write.
#[derive(Debug)]
pub struct Posted {
    /// Who asked for it.
    pub session: SessionId,
    /// What.
    pub fate: Fate,
}

/// What was written, and what became of it.
#[derive(Debug)]
pub enum Fate {
    /// A send.
    Sent {
        /// Its reference, the client's or ours.
        reference: Reference,
        /// That of its [`Effect::Append`](super::Effect::Append): later ones are greater.
        nonce: u64,
        /// Bytes of its text.
        bytes: usize,
        /// The stored message and whether it is new, or why there is none.
        outcome: Result<(Arc<Message>, bool), ErrorCode>,
    },
    /// An account.
    Deleted {
        /// Which.
        account: UserId,
        /// It is no more, or why it is.
        outcome: Result<(), ErrorCode>,
    },
    /// Nothing was to be written: what was written before in one of the feeds has been heard. Or
    /// why no feed brings this.
    Marked(Result<(), ErrorCode>),
    /// A change of a room.
    Changed {
        /// What was to be changed.
        change: RoomChange,
        /// What came of it, or why nothing did.
        outcome: Result<RoomDone, ErrorCode>,
    },
}
