//! Who is busy or away, who writes something at this moment, and who is told of either.
//!
//! Neither is stored. An absence is the account's, on all its devices; it ends when the person
//! says so, or when the last of its sessions does.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Effect, Moment, State};
use crate::protocol::{Absence, Event, Message, Millis, RoomId, SessionId, Tiding, UserId};

/// How long absences are collected in a crowd, in milliseconds; as coming and leaving is.
const FOLD: i64 = 1_000;

/// So many are told of at once, the others a second later: each is 200 bytes to everybody.
const MAX_AT_ONCE: usize = 50;

/// Where more than so many are, nobody is told who writes: it would cost the square, and nobody
/// could follow.
const FEW: usize = 50;

/// Who wrote to somebody absent and is not told so again. Beyond so many nobody is.
const MAX_TOLD: usize = 1_000;

/// Somebody who is not quite there.
#[derive(Debug)]
pub(super) struct Away {
    pub(super) absence: Arc<Absence>,
    /// Who has heard of it because they wrote.
    told: BTreeSet<UserId>,
}

/// Those of whom all are to be told at once.
#[derive(Debug, Default)]
pub(super) struct Told {
    who: BTreeSet<UserId>,
    /// The one who was told of last: who changes again and again does not keep others waiting.
    last: Option<UserId>,
    due: Option<Millis>,
}

impl Away {
    fn new(absence: Arc<Absence>) -> Self {
        Self { absence, told: BTreeSet::new() }
    }
}

impl Told {
    fn take_some(&mut self) -> Vec<UserId> {
        let last = self.last.unwrap_or(UserId(i64::MIN));
        let (before, behind) = (self.who.range(..=last), self.who.range(last..));
        let in_turn = behind.filter(|id| **id != last).chain(before);
        let some: Vec<_> = in_turn.take(MAX_AT_ONCE).copied().collect();
        self.who.retain(|id| !some.contains(id));
        self.last = some.last().copied();
        some
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        self.due
    }
}

impl State {
    /// Somebody is busy, away, or back.
    pub(super) fn set_absence(
        &mut self,
        id: SessionId,
        absence: Option<Absence>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let since = now.wall.max(self.people.absent_since(user).plus(1));
        self.people.set_away(user, absence.map(Arc::new).map(Away::new), since);
        self.note_change(user);
        let me = self.people.member(user);
        self.tell(id, Event::AbsenceDone(me), effects);
        self.tell_absence(user, Some(id), now, effects);
    }

    /// What another server says of somebody's absence, where it is later than what is known here.
    pub(super) fn adopt_absence(
        &mut self,
        user: UserId,
        (absence, since): (Option<&Arc<Absence>>, Millis),
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        if since <= self.people.absent_since(user) {
            return;
        }
        self.people.set_away(user, absence.cloned().map(Away::new), since);
        self.tell_absence(user, None, now, effects);
        self.note_change(user);
    }

    fn tell_absence(
        &mut self,
        user: UserId,
        from: Option<SessionId>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let me = self.people.member(user);
        // While some are folded, all are: their order must not change.
        if self.people.is_crowd() || self.absences.due.is_some() {
            self.absences.who.insert(user);
            self.absences.due.get_or_insert(now.tick.plus(FOLD));
        } else {
            self.people.away_is_told();
            self.tell_all(Event::Absent([me].into()), from, effects);
        }
    }

    /// Tells some of what was folded, when its time has come.
    pub(super) fn tell_absences(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.absences.due.take_if(|due| *due <= now.tick).is_none() {
            return;
        }
        // Of whom nobody has heard yet, the coming is told first.
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.absences.take_some().into_iter().partition(|id| self.people.is_known(*id));
        let here = |id: &UserId| !self.people.sessions(*id).is_empty();
        self.absences.who.extend(unknown.into_iter().filter(here));
        self.absences.due = (!self.absences.who.is_empty()).then(|| now.tick.plus(FOLD));
        let members: Arc<[_]> = known.into_iter().map(|id| self.people.member(id)).collect();
        if !members.is_empty() {
            self.people.away_is_told();
            self.tell_all(Event::Absent(members), None, effects);
        }
    }

    /// Who writes to somebody absent is told so, once until they are back.
    pub(super) fn tell_if_absent(
        &mut self,
        id: SessionId,
        message: &Message,
        effects: &mut Vec<Effect>,
    ) {
        let sender = message.sender;
        let Some(peer) = message.room.other(sender).filter(|peer| *peer != sender) else { return };
        let Some(away) = self.people.away(peer) else { return };
        if away.told.len() < MAX_TOLD && away.told.insert(sender) {
            let peer = self.people.member(peer);
            self.tell(id, Event::IsAbsent(peer), effects);
        }
    }

    /// Somebody writes something in a room: told to those who could read it there, where they
    /// are few.
    pub(super) fn typing(&mut self, id: SessionId, room: RoomId, effects: &mut Vec<Effect>) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        if self.may_send(user, room).is_err() || self.is_muted(id, room) {
            return;
        }
        let is_told = match room {
            RoomId::Lobby => self.people.len() <= FEW,
            RoomId::Named(no) => self.n_online_in(no) <= FEW,
            RoomId::Pair(..) => room.other(user).is_some_and(|peer| self.is_elsewhere(peer)),
        };
        if is_told {
            self.tell_others(Tiding::Typing(user, room), effects);
        }
        self.pass_typing(user, room, Some(id), effects);
    }

    /// The same, to those who are here.
    pub(super) fn pass_typing(
        &mut self,
        user: UserId,
        room: RoomId,
        from: Option<SessionId>,
        effects: &mut Vec<Effect>,
    ) {
        let typing = Event::Typing { room, who: self.party(user) };
        match room {
            RoomId::Lobby if self.people.len() <= FEW => self.tell_all(typing, from, effects),
            RoomId::Named(no) if self.n_online_in(no) <= FEW => {
                self.tell_room(no, typing, from, effects);
            }
            RoomId::Pair(..) => {
                let peer = room.other(user).filter(|peer| *peer != user);
                let to = peer.map_or(Vec::new(), |peer| self.people.sessions(peer).to_vec());
                self.tell_each(&to, typing, effects);
            }
            RoomId::Lobby | RoomId::Named(_) => {}
        }
    }
}
