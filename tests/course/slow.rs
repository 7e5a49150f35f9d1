//! Peers that do not read.

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub::{clock, threads};
use serde_json::Value;

use crate::support::peers::Course;
use crate::support::server::Server;

/// Far beyond what a kernel and an outbox hold for one who does not read.
const TEXTS: usize = 750;

fn text(n: usize) -> String {
    format!("{n} {}", "x".repeat(7_000))
}

#[test]
fn way_8_who_does_not_read_stops_nobody_and_finds_later_what_waits() {
    let server = Server::start();
    let stuck = Course::enter(server.frames(), 300, "ann");
    let mut jerry = Course::enter(server.frames(), 200, "jerry");
    let mut tom = Course::enter(server.frames(), 100, "tom");
    jerry.expect_came(100);
    let flood = move || {
        for n in 0..TEXTS {
            tom.say(100, &text(n));
        }
        tom
    };
    let flood = threads::spawn("flood", flood).unwrap();
    let mut gone = BTreeSet::new();
    for n in 0..TEXTS {
        if n % 250 == 0 {
            // The door is open all the while.
            Course::enter(server.frames(), 1_000 + n as i64, "").wire.reset();
        }
        let said = next_text(&mut jerry, &mut gone);
        assert!(said.starts_with(&format!(r#"{{"content":"{n} "#)), "not {n}");
    }
    let mut tom = flood.join().unwrap();
    while gone.len() < 1 + TEXTS / 250 {
        let (_, data) = jerry.next("who left");
        gone.extend(leaver(&data));
    }
    assert!(gone.contains(&300));
    drop(stuck);
    let mut ann = Course::come_back(server.frames(), 300);
    jerry.expect_came(300);
    for n in TEXTS - 200..TEXTS {
        ann.expect_said(100, "tom", &text(n));
    }
    tom.say(100, "live");
    ann.expect_said(100, "tom", "live");
}

/// The next text; who leaves meanwhile is noted.
fn next_text(jerry: &mut Course, gone: &mut BTreeSet<i64>) -> String {
    loop {
        let (kind, data) = jerry.next("a text");
        if kind == "SmsMes" {
            return data;
        }
        gone.extend(leaver(&data));
    }
}

/// Who left, if this is about that.
fn leaver(notice: &str) -> Option<i64> {
    let notice: Value = serde_json::from_str(notice).unwrap();
    (notice["status"] == 1).then(|| notice["userId"].as_i64().unwrap())
}

#[test]
fn the_server_stops_in_time_although_a_peer_does_not_read() {
    let mut server = Server::start();
    let _stuck = Course::enter(server.frames(), 300, "ann");
    let _half_open = Course::connect(server.any());
    let mut half_said = Course::connect(server.any());
    half_said.wire.send(b"\0\0\0");
    let mut tom = Course::enter(server.frames(), 100, "tom");
    // More than the kernels hold, less than cuts it off.
    for n in 0..400 {
        tom.say(100, &text(n));
    }
    let mut jerry = Course::connect(server.frames());
    jerry.register(200, "secret", "jerry");
    let began = clock::now();
    server.ask_to_stop();
    let farewell = "服务器正在关闭，已接收的消息都已保存";
    jerry.expect_said(0, "系统", farewell);
    jerry.wire.expect_end();
    server.start_again();
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

/// What a kernel took for a peer that then tore the connection down was not taken by the peer.
#[test]
fn what_a_torn_connection_did_not_read_comes_again() {
    let server = Server::start();
    Course::join(server.frames(), 300, "ann");
    let mut tom = Course::enter(server.frames(), 100, "tom");
    let texts = ["one", "two", "three"];
    texts.iter().for_each(|text| tom.tell(100, 300, text));
    for _ in 0..5 {
        let ann = Course::come_back(server.frames(), 300);
        let address = ann.wire.address();
        ann.wire.reset();
        server.forget(address);
    }
    let mut ann = Course::come_back(server.frames(), 300);
    texts.iter().for_each(|text| ann.expect_told((100, "tom"), 300, text));
    let address = ann.wire.address();
    ann.wire.close();
    server.forget(address);
    let mut ann = Course::come_back(server.frames(), 300);
    tom.say(100, "now");
    ann.expect_said(100, "tom", "now");
}
