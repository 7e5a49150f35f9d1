//! Many who come and go: while two talk, and so many at once that they are only counted.

use std::collections::{BTreeMap, BTreeSet};

use hubbub::threads;

use crate::support::peers::{Extended, Line, message};
use crate::support::server::Server;

/// More than are told one by one.
const CROWD: usize = 700;

const STORMS: usize = 8;
const GUESTS: usize = 25;
const TEXTS: usize = 300;

/// One comes, says something, hears it and goes, in one way or another.
fn visit(server: std::net::SocketAddr, name: &str, n: usize) {
    let mut line = Line::enter(server);
    line.say(name);
    let own = format!("[{0}]{0}: {name}", line.me());
    while line.next("its own text") != own {}
    match n % 3 {
        0 => {
            line.say("/quit");
            line.wire.drain();
        }
        1 => line.wire.reset(),
        _ => drop(line),
    }
}

/// What a guest may be heard to do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Came,
    Spoke,
    Left,
}

#[test]
fn a_storm_of_guests_disturbs_nobody_and_leaves_nobody_behind() {
    let server = Server::start();
    let lines = server.lines();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    // It is live once it is answered: who comes and speaks before that is told of in any order.
    jerry.who();
    let storms: Vec<_> = (0..STORMS)
        .map(|storm| {
            let run = move || {
                (0..GUESTS).for_each(|n| visit(lines, &format!("guest {storm} {n}"), n));
            };
            threads::spawn("storm", run).unwrap()
        })
        .collect();
    let talk = move || {
        for n in 0..TEXTS {
            tom.say(&n.to_string(), &format!("r{n}"));
            while tom.next("an acknowledgement").0 != "AckMes" {}
        }
        tom
    };
    let talk = threads::spawn("talk", talk).unwrap();
    let mut guests: BTreeMap<i64, Vec<Heard>> = BTreeMap::new();
    let (mut n_texts, mut last_id, mut said) = (0, 0, BTreeSet::new());
    let is_over = |guests: &BTreeMap<i64, Vec<Heard>>| {
        guests.len() == STORMS * GUESTS && guests.values().all(|heard| heard.len() == 3)
    };
    while n_texts < TEXTS || !is_over(&guests) {
        let (kind, data) = jerry.next("what goes on");
        let who = data["userId"].as_i64().unwrap_or(0);
        if let Some(said_now) = message(&kind, &data) {
            assert!(said_now.id > last_id, "in order, once");
            last_id = said_now.id;
            if who == 100 {
                assert_eq!(said_now.text, n_texts.to_string());
                n_texts += 1;
            } else {
                assert!(said.insert(said_now.text));
                guests.entry(who).or_default().push(Heard::Spoke);
            }
        } else if kind == "NotifyUserStatusMes" && who < 0 {
            let heard = if data["status"] == 0 { Heard::Came } else { Heard::Left };
            guests.entry(who).or_default().push(heard);
        }
    }
    for (who, heard) in &guests {
        assert_eq!(heard[..], [Heard::Came, Heard::Spoke, Heard::Left], "guest {who}");
    }
    storms.into_iter().for_each(|storm| storm.join().unwrap());
    let tom = talk.join().unwrap();
    let here: BTreeSet<_> = jerry.who().into_keys().collect();
    assert_eq!(here, BTreeSet::from([100, 200]));
    drop(tom);
}

#[test]
fn very_many_who_come_at_once_are_counted_and_found_by_asking() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let crowd: Vec<_> = (0..CROWD).map(|_| Line::connect(server.lines())).collect();
    let mut n_online = 1;
    while n_online < CROWD as u64 + 1 {
        let (kind, data) = tom.next("who comes");
        match kind.as_str() {
            "NotifyUserStatusMes" => n_online += 1,
            "CrowdMes" => {
                let count = |key| data[key].as_u64().unwrap();
                assert_eq!((n_online + count("came"), 0), (count("nOnline"), count("left")));
                n_online = count("nOnline");
            }
            _ => {}
        }
    }
    assert_eq!(tom.who().len(), CROWD + 1);
    // Who comes now finds all of them on its list, and is on it itself a second later.
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    while jerry.next("its own coming").1["userId"] != 200 {}
    assert_eq!(jerry.who().len(), CROWD + 2);
    drop(crowd);
    let (mut n_online, mut n_counted) = (CROWD as u64 + 2, 0);
    while n_online > 2 {
        let (kind, data) = jerry.next("who goes");
        match kind.as_str() {
            "NotifyUserStatusMes" if data["status"] == 1 => n_online -= 1,
            "CrowdMes" => {
                n_online -= data["left"].as_u64().unwrap();
                assert_eq!(Some(n_online), data["nOnline"].as_u64());
                n_counted += 1;
            }
            _ => {}
        }
    }
    assert!(n_counted > 0, "seven hundred who leave are counted");
}
