//! Hub, journal, store and session threads, played naively over inputs and effects.

mod halls;
mod peer;
mod rest;
mod rooms;
mod store;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use hubbub::protocol::{
    Absence, AbsenceKind, Act, Append, ErrorCode, Event, Leaving, Measure, Millis, Name, Party,
    Reference, RoomId, SanctionKey, SessionId, Text, UserId,
};
use hubbub::state::Fate::Sent;
use hubbub::state::{Attach, Effect, Input, Moment, Posted, State};

use super::{Ask, Op, Somebody};
use peer::{Peer, Phase};
use rooms::Job;
use store::Store;

/// Accounts there are: 100, 101, and so on.
pub const ACCOUNTS: usize = 12;

/// Names they may take; the first two are one name by its profile.
pub const NAMES: &[&str] = &["tom", "TOM", "ann", "bob"];

/// Rooms there are.
pub const ROOMS: usize = 3;

/// What the store does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Stored,
    Refused,
}

#[derive(Debug)]
pub struct World {
    state: State,
    now: Moment,
    store: Store,
    /// Sends and changes on their way to the store.
    journal: VecDeque<(SessionId, Job)>,
    /// What became of them, on its way back.
    known: VecDeque<Posted>,
    peers: BTreeMap<SessionId, Peer>,
    /// Those who are told what all are told.
    room: BTreeSet<SessionId>,
    /// Those who are told what is told in a room.
    subscribed: BTreeSet<(RoomId, SessionId)>,
    /// Who is online under which name, by what was told to all.
    town: Roster,
    /// The last id of each room that was shown.
    shown: BTreeMap<RoomId, u64>,
    /// What holds, by what was told.
    held: BTreeSet<SanctionKey>,
    /// When they last said something where they were slowed.
    spoken: BTreeMap<(RoomId, UserId), Millis>,
    n_opened: u64,
    n_stops: usize,
    /// What is told now has just become so; otherwise it may be news that waited.
    is_posting: bool,
    is_stopping: bool,
}

impl World {
    pub fn new() -> Self {
        Self {
            state: State::new("epoch".into(), 1),
            now: Moment::default(),
            store: Store::new(),
            journal: VecDeque::new(),
            known: VecDeque::new(),
            peers: BTreeMap::new(),
            room: BTreeSet::new(),
            subscribed: BTreeSet::new(),
            town: BTreeMap::new(),
            shown: BTreeMap::new(),
            held: BTreeSet::new(),
            spoken: BTreeMap::new(),
            n_opened: 0,
            n_stops: 0,
            is_posting: false,
            is_stopping: false,
        }
    }

    pub fn play(&mut self, op: &Op) {
        match *op {
            Op::Open(who) => self.open(who),
            Op::LogIn(slot, who) => self.log_in(slot, who),
            Op::Acts(slot, ref asks) => self.ask_one(slot, asks),
            Op::Flood(slot) => {
                let flood = vec![Ask::SayToAll { reference: None, text: u8::MAX }; 140];
                self.ask_one(slot, &flood);
            }
            Op::Room(slot, room, what) => self.do_in_room(slot, room, what),
            Op::Step(slot) => {
                if let Some(id) = self.choose(slot, |peer| peer.phase.is_stepping()) {
                    self.step(id);
                }
            }
            Op::Leave(slot, why) => {
                if let Some(id) = self.choose(slot, |peer| !peer.phase.is_over()) {
                    self.leave(id, why);
                }
            }
            Op::Commit(n, fate) => self.commit(n, fate),
            Op::Post(n) => self.post(n),
            Op::Wait(ms) => self.wait(ms),
            Op::Shutdown if self.is_stopping => {}
            Op::Shutdown => {
                self.is_stopping = true;
                self.apply(Input::Shutdown);
            }
        }
    }

    /// One of the sessions for which this is so.
    fn choose(&self, slot: usize, is_meant: impl Fn(&Peer) -> bool) -> Option<SessionId> {
        let ids: Vec<_> =
            self.peers.iter().filter(|(_, peer)| is_meant(peer)).map(|(id, _)| *id).collect();
        ids.get(slot % ids.len().max(1)).copied()
    }

    pub fn session_of(&self, user: UserId) -> Option<SessionId> {
        self.peers.iter().find(|(_, p)| p.user == user && !p.phase.is_over()).map(|(id, _)| *id)
    }

