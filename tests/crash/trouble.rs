//! Other things that break: the network, and the store under a server that goes on.

use std::time::Duration;

use super::arena::{Arena, Place};
use super::verdict::Verdict;

/// Longer than any wait of a store's own: refusals and doubts come of it.
const LONG: Duration = Duration::from_millis(3_500);

fn assert_kept(verdict: &Verdict) {
    println!("{verdict}");
    assert!(verdict.is_kept(), "{verdict}");
}

#[test]
fn a_network_that_cuts_delays_and_half_closes_loses_nothing() {
    let mut proxies = Vec::new();
    let mut arena = Arena::open_behind(Place::sqlite(), 11, &mut proxies);
    arena.crew.talk();
    for round in 0..24 {
        let which = arena.crew.dice.below(0..proxies.len() as u64) as usize;
        match round % 4 {
            0 => proxies[which].cut(),
            1 => proxies[which].end_clients(),
            2 => proxies[which].end_servers(),
            _ => proxies[which].delay(arena.crew.dice.micros(100..20_000)),
        }
        arena.crew.pass_up_to(200_000);
    }
    proxies.iter().for_each(|proxy| proxy.cut());
    arena.crew.wait_for_more(100, |shared| &shared.n_acknowledged);
    proxies.iter().for_each(|proxy| proxy.delay(Duration::ZERO));
    assert_kept(&arena.settle(&[]));
}

#[test]
fn a_store_locked_from_outside_refuses_for_a_while_and_loses_nothing() {
    let mut arena = Arena::open(Place::sqlite(), 12);
    arena.crew.talk();
    arena.crew.wait_for_more(50, |shared| &shared.n_acknowledged);
    let other = rusqlite::Connection::open(arena.place.file()).unwrap();
    other.busy_timeout(LONG).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    arena.crew.wait_for_more(1, |shared| &shared.n_postponed);
    // Killed while it cannot write.
    arena.server.kill();
    other.execute_batch("ROLLBACK").unwrap();
    arena.start_server();
    arena.crew.wait_for_more(50, |shared| &shared.n_acknowledged);
    assert_kept(&arena.settle(&[]));
}

#[test]
fn a_frozen_redis_leaves_doubts_and_loses_nothing() {
    let Some(place) = Place::redis("always") else { return };
    let mut arena = Arena::open(place, 13);
    arena.crew.talk();
    for _ in 0..2 {
        arena.crew.wait_for_more(50, |shared| &shared.n_acknowledged);
        arena.place.redis_server().freeze();
        arena.crew.pass(LONG);
        arena.place.redis_server().thaw();
    }
    // The server dies in doubt.
    arena.crew.wait_for_more(50, |shared| &shared.n_acknowledged);
    arena.place.redis_server().freeze();
    arena.crew.pass_up_to(500_000);
    arena.server.kill();
    arena.place.redis_server().thaw();
    arena.start_server();
    arena.crew.wait_for_more(50, |shared| &shared.n_acknowledged);
    assert_kept(&arena.settle(&[]));
}

#[test]
fn a_redis_that_is_killed_and_comes_back_loses_nothing() {
    let Some(place) = Place::redis("always") else { return };
    let mut arena = Arena::open(place, 14);
    arena.crew.talk();
    for _ in 0..3 {
        arena.crew.wait_for_more(50, |shared| &shared.n_acknowledged);
        arena.place.redis_server().kill();
        arena.crew.pass_up_to(300_000);
        arena.place.redis_server().restart();
    }
    arena.crew.wait_for_more(50, |shared| &shared.n_acknowledged);
    assert_kept(&arena.settle(&[]));
}
