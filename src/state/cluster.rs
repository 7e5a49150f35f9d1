//! Several servers on one store: what this one tells the others of its people, and what it makes
//! of what it hears of theirs.
//!
//! Whoever is on another server is a person like any other here, with one session that stands for
//! all they have there ([`NodeId::session`]) and that nothing is told to. What is stored comes by
//! the store's feed, in one order for all servers; so does what they tell each other.
//!
//! What is told is how things are, not what has changed ([`Tiding::Here`]), so it may be told once
//! more at any time. Two servers may know the same person under two names for a moment: the one
//! that was taken later holds on all.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::ending::Which;
use super::marks::Unmarked;
use super::{Attach, Effect, Moment, Posted, State};
use crate::protocol::{
    Event, Farewell, Leaving, Member, MessageId, Millis, NamedRoom, NodeId, Present, RoomId,
    SessionId, Station, Tiding, UserId,
};

/// Milliseconds until the others are told again who is here, where they could not be told.
const AGAIN: i64 = 1_000;

/// What one server hears of others, and of itself by way of them.
#[derive(Debug)]
pub enum Heard {
    /// What became of a write of a session there.
    Posted {
        /// Which server.
        from: NodeId,
        /// What.
        posted: Posted,
        /// The room that it was about, as it is now.
        room: Option<NamedRoom>,
    },
    /// It tells something.
    Told {
        /// Which server.
        from: NodeId,
        /// What.
        tidings: Vec<Tiding>,
    },
    /// It has ended, or cannot be reached.
    Gone(NodeId),
}

/// This server among others.
#[derive(Debug)]
pub(super) struct Cluster {
    node: NodeId,
    /// How many the store has; each brings what it has in its own time.
    pub(super) n_feeds: usize,
    /// Of whom something is to be told at the end of this input, and how they left if they did.
    changed: BTreeMap<UserId, Option<Leaving>>,
    /// Who was here, is on other servers only, and has not been told of by one of these since: in
    /// which rooms they are may not be known here.
    visited: BTreeSet<UserId>,
    /// Tidings that did not come through: all is told again then.
    again_at: Option<Millis>,
    pub(super) unmarked: Unmarked,
}

impl State {
    /// The same, for one of several servers, on a store of so many feeds. `others` are on the
    /// others already.
    #[must_use]
    pub fn among(
        mut self,
        node: NodeId,
        n_feeds: usize,
        others: &[(NodeId, Vec<Present>)],
    ) -> Self {
        self.cluster = Some(Cluster {
            node,
            n_feeds,
            changed: BTreeMap::new(),
            visited: BTreeSet::new(),
            again_at: None,
            unmarked: Unmarked::default(),
        });
        // Nobody is here yet who could be told.
        let mut nobody = Vec::new();
        for (from, people) in others {
            for present in people {
                self.on_here(*from, present, Moment::default(), &mut nobody);
            }
        }
        self
    }

    pub(super) fn is_shared(&self) -> bool {
        self.cluster.is_some()
    }

    /// Something about somebody here has changed that the others must know.
    pub(super) fn note_change(&mut self, user: UserId) {
        if let Some(cluster) = &mut self.cluster {
            cluster.changed.entry(user).or_insert(None);
        }
    }

    /// A session of somebody here has ended.
    pub(super) fn note_end(&mut self, user: UserId, why: Leaving) {
        let why = (!self.people.is_here(user)).then_some(why);
        let is_elsewhere = self.is_elsewhere(user);
        if let Some(cluster) = &mut self.cluster {
            cluster.changed.insert(user, why);
            if why.is_some() && is_elsewhere {
                cluster.visited.insert(user);
            }
        }
    }

    /// Tells the others of an effect that only they can carry out.
    pub(super) fn tell_others(&self, tiding: Tiding, effects: &mut Vec<Effect>) {
        if self.is_shared() {
            effects.push(Effect::Tell(tiding));
        }
    }

    /// Are these people on other servers, too?
    pub(super) fn is_elsewhere(&self, user: UserId) -> bool {
        self.people.sessions(user).iter().any(|session| session.is_elsewhere())
    }

    /// What has changed in the course of an input, once.
    pub(super) fn tell_changes(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(cluster) = &mut self.cluster else { return };
        if cluster.again_at.take_if(|at| *at <= now.tick).is_some() {
            cluster.changed.clear();
            return self.announce(effects);
        }
        for (user, why) in std::mem::take(&mut cluster.changed) {
            if self.people.is_here(user) {
                let present = Box::new(self.present(user));
                effects.push(Effect::Tell(Tiding::Here(present)));
            } else if let Some(why) = why {
                effects.push(Effect::Tell(Tiding::Gone(user, why)));
            }
        }
    }

