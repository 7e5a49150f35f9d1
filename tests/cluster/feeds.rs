//! Rooms spread over two Redis, a feed on each: what is said is the same everywhere, whichever
//! feed brings it, and one of the two may stand still, die, come back empty, or move.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hubbub::protocol::{RoomId, RoomName, UserId};
use serde_json::{Value, json};

use super::redis_lost::{AGAIN, epochs};
use super::{is_kind, until};
use crate::support::peers::{Extended, message};
use crate::support::redis::Redis;
use crate::support::replicas::{follow, part, wait};
use crate::support::server::Server;

/// Servers on two Redis that lose nothing.
struct Feeds {
    redis: [Redis; 2],
    nodes: Vec<Server>,
}

impl Feeds {
    /// `None` where Redis is not installed.
    fn start(n: usize) -> Option<Self> {
        let redis = [Redis::start()?, Redis::start()?];
        let url = url(redis.each_ref());
        let nodes = (0..n).map(|_| Server::start_on(&url, &[])).collect();
        Some(Self { redis, nodes })
    }

    fn enter(&self, node: usize, id: i64) -> Person {
        Person::enter(&self.nodes[node], id)
    }
}

fn url(redis: [&Redis; 2]) -> String {
    redis.map(Redis::url).join(",")
}

/// A name of a room that is made in this feed.
fn name_in(feed: usize) -> String {
    let names = (0..).map(|n| format!("#room{n}"));
    names.into_iter().find(|name| RoomName::new(name).unwrap().feed(2) == feed).unwrap()
}

/// Somebody whose private talk with 100 is in the second feed.
fn partner() -> i64 {
    let is_it = |id: &i64| RoomId::pair(UserId(100), UserId(*id)).feed(2) == 1;
    (101..).find(is_it).unwrap()
}

/// What one of them has heard of each room, one's own included: from the first text on without a
/// hole.
struct Person {
    peer: Extended,
    id: i64,
    texts: BTreeMap<String, BTreeMap<u64, String>>,
    /// The last of each room on this connection.
    last: BTreeMap<String, u64>,
    has_left: Vec<i64>,
}

impl Person {
    fn enter(node: &Server, id: i64) -> Self {
        let peer = Extended::enter(node.frames(), (id, &format!("p{id}")), "desk");
        let (texts, last) = (BTreeMap::new(), BTreeMap::new());
        Self { peer, id, texts, last, has_left: Vec::new() }
    }

    fn come_back(&mut self, server: SocketAddr) {
        self.last.clear();
        self.peer = Extended::come_back(server, self.id, "desk");
    }

    fn hear(&mut self) -> (String, Value) {
        let (kind, data) = self.peer.next("what happens");
        let of = |data: &Value| {
            let text = data["clientRef"].as_str()?.to_owned();
            Some((data["room"].as_str()?.to_owned(), data["id"].as_u64()?, text))
        };
        let said = message(&kind, &data).map(|said| (said.room, said.id, said.text));
        let acked = (kind == "AckMes").then(|| of(&data)).flatten();
        if let Some((room, id, text)) = said.or(acked) {
            let texts = self.texts.entry(room.clone()).or_default();
            let has_all = texts.keys().last().is_none_or(|last| id <= last + 1);
            // Where the cursor had not been written, some come again after coming back.
            let is_next = self.last.insert(room.clone(), id).is_none_or(|last| id == last + 1);
            assert!(has_all && is_next, "{} hears {room} {id}, {:?}", self.id, texts.keys().last());
            let known = texts.insert(id, text.clone());
            assert!(known.is_none_or(|known| known == text), "two texts of {room} under {id}");
        }
        if kind == "NotifyUserStatusMes" && data["status"] == 1 {
            self.has_left.extend(data["userId"].as_i64());
        }
        (kind, data)
    }

