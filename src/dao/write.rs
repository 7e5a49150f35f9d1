//! What can be written, and what can become of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Code, Cursor, Decision, Entry, Receipts, TokenDigest};
use crate::protocol::{
    Append, Deed, Device, ErrorCode, Message, MessageId, Millis, Name, RoomChange, RoomDone,
    RoomId, Sanction, Tiding, UserId,
};

/// One thing to write. Where several servers share a store, what a session asked for is carried to
/// the others as it stands here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Write {
    /// A message. Creates its room when it is the first; a private room becomes known to both.
    /// Refused in a named room that is not there, or not any more ([`ErrorCode::UnknownRoom`]).
    Append(Append),
    /// A new account, never over another. `None`: the store chooses a free id.
    /// The account starts at the end of the lobby (a cursor for the shared device).
    Register {
        /// The wanted id, positive.
        id: Option<UserId>,
        /// Display name; `None` means the id in digits.
        name: Option<Name>,
        /// The password's hash.
        secret: String,
        /// How it is let in; refused with [`ErrorCode::BadCode`] where a code is not good, with
        /// [`ErrorCode::TooManyWaiting`] where 1,000 wait already.
        entry: Entry,
    },
    /// Who waits to be let in gets the account, or does not: recorded with it. Refused with
    /// [`ErrorCode::NobodyWaits`].
    #[serde(skip)]
    Decide(Decision),
    /// Those who asked before a moment wait no longer, at most so many; the oldest first.
    ForgetApplicants {
        /// The moment.
        before: Millis,
        /// How many at most.
        limit: u32,
    },
    /// An invitation code; those that are over go.
    MakeCode(Code),
    /// Ends an invitation code; does nothing when there is none.
    EndCode(TokenDigest),
    /// Another hash for an account; all its tokens end.
    SetSecret {
        /// Whose.
        account: UserId,
        /// The new hash.
        secret: String,
    },
    /// Another display name for an account.
    Rename {
        /// Whose.
        account: UserId,
        /// The new name.
        name: Name,
    },
    /// Removes an account with its cursors, marks and tokens; it leaves its rooms. Its id is never
    /// given to somebody else by the store (it can be registered again on purpose).
    Delete {
        /// Which.
        account: UserId,
        /// The store remembers that its words are to go ([`super::Store::erasing`]), and until
        /// [`Write::Erased`] nobody registers its id, and nothing that it says is stored any more.
        /// Otherwise its messages stay, under their names.
        erase: bool,
    },
    /// Makes a device known: it starts where the account's furthest device is, in every room.
    /// Does nothing when it is known. An account has 64 devices: one more, and the one used
    /// longest ago is forgotten.
    OpenDevice {
        /// Whose.
        account: UserId,
        /// Which.
        device: Device,
        /// When it came, or left.
        time: Millis,
    },
    /// Moves a cursor forward, never back and never beyond the room's last message, and with
    /// it the shared device's. Ignored for accounts that do not exist, and in rooms they are
    /// not in.
    Cursor(Cursor),
    /// Takes this many fresh guest ids out of the store.
    Guests(u32),
    /// Another token for an account, or a later end for one it has. Its expired ones go. It has
    /// at most 64: one more, and of the others the one that expires first goes.
    Token {
        /// Whose.
        account: UserId,
        /// The device that gets it.
        device: Option<Device>,
        /// By what it is known again.
        digest: TokenDigest,
        /// From when on it is worth nothing.
        expires: Millis,
    },
    /// Ends one token; does nothing when there is none.
    RevokeToken(TokenDigest),
    /// Ends the tokens of one device of an account.
    RevokeDevice {
        /// Whose.
        account: UserId,
        /// Which; `None`: the one that clients share.
        device: Option<Device>,
    },
    /// Ends all tokens of an account.
    RevokeTokens(UserId),
    /// Moves the mark up to which an account has read a room, under the rules of cursors:
    /// forward only, not beyond the room's last message, ignored where the account is not.
    Read {
        /// Whose.
        account: UserId,
        /// Which room.
        room: RoomId,
        /// The last id read.
        up_to: MessageId,
    },
    /// What others may see of an account's progress.
    Receipts {
        /// Whose.
        account: UserId,
        /// What.
        receipts: Receipts,
    },
    /// An account ignores another one from now on, or, not `is_so`, no longer; it may be so
    /// already. It ignores at most 500: one more is refused.
    Ignore {
        /// Whose list.
        account: UserId,
        /// Who is on it; need not exist.
        whom: UserId,
        /// They are on it.
        is_so: bool,
    },
    /// A named room comes to be, or it or one of its members changes, or somebody is banned, muted
    /// or slowed. What keeps order ([`RoomChange::deed`]) is recorded with it.
    Room(RoomChange),
    /// An account may keep order in every room, or may not any more.
    Operator {
        /// Whose.
        account: UserId,
        /// It may.
        is_operator: bool,
    },
    /// Something was done to keep order that is no change of a room.
    #[serde(skip)]
    Deed(Deed),
    /// A sanction is over: it goes, if it is still this very one.
    Expire(Box<Sanction>),
    /// Forgets acts that were done before a moment, at most so many.
    ForgetDeeds {
        /// The moment.
        before: Millis,
        /// How many at most.
        limit: u32,
    },
    /// Erases words. Does nothing to what is erased already, is not there, or is of somebody else.
    Erase(Erase),
    /// All words of an account that is gone are erased.
    Erased(UserId),
    /// Removes what is left of rooms that were closed, at most so many messages and references.
    Sweep(u32),
    /// Removes the oldest messages of a room.
    Prune(Prune),
    /// Forgets references to messages that were accepted before a moment, at most so many.
    Forget {
        /// The moment.
        before: Millis,
        /// How many at most.
        limit: u32,
    },
    /// Takes the oldest messages that the index lacks into it, at most so many; nothing, where
    /// there is no index.
    Index {
        /// How many at most.
        limit: u32,
    },
    /// For the other servers of this store, or from the command line for the one that serves from
    /// it; nothing, where there are none.
    Tell(Vec<Tiding>),
    /// Nothing: what becomes of it comes after all that was written before.
    Mark,
}

