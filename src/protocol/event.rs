//! What the server tells, in one closed enum: enough for any encoder.

use std::sync::Arc;

use super::{
    Applicant, Before, Deed, Device, EntryNews, Farewell, Leaving, Member, Message, MessageId,
    Millis, NamedRoom, Note, OwnDevice, Party, Password, Progress, Receipts, Reference, Refusal,
    Role, RoomId, RoomKind, RoomMember, RoomName, Sanction, SanctionKey, Shown, Topic, UserId,
};

#[cfg(doc)]
use super::Command;

/// What the server tells. Holds enough for any encoder, and nothing of who receives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The answer to [`Command::Hello`].
    Hello(HelloReply),
    /// Logged in, or let in as a guest: who you are and who else is online.
    Welcome(Welcome),
    /// The login failed.
    LoginRefused(Refusal),
    /// The account exists now, under this id.
    Registered(UserId),
    /// The invitation code is good: now the registration.
    CodeKept,
    /// The registration failed.
    RegisterRefused(Refusal),
    /// The first session of somebody started.
    Came(Member),
    /// The last session of somebody ended.
    Left(Member, Leaving),
    /// Several came and left since the last such notice: told at once where very many are online.
    /// Who is in both lists left and came back.
    Crowd {
        /// Who came, in order.
        came: Arc<[Member]>,
        /// Who left, in order.
        left: Arc<[Member]>,
        /// How many are online now.
        n_online: usize,
    },
    /// Somebody has another name now.
    Renamed(Member),
    /// One's own new name is accepted; the member as others see them now.
    RenameDone(Member),
    /// These are busy, away, or back now, as each says.
    Absent(Arc<[Member]>),
    /// One is busy, away, or back oneself now, as the member says.
    AbsenceDone(Member),
    /// The one to whom one has just written is busy or away; told once until they are back.
    IsAbsent(Member),
    /// The devices of one's account: the answer to [`Command::Devices`].
    Devices(Arc<[OwnDevice]>),
    /// A device of one's account is logged out.
    DeviceEnded {
        /// Which; `None`: all clients that give no name.
        device: Option<Device>,
        /// So many sessions end.
        sessions: usize,
    },
    /// One ignores somebody from now on, or, `false`, no longer.
    Ignoring(Party, bool),
    /// What is one's own, as lines: a page of them.
    Exported {
        /// Whole lines, each with its line feed.
        text: Arc<str>,
        /// There is another page.
        more: bool,
    },
    /// Whom one ignores: the answer to [`Command::Ignored`].
    Ignored(Arc<[Party]>),
    /// What was said in a room up to here is of somebody whom one ignores: it counts as taken.
    Passed {
        /// Which room.
        room: RoomId,
        /// The last id.
        up_to: MessageId,
    },
    /// Somebody writes something in a room. Good for some seconds, or until they say it.
    Typing {
        /// Which room.
        room: RoomId,
        /// Who.
        who: Party,
    },
    /// One's own password is changed.
    PasswdDone,
    /// Who is online: the answer to [`Command::Who`].
    Online(Arc<[Member]>),
    /// Who is online, after a login, for those whose [`Event::Welcome`] does not say it: the same
    /// list for all who come before it changes. Of a longer one than [`Welcome::MAX_ONLINE`] the
    /// rest is left out.
    Listed(Arc<[Member]>),
    /// Somebody says something, now.
    Said {
        /// What is stored.
        message: Arc<Message>,
        /// From where, as others may see it.
        address: Arc<str>,
        /// The room's name, if it has one.
        room: Option<RoomName>,
    },
    /// What was said while the reader was away, or before it came into the room.
    Replayed {
        /// What is stored, with the text it has now.
        message: Arc<Message>,
        /// When it got that text, if it had another one.
        edited: Option<Millis>,
        /// The room's name, if it has one.
        room: Option<RoomName>,
    },
    /// So many messages of this room lie before those replayed, reachable by history.
    Skipped {
        /// Which room.
        room: RoomId,
        /// How many.
        count: u64,
    },
    /// The send with this reference is stored.
    Accepted {
        /// The client's reference; `None` where the server made one.
        reference: Option<Reference>,
        /// Its place in the room.
        id: MessageId,
        /// Its room.
        room: RoomId,
        /// When it was accepted.
        time: Millis,
    },
    /// A send or another command was refused; the session goes on.
    Refused(Refusal),
    /// By this one can become the same account again, on this device, until it expires.
    Token {
        /// Secret.
        token: Password,
        /// From when on it is worth nothing.
        expires: Millis,
    },
    /// How far one is in each room, after a login.
    Progress(Arc<[Progress]>),
    /// Private messages up to this one have reached a device of the other one.
    Delivered {
        /// Which room.
        room: RoomId,
        /// Whose device.
        by: UserId,
        /// The last id.
        up_to: MessageId,
    },
    /// Somebody has read a room up to here: oneself on another device, or the other one of a
    /// private room.
    Read {
        /// Which room.
        room: RoomId,
        /// Who.
        by: UserId,
        /// The last id.
        up_to: MessageId,
    },
    /// One's own wish about receipts is stored.
    ReceiptsDone(Receipts),
    /// Something happened in a room, to the room, or to a member of it.
    Room(Box<RoomNews>),
    /// One wanted into this room and was there before: nothing else is told.
    IsIn {
        /// Which room.
        room: Box<NamedRoom>,
        /// What one is there.
        role: Role,
    },
    /// One is in this room now, by one's own doing, here or on another device.
    Entered {
        /// Which room.
        room: Box<NamedRoom>,
        /// What one is there.
        role: Role,
    },
    /// The rooms one is in, after a login.
    MyRooms(Arc<[(NamedRoom, Role)]>),
    /// A page of the rooms there are, each with how many members are online.
    Rooms {
        /// By name.
        rooms: Arc<[(NamedRoom, usize)]>,
        /// There are others behind them.
        more: bool,
    },
    /// A page of the members of a room.
    Members {
        /// Which room.
        room: Box<NamedRoom>,
        /// By id; the guests last.
        members: Arc<[RoomMember]>,
        /// There are others behind them.
        more: bool,
    },
    /// A page of what was said in a room: the answer to [`Command::History`].
    History {
        /// Which room.
        room: RoomId,
        /// Its name, if it has one.
        name: Option<RoomName>,
        /// In order, as they are now.
        messages: Arc<[Shown]>,
        /// There is more in the direction that was asked for.
        more: bool,
    },
    /// Who is banned, muted or slowed: the answer to [`Command::Sanctions`].
    Sanctions {
        /// In which room; in the lobby: on the whole server.
        room: RoomId,
        /// Its name.
        name: RoomName,
        /// By what, and against whom.
        sanctions: Arc<[Sanction]>,
    },
    /// What was done to keep order, newest first: the answer to [`Command::Deeds`].
    Deeds(Arc<[Deed]>),
    /// What was found: the answer to [`Command::Search`].
    Found {
        /// In which room; `None`: in all that the asker may read.
        within: Option<RoomId>,
        /// The names of the rooms, of those that have one.
        names: Arc<[(RoomId, RoomName)]>,
        /// The newest first, as they are now.
        messages: Arc<[Shown]>,
        /// The search can go on here.
        next: Option<Before>,
    },
    /// Who asks for an account, by when they did: part of [`Command::Entry`].
    Applicants(Arc<[Applicant]>),
    /// Something about one of them, for operators.
    Entry(Box<EntryNews>),
    /// At a line: where plain text goes from now on.
    Here(Option<Box<NamedRoom>>),
    /// What a room is about: the answer to a question.
    TopicIs(Box<NamedRoom>),
    /// The answer to [`Command::Ping`].
    Pong,
    /// The answer to [`Command::Help`].
    Help {
        /// The reader is a guest.
        guest: bool,
    },
    /// The last word before the connection closes.
    Farewell(Farewell),
}

