//! Where replay and live meet without a hole and without a repeat.
//!
//! From its attachment on, what a session would be told is held. Its thread sends what the store
//! has and says how far it came; whatever was stored before the attachment is there, and
//! whatever was posted since is held, so both together are everything. Held messages that the
//! thread has already found in the store are dropped by their ids.
//!
//! The store may have more than was posted: what is in flight. A session that has read some of
//! it gets everything by itself, without what it has, until all that was in flight when it came
//! is posted; then it enters the room. With several servers that is when its marks are there
//! (`marks`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Effect, State};
use crate::protocol::{Event, Leaving, Member, MessageId, RoomId, SessionId, UserId};

/// Bytes of messages, and of news of rooms, held for one session. Past it all of them are
/// dropped: the messages are in the store, and the session's thread is sent to look there once
/// more.
const MAX_HELD: usize = 1024 * 1024;

/// What one held message costs beyond its text.
const OVERHEAD: usize = 256;

/// How a session gets what others get.
#[derive(Debug)]
pub(super) enum Link {
    /// Not yet: its thread is still sending what the store has.
    Held(Held),
    /// By itself, without what it has from the store.
    Overlapping(Overlap),
    /// With all others.
    Entered,
}

#[derive(Debug)]
pub(super) struct Overlap {
    /// Messages up to these ids it has from the store.
    taken: HashMap<RoomId, MessageId>,
    /// Feeds that have still to bring its mark, where several servers share the store.
    pub(super) missing: usize,
}

impl Link {
    /// What is to be told now of something.
    pub(super) fn pass(&mut self, event: &Arc<Event>) -> Option<Arc<Event>> {
        match self {
            Self::Held(held) => {
                held.hold(Arc::clone(event));
                None
            }
            Self::Overlapping(overlap) => is_news(event, &overlap.taken).then(|| Arc::clone(event)),
            Self::Entered => Some(Arc::clone(event)),
        }
    }
}

fn is_news(event: &Event, taken: &HashMap<RoomId, MessageId>) -> bool {
    match event {
        Event::Said { message, .. } => {
            taken.get(&message.room).is_none_or(|up_to| message.id > *up_to)
        }
        Event::Passed { room, up_to } => taken.get(room).is_none_or(|last| up_to > last),
        _ => true,
    }
}

/// Notices of who comes and goes that are held as they came; more are folded into what is known
/// of each person. In a crowd there is one a second, and all who catch up hold the very same.
const MAX_RECENT: usize = 120;

/// What waits for a session to catch up.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Messages, acknowledgements and errors. The latter are bounded by the sends in flight.
    events: Vec<Arc<Event>>,
    /// Who came, left or has another name, of late.
    recent: Vec<Arc<Event>>,
    /// Before those, the last thing heard of each person: here or gone.
    presence: BTreeMap<UserId, Arc<Event>>,
    /// The last new name of each person.
    names: BTreeMap<UserId, Arc<Event>>,
    /// Who is busy, away or back, as it was heard last.
    absences: BTreeMap<UserId, Arc<Event>>,
    /// The last that was heard of each one's progress in each room: delivered, read.
    progress: BTreeMap<(RoomId, UserId, bool), Arc<Event>>,
    bytes: usize,
    has_dropped: bool,
}

impl Held {
    pub(super) fn hold(&mut self, event: Arc<Event>) {
        match &*event {
            Event::Said { message, .. } => {
                self.bytes += message.text.as_str().len() + OVERHEAD;
                if !self.has_dropped {
                    self.events.push(event);
                }
                self.keep_within_bounds();
            }
            Event::Room(_) | Event::Passed { .. } => {
                self.bytes += OVERHEAD;
                if !self.has_dropped {
                    self.events.push(event);
                }
                self.keep_within_bounds();
            }
            Event::Came(_)
            | Event::Left(..)
            | Event::Crowd { .. }
            | Event::Absent(_)
            | Event::Renamed(_) => {
                self.recent.push(event);
                if self.recent.len() > MAX_RECENT {
                    std::mem::take(&mut self.recent).into_iter().for_each(|old| self.fold(old));
                }
            }
            // Over before it could be told.
            Event::Typing { .. } => {}
            Event::Delivered { room, by, .. } => {
                self.progress.insert((*room, *by, false), event);
            }
            Event::Read { room, by, .. } => {
                self.progress.insert((*room, *by, true), event);
            }
            _ => self.events.push(event),
        }
    }

