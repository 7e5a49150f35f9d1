//! The drill: kills by the dice, again and again, then the verdict. The short form is part of
//! every test run; `scripts/crash-drill` sets the variables for a long one.

use std::env;
use std::fmt::Debug;
use std::str::FromStr;
use std::time::Duration;

use hubbub::clock;

use super::arena::{Arena, Place};
use super::crew::N_DEVICES;
use super::rooms::RoomCrew;
use super::verdict::Verdict;

/// A device that cannot come back in time does not hold up the next kill.
const PATIENCE: Duration = Duration::from_secs(5);

/// Progress is told after so many kills.
const STRIDE: usize = 50;

/// What is drilled.
#[derive(Clone, Debug)]
pub struct Plan {
    pub kills: usize,
    pub seed: u64,
    pub store: String,
    pub appendfsync: String,
    /// `server` or `redis`.
    pub victim: String,
    /// Servers on one Redis.
    pub nodes: usize,
}

impl Plan {
    /// A few seconds of it.
    pub fn short(store: &str, kills: usize) -> Self {
        let seed = u64::from(std::process::id());
        let (appendfsync, victim) = ("always".to_owned(), "server".to_owned());
        Self { kills, seed, store: store.to_owned(), appendfsync, victim, nodes: 1 }
    }

    /// The same, but for what `HUBBUB_DRILL_*` says.
    pub fn or_as_ordered(self) -> Self {
        Self {
            kills: ordered("KILLS", self.kills),
            seed: ordered("SEED", self.seed),
            store: ordered("STORE", self.store),
            appendfsync: ordered("APPENDFSYNC", self.appendfsync),
            victim: ordered("VICTIM", self.victim),
            nodes: ordered("NODES", self.nodes),
        }
    }

    fn place(&self) -> Option<Place> {
        match self.store.as_str() {
            "sqlite" => Some(Place::sqlite()),
            "redis" => Place::redis(&self.appendfsync),
            "replicas" => Place::replicas(),
            "feeds" => Place::feeds(&self.appendfsync),
            other => panic!("there are sqlite, redis, replicas and feeds, not {other:?}"),
        }
    }

    /// Does it; `None` where Redis is not installed.
    pub fn run(&self) -> Option<Verdict> {
        let began = clock::now();
        println!("drill: {self:?}");
        let mut arena = Arena::open_on(self.place()?, self.seed, self.nodes);
        let rooms = RoomCrew::start(arena.server.frames(), arena.address, &arena.crew.dice);
        arena.crew.talk();
        for n in 1..=self.kills {
            match self.victim.as_str() {
                "server" if self.nodes > 1 => kill_a_server(&mut arena),
                "server" => kill_the_server(&mut arena),
                "redis" => kill_redis(&mut arena),
                other => panic!("there are server and redis to kill, not {other:?}"),
            }
            if n % STRIDE == 0 {
                let n_acknowledged = &arena.crew.shared.n_acknowledged;
                println!(
                    "drill: {n} kills, {n_acknowledged:?} acknowledged, {:?}",
                    began.elapsed()
                );
            }
        }
        let kills = if self.victim == "server" { arena.n_kills + 1 } else { self.kills };
        let rooms = rooms.leave();
        let verdict = arena.settle_with(&[], &rooms);
        rooms.iter().for_each(|diary| println!("drill: {diary}"));
        println!(
            "drill: kills {kills} ({}, of {}), seed {}, {} s; {verdict}",
            self.victim,
            self.nodes,
            self.seed,
            began.elapsed().as_secs()
        );
        Some(verdict)
    }
}

fn ordered<T>(name: &str, otherwise: T) -> T
where
    T: FromStr,
    T::Err: Debug,
{
    env::var(format!("HUBBUB_DRILL_{name}")).map_or(otherwise, |value| value.parse().unwrap())
}

/// While the first ones come back, in the middle of the first commits of a burst, in one that is
/// held open, or anywhen.
fn kill_the_server(arena: &mut Arena) {
    match arena.crew.dice.below(0..6) {
        0 => {
            arena.crew.wait_inside(1, PATIENCE);
            arena.crew.pass_up_to(8_000);
        }
        1 | 2 => {
            arena.crew.wait_inside(N_DEVICES / 2, PATIENCE);
            arena.crew.wait_for_burst(PATIENCE);
            arena.crew.pass_up_to(4_000);
        }
        3 => {
            arena.crew.wait_inside(N_DEVICES / 2, PATIENCE);
            return arena.kill_server_in_a_commit(PATIENCE);
        }
        _ => {
            arena.crew.wait_inside(N_DEVICES / 2, PATIENCE);
            arena.crew.pass_up_to(250_000);
        }
    }
    arena.kill_server();
}

/// In the middle of the first commits of a burst, or anywhen; the others go on.
fn kill_a_server(arena: &mut Arena) {
    arena.crew.wait_for_more(20, |shared| &shared.n_acknowledged);
    if arena.crew.dice.below(0..2) == 0 {
        arena.crew.wait_for_burst(PATIENCE);
        arena.crew.pass_up_to(4_000);
    } else {
        arena.crew.pass_up_to(250_000);
    }
    arena.kill_one();
}

/// The server stays and has to bear it.
fn kill_redis(arena: &mut Arena) {
    arena.crew.wait_for_more(20, |shared| &shared.n_acknowledged);
    arena.crew.wait_for_burst(PATIENCE);
    arena.crew.pass_up_to(100_000);
    arena.place.kill();
}