    /// Somebody comes and catches up at once.
    pub fn arrive(&mut self, who: Somebody) {
        self.open(who);
        let id = SessionId(self.n_opened);
        while self.peers[&id].phase.is_stepping() {
            self.step(id);
        }
    }

    fn open(&mut self, who: Somebody) {
        self.n_opened += 1;
        let id = SessionId(self.n_opened);
        self.peers.insert(id, Peer::new(UserId(0)));
        self.attach(id, who);
    }

    /// Only a guest who is in can log in; its thread waits until it is attached again.
    fn log_in(&mut self, slot: usize, who: Somebody) {
        let is_guest = |peer: &Peer| peer.user.is_guest() && peer.phase == Phase::Live;
        if let Some(id) = self.choose(slot, is_guest) {
            self.attach(id, who);
        }
    }

    fn attach(&mut self, id: SessionId, who: Somebody) {
        let (user, device) = match who {
            Somebody::Guest => (UserId(-(id.0 as i64)), None),
            Somebody::Account(account, device) => (UserId(100 + account as i64), device),
        };
        let name = self.store.names.get(&user).cloned();
        let shared = name.as_ref().is_some_and(|name| self.store.bearers(name) > 1);
        let device = device.map(store::device);
        let peer = self.peers.get_mut(&id).unwrap();
        peer.becomes = Some((user, device.clone()));
        peer.phase = Phase::Attaching;
        let ignored: Vec<_> = self.store.ignored_by(user).collect();
        peer.reads.clone_from(&ignored);
        let address = format!("10.0.0.{0}:{0}", id.0).into();
        let receipts = hubbub::protocol::Receipts::default();
        let (rooms, operator, called) = (true, false, device.clone());
        let attach = Attach {
            session: id,
            user,
            name,
            shared,
            address,
            device,
            called,
            receipts,
            rooms,
            operator,
            ip: Some(rooms::address_of(id)),
            ignored,
        };
        self.apply(Input::Attach(Box::new(attach)));
    }

    fn ask_one(&mut self, slot: usize, asks: &[Ask]) {
        if let Some(id) = self.choose(slot, |peer| peer.phase == Phase::Live) {
            self.ask(id, asks);
        }
    }

    /// What the session's thread makes of what its peer asks.
    pub fn ask(&mut self, id: SessionId, asks: &[Ask]) {
        let acts: Vec<_> = asks.iter().filter_map(|ask| self.act(id, ask)).collect();
        let peer = self.peers.get_mut(&id).unwrap();
        for act in &acts {
            peer.issue(act);
        }
        self.apply(Input::Acts { session: id, acts });
    }

    fn act(&mut self, id: SessionId, ask: &Ask) -> Option<Act> {
        let peer = &self.peers[&id];
        let send = |room, reference: Option<u8>, text: u8| Act::Send {
            room,
            text: text_of(text),
            reference: reference.map(|n| Reference::new(&format!("r{n}")).unwrap()),
            about: None,
        };
        Some(match *ask {
            Ask::SayToAll { reference, text } => send(RoomId::Lobby, reference, text),
            Ask::SayInRoom { room, reference, text } => {
                send(self.store.halls.room(room).id(), Some(reference), text)
            }
            Ask::SayToOne { other, reference, text } => {
                // A guest's own thread refuses this; the rules must, too.
                let room = RoomId::pair(peer.user, UserId(100 + other as i64));
                send(room, reference, text)
            }
            Ask::About { what, room, message, reference } => {
                self.send_about(what, (room, message), reference)
            }
            Ask::Ignore(whom, is_so) => {
                let (user, whom) = (peer.user, UserId(100 + whom as i64));
                if user.is_guest() || user == whom {
                    return None;
                }
                // Its thread has the list changed first.
                self.store.ignore(user, whom, is_so);
                Act::Ignore(Party { id: whom, name: "somebody".into() }, is_so)
            }
            Ask::Who => Act::Who,
            Ask::Away(is_away) => {
                let away = Absence { kind: AbsenceKind::Away, note: None };
                Act::Absence(is_away.then_some(away))
            }
            Ask::Received => {
                let (room, next) = peer.next.iter().next()?;
                Act::Received { room: *room, up_to: hubbub::protocol::MessageId(next - 1) }
            }
            Ask::Rename(name) => {
                let name = Name::new(NAMES[name]).unwrap();
                let user = peer.user;
                if user.is_guest() && self.store.bearers(&name) > 0 {
                    return None;
                }
                let is_account = !user.is_guest();
                if is_account {
                    self.store.names.insert(user, name.clone());
                }
                let shared = is_account && self.store.bearers(&name) > 1;
                Act::Rename { name, shared }
            }
        })
    }

