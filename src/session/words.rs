//! Messages about messages, from one session's side: what a send is about, and what messages have
//! become by now. Both are read from the store, in this session's own thread.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Session;
use super::asking::refusal_of;
use crate::dao::{Store, StoreError};
use crate::protocol::{
    ErrorCode, Message, MessageId, Original, Refusal, RoomId, Shown, Standing, Target, Text,
    UserId, What, Which, shown,
};

impl Session<'_> {
    /// What the hub needs to know of the message that a send is about.
    pub(super) fn target(
        &self,
        room: RoomId,
        (what, aim): (What, Which),
        text: &Text,
    ) -> Result<Target, Refusal> {
        let of = match aim {
            Which::OwnLast => Original::OwnLast,
            Which::Id(id) => {
                self.original(room, (what, id), text).map_err(|error| refusal_of(&error))?
            }
        };
        Ok(Target { what, of })
    }

    fn original(
        &self,
        room: RoomId,
        (what, id): (What, MessageId),
        text: &Text,
    ) -> Result<Original, StoreError> {
        let store = &self.host.store;
        let unknown = Ok(Original::Refused(ErrorCode::UnknownMessage));
        // In private rooms an earlier owner of the id may have talked.
        let since = match (self.account(), room) {
            (Some(me), RoomId::Pair(..)) => store.since(me, room)?.unwrap_or(MessageId(u64::MAX)),
            _ => MessageId(0),
        };
        let Some(before) = id.0.checked_sub(1).filter(|_| id > since) else { return unknown };
        let page = store.page(room, MessageId(before), 1)?;
        let Some(message) = page
            .into_iter()
            .find(|message| message.id == id && message.is_said() && !message.is_erased())
        else {
            return unknown;
        };
        let changes = store.changes(room, &[id])?.pop().map(|(_, changes)| changes);
        let changes = changes.unwrap_or_default();
        if changes.is_deleted {
            return unknown;
        }
        // A guest's own reactions count like those of others: its id is the hub's to know.
        let me = self.account().unwrap_or(UserId(0));
        if what == What::React
            && let Err(code) = changes.takes(text, me)
        {
            return Ok(Original::Refused(code));
        }
        let sender = message.sender;
        let standing = match room {
            RoomId::Named(no) if what == What::Delete => store.standing(no, sender)?,
            _ => Standing::default(),
        };
        Ok(Original::Found { id, sender, standing })
    }
}

/// Messages of one room as they are now, without reactions of those whom the reader ignores. What
/// is gone keeps its place without its text.
pub(super) fn as_they_are(
    store: &dyn Store,
    ignored: &BTreeSet<UserId>,
    room: RoomId,
    messages: Vec<Message>,
) -> Result<Vec<Shown>, StoreError> {
    let subjects: HashSet<MessageId> = messages.iter().filter_map(Message::subject).collect();
    let mut subjects: Vec<_> = subjects.into_iter().collect();
    subjects.sort_unstable();
    let mut changes: HashMap<_, _> = store.changes(room, &subjects)?.into_iter().collect();
    for changes in changes.values_mut() {
        changes.reactions.retain(|(_, by)| !ignored.contains(by));
    }
    let shown = |message: Message| {
        let subject = message.subject();
        shown(message, subject.and_then(|subject| changes.get(&subject)))
    };
    Ok(messages.into_iter().map(shown).collect())
}
