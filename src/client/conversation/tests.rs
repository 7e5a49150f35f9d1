//! Whatever order of cuts, acknowledgements, refusals and repeats a server makes: every message
//! of others is handed on once, in order, and every send comes to one end: stored once, or taken
//! back and not stored.
//!
//! The server here is a naive one over two queues of frames; a cut loses what is in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::client::{Lost, Unsent, Update};
use crate::clock;
use crate::protocol::frame::{self, Cut, HEADER};
use crate::protocol::wire::{self, kind};
use crate::protocol::{ErrorCode, Password, Reference, RoomId, Text, UserId, Who};

use super::{Conversation, Hello, Order, Parting};

const ME: i64 = 100;
const OTHER: i64 = 200;

#[derive(Clone, Debug)]
enum Step {
    /// Somebody else says something.
    Other,
    /// What others said is sent out: acknowledgements may have overtaken it.
    FanOut,
    /// The program says something.
    Say,
    /// It takes back what it said last.
    Withdraw,
    /// The server looks at this many frames.
    Serve(usize),
    /// It refuses the next send for the time being.
    Refuse,
    /// It acknowledges what is stored.
    Acknowledge,
    /// This many frames reach the client.
    Deliver(usize),
    /// The program deals with what it has got.
    Handle,
    /// Milliseconds pass.
    Pass(u64),
    Cut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Other),
        3 => Just(Step::FanOut),
        4 => Just(Step::Say),
        1 => Just(Step::Withdraw),
        4 => (1_usize..4).prop_map(Step::Serve),
        1 => Just(Step::Refuse),
        2 => Just(Step::Acknowledge),
        4 => (1_usize..6).prop_map(Step::Deliver),
        2 => Just(Step::Handle),
        2 => (1_u64..3_000).prop_map(Step::Pass),
        1 => Just(Step::Cut),
    ]
}

/// A frame as the server writes it, its data written already.
#[derive(serde::Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    data: String,
}

/// Who stored a message: somebody else, or the client under this reference.
type Stored = Option<String>;

/// The server, the wire, the client and what its program has seen.
struct World {
    now: Instant,
    client: Conversation,
    is_linked: bool,
    up: VecDeque<(String, String)>,
    down: VecDeque<(String, String)>,
    /// The lobby: a message's id is its place, from 1.
    room: Vec<Stored>,
    cursor: u64,
    is_in: bool,
    refusing: bool,
    /// The server replays a device's own messages too, and says whose they are.
    replays_own: bool,
    unacknowledged: VecDeque<String>,
    unsent: VecDeque<usize>,
    n_said: usize,
    n_handled: u64,
    n_seen: u64,
    /// The number of the update, and the id.
    seen: Vec<(u64, u64)>,
    sent: BTreeMap<String, u64>,
    withdrawn: BTreeSet<String>,
}

impl World {
    fn new(replays_own: bool) -> Self {
        let now = clock::now();
        let mut client = Conversation::new(Hello::default(), now);
        let password = Password::new("pw").unwrap();
        client.order(Order::Login { who: Who::Id(UserId(ME)), password }, now);
        let (up, down, unacknowledged) = Default::default();
        let (room, seen, sent) = Default::default();
        Self {
            now,
            client,
            is_linked: false,
            up,
            down,
            room,
            cursor: 0,
            is_in: false,
            refusing: false,
            replays_own,
            unacknowledged,
            unsent: VecDeque::new(),
            n_said: 0,
            n_handled: 0,
            n_seen: 0,
            seen,
            sent,
            withdrawn: BTreeSet::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Other => {
                self.room.push(None);
                self.unsent.push_back(self.room.len());
            }
            Step::FanOut => {
                for id in std::mem::take(&mut self.unsent) {
                    self.fan_out(id, false);
                }
            }
            Step::Say => {
                self.n_said += 1;
                let reference = Reference::new(&format!("r{}", self.n_said)).unwrap();
                let text = Text::new(&format!("text {}", self.n_said)).unwrap();
                self.client.order(
                    Order::Send(Unsent { reference, to: None, room: None, text, about: None }),
                    self.now,
                );
            }
            Step::Withdraw if self.n_said > 0 => {
                let reference = Reference::new(&format!("r{}", self.n_said)).unwrap();
                self.client.order(Order::Withdraw(reference), self.now);
            }
            Step::Withdraw => {}
            Step::Serve(n) => (0..*n).for_each(|_| self.serve()),
            Step::Refuse => self.refusing = true,
            Step::Acknowledge => self.acknowledge(),
            Step::Deliver(n) => (0..*n).for_each(|_| self.deliver()),
            Step::Handle => self.n_handled = self.n_seen,
            Step::Pass(ms) => self.now += Duration::from_millis(*ms),
            Step::Cut if self.is_linked => self.cut(Lost::Closed),
            Step::Cut => {}
        }
        self.client.tick(self.n_handled, self.now);
        if self.client.wants_link(self.now) {
            self.client.connected(self.now);
            self.is_linked = true;
        }
        self.look();
    }

