//! Who is online, under which name, and how others hear of it.

mod elsewhere;
mod ignoring;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::Attach;
use super::absence::Away;
use super::ignore::instead;
use crate::protocol::{
    ErrorCode, Event, Leaving, Member, Millis, Name, NameKey, NodeId, Receipts, RoomNo, SessionId,
    Station, UserId,
};

/// Above this many people, who comes and who leaves is told once a second, all at once:
/// otherwise a storm of logins costs the square.
const CROWD: usize = 500;

/// How long such notices are collected, in milliseconds.
const FOLD: i64 = 1_000;

/// Everybody who is online.
#[derive(Debug, Default)]
pub(super) struct People {
    persons: BTreeMap<UserId, Person>,
    /// By whom somebody is ignored, of those online.
    ignored_by: HashMap<UserId, BTreeSet<UserId>>,
    /// Who bears a name, of those online.
    bearers: HashMap<NameKey, Vec<UserId>>,
    /// Everybody of whom others have heard, until they hear something else.
    roster: Option<Arc<Event>>,
    folded: Option<Folded>,
}

#[derive(Debug)]
struct Person {
    /// `None`: a guest, named by its address.
    name: Option<Name>,
    /// Several accounts bear the name: it is shown with the id.
    shared: bool,
    /// When they took it, or lost one; 0: they came with it.
    named: Millis,
    /// Of the first session.
    address: Arc<str>,
    sessions: Vec<SessionId>,
    /// What others may see of their progress.
    receipts: Receipts,
    is_operator: bool,
    /// Busy or away, until they are back or gone.
    away: Option<Away>,
    /// The accounts that they ignore.
    ignored: BTreeSet<UserId>,
    /// Since when, or since when they are back; 0: since they came.
    absent_since: Millis,
    /// By which devices they are on other servers, and from where.
    elsewhere: BTreeMap<NodeId, Vec<Station>>,
    /// The named rooms they are in.
    rooms: BTreeSet<RoomNo>,
    /// Those they have left since they came: who has read earlier that they are there is wrong.
    left: BTreeSet<RoomNo>,
}

#[derive(Debug)]
struct Folded {
    due: Millis,
    came: Vec<Member>,
    left: Vec<Member>,
}

/// What others are told of an arrival, a departure or a new name.
#[derive(Debug)]
pub(super) enum Change {
    /// This.
    Event(Event),
    /// These sessions of a guest hear that an account bears their name.
    LostName(Vec<SessionId>),
}

impl People {
    pub(super) fn len(&self) -> usize {
        self.persons.len()
    }

    /// The sessions of somebody.
    pub(super) fn sessions(&self, id: UserId) -> &[SessionId] {
        self.persons.get(&id).map_or(&[], |person| &person.sessions)
    }

    /// Has somebody a session on this server?
    pub(super) fn is_here(&self, id: UserId) -> bool {
        self.sessions(id).iter().any(|session| !session.is_elsewhere())
    }

    /// A session of somebody started.
    pub(super) fn arrive(&mut self, attach: &Attach) -> Vec<Change> {
        self.arrive_named(attach, Millis(0))
    }

    /// The same, of who took their name then on another server.
    pub(super) fn arrive_named(&mut self, attach: &Attach, named: Millis) -> Vec<Change> {
        let is_first_here = !self.is_here(attach.user);
        if let Some(person) = self.persons.get_mut(&attach.user) {
            // What was read may be older than what is known of who is here.
            person.sessions.push(attach.session);
            if is_first_here {
                attach.ignored.iter().for_each(|whom| self.ignore(attach.user, *whom, true));
            }
            return Vec::new();
        }
        for whom in &attach.ignored {
            self.ignored_by.entry(*whom).or_default().insert(attach.user);
        }
        let person = Person {
            name: None,
            shared: false,
            named,
            address: Arc::clone(&attach.address),
            sessions: vec![attach.session],
            receipts: attach.receipts,
            is_operator: attach.operator,
            away: None,
            ignored: attach.ignored.iter().copied().collect(),
            absent_since: Millis(0),
            elsewhere: BTreeMap::new(),
            rooms: BTreeSet::new(),
            left: BTreeSet::new(),
        };
        self.persons.insert(attach.user, person);
        let mut changes = match &attach.name {
            Some(name) => self.give(attach.user, name, attach.shared),
            None => Vec::new(),
        };
        self.forget_roster();
        changes.push(Change::Event(Event::Came(self.member(attach.user))));
        changes
    }

