//! Who ignores whom, of those online: an account's list, for all its devices.
//!
//! What somebody says, writes at this moment, or invites to is not for those who ignore them. A
//! message that is left out keeps its place: who does not get it is told that it is passed
//! ([`Event::Passed`]), so it counts as taken and never comes later.

use std::sync::Arc;

use super::replay::Link;
use super::{Effect, State};
use crate::protocol::{ErrorCode, Event, Party, RoomId, RoomNo, SessionId, Tiding, UserId};

impl State {
    /// An account ignores somebody from now on, or no longer. All its devices hear so.
    pub(super) fn ignore(
        &mut self,
        id: SessionId,
        whom: Party,
        is_so: bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        self.tell_others(Tiding::Ignore(user, whom.clone(), is_so), effects);
        self.ignore_here(user, whom, is_so, effects);
    }

    /// The same, whichever server it was asked for on.
    pub(super) fn ignore_here(
        &mut self,
        user: UserId,
        whom: Party,
        is_so: bool,
        effects: &mut Vec<Effect>,
    ) {
        self.people.ignore(user, whom.id, is_so);
        let to = self.people.sessions(user).to_vec();
        self.tell_each(&to, Event::Ignoring(whom, is_so), effects);
    }

    /// The sessions that would be told something with all others, in a room or everywhere, and
    /// whose accounts ignore whose it is. Where nobody ignores that one, it costs a look.
    pub(super) fn deaf_to(&self, event: &Event, room: Option<RoomNo>) -> Vec<SessionId> {
        let Some(author) = event.author() else { return Vec::new() };
        let accounts = self.people.ignoring(author);
        let sessions = accounts.flat_map(|account| self.people.sessions(account)).copied();
        let is_told = |id: &SessionId| {
            let Some(session) = self.sessions.get(id) else { return false };
            let is_joining = session.joining.as_ref().is_some_and(|its| Some(its.no) == room);
            let is_there = room.is_none_or(|no| session.rooms.contains(&no));
            matches!(session.link, Link::Entered) && is_there && !is_joining
        };
        sessions.filter(is_told).collect()
    }

    /// Does the other one of a private room take what somebody says?
    pub(super) fn may_reach(&self, user: UserId, room: RoomId) -> Result<(), ErrorCode> {
        match room.other(user) {
            Some(peer) if self.people.ignores(peer, user) => Err(ErrorCode::NotTaken),
            _ => Ok(()),
        }
    }
}

/// What stands in the place of an event for who ignores whose it is; nothing, where it has no
/// place in a room.
pub(super) fn instead(event: &Event) -> Option<Event> {
    match event {
        Event::Said { message, .. } => {
            Some(Event::Passed { room: message.room, up_to: message.id })
        }
        _ => None,
    }
}

/// Tells these instead.
pub(super) fn passed(event: &Event, deaf: &[SessionId]) -> Vec<Effect> {
    let Some(instead) = instead(event).filter(|_| !deaf.is_empty()) else { return Vec::new() };
    let instead = Arc::new(instead);
    let one = |session: &SessionId| Effect::One {
        session: *session,
        event: Arc::clone(&instead),
        own: false,
    };
    deaf.iter().map(one).collect()
}
