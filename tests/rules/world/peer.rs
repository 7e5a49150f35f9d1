//! One session: what its thread is doing, and what its peer has seen and heard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hubbub::protocol::{
    Act, Against, Device, ErrorCode, Event, Measure, Member, MessageId, NamedRoom, News, Reference,
    Refusal, Role, RoomId, RoomNews, RoomNo, UserId, Welcome,
};

use super::Roster;
use super::halls::number;
use super::store::{Store, may_see};

/// What the session's thread is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waits to be attached.
    Attaching,
    /// Is about to read which rooms it is in.
    Asking,
    /// Has read it, and is about to hand it in.
    Handing(Vec<(NamedRoom, Role)>),
    /// Waits until that is known.
    Waiting,
    /// Is about to read the store.
    Reading,
    /// Waits to come into a room.
    Joining,
    /// Is in, and is about to send what was said up to here.
    Telling(RoomId, u64),
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
        use Phase::{Asking, Handing, Reading, Saying, Telling};
        matches!(self, Asking | Handing(_) | Reading | Saying(_) | Telling(..))
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
    /// Whom its account ignores, as far as it was told itself, and as its thread read it.
    pub ignored: BTreeSet<UserId>,
    pub reads: Vec<UserId>,
    /// The id that must come next, of each room.
    pub next: BTreeMap<RoomId, u64>,
    /// Where it has come in by another device, and nothing has been said yet: what may come first.
    first: BTreeMap<RoomId, BTreeSet<u64>>,
    /// The named rooms that it believes to be in.
    pub rooms: BTreeSet<RoomNo>,
    /// The room that it is coming into.
    pub told_of: Option<RoomId>,
    /// Who is there, as far as it was told.
    pub roster: Roster,
    /// How many are there, if it was told as a number last.
    pub n_online: Option<usize>,
    /// The last answer to `who`.
    pub answer: Roster,
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
            ignored: BTreeSet::new(),
            reads: Vec::new(),
            next: BTreeMap::new(),
            first: BTreeMap::new(),
            rooms: BTreeSet::new(),
            told_of: None,
            roster: BTreeMap::new(),
            n_online: None,
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
    pub fn attached(&mut self, welcome: &Welcome, lobby: u64, is_first: bool) {
        self.is_done_with("becomes another");
        (self.user, self.device) = self.becomes.take().expect("nobody asked for this");
        assert_eq!(welcome.me.id, self.user);
        self.n_online = None;
        self.roster = named(&welcome.online);
        self.renames.clear();
        // Of an account that is there already more may be known than was read.
        let read = std::mem::take(&mut self.reads);
        self.ignored = if is_first { read.into_iter().collect() } else { BTreeSet::new() };
        self.next.clear();
        self.first.clear();
        self.rooms.clear();
        if self.user.is_guest() {
            self.next.insert(RoomId::Lobby, lobby + 1);
        }
        if !self.phase.is_over() {
            // A guest was never here before: it is live at once.
            self.phase = if self.user.is_guest() { Phase::Live } else { Phase::Asking };
        }
    }

    /// Sends what the store has; says how far each room got.
    pub fn read(&mut self, store: &Store) -> Vec<(RoomId, MessageId)> {
        let rooms: Vec<_> = store.rooms_of(self.user).chain([RoomId::Lobby]).collect();
        // Where it is a member no longer, nothing more is read; the news of it is on its way.
        self.rooms.retain(|no| rooms.contains(&RoomId::Named(*no)));
        for room in &rooms {
            let cursor = store.cursor(self.user, self.device.as_ref(), *room);
            let next = self.next.entry(*room).or_insert(cursor + 1);
            *next = (*next).max(store.room(*room).len() as u64 + 1);
        }
        rooms.iter().map(|room| (*room, MessageId(self.next[room] - 1))).collect()
    }

    pub fn caught(&mut self, live: bool, store: &Store) {
        if self.phase.is_over() {
            return;
        }
        self.phase = match self.told_of {
            _ if live => Phase::Live,
            Some(room) => Phase::Telling(room, store.room(room).len() as u64),
            None => Phase::Reading,
        };
        if live {
            self.told_of = None;
        }
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
                if !self.is_in(room) {
                    return;
                }
                let stored = store.room(room).get(id as usize - 1);
                assert_eq!(stored, Some(message), "shown, but not stored");
                let sender = message.sender;
                assert!(!self.ignored.contains(&sender), "{} hears {sender}", self.user);
                let first = if self.user.is_guest() { id } else { 1 };
                self.take(room, id, first);
            }
            // It has its place all the same.
            Event::Passed { room, up_to } => {
                let stored = store.room(*room).get(up_to.0 as usize - 1).expect("it is stored");
                let was_ignored = store.has_ignored(self.user, stored.sender);
                assert!(was_ignored, "{} never ignored {}", self.user, stored.sender);
                if self.is_in(*room) {
                    self.take(*room, up_to.0, 1);
                }
            }
            Event::Ignoring(whom, true) => drop(self.ignored.insert(whom.id)),
            Event::Ignoring(whom, false) => drop(self.ignored.remove(&whom.id)),
            Event::Accepted { reference, id, room, .. } => {
                self.answered(reference.as_ref());
                let next = self.next.get(room).copied().unwrap_or(0);
                // A message that was accepted while its sender was being put out is not shown to it.
                let is_shown = next > id.0 || !self.is_in(*room);
                assert!(is_shown, "an acknowledgement of {id:?} came before {next}");
            }
            Event::Refused(refusal) if refusal.code == ErrorCode::NameTaken => {}
            // Of what is asked about rooms; sends into them have references.
            Event::Refused(refusal)
                if refusal.reference.is_none() && is_about_rooms(refusal.code) => {}
            // A send without a name, or something about a room that had to wait.
            Event::Refused(refusal)
                if *refusal == Refusal::of(ErrorCode::ShuttingDown)
                    && !self.unanswered.contains(&None) => {}
            Event::Entered { room, .. } => {
                self.rooms.insert(room.no);
                let given = store.halls.given(room.no, self.user);
                let next = self.next.entry(room.id()).or_default();
                self.first.insert(
                    room.id(),
                    given.iter().map(|since| since + 1).filter(|id| id >= next).collect(),
                );
                *next = (*next).max(given.last().unwrap_or(&0) + 1);
            }
            Event::Room(news) => self.hear_of(news),
            Event::Refused(refusal) => self.answered(refusal.reference.as_ref()),
            Event::Online(online) => self.answer = named(online),
            Event::IsAbsent(member) => assert!(member.absence.is_some(), "{member:?}"),
            other => {
                self.n_online = match other {
                    Event::Crowd { n_online, .. } => Some(*n_online),
                    Event::Came(_) | Event::Left(..) => None,
                    _ => self.n_online,
                };
                hear(&mut self.roster, other);
            }
        }
    }

    /// The next message of a room, or the first one after it came in.
    fn take(&mut self, room: RoomId, id: u64, first: u64) {
        let next = self.next.entry(room).or_insert(first);
        if self.first.remove(&room).is_some_and(|first| first.contains(&id)) {
            *next = id;
        }
        assert_eq!(id, *next, "{} in {room}", self.user);
        *next += 1;
    }

    /// As far as it knows: what is told to it alone may be of a room that it has left since, or
    /// is about to have left, as its thread has read already.
    pub fn is_in(&self, room: RoomId) -> bool {
        number(room).is_none_or(|no| self.rooms.contains(&no))
    }

    fn hear_of(&mut self, news: &RoomNews) {
        let Some(no) = number(news.room) else { panic!("news of {}", news.room) };
        let is_invited = matches!(&news.what, News::Invited(_));
        if is_invited || !self.is_in(news.room) {
            return;
        }
        let is_out = match &news.what {
            News::Left => news.by.id == self.user,
            News::Kicked(whom, _) => whom.id == self.user,
            News::Sanctioned(sanction, _) => {
                let key = &sanction.key;
                key.measure == Measure::Ban && key.against == Against::One(self.user)
            }
            _ => false,
        };
        // What it was shown stays shown: where its thread has read on behind a coming back that it
        // hears of only now, that does not come again.
        if is_out {
            self.rooms.remove(&no);
        }
    }

    fn answered(&mut self, reference: Option<&Reference>) {
        let at = self.unanswered.iter().position(|asked| asked.as_ref() == reference);
        let at = at.unwrap_or_else(|| panic!("an answer to nothing: {reference:?}"));
        self.unanswered.remove(at);
    }

    pub fn has_seen_all(&self, store: &Store) {
        if !self.user.is_guest() {
            let rooms = store.halls.rooms_of(self.user);
            let rooms: BTreeSet<_> = rooms.into_iter().map(|(room, _)| room.no).collect();
            assert_eq!(self.rooms, rooms, "the rooms of {}", self.user);
        }
        for room in store.rooms_of(self.user) {
            let next = self.next.get(&room).copied();
            let all = Some(store.room(room).len() as u64 + 1);
            let began_later = next.is_none() && self.user.is_guest();
            assert!(began_later || next == all, "{} in {room}: {next:?}, {all:?}", self.user);
        }
    }
}

