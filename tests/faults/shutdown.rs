//! Signals: everybody is told, everything that was accepted is stored, and it does not take long.

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub::clock;
use rustix::process::Signal;

use crate::support::peers::{Course, Extended, Line};
use crate::support::server::Server;
use crate::support::wire::Wire;

/// What the issue promises.
const AT_MOST: Duration = Duration::from_secs(5);

const FAREWELL_EN: &str = "* the server is going down; what was accepted is stored";
const FAREWELL_ZH: &str = "服务器正在关闭，已接收的消息都已保存";

fn everybody_is_told(signal: Signal) {
    let mut server = Server::start_on_disk();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut nobody = Course::connect(server.frames());
    nobody.register(300, "secret", "");
    let mut line = Line::enter(server.lines());
    tom.expect("NotifyUserStatusMes");
    // Takes nothing of what it is sent and does not go.
    let mut stuck = Extended::over(Wire::connect_narrow(server.frames()), "phone");
    stuck.log_in(300, "secret");
    tom.expect("NotifyUserStatusMes");
    line.next("who came");
    for n in 0..200 {
        tom.say(&"x".repeat(7_000), &format!("r{n}"));
        tom.expect_ack(&format!("r{n}"));
        line.next("a text");
    }
    let began = clock::now();
    server.signal(signal);
    let farewell = tom.expect("ErrorMes");
    assert_eq!((&farewell["code"], &farewell["closing"]), (&"shutting_down".into(), &true.into()));
    tom.course.wire.expect_end();
    line.expect(FAREWELL_EN);
    line.wire.expect_end();
    nobody.expect_said(0, "系统", FAREWELL_ZH);
    nobody.wire.expect_end();
    let status = server.wait();
    assert!(began.elapsed() < AT_MOST, "{:?}", began.elapsed());
    assert_eq!(status.code(), Some(0), "{status}");
    drop(stuck);
}

#[test]
fn everybody_is_told_at_a_sigterm() {
    everybody_is_told(Signal::TERM);
}

#[test]
fn everybody_is_told_at_a_ctrl_c() {
    everybody_is_told(Signal::INT);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start();
    Course::join(server.frames(), 300, "ann");
    let mut stuck = Extended::over(Wire::connect_narrow(server.frames()), "phone");
    stuck.log_in(300, "secret");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    for n in 0..200 {
        tom.say(&"x".repeat(7_000), &format!("r{n}"));
        tom.expect_ack(&format!("r{n}"));
    }
    server.signal(Signal::TERM);
    // It waits for the stuck one now.
    assert_eq!(tom.expect("ErrorMes")["code"], "shutting_down");
    let began = clock::now();
    server.signal(Signal::INT);
    let status = server.wait();
    assert_eq!(status.code(), Some(128 + 2), "{status}");
    assert!(began.elapsed() < Duration::from_millis(700), "{:?}", began.elapsed());
}

/// Acknowledged means stored, refused means not stored, also in the midst of a shutdown.
#[test]
fn what_was_accepted_before_a_sigterm_is_stored() {
    const N: usize = 3_000;
    let mut server = Server::start_on_disk();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let (mut accepted, mut refused) = (BTreeSet::new(), BTreeSet::new());
    let mut n_said = 0;
    let end = loop {
        // Some two hundred are on their way all the time.
        while n_said < N && n_said < accepted.len() + 200 {
            let said = tom.course.wire.try_send(&crate::support::peers::frame(
                "SmsMes",
                &format!("{{\"content\":\"{n_said}\",\"clientRef\":\"r{n_said}\"}}"),
            ));
            if said.is_err() {
                break;
            }
            n_said += 1;
        }
        if accepted.len() == 300 {
            server.signal(Signal::TERM);
        }
        let (kind, data) = tom.next("an acknowledgement or the end");
        match kind.as_str() {
            "AckMes" => {
                let number = data["clientRef"].as_str().unwrap()[1..].parse::<usize>().unwrap();
                let news = if data["id"].is_u64() { &mut accepted } else { &mut refused };
                assert!(news.insert(number), "{number} is answered twice");
            }
            "ErrorMes" => break data,
            other => panic!("{other} {data}"),
        }
    };
    assert_eq!(end["code"], "shutting_down");
    server.start_again();
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    let mut stored = BTreeSet::new();
    tom.send("PingMes", "{}");
    loop {
        let (kind, data) = tom.next("what is stored");
        if kind == "PongMes" {
            break;
        }
        let number = data["content"].as_str().unwrap().parse::<usize>().unwrap();
        assert!(stored.last().is_none_or(|last| *last < number), "in order, once");
        stored.insert(number);
    }
    assert!(accepted.is_subset(&stored), "{:?}", accepted.difference(&stored));
    assert!(refused.is_disjoint(&stored), "{:?}", refused.intersection(&stored));
    println!("{n_said} said, {} accepted, {} refused", accepted.len(), refused.len());
}
