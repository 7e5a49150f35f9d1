//! Going back through rooms, side by side: always in the one whose rest may hold the newest.
//! Knows nothing of sessions and rights.

use std::collections::BTreeSet;
use std::time::Instant;

use super::super::history::{READ, last_before};
use super::super::words::as_they_are;
use crate::clock;
use crate::dao::{Hits, Lookup, Store, StoreError};
use crate::protocol::{Before, Message, MessageId, Millis, Query, RoomId, Shown, UserId};

/// What is looked for, and how long.
pub(super) struct Look<'l> {
    pub(super) store: &'l dyn Store,
    pub(super) query: &'l Query,
    pub(super) from: Option<UserId>,
    pub(super) ignored: &'l BTreeSet<UserId>,
    /// Then the ids are the order, whatever the clock said.
    pub(super) is_in_one: bool,
    pub(super) limit: usize,
    pub(super) deadline: Instant,
}

/// Where a message stands among those of all rooms that are searched: the newest is the greatest.
type Place = (Millis, RoomId, MessageId);

/// A room on the way back.
pub(super) struct Trail {
    room: RoomId,
    /// Up to here it is not for who asks.
    since: MessageId,
    /// From here on it was looked at.
    end: MessageId,
    /// When the oldest was said that was looked at, and no later than those before it.
    time: Millis,
    /// What the index says of the part that comes next.
    hits: Option<Hits>,
}

impl Trail {
    fn is_done(&self) -> bool {
        self.end.0 <= self.since.0.saturating_add(1)
    }

    /// What is left is older.
    fn place(&self) -> Place {
        (self.time, self.room, self.end)
    }
}

/// Longer ago or later than anything that was said.
const NOT_LOOKED: Millis = Millis(i64::MAX);

impl Look<'_> {
    /// A room, from where the search goes on.
    pub(super) fn trail(
        &self,
        room: RoomId,
        since: MessageId,
        before: Option<Before>,
    ) -> Result<Trail, StoreError> {
        let last = self.store.last(room)?;
        let end = match before {
            None => MessageId(u64::MAX),
            Some(Before { id, among }) => match among {
                Some((time, its)) if !self.is_in_one && its != room => {
                    // Of the same moment, what was said in lesser rooms comes later.
                    let time = if room < its { time.plus(1) } else { time };
                    MessageId(last_before(self.store, room, time)?.0.saturating_add(1))
                }
                _ => id,
            },
        };
        let end = end.min(MessageId(last.0.saturating_add(1)));
        Ok(Trail { room, since, end, time: NOT_LOOKED, hits: None })
    }

    /// The newest first; and where to go on, if that is worth while.
    pub(super) fn back(
        &self,
        trails: &mut [Trail],
    ) -> Result<(Vec<Shown>, Option<Before>), StoreError> {
        let mut found: Vec<(Place, Shown)> = Vec::new();
        let mut is_cut = false;
        loop {
            let rest = trails.iter_mut().filter(|trail| !trail.is_done());
            let Some(trail) = rest.max_by_key(|trail| trail.place()) else { break };
            let horizon = trail.place();
            let n_certain = found.partition_point(|(place, _)| *place >= horizon);
            if n_certain >= self.limit {
                is_cut = true;
                break;
            }
            if trail.time != NOT_LOOKED && clock::now() >= self.deadline {
                found.truncate(n_certain);
                let next = Some(self.before(horizon));
                return Ok((found.into_iter().map(|(_, shown)| shown).collect(), next));
            }
            found.extend(self.step(trail)?);
            found.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
            is_cut |= found.len() > self.limit;
            found.truncate(self.limit);
        }
        let last = found.last().map(|(place, _)| self.before(*place));
        let next = if is_cut { last } else { None };
        Ok((found.into_iter().map(|(_, shown)| shown).collect(), next))
    }

    fn before(&self, (time, room, id): Place) -> Before {
        Before { id, among: (!self.is_in_one).then_some((time, room)) }
    }

    /// Looks at the next part of a room.
    fn step(&self, trail: &mut Trail) -> Result<Vec<(Place, Shown)>, StoreError> {
        let hits = match trail.hits.take() {
            Some(hits) => Some(hits),
            None => self.store.lookup(&Lookup {
                room: trail.room,
                query: self.query,
                from: self.from,
                between: (trail.since, trail.end),
                limit: self.limit,
                deadline: self.deadline,
            })?,
        };
        let floor = hits.as_ref().map_or(trail.since, |hits| hits.indexed.max(trail.since));
        match hits {
            Some(hits) if trail.end.0 <= floor.0.saturating_add(1) => self.follow(trail, &hits),
            hits => {
                trail.hits = hits;
                self.read(trail, floor)
            }
        }
    }

    /// Reads a page.
    fn read(&self, trail: &mut Trail, floor: MessageId) -> Result<Vec<(Place, Shown)>, StoreError> {
        let end = trail.end;
        let first = MessageId(end.0.saturating_sub(READ as u64 + 1)).max(floor);
        let mut page = self.store.page(trail.room, first, READ)?;
        // Where some are gone, the page reaches further.
        page.retain(|message| message.id < end);
        trail.end = MessageId(first.0.saturating_add(1));
        if page.is_empty() {
            let oldest = self.store.page(trail.room, trail.since, 1)?;
            if oldest.first().is_none_or(|oldest| oldest.id >= end) {
                trail.end = trail.since;
            }
        }
        self.sift(trail, page)
    }

    /// Reads what the index names.
    fn follow(&self, trail: &mut Trail, hits: &Hits) -> Result<Vec<(Place, Shown)>, StoreError> {
        let mut messages = Vec::new();
        for id in hits.ids.iter().rev() {
            let page = self.store.page(trail.room, MessageId(id.0.saturating_sub(1)), 1)?;
            messages.extend(page.into_iter().filter(|message| message.id == *id));
        }
        trail.end = MessageId(hits.left.0.saturating_add(1));
        self.sift(trail, messages)
    }

    /// Of these messages, in order, those that are looked for.
    fn sift(
        &self,
        trail: &mut Trail,
        mut messages: Vec<Message>,
    ) -> Result<Vec<(Place, Shown)>, StoreError> {
        let times: Vec<_> = messages.iter().map(|message| (message.id, message.time)).collect();
        messages.retain(|message| {
            let is_meant = self.from.is_none_or(|from| from == message.sender);
            message.is_said() && is_meant && !self.ignored.contains(&message.sender)
        });
        let shown = as_they_are(self.store, self.ignored, trail.room, messages)?;
        let mut shown = shown.into_iter().rev().peekable();
        let mut found = Vec::new();
        for (id, time) in times.into_iter().rev() {
            // A clock that was set back must not put what was said before behind it.
            trail.time = if self.is_in_one { Millis(0) } else { trail.time.min(time) };
            if let Some(it) = shown.next_if(|it| it.message.id == id)
                && !it.is_gone
                && self.query.is_in(it.message.text.as_str())
            {
                found.push(((trail.time, trail.room, id), it));
            }
        }
        if self.is_in_one {
            trail.time = Millis(0);
        }
        Ok(found)
    }
}