    /// Keeps of a notice what is still so when others follow.
    fn fold(&mut self, event: Arc<Event>) {
        match &*event {
            Event::Came(member) | Event::Left(member, _) => {
                // It comes, or came, under a name that is newer than any held.
                self.names.remove(&member.id);
                self.absences.remove(&member.id);
                self.presence.insert(member.id, event);
            }
            Event::Crowd { came, left, .. } => self.fold_crowd(came, left),
            Event::Absent(members) => self.fold_absences(members),
            Event::Renamed(member) => {
                self.names.insert(member.id, event);
            }
            _ => {}
        }
    }

    fn fold_crowd(&mut self, came: &[Member], left: &[Member]) {
        let left = left.iter().map(|member| Event::Left(member.clone(), Leaving::Logout));
        let came = came.iter().map(|member| Event::Came(member.clone()));
        left.chain(came).for_each(|event| self.fold(Arc::new(event)));
    }

    fn fold_absences(&mut self, members: &[Member]) {
        for member in members {
            let event = Arc::new(Event::Absent([member.clone()].into()));
            self.absences.insert(member.id, event);
        }
    }

    fn keep_within_bounds(&mut self) {
        if self.bytes > MAX_HELD && !self.has_dropped {
            let is_kept = |event: &Event| {
                !matches!(event, Event::Said { .. } | Event::Room(_) | Event::Passed { .. })
            };
            self.events.retain(|event| is_kept(event));
            self.has_dropped = true;
        }
    }

    /// Were messages dropped? Then they are to be read once more, and what is held begins anew.
    pub(super) fn must_repeat(&mut self) -> bool {
        self.bytes = 0;
        std::mem::take(&mut self.has_dropped)
    }

    /// What was held, without messages up to these ids.
    pub(super) fn into_news(
        self,
        taken: &HashMap<RoomId, MessageId>,
    ) -> impl Iterator<Item = Arc<Event>> {
        self.into_events().filter(|event| is_news(event, taken))
    }

    fn into_events(self) -> impl Iterator<Item = Arc<Event>> {
        self.events
            .into_iter()
            .chain(self.presence.into_values())
            .chain(self.names.into_values())
            .chain(self.recent)
            .chain(self.absences.into_values())
            .chain(self.progress.into_values())
    }
}

impl State {
    /// The session's thread has sent what the store had. Releases what was held, or sends the
    /// thread to look once more.
    pub(super) fn caught_up(
        &mut self,
        id: SessionId,
        taken: &[(RoomId, MessageId)],
        effects: &mut Vec<Effect>,
    ) {
        let n_feeds = self.cluster.as_ref().map(|cluster| cluster.n_feeds);
        let Some(session) = self.sessions.get_mut(&id) else {
            // It was ended meanwhile: its thread hears so when it reads on.
            return effects.push(Effect::Caught { session: id, live: true });
        };
        let Link::Held(held) = &mut session.link else {
            return self.joined(id, taken, effects);
        };
        if held.must_repeat() {
            effects.push(Effect::Caught { session: id, live: false });
            return;
        }
        let held = std::mem::take(held);
        let taken: HashMap<_, _> = taken.iter().copied().collect();
        let told = held.into_news(&taken);
        let told: Vec<_> =
            told.map(|event| Effect::One { session: id, event, own: false }).collect();
        let is_all_posted = self.n_in_flight == 0 && n_feeds.is_none();
        if is_all_posted || taken.is_empty() {
            self.catching_up.retain(|other| *other != id);
            self.enter(id, effects);
        } else if let Some(missing) = n_feeds {
            session.link = Link::Overlapping(Overlap { taken, missing });
            self.mark(id, effects);
        } else {
            session.link = Link::Overlapping(Overlap { taken, missing: 0 });
            let in_flight = u64::try_from(self.n_in_flight).unwrap_or(u64::MAX);
            self.overlapping.push_back((self.n_posted.saturating_add(in_flight), id));
        }
        effects.extend(told);
        effects.push(Effect::Caught { session: id, live: true });
    }

    /// A session leaves that has not entered.
    pub(super) fn stop_catching_up(&mut self, id: SessionId) {
        self.catching_up.retain(|other| *other != id);
        self.overlapping.retain(|(_, other)| *other != id);
        if let Some(cluster) = &mut self.cluster {
            cluster.unmarked.forget(id);
        }
    }

    /// Those for whom all is posted that the store may have had when they came.
    pub(super) fn enter_overlapping(&mut self, effects: &mut Vec<Effect>) {
        let n_posted = self.n_posted;
        while let Some((_, id)) = self.overlapping.pop_front_if(|(until, _)| *until <= n_posted) {
            self.catching_up.retain(|other| *other != id);
            self.enter(id, effects);
        }
    }
}
