//! Tokens take the place of a password, and senders see how far their words came.

use serde_json::Value;

use crate::support::peers::{Course, Extended, Said, message};
use crate::support::server::Server;

const BAD: &str = "bad_token";

/// What comes before the answer to this.
fn until_pong(peer: &mut Extended) -> Vec<(String, Value)> {
    peer.send("PingMes", "{}");
    let mut heard = Vec::new();
    loop {
        let (kind, data) = peer.next("what comes before a pong");
        if kind == "PongMes" {
            return heard;
        }
        heard.push((kind, data));
    }
}

fn messages(heard: &[(String, Value)]) -> Vec<Said> {
    heard.iter().filter_map(|(kind, data)| message(kind, data)).collect()
}

/// Logged in on this device: the peer, its token, the epoch.
fn log_in(server: &Server, id: i64, device: &str) -> (Extended, String, String) {
    let mut peer = Extended::connect(server.frames(), device);
    let reply = peer.log_in(id, "secret");
    assert_eq!(reply["code"], 200, "{reply}");
    let epoch = reply["epoch"].as_str().unwrap().to_owned();
    let token = peer.expect_token();
    (peer, token, epoch)
}

fn resume_code(server: &Server, device: &str, token: &str) -> String {
    let mut peer = Extended::connect(server.frames(), device);
    let reply = peer.resume(token, "", &[]);
    match reply["code"].as_i64() {
        Some(200) => "ok".to_owned(),
        _ => reply["errorCode"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn a_token_takes_the_place_of_the_password_over_a_kill() {
    let mut server = Server::start_on_disk();
    Course::join(server.frames(), 100, "tom");
    Course::join(server.frames(), 200, "jerry");
    let (jerry, token, epoch) = log_in(&server, 200, "phone");
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    drop(jerry);
    tom.expect("NotifyUserStatusMes");
    let ids = [1, 2, 3].map(|n| tom.store(&format!("text {n}"), &format!("r{n}")));
    server.kill_and_start_again();
    // What the client says it holds is not sent again.
    let mut jerry = Extended::connect(server.frames(), "phone");
    let reply = jerry.resume(&token, &epoch, &[format!("lobby:{}", ids[0])]);
    assert_eq!((&reply["code"], &reply["userId"]), (&200.into(), &200.into()));
    let missed: Vec<_> = messages(&until_pong(&mut jerry)).iter().map(|said| said.id).collect();
    assert_eq!(missed, ids[1..]);
    // Positions of another epoch mean nothing, and neither does an id that never was.
    for (epoch, held) in [("0000000000000000", ids[2]), (epoch.as_str(), 999_999)] {
        let mut jerry = Extended::connect(server.frames(), "phone");
        assert_eq!(jerry.resume(&token, epoch, &[format!("lobby:{held}")])["code"], 200);
        assert_eq!(messages(&until_pong(&mut jerry)).len(), 3);
    }
}

#[test]
fn a_token_is_good_for_its_device_until_it_is_revoked() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    let (_tom, token, _) = log_in(&server, 100, "phone");
    assert_eq!(resume_code(&server, "phone", &token), "ok");
    assert_eq!(resume_code(&server, "laptop", &token), BAD);
    assert_eq!(resume_code(&server, "phone", "00"), BAD);
    assert_eq!(resume_code(&server, "phone", ""), BAD);
    // Logging out ends the token of that login, and no other.
    let (mut laptop, other, _) = log_in(&server, 100, "laptop");
    laptop.send("LogoutMes", "{}");
    laptop.expect_error("bye");
    assert_eq!(resume_code(&server, "laptop", &other), BAD);
    assert_eq!(resume_code(&server, "phone", &token), "ok");
}

#[test]
fn a_new_password_ends_all_tokens_but_that_of_who_changed_it() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    let (_phone, old, _) = log_in(&server, 100, "phone");
    let (mut laptop, before, _) = log_in(&server, 100, "laptop");
    laptop.token = None;
    laptop.send("PasswdMes", r#"{"oldPwd":"secret","newPwd":"another"}"#);
    laptop.expect("PasswdResMes");
    let fresh = laptop.expect_token();
    assert_eq!(resume_code(&server, "phone", &old), BAD);
    assert_eq!(resume_code(&server, "laptop", &before), BAD);
    assert_eq!(resume_code(&server, "laptop", &fresh), "ok");
}

#[test]
fn a_sender_sees_what_was_delivered_and_read_unless_the_reader_hides_it() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    let mut jerry = Extended::come_back(server.frames(), 200, "phone");
    tom.expect("NotifyUserStatusMes");
    tom.tell(200, "psst", "r1");
    let id = tom.expect_ack("r1");
    assert_eq!(jerry.expect_said().id, id);
    let room = "@100,200";
    jerry.received(room, id);
    let delivered = tom.expect("DeliveredMes");
    assert_eq!((&delivered["room"], &delivered["userId"]), (&room.into(), &200.into()));
    assert_eq!(delivered["upTo"], id);
    // More than there is cannot be read.
    jerry.send("ReadMes", &format!(r#"{{"room":"{room}","upTo":999}}"#));
    let read = tom.expect("ReadMes");
    assert_eq!((&read["userId"], &read["upTo"]), (&200.into(), &id.into()));
    jerry.send("ReceiptsMes", r#"{"delivered":false,"read":false}"#);
    jerry.expect("ReceiptsResMes");
    tom.tell(200, "hello?", "r2");
    let id = tom.expect_ack("r2");
    assert_eq!(jerry.expect_said().id, id);
    jerry.received(room, id);
    jerry.send("ReadMes", &format!(r#"{{"room":"{room}","upTo":{id}}}"#));
    assert!(until_pong(&mut jerry).is_empty());
    jerry.store("the sign", "r3");
    assert_eq!(tom.expect_said().text, "the sign", "nothing else was told before");
}

#[test]
fn read_marks_are_shared_by_the_devices_of_an_account() {
    let server = Server::start_on_disk();
    Course::join(server.frames(), 100, "tom");
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    let id = tom.store("news", "r1");
    let mut phone = Extended::come_back(server.frames(), 200, "phone");
    let mut laptop = Extended::come_back(server.frames(), 200, "laptop");
    until_pong(&mut laptop);
    phone.send("ReadMes", &format!(r#"{{"room":"lobby","upTo":{id}}}"#));
    let read = laptop.expect("ReadMes");
    assert_eq!((&read["room"], &read["upTo"]), (&"lobby".into(), &id.into()));
    until_pong(&mut phone);
    drop((phone, laptop));
    // And a device that was away hears of it at its login.
    let mut tablet = Extended::come_back(server.frames(), 200, "tablet");
    until_pong(&mut tablet);
    let rooms = tablet.progress[0]["rooms"].as_array().unwrap();
    let lobby = rooms.iter().find(|room| room["room"] == "lobby").unwrap();
    assert_eq!(lobby["read"], id);
}
