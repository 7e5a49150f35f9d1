//! Several states that hear of each other by one feed, each as far behind as it likes; servers are
//! given up, killed, and begin anew. When all have heard everything, all know the same people
//! under the same names, and everybody was told of each coming and going once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use hubbub::protocol::{
    Act, ErrorCode, Event, Leaving, MessageId, Millis, Name, NamedRoom, NodeId, Present, Receipts,
    Role, RoomId, RoomKind, RoomName, RoomNo, SessionId, Tiding, Topic, UserId,
};
use hubbub::state::{Attach, Effect, Fate, Heard, Input, Moment, Posted, State};
use proptest::prelude::*;

const NODES: usize = 3;
const ACCOUNTS: usize = 4;
const NAMES: &[&str] = &["tom", "ann", "bob"];

/// The session of a guest on every node who looks on.
const WITNESS: SessionId = SessionId(1);

#[derive(Clone, Copy, Debug)]
enum Op {
    LogIn(usize, usize),
    Enter(usize),
    Leave(usize, usize),
    Rename(usize, usize, usize),
    /// A node reads so many entries of the feed.
    Hear(usize, usize),
    /// The others give a node up that is there.
    GiveUp(usize),
    /// It has its place again.
    TakeBack(usize),
    /// The next thing that it tells does not come through.
    Lose(usize),
    /// It ends on the spot, and another one begins.
    Kill(usize),
    Wait(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let node = || 0..NODES;
    prop_oneof![
        6 => (node(), 0..ACCOUNTS).prop_map(|(node, account)| Op::LogIn(node, account)),
        2 => node().prop_map(Op::Enter),
        5 => (node(), 0..8_usize).prop_map(|(node, n)| Op::Leave(node, n)),
        4 => (node(), 0..8_usize, 0..NAMES.len()).prop_map(|(node, n, name)| Op::Rename(node, n, name)),
        8 => (node(), 1..6_usize).prop_map(|(node, n)| Op::Hear(node, n)),
        1 => node().prop_map(Op::GiveUp),
        1 => node().prop_map(Op::TakeBack),
        1 => node().prop_map(Op::Lose),
        1 => node().prop_map(Op::Kill),
        2 => (0..2_000_i64).prop_map(Op::Wait),
    ]
}

/// An entry of the feed.
#[derive(Debug)]
enum News {
    Told(NodeId, Vec<Tiding>),
    Gone(NodeId),
}

#[derive(Debug)]
struct Node {
    id: NodeId,
    state: State,
    /// Entries that it has heard.
    heard: usize,
    sessions: BTreeMap<SessionId, UserId>,
    /// Who is there and under which name, as the witness was told.
    town: BTreeMap<UserId, String>,
    /// The answer to the witness's question.
    online: BTreeMap<UserId, String>,
    loses: bool,
}

/// The shared store, as far as it matters here, and the servers.
#[derive(Debug)]
struct World {
    nodes: Vec<Node>,
    feed: Vec<News>,
    /// Who is on which node that has a place.
    places: BTreeMap<NodeId, BTreeMap<UserId, Present>>,
    /// Names of accounts, as they are stored.
    names: BTreeMap<UserId, Option<Name>>,
    now: Moment,
    n_ids: u64,
}

impl World {
    fn new() -> Self {
        let names = (0..ACCOUNTS).map(|n| (UserId(100 + n as i64), None)).collect();
        let mut world = Self {
            nodes: Vec::new(),
            feed: Vec::new(),
            places: BTreeMap::new(),
            names,
            now: Moment { wall: Millis(1_000_000), tick: Millis(0) },
            n_ids: 1,
        };
        for _ in 0..NODES {
            let node = world.begin();
            world.nodes.push(node);
            world.greet(world.nodes.len() - 1);
        }
        world
    }

    fn begin(&mut self) -> Node {
        self.n_ids += 1;
        let id = NodeId(self.n_ids);
        let others: Vec<_> =
            self.places.iter().map(|(id, all)| (*id, all.values().cloned().collect())).collect();
        self.places.insert(id, BTreeMap::new());
        Node {
            id,
            state: State::new("epoch".into(), 1).among(id, 1, &others),
            heard: self.feed.len(),
            sessions: BTreeMap::new(),
            town: BTreeMap::new(),
            online: BTreeMap::new(),
            loses: false,
        }
    }

