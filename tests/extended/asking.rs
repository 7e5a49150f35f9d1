//! What such a client asks beside sending, and how it is answered.

use crate::support::peers::{Course, Extended, frame, registration};
use crate::support::server::Server;

const ME: (i64, &str) = (100, "tom");

#[test]
fn hello_is_answered_and_comes_first_or_not_at_all() {
    let server = Server::start();
    let mut tom = Extended::enter(server.any(), ME, "laptop");
    tom.send("HelloMes", r#"{"version":1}"#);
    tom.expect_error("hello_too_late");
    let mut twice = Extended::connect(server.any(), "laptop");
    twice.send("HelloMes", r#"{"version":1}"#);
    twice.expect_error("hello_too_late");
    // Who does not say it gets the course's frames, and its errors.
    let mut course = Course::come_back(server.any(), 100);
    course.send("HelloMes", r#"{"version":1}"#);
    course.say(100, "hi");
    let said = tom.expect_said();
    assert_eq!((said.from, said.text.as_str()), (100, "hi"));
}

#[test]
fn the_answer_to_the_login_says_who_and_how_many() {
    let server = Server::start();
    let _guest = crate::support::peers::Line::enter(server.lines());
    let mut tom = Extended::connect(server.frames(), "laptop");
    tom.send("RegisterMes", &registration(0, "secret", "Iron man"));
    let id = tom.expect("RegisterResMes")["userId"].as_i64().unwrap();
    let login = r#"{"userId":0,"userPwd":"secret","userName":"iron MAN"}"#;
    tom.send("LoginMes", login);
    let reply = tom.expect("LoginResMes");
    assert_eq!((&reply["code"], &reply["userId"]), (&200.into(), &id.into()));
    assert_eq!((&reply["userName"], &reply["nOnline"]), (&"Iron man".into(), &2.into()));
    assert!(!reply["epoch"].as_str().unwrap().is_empty());
    let list = tom.expect("WhoResMes");
    assert_eq!((&list["more"], list["online"].as_array().unwrap().len()), (&false.into(), 2));
    tom.send("LoginMes", login);
    assert_eq!(tom.expect("LoginResMes")["errorCode"], "already_logged_in");
    assert_eq!(tom.who()[&id], "Iron man");
}

#[test]
fn a_ping_is_answered_by_a_pong_also_before_the_login() {
    let server = Server::start();
    let mut nobody = Extended::connect(server.frames(), "laptop");
    nobody.send("PingMes", "{}");
    nobody.expect("PongMes");
    let mut tom = Extended::enter(server.frames(), ME, "laptop");
    tom.send("PingMes", "{}");
    tom.expect("PongMes");
}

#[test]
fn a_password_is_changed_by_who_knows_it() {
    let server = Server::start_on_disk();
    let mut tom = Extended::enter(server.frames(), ME, "laptop");
    tom.send("PasswdMes", r#"{"oldPwd":"guessed","newPwd":"other"}"#);
    tom.expect_error("wrong_password");
    tom.send("PasswdMes", r#"{"oldPwd":"secret","newPwd":""}"#);
    tom.expect_error("bad_password");
    tom.send("PasswdMes", r#"{"oldPwd":"secret","newPwd":"other"}"#);
    assert_eq!(tom.expect("PasswdResMes")["code"], 200);
    let mut again = Extended::connect(server.frames(), "laptop");
    assert_eq!(again.log_in(100, "secret")["errorCode"], "wrong_password");
    assert_eq!(again.log_in(100, "other")["code"], 200);
}

#[test]
fn a_new_name_is_told_to_others_and_kept() {
    let server = Server::start_on_disk();
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    let mut tom = Extended::enter(server.frames(), ME, "laptop");
    let came = jerry.expect("NotifyUserStatusMes");
    assert_eq!(came["address"], tom.course.wire.address().to_string());
    assert_eq!((&came["userName"], &came["status"]), (&"tom".into(), &0.into()));
    tom.send("RenameMes", r#"{"userName":"Tom  Cat"}"#);
    assert_eq!(tom.expect("RenameResMes")["userName"], "Tom Cat");
    let renamed = jerry.expect("RenameMes");
    assert_eq!((&renamed["userId"], &renamed["userName"]), (&100.into(), &"Tom Cat".into()));
    tom.send("RenameMes", r#"{"userName":"Jerry"}"#);
    assert_eq!(tom.expect("RenameResMes")["userName"], "Jerry#100");
    assert_eq!(jerry.expect("RenameMes")["userName"], "Jerry#100");
    // Of the other one of that name the id is shown now, too.
    assert_eq!(jerry.expect("RenameMes")["userName"], "jerry#200");
    assert_eq!(tom.expect("RenameMes")["userName"], "jerry#200");
    let names = tom.who();
    assert_eq!((names[&100].as_str(), names[&200].as_str()), ("Jerry#100", "jerry#200"));
    for bad in ["", "100", "127.0.0.1:80", "a\u{1b}b", "x#1"] {
        let name = crate::support::peers::quote(bad);
        tom.send("RenameMes", &format!(r#"{{"userName":{name}}}"#));
        tom.expect_error("bad_name");
    }
}

#[test]
fn what_is_wrong_has_a_name() {
    let server = Server::start();
    let mut tom = Extended::connect(server.frames(), "laptop");
    for kind in ["WhoMes", "SmsMes", "RenameMes", "PasswdMes", "ReceivedMes"] {
        let data = r#"{"content":"x","userName":"x","oldPwd":"x","newPwd":"x","room":"lobby"}"#;
        tom.send(kind, data);
        tom.expect_error("not_logged_in");
    }
    Course::join(server.frames(), 100, "tom");
    tom.log_in(100, "secret");
    tom.expect("WhoResMes");
    let cases = [
        ("DanceMes", "{}", "unknown_command"),
        ("SmsMes", "[]", "bad_request"),
        ("SmsMes", r#"{"content":1}"#, "bad_request"),
        ("SmsMes", r#"{"content":"hi","toUserId":"200"}"#, "bad_request"),
        ("SmsMes", r#"{"content":""}"#, "empty_text"),
        ("SmsMes", r#"{"content":"a\u0000b"}"#, "bad_text"),
        ("SmsPrivateMes", r#"{"content":"hi","toUserId":999}"#, "unknown_user"),
        ("ReceivedMes", r#"{"room":"nowhere","upTo":1}"#, "bad_request"),
    ];
    for (kind, data, code) in cases {
        tom.send(kind, data);
        tom.expect_error(code);
    }
    let long = format!(r#"{{"content":"{}"}}"#, "x".repeat(8_001));
    tom.send("SmsMes", &long);
    tom.expect_error("text_too_long");
    for (refused, code) in [("", "empty_text"), (&"x".repeat(8_001), "text_too_long")] {
        tom.say(refused, "r");
        let ack = tom.expect("AckMes");
        assert_eq!((&ack["clientRef"], &ack["code"]), (&"r".into(), &code.into()));
    }
    tom.tell(999, "psst", "r");
    assert_eq!(tom.expect("AckMes")["code"], "unknown_user");
}

#[test]
fn a_body_of_64_kib_is_taken_and_a_longer_one_ends_the_connection() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), ME, "laptop");
    let around = frame("PingMes", "").len() - 4;
    tom.course.wire.send(&frame("PingMes", &"x".repeat(65_536 - around)));
    tom.expect("PongMes");
    tom.course.wire.send(&frame("PingMes", &"x".repeat(65_537 - around)));
    assert_eq!(tom.expect_error("too_long")["closing"], true);
    tom.course.wire.expect_end();
}