    /// The session's own thread: reads all that the store has, then says how far it came.
    fn step(&mut self, id: SessionId) {
        let peer = self.peers.get_mut(&id).unwrap();
        match std::mem::replace(&mut peer.phase, Phase::Reading) {
            Phase::Asking => peer.ask_for_rooms(&self.store),
            Phase::Handing(rooms) => {
                peer.phase = Phase::Waiting;
                self.apply(Input::Rooms { session: id, rooms });
            }
            Phase::Telling(room, up_to) => peer.tell_before(room, up_to),
            Phase::Reading => {
                peer.phase = Phase::Saying(peer.read(&self.store));
            }
            Phase::Saying(taken) => self.apply(Input::CaughtUp { session: id, taken }),
            other => peer.phase = other,
        }
    }

    pub fn leave(&mut self, id: SessionId, why: Leaving) {
        self.peers.get_mut(&id).unwrap().phase = Phase::Leaving;
        self.apply(Input::Detach { session: id, why });
    }

    fn commit(&mut self, n: usize, fate: Fate) {
        for _ in 0..n {
            let Some((session, job)) = self.journal.pop_front() else { return };
            let append = match job {
                Job::Append(append) => append,
                Job::Change(change) => {
                    self.commit_change(session, change, fate);
                    continue;
                }
            };
            let outcome = match fate {
                Fate::Stored => self.store.append(&append),
                Fate::Refused => Err(ErrorCode::StoreUnavailable),
            };
            let (reference, bytes) = (append.reference, append.text.as_str().len());
            let fate = Sent { reference, nonce: append.nonce, bytes, outcome };
            self.known.push_back(Posted { session, fate });
        }
    }

    fn post(&mut self, n: usize) {
        let n = n.min(self.known.len());
        if n > 0 {
            let posted: Vec<_> = self.known.drain(..n).collect();
            // Perhaps nobody is there who is told of it.
            posted.iter().for_each(|posted| self.note_lifted(posted));
            self.is_posting = true;
            self.apply(Input::Posted(posted));
            self.is_posting = false;
        }
    }

    /// Time goes by, with a tick at every deadline, as the stage does it.
    fn wait(&mut self, ms: i64) {
        let until = self.now.tick.plus(ms);
        while let Some(deadline) = self.state.deadline().filter(|deadline| *deadline <= until) {
            self.set_clock(deadline.max(self.now.tick));
            self.apply(Input::Tick);
            assert_ne!(self.state.deadline(), Some(deadline), "the deadline is served");
        }
        self.set_clock(until);
    }

    fn set_clock(&mut self, tick: Millis) {
        self.now = Moment { wall: Millis(1_000_000).plus(tick.0), tick };
    }