/// Something happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomNews {
    /// Which room.
    pub room: RoomId,
    /// Its name.
    pub name: RoomName,
    /// Who did it.
    pub by: Party,
    /// What.
    pub what: News,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// They are a member now.
    Joined,
    /// They are none any more.
    Left,
    /// Somebody is none any more.
    Kicked(Party, Option<Note>),
    /// Somebody may come in; told to both.
    Invited(Party),
    /// Somebody is something else now.
    Role(Party, Role),
    /// It is about this now.
    Topic(Topic),
    /// These may come in now; guests, too, or not.
    Set(RoomKind, bool),
    /// It is no more.
    Closed,
    /// Somebody is banned, muted or slowed: who, if it is one who is online.
    Sanctioned(Box<Sanction>, Option<Party>),
    /// Somebody is so no longer.
    Lifted(SanctionKey, Option<Party>),
}

impl Event {
    /// Who does it: what is left out for those who ignore them.
    pub fn author(&self) -> Option<UserId> {
        match self {
            Self::Said { message, .. } => Some(message.sender),
            Self::Typing { who, .. } => Some(who.id),
            Self::Room(news) if matches!(news.what, News::Invited(_)) => Some(news.by.id),
            _ => None,
        }
    }

    /// The named room that it happens in.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Said { message, room: Some(_), .. } => Some(message.room),
            Self::Room(news) => Some(news.room),
            Self::Entered { room, .. } | Self::IsIn { room, .. } => Some(room.id()),
            Self::Typing { room: room @ RoomId::Named(_), .. }
            | Self::Passed { room: room @ RoomId::Named(_), .. } => Some(*room),
            _ => None,
        }
    }
}

/// The answer to [`Command::Hello`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloReply {
    /// The server program and its version.
    pub server: String,
    /// The longest frame body that is taken from now on, in bytes.
    pub frame_limit: usize,
    /// Where the servers of this store are reached, as far as they say so.
    pub servers: Arc<[String]>,
}

/// Who one is after a login, and who else is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Oneself.
    pub me: Member,
    /// Everybody online of whom others have heard, by id: in a crowd one may be missing oneself.
    /// Shared by all who come before it changes.
    pub online: Arc<[Member]>,
    /// How many are online in all.
    pub n_online: usize,
    /// The store's epoch: message ids are unique within it.
    pub epoch: Arc<str>,
}

impl Welcome {
    /// Longer lists are cut after a login: a course client keeps at most 2,005 ids in one frame
    /// and is told at most 1,000 beyond it.
    pub const MAX_ONLINE: usize = 3_000;
}
