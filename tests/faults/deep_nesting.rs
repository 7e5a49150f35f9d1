//! JSON nested so deep that reading it would overflow the stack of the connection's thread and
//! end the process. Run in debug and, by `scripts/test`, optimised: frames on the stack differ.

use super::is_well;
use crate::support::peers::{Course, Extended, frame, quote};
use crate::support::server::Server;

/// Openings that nest, and how often each may be repeated in so many bytes.
const OPENINGS: [&str; 4] = ["[", "{\"a\":", "[[{\"a\":", "{\"user\":"];

fn nested(opening: &str, bytes: usize) -> String {
    opening.repeat(bytes / opening.len())
}

/// A frame around any body.
fn framed(body: &str) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], body.as_bytes()].concat()
}

/// Bodies of about this length: nested themselves, below a key that is skipped, and in `data`.
fn bodies(bytes: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    for opening in OPENINGS {
        let room = bytes.saturating_sub(200);
        let deep = nested(opening, room);
        bodies.push(deep.clone());
        bodies.push(format!("{{\"x\":{deep}"));
        // Escaped as a string it may be twice as long.
        let data = quote(&nested(opening, room / 2));
        for kind in ["LoginMes", "SmsMes", "RegisterMes", "NoSuchMes"] {
            bodies.push(format!("{{\"type\":\"{kind}\",\"data\":{data}}}"));
        }
    }
    let closed = bytes.saturating_sub(200) / 2;
    bodies.push(format!("{}{}", "[".repeat(closed), "]".repeat(closed)));
    bodies
}

#[test]
fn deep_nesting_within_the_limit_ends_no_server() {
    let server = Server::start();
    for body in bodies(8_000) {
        assert!(body.len() <= 8_096);
        let mut course = Course::connect(server.frames());
        course.wire.send(&framed(&body));
        course.wire.half_close();
        course.wire.drain();
    }
    is_well(&server, 100);
}

#[test]
fn deep_nesting_after_hello_and_beyond_every_limit_ends_no_server() {
    let server = Server::start();
    Course::join(server.frames(), 300, "tom");
    for body in bodies(64_000).into_iter().chain(bodies(200_000)) {
        let mut extended = Extended::come_back(server.frames(), 300, "laptop");
        extended.course.wire.send(&framed(&body));
        extended.course.wire.half_close();
        extended.course.wire.drain();
    }
    // 100,000 levels, and a length that tells the truth.
    for body in ["[".repeat(100_000), format!("{{\"type\":{}", "[".repeat(100_000))] {
        let mut course = Course::connect(server.any());
        course.wire.send(&framed(&body));
        course.wire.drain();
    }
    is_well(&server, 100);
}

#[test]
fn deep_nesting_in_data_is_refused_and_the_connection_goes_on() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    for opening in OPENINGS {
        tom.course.wire.send(&frame("SmsMes", &nested(opening, 20_000)));
        tom.expect_error("bad_request");
    }
    tom.send("PingMes", "{}");
    tom.expect("PongMes");
}
