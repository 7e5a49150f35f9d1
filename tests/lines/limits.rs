//! What one peer, and all together, may ask for.

use std::time::Duration;

use hubbub::clock;

use crate::support::peers::{Course, Line};
use crate::support::server::Server;

#[test]
fn beyond_its_room_the_server_refuses_politely() {
    let server = Server::start_with(&["--max-connections", "2"]);
    let mut a = Line::enter(server.lines());
    let b = Line::enter(server.lines());
    a.expect(&b.notice("login!!!"));
    let mut line = Line::connect(server.lines());
    line.expect("* the server is full; try again later");
    line.wire.expect_end();
    let mut course = Course::connect(server.frames());
    course.expect_said(0, "系统", "服务器已满，请稍后再试");
    course.wire.expect_end();
    assert_eq!(a.who(2).len(), 2);
}

/// 100 at once, then 20 a second.
#[test]
fn who_talks_too_fast_is_slowed_and_loses_nothing() {
    let server = Server::start_with(&["--exempt", "10.0.0.0/8"]);
    let mut line = Line::enter(server.lines());
    let began = clock::now();
    let texts: Vec<_> = (0..120).map(|n| format!("text {n}")).collect();
    line.wire.send(format!("{}\n", texts.join("\n")).as_bytes());
    texts.iter().for_each(|text| line.expect(&line.notice(text)));
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
}

#[test]
fn passwords_cannot_be_guessed() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    let mut line = Line::enter(server.lines());
    for _ in 0..5 {
        line.ask("/login tom guess", &["* unknown id/name or wrong password"]);
    }
    let throttled = "* too many attempts; wait a little and try again";
    line.ask("/login tom guess", &[throttled]);
    line.ask("/login tom secret", &[throttled]);
    let mut course = Course::connect(server.frames());
    course.log_in(100, "secret");
    let refused = r#"{"code":505,"UsersId":null,"error":"尝试次数太多，请稍后再试"}"#;
    course.expect("LoginResMes", refused);
}
