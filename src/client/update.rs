//! What the library tells the program.

use std::fmt;
use std::time::Duration;

use crate::protocol::{
    About, Absence, Before, ErrorCode, Farewell, Leaving, Member, MessageId, Millis, Password,
    Receipts, Reference, RoomId, RoomRef, Text, UserId, Who,
};
use crate::tls::{Fingerprint, TlsError};

pub use crate::protocol::wire::{
    Applicants, Audit, EntryMes, IgnoreMes, Ignored, Members, OwnDevice, Reaction, Room, RoomMes,
    Sanctions,
};

#[cfg(doc)]
use super::Client;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// No authority vouches for the server at this address, and it was not met before: it is
    /// trusted, and no other from now on. Who wants to be sure compares the fingerprint with what
    /// the operator says.
    FirstMet {
        /// `host:port`.
        address: String,
        /// Of its certificate.
        fingerprint: Fingerprint,
    },
    /// A connection stands and the server has answered the hello.
    Connected {
        /// The server program and its version.
        server: String,
    },
    /// The connection is gone, or could not be made.
    Disconnected {
        /// Why.
        why: Lost,
        /// The next attempt; `None` when nobody is to be logged in, so nothing needs one.
        retry_in: Option<Duration>,
    },
    /// Logged in, for the first time or again after a break.
    LoggedIn {
        /// Oneself, as others see it.
        me: Member,
        /// How many are online; the list follows as [`Update::Online`].
        n_online: u64,
    },
    /// What takes the place of the password when the same device comes back, until it expires
    /// or [`Client::close`] says goodbye: for [`Client::resume`]. A secret; a later one takes
    /// the place of an earlier one.
    Token {
        /// The token.
        token: Password,
        /// Until when it is good.
        expires: Millis,
    },
    /// Everybody online: after the login, and in answer to [`Client::who`].
    Online(Vec<Member>),
    /// The account exists now. It is not logged in.
    Registered(UserId),
    /// One's own display name is this now.
    RenameDone(String),
    /// One is busy or away oneself now, or, `None`, back.
    AbsenceDone(Option<Absence>),
    /// Somebody is busy, away, or back, as the member says.
    Absence(Member),
    /// The one to whom one has just written is busy or away: told once until they are back.
    IsAbsent(Member),
    /// Somebody writes something. Show it for [`super::TYPING_TIME`] at most, and not beyond
    /// what they then say.
    Typing {
        /// Which room.
        room: RoomId,
        /// Who.
        by: UserId,
        /// Their name. May hold anything: clean it before a terminal sees it.
        name: String,
    },
    /// The devices of one's account, in answer to [`Client::devices`]. Names may hold anything:
    /// clean them before a terminal sees them.
    Devices(Vec<OwnDevice>),
    /// A device of one's account is logged out.
    DeviceEnded {
        /// Which; empty: all clients that give no name.
        device: String,
        /// So many connections end.
        sessions: u64,
    },
    /// One ignores somebody from now on, or, `off`, no longer: here or on another device. Names may
    /// hold anything: clean them before a terminal sees them.
    Ignoring(IgnoreMes),
    /// Whom one ignores, in answer to [`Client::ignored`]; `more`: others follow by themselves.
    Ignored(Ignored),
    /// One's own password is changed.
    PasswdDone,
    /// Others see this of one's own progress now.
    ReceiptsDone(Receipts),
    /// Something asked for was refused; `None` where the server does not say what.
    Refused {
        /// What was asked.
        what: Option<Ask>,
        /// Why.
        why: Reason,
    },
    /// The connection broke before the answer came: it may have been done or not.
    Unanswered(Ask),
    /// Somebody says something, or said it while this device was away.
    Said(Said),
    /// A send is stored.
    Sent {
        /// What [`Client::send`] returned.
        reference: Reference,
        /// Its place in the room.
        id: MessageId,
        /// Its room.
        room: RoomId,
        /// When the server accepted it.
        time: Millis,
    },
    /// A send is not stored.
    NotSent {
        /// What was to be said.
        unsent: Unsent,
        /// Why not.
        why: Reason,
        /// It is repeated by and by; otherwise it was dropped.
        will_retry: bool,
    },
    /// In answer to [`Client::withdraw`].
    Withdrawn {
        /// Of the send.
        reference: Reference,
        /// It is not said. Otherwise it has an end already, or was on the wire and gets one.
        is_done: bool,
    },
    /// Somebody came online.
    Came(Member),
    /// Somebody left.
    Left {
        /// Who.
        who: Member,
        /// How.
        how: Leaving,
    },
    /// So many came and left within a second that they are not told one by one. Who they are is
    /// learned when they speak, or from [`Client::who`].
    Crowd {
        /// How many are online now.
        n_online: u64,
        /// How many came.
        came: u64,
        /// How many left.
        left: u64,
    },
    /// Somebody has another name now.
    Renamed(Member),
    /// Somebody has a room up to here: the other one of a private room, or oneself on another
    /// device.
    Seen {
        /// Which room.
        room: RoomId,
        /// Who.
        by: UserId,
        /// The last id.
        up_to: MessageId,
        /// In what way.
        how: Seen,
    },
    /// Something was done in a room: the words are the protocol's (docs/protocol.md, `RoomMes`).
    /// Names and texts may hold anything: clean them before a terminal sees them.
    Room(Box<RoomMes>),
    /// Rooms: a page of all there are, in answer to [`Client::rooms`], or after a login those one
    /// is in.
    Rooms {
        /// In order.
        rooms: Vec<Room>,
        /// Others follow: asked for behind the last of these, or by themselves where they are
        /// one's own.
        more: bool,
        /// Those one is in.
        own: bool,
    },
    /// A page of the members of a room, in answer to [`Client::members`].
    Members(Members),
    /// Something is done to a message that was said before. It may be one that this device does
    /// not have, and it may be told twice: the result is the same.
    Changed(Changed),
    /// A page of what was said in a room, in answer to [`Client::history`].
    History {
        /// Which room.
        room: RoomId,
        /// In order, as it is now. These count as nothing that was taken.
        messages: Vec<Said>,
        /// There are others in the direction that was asked for.
        more: bool,
    },
    /// Who is banned, muted or slowed, in answer to [`Client::sanctions`]; `more`: others follow by
    /// themselves.
    Sanctions(Sanctions),
    /// The next part of what is the account's own: JSON lines, as `server user export` writes them
    /// (docs/store.md); the parts one after the other are the whole.
    Exported {
        /// Whole characters; a line may go on in the next part.
        text: String,
        /// Another part comes by itself.
        more: bool,
    },
    /// What was done to keep order, in answer to [`Client::audit`]; `more` as above.
    Audit(Audit),
    /// What was found, in answer to [`Client::search`].
    Found {
        /// In which room; `None`: in all that one may read.
        within: Option<RoomId>,
        /// The newest first, as they are now.
        messages: Vec<Said>,
        /// The search can go on here.
        next: Option<Before>,
    },
    /// Who asks for an account, in answer to [`Client::entry`]; `more` as above.
    Applicants(Applicants),
    /// Somebody asks for an account (`wait`), was let in (`approve`) or was not (`reject`): told to
    /// operators.
    Entry(EntryMes),
    /// So many older messages of this room are not sent.
    Skipped {
        /// Which room.
        room: RoomId,
        /// How many.
        count: u64,
    },
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has reached a device.
    Delivered,
    /// It was read.
    Read,
}

