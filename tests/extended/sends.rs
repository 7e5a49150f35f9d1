//! Acknowledged means stored, and a reference is one message.

use hubbub::clock;

use crate::support::peers::{Course, Extended};
use crate::support::server::Server;

const TOM: (i64, &str) = (100, "tom");
const JERRY: (i64, &str) = (200, "jerry");

#[test]
fn an_acknowledgement_has_id_room_and_time() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), TOM, "laptop");
    Course::join(server.frames(), 200, "jerry");
    let before = clock::now_ms().0;
    tom.say("hi", "r1");
    let ack = tom.expect("AckMes");
    assert_eq!((&ack["clientRef"], &ack["room"]), (&"r1".into(), &"lobby".into()));
    assert!((before..=clock::now_ms().0).contains(&ack["time"].as_i64().unwrap()), "{ack}");
    let first = ack["id"].as_u64().unwrap();
    assert!(tom.store("hi", "r2") > first);
    tom.tell(200, "psst", "r1");
    let ack = tom.expect("AckMes");
    assert_eq!(ack["room"], "@100,200", "the same reference in another room is another message");
}

#[test]
fn acknowledged_means_stored() {
    let mut server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), TOM, "laptop");
    for n in 0..50 {
        tom.say(&format!("text {n}"), &format!("r{n}"));
    }
    let ids: Vec<_> = (0..50).map(|n| tom.expect_ack(&format!("r{n}"))).collect();
    server.kill_and_start_again();
    let mut jerry = Extended::come_back(server.frames(), 200, "laptop");
    for (n, id) in ids.into_iter().enumerate() {
        let said = jerry.expect_said();
        assert_eq!((said.id, said.text), (id, format!("text {n}")));
        assert!(said.replayed);
    }
}

#[test]
fn a_reference_is_one_message_also_later_and_after_a_kill() {
    let mut server = Server::start_on_disk();
    let mut jerry = Extended::enter(server.frames(), JERRY, "laptop");
    let mut tom = Extended::enter(server.frames(), TOM, "laptop");
    jerry.expect("NotifyUserStatusMes");
    let id = tom.store("once", "r1");
    assert_eq!(tom.store("once", "r1"), id);
    tom.say("other", "r1");
    assert_eq!(tom.expect("AckMes")["code"], "reference_reused");
    drop(tom);
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    skip_replayed(&mut tom);
    assert_eq!(tom.store("once", "r1"), id);
    let next = tom.store("next", "r2");
    assert_eq!(jerry.expect_said().id, id);
    jerry.expect("NotifyUserStatusMes");
    jerry.expect("NotifyUserStatusMes");
    assert_eq!(jerry.expect_said().id, next, "once, and not again");

    jerry.received("lobby", next);
    server.kill_and_start_again();
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    skip_replayed(&mut tom);
    assert_eq!(tom.store("once", "r1"), id);
    tom.say("other", "r2");
    assert_eq!(tom.expect("AckMes")["code"], "reference_reused");
    let last = tom.store("last", "r3");
    assert!(last > next);
    // Another device and another account have references of their own.
    let mut phone = Extended::come_back(server.frames(), 100, "phone");
    skip_replayed(&mut phone);
    assert!(phone.store("once", "r1") > last);
    let mut jerry = Extended::come_back(server.frames(), 200, "laptop");
    let texts = skip_replayed(&mut jerry);
    assert_eq!(texts[texts.len() - 2..], ["last", "once"]);
    assert!(jerry.store("once", "r1") > last);
}

/// What this device may have, and what comes with it again as its receipts were not written yet.
fn skip_replayed(extended: &mut Extended) -> Vec<String> {
    extended.send("PasswdMes", r#"{"oldPwd":"","newPwd":""}"#);
    let mut texts = Vec::new();
    loop {
        let (kind, data) = extended.next("what was missed");
        if kind == "ErrorMes" {
            return texts;
        }
        assert_eq!(data["replayed"], true, "{data}");
        texts.push(data["content"].as_str().unwrap().to_owned());
    }
}

#[test]
fn a_repeated_send_does_not_show_again_while_both_are_on_their_way() {
    let server = Server::start_on_disk();
    let mut jerry = Extended::enter(server.frames(), JERRY, "laptop");
    let mut tom = Extended::enter(server.frames(), TOM, "laptop");
    jerry.expect("NotifyUserStatusMes");
    for _ in 0..20 {
        tom.say("once", "r1");
    }
    tom.say("end", "r2");
    let id = tom.expect_ack("r1");
    for _ in 1..20 {
        assert_eq!(tom.expect_ack("r1"), id);
    }
    let end = tom.expect_ack("r2");
    assert_eq!([jerry.expect_said().id, jerry.expect_said().id], [id, end]);
}

#[test]
fn without_a_reference_nothing_is_acknowledged() {
    let server = Server::start();
    let mut jerry = Extended::enter(server.frames(), JERRY, "laptop");
    let mut tom = Extended::enter(server.frames(), TOM, "laptop");
    jerry.expect("NotifyUserStatusMes");
    tom.send("SmsMes", r#"{"content":"hi"}"#);
    assert_eq!(jerry.expect_said().text, "hi");
    assert_eq!(tom.who().len(), 2);
}

#[test]
fn acknowledgements_come_in_the_order_of_the_room() {
    let server = Server::start();
    let mut jerry = Extended::enter(server.frames(), JERRY, "laptop");
    let mut tom = Extended::enter(server.frames(), TOM, "laptop");
    jerry.expect("NotifyUserStatusMes");
    for n in 0..300 {
        tom.say("from tom", &format!("{n}"));
        jerry.say("from jerry", &format!("{n}"));
    }
    for peer in [&mut tom, &mut jerry] {
        let mut last = 0;
        for _ in 0..600 {
            let (kind, data) = peer.next("a message or an acknowledgement");
            let id = data["id"].as_u64().unwrap_or_else(|| panic!("{kind} {data}"));
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }
}