    /// Moves what the client writes onto the wire, and what it hands on to the program.
    fn look(&mut self) {
        let mut bytes = std::mem::take(&mut self.client.bytes);
        while let Cut::Whole(length) = frame::cut(&bytes, 1 << 20) {
            let rest = bytes.split_off(HEADER + length);
            let frame: wire::Frame = frame::read(&bytes[HEADER..]).unwrap();
            self.up.push_back((frame.kind, frame.data));
            bytes = rest;
        }
        if let Some(why) = self.client.take_lost() {
            self.cut(why);
        }
        for update in std::mem::take(&mut self.client.updates) {
            self.n_seen += 1;
            match update {
                Update::Said(said) => {
                    assert!(self.seen.last().is_none_or(|(_, last)| *last < said.id.0), "order");
                    self.seen.push((self.n_seen, said.id.0));
                }
                Update::Sent { reference, id, .. } => {
                    let before = self.sent.insert(reference.as_str().to_owned(), id.0);
                    assert_eq!(before, None, "one end");
                }
                Update::Withdrawn { reference, is_done: true } => {
                    assert!(self.withdrawn.insert(reference.as_str().to_owned()), "one end");
                }
                Update::NotSent { will_retry, .. } => assert!(will_retry),
                _ => {}
            }
        }
    }

    fn cut(&mut self, why: Lost) {
        (self.is_linked, self.is_in, self.refusing) = (false, false, false);
        self.up.clear();
        self.down.clear();
        self.unacknowledged.clear();
        self.client.lost(why, 7, self.now);
    }

    /// The server does one frame.
    fn serve(&mut self) {
        let Some((kind, data)) = self.up.pop_front() else { return };
        let data = data.as_bytes();
        match kind.as_str() {
            kind::HELLO => self.say(kind::HELLO_RES, &wire::HelloRes::default()),
            kind::LOGIN => {
                let (user_id, epoch) = (Some(ME), Some("one".to_owned()));
                let res = wire::LoginRes { code: 200, user_id, epoch, ..Default::default() };
                self.say(kind::LOGIN_RES, &res);
                self.is_in = true;
                self.unsent.clear();
                let from = usize::try_from(self.cursor).unwrap();
                (from + 1..=self.room.len()).for_each(|id| self.fan_out(id, true));
            }
            kind::SMS => self.store(frame::read(data).unwrap()),
            kind::RECEIVED => {
                let up_to = frame::read::<wire::Received>(data).unwrap().up_to;
                for (id, _) in (1..=up_to).zip(&self.room).filter(|(_, by)| by.is_none()) {
                    let dealt_with = self.seen.iter().find(|(_, seen)| *seen == id);
                    assert!(dealt_with.is_some_and(|(n, _)| *n <= self.n_handled), "told early");
                }
                self.cursor = self.cursor.max(up_to);
            }
            _ => {}
        }
    }

    fn store(&mut self, sms: wire::Sms) {
        let reference = sms.client_ref.unwrap();
        if std::mem::take(&mut self.refusing) {
            let code = Some(ErrorCode::Busy.name().to_owned());
            self.say(kind::ACK, &wire::Ack { client_ref: reference, code, ..Default::default() });
            return;
        }
        if !self.room.contains(&Some(reference.clone())) {
            self.room.push(Some(reference.clone()));
        }
        self.unacknowledged.push_back(reference);
    }

    fn acknowledge(&mut self) {
        let Some(client_ref) = self.unacknowledged.pop_front() else { return };
        let at = self.room.iter().position(|by| by.as_ref() == Some(&client_ref)).unwrap();
        let id = Some(at as u64 + 1);
        self.say(kind::ACK, &wire::Ack { client_ref, id, ..Default::default() });
    }

    /// Sends one message to the client, if it is there to be sent to.
    fn fan_out(&mut self, id: usize, replayed: bool) {
        let by = self.room[id - 1].clone();
        if !self.is_in || (by.is_some() && !self.replays_own) {
            return;
        }
        let content = by.as_ref().map_or_else(|| "x".into(), |r| r.replace('r', "text "));
        let sms = wire::Sms {
            content,
            user_id: if by.is_some() { ME } else { OTHER },
            id: Some(id as u64),
            replayed: Some(replayed),
            ..Default::default()
        };
        self.say(kind::SMS, &sms);
    }