    fn until(&mut self, is_it: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            let (kind, data) = self.hear();
            if is_it(&kind, &data) {
                return data;
            }
        }
    }

    /// Makes a room, or comes into it: its key.
    fn come_into(&mut self, act: &str, name: &str) -> String {
        self.peer.send("RoomMes", &json!({"act": act, "room": name}).to_string());
        let is_entered = |kind: &str, data: &Value| kind == "RoomMes" && data["act"] == "entered";
        self.until(is_entered)["room"].as_str().unwrap().to_owned()
    }

    /// Texts are their own references, so all must differ.
    fn say(&mut self, room: &str, text: &str) {
        match RoomId::parse(room).and_then(|room| room.other(UserId(self.id))) {
            Some(other) => self.peer.tell(other.0, text, text),
            None => {
                let data = json!({"content": text, "room": room, "clientRef": text});
                self.peer.send("SmsMes", &data.to_string());
            }
        }
    }

    /// Says something, and once more until it is stored: its id, and how often it was refused.
    fn insist(&mut self, room: &str, text: &str) -> (u64, usize) {
        for n_refused in 0.. {
            self.say(room, text);
            let ack = self.until(|kind, data| kind == "AckMes" && data["clientRef"] == text);
            match ack["id"].as_u64() {
                Some(id) => return (id, n_refused),
                None => assert_eq!(ack["code"], "store_unavailable"),
            }
        }
        panic!("there are enough numbers");
    }

    fn until_has(&mut self, room: &str, text: &str) {
        let has = |person: &Self| {
            person.texts.get(room).is_some_and(|texts| texts.values().any(|known| known == text))
        };
        while !has(self) {
            self.hear();
        }
    }

    fn pair(&self) -> String {
        let (a, b) = (100.min(self.id), partner());
        format!("@{a},{b}")
    }
}

/// Three on a server each, in rooms of both feeds, speak in all of them at once.
#[test]
fn rooms_of_two_feeds_have_one_order_each_on_every_node() {
    const EACH: u64 = 40;
    let Some(feeds) = Feeds::start(3) else { return };
    let mut people: Vec<_> = (0..3).map(|node| feeds.enter(node, 100 + node as i64)).collect();
    let mut rooms = vec!["lobby".to_owned()];
    for feed in [0, 1] {
        rooms.push(people[0].come_into("create", &name_in(feed)));
        for person in &mut people[1..] {
            assert_eq!(person.come_into("join", &name_in(feed)), rooms[feed + 1]);
        }
    }
    let feed = |room: &String| RoomId::parse(room).unwrap().feed(2);
    assert_eq!(rooms.iter().map(feed).collect::<Vec<_>>(), [0, 0, 1]);
    for n in 1..=EACH {
        for person in &mut people {
            rooms.iter().for_each(|room| person.say(room, &format!("{} {n} {room}", person.id)));
        }
    }
    for person in &mut people {
        for room in &rooms {
            while person.texts.get(room).map_or(0, |texts| texts.len() as u64) < 3 * EACH {
                person.hear();
            }
        }
    }
    assert_eq!(people[1].texts, people[0].texts);
    assert_eq!(people[2].texts, people[0].texts);
}

#[test]
fn who_comes_back_on_another_node_misses_nothing_of_either_feed() {
    let Some(feeds) = Feeds::start(3) else { return };
    let mut tom = feeds.enter(0, 100);
    let mut ann = feeds.enter(1, partner());
    let pair = tom.pair();
    for n in 1..=100 {
        for room in ["lobby", &pair] {
            tom.say(room, &format!("{n} {room}"));
        }
        // While this is said and written, and one feed brings it sooner than the other.
        match n {
            20 => ann.until_has(&pair, &format!("5 {pair}")),
            40 => ann.come_back(feeds.nodes[2].frames()),
            70 => ann.come_back(feeds.nodes[0].frames()),
            _ => {}
        }
    }
    for room in ["lobby", &pair] {
        let last = format!("100 {room}");
        tom.until_has(room, &last);
        ann.until_has(room, &last);
        assert_eq!(ann.texts[room], tom.texts[room]);
        assert_eq!(ann.texts[room].len(), 100);
    }
}

