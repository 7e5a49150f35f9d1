//! What was missed meets what is said now: no hole, no repeat, in order, however often a reader
//! comes and goes while somebody talks.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use hubbub::threads;
use serde_json::{Value, json};

use crate::rooms::{frames, on_every_store};
use crate::support::peers::{Course, Extended, message};
use crate::support::server::Server;
use crate::support::wire::{DEADLINE, Wire};

const TEXTS: usize = 2_000;

/// So far the talk is ahead of the reader: several pages of the store.
const AHEAD: usize = 250;

/// Says the numbers, one for each that the reader has taken.
fn talk(mut tom: Extended, say: fn(&mut Extended, usize)) -> (JoinHandle<()>, Sender<()>) {
    let (taken, is_taken) = bounded(TEXTS);
    let talk = move || {
        for n in 0..TEXTS {
            if n >= AHEAD {
                is_taken.recv_timeout(DEADLINE).expect("a reader that goes on");
            }
            say(&mut tom, n);
        }
        for _ in 0..TEXTS {
            while tom.next("an acknowledgement").0 != "AckMes" {}
        }
    };
    (threads::spawn("talk", talk).unwrap(), taken)
}

/// One more may be said; the last ones do not wait for it.
fn go_on(taken: &Sender<()>) {
    taken.try_send(()).ok();
}

/// What a reader has taken: texts are numbered without a gap, ids increase.
#[derive(Debug, Default)]
struct Taken {
    n: usize,
    id: u64,
}

impl Taken {
    /// A message of this connection; one that the device has already is dropped.
    fn take(&mut self, kind: &str, data: &Value, last_id: &mut u64) {
        let Some(said) = message(kind, data) else { return };
        assert!(said.id > *last_id, "within a connection {} came after {last_id}", said.id);
        *last_id = said.id;
        if said.id > self.id {
            assert_eq!(said.text, self.n.to_string(), "a hole");
            self.n += 1;
            self.id = said.id;
        } else {
            assert!(said.replayed, "{said:?}");
        }
    }
}

fn read_in_visits(server: SocketAddr, device: &str, tell: Option<&Sender<()>>) {
    let mut taken = Taken::default();
    for visit in 1.. {
        let mut jerry = Extended::come_back(server, 200, device);
        let (until, mut last_id) = (taken.n + 17 * (visit % 23) + 1, 0);
        while taken.n < until.min(TEXTS) {
            let before = taken.n;
            let (kind, data) = jerry.next("a message");
            taken.take(&kind, &data, &mut last_id);
            if taken.n == before {
                continue;
            }
            tell.into_iter().for_each(go_on);
            if visit % 3 != 0 && taken.n % 10 == 0 {
                jerry.received("lobby", taken.id);
            }
        }
        if taken.n == TEXTS {
            println!("{device} read everything in {visit} visits");
            return;
        }
        // Now cut, now in order.
        match visit % 2 {
            0 => jerry.course.wire.reset(),
            _ => jerry.course.wire.half_close(),
        }
    }
}

#[test]
fn a_device_that_comes_and_goes_gets_everything_once() {
    let server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    let tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    // A device that is new later would begin where the other one is then.
    for device in ["phone", "laptop"] {
        drop(Extended::come_back(server.frames(), 200, device));
    }
    let (talk, taken) = talk(tom, |tom, n| tom.say(&n.to_string(), &format!("r{n}")));
    let addr = server.frames();
    let phone = threads::spawn("phone", move || read_in_visits(addr, "phone", None)).unwrap();
    read_in_visits(addr, "laptop", Some(&taken));
    phone.join().unwrap();
    talk.join().unwrap();
}

/// Clients that cannot acknowledge share one device of their account: they miss nothing.
#[test]
fn clients_that_cannot_acknowledge_miss_nothing() {
    let server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    let tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let (talk, taken) = talk(tom, |tom, n| tom.tell(200, &n.to_string(), &format!("r{n}")));
    let mut n_taken = 0;
    let mut visits = 0;
    while n_taken < TEXTS {
        visits += 1;
        let mut jerry = Course::come_back(server.frames(), 200);
        let until = n_taken + 7 * (visits % 23) + 1;
        let mut last = None;
        while n_taken < until.min(TEXTS) {
            let (kind, data) = jerry.next("a message");
            count((&kind, &data), &mut n_taken, &mut last, &taken);
        }
        match visits % 2 {
            0 => jerry.wire.reset(),
            _ => {
                jerry.wire.half_close();
                while let Some((kind, data)) = jerry.next_or_end() {
                    count((&kind, &data), &mut n_taken, &mut last, &taken);
                }
            }
        }
    }
    println!("read everything in {visits} visits");
    talk.join().unwrap();
}

