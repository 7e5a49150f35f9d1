//! What servers of one Redis hear of another whose version is later.

use hubbub::clock;
use hubbub::dao::{self, Feed, FeedEntry, Sign, Write};
use hubbub::protocol::{
    Leaving, MessageId, Millis, Name, NamedRoom, Present, Receipts, Role, RoomId, RoomKind,
    RoomName, RoomNo, Tiding, Topic, UserId,
};
use redis::streams::StreamRangeReply;
use redis::{Connection, cmd};
use serde_json::{Value, json};

use super::device;
use crate::support::redis::Redis;
use crate::support::wire::DEADLINE;

fn sign(name: &str) -> Sign {
    Sign { name: name.into(), address: String::new() }
}

/// Everything there is to say of somebody.
fn present() -> Present {
    let room = NamedRoom {
        no: RoomNo(7),
        name: RoomName::new("soup").unwrap(),
        topic: Topic::new("of the day").unwrap(),
        kind: RoomKind::Invite,
        guests: false,
    };
    Present {
        user: UserId(100),
        name: Some(Name::new("tom").unwrap()),
        shared: true,
        named: Millis(1_795_217_831_000),
        address: "10.0.0.7:1".into(),
        receipts: Receipts::default(),
        operator: true,
        absence: None,
        absent_since: Millis(0),
        sessions: vec![(Some(device("laptop")), "10.0.0.7:1".into()), (None, "[::1]:2".into())],
        rooms: vec![(room, Role::Owner)],
    }
}

/// The next entries of a feed.
fn next(feed: &mut dyn Feed, n: usize) -> Vec<FeedEntry> {
    let (began, mut heard) = (clock::now(), Vec::new());
    while heard.len() < n {
        assert!(began.elapsed() < DEADLINE, "nothing more than {heard:?}");
        heard.extend(feed.next().unwrap());
    }
    heard
}

fn told(entry: &FeedEntry) -> &[Tiding] {
    match entry {
        FeedEntry::Told { tidings, .. } => tidings,
        other => panic!("no tidings: {other:?}"),
    }
}

/// The fields of the newest entry.
fn newest(redis: &mut Connection) -> (String, Value) {
    let mut ask = cmd("XREVRANGE");
    ask.arg("{f0}feed").arg("+").arg("-").arg("COUNT").arg(1);
    let found: StreamRangeReply = ask.query(redis).unwrap();
    let entry = &found.ids[0];
    let tidings: String = entry.get("tidings").unwrap();
    (entry.get("node").unwrap(), serde_json::from_str(&tidings).unwrap())
}

/// Adds an entry as feed.lua does.
fn publish(redis: &mut Connection, fields: &[(&str, &str)]) {
    let number: u64 = cmd("HINCRBY").arg("{f0}meta").arg("feed").arg(1).query(redis).unwrap();
    let mut add = cmd("XADD");
    add.arg("{f0}feed").arg(format!("{number}-0")).arg(fields).exec(redis).unwrap();
}

#[test]
fn of_tidings_that_are_not_all_understood_the_others_are_heard() {
    let Some(redis) = Redis::start() else { return };
    let here = dao::open(&redis.url()).unwrap();
    let mut feed = here.join(&sign("here")).unwrap().unwrap().feeds.remove(0).0;
    let there = dao::open(&redis.url()).unwrap();
    let _place = there.join(&sign("there")).unwrap().unwrap();
    let known = vec![
        Tiding::Here(Box::new(present())),
        Tiding::Gone(UserId(-5), Leaving::TimedOut),
        Tiding::EndDevice(UserId(100), Some(device("laptop"))),
        Tiding::Read(
            UserId(100),
            RoomId::pair(UserId(100), UserId(200)),
            MessageId(u64::MAX),
            true,
        ),
    ];
    let tell = Write::Tell(known.clone());
    there.writer().unwrap().commit(&[&tell]).unwrap();
    assert_eq!(told(&next(&mut *feed, 1)[0]), known);

    let mut redis = redis.connect();
    let (node, Value::Array(mut tidings)) = newest(&mut redis) else { panic!("no list") };
    // A new one, and known ones that carry something else.
    tidings.insert(0, json!({"Levitates": [100, "a metre"]}));
    tidings.insert(3, json!({"Gone": [100, "Evaporated"]}));
    tidings.push(json!("Midnight"));
    let tidings = Value::Array(tidings).to_string();
    publish(&mut redis, &[("node", &node), ("tidings", &tidings)]);
    // What is no list at all, or no entry at all, is left out, and what comes behind it is heard.
    publish(&mut redis, &[("node", &node), ("tidings", "{}")]);
    publish(&mut redis, &[("node", &node), ("rumour", "7")]);
    publish(&mut redis, &[("gone", &node)]);
    let heard = next(&mut *feed, 2);
    assert_eq!(told(&heard[0]), known);
    assert!(matches!(&heard[1], FeedEntry::Gone(gone) if gone.to_string() == node), "{heard:?}");
}