#[test]
fn one_redis_that_stands_still_or_dies_refuses_and_makes_nobody_leave() {
    let Some(mut feeds) = Feeds::start(2) else { return };
    let mut tom = feeds.enter(0, 100);
    let mut ann = feeds.enter(1, partner());
    let pair = tom.pair();
    assert_eq!(tom.insist(&pair, "before"), (1, 0));
    assert_eq!(tom.insist("lobby", "before, to all"), (1, 0));
    // Who still catches up reads every feed.
    assert_eq!(ann.insist("lobby", "caught up"), (2, 0));
    for (n, how) in [(2, "stands still"), (3, "is dead")] {
        if n == 2 {
            feeds.redis[1].freeze();
        } else {
            feeds.redis[1].kill();
        }
        tom.say(&pair, how);
        let refused = tom.until(|kind, data| kind == "AckMes" && data["clientRef"] == how);
        assert_eq!(refused["code"], "store_unavailable", "{refused}");
        // A room of the other feed is held up no longer than it takes to be refused.
        let to_all = format!("{how}, to all");
        assert_eq!(tom.insist("lobby", &to_all).0, n + 1);
        ann.until_has("lobby", &to_all);
        if n == 2 {
            feeds.redis[1].thaw();
        } else {
            feeds.redis[1].restart();
        }
        assert_eq!(tom.insist(&pair, how).0, n);
        ann.until_has(&pair, how);
    }
    assert_eq!(tom.texts, ann.texts);
    assert_eq!((tom.has_left, ann.has_left), (vec![], vec![]));
    assert!(!feeds.nodes.iter().any(|node| node.log().contains(AGAIN)));
}

/// What was in it is lost; the rest is not, and nobody takes an id for another's.
#[test]
fn one_redis_that_comes_back_empty_gets_one_new_epoch_from_all_nodes() {
    let Some(feeds) = Feeds::start(3) else { return };
    let mut tom = feeds.enter(0, 100);
    let mut ann = feeds.enter(1, partner());
    let pair = tom.pair();
    assert_eq!(tom.insist(&pair, "lost"), (1, 0));
    assert_eq!(tom.insist("lobby", "kept"), (1, 0));
    ann.until_has(&pair, "lost");
    let known = epochs(&feeds.nodes);
    redis::cmd("FLUSHALL").exec(&mut feeds.redis[1].connect()).unwrap();
    feeds.nodes.iter().for_each(|node| drop(node.expect_in_log(AGAIN)));
    let now = epochs(&feeds.nodes);
    assert!(now.iter().all(|epoch| *epoch == now[0]), "{now:?}");
    assert_ne!(now[0], known[0]);
    [&mut tom, &mut ann].into_iter().zip([2, 0]).for_each(|(person, node)| {
        person.texts.clear();
        person.come_back(feeds.nodes[node].frames());
    });
    assert_eq!(tom.insist(&pair, "again").0, 1);
    assert_eq!(tom.insist("lobby", "again, to all").0, 2);
    ann.until_has(&pair, "again");
    ann.until_has("lobby", "again, to all");
    tom.peer.send("HistoryMes", r#"{"room":"lobby"}"#);
    let page = until(&mut tom.peer, "a page", is_kind("HistoryResMes"));
    assert_eq!(page["messages"][0]["content"], "kept");
}

/// One begins with two feeds on one Redis; a replica of that becomes the place of the second.
#[test]
fn a_feed_moves_to_another_redis_with_everything() {
    let Some(old) = Redis::start() else { return };
    let mut node = Server::start_on(&url([&old, &old]), &[]);
    let mut tom = Person::enter(&node, 100);
    let mut ann = Person::enter(&node, partner());
    let pair = tom.pair();
    assert_eq!(tom.insist(&pair, "before"), (1, 0));
    ann.until_has(&pair, "before");
    let known = epochs(std::slice::from_ref(&node));
    let new = follow(&old).unwrap();
    assert_eq!(tom.insist(&pair, "meanwhile"), (2, 0));
    ann.until_has(&pair, "meanwhile");
    node.ask_to_stop();
    node.expect_end();
    wait(&old);
    part(&new);
    let node = Server::start_on(&url([&old, &new]), &[]);
    assert_eq!(epochs(std::slice::from_ref(&node)), known);
    tom.come_back(node.frames());
    ann.come_back(node.frames());
    assert_eq!(tom.insist(&pair, "after"), (3, 0));
    ann.until_has(&pair, "after");
    assert_eq!(ann.texts[&pair].len(), 3);
    // It is the new one that has it.
    let length = |redis: &Redis| -> u64 {
        let key = format!("{{f1}}room:{pair}");
        redis::cmd("XLEN").arg(key).query(&mut redis.connect()).unwrap()
    };
    assert_eq!((length(&old), length(&new)), (2, 3));
}