/// In order within a connection, and after the last one of the connection before at the latest.
fn count(
    (kind, data): (&str, &str),
    n_taken: &mut usize,
    last: &mut Option<usize>,
    taken: &Sender<()>,
) {
    if kind != "SmsPrivateMes" {
        return;
    }
    let data: Value = serde_json::from_str(data).unwrap();
    let n: usize = data["content"].as_str().unwrap().parse().unwrap();
    match *last {
        Some(last) => assert_eq!(n, last + 1, "within a connection"),
        None => assert!(n <= *n_taken, "{n} after {n_taken}: a hole"),
    }
    *last = Some(n);
    if n == *n_taken {
        *n_taken += 1;
        go_on(taken);
    }
}

/// Whoever heard no answer says it again under the same reference.
#[test]
fn a_server_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    const KILLS: usize = 4;
    const PART: usize = 100;
    let mut server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    Course::join(server.frames(), 100, "tom");
    let mut n_stored = 0;
    let mut taken = Taken::default();
    for kill in 1..=KILLS {
        let mut jerry = Extended::come_back(server.frames(), 200, "laptop");
        let mut tom = Extended::come_back(server.frames(), 100, "laptop");
        let until = kill * PART;
        (n_stored..until).for_each(|n| tom.say(&n.to_string(), &format!("r{n}")));
        // Half of the answers, or after the last kill all.
        let n_heard = if kill == KILLS { until } else { (n_stored + until) / 2 };
        while n_stored < n_heard {
            let (kind, data) = tom.next("an acknowledgement");
            if kind == "AckMes" {
                assert_eq!(data["clientRef"], format!("r{n_stored}"), "{data}");
                assert!(data["id"].is_u64(), "{data}");
                n_stored += 1;
            }
        }
        let mut last_id = 0;
        while taken.n < n_heard {
            let (kind, data) = jerry.next("a message");
            taken.take(&kind, &data, &mut last_id);
        }
        server.kill_and_start_again();
    }
    let mut jerry = Extended::come_back(server.frames(), 200, "laptop");
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    tom.say("end", "end");
    let mut last_id = 0;
    loop {
        let (kind, data) = jerry.next("a message");
        if data["content"] == "end" {
            assert_eq!(taken.n, KILLS * PART);
            return;
        }
        taken.take(&kind, &data, &mut last_id);
    }
}

/// More than a replay reads before its peer takes something: an outbox, two narrow kernels, a page.
const BACKLOG: usize = 400;

/// The second device of ann is sent what it missed in this room, and reads nothing before this is
/// done. What it is told then.
fn replayed_slowly(
    server: &Server,
    room: &str,
    (tom, meanwhile): (&mut Extended, impl FnOnce(&mut Extended)),
) -> Vec<(String, Value)> {
    for n in 0..BACKLOG {
        frames::say(tom, room, &format!("{n} {}", "x".repeat(7_000)));
        while tom.next("that it is stored").0 != "AckMes" {}
    }
    let mut phone = Extended::over(Wire::connect_narrow(server.frames()), "phone");
    assert_eq!(phone.log_in(300, "secret")["code"], 200);
    while phone.next("the first of it").0 != "SmsMes" {}
    meanwhile(tom);
    phone.send("PingMes", "{}");
    let mut told = Vec::new();
    loop {
        match phone.next("everything") {
            (kind, _) if kind == "PongMes" => return told,
            next => told.push(next),
        }
    }
}

fn says(told: &[(String, Value)], text: &str) -> bool {
    told.iter().any(|(_, data)| data["content"] == text)
}

#[test]
fn who_is_ignored_no_longer_is_heard_by_a_device_that_is_still_sent_what_it_missed() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
        drop(Extended::enter(server.frames(), (300, "ann"), "phone"));
        let mut ann = Extended::come_back(server.frames(), 300, "laptop");
        let mut ignore = |ask: &str| {
            ann.send("IgnoreMes", ask);
            while ann.next("that it is so").0 != "IgnoreMes" {}
        };
        ignore(r#"{"userId":200}"#);
        let told = replayed_slowly(
            server,
            "lobby",
            (&mut tom, |tom: &mut Extended| {
                ignore(r#"{"userId":200,"off":true}"#);
                jerry.say("heard again", "r1");
                while tom.next("what was said").1["content"] != "heard again" {}
            }),
        );
        assert!(says(&told, "heard again"));
    });
}

#[test]
fn who_is_put_out_is_not_sent_what_is_said_there_then() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let room = frames::create(&mut tom, "hall");
        let mut phone = Extended::enter(server.frames(), (300, "ann"), "phone");
        frames::ask(&mut phone, &json!({"act": "join", "room": room}));
        frames::until(&mut phone, "RoomMes");
        drop(phone);
        let told = replayed_slowly(
            server,
            &room,
            (&mut tom, |tom: &mut Extended| {
                frames::ask(tom, &json!({"act": "kick", "room": room, "whomId": 300}));
                while tom.next("that she is out").1["act"] != "kick" {}
                frames::say(tom, &room, "not for her");
                while tom.next("that it is stored").0 != "AckMes" {}
            }),
        );
        assert!(!says(&told, "not for her"));
        assert!(told.iter().any(|(_, data)| data["act"] == "kick"), "she hears so");
    });
}
