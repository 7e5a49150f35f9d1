//! The login deadline: it ends who does not log in, and never who waits for the server.

use std::time::Duration;

use hubbub::clock;

use crate::support::peers::{Course, Extended, Line};
use crate::support::server::Server;

const DEADLINE: Duration = Duration::from_secs(1);

#[test]
fn who_does_not_log_in_is_told_and_closed() {
    let server = Server::start_with(&["--login-timeout", "1", "--no-guests"]);
    let began = clock::now();
    let mut frames = Extended::connect(server.frames(), "laptop");
    let mut line = Line::connect(server.lines());
    let farewell = frames.expect_error("login_timeout");
    assert_eq!(farewell["closing"], true);
    while line.next("a farewell") != "* no login in time; connect again" {}
    for wire in [&mut frames.course.wire, &mut line.wire] {
        drop(wire.drain());
    }
    assert!(began.elapsed() >= DEADLINE);
    // Who is in stays.
    let mut tom = Extended::enter(server.frames(), (1, "tom"), "laptop");
    tom.expect_token();
    assert!(!tom.course.wire.hears_within(2 * DEADLINE));
}

#[test]
fn the_wait_for_the_servers_own_work_does_not_count() {
    let server = Server::start_with(&["--login-timeout", "1"]);
    Course::join(server.frames(), 1, "tom");
    for n_others in [100, 200, 400, 800] {
        // All want a hash at once, and there are as many permits as cores.
        let others: Vec<_> = (0..n_others)
            .map(|_| {
                let mut other = Course::connect(server.frames());
                let user = r#"{"user":{"userId":0,"userPwd":"secret","userName":""}}"#;
                other.send("RegisterMes", user);
                other
            })
            .collect();
        let mut tom = Extended::connect(server.frames(), "laptop");
        let began = clock::now();
        let refused = tom.log_in(1, "wrong");
        let waited = began.elapsed();
        assert_ne!(refused["code"], 200, "{refused}");
        if waited > DEADLINE + DEADLINE / 2 {
            drop(others);
            assert_eq!(tom.log_in(1, "secret")["code"], 200, "after {waited:?}");
            return;
        }
    }
    panic!("this machine is too fast for this test");
}
