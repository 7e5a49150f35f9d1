//! Who may say what as whom, and what the dialect has beyond the original.

use crate::support::peers::{Course, Extended, Line, quote};
use crate::support::server::Server;

/// Tom and jerry, who have seen each other come.
fn two(server: &Server) -> (Course, Course) {
    let mut tom = Course::enter(server.frames(), 100, "tom");
    let jerry = Course::enter(server.frames(), 200, "jerry");
    tom.expect_came(200);
    (tom, jerry)
}

#[test]
fn who_has_not_logged_in_is_not_relayed() {
    let server = Server::start();
    let (mut tom, mut jerry) = two(&server);
    let mut stranger = Course::connect(server.frames());
    stranger.say(100, "forged");
    stranger.tell(100, 200, "forged");
    // The connection goes on, and its texts were dealt with before this.
    stranger.log_in(999, "secret");
    stranger.expect("LoginResMes", r#"{"code":500,"UsersId":null,"error":"用户不存在.."}"#);
    tom.say(100, "genuine");
    jerry.expect_said(100, "tom", "genuine");
}

#[test]
fn a_forged_sender_and_a_password_are_not_relayed() {
    let server = Server::start();
    let (mut tom, mut jerry) = two(&server);
    let forged = r#"{"content":"hi","userId":200,"userPwd":"secret","userName":"jerry","userStatus":2,"sex":"x"}"#;
    tom.send("SmsMes", forged);
    jerry.expect_said(100, "tom", "hi");
    let forged = forged.replace('}', r#","toUserId":200,"extra":"secret"}"#);
    tom.send("SmsPrivateMes", &forged);
    jerry.expect_told((100, "tom"), 200, "hi");
}

#[test]
fn private_text_reaches_all_clients_of_the_one_addressed_and_nobody_else() {
    let server = Server::start();
    let (mut tom, mut jerry) = two(&server);
    let mut jerry_too = Course::come_back(server.frames(), 200);
    let mut ann = Course::enter(server.frames(), 300, "ann");
    for other in [&mut tom, &mut jerry, &mut jerry_too] {
        other.expect_came(300);
    }
    tom.tell(100, 200, "psst");
    tom.say(100, "hello");
    for jerry in [&mut jerry, &mut jerry_too] {
        jerry.expect_told((100, "tom"), 200, "psst");
        jerry.expect_said(100, "tom", "hello");
    }
    ann.expect_said(100, "tom", "hello");
    // To nobody, and to oneself: no harm.
    tom.tell(100, 999, "is there anybody?");
    tom.tell(100, 100, "a note");
    ann.say(300, "done");
    tom.expect_said(300, "ann", "done");
}

#[test]
fn an_option_shows_private_text_to_unchanged_clients() {
    let server = Server::start_with(&["--course-private", "group"]);
    let (mut tom, mut jerry) = two(&server);
    tom.tell(100, 200, "psst");
    jerry.expect_said(100, "tom", "psst");
    let mut extended = Extended::come_back(server.frames(), 200, "laptop");
    tom.tell(100, 200, "again");
    jerry.expect_said(100, "tom", "again");
    let (kind, data) = extended.next("a private message");
    assert_eq!((kind.as_str(), &data["toUserId"]), ("SmsPrivateMes", &200.into()));
}

#[test]
fn an_account_is_online_until_its_last_client_leaves() {
    let server = Server::start();
    let (mut tom, jerry) = two(&server);
    let jerry_too = Course::come_back(server.frames(), 200);
    jerry.wire.close();
    tom.say(100, "nobody left");
    jerry_too.wire.reset();
    tom.expect_left(200);
}

#[test]
fn a_logout_is_a_clean_end() {
    let server = Server::start();
    let (mut tom, mut jerry) = two(&server);
    jerry.send("LogoutMes", "{}");
    jerry.wire.expect_end();
    tom.expect_left(200);
}

#[test]
fn guests_at_a_line_are_told_by_their_negative_ids() {
    let server = Server::start();
    let mut tom = Course::enter(server.frames(), 100, "tom");
    let mut guest = Line::enter(server.lines());
    tom.expect_came(-1);
    guest.say("hello");
    tom.expect_said(-1, &guest.me(), "hello");
    tom.say(100, "hello, guest");
    guest.expect(&guest.notice("hello"));
    guest.expect(&format!("[{}]tom: hello, guest", tom.wire.address()));
    guest.say("/register 300 secret ann");
    guest.next("the new account");
    guest.say("/login 300 secret");
    tom.expect_left(-1);
    tom.expect_came(300);
}

#[test]
fn what_is_not_understood_is_passed_over() {
    let server = Server::start();
    let (mut tom, mut jerry) = two(&server);
    tom.send("DanceMes", "{}");
    tom.send("SmsMes", "no json");
    tom.send("SmsMes", r#"{"content":""}"#);
    tom.send("SmsMes", r#"{"content":"a\u0000b"}"#);
    tom.send(
        "SmsMes",
        &format!(r#"{{"content":"deep","x":{}{}}}"#, "[".repeat(17), "]".repeat(17)),
    );
    tom.send("WhoMes", "{}");
    tom.say(100, "still here");
    jerry.expect_said(100, "tom", "still here");
    jerry.say(200, "heard");
    tom.expect_said(200, "jerry", "heard");
}

#[test]
fn a_text_that_is_too_wide_for_one_frame_comes_in_several() {
    let server = Server::start();
    let mut jerry = Course::enter(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    jerry.expect_came(100);
    let wide = "<你>".repeat(1_600);
    tom.store(&wide, "wide");
    let mut heard = String::new();
    while heard.len() < wide.len() {
        let (kind, data) = jerry.next("a piece");
        assert_eq!(kind, "SmsMes");
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(data["userId"], 100);
        heard.push_str(data["content"].as_str().unwrap());
    }
    assert_eq!(heard, wide);
}

#[test]
fn what_begins_an_escape_is_taken_out_and_all_else_stays() {
    let server = Server::start();
    let (mut tom, mut jerry) = two(&server);
    tom.say(100, "a\u{1b}[2Jb\u{9b}c\n\td\u{7}\u{202e}");
    jerry.expect_said(100, "tom", "a\u{fffd}[2Jb\u{fffd}c\n\td\u{7}\u{202e}");
}

#[test]
fn registration_can_be_closed() {
    let server = Server::start_with(&["--registration", "closed", "--demo"]);
    let mut course = Course::connect(server.frames());
    course.send("RegisterMes", &crate::support::peers::registration(200, "secret", "jerry"));
    let error = quote("这里不开放注册，请联系管理员");
    course.expect("RegisterResMes", &format!(r#"{{"code":506,"error":{error}}}"#));
    course.log_in(100, "123456");
    course.expect("LoginResMes", r#"{"code":200,"UsersId":[100],"error":""}"#);
}