    /// A session of somebody ended.
    pub(super) fn depart(&mut self, id: UserId, session: SessionId, why: Leaving) -> Vec<Change> {
        let Some(person) = self.persons.get_mut(&id) else { return Vec::new() };
        person.sessions.retain(|other| *other != session);
        if !person.sessions.is_empty() {
            return Vec::new();
        }
        let member = self.member(id);
        self.take_name(id);
        let gone = self.persons.remove(&id);
        gone.into_iter().flat_map(|gone| gone.ignored).for_each(|whom| self.heed(id, whom));
        self.forget_roster();
        vec![Change::Event(Event::Left(member, why))]
    }

    /// Somebody takes another name. What is returned is about others.
    pub(super) fn rename(
        &mut self,
        id: UserId,
        name: &Name,
        shared: bool,
        now: Millis,
    ) -> Result<Vec<Change>, ErrorCode> {
        let is_taken = self.bearers(name.key()).any(|other| other != id);
        if id.is_guest() && is_taken {
            return Err(ErrorCode::NameTaken);
        }
        let named = now.max(self.named(id).plus(1));
        Ok(self.call(id, Some(name), shared, named))
    }

    /// Everybody, by id.
    pub(super) fn ids(&self) -> impl Iterator<Item = UserId> {
        self.persons.keys().copied()
    }

    /// The name that somebody bears, and whether others bear it, too.
    pub(super) fn bears(&self, id: UserId) -> (Option<&Name>, bool) {
        let person = self.persons.get(&id);
        person.map_or((None, false), |person| (person.name.as_ref(), person.shared))
    }

    /// When somebody took their name, or lost one, since they came.
    pub(super) fn named(&self, id: UserId) -> Millis {
        self.persons.get(&id).map(|person| person.named).unwrap_or_default()
    }

    /// Somebody bears this name from now on, or none, whoever bears it now.
    fn call(
        &mut self,
        id: UserId,
        name: Option<&Name>,
        shared: bool,
        named: Millis,
    ) -> Vec<Change> {
        self.take_name(id);
        self.roster = None;
        if let Some(person) = self.persons.get_mut(&id) {
            person.named = named;
        }
        name.map_or(Vec::new(), |name| self.give(id, name, shared))
    }

    /// What somebody is to be told of an event, given whom they ignore.
    pub(super) fn heard_by(&self, id: UserId, event: &Arc<Event>) -> Option<Arc<Event>> {
        match event.author() {
            Some(author) if self.ignores(id, author) => instead(event).map(Arc::new),
            _ => Some(Arc::clone(event)),
        }
    }

    /// The named rooms that somebody is in.
    pub(super) fn rooms(&self, id: UserId) -> Vec<RoomNo> {
        self.persons.get(&id).map_or(Vec::new(), |person| person.rooms.iter().copied().collect())
    }

    /// It is not known any more in which rooms somebody is: these they were thought to be in.
    pub(super) fn forget_rooms(&mut self, id: UserId) -> BTreeSet<RoomNo> {
        self.persons
            .get_mut(&id)
            .map(|person| std::mem::take(&mut person.rooms))
            .unwrap_or_default()
    }

    /// They are in a room; was that not known?
    pub(super) fn enter_room(&mut self, id: UserId, no: RoomNo) -> bool {
        self.persons
            .get_mut(&id)
            .is_some_and(|person| !person.left.contains(&no) && person.rooms.insert(no))
    }

    /// What they have left they come into again.
    pub(super) fn come_back(&mut self, id: UserId, no: RoomNo) {
        if let Some(person) = self.persons.get_mut(&id) {
            person.left.remove(&no);
        }
    }

    /// They have left a room; were they in it, as far as was known?
    pub(super) fn leave_room(&mut self, id: UserId, no: RoomNo) -> bool {
        let Some(person) = self.persons.get_mut(&id) else { return false };
        person.left.insert(no);
        person.rooms.remove(&no)
    }

