//! How TLS begins, and how it does not.

use std::time::Duration;

use super::{hello, is_well, server};
use crate::support::peers::{Course, Extended, Line, frame};
use crate::support::server::Server;
use crate::support::tls::Identity;
use crate::support::wire::Wire;

/// The fatal alert handshake_failure.
const REFUSAL: &[u8] = b"\x15\x03\x01\0\x02\x02\x28";

#[test]
fn one_port_takes_both_and_tells_languages_inside_too() {
    let server = server();
    let mut clear = Extended::enter(server.any(), (100, "tom"), "laptop");
    // Silence inside is a person, too.
    let mut line = Line::over(server.call(server.any()));
    line.say("by TLS");
    while clear.next("a text by TLS").1["content"] != "by TLS" {}
    clear.say("in clear", "r1");
    while !line.next("what was said in clear").ends_with("in clear") {}
    let mut typing = server.call(server.any());
    typing.send(b"who\n");
    typing.take("the list", |heard| {
        heard.windows(8).position(|at| at == b"user lis").map(|_| heard.len())
    });
    // Nobody needs two of them.
    let mut inner = server.call(server.any());
    inner.send(&hello(&server, server.any()).1);
    assert_eq!(inner.drain(), REFUSAL);
    is_well(&server);
}

#[test]
fn without_a_certificate_tls_is_refused_as_it_wants_to_be() {
    let (server, with) = (Server::start(), server());
    let (mut wire, hello) = (Wire::connect(server.any()), hello(&with, with.any()).1);
    wire.send(&hello);
    assert_eq!(wire.drain(), REFUSAL);
}

#[test]
fn handshakes_that_fail_cost_only_themselves() {
    let server = server();
    let (whole, hello) = hello(&server, server.any());
    drop(whole);
    for port in [server.any(), server.lines(), server.frames()] {
        for nonsense in [
            &b"\x16\x03\x01\0\x05hello"[..],
            b"\x16\x03\x01\xff\xff",
            b"\x16\x03\x03\0\0\x16\x03\x03\0\0",
            b"\x16\x03\x01\0\x04\x02\0\0\0",
            &[&hello[..], b"\x17\x03\x03\0\x20", &[7; 32]].concat(),
            &[&hello[..], &hello[..]].concat(),
            &[b"\x16\x03\x01\x40\0", &[0; 70_000][..]].concat(),
        ] {
            let mut wire = Wire::connect(port);
            // It may be cut while it still speaks.
            wire.try_send(nonsense).ok();
            wire.try_half_close().ok();
            wire.drain();
        }
    }
    // Who vanishes in the midst of it, with an end or without one.
    for n in 0..40 {
        let mut wire = Wire::connect(server.any());
        wire.send(&hello[..hello.len() * (n % 4 + 1) / 4]);
        if n % 2 == 0 { wire.reset() } else { drop(wire) }
    }
    is_well(&server);
}

#[test]
fn a_handshake_that_stalls_is_ended_and_others_are_served_meanwhile() {
    let server = server();
    let stalled: Vec<_> = (0..60)
        .map(|n| {
            let (mut wire, hello) = hello(&server, server.any());
            // The first ones say nothing more after their hello, the others not even all of it.
            wire.send(if n < 20 { &hello } else { &hello[..40] });
            wire
        })
        .collect();
    // One that drips.
    let (mut drip, hello) = hello(&server, server.frames());
    let mut hello = hello.into_iter();
    is_well(&server);
    while !drip.hears_within(Duration::from_millis(200)) {
        // It is cut before its thousand bytes are out.
        if drip.try_send(&[hello.next().unwrap_or(0)]).is_err() {
            break;
        }
    }
    for mut wire in stalled {
        wire.drain();
    }
    is_well(&server);
}

#[test]
fn beyond_this_machine_a_certificate_makes_tls_the_only_way() {
    let identity = Identity::make();
    let mut options = identity.options();
    options.extend(["--listen", "0.0.0.0:0"].map(str::to_owned));
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let server = Server::start_with(&options);
    let port = ([127, 0, 0, 1], server.port(3).port()).into();
    let mut line = Line::over(Wire::connect(port).secure(&identity));
    let me = line.me();
    line.tell_all(&me, "hidden");
    let mut clear = Line::connect(port);
    clear.say("hello?");
    clear.expect("* here everything is encrypted; connect with TLS");
    clear.wire.expect_end();
    let mut course = Course::connect(port);
    course.log_in(100, "secret");
    let (kind, data) = course.next("a last word");
    assert_eq!(kind, "SmsMes");
    assert!(data.contains("TLS"), "{data}");
    let mut extended = Wire::connect(port);
    extended.send(&frame("HelloMes", "{}"));
    assert!(extended.drain().starts_with(b"\0\0"));
    // Nobody was logged in or heard by that.
    assert_eq!(line.who(1), [format!("{me}:{me}")]);
}
