//! Several servers on one store of several feeds, each of which is read at its own pace: news of
//! people come by one feed, what is said and done in a room by that of the room, and no feed waits
//! for another. Servers are given up, killed, cannot write, and begin anew. Every person hears
//! every message of their rooms once and in order; when all have heard everything, all servers know
//! who is there and who is in which room.

mod peer;
mod plays;
mod store;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hubbub::protocol::{
    Act, ErrorCode, Event, Leaving, Millis, Name, NodeId, Original, Party, RoomAct, RoomAsk,
    RoomId, RoomKind, RoomName, SessionId, Target, Text, UserId, What, Who,
};
use hubbub::state::{Effect, Heard, Input, Moment, Posted, State};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::cluster::attach;
use peer::{Peer, Phase};
use plays::{Do, Op, Where, op};
use store::{Done, FEEDS, Job, News, Store};

const NODES: usize = 3;
const ACCOUNTS: usize = 4;
const ROOMS: usize = 4;

/// The session of a guest on every node who looks on.
const WITNESS: SessionId = SessionId(1);

#[derive(Debug)]
struct Node {
    id: NodeId,
    state: State,
    /// Entries that it has heard of each feed.
    heard: [usize; FEEDS],
    journal: VecDeque<(SessionId, Job)>,
    peers: BTreeMap<SessionId, Peer>,
    /// Those who are told with all others, in the lobby and in rooms.
    entered: BTreeSet<SessionId>,
    subscribed: BTreeSet<(RoomId, SessionId)>,
    /// The answers to the witness's questions.
    online: BTreeSet<UserId>,
    n_in_rooms: BTreeMap<RoomId, usize>,
}

