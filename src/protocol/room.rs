//! Rooms that have a name: what they are called, who may come in, what can be done to them, and
//! what is written when it is done.

use std::fmt;
use std::sync::Arc;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use serde::{Deserialize, Serialize};

use super::{
    ErrorCode, MessageId, Millis, Order, RoomId, Sanction, SanctionKey, Short, UserId, Who,
};

/// The number of a named room: from 1, never used twice in a store. Names could change, it does
/// not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoomNo(pub u64);

/// The name of a room, `#rust`: after the `#` a user name of PRECIS without regard to case
/// (UsernameCaseMapped, RFC 8265 section 3.3), so what is compared is what is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// Bytes, with the `#`.
    pub const MAX: usize = 64;

    /// Applies the profile; the `#` may be missing.
    ///
    /// # Errors
    /// [`ErrorCode::BadRoomName`]: empty, too long, with blanks, controls or commas in it, or
    /// the lobby's.
    pub fn new(text: &str) -> Result<Self, ErrorCode> {
        let name = text.strip_prefix('#').unwrap_or(text);
        // The profile works on the whole string several times over: bound it before.
        if name.is_empty() || name.len() > 4 * Self::MAX {
            return Err(ErrorCode::BadRoomName);
        }
        let name = UsernameCaseMapped::enforce(name).map_err(|_cause| ErrorCode::BadRoomName)?;
        // A comma parts the rooms of a list (RFC 2812 section 1.3).
        let is_bad = name.contains([',', '#']) || name == "lobby" || name.len() >= Self::MAX;
        if is_bad { Err(ErrorCode::BadRoomName) } else { Ok(Self(format!("#{name}").into())) }
    }

    /// What the lobby is called. No other room can have this name.
    pub fn lobby() -> Self {
        Self("#lobby".into())
    }

    /// With its `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a room is about: at most [`Topic::MAX`] bytes without control characters, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic(Arc<str>);

impl Topic {
    /// Bytes: some lines.
    pub const MAX: usize = 400;

    /// # Errors
    /// [`ErrorCode::BadTopic`].
    pub fn new(text: &str) -> Result<Self, ErrorCode> {
        let is_good = text.len() <= Self::MAX && !text.chars().any(char::is_control);
        if is_good { Ok(Self(text.into())) } else { Err(ErrorCode::BadTopic) }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why somebody is put out: for people.
pub type Note = Short<200>;

/// Who may come into a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomKind {
    /// Everybody.
    #[default]
    Open,
    /// Who is invited; others see that there is such a room.
    Invite,
    /// Who is invited; for others there is no such room.
    Hidden,
}

impl RoomKind {
    /// Every kind with its stable name on the wire, in stores and at a line.
    pub const NAMES: &[(Self, &str)] =
        &[(Self::Open, "open"), (Self::Invite, "invite"), (Self::Hidden, "hidden")];

    /// The stable name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("hidden", |(_, name)| name)
    }

    /// The kind of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// What an account is in a room; the higher, the more it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// One of many.
    Member,
    /// Keeps order.
    Moderator,
    /// It is their room. There may be several.
    Owner,
}

impl Role {
    /// Every role with its stable name.
    pub const NAMES: &[(Self, &str)] =
        &[(Self::Member, "member"), (Self::Moderator, "moderator"), (Self::Owner, "owner")];

    /// The stable name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(role, _)| *role == self).map_or("member", |(_, name)| name)
    }

    /// The role of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(role, _)| *role)
    }
}

/// A room as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRoom {
    /// Its number.
    pub no: RoomNo,
    /// Its name, which no other room has.
    pub name: RoomName,
    /// What it is about.
    pub topic: Topic,
    /// Who may come in.
    pub kind: RoomKind,
    /// Guests may come in, too, where it is open.
    pub guests: bool,
}

impl NamedRoom {
    /// Where its messages live.
    pub fn id(&self) -> RoomId {
        RoomId::Named(self.no)
    }
}

/// What an account is to a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Where it is a member.
    pub role: Option<Role>,
    /// It may come in though the room is not open.
    pub invited: bool,
}

/// Somebody by id and shown name, online or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Account or guest.
    pub id: UserId,
    /// As shown.
    pub name: Arc<str>,
}

/// A member of a room, in the list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomMember {
    /// Who.
    pub who: Party,
    /// What they are there.
    pub role: Role,
    /// They are here now.
    pub online: bool,
}

/// Which room is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomRef {
    /// This one.
    Id(RoomId),
    /// The one of this name.
    Name(RoomName),
    /// The one that this line is in at the moment; the lobby for who has no such thing.
    Here,
}

impl RoomRef {
    /// From a key (`!17`, `lobby`) or a name (`#rust`, `#lobby`).
    ///
    /// # Errors
    /// [`ErrorCode::BadRoomName`].
    pub fn parse(text: &str) -> Result<Self, ErrorCode> {
        match text.to_lowercase().as_str() {
            "lobby" | "#lobby" => Ok(Self::Id(RoomId::Lobby)),
            _ => match RoomId::parse(text) {
                Some(id) => Ok(Self::Id(id)),
                None => RoomName::new(text).map(Self::Name),
            },
        }
    }
}

