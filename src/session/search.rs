//! Searching, in the session's own thread: what is found is read from the store, as it is now, so
//! nothing is found that a page of history would not show, and nothing that was taken back or
//! replaced. An index, where the store has one, only says where to look.
//!
//! Which rooms are searched is asked of the same function as for history. A search ends after a
//! while and says where it can go on, so it costs who asks, and nobody else long.

mod trail;

use std::time::Duration;

use self::trail::{Look, Trail};
use super::asking::refusal_of;
use super::{End, Session};
use crate::clock;
use crate::dao::StoreError;
use crate::protocol::{
    Before, ErrorCode, Event, MessageId, Refusal, RoomId, RoomName, Search, Shown,
};

/// Messages of one answer.
const MAX_FOUND: usize = 50;

/// A search that takes longer ends where it is, but looks at each room once.
const TIME: Duration = Duration::from_millis(300);

/// Who waits longer for its turn is told so.
const PATIENCE: Duration = Duration::from_secs(5);

impl Session<'_> {
    pub(super) fn search(&mut self, search: &Search) -> Result<(), End> {
        // Its own thread may wait; what all share must be left to others, too.
        let host = self.host;
        let turn = host.searches.hold(1, PATIENCE).ok_or_else(|| ErrorCode::Throttled.into());
        let found = turn.and_then(|_turn| self.found(search));
        match found {
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

    fn found(&mut self, search: &Search) -> Result<Event, Refusal> {
        let failed = |error: StoreError| refusal_of(&error);
        let (within, rooms) = match &search.within {
            Some(room) => {
                let room = self.readable(room)?;
                (Some(room), vec![(room, self.may_read(room)?)])
            }
            None => (None, self.all_readable()?),
        };
        if let Some(me) = self.account() {
            self.learn_ignored(me).map_err(failed)?;
        }
        let store = &*self.host.store;
        let look = Look {
            store,
            query: &search.query,
            from: search.from,
            ignored: &self.ignored,
            is_in_one: within.is_some(),
            limit: search.limit.clamp(1, MAX_FOUND),
            deadline: clock::now() + TIME,
        };
        let mut trails = trails(&look, rooms, search.before)?;
        let (messages, next) = look.back(&mut trails).map_err(failed)?;
        let names = self.names_in(within, &messages).map_err(failed)?.into();
        Ok(Event::Found { within, names, messages: messages.into(), next })
    }

    /// Every room that may be read, and up to where it may not.
    fn all_readable(&self) -> Result<Vec<(RoomId, MessageId)>, Refusal> {
        let Some(me) = self.account() else {
            return Ok(vec![(RoomId::Lobby, self.may_read(RoomId::Lobby)?)]);
        };
        let rooms = self.host.store.cursors(me, None).map_err(|error| refusal_of(&error))?;
        let mut readable = Vec::new();
        for (room, _) in rooms {
            match self.may_read(room) {
                Ok(since) => readable.push((room, since)),
                // It has left since, or was put out a moment ago.
                Err(refusal) if refusal.code == ErrorCode::NotMember => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(readable)
    }

    fn names_in(
        &self,
        within: Option<RoomId>,
        messages: &[Shown],
    ) -> Result<Vec<(RoomId, RoomName)>, StoreError> {
        let mut rooms: Vec<_> = messages.iter().map(|shown| shown.message.room).collect();
        rooms.extend(within);
        rooms.sort_unstable();
        rooms.dedup();
        let mut names = Vec::new();
        for room in rooms {
            names.extend(self.shown_name(room)?.map(|name| (room, name)));
        }
        Ok(names)
    }
}

/// The rooms from where the search goes on.
fn trails(
    look: &Look<'_>,
    rooms: Vec<(RoomId, MessageId)>,
    before: Option<Before>,
) -> Result<Vec<Trail>, Refusal> {
    if !look.is_in_one && before.is_some_and(|before| before.among.is_none()) {
        return Err(Refusal::of(ErrorCode::BadRequest));
    }
    let trail = |(room, since)| look.trail(room, since, before);
    let trails: Result<_, StoreError> = rooms.into_iter().map(trail).collect();
    trails.map_err(|error| refusal_of(&error))
}