    /// When [`Self::tell_changes`] or [`Self::mark_again`] has to be asked again.
    pub(super) fn cluster_deadline(&self) -> Option<Millis> {
        let cluster = self.cluster.as_ref()?;
        cluster.again_at.into_iter().chain(cluster.unmarked.deadline()).min()
    }

    /// Tells the others everybody who is here.
    pub(super) fn announce(&self, effects: &mut Vec<Effect>) {
        let here = self.people.ids().filter(|user| self.people.is_here(*user));
        let all = here.map(|user| self.present(user)).collect();
        self.tell_others(Tiding::All(all), effects);
        // Who took another name here and left may be known by the old one where they still are.
        let is_later = |user: &UserId| {
            let since = self.people.named(*user).max(self.people.absent_since(*user));
            !self.people.is_here(*user) && since > Millis(0)
        };
        for user in self.people.ids().filter(is_later) {
            self.tell_others(Tiding::Known(Box::new(self.present(user))), effects);
        }
        // Whoever has them tells of them again.
        let visited = self.cluster.iter().flat_map(|cluster| &cluster.visited);
        for user in visited.filter(|user| !self.people.is_here(**user)) {
            self.tell_others(Tiding::Gone(*user, Leaving::Logout), effects);
        }
    }

    /// Tidings did not come through.
    pub(super) fn on_untold(&mut self, now: Moment) {
        if let Some(cluster) = &mut self.cluster {
            cluster.again_at.get_or_insert(now.tick.plus(AGAIN));
        }
    }

    pub(super) fn on_heard(&mut self, heard: Heard, now: Moment, effects: &mut Vec<Effect>) {
        let Some(own) = self.cluster.as_ref().map(|cluster| cluster.node) else { return };
        match heard {
            Heard::Posted { from, posted, room } => {
                if let Some(room) = room {
                    self.learn_room(room);
                }
                match posted.session {
                    // It holds here already.
                    SessionId(0) if from == own => return,
                    _ if from == own => return self.on_posted(posted, now, effects),
                    _ => {}
                }
                self.note_spoken(&posted.fate, now);
                // Who asked for it is not here: what it would be told goes nowhere.
                self.on_fate(from.session(), posted.fate, now, effects);
            }
            Heard::Told { from, tidings } => {
                for tiding in tidings {
                    self.on_told((from, own), tiding, now, effects);
                }
            }
            // The sign of life tells that better, and when the place is there again.
            Heard::Gone(node) if node == own => {}
            Heard::Gone(node) => self.on_all(node, &[], now, effects),
        }
    }

    fn on_told(
        &mut self,
        (from, own): (NodeId, NodeId),
        tiding: Tiding,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        match tiding {
            _ if from == own => {}
            Tiding::Here(present) => self.on_here(from, &present, now, effects),
            Tiding::Known(present) => self.on_known(&present, now, effects),
            Tiding::Gone(user, why) => self.on_gone((from, user), why, now, effects),
            Tiding::EndDevice(user, device) => {
                self.end_here((user, &Which::Device(device)), Farewell::LoggedOut, now, effects);
            }
            Tiding::EndOthers(user) => {
                let but = Which::But(from.session());
                self.end_here((user, &but), Farewell::LoggedOut, now, effects);
            }
            Tiding::EndAccount(user) => {
                self.end_here((user, &Which::All), Farewell::Deleted, now, effects);
            }
            Tiding::Ignore(user, whom, is_so) => self.ignore_here(user, whom, is_so, effects),
            Tiding::Entry(news) => self.tell_operators(None, news, effects),
            Tiding::All(all) => self.on_all(from, &all, now, effects),
            Tiding::Delivered(by, room, up_to) => self.pass_delivered(by, room, up_to, effects),
            Tiding::Typing(user, room) => self.pass_typing(user, room, None, effects),
            Tiding::Read(by, room, up_to, seen) => {
                self.pass_read(None, by, (room, up_to, seen), effects);
            }
        }
    }

