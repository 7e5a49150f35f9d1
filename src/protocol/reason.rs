//! Why something was refused, why somebody left, why the server closes a connection.
//! The words that people read for them are in [`crate::texts`].

use serde::{Deserialize, Serialize};

/// Why a command was refused. The stable name is part of the protocol (docs/protocol.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Not understood.
    BadRequest,
    /// A command that does not exist.
    UnknownCommand,
    /// Say hello before the login.
    HelloTooLate,
    /// Log in first.
    NotLoggedIn,
    /// This connection is logged in already.
    AlreadyLoggedIn,
    /// No such account.
    UnknownUser,
    /// The account has no device of this name.
    UnknownDevice,
    /// The password is not this account's.
    WrongPassword,
    /// The token is unknown, expired, revoked, or another device's: log in with the password.
    BadToken,
    /// Too many wrong passwords or codes, registrations, new rooms or exports; wait.
    Throttled,
    /// Somebody has this id.
    IdTaken,
    /// An account bears this name, or somebody online does.
    NameTaken,
    /// Several accounts bear this name; `detail` lists their ids.
    NameShared,
    /// Not a name by RFC 8266, or one that could be taken for an id or an address.
    BadName,
    /// Ids are whole numbers from 1.
    BadId,
    /// Passwords have 1 to 256 bytes.
    BadPassword,
    /// The operator does not let people register.
    RegistrationClosed,
    /// Registering takes an invitation code.
    CodeNeeded,
    /// No such invitation code, or not any more.
    BadCode,
    /// The account was asked for, and an operator has still to let it in; of a registration
    /// `detail` is the id that is kept for it.
    NotLetIn,
    /// As many ask for an account as can wait.
    TooManyWaiting,
    /// Nobody of this id asks for an account.
    NobodyWaits,
    /// Guests are not let in here: register and log in.
    NoGuests,
    /// Private messages need an account.
    AccountNeeded,
    /// This takes a client that says hello.
    ClientNeeded,
    /// Nothing in it.
    EmptyText,
    /// Longer than [`super::Text::MAX`] bytes.
    TextTooLong,
    /// U+0000 in it, or not UTF-8.
    BadText,
    /// The reference was used before, for another text.
    ReferenceReused,
    /// Nothing that can be searched for: no word in it, or too long.
    BadQuery,
    /// No such message in this room, or a deleted one.
    UnknownMessage,
    /// Somebody else said it.
    NotYours,
    /// Not an emoji: too long, or with blanks or control characters in it.
    BadReaction,
    /// A message has as many reactions as it can have.
    TooManyReactions,
    /// No such room, or a hidden one that one is not invited to.
    UnknownRoom,
    /// Another room has this name.
    RoomTaken,
    /// Not a name for a room.
    BadRoomName,
    /// Not a topic: too long, or with control characters in it.
    BadTopic,
    /// Not a note: too long, or with control characters in it.
    BadNote,
    /// Not in the lobby: name a room.
    NotInLobby,
    /// One is not in this room.
    NotMember,
    /// The other one is not in this room.
    NotThere,
    /// This room is for those who are invited.
    InviteOnly,
    /// Guests are shut out of this room.
    NoGuestsHere,
    /// It takes a higher role.
    NotAllowed,
    /// Operators may.
    OperatorsOnly,
    /// Kept out, of the room or of the server; `detail` says until when and why.
    Banned,
    /// May say nothing here; `detail` as above.
    Muted,
    /// Said something a moment ago, and slow mode is on; `detail` says how long to wait.
    SlowMode,
    /// Nobody is banned, muted or slowed so.
    NoSanction,
    /// As many are banned, muted or slowed as can be.
    TooManySanctions,
    /// In more rooms than one account can be in.
    TooManyRooms,
    /// The other one ignores this account: not stored.
    NotTaken,
    /// Nobody ignores oneself.
    NotOneself,
    /// One ignores as many as one account can.
    TooManyIgnored,
    /// The store has not answered for a while; not stored, try again.
    Busy,
    /// The store refuses; not stored, try again later.
    StoreUnavailable,
    /// The server is going down; not stored.
    ShuttingDown,
    /// A record that cannot be read, or another fault of the server's own.
    Internal,
}

