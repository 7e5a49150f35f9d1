//! One session: what its thread is doing, and what its peer has seen and heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use hubbub::protocol::{
    Act, Device, ErrorCode, Event, Member, MessageId, Reference, RoomId, UserId, Welcome,
};

use super::store::{Store, may_see};

/// What the session's thread is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waits to be attached.
    Attaching,
    /// Is about to read the store.
    Reading,
    /// Has sent what the store had, and is about to say so.
    Saying(Vec<(RoomId, MessageId)>),
    /// Waits for what its peer asks.
    Live,
    /// Has said that it is over.
    Leaving,
    /// The hub has nothing more for it.
    Gone,
}

impl Phase {
    pub fn is_stepping(&self) -> bool {
        matches!(self, Self::Reading | Self::Saying(_))
    }

    pub fn is_over(&self) -> bool {
        matches!(self, Self::Leaving | Self::Gone)
    }
}

#[derive(Debug)]
pub struct Peer {
    pub user: UserId,
    device: Option<Device>,
    /// Who it is once it is attached.
    pub becomes: Option<(UserId, Option<Device>)>,
    pub phase: Phase,
    /// The id that must come next, of each room.
    pub next: BTreeMap<RoomId, u64>,
    /// Who is there, as far as it was told.
    pub roster: BTreeMap<UserId, Arc<str>>,
    /// The last answer to `who`.
    pub answer: BTreeMap<UserId, Arc<str>>,
    n_issued: usize,
    n_finished: usize,
    /// Sends that were neither accepted nor refused yet, by the reference their sender gave.
    unanswered: Vec<Option<Reference>>,
    /// How many acts came before each rename that is on its way.
    renames: Vec<usize>,
}

impl Peer {
    pub fn new(user: UserId) -> Self {
        Self {
            user,
            device: None,
            becomes: None,
            phase: Phase::Attaching,
            next: BTreeMap::new(),
            roster: BTreeMap::new(),
            answer: BTreeMap::new(),
            n_issued: 0,
            n_finished: 0,
            unanswered: Vec::new(),
            renames: Vec::new(),
        }
    }

    pub fn issue(&mut self, act: &Act) {
        match act {
            Act::Send { reference, .. } => self.unanswered.push(reference.clone()),
            Act::Rename { .. } => self.renames.push(self.n_issued),
            _ => {}
        }
        self.n_issued += 1;
    }

    pub fn finish(&mut self, acts: usize) {
        self.n_finished += acts;
        assert!(self.n_finished <= self.n_issued, "an act is finished twice");
    }

    /// Others hear of its new name after everything it did before.
    pub fn renamed(&mut self, member: &Member) {
        assert_eq!(member.id, self.user, "somebody else is renamed");
        // Renames that were refused have no notice: the newest that may be meant is taken.
        let at = self.renames.iter().rposition(|before| *before <= self.n_finished);
        let at = at.expect("a new name overtook what was done before it");
        self.renames.drain(..=at);
    }

    /// Every act is finished and every send is answered.
    pub fn is_done_with(&self, what: &str) {
        assert_eq!(self.n_finished, self.n_issued, "{} {what}: acts", self.user);
        assert!(self.unanswered.is_empty(), "{} {what}: {:?}", self.user, self.unanswered);
    }

    /// It is somebody now, and is told who is there. What it sees begins anew.
    pub fn attached(&mut self, welcome: &Welcome, lobby: u64) {
        self.is_done_with("becomes another");
        (self.user, self.device) = self.becomes.take().expect("nobody asked for this");
        assert_eq!(welcome.me.id, self.user);
        assert!(welcome.n_online >= welcome.online.len());
        self.roster = named(&welcome.online);
        self.renames.clear();
        self.next.clear();
        if self.user.is_guest() {
            self.next.insert(RoomId::Lobby, lobby + 1);
        }
        if !self.phase.is_over() {
            // A guest was never here before: it is live at once.
            self.phase = if self.user.is_guest() { Phase::Live } else { Phase::Reading };
        }
    }

