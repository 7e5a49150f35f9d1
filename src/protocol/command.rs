//! What a client asks ([`Command`]), and what its session asks of the hub ([`Act`]).

use super::{
    Absence, Against, Device, EntryAsk, ErrorCode, MessageId, Millis, Name, NameKey, NamedRoom,
    Order, OwnDevice, Party, Password, Receipts, Reference, RoomAsk, RoomId, RoomKind, RoomMember,
    RoomName, RoomRef, Search, Standing, Target, Text, UserId, What, Which,
};

#[cfg(doc)]
use super::Event;

/// Who is meant by an id or, where a name stands for an account, by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Digits alone always mean an id.
    Id(UserId),
    /// Compared by the Nickname profile (RFC 8266); several accounts may bear it.
    Named(NameKey),
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// The group.
    Lobby,
    /// One account.
    One(Who),
    /// A room.
    Room(RoomRef),
}

/// What a client asks, as its decoder read it: valid in form, not yet checked against anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The first word of a client that speaks our extended protocol; before the login.
    Hello(Hello),
    /// A new account. Does not log in.
    Register {
        /// Chosen by the user, or `None`: the server gives one.
        id: Option<UserId>,
        /// The clear password.
        password: Password,
        /// The display name; `None` means the id in digits.
        name: Option<Name>,
        /// An invitation code, where one is needed.
        code: Option<Password>,
    },
    /// An invitation code for the registration to come, from who cannot give it there.
    Code(Password),
    /// Become an account.
    Login {
        /// By id or by name.
        who: Who,
        /// The clear password.
        password: Password,
    },
    /// Become an account again, by a token instead of a password.
    Resume {
        /// What [`Event::Token`] gave; as secret as a password.
        token: Password,
        /// The epoch that the positions are of.
        epoch: String,
        /// What this client holds already: not sent again.
        positions: Vec<(RoomId, MessageId)>,
    },
    /// Change one's own password.
    Passwd {
        /// The present one.
        old: Password,
        /// The new one.
        new: Password,
    },
    /// Say something.
    Send {
        /// To all or to one.
        to: To,
        /// What.
        text: Text,
        /// The client's name for this send; the server makes one where there is none.
        reference: Option<Reference>,
        /// The message that it is about.
        about: Option<(What, Which)>,
    },
    /// Who is online?
    Who,
    /// A new display name.
    Rename(Name),
    /// Busy or away from now on, on all devices; `None`: back.
    Absence(Option<Absence>),
    /// One's account shall be no more.
    DeleteAccount {
        /// Its password.
        password: Password,
        /// What it said is erased; otherwise it stays.
        erase: bool,
    },
    /// What is the account's own, from the first page on.
    Export {
        /// The next page, instead.
        goes_on: bool,
    },
    /// Which devices has the account?
    Devices,
    /// Log one of them out; `None`: all clients that give no name.
    EndDevice(Option<Device>),
    /// Nothing more from this account, or, not `is_so`, again.
    Ignore {
        /// Which account.
        who: Who,
        /// From now on it is so.
        is_so: bool,
    },
    /// Whom does the account ignore?
    Ignored,
    /// "I am writing something there": never stored, never answered.
    Typing(To),
    /// "This device has everything of this room up to here."
    Received {
        /// Which room.
        room: RoomId,
        /// The last id taken.
        up_to: MessageId,
    },
    /// "I have read this room up to here": shared by all devices of the account.
    Read {
        /// Which room.
        room: RoomId,
        /// The last id read.
        up_to: MessageId,
    },
    /// What others may see of one's progress.
    Receipts(Receipts),
    /// A new room.
    Create {
        /// Its name.
        name: RoomName,
        /// Who may come in.
        kind: RoomKind,
        /// Guests, too.
        guests: bool,
    },
    /// Something about a room.
    Room(RoomRef, RoomAsk),
    /// Who is banned, muted or slowed in a room; of the lobby: on the whole server?
    Sanctions(RoomRef),
    /// Who asks for an account, and may they have it?
    Entry(EntryAsk),
    /// What was done to keep order, the last so many times?
    Deeds(usize),
    /// Which rooms are there, by name, behind this one?
    Rooms(Option<RoomName>),
    /// Who is a member of a room, by id, behind this one?
    Members(RoomRef, Option<UserId>),
    /// What was said in a room?
    History {
        /// Which room.
        room: RoomRef,
        /// Which part of it.
        span: Span,
        /// How many messages at most.
        limit: usize,
    },
    /// Which messages have these words?
    Search(Search),
    /// Are you there?
    Ping,
    /// What can I type?
    Help,
    /// A clean end.
    Logout,
    /// Understood as a command, but not a good one: told, and the connection goes on.
    Bad(Refusal),
    /// A login that cannot be right, answered with [`Event::LoginRefused`]: a client that waits
    /// for the answer to its login takes no other.
    BadLogin(Refusal),
    /// A registration that cannot be right, answered with [`Event::RegisterRefused`].
    BadRegister(Refusal),
}