impl ErrorCode {
    /// Every code with its stable name on the wire.
    pub const NAMES: &[(Self, &str)] = &[
        (Self::BadRequest, "bad_request"),
        (Self::UnknownCommand, "unknown_command"),
        (Self::HelloTooLate, "hello_too_late"),
        (Self::NotLoggedIn, "not_logged_in"),
        (Self::AlreadyLoggedIn, "already_logged_in"),
        (Self::UnknownUser, "unknown_user"),
        (Self::UnknownDevice, "unknown_device"),
        (Self::WrongPassword, "wrong_password"),
        (Self::BadToken, "bad_token"),
        (Self::Throttled, "throttled"),
        (Self::IdTaken, "id_taken"),
        (Self::NameTaken, "name_taken"),
        (Self::NameShared, "name_shared"),
        (Self::BadName, "bad_name"),
        (Self::BadId, "bad_id"),
        (Self::BadPassword, "bad_password"),
        (Self::RegistrationClosed, "registration_closed"),
        (Self::CodeNeeded, "code_needed"),
        (Self::BadCode, "bad_code"),
        (Self::NotLetIn, "not_let_in"),
        (Self::TooManyWaiting, "too_many_waiting"),
        (Self::NobodyWaits, "nobody_waits"),
        (Self::NoGuests, "no_guests"),
        (Self::AccountNeeded, "account_needed"),
        (Self::ClientNeeded, "client_needed"),
        (Self::EmptyText, "empty_text"),
        (Self::TextTooLong, "text_too_long"),
        (Self::BadText, "bad_text"),
        (Self::ReferenceReused, "reference_reused"),
        (Self::BadQuery, "bad_query"),
        (Self::UnknownMessage, "unknown_message"),
        (Self::NotYours, "not_yours"),
        (Self::BadReaction, "bad_reaction"),
        (Self::TooManyReactions, "too_many_reactions"),
        (Self::UnknownRoom, "unknown_room"),
        (Self::RoomTaken, "room_taken"),
        (Self::BadRoomName, "bad_room_name"),
        (Self::BadTopic, "bad_topic"),
        (Self::BadNote, "bad_note"),
        (Self::NotInLobby, "not_in_lobby"),
        (Self::NotMember, "not_member"),
        (Self::NotThere, "not_there"),
        (Self::InviteOnly, "invite_only"),
        (Self::NoGuestsHere, "no_guests_here"),
        (Self::NotAllowed, "not_allowed"),
        (Self::OperatorsOnly, "operators_only"),
        (Self::Banned, "banned"),
        (Self::Muted, "muted"),
        (Self::SlowMode, "slow_mode"),
        (Self::NoSanction, "no_sanction"),
        (Self::TooManySanctions, "too_many_sanctions"),
        (Self::TooManyRooms, "too_many_rooms"),
        (Self::NotTaken, "not_taken"),
        (Self::NotOneself, "not_oneself"),
        (Self::TooManyIgnored, "too_many_ignored"),
        (Self::Busy, "busy"),
        (Self::StoreUnavailable, "store_unavailable"),
        (Self::ShuttingDown, "shutting_down"),
        (Self::Internal, "internal"),
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(code, _)| *code == self).map_or("internal", |(_, name)| name)
    }

    /// The code of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(code, _)| *code)
    }

    /// The same send may succeed later, with the same reference.
    pub fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::StoreUnavailable
                | Self::ShuttingDown
                | Self::Throttled
                | Self::SlowMode
        )
    }
}

/// The stable name.
impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for ErrorCode {}

/// How somebody left, as others are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Leaving {
    /// Closed, cut, or logged out.
    Logout,
    /// Silent for longer than the idle timeout.
    TimedOut,
    /// A guest who logged in: not gone, but somebody else now.
    BecameAccount,
}

/// Why the server closes a connection: its last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Farewell {
    /// The client asked to leave.
    Bye,
    /// The account is deleted.
    Deleted,
    /// This device was logged out, by the account's owner on another one.
    LoggedOut,
    /// The server is going down.
    ShuttingDown,
    /// The peer did not read what was sent; what waits is told at the next login.
    TooSlow,
    /// Nothing was heard for longer than the idle timeout (lines). Says nothing: the original
    /// closes without a word.
    Idle,
    /// No login within the deadline.
    LoginTimeout,
    /// A frame or a line longer than allowed.
    TooLong,
    /// Bytes that cannot be read as this language.
    BadFraming,
    /// No more connections fit.
    ServerFull,
    /// Too many connections from one address.
    TooManyFromAddress,
    /// The store did not give what was said while the user was away; nothing is lost.
    StoreUnavailable,
    /// An HTTP request or an IRC client: not spoken here.
    WrongLanguage,
    /// Only TLS is spoken here.
    TlsNeeded,
    /// Kept out of the server.
    Banned,
}

impl Farewell {
    /// Every reason with its stable name on the wire.
    pub const NAMES: &[(Self, &str)] = &[
        (Self::Bye, "bye"),
        (Self::Deleted, "deleted"),
        (Self::LoggedOut, "logged_out"),
        (Self::ShuttingDown, "shutting_down"),
        (Self::TooSlow, "too_slow"),
        (Self::Idle, "idle"),
        (Self::LoginTimeout, "login_timeout"),
        (Self::TooLong, "too_long"),
        (Self::BadFraming, "bad_framing"),
        (Self::ServerFull, "server_full"),
        (Self::TooManyFromAddress, "too_many_from_address"),
        (Self::StoreUnavailable, "store_unavailable"),
        (Self::WrongLanguage, "wrong_language"),
        (Self::TlsNeeded, "tls_needed"),
        (Self::Banned, "banned"),
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(why, _)| *why == self).map_or("bye", |(_, name)| name)
    }
}
