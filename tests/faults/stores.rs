//! Stores that freeze, vanish and come back while people are there: nobody is disconnected, every
//! send is answered in the end, and the answer is true.

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub::clock;
use serde_json::Value;

use crate::support::peers::{Extended, Line, message};
use crate::support::redis::Redis;
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

/// While a store does not answer, all else is answered as fast as ever.
const AT_ONCE: Duration = Duration::from_secs(2);

/// One who says numbers and notes what becomes of them.
struct Sender {
    tom: Extended,
    n_said: usize,
    accepted: BTreeSet<usize>,
    refused: BTreeSet<usize>,
    /// The names of the errors.
    codes: BTreeSet<String>,
}

impl Sender {
    fn enter(server: &Server) -> Self {
        Self {
            tom: Extended::enter(server.frames(), (100, "tom"), "laptop"),
            n_said: 0,
            accepted: BTreeSet::new(),
            refused: BTreeSet::new(),
            codes: BTreeSet::new(),
        }
    }

    fn say(&mut self) {
        self.tom.say(&self.n_said.to_string(), &format!("r{}", self.n_said));
        self.n_said += 1;
    }

    fn is_answered(&self) -> bool {
        self.accepted.len() + self.refused.len() == self.n_said
    }

    /// Reads one frame; an answer to a send is noted.
    fn hear(&mut self) -> (String, Value) {
        let (kind, data) = self.tom.next("what became of a send");
        if kind == "AckMes" {
            self.note(&data);
        }
        (kind, data)
    }

    fn expect(&mut self, kind: &str) -> Value {
        loop {
            let (heard, data) = self.hear();
            if heard == kind {
                return data;
            }
        }
    }

    fn note(&mut self, data: &Value) {
        let n = data["clientRef"].as_str().unwrap()[1..].parse().unwrap();
        let is_news = match data["code"].as_str() {
            None => self.accepted.insert(n),
            Some(code) => {
                self.codes.insert(code.to_owned());
                self.refused.insert(n)
            }
        };
        assert!(is_news && !(self.accepted.contains(&n) && self.refused.contains(&n)), "{n} twice");
    }

    /// Until everything that was said is answered.
    fn hear_all(&mut self) {
        while !self.is_answered() {
            self.hear();
        }
    }

    /// Says more until something is refused.
    fn say_until_refused(&mut self) {
        let before = self.refused.len();
        let deadline = clock::now() + DEADLINE;
        while self.refused.len() == before {
            assert!(clock::now() < deadline, "nothing is refused, and nothing accepted");
            self.say();
            if self.tom.course.wire.hears_within(Duration::from_millis(200)) {
                self.hear();
            }
        }
    }

    /// Says more until something is accepted.
    fn say_until_accepted(&mut self) {
        let before = self.accepted.len();
        let deadline = clock::now() + DEADLINE;
        while self.accepted.len() == before {
            assert!(clock::now() < deadline, "the store is back, and nothing is accepted");
            self.say();
            self.hear_all();
        }
    }

    /// All that was accepted is there, once and in order, and nothing that was refused.
    fn check(mut self, server: &Server) {
        self.hear_all();
        let mut tom = Extended::come_back(server.frames(), 100, "laptop");
        let mut stored: Vec<usize> = Vec::new();
        tom.send("PingMes", "{}");
        loop {
            let (kind, data) = tom.next("what is stored");
            match message(&kind, &data) {
                Some(said) => stored.push(said.text.parse().unwrap()),
                None if kind == "PongMes" => break,
                None => {}
            }
        }
        let accepted: Vec<_> = self.accepted.iter().copied().collect();
        assert_eq!(stored, accepted, "refused were {:?}", self.refused);
        let known = ["busy", "store_unavailable"];
        assert!(self.codes.iter().all(|code| known.contains(&code.as_str())), "{:?}", self.codes);
    }
}

/// People are there, others come and go, whatever the store does.
fn the_room_lives_on(sender: &mut Sender, server: &Server, witness: &mut Line) {
    let began = clock::now();
    let guest = Line::enter(server.lines());
    witness.expect(&guest.notice("login!!!"));
    sender.tom.send("WhoMes", "{}");
    let who = sender.expect("WhoResMes");
    assert_eq!(who["online"].as_array().unwrap().len(), 3, "{who}");
    sender.tom.send("PingMes", "{}");
    sender.expect("PongMes");
    let left = guest.notice("logout");
    guest.wire.close();
    witness.expect(&left);
    assert!(began.elapsed() < AT_ONCE, "it took {:?}", began.elapsed());
}

/// Says something that is stored, and everybody hears it.
fn all_is_well(sender: &mut Sender, witness: &mut Line) {
    sender.say_until_accepted();
    let last = *sender.accepted.last().unwrap();
    while !witness.next("the newest text").ends_with(&format!("tom: {last}")) {}
}

#[test]
fn redis_may_freeze_and_go_on() {
    let Some(redis) = Redis::start() else { return };
    let server = Server::start_on(&redis.url(), &[]);
    let mut witness = Line::enter(server.lines());
    let mut sender = Sender::enter(&server);
    witness.next("that tom came");
    all_is_well(&mut sender, &mut witness);
    redis.freeze();
    // Nobody knows yet that it will not be answered.
    sender.say();
    the_room_lives_on(&mut sender, &server, &mut witness);
    sender.say_until_refused();
    the_room_lives_on(&mut sender, &server, &mut witness);
    redis.thaw();
    sender.hear_all();
    all_is_well(&mut sender, &mut witness);
    sender.check(&server);
}

#[test]
fn redis_may_die_and_come_back() {
    let Some(mut redis) = Redis::start() else { return };
    let server = Server::start_on(&redis.url(), &[]);
    let mut witness = Line::enter(server.lines());
    let mut sender = Sender::enter(&server);
    witness.next("that tom came");
    for _ in 0..2 {
        all_is_well(&mut sender, &mut witness);
        redis.kill();
        sender.say_until_refused();
        the_room_lives_on(&mut sender, &server, &mut witness);
        // Who comes now is told clearly, and may try again.
        let mut jerry = Extended::connect(server.frames(), "laptop");
        let reply = jerry.log_in(100, "secret");
        assert_eq!(
            (&reply["code"], &reply["errorCode"]),
            (&505.into(), &"store_unavailable".into())
        );
        redis.restart();
        sender.hear_all();
        all_is_well(&mut sender, &mut witness);
        jerry.send("PingMes", "{}");
        jerry.expect("PongMes");
    }
    sender.check(&server);
}

#[test]
fn sqlite_may_be_locked_by_somebody_else() {
    let server = Server::start_on_disk();
    let mut witness = Line::enter(server.lines());
    let mut sender = Sender::enter(&server);
    witness.next("that tom came");
    all_is_well(&mut sender, &mut witness);
    let file = server.home().join("hubbub/hubbub.db");
    let outside = rusqlite::Connection::open(file).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    sender.say();
    the_room_lives_on(&mut sender, &server, &mut witness);
    sender.say_until_refused();
    the_room_lives_on(&mut sender, &server, &mut witness);
    outside.execute_batch("ROLLBACK").unwrap();
    sender.hear_all();
    all_is_well(&mut sender, &mut witness);
    sender.check(&server);
}
