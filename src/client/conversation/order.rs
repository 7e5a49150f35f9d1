//! What the program asks of its connection.

use super::Conversation;
use super::rooms::spelled;
use crate::client::{Ask, Reason, Unsent, Update};
use crate::protocol::wire::{self, kind};
use crate::protocol::{
    Absence, Device, EntryAsk, MessageId, Name, Password, Receipts, Reference, RoomAsk, RoomId,
    RoomKind, RoomName, RoomRef, Search, Span, UserId, Who,
};

/// What the program asks for.
#[derive(Debug)]
pub(in crate::client) enum Order {
    Login { who: Who, password: Password },
    Resume { token: Password, otherwise: Option<(Who, Password)> },
    Register { id: Option<UserId>, password: Password, name: Option<Name> },
    Code(Password),
    Rename(Name),
    DeleteAccount { password: Password, erase: bool },
    Export,
    Devices,
    EndDevice(Option<Device>),
    Ignore { who: Who, is_so: bool },
    Ignored,
    Absence(Option<Absence>),
    Typing { to: Option<UserId>, room: Option<RoomRef> },
    Passwd { old: Password, new: Password },
    Who,
    Read { room: RoomId, up_to: MessageId },
    Receipts(Receipts),
    CreateRoom { name: RoomName, kind: RoomKind, guests: bool },
    Room(RoomRef, RoomAsk),
    Rooms(Option<RoomName>),
    Sanctions(RoomRef),
    Audit(u32),
    Entry(EntryAsk),
    Members(RoomRef, Option<UserId>),
    History { room: RoomRef, span: Span, limit: usize },
    Search(Search),
    Send(Unsent),
    Withdraw(Reference),
}

impl Order {
    /// What is refused when it is; a send has an answer of its own.
    pub(super) fn ask(&self) -> Option<Ask> {
        match self {
            Self::Login { .. } | Self::Resume { .. } => Some(Ask::Login),
            Self::Register { .. } => Some(Ask::Register),
            Self::Rename(_) => Some(Ask::Rename),
            Self::DeleteAccount { .. } => Some(Ask::DeleteAccount),
            Self::Export => Some(Ask::Export),
            Self::Devices | Self::EndDevice(_) => Some(Ask::Devices),
            Self::Ignore { .. } | Self::Ignored => Some(Ask::Ignore),
            Self::Absence(_) => Some(Ask::Absence),
            Self::Passwd { .. } => Some(Ask::Passwd),
            Self::Who => Some(Ask::Who),
            Self::CreateRoom { .. }
            | Self::Room(..)
            | Self::Rooms(_)
            | Self::Sanctions(_)
            | Self::Audit(_)
            | Self::Members(..) => Some(Ask::Room),
            Self::Entry(_) => Some(Ask::Entry),
            Self::History { .. } => Some(Ask::History),
            Self::Search(..) => Some(Ask::Search),
            Self::Receipts(_) => Some(Ask::Receipts),
            Self::Read { .. }
            | Self::Typing { .. }
            | Self::Send(_)
            | Self::Withdraw(_)
            | Self::Code(_) => None,
        }
    }
}

impl Conversation {
    /// With the code that the program has given, if it has.
    pub(super) fn ask_account(
        &mut self,
        id: Option<UserId>,
        password: &Password,
        name: Option<&Name>,
    ) {
        let user = wire::User {
            user_id: id.map_or(0, |id| id.0),
            user_pwd: password.reveal().to_owned(),
            user_name: name.map_or_else(String::new, ToString::to_string),
            ..Default::default()
        };
        let code = self.code.as_ref().map(|code| code.reveal().to_owned());
        self.write(kind::REGISTER, &wire::Register { user, code });
    }

    /// What has not been on the wire is not said any more.
    pub(super) fn withdraw(&mut self, reference: Reference) {
        let is_done = self.pending.withdraw(reference.as_str()).is_some();
        self.n_ended += usize::from(is_done);
        self.hand_on(Update::Withdrawn { reference, is_done });
    }

    pub(super) fn refuse_pending(&mut self, why: &Reason) {
        for unsent in self.pending.drain() {
            self.n_ended += 1;
            let why = why.clone();
            self.hand_on(Update::NotSent { unsent, why, will_retry: false });
        }
    }
}

/// How to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Parting {
    /// With a goodbye: the token ends.
    Goodbye,
    /// Without a word: the token stays good for the next time.
    Pause,
}

/// A send as it is written.
pub(super) fn sms(unsent: &Unsent) -> (&'static str, wire::Sms) {
    let (to_user_id, to_user_name) = match &unsent.to {
        Some(Who::Id(id)) => (Some(id.0), None),
        Some(Who::Named(key)) => (None, Some(key.as_str().to_owned())),
        None => (None, None),
    };
    let sms = wire::Sms {
        content: unsent.text.as_str().to_owned(),
        to_user_id,
        to_user_name,
        room: unsent.room.as_ref().map(spelled),
        client_ref: Some(unsent.reference.as_str().to_owned()),
        ..Default::default()
    };
    (if unsent.to.is_some() { kind::SMS_PRIVATE } else { kind::SMS }, sms)
}
