//! Searching a room, in the session's own thread: its texts are read backwards, as they are now,
//! so nothing is found that a page would not show, and nothing that was taken back or replaced.
//!
//! There is no index to fall behind, and none to leak: who may read the room reads it. A search
//! ends after a while and says where it can go on, so it costs who asks, and nobody else long.

use std::time::Duration;

use super::asking::refusal_of;
use super::history::READ;
use super::words::as_they_are;
use super::{End, Session};
use crate::clock;
use crate::dao::StoreError;
use crate::protocol::{Event, MessageId, Query, Refusal, RoomId, RoomRef, Shown};

/// Messages of one answer.
const MAX_FOUND: usize = 50;

/// A search that takes longer ends where it is.
const TIME: Duration = Duration::from_millis(300);

impl Session<'_> {
    pub(super) fn search(
        &mut self,
        room: &RoomRef,
        query: &Query,
        (before, limit): (Option<MessageId>, usize),
    ) -> Result<(), End> {
        match self.found_in(room, query, (before, limit.clamp(1, MAX_FOUND))) {
            Ok(found) => {
                let mut bytes = Vec::new();
                (self.dialect.encode)(&found, &mut bytes);
                self.send_page(&mut bytes, &mut Vec::new())
            }
            Err(refusal) => {
                self.tell(&Event::Refused(refusal));
                Ok(())
            }
        }
    }

    fn found_in(
        &mut self,
        room: &RoomRef,
        query: &Query,
        (before, limit): (Option<MessageId>, usize),
    ) -> Result<Event, Refusal> {
        let room = self.readable(room)?;
        let since = self.may_read(room)?;
        let failed = |error: StoreError| refusal_of(&error);
        if let Some(me) = self.account() {
            self.learn_ignored(me).map_err(failed)?;
        }
        let before = before.unwrap_or(MessageId(u64::MAX));
        let (messages, next) =
            self.look_back(room, query, (since, before, limit)).map_err(failed)?;
        let name = self.shown_name(room).map_err(failed)?;
        Ok(Event::Found { room, name, messages: messages.into(), next })
    }

    /// The newest first; and before which message the search can go on.
    fn look_back(
        &self,
        room: RoomId,
        query: &Query,
        (since, before, limit): (MessageId, MessageId, usize),
    ) -> Result<(Vec<Shown>, Option<MessageId>), StoreError> {
        let store = &*self.host.store;
        let deadline = clock::now() + TIME;
        let mut end = before.0.min(store.last(room)?.0.saturating_add(1));
        let mut found = Vec::new();
        loop {
            let first = end.saturating_sub(READ as u64 + 1).max(since.0);
            let mut page = store.page(room, MessageId(first), READ)?;
            // Where old ones are gone, the page reaches further.
            page.retain(|message| message.id.0 < end);
            if page.is_empty() {
                return Ok((found, None));
            }
            page.retain(|message| self.shows(message));
            for shown in as_they_are(store, &self.ignored, room, page)?.into_iter().rev() {
                if shown.is_gone || !query.is_in(shown.message.text.as_str()) {
                    continue;
                }
                let id = shown.message.id;
                found.push(shown);
                if found.len() == limit {
                    return Ok((found, (id.0 > since.0 + 1).then_some(id)));
                }
            }
            if first <= since.0 {
                return Ok((found, None));
            }
            end = first + 1;
            if clock::now() >= deadline {
                return Ok((found, Some(MessageId(end))));
            }
        }
    }
}
