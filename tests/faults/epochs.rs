//! A Redis that is emptied, or comes back as an older copy of itself, under a server that goes
//! on serving: it begins anew with another epoch, on the same ports, and clients come back by
//! themselves.

use hubbub::client::{Client, Config, Update, Updates};
use hubbub::protocol::{Device, Password, Text, UserId, Who};
use redis::cmd;

use crate::support::peers::{Course, Extended, Line};
use crate::support::redis::Redis;
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

const AGAIN: &str = "serving again from redis://";

fn enter(server: &Server, id: i64) -> (Client, Updates) {
    let mut config = Config::new(server.frames().to_string(), "test/1");
    config.device = Device::new("desk");
    let (client, updates) = Client::start(config).unwrap();
    client.login(Who::Id(UserId(id)), Password::new("secret").unwrap()).unwrap();
    until(&updates, |update| matches!(update, Update::LoggedIn { .. }));
    (client, updates)
}

/// What happened up to this.
fn until(updates: &Updates, is_it: impl Fn(&Update) -> bool) -> Vec<Update> {
    let mut seen = Vec::new();
    loop {
        let update = updates.next(DEADLINE).unwrap_or_else(|_| panic!("after {seen:?}"));
        let ends = is_it(&update);
        seen.push(update);
        if ends {
            return seen;
        }
    }
}

fn texts(updates: &[Update]) -> Vec<String> {
    let text = |update: &Update| match update {
        Update::Said(said) => Some(said.text.as_str().to_owned()),
        _ => None,
    };
    updates.iter().filter_map(text).collect()
}

fn is_text(text: &str) -> impl Fn(&Update) -> bool {
    move |update| matches!(update, Update::Said(said) if said.text.as_str() == text)
}

/// Says it until it is stored: its id.
fn store(client: &Client, updates: &Updates, text: &str) -> u64 {
    loop {
        client.send(None, Text::new(text).unwrap()).unwrap();
        let is_end = |update: &Update| {
            matches!(update, Update::Sent { .. } | Update::NotSent { will_retry: false, .. })
        };
        if let Some(Update::Sent { id, .. }) = until(updates, is_end).pop() {
            return id.0;
        }
    }
}

#[test]
fn redis_may_come_back_as_an_older_copy() {
    let Some(mut redis) = Redis::start_forgetful() else { return };
    let server = Server::start_on(&redis.url(), &[]);
    Course::join(server.frames(), 100, "tom");
    Course::join(server.frames(), 200, "jerry");
    let (tom, of_tom) = enter(&server, 100);
    let (_jerry, of_jerry) = enter(&server, 200);
    store(&tom, &of_tom, "kept");
    cmd("SAVE").exec(&mut redis.connect()).unwrap();
    for n in 0..5 {
        store(&tom, &of_tom, &format!("lost {n}"));
    }
    let before = until(&of_jerry, is_text("lost 4"));
    assert_eq!(texts(&before).len(), 6);
    redis.kill();
    redis.restart();
    // Ids of what was lost are given again, and nobody misses what bears them now.
    let after: Vec<_> = (0..4).map(|n| store(&tom, &of_tom, &format!("after {n}"))).collect();
    assert_eq!(after, [2, 3, 4, 5]);
    server.expect_in_log(AGAIN);
    let heard = texts(&until(&of_jerry, is_text("after 3")));
    let missed: Vec<_> = heard.iter().filter(|text| text.starts_with("after")).collect();
    assert_eq!(missed, ["after 0", "after 1", "after 2", "after 3"], "{heard:?}");
    assert!(heard.iter().all(|text| !text.starts_with("lost")), "{heard:?}");
    assert!(!server.log().contains("panicked"));
}

#[test]
fn redis_may_be_emptied() {
    let Some(redis) = Redis::start() else { return };
    let mut server = Server::start_on(&redis.url(), &["--demo"]);
    let mut tom = Extended::enter(server.frames(), (1, "tom"), "laptop");
    for n in 0..3 {
        tom.store(&format!("before {n}"), &format!("r{n}"));
    }
    let mut line = Line::enter(server.lines());
    cmd("FLUSHALL").exec(&mut redis.connect()).unwrap();
    line.say("does this arrive?");
    drop(line.wire.drain());
    server.expect_in_log(AGAIN);
    // The same ports, nobody's account, the ids from the beginning, and the demonstration again.
    let mut stranger = Extended::connect(server.frames(), "laptop");
    assert_eq!(stranger.log_in(1, "secret")["errorCode"], "unknown_user");
    let mut tom = Extended::enter(server.frames(), (1, "tom"), "laptop");
    assert_eq!(tom.store("after", "r0"), 1);
    let mut demo = Extended::connect(server.frames(), "laptop");
    assert_eq!(demo.log_in(100, "123456")["code"], 200);
    server.ask_to_stop();
    server.expect_end();
}