    fn say<T: serde::Serialize>(&mut self, kind: &str, data: &T) {
        self.down.push_back((kind.to_owned(), frame::go_json(data)));
    }

    fn deliver(&mut self) {
        let Some((kind, data)) = self.down.pop_front() else { return };
        let body = frame::go_json(&Body { kind, data });
        self.client.heard(self.now);
        self.client.hear(body.as_bytes(), self.now);
        self.look();
    }

    /// No more trouble: everything comes to its end.
    fn settle(&mut self) {
        for _ in 0..40 {
            self.refusing = false;
            for step in [
                Step::Pass(1_500),
                Step::FanOut,
                Step::Serve(1_000),
                Step::Deliver(10_000),
                Step::Handle,
            ] {
                self.step(&step);
            }
            (0..1_000).for_each(|_| self.acknowledge());
        }
    }
}

proptest! {
    #[test]
    fn every_message_is_seen_once_in_order_and_every_send_has_one_end(
        replays_own: bool,
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut world = World::new(replays_own);
        steps.iter().for_each(|step| world.step(step));
        world.settle();
        let others = (1..).zip(&world.room).filter(|(_, by)| by.is_none());
        let seen: Vec<_> = world.seen.iter().map(|(_, id)| *id).collect();
        prop_assert_eq!(seen, others.map(|(id, _)| id).collect::<Vec<u64>>());
        let own: BTreeSet<_> = world.room.iter().flatten().cloned().collect();
        prop_assert_eq!(own.len(), world.room.iter().flatten().count(), "stored once");
        prop_assert!(own.is_disjoint(&world.withdrawn), "what is taken back is not stored");
        prop_assert_eq!(own.len() + world.withdrawn.len(), world.n_said, "all stored");
        for (reference, id) in &world.sent {
            let at = usize::try_from(*id).unwrap() - 1;
            prop_assert_eq!(world.room[at].as_ref(), Some(reference));
        }
        prop_assert_eq!(world.sent.len(), own.len());
        prop_assert!(world.client.pending.is_empty());
    }
}

/// A server that is gone without a sign is given up soon after this computer has slept; one that
/// is there keeps its connection.
#[test]
fn after_sleep_a_silent_server_is_given_up() {
    for answers in [true, false] {
        let mut world = World::new(false);
        world.step(&Step::Cut);
        world.settle();
        assert!(world.is_linked);
        world.client.woke(world.now);
        world.step(&Step::Pass(1));
        let asked = world.up.iter().any(|(kind, _)| kind == kind::PING);
        assert!(asked, "{:?}", world.up);
        if answers {
            world.client.heard(world.now);
        }
        world.client.tick(world.n_handled, world.now + super::WAKE_WAIT);
        assert_eq!(world.client.take_lost().is_none(), answers);
    }
}

/// Otherwise the server would close at it each time, and nobody would come back.
#[test]
fn coming_back_fits_into_a_frame_however_many_rooms_there_are() {
    let mut world = World::new(false);
    world.step(&Step::Cut);
    world.settle();
    let far = i64::MAX - 10_000;
    for (id, other) in (1..).zip(far..far + 3_000) {
        let room = Some(RoomId::pair(UserId(ME), UserId(other)).to_string());
        let sms = wire::Sms { user_id: other, id: Some(id), room, ..Default::default() };
        world.say(kind::SMS_PRIVATE, &sms);
    }
    world.say(kind::TOKEN, &wire::Token { token: "t".into(), expires: i64::MAX });
    world.step(&Step::Deliver(10_000));
    world.step(&Step::Cut);
    world.client.connected(world.now);
    world.client.bytes.clear();
    let hello =
        Body { kind: kind::HELLO_RES.to_owned(), data: frame::go_json(&wire::HelloRes::default()) };
    world.client.hear(frame::go_json(&hello).as_bytes(), world.now);
    match frame::cut(&world.client.bytes, frame::HELLO_LIMIT) {
        Cut::Whole(length) => assert!(length > frame::HELLO_LIMIT / 4, "{length}"),
        other => panic!("{other:?}"),
    }
}

/// Of what cannot be asked yet no more is taken than has an end; of who leaves everything is.
#[test]
fn orders_that_wait_are_bounded() {
    let mut world = World::new(false);
    let mut n_taken = 0;
    while world.client.takes_orders() && n_taken < 1_000_000 {
        world.client.order(Order::Who, world.now);
        n_taken += 1;
    }
    assert!(n_taken < 1_000, "{n_taken}");
    world.client.close(world.now + Duration::from_secs(1), Parting::Goodbye);
    assert!(world.client.takes_orders());
}
