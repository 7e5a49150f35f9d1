//! Peers that end, that read slowly, that are told much, that change their keys.

use super::{is_well, server};
use crate::support::peers::{Course, Extended, Line, message};
use crate::support::server::Server;
use crate::support::wire::Wire;

/// Each of these many bytes: together more than an outbox and two narrow kernels hold.
const TEXTS: usize = 800;

fn text(n: usize) -> String {
    format!("{n} {}", "x".repeat(7_000))
}

fn enter(server: &Server, (id, name): (i64, &str), device: &str) -> Extended {
    let mut course = Course::over(server.call(server.frames()));
    course.register(id, "secret", name);
    course.wire.close();
    come_back(server, server.call(server.frames()), id, device)
}

fn come_back(_server: &Server, wire: Wire, id: i64, device: &str) -> Extended {
    let mut extended = Extended::over(wire, device);
    assert_eq!(extended.log_in(id, "secret")["code"], 200);
    extended.expect("WhoResMes");
    extended
}

#[test]
fn a_line_that_was_cut_short_is_not_said_and_one_that_was_ended_is() {
    let server = server();
    let mut tom = Line::over(server.call(server.lines()));
    let mut whole = Line::over(server.call(server.lines()));
    let mut cut = Line::over(server.call(server.lines()));
    cut.wire.send(b"give everything to m");
    cut.wire.end_without_goodbye();
    let name = cut.me();
    // It is told goodbye nevertheless.
    cut.wire.drain();
    let logout = format!("[{name}]{name}: logout");
    loop {
        let heard = tom.next("that somebody left");
        assert!(!heard.contains("everything"), "{heard}");
        if heard == logout {
            break;
        }
    }
    whole.wire.send(b"give everything to me");
    whole.wire.half_close();
    while !tom.next("a text").ends_with("give everything to me") {}
}

#[test]
fn who_does_not_read_is_cut_and_finds_everything_in_big_pages_later() {
    let server = server();
    drop(enter(&server, (300, "ann"), "laptop"));
    let narrow = Wire::connect_narrow(server.frames()).secure(server.identity());
    let ann = come_back(&server, narrow, 300, "laptop");
    let mut tom = enter(&server, (100, "tom"), "laptop");
    for n in 0..TEXTS {
        tom.say(&text(n), &format!("r{n}"));
        while tom.next("an acknowledgement").0 != "AckMes" {}
    }
    server.expect_in_log("cut a session that does not read");
    drop(ann);
    let mut ann = come_back(&server, server.call(server.frames()), 300, "laptop");
    let mut n = 0;
    while n < TEXTS {
        let (kind, data) = ann.next("what was missed");
        if let Some(said) = message(&kind, &data) {
            assert!(said.text.starts_with(&format!("{n} ")), "a hole at {n}");
            n += 1;
        }
    }
}

#[test]
fn who_reads_a_byte_at_a_time_delays_nobody_and_gets_every_byte() {
    let server = server();
    let narrow = Wire::connect_narrow(server.lines()).secure(server.identity());
    let mut slow = Line::over(narrow);
    let mut tom = Line::over(server.call(server.lines()));
    let me = tom.me();
    let mut expected = format!("[{me}]{me}: login!!!\r\n");
    let mut heard = Vec::new();
    for n in 0..50 {
        let text = format!("{n} {}", "x".repeat(4_000));
        tom.tell_all(&me, &text);
        expected += &format!("[{me}]{me}: {text}\r\n");
        heard.push(slow.wire.sip());
    }
    while heard.len() < expected.len() {
        heard.push(slow.wire.sip());
    }
    assert!(heard == expected.as_bytes(), "not what was said");
}

#[test]
fn a_peer_may_change_its_keys_while_both_talk() {
    let server = server();
    let mut tom = enter(&server, (100, "tom"), "laptop");
    let mut ann = enter(&server, (300, "ann"), "laptop");
    let mut heard = 0;
    for n in 0..200 {
        if n % 3 == 0 {
            ann.course.wire.tls().refresh_traffic_keys().unwrap();
        }
        ann.say(&format!("ann {n}"), &format!("a{n}"));
        tom.say(&text(n), &format!("t{n}"));
        while tom.next("an acknowledgement").0 != "AckMes" {}
    }
    while heard < 200 {
        let (kind, data) = ann.next("what tom says");
        if let Some(said) = message(&kind, &data) {
            assert!(said.text.starts_with(&format!("{heard} ")), "a hole at {heard}");
            heard += 1;
        }
    }
    is_well(&server);
}

#[test]
fn a_course_client_hears_a_farewell_and_a_goodbye() {
    let mut server = server();
    let mut course = Course::over(server.call(server.frames()));
    course.register(100, "secret", "tom");
    course.log_in(100, "secret");
    course.next("the answer to the login");
    server.ask_to_stop();
    course.expect_said(0, "系统", "服务器正在关闭，已接收的消息都已保存");
    course.wire.close();
    server.expect_end();
}