#[derive(Debug)]
struct World {
    nodes: Vec<Node>,
    store: Store,
    now: Moment,
    n_ids: u64,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            nodes: Vec::new(),
            store: Store::new(ROOMS),
            now: Moment { wall: Millis(1_000_000), tick: Millis(0) },
            n_ids: 1,
        };
        for at in 0..NODES {
            let node = world.begin();
            world.nodes.push(node);
            world.greet(at);
        }
        world
    }

    fn begin(&mut self) -> Node {
        self.n_ids += 1;
        let id = NodeId(self.n_ids);
        let places = self.store.places.iter();
        let others: Vec<_> =
            places.map(|(id, all)| (*id, all.values().cloned().collect())).collect();
        self.store.places.insert(id, BTreeMap::new());
        Node {
            id,
            state: State::new("epoch".into(), id.first_nonce()).among(id, FEEDS, &others),
            heard: std::array::from_fn(|feed| self.store.feeds[feed].len()),
            journal: VecDeque::new(),
            peers: BTreeMap::new(),
            entered: BTreeSet::new(),
            subscribed: BTreeSet::new(),
            online: BTreeSet::new(),
            n_in_rooms: BTreeMap::new(),
        }
    }

    /// The witness comes in.
    fn greet(&mut self, at: usize) {
        self.come(at, WITNESS, UserId(-1_000 - self.n_ids as i64));
    }

    fn come(&mut self, at: usize, session: SessionId, user: UserId) {
        let name = (!user.is_guest()).then(|| Name::of_id(user));
        let address = format!("10.0.0.{at}:{}", session.0).into();
        let attach = hubbub::state::Attach { address, rooms: true, ..attach(session, user, name) };
        self.nodes[at].peers.insert(session, Peer::new(user));
        self.apply(at, Input::Attach(Box::new(attach)));
    }

    fn apply(&mut self, at: usize, input: Input) {
        let mut effects = Vec::new();
        self.nodes[at].state.apply(input, self.now, &mut effects);
        for effect in effects {
            self.nodes[at].perform(effect, &self.store);
        }
    }

    fn hear(&mut self, at: usize, feed: usize, n: usize) {
        for _ in 0..n {
            let node = &mut self.nodes[at];
            let Some(entry) = self.store.feeds[feed].get(node.heard[feed]) else { return };
            node.heard[feed] += 1;
            let heard = match entry {
                News::Done { from, session, done, room } => {
                    let posted = Posted { session: *session, fate: done.fate() };
                    Heard::Posted { from: *from, posted, room: room.clone() }
                }
                News::Told(from, tiding) => {
                    Heard::Told { from: *from, tidings: vec![tiding.clone()] }
                }
                News::Gone(node) => Heard::Gone(*node),
            };
            self.apply(at, Input::Heard(vec![heard]));
        }
    }

    fn commit(&mut self, at: usize, n: usize) {
        let node = &mut self.nodes[at];
        for _ in 0..n {
            let Some((session, job)) = node.journal.pop_front() else { return };
            self.store.commit(node.id, session, job);
        }
    }

    /// Nothing of it is written.
    fn refuse(&mut self, at: usize) {
        let mut posted = Vec::new();
        let mut is_untold = false;
        let code = ErrorCode::StoreUnavailable;
        for (session, job) in std::mem::take(&mut self.nodes[at].journal) {
            let done = match job {
                Job::Tell(_) => {
                    is_untold = true;
                    continue;
                }
                Job::Append(append) => Done::Said(append, Err(code)),
                Job::Change(change) => Done::Changed(change, Err(code)),
                Job::Delete(account) => Done::Deleted(account, Err(code)),
                Job::Mark => Done::Marked(Err(code)),
            };
            posted.push(Posted { session, fate: done.fate() });
        }
        if is_untold {
            self.apply(at, Input::Untold);
        }
        if !posted.is_empty() {
            self.apply(at, Input::Posted(posted));
        }
    }

    fn step(&mut self, op: Op) {
        match op {
            Op::LogIn(at, account) => {
                let user = UserId(100 + account as i64);
                if !self.store.deleted.contains(&user) {
                    self.n_ids += 1;
                    self.come(at, SessionId(self.n_ids), user);
                }
            }
            Op::Enter(at) => {
                self.n_ids += 1;
                self.come(at, SessionId(self.n_ids), UserId(-(self.n_ids as i64)));
            }
            Op::Leave(at, slot) => {
                if let Some(id) = self.choose(at, slot, |peer| peer.phase != Phase::Leaving) {
                    self.leave(at, id);
                }
            }
            Op::Step(at, slot) => {
                if let Some(id) = self.choose(at, slot, Peer::is_stepping) {
                    self.go_on(at, id);
                }
            }
            Op::Say(at, slot, place) => self.say(at, slot, place),
            Op::Room(at, slot, room, deed) => self.in_room(at, slot, room, deed),
            Op::Delete(at, slot) => {
                self.act(at, slot, |_, user| {
                    (!user.is_guest()).then_some(Act::DeleteAccount { erase: false })
                });
            }
            Op::Commit(at, n) => self.commit(at, n),
            Op::Refuse(at) => self.refuse(at),
            Op::Hear(at, feed, n) => self.hear(at, feed, n),
            Op::GiveUp(at) => self.store.remove(self.nodes[at].id),
            Op::TakeBack(at) => self.take_back(at),
            Op::Kill(at) => {
                self.store.remove(self.nodes[at].id);
                self.nodes[at] = self.begin();
                self.greet(at);
            }
            Op::Wait(ms) => {
                self.now.wall = self.now.wall.plus(ms);
                self.now.tick = self.now.tick.plus(ms);
                (0..NODES).for_each(|at| self.apply(at, Input::Tick));
            }
        }
    }

    fn take_back(&mut self, at: usize) {
        if let Entry::Vacant(place) = self.store.places.entry(self.nodes[at].id) {
            place.insert(BTreeMap::new());
            self.apply(at, Input::Announce);
        }
    }

    fn choose(&self, at: usize, slot: usize, is_it: impl Fn(&Peer) -> bool) -> Option<SessionId> {
        let peers = self.nodes[at].peers.iter().filter(|(id, _)| **id != WITNESS);
        let fitting: Vec<_> = peers.filter(|(_, peer)| is_it(peer)).map(|(id, _)| *id).collect();
        fitting.get(slot.checked_rem(fitting.len())?).copied()
    }

    fn leave(&mut self, at: usize, session: SessionId) {
        self.nodes[at].peer(session).phase = Phase::Leaving;
        self.apply(at, Input::Detach { session, why: Leaving::Logout });
    }

    fn go_on(&mut self, at: usize, session: SessionId) {
        let node = &mut self.nodes[at];
        let peer = node.peers.get_mut(&session).unwrap();
        let user = peer.user;
        match std::mem::replace(&mut peer.phase, Phase::Said) {
            Phase::Asking => peer.phase = Phase::Handing(self.store.rooms_of(user)),
            Phase::Handing(rooms) => {
                peer.phase = Phase::Waiting;
                self.apply(at, Input::Rooms { session, rooms });
            }
            Phase::Reading(mut rooms) => {
                peer.phase = match rooms.pop() {
                    Some(room) => {
                        peer.read(room, &self.store);
                        Phase::Reading(rooms)
                    }
                    None => Phase::Saying,
                };
            }
            Phase::Saying => {
                let taken = peer.taken();
                self.apply(at, Input::CaughtUp { session, taken });
            }
            Phase::Telling(room, up_to) => {
                let taken = vec![(room, hubbub::protocol::MessageId(up_to))];
                self.apply(at, Input::CaughtUp { session, taken });
            }
            Phase::Ending => self.leave(at, session),
            other => panic!("nobody steps in {other:?}"),
        }
    }

    /// A live session asks for something.
    fn act(
        &mut self,
        at: usize,
        slot: usize,
        ask: impl FnOnce(&Store, UserId) -> Option<Act>,
    ) -> Option<SessionId> {
        let session = self.choose(at, slot, |peer| peer.phase == Phase::Live)?;
        let act = ask(&self.store, self.nodes[at].peers[&session].user)?;
        if let Act::Create { .. } = act {
            self.nodes[at].peer(session).phase = Phase::Joining;
        }
        if let Act::Room(act) = &act
            && act.ask == RoomAsk::Join
        {
            self.nodes[at].peer(session).phase = Phase::Joining;
        }
        self.apply(at, Input::Acts { session, acts: vec![act] });
        Some(session)
    }

    fn say(&mut self, at: usize, slot: usize, place: Where) {
        self.act(at, slot, |store, user| {
            let room = match place {
                Where::Lobby => RoomId::Lobby,
                Where::To(other) => RoomId::pair(user, UserId(100 + other as i64)),
                Where::Room(n) => store.choose(n)?.id(),
            };
            let text = Text::new("text").unwrap();
            Some(Act::Send { room, text, reference: None, about: None })
        });
    }

    fn in_room(&mut self, at: usize, slot: usize, room: usize, deed: Do) {
        self.act(at, slot, |store, user| {
            if let Do::Create = deed {
                let name = RoomName::new(&format!("more{room}")).unwrap();
                return Some(Act::Create { name, kind: RoomKind::Open, guests: true });
            }
            let room = store.choose(room)?;
            let mine = match user.is_guest() {
                true => hubbub::protocol::Standing::default(),
                false => store.standing(room.no, user),
            };
            let (whom, ask) = match deed {
                Do::Join => (None, RoomAsk::Join),
                Do::Part => (None, RoomAsk::Part),
                Do::Close | Do::Create => (None, RoomAsk::Close),
                Do::Kick(other) => {
                    let id = UserId(100 + other as i64);
                    let whom = Party { id, name: id.to_string().into() };
                    let standing = store.standing(room.no, id);
                    (Some((whom, standing)), RoomAsk::Kick(Who::Id(id), None))
                }
            };
            Some(Act::Room(Box::new(RoomAct { room, mine, whom, ask })))
        });
    }

    /// Everybody has a place, everything is written and heard, all threads have gone on.
    fn settle(&mut self) {
        (0..NODES).for_each(|at| self.take_back(at));
        for _ in 0..100 {
            for at in 0..NODES {
                self.commit(at, usize::MAX);
                (0..FEEDS).rev().for_each(|feed| self.hear(at, feed, usize::MAX));
                while let Some(id) = self.choose(at, 0, Peer::is_stepping) {
                    self.go_on(at, id);
                }
            }
            self.step(Op::Wait(5_000));
            if self.is_at_rest() {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn is_at_rest(&self) -> bool {
        self.nodes.iter().all(|node| {
            let has_heard = (0..FEEDS).all(|feed| node.heard[feed] == self.store.feeds[feed].len());
            let is_stepping = node.peers.values().any(Peer::is_stepping);
            has_heard && node.journal.is_empty() && !is_stepping
        })
    }

    fn check(&mut self) {
        self.settle();
        let rooms = self.store.all_rooms();
        for at in 0..NODES {
            let acts = vec![Act::Who, Act::Rooms(rooms.clone(), false)];
            self.apply(at, Input::Acts { session: WITNESS, acts });
        }
        let peers = || self.nodes.iter().flat_map(|node| node.peers.values());
        let there: BTreeSet<_> = peers().map(|peer| peer.user).collect();
        let is_in = |room: &hubbub::protocol::NamedRoom, user: UserId| match user.is_guest() {
            true => peers().any(|peer| peer.user == user && peer.rooms.contains(&room.no)),
            false => self.store.since(room.no, user).is_some(),
        };
        let counted = |room: &hubbub::protocol::NamedRoom| {
            (room.id(), there.iter().filter(|user| is_in(room, **user)).count())
        };
        let n_in_rooms: BTreeMap<_, _> = rooms.iter().map(counted).collect();
        for node in &self.nodes {
            assert_eq!(node.online, there, "who is there, on {}", node.id);
            assert_eq!(node.n_in_rooms, n_in_rooms, "who is in which room, on {}", node.id);
            let peers = node.peers.iter().filter(|(id, _)| **id != WITNESS);
            peers.for_each(|(_, peer)| peer.has_all(&self.store));
        }
    }
}

impl Node {
    fn peer(&mut self, id: SessionId) -> &mut Peer {
        self.peers.get_mut(&id).unwrap()
    }

    fn perform(&mut self, effect: Effect, store: &Store) {
        match effect {
            Effect::Enter(id) => assert!(self.entered.insert(id), "{id:?} enters twice"),
            Effect::Leave(id) => assert!(self.entered.remove(&id), "{id:?} leaves and was not in"),
            Effect::Subscribe { session, room } => {
                assert!(self.subscribed.insert((room, session)), "{session:?} is told twice");
            }
            Effect::Unsubscribe { session, room } => {
                assert!(self.subscribed.remove(&(room, session)), "{session:?} was not told");
            }
            Effect::All { event, .. } => {
                for id in self.entered.clone() {
                    self.tell(id, &event);
                }
            }
            Effect::Room { room, event, .. } => {
                let told = self.subscribed.iter().filter(|(its, _)| *its == room);
                for id in told.map(|(_, id)| *id).collect::<Vec<_>>() {
                    self.tell(id, &event);
                }
            }
            Effect::One { session, event, .. } => self.tell(session, &event),
            Effect::Append { session, append } => {
                self.journal.push_back((session, Job::Append(append)));
            }
            Effect::Change { session, change } => {
                self.journal.push_back((session, Job::Change(change)));
            }
            Effect::Delete { session, account, .. } => {
                self.journal.push_back((session, Job::Delete(account)));
            }
            Effect::Mark(session) => self.journal.push_back((session, Job::Mark)),
            Effect::Tell(tiding) => self.journal.push_back((SessionId(0), Job::Tell(tiding))),
            Effect::Ready { session, rooms } => self.peer(session).ready(&rooms, store),
            Effect::Joined { session, joined } => self.peer(session).joined(joined),
            Effect::Caught { session, live } => {
                let peer = self.peer(session);
                match live {
                    _ if peer.is_over() => {}
                    true => peer.phase = Phase::Live,
                    false => peer.begin_reading(store),
                }
            }
            Effect::End { session, .. } => {
                let peer = self.peer(session);
                if peer.phase != Phase::Leaving {
                    peer.phase = Phase::Ending;
                }
            }
            Effect::Detached(session) => {
                assert!(!self.entered.contains(&session), "{session:?} is gone and still told");
                self.peers.remove(&session);
            }
            _ => {}
        }
    }

    fn tell(&mut self, session: SessionId, event: &Event) {
        match event {
            Event::Online(all) if session == WITNESS => {
                self.online = all.iter().map(|member| member.id).collect();
            }
            Event::Rooms { rooms, .. } if session == WITNESS => {
                self.n_in_rooms = rooms.iter().map(|(room, n)| (room.id(), *n)).collect();
            }
            event => self.peer(session).hear(event),
        }
    }
}

#[test]
fn everyone_hears_every_room_once_and_in_order_on_every_server() {
    let cases = std::env::var("HUBBUB_RULES_CASES").ok().and_then(|n| n.parse().ok());
    let cases = cases.unwrap_or(400);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    proptest!(config, |(ops in proptest::collection::vec(op(), 1..120))| {
        let mut world = World::new();
        ops.into_iter().for_each(|op| world.step(op));
        world.check();
    });
}

/// What was said in two rooms comes back in the other order: the last one is still the last.
#[test]
fn what_one_said_last_is_what_was_asked_for_last() {
    let mut world = World::new();
    world.step(Op::LogIn(0, 0));
    world.settle();
    world.say(0, 0, Where::Room(0));
    world.say(0, 0, Where::Lobby);
    world.commit(0, 2);
    (0..FEEDS).for_each(|feed| world.hear(0, feed, usize::MAX));
    world.act(0, 0, |_, _| {
        let about = Some(Target { what: What::Edit, of: Original::OwnLast });
        let text = Text::new("another").unwrap();
        Some(Act::Send { room: RoomId::Lobby, text, reference: None, about })
    });
    let (_, job) = world.nodes[0].journal.front().expect("something is to be written");
    assert!(matches!(job, Job::Append(append) if append.about.is_some()), "{job:?}");
}

/// Somebody is on a server for a moment and the others never hear of it: it is told again in which
/// rooms they are.
#[test]
fn a_visit_of_which_nobody_hears_leaves_no_gap() {
    use Op::{Commit, GiveUp, Hear, Leave, LogIn, Refuse, Step};
    let before = [LogIn(0, 1), Step(0, 0), Step(0, 0), Commit(0, 3)];
    let given_up = [GiveUp(1), Hear(1, 0, 4), LogIn(1, 1), Commit(1, 2), Leave(1, 0)];
    for visit in [given_up, [Hear(2, 0, 3), LogIn(2, 1), Leave(2, 0), Refuse(2), Step(0, 0)]] {
        let mut world = World::new();
        before.into_iter().chain(visit).for_each(|op| world.step(op));
        world.check();
    }
}