/// A message of somebody else, or of oneself on another device.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// Its room.
    pub room: RoomId,
    /// Its place in the room.
    pub id: MessageId,
    /// The room's name, `#rust`, where it has one.
    pub room_name: Option<String>,
    /// `Some`: private, and this is the other one of the two.
    pub peer: Option<UserId>,
    /// Who says it.
    pub sender: UserId,
    /// The name it was accepted under. May hold anything: clean it before a terminal sees it.
    pub name: String,
    /// When the server accepted it.
    pub time: Millis,
    /// What is said. May hold anything: clean it before a terminal sees it.
    pub text: String,
    /// It was said while this device was away.
    pub replayed: bool,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// When it got the text it has now, if it had another one.
    pub edited: Option<Millis>,
    /// In a page: it was deleted, so its text is empty.
    pub is_deleted: bool,
    /// In a page: who reacts with what, by emoji.
    pub reactions: Vec<Reaction>,
}

/// Texts of people never reach a log, so they do not show in `{:?}` either.
impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Said({} {} by {})", self.room, self.id.0, self.sender)
    }
}

/// What somebody did to a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its room.
    pub room: RoomId,
    /// The message that it is about.
    pub about: MessageId,
    /// The place of the change itself in the room.
    pub id: MessageId,
    /// The room's name, `#rust`, where it has one.
    pub room_name: Option<String>,
    /// `Some`: private, and this is the other one of the two.
    pub peer: Option<UserId>,
    /// Who did it.
    pub by: UserId,
    /// The name it was accepted under. May hold anything: clean it before a terminal sees it.
    pub name: String,
    /// When the server accepted it.
    pub time: Millis,
    /// What was done.
    pub what: Doing,
    /// It was done while this device was away.
    pub replayed: bool,
}

