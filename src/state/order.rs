//! Keeping order: who is banned, muted or slowed, in a room or on the whole server, and what
//! follows from it.
//!
//! All that holds is kept here from the start on, so nothing that a thread has read before can be
//! older than it. A change goes through the journal like any other and holds when it is posted.

use std::collections::HashMap;
use std::sync::Arc;

use super::rights::{Deed, Rank, may, may_on_server};
use super::slow::{Spoken, slow_places};
use super::{Attach, Effect, State};
use crate::clock;
use crate::protocol::{
    Against, Change, ErrorCode, Event, Farewell, Measure, Millis, Name, NamedRoom, News, OrderAct,
    Party, Place, Refusal, RoomChange, RoomId, RoomName, RoomNews, RoomNo, Sanction, SanctionKey,
    SessionId, Standing, Subject, Terms, UserId, place_of,
};

/// Sanctions of one place.
pub const MAX_SANCTIONS: usize = 2_000;

/// Those of them that are against names or networks: each is looked at for each message.
pub const MAX_WIDE: usize = 200;

/// Sanctions of all places together: some 10 MB.
pub const MAX_ALL: usize = 32_768;

/// Everything that holds.
#[derive(Debug, Default)]
pub struct Orders {
    places: HashMap<Place, Held>,
    n: usize,
    /// Who has spoken in slow mode.
    pub(super) spoken: Spoken,
}

/// What holds in one place.
#[derive(Debug, Default)]
struct Held {
    persons: HashMap<(Measure, UserId), Sanction>,
    wide: Vec<Sanction>,
}

impl Orders {
    /// One more holds; what there was under its key does not.
    pub fn put(&mut self, sanction: Sanction) {
        self.take(&sanction.key);
        let held = self.places.entry(sanction.key.place).or_default();
        match &sanction.key.against {
            Against::One(id) => {
                held.persons.insert((sanction.key.measure, *id), sanction);
            }
            _ => held.wide.push(sanction),
        }
        self.n += 1;
    }

    /// This one holds no longer; did it?
    pub fn take(&mut self, key: &SanctionKey) -> Option<Sanction> {
        let held = self.places.get_mut(&key.place)?;
        let taken = match &key.against {
            Against::One(id) => held.persons.remove(&(key.measure, *id)),
            _ => {
                let at = held.wide.iter().position(|sanction| sanction.key == *key);
                at.map(|at| held.wide.remove(at))
            }
        };
        self.n -= usize::from(taken.is_some());
        taken
    }

    fn get(&self, key: &SanctionKey) -> Option<&Sanction> {
        let held = self.places.get(&key.place)?;
        match &key.against {
            Against::One(id) => held.persons.get(&(key.measure, *id)),
            _ => held.wide.iter().find(|sanction| sanction.key == *key),
        }
    }

    /// There is no such place any more.
    pub(super) fn forget(&mut self, place: Place) {
        if let Some(held) = self.places.remove(&place) {
            self.n -= held.persons.len() + held.wide.len();
        }
        self.spoken.forget(place);
    }

    /// What of this kind is against somebody in a place, at this moment.
    pub fn hit(
        &self,
        (place, measure): (Place, Measure),
        subject: &Subject<'_>,
        now: Millis,
    ) -> Option<&Sanction> {
        let held = self.places.get(&place)?;
        let of_kind = |sanction: &&Sanction| sanction.key.measure == measure;
        let wide = held.wide.iter().filter(of_kind);
        let mut all = held.persons.get(&(measure, subject.id)).into_iter().chain(wide);
        all.find(|sanction| sanction.holds(now) && sanction.key.against.hits(subject))
    }

    /// What holds in a place, by what and against whom.
    pub fn list(&self, place: Place, now: Millis) -> Vec<Sanction> {
        let Some(held) = self.places.get(&place) else { return Vec::new() };
        let all = held.persons.values().chain(&held.wide);
        let mut all: Vec<_> = all.filter(|sanction| sanction.holds(now)).cloned().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }

    /// What is over is forgotten, then: is there room for one more?
    fn has_room(&mut self, key: &SanctionKey, now: Millis) -> bool {
        let Some(held) = self.places.get_mut(&key.place) else { return self.n < MAX_ALL };
        let before = held.persons.len() + held.wide.len();
        held.persons.retain(|_, sanction| sanction.holds(now));
        held.wide.retain(|sanction| sanction.holds(now));
        let after = held.persons.len() + held.wide.len();
        self.n -= before - after;
        let is_wide = !matches!(key.against, Against::One(_));
        let fits = after < MAX_SANCTIONS && (!is_wide || held.wide.len() < MAX_WIDE);
        self.get(key).is_some() || (fits && self.n < MAX_ALL)
    }