/// Which part of what was said in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The last messages.
    Last,
    /// The last messages before this one.
    Before(MessageId),
    /// The first messages after this one.
    After(MessageId),
    /// The first messages from this moment on.
    Since(Millis),
}

/// The first word of a client that speaks the extended protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The client program and its version, for the log.
    pub client: String,
    /// Under which name the account's cursors are kept for this client; `None`: shared ones.
    pub device: Option<Device>,
    /// It will move its cursor itself, by [`Command::Received`].
    pub receipts: bool,
    /// It is here to say or ask something, not to hear what it missed.
    pub quiet: bool,
}

/// A command that was refused, and the send it was about if it was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The client's name for the send, if it gave one.
    pub reference: Option<Reference>,
    /// Why.
    pub code: ErrorCode,
    /// What was wrong in particular: ids that share a name, a limit. Never a secret or a text.
    pub detail: Option<String>,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::of(code)
    }
}

impl Refusal {
    /// A refusal that is about no particular send.
    pub fn of(code: ErrorCode) -> Self {
        Self { reference: None, code, detail: None }
    }
}

/// What a session asks of the hub: names are resolved, the limits are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Say something in a room. The session has seen that the other account exists.
    Send {
        /// Where.
        room: RoomId,
        /// What.
        text: Text,
        /// The client's name for it.
        reference: Option<Reference>,
        /// The message that it is about.
        about: Option<Target>,
    },
    /// Who is online?
    Who,
    /// A new display name; an account's is in the store already.
    Rename {
        /// The new name.
        name: Name,
        /// Another account bears the same name.
        shared: bool,
    },
    /// Busy or away from now on, or back.
    Absence(Option<Absence>),
    /// The devices of the account; the hub adds which of them are here.
    Devices(Vec<OwnDevice>),
    /// The sessions of this device of the account end; its tokens have ended already.
    EndDevice(Option<Device>),
    /// All other sessions of the account end: it has another password.
    EndOthers,
    /// The account leaves its rooms and is deleted; its password was checked.
    DeleteAccount {
        /// What it said is erased.
        erase: bool,
    },
    /// The account ignores somebody from now on, or, `false`, no longer; it is stored already.
    Ignore(Party, bool),
    /// Somebody writes something in this room.
    Typing(RoomId),
    /// The device of this session has this room up to here. The session has seen that the room
    /// is the account's, and that the id is one of the room's.
    Received {
        /// Which room.
        room: RoomId,
        /// The last id taken.
        up_to: MessageId,
    },
    /// The account has read this room up to here. Seen as above.
    Read {
        /// Which room.
        room: RoomId,
        /// The last id read.
        up_to: MessageId,
    },
    /// What others may see of the account's progress; it is stored already.
    Receipts(Receipts),
    /// A new room.
    Create {
        /// Its name.
        name: RoomName,
        /// Who may come in.
        kind: RoomKind,
        /// Guests, too.
        guests: bool,
    },
    /// Something about a room.
    Room(Box<RoomAct>),
    /// Something to keep order.
    Order(Box<OrderAct>),
    /// Who is banned, muted or slowed in a room, where the asker is this; `None`: on the whole
    /// server?
    Sanctions(Option<Box<(NamedRoom, Standing)>>),
    /// A page of rooms; the hub adds how many are online in each.
    Rooms(Vec<NamedRoom>, bool),
    /// A page of members; the hub adds who is online, and behind the last page the guests.
    Members(Box<NamedRoom>, Vec<RoomMember>, bool),
}

/// Something about a room, with what the session has seen in the store. What the hub knows
/// itself goes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomAct {
    /// Which room.
    pub room: NamedRoom,
    /// What the asker is there.
    pub mine: Standing,
    /// Whom it is about, and what they are there.
    pub whom: Option<(Party, Standing)>,
    /// What.
    pub ask: RoomAsk,
}

/// Something to keep order, with what the session has seen in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderAct {
    /// In which room, and what the asker is there; `None`: on the whole server.
    pub room: Option<(NamedRoom, Standing)>,
    /// Against whom.
    pub against: Against,
    /// What this account is there; `None`: it is against nobody in person.
    pub whom: Option<Standing>,
    /// They keep order on the whole server themselves.
    pub is_operator: bool,
    /// What, and on which terms.
    pub order: Order,
}
