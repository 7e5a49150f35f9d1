//! The thread of a session and what its person is told: every message of a room once, in order,
//! without a hole.

use std::collections::{BTreeMap, BTreeSet};

use hubbub::protocol::{Event, MessageId, NamedRoom, News, Role, RoomId, RoomNo, UserId};
use hubbub::state::Joined;

use super::store::Store;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its thread reads in which rooms it is,
    Asking,
    /// and hands them in.
    Handing(Vec<(NamedRoom, Role)>),
    Waiting,
    /// It reads what was said in these rooms, one after the other,
    Reading(Vec<RoomId>),
    /// and says how far it came.
    Saying,
    Live,
    Joining,
    /// Up to here what was said before it came in is its thread's to tell.
    Telling(RoomId, u64),
    Said,
    /// It was told farewell.
    Ending,
    Leaving,
}

#[derive(Debug)]
pub struct Peer {
    pub user: UserId,
    pub phase: Phase,
    /// The last message that it has of each room.
    seen: BTreeMap<RoomId, u64>,
    /// Rooms that it has just come into: what was said there before is not told.
    fresh: BTreeSet<RoomId>,
    /// The named rooms that it believes to be in.
    pub rooms: BTreeSet<RoomNo>,
}

impl Peer {
    pub fn new(user: UserId) -> Self {
        Self {
            user,
            phase: if user.is_guest() { Phase::Live } else { Phase::Asking },
            seen: BTreeMap::new(),
            fresh: BTreeSet::new(),
            rooms: BTreeSet::new(),
        }
    }

    pub fn is_stepping(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Live | Phase::Waiting | Phase::Joining | Phase::Said | Phase::Leaving
        )
    }

    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ending | Phase::Leaving)
    }

    /// Its thread begins to read, or reads once more.
    pub fn begin_reading(&mut self, store: &Store) {
        let positions = store.positions(self.user);
        self.phase = Phase::Reading(positions.iter().map(|(room, _)| *room).collect());
        for (room, position) in positions {
            let seen = self.seen.entry(room).or_default();
            *seen = position.max(*seen);
        }
    }

    pub fn read(&mut self, room: RoomId, store: &Store) {
        let last = store.last(room).max(self.seen[&room]);
        self.seen.insert(room, last);
    }

    pub fn taken(&self) -> Vec<(RoomId, MessageId)> {
        self.seen.iter().map(|(room, seen)| (*room, MessageId(*seen))).collect()
    }

    pub fn ready(&mut self, rooms: &[(NamedRoom, Role)], store: &Store) {
        if !self.is_over() {
            self.rooms = rooms.iter().map(|(room, _)| room.no).collect();
            self.begin_reading(store);
        }
    }

    pub fn joined(&mut self, joined: Option<Joined>) {
        if self.is_over() {
            return;
        }
        assert_eq!(self.phase, Phase::Joining, "{} did not ask to come in", self.user);
        self.phase = Phase::Live;
        let Some(Joined { room, since, .. }) = joined else { return };
        self.rooms.insert(room.no);
        if let Some(since) = since {
            self.fresh.remove(&room.id());
            self.seen.insert(room.id(), since.0);
            self.phase = Phase::Telling(room.id(), since.0);
        }
    }

    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Said { message, .. } => {
                let (room, id) = (message.room, message.id.0);
                // A guest hears the lobby from its coming on.
                let is_first = self.user.is_guest() && !self.seen.contains_key(&room);
                let seen = self.seen.entry(room).or_default();
                let is_fresh = self.fresh.remove(&room) || is_first;
                assert!(id > *seen, "{} hears {room} {id} again, after {seen}", self.user);
                assert!(is_fresh || id == *seen + 1, "{} misses {room} {}", self.user, *seen + 1);
                *seen = id;
            }
            Event::Entered { room, .. } => {
                self.rooms.insert(room.no);
                self.fresh.insert(room.id());
            }
            Event::Room(news) => {
                let RoomId::Named(no) = news.room else { return };
                let is_out = match &news.what {
                    News::Closed => true,
                    News::Left => news.by.id == self.user,
                    News::Kicked(whom, _) => whom.id == self.user,
                    _ => false,
                };
                if is_out {
                    self.rooms.remove(&no);
                }
            }
            _ => {}
        }
    }

    /// It was told everything that it should have been.
    pub fn has_all(&self, store: &Store) {
        assert_eq!(self.phase, Phase::Live, "{} is stuck", self.user);
        let mut rooms = store.positions(self.user);
        if self.user.is_guest() {
            rooms = self.rooms.iter().map(|no| (RoomId::Named(*no), u64::MAX)).collect();
        } else {
            let its: BTreeSet<_> =
                store.rooms_of(self.user).iter().map(|(room, _)| room.no).collect();
            assert_eq!(self.rooms, its, "where {} is, as it was told", self.user);
        }
        for (room, since) in rooms {
            let (seen, last) = (self.seen.get(&room).copied().unwrap_or(0), store.last(room));
            let is_fresh = self.fresh.contains(&room) && since >= last;
            assert!(seen == last || is_fresh, "{} has {room} up to {seen} of {last}", self.user);
        }
    }
}
