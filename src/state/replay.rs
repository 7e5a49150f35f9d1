//! Where replay and live meet without a hole and without a repeat.
//!
//! From its attachment on, what a session would be told is held. Its thread sends what the store
//! has and says how far it came; whatever was stored before the attachment is there, and
//! whatever was posted since is held, so both together are everything. Held messages that the
//! thread has already found in the store are dropped by their ids.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Effect, State};
use crate::protocol::{Event, Member, MessageId, RoomId, SessionId, UserId};

/// Bytes of messages held for one session. Past it all of them are dropped: they are in the
/// store, and the session's thread is sent to look there once more.
const MAX_HELD: usize = 1024 * 1024;

/// What one held message costs beyond its text.
const OVERHEAD: usize = 256;

/// What waits for a session to catch up.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Messages, acknowledgements and errors. The latter are bounded by the sends in flight.
    events: Vec<Arc<Event>>,
    /// The last thing heard of each person: here or gone.
    presence: BTreeMap<UserId, Arc<Event>>,
    /// The last new name of each person.
    names: BTreeMap<UserId, Arc<Event>>,
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
            Event::Came(member) | Event::Left(member, _) => {
                self.presence.insert(member.id, event);
            }
            Event::Crowd { came, left } => self.hold_crowd(came, left),
            Event::Renamed(member) => {
                self.names.insert(member.id, event);
            }
            Event::Delivered { room, by, .. } => {
                self.progress.insert((*room, *by, false), event);
            }
            Event::Read { room, by, .. } => {
                self.progress.insert((*room, *by, true), event);
            }
            _ => self.events.push(event),
        }
    }

    fn hold_crowd(&mut self, came: &[Member], left: &[Member]) {
        for member in left {
            let event = Event::Left(member.clone(), crate::protocol::Leaving::Logout);
            self.presence.insert(member.id, Arc::new(event));
        }
        for member in came {
            self.presence.insert(member.id, Arc::new(Event::Came(member.clone())));
        }
    }

    fn keep_within_bounds(&mut self) {
        if self.bytes > MAX_HELD && !self.has_dropped {
            self.events.retain(|event| !matches!(**event, Event::Said { .. }));
            self.has_dropped = true;
        }
    }

    fn into_events(self) -> impl Iterator<Item = Arc<Event>> {
        self.events
            .into_iter()
            .chain(self.presence.into_values())
            .chain(self.names.into_values())
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
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(held) = session.held.as_mut() else { return };
        if held.has_dropped {
            held.has_dropped = false;
            held.bytes = 0;
            effects.push(Effect::Caught { session: id, live: false });
            return;
        }
        let taken: HashMap<_, _> = taken.iter().copied().collect();
        let held = session.held.take().unwrap_or_default();
        self.catching_up.retain(|other| *other != id);
        effects.push(Effect::Enter(id));
        let is_news = |event: &Arc<Event>| match &**event {
            Event::Said { message, .. } => {
                taken.get(&message.room).is_none_or(|up_to| message.id > *up_to)
            }
            _ => true,
        };
        for event in held.into_events().filter(is_news) {
            effects.push(Effect::One { session: id, event, own: false });
        }
        effects.push(Effect::Caught { session: id, live: true });
    }
}
