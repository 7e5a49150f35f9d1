//! What was missed meets what is said now: no hole, no repeat, in order, however often a reader
//! comes and goes while somebody talks.

use std::thread::JoinHandle;

use hubbub::threads;
use serde_json::Value;

use crate::support::peers::{Course, Extended, message};
use crate::support::server::Server;

const TEXTS: usize = 2_000;

/// Texts on their way at the same time.
const AHEAD: usize = 50;

/// Says the numbers, in pace with their acknowledgements.
fn talk(mut tom: Extended, say: fn(&mut Extended, usize)) -> JoinHandle<()> {
    let talk = move || {
        for n in 0..TEXTS + AHEAD {
            if n < TEXTS {
                say(&mut tom, n);
            }
            if n >= AHEAD {
                while tom.next("an acknowledgement").0 != "AckMes" {}
            }
        }
    };
    threads::spawn("talk", talk).unwrap()
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

fn read_in_visits(server: &Server, device: &str) {
    let mut taken = Taken::default();
    for visit in 1.. {
        let mut jerry = Extended::come_back(server.frames(), 200, device);
        let (until, mut last_id) = (taken.n + 7 * (visit % 23) + 1, 0);
        while taken.n < until.min(TEXTS) {
            let (kind, data) = jerry.next("a message");
            taken.take(&kind, &data, &mut last_id);
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

fn nothing_is_missed_and_nothing_comes_twice(server: &Server) {
    Course::join(server.frames(), 200, "jerry");
    let tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let talk = talk(tom, |tom, n| tom.say(&n.to_string(), &format!("r{n}")));
    read_in_visits(server, "laptop");
    read_in_visits(server, "phone");
    talk.join().unwrap();
}

#[test]
fn a_device_that_comes_and_goes_gets_everything_once_in_memory() {
    nothing_is_missed_and_nothing_comes_twice(&Server::start());
}

#[test]
fn a_device_that_comes_and_goes_gets_everything_once_on_disk() {
    nothing_is_missed_and_nothing_comes_twice(&Server::start_on_disk());
}

/// Clients that cannot acknowledge share one device of their account: they miss nothing.
#[test]
fn clients_that_cannot_acknowledge_miss_nothing() {
    let server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    let tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let talk = talk(tom, |tom, n| tom.tell(200, &n.to_string(), &format!("r{n}")));
    let mut n_taken = 0;
    let mut visits = 0;
    while n_taken < TEXTS {
        visits += 1;
        let mut jerry = Course::come_back(server.frames(), 200);
        let until = n_taken + 7 * (visits % 23) + 1;
        let mut last = None;
        while n_taken < until.min(TEXTS) {
            let (kind, data) = jerry.next("a message");
            count(&kind, &data, &mut n_taken, &mut last);
        }
        match visits % 2 {
            0 => jerry.wire.reset(),
            _ => {
                jerry.wire.half_close();
                while let Some((kind, data)) = jerry.next_or_end() {
                    count(&kind, &data, &mut n_taken, &mut last);
                }
            }
        }
    }
    println!("read everything in {visits} visits");
    talk.join().unwrap();
}

/// In order within a connection, and after the last one of the connection before at the latest.
fn count(kind: &str, data: &str, n_taken: &mut usize, last: &mut Option<usize>) {
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
    *n_taken = (*n_taken).max(n + 1);
}
