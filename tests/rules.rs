//! The rules (`hubbub::state`) against a world that is too simple to be wrong: the store is a
//! list, the journal a queue, and the thread of every session is played by hand, one step at a
//! time, in any interleaving. What must hold is checked at each effect and at the end.

mod cluster;
mod feeds;
mod order;
mod repeats;
mod rights;
mod world;

use hubbub::protocol::{Leaving, Measure, UserId, What};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::support::more_cases;
use world::{ACCOUNTS, Fate, NAMES, ROOMS, World};

/// Something that happens; numbers choose among what there is.
#[derive(Clone, Debug)]
pub enum Op {
    Open(Somebody),
    LogIn(usize, Somebody),
    Acts(usize, Vec<Ask>),
    /// More text in one go than is held for a session that catches up.
    Flood(usize),
    /// The session's own thread goes on: it reads the store, or says how far it came.
    Step(usize),
    Leave(usize, Leaving),
    /// Something about one of the rooms.
    Room(usize, usize, Do),
    Commit(usize, Fate),
    Post(usize),
    Wait(i64),
    Shutdown,
}

#[derive(Clone, Copy, Debug)]
pub enum Somebody {
    Guest,
    Account(usize, Option<u8>),
}

#[derive(Clone, Debug)]
pub enum Ask {
    SayToAll {
        reference: Option<u8>,
        text: u8,
    },
    SayToOne {
        other: usize,
        reference: Option<u8>,
        text: u8,
    },
    Who,
    /// Ignores an account, or does so no longer.
    Ignore(usize, bool),
    Rename(usize),
    Away(bool),
    Received,
    SayInRoom {
        room: usize,
        reference: u8,
        text: u8,
    },
    /// About a message of the lobby, of a room, or about the last of one's own.
    About {
        what: What,
        room: Option<usize>,
        message: Option<usize>,
        reference: u8,
    },
}

/// Against whom else: no two of `NAMES` and no address are hit by the same ones.
pub const WIDE: &[&str] = &["t?m", "a*", "*", "10.0.0.0/30", "10.0.0.4/30"];

/// What somebody does in a room, to an account where it is done to one.
#[derive(Clone, Copy, Debug)]
pub enum Do {
    Join,
    Part,
    Invite(usize),
    Kick(usize),
    Role(usize, u8),
    Open(bool),
    /// Bans, mutes or slows an account there, or ends that.
    Order(usize, Measure, bool),
    /// The same against names or a network, of `WIDE`.
    Wide(usize, Measure, bool),
}

fn deed() -> impl Strategy<Value = Do> {
    prop_oneof![
        6 => Just(Do::Join),
        2 => Just(Do::Part),
        2 => (0..ACCOUNTS).prop_map(Do::Invite),
        2 => (0..ACCOUNTS).prop_map(Do::Kick),
        1 => (0..ACCOUNTS, 0..3_u8).prop_map(|(who, role)| Do::Role(who, role)),
        1 => any::<bool>().prop_map(Do::Open),
        4 => (0..ACCOUNTS, measure(), prop::bool::weighted(0.7))
            .prop_map(|(who, measure, set)| Do::Order(who, measure, set)),
        2 => (0..WIDE.len(), measure(), prop::bool::weighted(0.6))
            .prop_map(|(n, measure, set)| Do::Wide(n, measure, set)),
    ]
}

fn measure() -> impl Strategy<Value = Measure> {
    prop::sample::select(vec![Measure::Ban, Measure::Mute, Measure::Slow])
}

fn account() -> impl Strategy<Value = Somebody> {
    (0..ACCOUNTS, proptest::option::of(0..2_u8))
        .prop_map(|(account, device)| Somebody::Account(account, device))
}

