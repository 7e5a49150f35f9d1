//! Peers that do not read, or hardly.

use std::time::Duration;

use hubbub::{clock, threads};

use crate::support::peers::{Course, Extended, Line, message};
use crate::support::server::Server;
use crate::support::wire::Wire;

/// Each of this many bytes: together more than an outbox and two narrow kernels hold.
const TEXTS: usize = 800;

fn text(n: usize) -> String {
    format!("{n} {}", "x".repeat(7_000))
}

#[test]
fn who_never_reads_is_told_why_and_cut_and_finds_everything_later() {
    let server = Server::start();
    Course::join(server.frames(), 300, "ann");
    let mut ann = Extended::over(Wire::connect_narrow(server.frames()), "laptop");
    ann.log_in(300, "secret");
    ann.expect("WhoResMes");
    let guest = Wire::connect_narrow(server.lines());
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    let (mut n_heard, mut n_gone, mut slowest) = (0, 0, Duration::ZERO);
    let flood = move || {
        for n in 0..TEXTS {
            let began = clock::now();
            tom.say(&text(n), &format!("r{n}"));
            while tom.next("an acknowledgement").0 != "AckMes" {}
            slowest = slowest.max(began.elapsed());
        }
        println!("the slowest acknowledgement took {slowest:?}");
    };
    let flood = threads::spawn("flood", flood).unwrap();
    server.expect_in_log("cut a session that does not read");
    // Whoever wakes up now reads whole frames and then the reason, if it is quick enough.
    let mut last = None;
    while let Some((kind, data)) = ann.course.try_next() {
        assert_eq!(last, None, "something came after the last word");
        match kind.as_str() {
            "ErrorMes" => last = Some(data),
            "SmsMes" | "NotifyUserStatusMes" | "ProgressMes" | "TokenMes" => {}
            other => panic!("{other}"),
        }
    }
    if let Some(last) = last {
        assert!(last.contains("too_slow") && last.contains("\"closing\":true"), "{last}");
    }
    while n_heard < TEXTS || n_gone < 2 {
        let (kind, data) = jerry.next("texts, and two who are gone");
        if let Some(said) = message(&kind, &data) {
            assert!(said.text.starts_with(&format!("{n_heard} ")), "a hole at {n_heard}");
            n_heard += 1;
        } else if kind == "NotifyUserStatusMes" && data["status"] == 1 && data["userId"] != 100 {
            n_gone += 1;
        }
    }
    flood.join().unwrap();
    drop(guest);
    // This device acknowledged nothing: all of it is there.
    let mut ann = Extended::come_back(server.frames(), 300, "laptop");
    for n in 0..TEXTS {
        let said = ann.expect_said();
        assert!(said.text.starts_with(&format!("{n} ")), "a hole at {n}");
    }
}

#[test]
fn who_reads_a_byte_at_a_time_delays_nobody_and_gets_every_byte() {
    let server = Server::start();
    let mut slow = Line { wire: Wire::connect_narrow(server.lines()) };
    slow.next("the greeting");
    let mut tom = Line::enter(server.lines());
    let me = tom.me();
    let mut expected = format!("[{me}]{me}: login!!!\r\n");
    let mut heard = Vec::new();
    for n in 0..100 {
        let text = format!("{n} {}", "x".repeat(4_000));
        // The talker hears its own text at once, whatever the other does.
        tom.tell_all(&me, &text);
        expected += &format!("[{me}]{me}: {text}\r\n");
        heard.push(slow.wire.sip());
    }
    while heard.len() < expected.len() {
        heard.push(slow.wire.sip());
    }
    assert!(heard == expected.as_bytes(), "not what was said");
}