    fn apply(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.state.apply(input, self.now, &mut effects);
        effects.into_iter().for_each(|effect| self.perform(effect));
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Enter(id) => assert!(self.room.insert(id), "{id:?} enters twice"),
            Effect::Leave(id) => {
                assert!(self.room.remove(&id), "{id:?} leaves but is not in");
                self.peer(id).is_done_with("leaves");
                let left = self.subscribed.iter().find(|(_, other)| *other == id);
                assert_eq!(left, None, "leaves and is still told");
            }
            Effect::All { event, from, deaf } => self.tell_all(&event, from, &deaf),
            Effect::One { session, event, .. } => self.tell(session, &event),
            Effect::Append { session, append } => self.accept(session, append),
            Effect::Cursor { account, device, room, up_to } => {
                assert!(!account.is_guest(), "a guest has no cursor");
                self.store.advance(account, device, room, up_to.0);
            }
            Effect::Read { account, .. } => assert!(!account.is_guest(), "a guest has no marks"),
            Effect::Finished { session, acts, .. } => self.peer(session).finish(acts),
            Effect::Attached { session, welcome } => {
                let lobby = self.shown.get(&RoomId::Lobby).copied().unwrap_or(0);
                // In a crowd names are told later, at the deadline.
                if let Some(name) = self.town.get(&welcome.me.id)
                    && self.state.deadline().is_none()
                {
                    assert_eq!(name.0, welcome.me.name, "one's own name");
                }
                let me = welcome.me.id;
                let is_first = !self.peers.iter().any(|(id, peer)| {
                    *id != session && peer.user == me && peer.phase != Phase::Gone
                });
                self.peers.get_mut(&session).unwrap().attached(&welcome, lobby, is_first);
            }
            Effect::Caught { session, live } => {
                self.peers.get_mut(&session).unwrap().caught(live, &self.store);
            }
            Effect::Detached(id) => {
                assert!(!self.room.contains(&id), "{id:?} is detached and still in");
                let left = self.subscribed.iter().find(|(_, other)| *other == id);
                assert_eq!(left, None, "is detached and still told");
                self.peer(id).detached();
            }
            Effect::Stop(_) => {
                self.n_stops += 1;
                assert!(self.is_stopping && self.n_stops == 1, "it stops once");
            }
            other => self.perform_in_room(other),
        }
    }

    /// A send is accepted: may it be?
    fn accept(&mut self, session: SessionId, append: Append) {
        assert_eq!(
            Some(&append.name),
            self.town.get(&append.sender).map(|(name, _)| name),
            "the name"
        );
        assert_eq!(append.sender, self.peer(session).user, "the sender");
        assert!(!self.is_stopping, "a send is accepted in a shutdown");
        let is_delete =
            append.about.is_some_and(|about| about.what == hubbub::protocol::What::Delete);
        let is_mute = self.is_held(append.room, session, Measure::Mute);
        assert!(!is_mute || is_delete, "a mute speaks");
        if !is_delete {
            self.check_slow(session, &append);
        }
        self.check_about(&append);
        assert!(is_delete || !self.is_refused(&append), "it reaches who ignores it");
        self.journal.push_back((session, Job::Append(append)));
    }

    fn tell_all(&mut self, event: &Event, from: Option<SessionId>, deaf: &[SessionId]) {
        match event {
            Event::Said { message, .. } => {
                let sender = message.sender;
                assert!(self.town.contains_key(&sender), "{sender} left before its words");
                let shown = self.shown.entry(message.room).or_default();
                assert_eq!(*shown + 1, message.id.0, "messages are shown in order");
                *shown = message.id.0;
            }
            Event::Left(member, _) => {
                let is_theirs = |peer: &&Peer| peer.user == member.id;
                self.peers.values().filter(is_theirs).for_each(|peer| peer.is_done_with("left"));
            }
            Event::Renamed(member) => {
                if let Some(id) = from {
                    self.peer(id).renamed(member);
                }
            }
            _ => {}
        }
        peer::hear(&mut self.town, event);
        let is_told = |id: &SessionId| !deaf.contains(id);
        for id in self.room.clone().into_iter().filter(is_told) {
            self.tell(id, event);
        }
    }

    fn tell(&mut self, id: SessionId, event: &Event) {
        self.note_order(event);
        let peer = self.peers.get_mut(&id).unwrap();
        peer.hear(event, &self.store);
    }

    fn peer(&mut self, id: SessionId) -> &mut Peer {
        self.peers.get_mut(&id).unwrap()
    }

    /// Everything on its way arrives: the store answers, all threads catch up.
    pub fn come_to_rest(&mut self) {
        loop {
            self.commit(usize::MAX, Fate::Stored);
            self.post(usize::MAX);
            match self.choose(0, |peer| peer.phase.is_stepping()) {
                Some(id) => self.step(id),
                // What waited for a send may be another send.
                None if self.journal.is_empty() => break,
                None => {}
            }
        }
        self.wait(10_000);
    }
}

/// Under which name somebody is there, and in what way not quite.
pub type Roster = BTreeMap<UserId, (Arc<str>, Option<Arc<Absence>>)>;

/// A few texts; the last is as long as texts can be.
fn text_of(n: u8) -> Text {
    let text = if n == u8::MAX { "x".repeat(Text::MAX) } else { format!("text {n}") };
    Text::new(&text).unwrap()
}