    fn on_here(&mut self, from: NodeId, present: &Present, now: Moment, effects: &mut Vec<Effect>) {
        let user = present.user;
        self.on_known(present, now, effects);
        if !self.people.sessions(user).contains(&from.session()) {
            let attach = Attach {
                session: from.session(),
                user,
                name: present.name.clone(),
                shared: present.shared,
                address: Arc::clone(&present.address),
                device: None,
                called: None,
                ip: None,
                receipts: present.receipts,
                rooms: false,
                operator: present.operator,
                // Its own session says, where it has one.
                ignored: Vec::new(),
            };
            let changes = self.people.arrive_named(&attach, present.named);
            self.tell_presence(changes, now, effects);
        }
        self.people.set_receipts(user, present.receipts);
        self.people.set_elsewhere(user, from, present.sessions.clone());
        let absence = (present.absence.as_ref(), present.absent_since);
        self.adopt_absence(user, absence, now, effects);
        if let Some(cluster) = &mut self.cluster {
            cluster.visited.remove(&user);
        }
        // Of who is here, too, what their session has read in the store and what the feed has
        // brought since is newer.
        if !self.people.is_here(user) {
            self.forget_rooms(user);
            for (room, role) in &present.rooms {
                if !self.halls.is_closed(room.no) && self.people.enter_room(user, room.no) {
                    self.place_in(room, user, *role);
                }
            }
        }
    }

    /// Somebody may have another name by now, or be back, or away.
    fn on_known(&mut self, present: &Present, now: Moment, effects: &mut Vec<Effect>) {
        let user = present.user;
        if !self.people.sessions(user).is_empty() {
            self.on_name(present, now, effects);
            let absence = (present.absence.as_ref(), present.absent_since);
            self.adopt_absence(user, absence, now, effects);
        }
    }

    fn on_name(&mut self, present: &Present, now: Moment, effects: &mut Vec<Effect>) {
        let adopted = self.people.adopt(present);
        if let Some(changes) = adopted.changes {
            let member = self.people.member(present.user);
            if !self.people.fold_name(&member) {
                self.tell_all(Event::Renamed(member), None, effects);
            }
            self.tell_presence(changes, now, effects);
            // Who comes later is to find this name on every server that they are on.
            self.note_change(present.user);
        }
        if adopted.insists {
            self.insist(present.user, effects);
        }
    }

    /// The others are told under which name somebody goes.
    fn insist(&mut self, user: UserId, effects: &mut Vec<Effect>) {
        if self.people.is_here(user) {
            self.note_change(user);
        } else {
            self.tell_others(Tiding::Known(Box::new(self.present(user))), effects);
        }
    }

    fn on_gone(
        &mut self,
        (from, user): (NodeId, UserId),
        why: Leaving,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let session = from.session();
        if self.people.sessions(user).contains(&session) {
            self.leave_rooms(session, user, effects);
            self.people.set_elsewhere(user, from, Vec::new());
            let changes = self.people.depart(user, session, why);
            self.tell_presence(changes, now, effects);
        }
        if let Some(cluster) = &mut self.cluster
            && self.people.sessions(user).is_empty()
        {
            cluster.visited.remove(&user);
        }
        if self.people.is_here(user) {
            // There it may not have been known yet in which rooms they are, also where they came and
            // went while nobody heard that server.
            self.note_change(user);
        }
    }

    fn on_all(&mut self, from: NodeId, all: &[Present], now: Moment, effects: &mut Vec<Effect>) {
        let session = from.session();
        let still: HashSet<_> = all.iter().map(|present| present.user).collect();
        let is_left =
            |user: &UserId| self.people.sessions(*user).contains(&session) && !still.contains(user);
        let left: Vec<_> = self.people.ids().filter(is_left).collect();
        for user in left {
            self.on_gone((from, user), Leaving::Logout, now, effects);
        }
        for present in all {
            self.on_here(from, present, now, effects);
        }
    }

    /// What is said of somebody's progress, to those who are here.
    pub(super) fn pass_delivered(
        &mut self,
        by: UserId,
        room: RoomId,
        up_to: MessageId,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(peer) = room.other(by) {
            let to = self.people.sessions(peer).to_vec();
            self.tell_each(&to, Event::Delivered { room, by, up_to }, effects);
        }
    }

    /// The devices by which somebody is here, and from where.
    fn sessions_here(&self, user: UserId) -> Vec<Station> {
        let sessions = self.people.sessions(user).iter();
        let here = sessions.filter_map(|id| self.sessions.get(id));
        let known = here.map(|session| (session.called.clone(), Arc::clone(&session.address)));
        known.take(Present::MAX_SESSIONS).collect()
    }

    fn present(&self, user: UserId) -> Present {
        let (name, shared) = self.people.bears(user);
        let Member { address, absence, .. } = self.people.member(user);
        Present {
            user,
            name: name.cloned(),
            shared,
            named: self.people.named(user),
            address,
            absence,
            absent_since: self.people.absent_since(user),
            receipts: self.people.receipts(user),
            operator: self.people.is_operator(user),
            sessions: self.sessions_here(user),
            rooms: self.memberships(user),
        }
    }
}
