//! What the rules want done, in one closed enum.

use std::sync::Arc;

use crate::protocol::{
    Append, Device, Event, Farewell, MessageId, NamedRoom, Refusal, Role, RoomChange, RoomId,
    SessionId, Tiding, UserId, Welcome,
};

#[cfg(doc)]
use super::Input;

/// What is to be done, in this order.
#[derive(Debug)]
pub enum Effect {
    /// From here on this session gets what is told to all.
    Enter(SessionId),
    /// From here on it does not.
    Leave(SessionId),
    /// From here on this session gets what is told in a room.
    Subscribe {
        /// Who.
        session: SessionId,
        /// Where.
        room: RoomId,
    },
    /// From here on it does not.
    Unsubscribe {
        /// Who.
        session: SessionId,
        /// Where.
        room: RoomId,
    },
    /// Tell all who subscribed to a room.
    Room {
        /// Which.
        room: RoomId,
        /// What.
        event: Arc<Event>,
        /// The session it comes from, whose dialect may not want it back.
        from: Option<SessionId>,
        /// Those of them for whom it is not: they ignore whose it is.
        deaf: Vec<SessionId>,
    },
    /// Tell all who entered.
    All {
        /// What.
        event: Arc<Event>,
        /// The session it comes from, whose dialect may not want it back.
        from: Option<SessionId>,
        /// Those of them for whom it is not: they ignore whose it is.
        deaf: Vec<SessionId>,
    },
    /// Tell one.
    One {
        /// Whom.
        session: SessionId,
        /// What.
        event: Arc<Event>,
        /// It comes from this very session, whose dialect may not want it back.
        own: bool,
    },
    /// Store this; say [`Input::Posted`] when it is known what became of it.
    Append {
        /// Who sent it.
        session: SessionId,
        /// What.
        append: Append,
    },
    /// Change this; say [`Input::Posted`] when it is known what became of it.
    Change {
        /// Who asked for it.
        session: SessionId,
        /// What.
        change: RoomChange,
    },
    /// Delete this account; say [`Input::Posted`] when it is known what became of it.
    Delete {
        /// Who asked for it.
        session: SessionId,
        /// Which.
        account: UserId,
        /// What it said is erased then.
        erase: bool,
    },
    /// Somebody is out of a room by now: write it, nobody waits for it.
    PutOut(RoomChange),
    /// Who wanted to attach is kept out, for this reason.
    Refuse {
        /// Which session.
        session: SessionId,
        /// Why.
        refusal: Refusal,
    },
    /// Have a mark of this session come by every feed, behind all that was written before; or say
    /// once that it cannot.
    Mark(SessionId),
    /// Tell the other servers of the store.
    Tell(Tiding),
    /// A device has a room up to here.
    Cursor {
        /// Whose.
        account: UserId,
        /// Which device; `None`: the shared one.
        device: Option<Device>,
        /// Which room.
        room: RoomId,
        /// The last id taken.
        up_to: MessageId,
    },
    /// An account has read a room up to here.
    Read {
        /// Whose.
        account: UserId,
        /// Which room.
        room: RoomId,
        /// The last id read.
        up_to: MessageId,
    },
    /// Acts of this session are done with: their share of the budgets is free again.
    Finished {
        /// Whose.
        session: SessionId,
        /// How many acts.
        acts: usize,
        /// How many bytes of text.
        bytes: usize,
    },
    /// The session is attached. A guest is greeted and live; for an account its thread sends the
    /// login reply and what the store has.
    Attached {
        /// Which.
        session: SessionId,
        /// Who it is, and who else is there.
        welcome: Welcome,
    },
    /// The answer to [`Input::Rooms`]: what is said there from now on is held.
    Ready {
        /// Which session.
        session: SessionId,
        /// The rooms that its account is in, as far as is known here: newer than what was read.
        rooms: Vec<(NamedRoom, Role)>,
    },
    /// The answer to who wants to come into a room, or to make one.
    Joined {
        /// Which session.
        session: SessionId,
        /// Where it is now; `None`: refused, as it was told.
        joined: Option<Joined>,
    },
    /// The answer to [`Input::CaughtUp`].
    Caught {
        /// Which.
        session: SessionId,
        /// It gets live events from now on; otherwise there is more in the store.
        live: bool,
    },
    /// Say this to a session as the last word, and take nothing from it any more.
    End {
        /// Which.
        session: SessionId,
        /// Why.
        farewell: Farewell,
    },
    /// The session has left; nothing more is told to it.
    Detached(SessionId),
    /// Everything accepted is stored or refused, or the patience is at its end: say farewell to
    /// all.
    Stop(Farewell),
}

/// A session has come into a room.
#[derive(Clone, Debug)]
pub struct Joined {
    /// Which.
    pub room: NamedRoom,
    /// What it is there.
    pub role: Role,
    /// What was said up to here is for its thread to tell, before [`Input::CaughtUp`]; what is
    /// said later is held until then. `None`: it was in already.
    pub since: Option<MessageId>,
}