fn ask() -> impl Strategy<Value = Ask> {
    let reference = || proptest::option::of(0..6_u8);
    prop_oneof![
        4 => (reference(), 0..3_u8).prop_map(|(reference, text)| Ask::SayToAll { reference, text }),
        3 => (0..ACCOUNTS, reference(), 0..3_u8)
            .prop_map(|(other, reference, text)| Ask::SayToOne { other, reference, text }),
        1 => Just(Ask::Who),
        2 => (0..ACCOUNTS, prop::bool::weighted(0.7)).prop_map(|(n, is_so)| Ask::Ignore(n, is_so)),
        2 => (0..NAMES.len()).prop_map(Ask::Rename),
        2 => any::<bool>().prop_map(Ask::Away),
        1 => Just(Ask::Received),
        4 => (0..ROOMS, 0..6_u8, 0..3_u8)
            .prop_map(|(room, reference, text)| Ask::SayInRoom { room, reference, text }),
        4 => about(),
    ]
}

fn about() -> impl Strategy<Value = Ask> {
    let what = prop::sample::select(What::NAMES).prop_map(|(what, _)| what);
    let room = proptest::option::of(0..ROOMS);
    let message = proptest::option::weighted(0.7, 0..6_usize);
    (what, room, message, 6..12_u8).prop_map(|(what, room, message, reference)| Ask::About {
        what,
        room,
        message,
        reference,
    })
}

fn op() -> impl Strategy<Value = Op> {
    let slot = || 0..16_usize;
    let leaving = prop_oneof![Just(Leaving::Logout), Just(Leaving::TimedOut)];
    let fate = prop_oneof![5 => Just(Fate::Stored), 1 => Just(Fate::Refused)];
    prop_oneof![
        3 => account().prop_map(Op::Open),
        2 => Just(Op::Open(Somebody::Guest)),
        2 => (slot(), account()).prop_map(|(slot, who)| Op::LogIn(slot, who)),
        9 => (slot(), proptest::collection::vec(ask(), 1..4)).prop_map(|(s, acts)| Op::Acts(s, acts)),
        6 => (slot(), 0..ROOMS, deed()).prop_map(|(slot, room, what)| Op::Room(slot, room, what)),
        12 => slot().prop_map(Op::Step),
        3 => (slot(), leaving).prop_map(|(slot, why)| Op::Leave(slot, why)),
        6 => (1..5_usize, fate).prop_map(|(n, fate)| Op::Commit(n, fate)),
        6 => (1..5_usize).prop_map(Op::Post),
        1 => (0..2_000_i64).prop_map(Op::Wait),
    ]
}

fn cases(cases: u32) -> Config {
    Config { cases: cases + more_cases(), failure_persistence: None, ..Config::default() }
}

/// Plays everything, brings it to rest, checks, shuts down, checks again.
fn play(ops: &[Op]) {
    let mut world = World::new();
    for op in ops {
        world.play(op);
    }
    world.come_to_rest();
    world.check_at_rest();
    world.play(&Op::Shutdown);
    world.come_to_rest();
    world.check_over();
}

#[test]
fn everyone_sees_every_room_once_and_in_one_order_whatever_happens() {
    proptest!(cases(250), |(ops in proptest::collection::vec(op(), 1..80))| {
        play(&ops);
    });
}

#[test]
fn what_is_too_much_to_hold_is_read_from_the_store_without_hole_or_repeat() {
    let flood = prop_oneof![8 => op(), 3 => (0..16_usize).prop_map(Op::Flood),
        3 => Just(Op::Commit(400, Fate::Stored)), 3 => Just(Op::Post(400))];
    proptest!(cases(25), |(ops in proptest::collection::vec(flood, 1..40))| {
        play(&ops);
    });
}

#[test]
fn a_shutdown_in_the_midst_of_it_stores_or_refuses_everything() {
    let stop = prop_oneof![20 => op(), 1 => Just(Op::Shutdown)];
    proptest!(cases(120), |(ops in proptest::collection::vec(stop, 1..60))| {
        play(&ops);
    });
}