    /// Have they left it since they came?
    pub(super) fn has_left(&self, id: UserId, no: RoomNo) -> bool {
        self.persons.get(&id).is_some_and(|person| person.left.contains(&no))
    }

    /// How their name is compared; none: a guest without one.
    pub(super) fn key(&self, id: UserId) -> Option<&NameKey> {
        self.persons.get(&id)?.name.as_ref().map(Name::key)
    }

    /// May they keep order in every room?
    pub(super) fn is_operator(&self, id: UserId) -> bool {
        self.persons.get(&id).is_some_and(|person| person.is_operator)
    }

    /// What others may see of somebody's progress.
    pub(super) fn receipts(&self, id: UserId) -> Receipts {
        self.persons.get(&id).map_or_else(Receipts::default, |person| person.receipts)
    }

    /// They want it so.
    pub(super) fn set_receipts(&mut self, id: UserId, receipts: Receipts) {
        if let Some(person) = self.persons.get_mut(&id) {
            person.receipts = receipts;
        }
    }

    /// They are busy or away from now on, or back.
    pub(super) fn set_away(&mut self, id: UserId, away: Option<Away>, since: Millis) {
        if let Some(person) = self.persons.get_mut(&id) {
            (person.away, person.absent_since) = (away, since);
        }
    }

    /// Since when they are, or are not.
    pub(super) fn absent_since(&self, id: UserId) -> Millis {
        self.persons.get(&id).map(|person| person.absent_since).unwrap_or_default()
    }

    /// Others hear of it.
    pub(super) fn away_is_told(&mut self) {
        self.roster = None;
    }

    /// In what way somebody is not quite there, and who was told so.
    pub(super) fn away(&mut self, id: UserId) -> Option<&mut Away> {
        self.persons.get_mut(&id)?.away.as_mut()
    }

    /// Somebody is online, and others have heard of it.
    pub(super) fn is_known(&self, id: UserId) -> bool {
        let mut untold = self.folded.iter().flat_map(|folded| &folded.came);
        self.persons.contains_key(&id) && !untold.any(|member| member.id == id)
    }

    /// The name as shown.
    pub(super) fn shown(&self, id: UserId) -> Arc<str> {
        let Some(person) = self.persons.get(&id) else { return id.to_string().into() };
        match &person.name {
            None => Arc::clone(&person.address),
            Some(name) if person.shared => format!("{name}#{id}").into(),
            Some(name) => name.shown(),
        }
    }

    /// Somebody as others see them.
    pub(super) fn member(&self, id: UserId) -> Member {
        let person = self.persons.get(&id);
        let address = person.map_or_else(|| "-".into(), |person| Arc::clone(&person.address));
        let away = person.and_then(|person| person.away.as_ref());
        let absence = away.map(|away| Arc::clone(&away.absence));
        Member { id, name: self.shown(id), address, absence }
    }

    /// Everybody of whom others have heard, by id: the answer to `who`, and what one finds at a
    /// login. The same list until they hear something else, so that it is spelled once for all
    /// who ask. Who came since the last summary comes with the next one, or has gone before it,
    /// and then nobody is told; who left since then may still be there.
    pub(super) fn roster(&mut self) -> Arc<Event> {
        if let Some(roster) = &self.roster {
            return Arc::clone(roster);
        }
        let folded = self.folded.iter().flat_map(|folded| &folded.came);
        let untold: HashSet<_> = folded.map(|member| member.id).collect();
        let told = self.persons.keys().filter(|id| !untold.contains(id));
        let all = told.map(|id| self.member(*id)).collect();
        Arc::clone(self.roster.insert(Arc::new(Event::Online(all))))
    }

    /// The people in [`People::roster`].
    pub(super) fn online(&mut self) -> Arc<[Member]> {
        match &*self.roster() {
            Event::Online(all) => Arc::clone(all),
            _ => [].into(),
        }
    }

    /// Somebody came or left: others hear of it at once, or with the next summary.
    fn forget_roster(&mut self) {
        if !self.is_crowd() {
            self.roster = None;
        }
    }

    /// Are there so many that notices are folded? While some are folded, all are: their order
    /// must not change.
    pub(super) fn is_crowd(&self) -> bool {
        self.persons.len() > CROWD || self.folded.is_some()
    }

