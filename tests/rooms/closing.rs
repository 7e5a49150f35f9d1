//! A room is closed by its owner, for good.

use serde_json::{Value, json};

use super::lines::{JOIN_HINT, come};
use super::{frames, on_every_store};
use crate::support::peers::{Extended, Line};
use crate::support::redis::Redis;
use crate::support::server::Server;

/// The next frame that says this of a room, whatever is told before.
fn news(peer: &mut Extended, act: &str) -> Value {
    loop {
        let (kind, data) = peer.next(act);
        if kind == "RoomMes" && data["act"] == act {
            return data;
        }
    }
}

/// A line hears this, whatever is told before.
fn hears(line: &mut Line, news: &str) {
    while line.next(news) != news {}
}

/// The answer to something that is not done.
fn refused(peer: &mut Extended) -> String {
    loop {
        let (kind, data) = peer.next("a refusal");
        if kind == "ErrorMes" || (kind == "AckMes" && data["code"].is_string()) {
            return data["code"].as_str().unwrap().to_owned();
        }
    }
}

#[test]
fn all_in_it_are_told_and_out_and_nothing_of_it_is_found_again() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = come(server, 300, "ann");
        let mut bob = Extended::enter(server.frames(), (400, "bob"), "phone");
        let mut guest = Line::enter(server.lines());
        let room = frames::create(&mut tom, "rust");
        frames::say(&mut tom, &room, "secret");
        frames::until(&mut tom, "AckMes");
        for line in [&mut ann, &mut guest] {
            line.say("/join rust");
            while line.next("that it is in") != "* what you type goes to #rust now" {}
        }
        frames::ask(&mut bob, &json!({"act": "join", "room": "#rust"}));
        news(&mut bob, "entered");
        // Its owner may, and nobody else.
        ann.say("/close");
        while ann.next("the refusal") != "* you may not do this in this room" {}
        guest.say("/close #rust");
        while guest.next("the refusal") != "* you may not do this in this room" {}

        frames::ask(&mut tom, &json!({"act": "close", "room": room}));
        let closed = news(&mut tom, "close");
        let said = (&closed["room"], &closed["roomName"], &closed["userId"]);
        assert_eq!(said, (&json!("!1"), &json!("#rust"), &json!(100)));
        news(&mut bob, "close");
        for line in [&mut ann, &mut guest] {
            hears(line, "* #rust: tom closed the room; it is no more");
            // What was meant for it goes nowhere else.
            line.ask("still here?", &["* you are not in this room", JOIN_HINT]);
            line.ask("/members", &["* there is no such room; /create makes one"]);
            line.ask("/members #rust", &["* there is no such room; /create makes one"]);
            line.ask("/join rust", &["* there is no such room; /create makes one"]);
        }
        for peer in [&mut tom, &mut bob] {
            for place in ["!1", "#rust"] {
                frames::say(peer, place, "hello");
                assert_eq!(refused(peer), "not_member", "{place}");
                peer.send("HistoryMes", &json!({"room": place}).to_string());
                assert_eq!(refused(peer), "not_member", "{place}");
                for act in ["join", "close", "topic", "part"] {
                    frames::ask(peer, &json!({"act": act, "room": place, "text": "x"}));
                    assert_eq!(refused(peer), "unknown_room", "{act} {place}");
                }
                peer.send("MembersMes", &json!({"room": place}).to_string());
                assert_eq!(refused(peer), "unknown_room", "{place}");
            }
        }
        // The name is free; what was said under it before is not in the new room.
        assert_eq!(frames::create(&mut bob, "rust"), "!2");
        bob.send("HistoryMes", &json!({"room": "#rust"}).to_string());
        assert_eq!(frames::until(&mut bob, "HistoryResMes")["messages"], json!([]));
        frames::say(&mut bob, "#rust", "mine");
        let said = frames::until(&mut bob, "AckMes");
        assert_eq!((&said["room"], &said["id"]), (&json!("!2"), &json!(1)));
        // Nor is anything of it told to who comes back.
        let mut tom = Extended::come_back(server.frames(), 100, "other");
        tom.send("PingMes", "{}");
        loop {
            let (kind, data) = tom.next("a pong");
            assert!(!data.to_string().contains("secret") && kind != "MyRoomsMes", "{data}");
            if kind == "PongMes" {
                break;
            }
        }
    });
}

#[test]
fn what_is_meant_for_a_closed_room_is_refused_until_one_goes_elsewhere() {
    on_every_store(|server| {
        let mut ann = come(server, 300, "ann");
        let mut guest = Line::enter(server.lines());
        for (room, line) in [("rust", "/create rust"), ("soup", "/create soup")] {
            ann.say(line);
            while ann.next("that it is made") != format!("* what you type goes to #{room} now") {}
        }
        guest.say("/join rust");
        while guest.next("that it is in") != "* what you type goes to #rust now" {}
        ann.say("/close #rust");
        for line in [&mut ann, &mut guest] {
            hears(line, "* #rust: ann closed the room; it is no more");
        }
        guest.ask("for rust alone", &["* you are not in this room", JOIN_HINT]);
        ann.ask("soup", &[&format!("[#soup {}]ann: soup", ann.me())]);
        ann.say("/close");
        hears(&mut ann, "* #soup: ann closed the room; it is no more");
        ann.ask("for soup alone", &["* you are not in this room", JOIN_HINT]);
        ann.ask("/join lobby", &["* what you type goes to the lobby now"]);
        ann.ask("all", &[&format!("[{}]ann: all", ann.me())]);
        guest.expect(&format!("[{}]ann: all", ann.me()));
    });
}

#[test]
fn an_operator_closes_a_room_that_they_are_not_in() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let room = frames::create(&mut tom, "rust");
    let mut ann = come(&server, 300, "ann");
    ann.ask("/close rust", &["* you are not in this room", JOIN_HINT]);
    frames::ask(&mut tom, &json!({"act": "set", "room": room, "access": "hidden"}));
    news(&mut tom, "set");
    ann.ask("/close rust", &["* there is no such room; /create makes one"]);
}

#[test]
fn a_closed_room_is_closed_on_every_server() {
    let Some(redis) = Redis::start() else { return };
    let nodes = [0, 1].map(|_| Server::start_on(&redis.url(), &[]));
    let mut tom = Extended::enter(nodes[0].frames(), (100, "tom"), "laptop");
    let mut ann = Extended::enter(nodes[1].frames(), (300, "ann"), "laptop");
    let mut bob = come(&nodes[1], 400, "bob");
    let room = frames::create(&mut tom, "rust");
    frames::ask(&mut ann, &json!({"act": "join", "room": room}));
    news(&mut ann, "entered");
    news(&mut tom, "join");
    bob.say("/join rust");
    while bob.next("that it is in") != "* what you type goes to #rust now" {}
    frames::ask(&mut tom, &json!({"act": "close", "room": room}));
    news(&mut tom, "close");
    news(&mut ann, "close");
    hears(&mut bob, "* #rust: tom closed the room; it is no more");
    bob.ask("hello", &["* you are not in this room", JOIN_HINT]);
    frames::say(&mut ann, &room, "hello");
    assert_eq!(refused(&mut ann), "not_member");
    assert_eq!(frames::create(&mut ann, "rust"), "!2");
}
