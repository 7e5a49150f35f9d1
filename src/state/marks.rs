//! When everybody is told alike again, where several servers share a store: a session that has read
//! it may have what the feeds have not brought yet. It has a mark written behind that, into every
//! feed, and enters when the last of them has come back ([`Link::Overlapping`]).
//!
//! The marks of a session are one write in flight, so it does not leave before they have come, and
//! what it asks next for is never taken for them.

use super::replay::Link;
use super::{Effect, Moment, State};
use crate::protocol::{Millis, SessionId};

/// Milliseconds until a mark that the store did not take is asked for again.
const AGAIN: i64 = 1_000;

/// Sessions whose marks the store did not take. They are told all by themselves until then, so
/// they miss nothing.
#[derive(Debug, Default)]
pub(super) struct Unmarked {
    sessions: Vec<SessionId>,
    due: Option<Millis>,
}

impl Unmarked {
    /// When [`State::mark_again`] has to be asked.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.due
    }

    /// This session has left.
    pub(super) fn forget(&mut self, id: SessionId) {
        self.sessions.retain(|other| *other != id);
    }
}

impl State {
    /// Marks of a session are to come by every feed.
    pub(super) fn mark(&mut self, id: SessionId, effects: &mut Vec<Effect>) {
        self.count_in_flight(id);
        effects.push(Effect::Mark(id));
    }

    /// One feed has brought the mark of a session, which enters with the last one; is it that?
    pub(super) fn on_mark(&mut self, id: SessionId, effects: &mut Vec<Effect>) -> bool {
        let link = self.sessions.get_mut(&id).map(|session| &mut session.link);
        let Some(Link::Overlapping(overlap)) = link else { return true };
        overlap.missing = overlap.missing.saturating_sub(1);
        let is_last = overlap.missing == 0;
        if is_last {
            self.catching_up.retain(|other| *other != id);
            self.enter(id, effects);
        }
        is_last
    }

    /// The store did not take the marks of a session.
    pub(super) fn on_unmarked(&mut self, id: SessionId, now: Moment) {
        if let Some(cluster) = &mut self.cluster {
            cluster.unmarked.sessions.push(id);
            cluster.unmarked.due.get_or_insert(now.tick.plus(AGAIN));
        }
    }

    /// Those marks are asked for once more, when it is time; not in a shutdown, which would wait
    /// for them.
    pub(super) fn mark_again(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(cluster) = &mut self.cluster else { return };
        if cluster.unmarked.due.take_if(|due| *due <= now.tick).is_some() {
            let sessions = std::mem::take(&mut cluster.unmarked.sessions);
            let is_stopping = self.stop_at.is_some();
            sessions.into_iter().filter(|_| !is_stopping).for_each(|id| self.mark(id, effects));
        }
    }
}