/// Few people and one room, so that bans, mutes and slow mode hit somebody. What must hold is looked
/// at by the world: `is_held`.
#[test]
fn who_is_muted_says_nothing_who_is_slowed_waits_and_who_is_banned_is_told_nothing() {
    let slot = || 0..8_usize;
    let account = || (0..4_usize).prop_map(|n| Somebody::Account(n, None));
    let say = |text: u8| vec![Ask::SayInRoom { room: 0, reference: text, text }];
    let op = prop_oneof![
        // By its owner, as long as the first who came is there.
        4 => (0..4_usize, measure(), prop::bool::weighted(0.6))
            .prop_map(|(whom, measure, set)| Op::Room(0, 0, Do::Order(whom, measure, set))),
        4 => (0..WIDE.len(), measure(), prop::bool::weighted(0.6))
            .prop_map(|(n, measure, set)| Op::Room(0, 0, Do::Wide(n, measure, set))),
        2 => (slot(), 0..NAMES.len())
            .prop_map(|(slot, name)| Op::Acts(slot, vec![Ask::Rename(name)])),
        2 => (0..4_000_i64).prop_map(Op::Wait),
        8 => (slot(), 0..3_u8).prop_map(move |(slot, text)| Op::Acts(slot, say(text))),
        4 => slot().prop_map(|slot| Op::Room(slot, 0, Do::Join)),
        6 => slot().prop_map(Op::Step),
        1 => slot().prop_map(|slot| Op::Leave(slot, Leaving::Logout)),
        2 => account().prop_map(Op::Open),
        6 => (1..4_usize).prop_map(|n| Op::Commit(n, Fate::Stored)),
        6 => (1..4_usize).prop_map(Op::Post),
    ];
    proptest!(cases(150), |(ops in proptest::collection::vec(op, 1..60))| {
        play_among_four(&ops);
    });
}

/// Four accounts are in one room, which the first of them owns.
fn play_among_four(ops: &[Op]) {
    let mut world = World::new();
    for n in 0..4 {
        world.arrive(Somebody::Account(n, None));
    }
    for slot in 1..4 {
        world.play(&Op::Room(slot, 0, Do::Join));
    }
    world.come_to_rest();
    for op in ops {
        world.play(op);
    }
    world.come_to_rest();
    world.check_at_rest();
}

/// A second device comes while a ban puts its account out and the first one leads it in again:
/// its thread has sent what was said since, and then it is told of both.
#[test]
fn who_was_put_out_and_came_back_while_a_device_caught_up_misses_nothing() {
    let ban = |is_set| Op::Room(0, 0, Do::Wide(0, Measure::Ban, is_set));
    play_among_four(&[
        ban(true),
        Op::Open(Somebody::Account(1, None)),
        Op::Commit(1, Fate::Stored),
        Op::Post(1),
        Op::Commit(1, Fate::Stored),
        ban(false),
        Op::Commit(1, Fate::Stored),
        Op::Post(1),
        Op::Room(1, 0, Do::Join),
        Op::Acts(0, vec![Ask::SayInRoom { room: 0, reference: 0, text: 0 }]),
    ]);
}

/// The same, but that it is put out once more before it hears of anything.
#[test]
fn who_came_back_for_a_moment_while_a_device_caught_up_hears_what_was_said_then() {
    let ban = |n| Op::Room(0, 0, Do::Wide(n, Measure::Ban, true));
    let say = |n| Op::Acts(0, vec![Ask::SayInRoom { room: 0, reference: n, text: n }]);
    play_among_four(&[
        // Its steps come first, while what becomes of the last ban is written.
        Op::Open(Somebody::Account(0, None)),
        ban(1),
        Op::Acts(3, vec![Ask::Rename(2)]),
        Op::Commit(1, Fate::Stored),
        Op::Open(Somebody::Account(3, None)),
        say(0),
        Op::Post(1),
        Op::Acts(3, vec![Ask::Rename(0)]),
        Op::Room(3, 0, Do::Join),
        say(1),
        ban(2),
    ]);
}