    /// Is anybody slowed in a place of whom this may be one?
    pub(super) fn may_be_slow(&self, place: Place, user: UserId) -> bool {
        self.places.get(&place).is_some_and(|held| {
            held.persons.contains_key(&(Measure::Slow, user))
                || held.wide.iter().any(|sanction| sanction.key.measure == Measure::Slow)
        })
    }
}

/// What somebody is told who is kept from something: until when, and why.
pub fn refusal_of(code: ErrorCode, sanction: &Sanction) -> Refusal {
    let until = sanction.until.map(|until| format!("until {} UTC", clock::utc(until)));
    let reason = sanction.reason.as_ref().map(|reason| reason.as_str().to_owned());
    let parts: Vec<_> = until.into_iter().chain(reason).collect();
    let detail = (!parts.is_empty()).then(|| parts.join("; "));
    Refusal { reference: None, code, detail }
}

impl State {
    /// What the store has, at the start.
    pub fn with_sanctions(mut self, sanctions: Vec<Sanction>) -> Self {
        sanctions.into_iter().for_each(|sanction| self.orders.put(sanction));
        self
    }

    /// Who comes is kept out of the server: what they are told then.
    pub(super) fn keeps_out(&self, attach: &Attach) -> Option<Refusal> {
        let subject = Subject {
            id: attach.user,
            name: attach.name.as_ref().map(Name::key),
            ip: attach.ip,
            keeps_order: false,
        };
        let ban = self.orders.hit((None, Measure::Ban), &subject, self.now.wall);
        ban.filter(|_| !attach.operator).map(|ban| refusal_of(ErrorCode::Banned, ban))
    }

