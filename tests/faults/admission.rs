//! Who gets in, and how fast one may talk. Loopback is free of these limits unless told
//! otherwise.

use std::time::Duration;

use hubbub::clock;

use crate::support::peers::{Course, Extended, Line};
use crate::support::server::Server;
use crate::support::wire::{DEADLINE, Wire};

/// Nobody here is exempt.
const STRICT: [&str; 2] = ["--exempt", "10.255.0.0/16"];

const FULL_EN: &str = "* the server is full; try again later";
const FULL_ZH: &str = "服务器已满，请稍后再试";

#[test]
fn a_full_server_says_so_in_the_language_that_is_spoken_and_has_room_again() {
    let server = Server::start_with(&["--max-connections", "3"]);
    let first = Line::enter(server.lines());
    let _others = [server.frames(), server.any()].map(|port| {
        let mut course = Course::connect(port);
        // Who is answered was let in.
        course.register(0, "secret", "");
        course
    });
    for port in [server.lines(), server.any()] {
        let mut line = Line::connect(port);
        line.expect(FULL_EN);
        line.wire.expect_end();
    }
    let mut frame = Course::connect(server.frames());
    frame.expect_said(0, "系统", FULL_ZH);
    frame.wire.expect_end();
    // On the port that tells languages apart the first bytes say which.
    let mut frame = Course::connect(server.any());
    frame.wire.send(b"\0");
    frame.expect_said(0, "系统", FULL_ZH);
    frame.wire.drain();
    first.wire.close();
    let deadline = clock::now() + DEADLINE;
    loop {
        let mut line = Line::connect(server.lines());
        if line.next("a greeting or a refusal") != FULL_EN {
            break;
        }
        assert!(clock::now() < deadline, "there is no room again");
    }
}

#[test]
fn many_who_are_refused_at_once_do_not_stop_the_door() {
    let server = Server::start_with(&["--max-connections", "1"]);
    let inside = Line::enter(server.lines());
    let mut refused: Vec<_> = (0..20).map(|_| Wire::connect(server.any())).collect();
    // They are let in, or not, in their order: none of them is to find the room that is made.
    let heard = refused.last_mut().map(Wire::drain);
    assert!(heard.is_some_and(|heard| heard.is_empty() || heard.starts_with(b"*")));
    inside.wire.close();
    let deadline = clock::now() + DEADLINE;
    loop {
        let mut line = Line::connect(server.lines());
        if line.next("a greeting or a refusal") != FULL_EN {
            break;
        }
        assert!(clock::now() < deadline, "there is no room again");
    }
    for wire in &mut refused {
        let heard = String::from_utf8(wire.drain()).unwrap();
        assert!(heard.is_empty() || heard.contains("the server is full"), "{heard}");
    }
}

#[test]
fn one_address_has_two_hundred_connections() {
    let server = Server::start_with(&STRICT);
    let many: Vec<_> = (0..199).map(|_| Wire::connect(server.frames())).collect();
    // Whoever is answered was let in, and all before.
    let last = Extended::connect(server.frames(), "laptop");
    let mut line = Line::connect(server.lines());
    line.expect("* too many connections from your address; close some");
    line.wire.expect_end();
    let other = Wire::connect_from(server.lines(), [127, 0, 0, 2]);
    Line { wire: other }.next("a greeting: another address has room");
    drop((many, last));
}

#[test]
fn who_talks_too_fast_is_slowed_and_loses_nothing() {
    let server = Server::start_with(&STRICT);
    let mut reader = Line { wire: Wire::connect_from(server.lines(), [127, 0, 0, 2]) };
    reader.next("a greeting");
    let mut line = Line::enter(server.lines());
    let began = clock::now();
    let n = 130;
    let all: String = (0..n).map(|n| format!("text {n}\n")).collect();
    line.wire.send(all.as_bytes());
    let ends: Vec<_> = (0..n).map(|n| format!(": text {n}")).collect();
    reader.expect(&line.notice("login!!!"));
    for end in &ends {
        let heard = reader.next(end);
        assert!(heard.ends_with(end), "{heard}, not {end}");
    }
    // A hundred at once, then twenty a second.
    let took = began.elapsed();
    assert!(took > Duration::from_millis(1_300), "{took:?} for {n} texts");
    for end in &ends {
        assert!(line.next(end).ends_with(end));
    }
}
