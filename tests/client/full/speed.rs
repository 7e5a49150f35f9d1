//! How fast the full screen is: the figures stand in docs/performance.md.
//! `cargo test --test tests -- full::speed --nocapture` prints them, of a release build with
//! `HUBBUB_TEST_CLIENT=target/release/client`.

use std::time::{Duration, Instant};

use hubbub::protocol::wire::{self, kind};
use hubbub::{clock, threads};
use tempfile::{TempDir, tempdir};

use super::screen::Screen;
use crate::client::fake::{FakeServer, Peer};

/// Of the crowd, and of the burst.
const MANY: u64 = 10_000;

/// Generous: the machine may have other things to do. What a person notices is a tenth.
const AT_MOST: Duration = Duration::from_secs(5);

/// Lets a client in that knows its way, where a crowd is online.
fn enter(server: &FakeServer, state: &TempDir) -> (Screen, Peer, Instant) {
    let began = clock::now();
    let variables = [("HUBBUB_PASSWORD", "secret")];
    let args = ["--addr", &server.address(), "--user", "100"];
    let screen = Screen::start_with(state, &args, &variables, (120, 40));
    let mut peer = server.accept();
    peer.let_in(100, "one");
    for first in (0..MANY).step_by(500) {
        let person = |id: u64| wire::Person {
            user_id: 1_000 + i64::try_from(id).unwrap(),
            user_name: format!("person {id}"),
            address: String::new(),
            ..Default::default()
        };
        let online = (first..first + 500).map(person).collect();
        peer.say(kind::WHO_RES, &wire::WhoRes { online, more: first + 500 < MANY });
    }
    (screen, peer, began)
}

#[test]
fn neither_a_crowd_nor_a_burst_holds_up_what_is_typed() {
    let (server, state) = (FakeServer::start(), tempdir().unwrap());
    let (mut screen, mut peer, began) = enter(&server, &state);
    screen.wait_until("a picture", |rows| !rows[0].is_empty());
    let picture = began.elapsed();
    screen.wait_for("+99");
    let crowd = began.elapsed();
    let burst = threads::spawn("burst", move || {
        for id in 1..=MANY {
            peer.said(id, 1_000, &format!("message {id} of many, as long as people write them"));
        }
        peer
    });
    let burst = burst.unwrap();
    let (began, mut worst) = (clock::now(), Duration::ZERO);
    for n in 1..=20 {
        let pressed = clock::now();
        screen.type_in("x");
        let typed = format!("> {}", "x".repeat(n));
        screen.wait_until(&typed, |rows| rows.last().is_some_and(|row| row == &typed));
        worst = worst.max(pressed.elapsed());
    }
    screen.wait_for(&format!("message {MANY} "));
    let all = began.elapsed();
    println!(
        "first picture {picture:?}; {MANY} people {crowd:?}; {MANY} messages {all:?}, and the \
         slowest of 20 keys meanwhile {worst:?}"
    );
    assert!(worst < AT_MOST, "a key took {worst:?}");
    drop(burst.join());
    screen.type_in("\x15/quit\r");
    screen.end();
}