/// What a client asks to be done in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomAsk {
    /// Come in; at a line, talk there from now on.
    Join,
    /// Leave it for good.
    Part,
    /// Say what it is about; `None`: only tell me.
    Topic(Option<Topic>),
    /// Let somebody in.
    Invite(Who),
    /// Put somebody out.
    Kick(Who, Option<Note>),
    /// Make somebody something else.
    Role(Who, Role),
    /// Who may come in.
    Set(RoomKind, bool),
    /// Close it for good.
    Close,
    /// Ban, mute or slow somebody, or end that. Of the lobby it means the whole server.
    Order(Box<Order>),
}

/// What is to be written about a room: the rules have let it pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChange {
    /// Who does it.
    pub by: Party,
    /// Names this very attempt, unique in the life of the store: a room that has the name already
    /// may be our own, made by an earlier, unanswered attempt.
    pub nonce: u64,
    /// When it was asked for.
    pub time: Millis,
    /// What.
    pub what: Change,
}

/// A change of one room. An account that does not exist is never a member: a guest's coming is
/// answered and not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A new room; who makes it is its owner.
    Create {
        /// Refused where another room has it ([`ErrorCode::RoomTaken`]).
        name: RoomName,
        /// Who may come in.
        kind: RoomKind,
        /// Guests, too.
        guests: bool,
    },
    /// The one who does it becomes a member, if it is none; of a room without members the owner.
    /// Its invitation ends.
    Enter(RoomNo),
    /// The one who does it is no member any more. The last owner is followed by the member of
    /// the highest role, of these the one with the smallest id.
    Leave(RoomNo),
    /// Somebody else is no member any more, in the same way.
    Kick(RoomNo, Party, Option<Note>),
    /// Somebody may come in.
    Invite(RoomNo, Party),
    /// A member gets another role. Refused where it is none ([`ErrorCode::NotThere`]).
    Role(RoomNo, Party, Role),
    /// Another topic.
    Topic(RoomNo, Topic),
    /// Other rules for who may come in.
    Set(RoomNo, RoomKind, bool),
    /// The room of this name is no more: nobody is in it, nobody reads what was said there, and its
    /// name is free. Its number is never given again.
    Close(RoomNo, RoomName),
    /// Somebody is banned, muted or slowed from now on, in a room or on the whole server; what
    /// there was under the same key ends. Whom a room bans in person is no member any more.
    Sanction(Box<Sanction>),
    /// This ends. Refused where there is none ([`ErrorCode::NoSanction`]).
    Lift(SanctionKey),
}

impl Change {
    /// The room that is changed; `None`: it is to be made, or the whole server is meant.
    pub fn room(&self) -> Option<RoomNo> {
        match self {
            Self::Create { .. } => None,
            Self::Enter(no)
            | Self::Leave(no)
            | Self::Kick(no, ..)
            | Self::Invite(no, _)
            | Self::Role(no, ..)
            | Self::Topic(no, _)
            | Self::Close(no, _)
            | Self::Set(no, ..) => Some(*no),
            Self::Sanction(sanction) => sanction.key.place,
            Self::Lift(key) => key.place,
        }
    }
}

/// What became of a [`RoomChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomDone {
    /// The room exists now.
    Created(NamedRoom),
    /// In: messages up to `since` were said before.
    Entered {
        /// The room's last id at that moment.
        since: MessageId,
        /// What one is there.
        role: Role,
    },
    /// Out.
    Left {
        /// Who owns the room now that its last owner is gone.
        successor: Option<UserId>,
    },
    /// Nothing more to say.
    Done,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rooms_are_user_names_behind_a_sign() {
        for (text, name) in [("rust", "#rust"), ("#Rust", "#rust"), ("＃x", ""), ("#聊天", "#聊天")]
        {
            assert_eq!(
                RoomName::new(text).map_or(String::new(), |n| n.to_string()),
                name,
                "{text}"
            );
        }
        let long = "x".repeat(RoomName::MAX);
        for bad in ["", "#", "a b", "a,b", "a\u{1b}b", "lobby", "#Lobby", "##x", &long] {
            assert_eq!(RoomName::new(bad), Err(ErrorCode::BadRoomName), "{bad}");
        }
    }

    #[test]
    fn a_room_is_meant_by_key_or_name() {
        assert_eq!(RoomRef::parse("!17"), Ok(RoomRef::Id(RoomId::Named(RoomNo(17)))));
        assert_eq!(RoomRef::parse("#lobby"), Ok(RoomRef::Id(RoomId::Lobby)));
        assert_eq!(RoomRef::parse("Rust"), RoomName::new("#rust").map(RoomRef::Name));
        assert_eq!(RoomRef::parse(" "), Err(ErrorCode::BadRoomName));
    }
}
