//! Older messages, page by page, read in the session's own thread: a slow query delays the one
//! who asks, and nobody else.

use std::time::{Duration, Instant};

use super::asking::refusal_of;
use super::words::as_they_are;
use super::{End, Identity, Session};
use crate::clock;
use crate::dao::{Store, StoreError};
use crate::protocol::{
    ErrorCode, Event, Message, MessageId, Millis, Refusal, RoomId, RoomName, RoomRef, Span,
};

/// Messages of one page: 800 KB of the longest texts.
const MAX_PAGE: usize = 100;

/// Messages read from the store at a time: some may be edits and reactions, which are not shown.
pub(super) const READ: usize = 101;

/// A page that takes longer ends where it is: millions of reactions may lie between two texts.
const TIME: Duration = Duration::from_secs(2);

impl Session<'_> {
    pub(super) fn history(&mut self, room: &RoomRef, span: Span, limit: usize) -> Result<(), End> {
        match self.page_of(room, span, limit.clamp(1, MAX_PAGE)) {
            Ok(page) => {
                let mut bytes = Vec::new();
                (self.dialect.encode)(&page, &mut bytes);
                // It counts as nothing that was taken: there are no marks with it.
                self.send_page(&mut bytes, &mut Vec::new())
            }
            Err(refusal) => {
                self.tell(&Event::Refused(refusal));
                Ok(())
            }
        }
    }

    fn page_of(&mut self, room: &RoomRef, span: Span, limit: usize) -> Result<Event, Refusal> {
        let room = self.readable(room)?;
        let since = self.may_read(room)?;
        let failed = |error: StoreError| refusal_of(&error);
        if let Some(me) = self.account() {
            self.learn_ignored(me).map_err(failed)?;
        }
        let (messages, more) = self.read(room, since, span, limit).map_err(failed)?;
        let name = self.shown_name(room).map_err(failed)?;
        let messages =
            as_they_are(&*self.host.store, &self.ignored, room, messages).map_err(failed)?;
        Ok(Event::History { room, name, messages: messages.into(), more })
    }

    /// The room that is meant. May it be read? [`Session::may_read`] says.
    pub(super) fn readable(&self, room: &RoomRef) -> Result<RoomId, Refusal> {
        match (&self.who, room) {
            // Nor do guests learn by a name whether there is such a room.
            (Identity::Guest, RoomRef::Name(_)) => Err(Refusal::of(ErrorCode::AccountNeeded)),
            (_, RoomRef::Id(pair @ RoomId::Pair(..))) => Ok(*pair),
            (_, room) => self.place(room),
        }
    }

    pub(super) fn shown_name(&self, room: RoomId) -> Result<Option<RoomName>, StoreError> {
        let RoomId::Named(no) = room else { return Ok(None) };
        Ok(self.host.store.room(no)?.map(|room| room.name))
    }

    /// What lies up to this id is not for the one who asks. In private rooms that was said to
    /// another owner of the id; the past of a named room is its members'.
    pub(super) fn may_read(&self, room: RoomId) -> Result<MessageId, Refusal> {
        let refused = |code| Err(Refusal::of(code));
        let me = match (&self.who, room) {
            (Identity::Nobody, _) => return refused(ErrorCode::NotLoggedIn),
            (_, RoomId::Lobby) => return Ok(MessageId(0)),
            (Identity::Guest, _) => return refused(ErrorCode::AccountNeeded),
            (Identity::Account(me), _) => *me,
        };
        if let RoomId::Named(no) = room
            && self.shut.contains(&no)
        {
            return refused(ErrorCode::NotMember);
        }
        let since = self.host.store.since(me, room).map_err(|error| refusal_of(&error))?;
        match (since, room) {
            (Some(since), RoomId::Pair(..)) => Ok(since),
            (Some(_), _) => Ok(MessageId(0)),
            (None, _) => refused(ErrorCode::NotMember),
        }
    }

    /// The messages, and whether there are more of them that way.
    fn read(
        &self,
        room: RoomId,
        since: MessageId,
        span: Span,
        limit: usize,
    ) -> Result<(Vec<Message>, bool), StoreError> {
        let after = match span {
            Span::Last => return self.before(room, since, MessageId(u64::MAX), limit),
            Span::Before(id) => return self.before(room, since, id, limit),
            Span::After(id) => id,
            Span::Since(time) => last_before(&*self.host.store, room, time)?,
        };
        self.after(room, after.max(since), limit)
    }

    /// Something said, by somebody whom the account does not ignore.
    pub(super) fn shows(&self, message: &Message) -> bool {
        message.is_said() && !self.ignored.contains(&message.sender)
    }

    /// Goes through the room until there is a page of what was said, and one more.
    fn after(
        &self,
        room: RoomId,
        mut after: MessageId,
        limit: usize,
    ) -> Result<(Vec<Message>, bool), StoreError> {
        let deadline = clock::now() + TIME;
        let mut said = Vec::new();
        loop {
            let page = self.host.store.page(room, after, READ)?;
            let is_end = page.len() < READ;
            after = page.last().map_or(after, |message| message.id);
            said.extend(page.into_iter().filter(|message| self.shows(message)));
            if is_end || said.len() > limit || is_late(deadline, &said)? {
                let more = !is_end || said.len() > limit;
                said.truncate(limit);
                return Ok((said, more));
            }
        }
    }

    /// The same backwards.
    fn before(
        &self,
        room: RoomId,
        since: MessageId,
        before: MessageId,
        limit: usize,
    ) -> Result<(Vec<Message>, bool), StoreError> {
        let store = &self.host.store;
        let deadline = clock::now() + TIME;
        let mut end = before.0.min(store.last(room)?.0.saturating_add(1));
        let mut said = Vec::new();
        let mut is_start = false;
        while !is_start && said.len() <= limit && !is_late(deadline, &said)? {
            let first = end.saturating_sub(READ as u64 + 1).max(since.0);
            let mut page = store.page(room, MessageId(first), READ)?;
            // Where old ones are gone, the page reaches further.
            page.retain(|message| message.id.0 < end);
            is_start = first <= since.0 || page.is_empty();
            said.extend(page.into_iter().rev().filter(|message| self.shows(message)));
            end = first + 1;
        }
        let more = !is_start || said.len() > limit;
        said.truncate(limit);
        said.reverse();
        Ok((said, more))
    }
}

/// The last message before a moment. Times increase with ids, but for a clock that was set
/// back: twenty questions find a place among a million messages.
pub(super) fn last_before(
    store: &dyn Store,
    room: RoomId,
    time: Millis,
) -> Result<MessageId, StoreError> {
    let (mut low, mut high) = (0, store.last(room)?.0);
    while low < high {
        let middle = low + (high - low) / 2;
        match store.page(room, MessageId(middle), 1)?.first() {
            Some(message) if message.time < time => low = message.id.0,
            _ => high = middle,
        }
    }
    Ok(MessageId(low))
}

/// Is it time to be content with what was found? Nothing is no answer to be content with.
fn is_late(deadline: Instant, found: &[Message]) -> Result<bool, StoreError> {
    match (clock::now() >= deadline, found) {
        (true, []) => Err(StoreError::Unavailable("a page of history took too long".to_owned())),
        (is_late, _) => Ok(is_late),
    }
}