/// A device that catches up is told of a ban that is over by then, and that holds for nobody.
#[test]
fn a_ban_that_is_over_before_everybody_has_heard_of_it_keeps_nobody_out() {
    let ban = |is_set| Op::Room(0, 0, Do::Wide(2, Measure::Ban, is_set));
    play_among_four(&[
        ban(true),
        Op::Open(Somebody::Account(1, None)),
        Op::Commit(1, Fate::Stored),
        Op::Post(1),
        ban(false),
        Op::Commit(4, Fate::Stored),
        Op::Open(Somebody::Account(2, None)),
        Op::Post(1),
        Op::Room(6, 0, Do::Join),
    ]);
}

/// A network is banned, and who was there comes back from elsewhere before it is written that they
/// are out.
#[test]
fn who_was_put_out_by_a_ban_is_out_from_wherever_they_come_back() {
    play_among_four(&[
        Op::Room(0, 0, Do::Wide(3, Measure::Ban, true)),
        Op::Commit(1, Fate::Stored),
        Op::Post(1),
        Op::Leave(2, Leaving::Logout),
        Op::Open(Somebody::Account(2, None)),
        Op::Step(0),
        Op::Step(0),
        Op::Step(0),
    ]);
}

/// A guest logs in while its words are on their way, and is gone before they are stored.
#[test]
fn who_logs_in_and_goes_at_once_is_not_there_for_ever() {
    let say = Ask::SayToAll { reference: None, text: 0 };
    play(&[
        Op::Open(Somebody::Guest),
        Op::Step(0),
        Op::Step(0),
        Op::Acts(0, vec![say]),
        Op::LogIn(0, Somebody::Account(0, None)),
        Op::Leave(0, Leaving::Logout),
        Op::Commit(1, Fate::Stored),
        Op::Post(1),
    ]);
}

/// A session that catches up holds what it hears of others, and folds it where it is much.
#[test]
fn who_catches_up_for_long_hears_who_is_there_in_the_end() {
    for n_others in [0, 500] {
        let mut world = World::new();
        for _ in 0..n_others {
            world.arrive(Somebody::Guest);
        }
        world.play(&Op::Open(Somebody::Account(0, None)));
        for round in 0..300 {
            let who = 1 + round % (ACCOUNTS - 1);
            match world.session_of(UserId(100 + who as i64)) {
                Some(id) if round % 5 == 0 => world.ask(id, &[Ask::Rename(round % NAMES.len())]),
                Some(id) => world.leave(id, Leaving::Logout),
                None => world.arrive(Somebody::Account(who, None)),
            }
            world.play(&Op::Wait(700));
        }
        world.play(&Op::Wait(2_000));
        world.come_to_rest();
        world.check_at_rest();
    }
}

/// Above 500 people notices are folded; what everyone has heard in the end is the same.
#[test]
fn a_crowd_hears_who_is_there_in_the_end() {
    let moves = proptest::collection::vec((0..ACCOUNTS, 0..400_i64, 0..4_u8), 1..60);
    proptest!(cases(8), |(n_guests in 494..502, moves in moves)| {
        let mut world = World::new();
        for _ in 0..n_guests {
            world.arrive(Somebody::Guest);
        }
        for (who, wait, what) in moves {
            // Accounts come back under the same id; that is where the order of notices counts.
            match world.session_of(UserId(100 + who as i64)) {
                Some(id) if what == 0 => world.ask(id, &[Ask::Rename(who % NAMES.len())]),
                Some(id) if what < 3 => world.ask(id, &[Ask::Away(what == 1)]),
                Some(id) => world.leave(id, Leaving::Logout),
                None => world.arrive(Somebody::Account(who, None)),
            }
            world.play(&Op::Wait(wait));
        }
        world.play(&Op::Wait(2_000));
        world.come_to_rest();
        world.check_at_rest();
    });
}
