//! Each device of an account gets everything once.

use crate::support::peers::{Course, Extended, Said};
use crate::support::server::Server;
use crate::support::wire::DEADLINE;
use hubbub::clock;

/// Three texts of tom that wait for jerry, who has an account: their ids.
fn three_wait(server: &Server) -> (Extended, [u64; 3]) {
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let ids = [1, 2, 3].map(|n| tom.store(&format!("text {n}"), &format!("r{n}")));
    (tom, ids)
}

/// What comes before the answer to this: everything that was missed.
fn missed(device: &mut Extended) -> Vec<Said> {
    device.send("PingMes", "{}");
    let mut missed = Vec::new();
    loop {
        let (kind, data) = device.next("what was missed");
        if kind == "PongMes" {
            return missed;
        }
        missed.extend(crate::support::peers::message(&kind, &data));
    }
}

fn ids(missed: &[Said]) -> Vec<u64> {
    missed.iter().map(|said| said.id).collect()
}

/// Logs in until this is missed and nothing else: receipts are written within a second.
fn comes_to_miss(server: &Server, device: &str, expected: &[u64], before: &[u64]) -> Extended {
    let deadline = clock::now() + DEADLINE;
    loop {
        let mut jerry = Extended::come_back(server.frames(), 200, device);
        let missed = ids(&missed(&mut jerry));
        if missed == expected {
            return jerry;
        }
        assert_eq!(missed, before);
        assert!(clock::now() < deadline, "{device} still misses {missed:?}");
    }
}

#[test]
fn a_receipt_moves_the_cursor_of_its_device_only() {
    let server = Server::start_on_disk();
    let (_tom, [one, two, three]) = three_wait(&server);
    let mut phone = Extended::come_back(server.frames(), 200, "phone");
    let mut laptop = Extended::come_back(server.frames(), 200, "laptop");
    for device in [&mut phone, &mut laptop] {
        assert_eq!(ids(&missed(device)), [one, two, three]);
    }
    laptop.received("lobby", two);
    drop(laptop);
    comes_to_miss(&server, "laptop", &[three], &[one, two, three]);
    drop(phone);
    comes_to_miss(&server, "phone", &[one, two, three], &[]);
    // A device that is new is where the furthest one is.
    let mut tablet = Extended::come_back(server.frames(), 200, "tablet");
    assert_eq!(ids(&missed(&mut tablet)), [three]);
    // A receipt for less takes nothing back.
    tablet.received("lobby", three);
    tablet.received("lobby", one);
    drop(tablet);
    comes_to_miss(&server, "tablet", &[], &[three]);
}

#[test]
fn what_is_not_acknowledged_comes_again() {
    let server = Server::start();
    let (_tom, ids_of_three) = three_wait(&server);
    for _ in 0..3 {
        let mut jerry = Extended::come_back(server.frames(), 200, "laptop");
        assert_eq!(ids(&missed(&mut jerry)), ids_of_three);
    }
}

#[test]
fn two_devices_get_everything_once_their_own_texts_too() {
    let server = Server::start();
    let (mut tom, ids_of_three) = three_wait(&server);
    let mut laptop = Extended::come_back(server.frames(), 200, "laptop");
    let mut phone = Extended::come_back(server.frames(), 200, "phone");
    tom.expect("NotifyUserStatusMes");
    for device in [&mut laptop, &mut phone] {
        assert_eq!(ids(&missed(device)), ids_of_three);
    }
    let four = tom.store("four", "r4");
    let five = laptop.store_after(four, "five", "r1");
    tom.tell(200, "psst", "r5");
    let psst = tom.expect_said();
    assert_eq!(psst.id, five);
    let psst = tom.expect_ack("r5");
    let heard: Vec<_> = (0..3).map(|_| phone.expect_said()).collect();
    assert_eq!(ids(&heard), [four, five, psst]);
    assert_eq!((heard[1].from, heard[1].text.as_str()), (200, "five"));
    assert_eq!(heard[2].room, "@100,200");
    assert_eq!(laptop.expect_said().id, psst);
    for device in [&mut laptop, &mut phone] {
        assert_eq!(missed(device), []);
    }
}

impl Extended {
    /// Hears this one, then stores a text.
    fn store_after(&mut self, id: u64, text: &str, reference: &str) -> u64 {
        assert_eq!(self.expect_said().id, id);
        self.store(text, reference)
    }
}

#[test]
fn what_one_device_acknowledged_counts_for_clients_that_cannot() {
    let server = Server::start();
    let (mut tom, [_, two, three]) = three_wait(&server);
    let mut laptop = Extended::come_back(server.frames(), 200, "laptop");
    missed(&mut laptop);
    laptop.received("lobby", two);
    comes_to_miss(&server, "laptop", &[three], &[two - 1, two, three]);
    let mut course = Course::come_back(server.frames(), 200);
    course.expect_said(100, "tom", "text 3");
    tom.say("live", "r4");
    course.expect_said(100, "tom", "live");
}

#[test]
fn a_new_account_starts_at_the_end_of_the_lobby() {
    let server = Server::start();
    let (mut tom, _) = three_wait(&server);
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    assert_eq!(missed(&mut ann), []);
    tom.expect("NotifyUserStatusMes");
    let live = tom.store("live", "r4");
    assert_eq!(ann.expect_said().id, live);
}

#[test]
fn what_was_missed_comes_oldest_first_over_all_rooms() {
    let server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut texts = Vec::new();
    for n in 0..30 {
        let (text, reference) = (format!("text {n}"), format!("r{n}"));
        match n % 3 {
            0 => tom.tell(200, &text, &reference),
            _ => tom.say(&text, &reference),
        }
        let time = tom.expect("AckMes")["time"].as_i64().unwrap();
        texts.push(text);
        // The next one is younger, as far as a clock of milliseconds can tell.
        while clock::now_ms().0 <= time {
            std::thread::yield_now();
        }
    }
    let mut jerry = Extended::come_back(server.frames(), 200, "laptop");
    let missed: Vec<_> = missed(&mut jerry).into_iter().map(|said| said.text).collect();
    assert_eq!(missed, texts);
}