    /// Somebody as sanctions see them, in a place.
    fn subject(&self, id: SessionId, place: Place) -> Option<Subject<'_>> {
        let session = self.sessions.get(&id)?;
        let user = session.user;
        let is_operator = self.people.is_operator(user);
        let rank = place.map(|no| self.rank(user, no, Standing::default()));
        Some(Subject {
            id: user,
            name: self.people.key(user),
            ip: session.ip,
            keeps_order: is_operator || rank >= Some(Rank::Moderator),
        })
    }

    /// What is against a session in a place. Nothing is ever against an operator.
    fn against(&self, id: SessionId, place: Place, measure: Measure) -> Option<&Sanction> {
        let subject = self.subject(id, place)?;
        if self.people.is_operator(subject.id) {
            return None;
        }
        self.orders.hit((place, measure), &subject, self.now.wall)
    }

    /// Is this session kept out of a place? What it is told then.
    pub(super) fn banned(&self, id: SessionId, place: Place) -> Option<Refusal> {
        let sanction = self.against(id, place, Measure::Ban)?;
        Some(refusal_of(ErrorCode::Banned, sanction))
    }

    /// What bans somebody from a room, whichever of their sessions here it hits.
    pub(super) fn ban_of(&self, user: UserId, no: RoomNo) -> Option<&Sanction> {
        let sessions = self.people.sessions(user).iter();
        sessions.into_iter().find_map(|id| self.against(*id, Some(no), Measure::Ban))
    }

    /// Has this session to be silent in a room? What it is told then.
    fn muted(&self, id: SessionId, room: RoomId) -> Option<Refusal> {
        let places = [None, place_of(room)];
        let held = places.into_iter().find_map(|place| self.against(id, place, Measure::Mute));
        held.map(|sanction| refusal_of(ErrorCode::Muted, sanction))
    }

    /// Has it?
    pub(super) fn is_muted(&self, id: SessionId, room: RoomId) -> bool {
        self.muted(id, room).is_some()
    }

    /// May a session say something in a room, as far as order is concerned?
    pub(super) fn may_speak(&mut self, id: SessionId, room: RoomId) -> Result<(), Refusal> {
        if let Some(refusal) = self.muted(id, room) {
            return Err(refusal);
        }
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return Ok(()) };
        for place in slow_places(room) {
            let every = self.against(id, place, Measure::Slow).map(|slow| slow.every);
            let tick = self.now.tick;
            let wait = every.and_then(|every| self.orders.spoken.wait(place, user, every, tick));
            if let Some(seconds) = wait {
                let detail = Some(format!("wait {seconds} s"));
                return Err(Refusal { detail, ..Refusal::of(ErrorCode::SlowMode) });
            }
        }
        Ok(())
    }

    /// Carries out what a session asks for to keep order, if it may.
    pub(super) fn on_order(&mut self, id: SessionId, act: OrderAct, effects: &mut Vec<Effect>) {
        let room = act.room.as_ref().map(|(room, _)| room.clone());
        match self.order_change(id, act) {
            Ok(what) => {
                if let Some(room) = room {
                    self.keep_room(room);
                }
                self.change(id, what, effects);
            }
            Err(code) => {
                self.tell(id, Event::Refused(Refusal::of(code)), effects);
                effects.push(Effect::Finished { session: id, acts: 1, bytes: 0 });
            }
        }
    }

    /// What is to be written.
    fn order_change(&mut self, id: SessionId, act: OrderAct) -> Result<Change, ErrorCode> {
        let OrderAct { room, against, whom, is_operator, order } = act;
        if self.stop_at.is_some() {
            return Err(ErrorCode::ShuttingDown);
        }
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else {
            return Err(ErrorCode::Internal);
        };
        let place = room.as_ref().map(|(room, _)| room.no);
        let target = match (&against, place, whom) {
            (Against::One(one), Some(no), whom) => {
                Some(self.rank(*one, no, whom.unwrap_or_default()))
            }
            _ => None,
        };
        self.may_order(user, deed_of(order.measure), room, target)?;
        if against == Against::One(user) || is_operator {
            return Err(ErrorCode::NotAllowed);
        }
        let key = SanctionKey { place, measure: order.measure, against };
        let Some(Terms { every, lasts, reason }) = order.terms else {
            let is_there = self.orders.get(&key).is_some();
            return if is_there { Ok(Change::Lift(key)) } else { Err(ErrorCode::NoSanction) };
        };
        if !self.orders.has_room(&key, self.now.wall) {
            return Err(ErrorCode::TooManySanctions);
        }
        let (since, by) = (self.now.wall, self.party(user));
        let until = lasts.map(|seconds| since.plus(i64::from(seconds) * 1_000));
        Ok(Change::Sanction(Box::new(Sanction { key, every, reason, by, since, until })))
    }

    fn may_order(
        &self,
        user: UserId,
        deed: Deed,
        room: Option<(NamedRoom, Standing)>,
        target: Option<Rank>,
    ) -> Result<(), ErrorCode> {
        match room {
            Some((room, mine)) => {
                let actor = self.actor(user, room.no, mine);
                may(deed, &self.newest(room), actor, target)
            }
            None => may_on_server(Deed::Server, self.people.is_operator(user)),
        }
    }

    /// Tells who is banned, muted or slowed in a room or on the whole server.
    pub(super) fn tell_sanctions(
        &mut self,
        id: SessionId,
        asked: Option<(NamedRoom, Standing)>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        if let Err(code) = self.may_order(user, Deed::Sanctions, asked.clone(), None) {
            return self.tell(id, Event::Refused(Refusal::of(code)), effects);
        }
        let (room, name) =
            asked.map_or((RoomId::Lobby, RoomName::lobby()), |(room, _)| (room.id(), room.name));
        let place = place_of(room);
        let sanctions = self.orders.list(place, self.now.wall).into();
        self.tell(id, Event::Sanctions { room, name, sanctions }, effects);
    }

    /// A sanction is stored: it holds from here on, and whom it hits feels it.
    pub(super) fn sanctioned(
        &mut self,
        id: SessionId,
        (sanction, by): (Sanction, Party),
        successor: Option<UserId>,
        effects: &mut Vec<Effect>,
    ) {
        let key = sanction.key.clone();
        let whom = self.known(&key.against);
        self.orders.put(sanction.clone());
        self.tell_order(id, (&key, by), News::Sanctioned(Box::new(sanction), whom), effects);
        match (key.measure, key.place) {
            (Measure::Ban, Some(no)) => {
                if let Against::One(whom) = key.against {
                    self.go_out(no, self.party(whom), successor, effects);
                }
                self.clear_out(no, effects);
            }
            (Measure::Ban, None) => {
                let mut all: Vec<_> = self.sessions.keys().copied().collect();
                all.sort_unstable();
                self.end_banned(all, effects);
            }
            (Measure::Mute | Measure::Slow, _) => {}
        }
    }

    /// A sanction holds no longer.
    pub(super) fn lifted(
        &mut self,
        id: SessionId,
        (key, by): (SanctionKey, Party),
        effects: &mut Vec<Effect>,
    ) {
        self.orders.take(&key);
        let whom = self.known(&key.against);
        self.tell_order(id, (&key, by), News::Lifted(key.clone(), whom), effects);
    }

    /// Everybody in a room whom a ban hits is put out of it. What was written so far has put out
    /// whom the ban names; of the others it is written now.
    fn clear_out(&mut self, no: RoomNo, effects: &mut Vec<Effect>) {
        for user in self.halls.present(no) {
            self.heed_ban(no, user, effects);
        }
    }

    pub(super) fn heed_ban(&mut self, no: RoomNo, user: UserId, effects: &mut Vec<Effect>) {
        let Some(by) = self.ban_of(user, no).map(|ban| ban.by.clone()) else { return };
        let whom = self.party(user);
        self.tell_news(no, by.clone(), News::Kicked(whom.clone(), None), effects);
        self.put_out(no, whom, by, effects);
    }

    /// Somebody is called otherwise now: a ban may hit them that did not before.
    pub(super) fn heed_bans(&mut self, user: UserId, effects: &mut Vec<Effect>) {
        for no in self.people.rooms(user) {
            self.heed_ban(no, user, effects);
        }
        let sessions = self.people.sessions(user).to_vec();
        self.end_banned(sessions, effects);
    }

    /// Somebody who may not be in a room is out of it, and so it is written.
    pub(super) fn put_out(
        &mut self,
        no: RoomNo,
        whom: Party,
        by: Party,
        effects: &mut Vec<Effect>,
    ) {
        self.go_out(no, whom.clone(), None, effects);
        self.halls.put_out(no, whom.id);
        let nonce = self.next_nonce;
        self.next_nonce += 1;
        let what = Change::Kick(no, whom, None);
        effects.push(Effect::PutOut(RoomChange { by, nonce, time: self.now.wall, what }));
    }

    /// Sessions that a ban of the whole server hits are over: they are told, and what they still
    /// ask for is not done.
    fn end_banned(&mut self, sessions: Vec<SessionId>, effects: &mut Vec<Effect>) {
        let banned = |id: SessionId| Some((id, self.banned(id, None)?));
        let hit: Vec<_> = sessions.into_iter().filter_map(banned).collect();
        for (id, refusal) in hit {
            // Not held, where it is still catching up: it is the last but one word.
            let event = Arc::new(Event::Refused(refusal));
            effects.push(Effect::One { session: id, event, own: false });
            let now = self.now;
            self.end_those(vec![id], Farewell::Banned, now, effects);
        }
    }

    /// In a room all are told, but of networks only those who keep order there; of what is done
    /// on the whole server operators, and in either case who did it and whom it hits in person.
    fn tell_order(
        &mut self,
        id: SessionId,
        (key, by): (&SanctionKey, Party),
        what: News,
        effects: &mut Vec<Effect>,
    ) {
        let is_for_all = !matches!(key.against, Against::Net(_));
        if let Some(no) = key.place
            && is_for_all
        {
            let mut apart = vec![id];
            apart.extend(self.sessions_of(&key.against));
            apart.retain(|id| !self.is_told(*id, no));
            let event = self.order_news(key.place, by, what);
            self.tell_room(no, event.clone(), None, effects);
            return self.tell_each(&apart, event, effects);
        }
        let keeps_order = |id: &SessionId| {
            self.subject(*id, key.place).is_some_and(|subject| subject.keeps_order)
        };
        let mut told: Vec<_> = self.sessions.keys().copied().filter(keeps_order).collect();
        told.push(id);
        told.extend(self.sessions_of(&key.against));
        told.sort_unstable();
        told.dedup();
        let event = self.order_news(key.place, by, what);
        self.tell_each(&told, event, effects);
    }

    /// Whom it is against, if it is one who is online.
    fn known(&self, against: &Against) -> Option<Party> {
        let Against::One(user) = against else { return None };
        (!self.people.sessions(*user).is_empty()).then(|| self.party(*user))
    }

    fn sessions_of(&self, against: &Against) -> Vec<SessionId> {
        match against {
            Against::One(user) => self.people.sessions(*user).to_vec(),
            _ => Vec::new(),
        }
    }

    fn is_told(&self, id: SessionId, no: RoomNo) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.rooms.contains(&no))
    }

    fn order_news(&self, place: Place, by: Party, what: News) -> Event {
        let room = place.map_or(RoomId::Lobby, RoomId::Named);
        let name = self.halls.name(room).unwrap_or_else(RoomName::lobby);
        Event::Room(Box::new(RoomNews { room, name, by, what }))
    }
}

/// What a measure is, in the table of rights.
fn deed_of(measure: Measure) -> Deed {
    match measure {
        Measure::Ban => Deed::Ban,
        Measure::Mute => Deed::Mute,
        Measure::Slow => Deed::Slow,
    }
}