/// What can be done to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// This is its text now. May hold anything: clean it before a terminal sees it.
    Edit(String),
    /// It is gone.
    Delete,
    /// Somebody reacts with this.
    React(String),
    /// Somebody does not any more.
    Unreact(String),
}

impl fmt::Debug for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Changed({} {} by {})", self.room, self.about.0, self.by)
    }
}

/// A send without an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// Its name.
    pub reference: Reference,
    /// To whom; `None`: to all, or to the room.
    pub to: Option<Who>,
    /// To which room; `None`: to the lobby, or to one.
    pub room: Option<RoomRef>,
    /// What was to be said.
    pub text: Text,
    /// The message that it is about.
    pub about: Option<About>,
}

/// What can be asked and refused, besides sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// [`Client::login`], or the login after a break.
    Login,
    /// [`Client::register`].
    Register,
    /// [`Client::rename`].
    Rename,
    /// [`Client::delete_account`].
    DeleteAccount,
    /// [`Client::export`].
    Export,
    /// [`Client::devices`], [`Client::end_device`].
    Devices,
    /// [`Client::ignore`], [`Client::unignore`], [`Client::ignored`].
    Ignore,
    /// [`Client::entry`].
    Entry,
    /// [`Client::absence`].
    Absence,
    /// [`Client::passwd`].
    Passwd,
    /// [`Client::who`].
    Who,
    /// [`Client::create_room`], [`Client::ask_room`], [`Client::rooms`], [`Client::members`],
    /// [`Client::sanctions`], [`Client::audit`].
    Room,
    /// [`Client::history`].
    History,
    /// [`Client::search`].
    Search,
    /// [`Client::show_receipts`].
    Receipts,
}

/// Why the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The stable name, [`ErrorCode::name`] for those we know.
    pub code: String,
    /// The server's words.
    pub text: String,
    /// What in particular: ids that share a name, a limit.
    pub detail: Option<String>,
}

impl Reason {
    /// One that this side gives.
    pub(super) fn of(code: ErrorCode) -> Self {
        Self { code: code.name().to_owned(), text: String::new(), detail: None }
    }

    /// One that the server gives, by its stable name or else as the original would mean it.
    pub(super) fn new(code: Option<String>, otherwise: ErrorCode, text: String) -> Self {
        let code = code.unwrap_or_else(|| otherwise.name().to_owned());
        Self { code, text, detail: None }
    }

    /// The code, if this program knows it.
    pub fn known(&self) -> Option<ErrorCode> {
        ErrorCode::from_name(&self.code)
    }

    /// The same may succeed later.
    pub fn is_temporary(&self) -> bool {
        self.known().is_some_and(ErrorCode::is_temporary)
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The attempt failed; the system's words.
    NotThere(String),
    /// Somebody is there, but not the server that is trusted.
    Insecure(TlsError),
    /// The connection broke; the system's words.
    Broken(String),
    /// The server closed without a word.
    Closed,
    /// The server closed and said why.
    Told(Reason),
    /// Nothing was heard for 90 s, or no answer to the hello or the login.
    Silent,
    /// The server has not taken what we write.
    Stuck,
    /// What came is not our protocol.
    Garbled,
}

impl Lost {
    /// The server's reason, if it gave one that this program knows.
    pub fn farewell(&self) -> Option<Farewell> {
        let Self::Told(reason) = self else { return None };
        Farewell::NAMES.iter().find(|(_, name)| *name == reason.code).map(|(why, _)| *why)
    }
}