    /// The witness comes in and is told who is there.
    fn greet(&mut self, at: usize) {
        self.attach(at, WITNESS, UserId(-1_000 - self.n_ids as i64), None);
        self.ask(at);
        self.nodes[at].town = self.nodes[at].online.clone();
    }

    fn ask(&mut self, at: usize) {
        self.apply(at, Input::Acts { session: WITNESS, acts: vec![Act::Who] });
    }

    fn attach(&mut self, at: usize, session: SessionId, user: UserId, name: Option<Name>) {
        let bearers = self.names.values().flatten();
        let shared = name.as_ref().is_some_and(|name| bearers.filter(|n| *n == name).count() > 1);
        self.nodes[at].sessions.insert(session, user);
        let address = format!("10.0.0.{at}:{}", session.0).into();
        let attach = Attach { shared, address, ..attach(session, user, name) };
        self.apply(at, Input::Attach(Box::new(attach)));
    }

    fn apply(&mut self, at: usize, input: Input) {
        let mut effects = Vec::new();
        self.nodes[at].state.apply(input, self.now, &mut effects);
        for effect in effects {
            match effect {
                Effect::Tell(tiding) => self.tell(at, tiding),
                Effect::All { event, .. } => self.nodes[at].witness(&event),
                Effect::One { session: WITNESS, event, .. } => self.nodes[at].witness(&event),
                _ => {}
            }
        }
    }

    fn tell(&mut self, at: usize, tiding: Tiding) {
        let node = &mut self.nodes[at];
        if std::mem::take(&mut node.loses) {
            return self.apply(at, Input::Untold);
        }
        // Who was given up says nothing.
        let Some(place) = self.places.get_mut(&node.id) else { return };
        match &tiding {
            Tiding::Here(present) => drop(place.insert(present.user, (**present).clone())),
            Tiding::Gone(user, _) => drop(place.remove(user)),
            Tiding::All(all) => *place = all.iter().map(|p| (p.user, p.clone())).collect(),
            _ => {}
        }
        self.feed.push(News::Told(node.id, vec![tiding]));
    }

    fn hear(&mut self, at: usize, n: usize) {
        for _ in 0..n {
            let Some(entry) = self.feed.get(self.nodes[at].heard) else { return };
            let heard = match entry {
                News::Told(from, tidings) => Heard::Told { from: *from, tidings: tidings.clone() },
                News::Gone(node) => Heard::Gone(*node),
            };
            self.nodes[at].heard += 1;
            self.apply(at, Input::Heard(vec![heard]));
        }
    }

    fn remove(&mut self, id: NodeId) {
        if self.places.remove(&id).is_some() {
            self.feed.push(News::Gone(id));
        }
    }

