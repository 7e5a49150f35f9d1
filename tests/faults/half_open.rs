//! Connections that never become anybody.

use hubbub::clock;

use super::is_well;
use crate::support::peers::Course;
use crate::support::server::Server;
use crate::support::wire::Wire;

/// What each of them says, and then nothing more. None of it is a line.
const BEGINNINGS: [&[u8]; 5] =
    [b"", b"\0", b"\0\0\0\x56{\"type\":\"LoginMes\",", b"\0\0\x1f\xa0{", b"\0\0\0\x02"];

#[test]
fn who_never_finishes_a_login_costs_nobody_anything() {
    let server = Server::start();
    let began = clock::now();
    let mut open = Vec::new();
    for n in 0..400 {
        let mut wire = Wire::connect(server.frames());
        wire.send(BEGINNINGS[n % BEGINNINGS.len()]);
        open.push(wire);
    }
    // By the first byte, too.
    for _ in 0..50 {
        let mut wire = Wire::connect(server.any());
        wire.send(b"\0\0");
        open.push(wire);
    }
    is_well(&server, 100);
    // Of those that are nobody nobody was told.
    let mut tom = Course::connect(server.frames());
    tom.log_in(100, "secret");
    let (_, data) = tom.next("the answer to the login");
    assert!(data.len() < 100, "{data}");
    println!("served among {} half-open ones after {:?}", open.len(), began.elapsed());
    drop(open);
    is_well(&server, 200);
}

#[test]
fn who_is_cut_in_the_midst_of_a_login_leaves_nothing_behind() {
    let server = Server::start();
    let mut tom = Course::enter(server.frames(), 100, "tom");
    for n in 0..50 {
        let mut course = Course::connect(server.frames());
        // The hash of the password is still being made when the line is cut.
        course.log_in(100, "secret");
        course.log_in(100, "wrong");
        match n % 2 {
            0 => course.wire.reset(),
            _ => drop(course),
        }
    }
    Course::join(server.frames(), 200, "jerry");
    let jerry = Course::come_back(server.frames(), 200);
    tom.expect_came(200);
    drop(jerry);
    tom.expect_left(200);
    is_well(&server, 300);
}