    /// Sends what the store has; says how far each room got.
    pub fn read(&mut self, store: &Store) -> Vec<(RoomId, MessageId)> {
        let rooms: Vec<_> = store.rooms_of(self.user).chain([RoomId::Lobby]).collect();
        for room in rooms {
            let cursor = store.cursor(self.user, self.device.as_ref(), room);
            let next = self.next.entry(room).or_insert(cursor + 1);
            *next = (*next).max(store.room(room).len() as u64 + 1);
        }
        self.next.iter().map(|(room, next)| (*room, MessageId(next - 1))).collect()
    }

    pub fn caught(&mut self, live: bool) {
        if self.phase.is_over() {
            return;
        }
        self.phase = if live { Phase::Live } else { Phase::Reading };
    }

    pub fn detached(&mut self) {
        assert_eq!(self.phase, Phase::Leaving, "detached, but it did not ask");
        self.is_done_with("is detached");
        self.phase = Phase::Gone;
    }

    pub fn hear(&mut self, event: &Event, store: &Store) {
        assert!(self.user != UserId(0) && self.phase != Phase::Gone, "told, but it is not in");
        match event {
            Event::Said { message, .. } => {
                let (room, id) = (message.room, message.id.0);
                assert!(may_see(self.user, room), "{} sees {room}", self.user);
                let stored = store.room(room).get(id as usize - 1);
                assert_eq!(stored, Some(message), "shown, but not stored");
                let first = if self.user.is_guest() { id } else { 1 };
                let next = self.next.entry(room).or_insert(first);
                assert_eq!(id, *next, "{} in {room}", self.user);
                *next += 1;
            }
            Event::Accepted { reference, id, room, .. } => {
                self.answered(reference.as_ref());
                let next = self.next.get(room).copied().unwrap_or(0);
                assert!(next > id.0, "an acknowledgement of {id:?} came before {next}");
            }
            Event::Refused(refusal) if refusal.code == ErrorCode::NameTaken => {}
            Event::Refused(refusal) => self.answered(refusal.reference.as_ref()),
            Event::Online(online) => self.answer = named(online),
            other => hear(&mut self.roster, other),
        }
    }

    fn answered(&mut self, reference: Option<&Reference>) {
        let at = self.unanswered.iter().position(|asked| asked.as_ref() == reference);
        let at = at.unwrap_or_else(|| panic!("an answer to nothing: {reference:?}"));
        self.unanswered.remove(at);
    }

    pub fn has_seen_all(&self, store: &Store) {
        for room in store.rooms_of(self.user) {
            let next = self.next.get(&room).copied();
            let all = Some(store.room(room).len() as u64 + 1);
            let began_later = next.is_none() && self.user.is_guest();
            assert!(began_later || next == all, "{} in {room}: {next:?}, {all:?}", self.user);
        }
    }
}

/// What a notice does to a list of who is there.
pub fn hear(roster: &mut BTreeMap<UserId, Arc<str>>, event: &Event) {
    match event {
        Event::Said { .. } => {}
        Event::Came(member) => drop(roster.insert(member.id, Arc::clone(&member.name))),
        Event::Left(member, _) => drop(roster.remove(&member.id)),
        Event::Crowd { came, left } => {
            left.iter().for_each(|member| drop(roster.remove(&member.id)));
            roster.extend(named(came));
        }
        // As clients do: who is renamed is there.
        Event::Renamed(member) | Event::RenameDone(member) => {
            roster.insert(member.id, Arc::clone(&member.name));
        }
        // A guest's greeting; it was attached before.
        Event::Welcome(_) => {}
        other => panic!("{other:?}"),
    }
}

fn named(members: &[Member]) -> BTreeMap<UserId, Arc<str>> {
    members.iter().map(|member| (member.id, Arc::clone(&member.name))).collect()
}