    fn step(&mut self, op: Op) {
        match op {
            Op::LogIn(at, account) => {
                self.n_ids += 1;
                let (session, user) = (SessionId(self.n_ids), UserId(100 + account as i64));
                let name = self.names[&user].clone().unwrap_or_else(|| Name::of_id(user));
                self.attach(at, session, user, Some(name));
            }
            Op::Enter(at) => {
                self.n_ids += 1;
                let (session, user) = (SessionId(self.n_ids), UserId(-(self.n_ids as i64)));
                self.attach(at, session, user, None);
            }
            Op::Leave(at, n) => {
                let Some(session) = self.session(at, n) else { return };
                self.nodes[at].sessions.remove(&session);
                self.apply(at, Input::Detach { session, why: Leaving::Logout });
            }
            Op::Rename(at, n, name) => self.rename(at, n, NAMES[name]),
            Op::Hear(at, n) => self.hear(at, n),
            Op::GiveUp(at) => self.remove(self.nodes[at].id),
            Op::TakeBack(at) => {
                let id = self.nodes[at].id;
                if let Entry::Vacant(place) = self.places.entry(id) {
                    place.insert(BTreeMap::new());
                    self.apply(at, Input::Announce);
                }
            }
            Op::Lose(at) => self.nodes[at].loses = true,
            Op::Kill(at) => {
                self.remove(self.nodes[at].id);
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

    fn session(&self, at: usize, n: usize) -> Option<SessionId> {
        let others: Vec<_> =
            self.nodes[at].sessions.keys().filter(|session| **session != WITNESS).collect();
        (!others.is_empty()).then(|| *others[n % others.len()])
    }

    fn rename(&mut self, at: usize, n: usize, name: &str) {
        let Some(session) = self.session(at, n) else { return };
        // One account that takes two names on two servers within a millisecond bears one of them
        // until its next login, whichever the store has.
        self.now.wall = self.now.wall.plus(1);
        let (user, name) = (self.nodes[at].sessions[&session], Name::new(name).unwrap());
        let bearers = self.names.iter().filter(|(id, n)| **id != user && n.as_ref() == Some(&name));
        let shared = bearers.count() > 0;
        if user.is_guest() && shared {
            // The session's thread has seen that an account bears it.
            return;
        }
        if !user.is_guest() {
            self.names.insert(user, Some(name.clone()));
        }
        // A name that is stored and told to nobody, whose bearer then goes to another server before
        // it is told again, shows there at the next login.
        self.nodes[at].loses = false;
        let acts = vec![Act::Rename { name, shared }];
        self.apply(at, Input::Acts { session, acts });
    }

    /// Everybody has a place, tells what is left to tell, and hears everything.
    fn settle(&mut self) {
        for at in 0..NODES {
            self.nodes[at].loses = false;
            self.step(Op::TakeBack(at));
        }
        while self.nodes.iter().any(|node| node.heard < self.feed.len()) {
            (0..NODES).for_each(|at| self.hear(at, usize::MAX));
        }
        self.step(Op::Wait(5_000));
        while self.nodes.iter().any(|node| node.heard < self.feed.len()) {
            (0..NODES).for_each(|at| self.hear(at, usize::MAX));
        }
    }

    fn check(&mut self) {
        self.settle();
        (0..NODES).for_each(|at| self.ask(at));
        let there: BTreeSet<_> =
            self.nodes.iter().flat_map(|node| node.sessions.values().copied()).collect();
        for node in &self.nodes {
            assert!(node.online.keys().copied().eq(there.iter().copied()), "{:?}", node.online);
            assert_eq!(node.online, self.nodes[0].online, "other names on another node");
            assert_eq!(node.town, node.online, "what was told is not what is");
        }
    }
}

impl Node {
    fn witness(&mut self, event: &Event) {
        match event {
            Event::Online(all) => {
                let person = |m: &hubbub::protocol::Member| (m.id, m.name.to_string());
                self.online = all.iter().map(person).collect();
            }
            Event::Came(member) => {
                // Its own coming is told to a witness, too.
                let told = self.town.insert(member.id, member.name.to_string());
                assert!(told.is_none(), "{} came twice", member.id);
            }
            Event::Left(member, _) => {
                assert!(self.town.remove(&member.id).is_some(), "{} left twice", member.id);
            }
            Event::Renamed(member) => {
                self.town.insert(member.id, member.name.to_string());
            }
            Event::RenameDone(member) => {
                self.town.insert(member.id, member.name.to_string());
            }
            _ => {}
        }
    }
}

/// Somebody comes in.
pub fn attach(session: SessionId, user: UserId, name: Option<Name>) -> Attach {
    Attach {
        session,
        user,
        name,
        shared: false,
        address: "10.0.0.1:1".into(),
        device: None,
        called: None,
        ip: None,
        receipts: Receipts::default(),
        rooms: false,
        operator: false,
        ignored: Vec::new(),
    }
}

#[test]
fn all_servers_know_the_same_people() {
    proptest!(super::cases(400), |(ops in proptest::collection::vec(op(), 1..80))| {
        let mut world = World::new();
        ops.into_iter().for_each(|op| world.step(op));
        world.check();
    });
}

/// What a server that was killed said of somebody's rooms may be older than the store: who comes
/// in is in those rooms that its thread has read.
#[test]
fn rooms_by_hearsay_end_with_a_login() {
    let room = NamedRoom {
        no: RoomNo(1),
        name: RoomName::new("#rust").unwrap(),
        topic: Topic::default(),
        kind: RoomKind::Open,
        guests: false,
    };
    let mut world = World::new();
    let user = UserId(100);
    world.attach(1, SessionId(77), user, Some(Name::of_id(user)));
    world.hear(0, usize::MAX);
    let mut present = world.places[&world.nodes[1].id][&user].clone();
    present.rooms.push((room, Role::Member));
    let told = vec![Tiding::Here(Box::new(present))];
    world.feed.push(News::Told(world.nodes[1].id, told));
    world.hear(0, usize::MAX);
    world.attach(0, SessionId(78), user, Some(Name::of_id(user)));
    let mut effects = Vec::new();
    let rooms = Input::Rooms { session: SessionId(78), rooms: Vec::new() };
    world.nodes[0].state.apply(rooms, world.now, &mut effects);
    let is_in = |effect: &Effect| match effect {
        Effect::Ready { rooms, .. } => !rooms.is_empty(),
        Effect::Subscribe { .. } => true,
        _ => false,
    };
    assert!(!effects.iter().any(is_in), "{effects:?}");
}

/// A session that has read the store is told with all others when its mark has come by every feed,
/// and what the store does not take is asked for again.
#[test]
fn a_session_enters_when_every_feed_has_brought_its_mark() {
    let (own, user, session) = (NodeId(1), UserId(100), SessionId(77));
    let mut bench = Bench { state: State::new("epoch".into(), 1).among(own, 3, &[]), now: 0 };
    bench.play(Input::Attach(Box::new(attach(session, user, Some(Name::of_id(user))))));
    let posted = |outcome| Posted { session, fate: Fate::Marked(outcome) };
    let heard = || {
        let posted = posted(Ok(()));
        Input::Heard(vec![Heard::Posted { from: own, posted, room: None }])
    };
    let taken = vec![(RoomId::Lobby, MessageId(5))];
    assert_eq!(bench.play(Input::CaughtUp { session, taken }), (1, 0));
    assert_eq!(bench.play(Input::Posted(vec![posted(Err(ErrorCode::StoreUnavailable))])), (0, 0));
    assert_eq!(bench.play(Input::Tick), (0, 0), "too early");
    bench.now = bench.state.deadline().expect("it is asked for again").0;
    assert_eq!(bench.play(Input::Tick), (1, 0));
    assert_eq!(bench.state.deadline(), None);
    assert_eq!(bench.play(heard()), (0, 0));
    assert_eq!(bench.play(heard()), (0, 0));
    assert_eq!(bench.play(heard()), (0, 1));
    let leave = Input::Detach { session, why: Leaving::Logout };
    bench.play(leave);
    assert_eq!(bench.state.n_sessions(), 0, "nothing of it is in flight");
}

struct Bench {
    state: State,
    now: i64,
}

impl Bench {
    /// How many marks are asked for, and how many sessions enter.
    fn play(&mut self, input: Input) -> (usize, usize) {
        let mut effects = Vec::new();
        let now = Moment { wall: Millis(1_000_000), tick: Millis(self.now) };
        self.state.apply(input, now, &mut effects);
        let count =
            |is_it: fn(&Effect) -> bool| effects.iter().filter(|effect| is_it(effect)).count();
        (count(|e| matches!(e, Effect::Mark(_))), count(|e| matches!(e, Effect::Enter(_))))
    }
}

/// What the command line does ends the sessions that were there then. Who came with the new password
/// before the server heard of it stays.
#[test]
fn what_the_command_line_tells_is_for_those_who_were_there() {
    let mut world = World::new();
    let (user, session) = (UserId(100), SessionId(77));
    world.attach(0, session, user, Some(Name::of_id(user)));
    let came = world.now.wall;
    let mut told = |time, tiding| {
        let mut effects = Vec::new();
        let told = Input::Told(vec![(time, tiding)]);
        world.nodes[0].state.apply(told, world.now, &mut effects);
        let is_over =
            |effect: &Effect| matches!(effect, Effect::End { session: it, .. } if *it == session);
        effects.iter().any(is_over)
    };
    assert!(!told(came, Tiding::EndOthers(user)));
    assert!(!told(came, Tiding::EndAccount(user)));
    assert!(!told(came.plus(1), Tiding::EndAccount(UserId(200))));
    assert!(told(came.plus(1), Tiding::EndOthers(user)));
    assert!(!told(came.plus(1), Tiding::EndAccount(user)), "it is over already");
}