/// Which words go: the text of these messages, as nobody said anything. Ids and order stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Erase {
    /// Whose.
    pub account: UserId,
    /// In which room.
    pub room: RoomId,
    /// Which messages.
    pub ids: Vec<MessageId>,
}

/// Which messages of a room are to go: from the oldest on, as long as they are older than a
/// moment or too many. The first that may stay ends it, so what is left has no holes, and a
/// message that a clock gone wrong dated into the past takes none with it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Prune {
    /// Which room.
    pub room: RoomId,
    /// Those accepted before this go.
    pub before: Millis,
    /// The newest so many are not too many.
    pub keep: u64,
    /// How many go at most, in this write.
    pub limit: u32,
}

impl Prune {
    /// Is a message one of those, in a room with this last id?
    pub fn is_due(&self, last: MessageId, id: MessageId, time: Millis) -> bool {
        id.0 <= last.0.saturating_sub(self.keep) || time < self.before
    }
}

/// What became of one [`Write`].
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The message is stored under this id.
    Stored {
        /// As it is stored: for a repeat, the first one's id and time.
        message: Arc<Message>,
        /// `false`: it had been stored before by another attempt of the sender's (same
        /// reference, same text, other nonce): acknowledge, do not show again.
        fresh: bool,
    },
    /// The account exists now.
    Registered(UserId),
    /// It waits to be let in.
    Waits(UserId),
    /// Fresh guest ids: this one and the next lower ones, as many as asked for.
    Guests(UserId),
    /// So many messages, texts, references, sanctions, acts or applicants are gone. As many as the
    /// limit: there may be more.
    Pruned(u64),
    /// So many messages more were looked at for the index. As many as the limit: there may be more.
    Indexed(u64),
    /// The named room is changed.
    Room(RoomDone),
    /// Done, nothing to tell.
    Done,
    /// Not done, for good: [`ErrorCode::IdTaken`], [`ErrorCode::BadId`],
    /// [`ErrorCode::BadCode`], [`ErrorCode::TooManyWaiting`], [`ErrorCode::NobodyWaits`],
    /// [`ErrorCode::UnknownUser`], [`ErrorCode::ReferenceReused`], [`ErrorCode::RoomTaken`],
    /// [`ErrorCode::UnknownRoom`], [`ErrorCode::NotThere`], [`ErrorCode::TooManyIgnored`],
    /// [`ErrorCode::Internal`] (an unreadable record), [`ErrorCode::Busy`] (a record that others
    /// keep changing).
    Refused(ErrorCode),
}