    /// Puts a notice aside; one that is about something else comes back.
    pub(super) fn fold(&mut self, event: Event, now: Millis) -> Option<Event> {
        let folded = self.folded.get_or_insert_with(|| Folded {
            due: now.plus(FOLD),
            came: Vec::new(),
            left: Vec::new(),
        });
        match event {
            Event::Came(member) => folded.came.push(member),
            // Who came and went within the second was never there, as far as others can tell. Who
            // went and came back is told as both: the name or the address may be another now, and
            // who attached in between has not heard of it.
            Event::Left(member, _) => match folded.came.iter().position(|m| m.id == member.id) {
                Some(at) => drop(folded.came.remove(at)),
                None => folded.left.push(member),
            },
            Event::Renamed(member) if self.fold_name(&member) => {}
            other => return Some(other),
        }
        None
    }

    /// The new name of somebody of whom nobody has heard yet: heard with the coming.
    pub(super) fn fold_name(&mut self, renamed: &Member) -> bool {
        let mut untold = self.folded.iter_mut().flat_map(|folded| &mut folded.came);
        let member = untold.find(|member| member.id == renamed.id);
        member.map(|member| member.clone_from(renamed)).is_some()
    }

    /// What was put aside, when its time has come.
    pub(super) fn due_crowd(&mut self, now: Millis) -> Option<Event> {
        self.folded.take_if(|folded| folded.due <= now).and_then(|folded| {
            let (came, left): (Arc<[_]>, Arc<[_]>) = (folded.came.into(), folded.left.into());
            let is_empty = came.is_empty() && left.is_empty();
            self.roster = None;
            let n_online = self.persons.len();
            (!is_empty).then_some(Event::Crowd { came, left, n_online })
        })
    }

    /// When that is.
    pub(super) fn crowd_deadline(&self) -> Option<Millis> {
        self.folded.as_ref().map(|folded| folded.due)
    }

    /// Gives a name. Accounts of one name are all shown with their ids from now on; a guest
    /// loses the name to an account.
    fn give(&mut self, id: UserId, name: &Name, shared: bool) -> Vec<Change> {
        let others: Vec<_> = self.bearers(name.key()).collect();
        let mut changes = Vec::new();
        for other in &others {
            // Of two guests, on two servers, the one that took the name first keeps it.
            let is_later = (self.named(*other), *other) > (self.named(id), id);
            if !id.is_guest() || (other.is_guest() && is_later) {
                changes.extend(self.make_way(*other));
            }
        }
        let is_known = self.is_here(id) && others.iter().any(|other| !other.is_guest());
        let is_shared = shared || is_known;
        if let Some(person) = self.persons.get_mut(&id) {
            person.name = Some(name.clone());
            person.shared = is_shared && !id.is_guest();
            self.bearers.entry(name.key().clone()).or_default().push(id);
        }
        changes
    }

    /// Somebody else bears this one's name now. What becomes of who is on another server only, that
    /// server says.
    fn make_way(&mut self, id: UserId) -> Vec<Change> {
        if !self.is_here(id) {
            return Vec::new();
        }
        self.roster = None;
        if id.is_guest() {
            let sessions = self.sessions(id).to_vec();
            let named = self.named(id).plus(1);
            self.call(id, None, false, named);
            let renamed = Event::Renamed(self.member(id));
            return vec![Change::LostName(sessions), Change::Event(renamed)];
        }
        match self.persons.get_mut(&id) {
            Some(person) if !person.shared => {
                person.shared = true;
                vec![Change::Event(Event::Renamed(self.member(id)))]
            }
            _ => Vec::new(),
        }
    }

    fn take_name(&mut self, id: UserId) {
        let Some(name) = self.persons.get_mut(&id).and_then(|person| person.name.take()) else {
            return;
        };
        if let Some(bearers) = self.bearers.get_mut(name.key()) {
            bearers.retain(|other| *other != id);
            if bearers.is_empty() {
                self.bearers.remove(name.key());
            }
        }
    }

    fn bearers(&self, key: &NameKey) -> impl Iterator<Item = UserId> {
        self.bearers.get(key).into_iter().flatten().copied()
    }
}
