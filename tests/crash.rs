//! What is left when something breaks: the server killed in the middle, its store, the network,
//! a client. Devices of our library talk all the while; in the end everything is compared.

mod arena;
mod crew;
mod device;
mod diary;
mod dice;
mod drill;
mod faulty;
mod old;
mod program;
mod rooms;
mod trouble;
mod verdict;

use drill::Plan;

/// The one that `scripts/crash-drill` makes long.
#[test]
fn the_drill() {
    let verdict = Plan::short("sqlite", 8).or_as_ordered().run();
    assert!(verdict.is_none_or(|verdict| verdict.is_kept()), "see above");
}

#[test]
fn the_drill_on_three_servers() {
    let verdict = Plan { nodes: 3, ..Plan::short("redis", 6) }.run();
    assert!(verdict.is_none_or(|verdict| verdict.is_kept()), "see above");
}

/// Of whom one at a time dies, and each Redis in its turn.
#[test]
fn the_drill_on_two_feeds() {
    for (victim, kills) in [("server", 5), ("redis", 3)] {
        let victim = victim.to_owned();
        let verdict = Plan { nodes: 3, victim, ..Plan::short("feeds", kills) }.run();
        assert!(verdict.is_none_or(|verdict| verdict.is_kept()), "see above");
    }
}

#[test]
fn the_drill_on_redis() {
    let verdict = Plan::short("redis", 4).run();
    assert!(verdict.is_none_or(|verdict| verdict.is_kept()), "see above");
}