fn is_about_rooms(code: ErrorCode) -> bool {
    use ErrorCode::{
        Banned, Internal, InviteOnly, NoGuestsHere, NoSanction, NotAllowed, NotMember, NotThere,
        UnknownRoom,
    };
    let codes = [Banned, Internal, InviteOnly, NoGuestsHere, NoSanction];
    codes.contains(&code) || [NotAllowed, NotMember, NotThere, UnknownRoom].contains(&code)
}

/// What a notice does to a list of who is there.
pub fn hear(roster: &mut Roster, event: &Event) {
    match event {
        Event::Said { .. } => {}
        Event::Came(member) => roster.extend(named(std::slice::from_ref(member))),
        Event::Left(member, _) => drop(roster.remove(&member.id)),
        Event::Crowd { came, left, .. } => {
            left.iter().for_each(|member| drop(roster.remove(&member.id)));
            roster.extend(named(came));
        }
        // As clients do: who is renamed is there.
        Event::Renamed(member) | Event::RenameDone(member) => {
            roster.entry(member.id).or_default().0 = Arc::clone(&member.name);
        }
        Event::Absent(members) => {
            for member in members.iter() {
                roster.entry(member.id).or_default().1.clone_from(&member.absence);
            }
        }
        Event::AbsenceDone(me) => {
            roster.entry(me.id).or_default().1.clone_from(&me.absence);
        }
        // A guest's greeting; it was attached before.
        Event::Welcome(_) => {}
        other => panic!("{other:?}"),
    }
}

fn named(members: &[Member]) -> Roster {
    let shown = |member: &Member| (Arc::clone(&member.name), member.absence.clone());
    members.iter().map(|member| (member.id, shown(member))).collect()
}
