//! Devices that talk without a pause, and what one can wait for while they do.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, never};
use hubbub::clock;
use hubbub::protocol::UserId;

use super::device::{self, News, Part, Phase, Shared};
use super::diary::Diary;
use super::dice::Dice;
use crate::support::peers::Course;

/// Six accounts; every second one has two devices.
const ACCOUNTS: [i64; 6] = [101, 102, 103, 104, 105, 106];
const DEVICES: [i64; 9] = [101, 101, 102, 103, 103, 104, 105, 105, 106];

pub const N_DEVICES: usize = DEVICES.len();

/// A library that has failed to connect several times waits up to 30 s for the next attempt, and
/// a send that was refused several times too.
pub const REST: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub struct Crew {
    pub dice: Dice,
    pub shared: Arc<Shared>,
    news: Receiver<News>,
    burst: Receiver<()>,
    devices: Vec<JoinHandle<Diary>>,
    /// Who has logged in since the logins were forgotten.
    inside: HashSet<usize>,
    /// What else was told.
    told: HashSet<News>,
}

impl Crew {
    /// Accounts are made on this server; each device logs in by an address of its own and waits.
    pub fn start(server: SocketAddr, seed: u64, addresses: impl Iterator<Item = String>) -> Self {
        for id in ACCOUNTS {
            Course::join(server, id, "");
        }
        let (news_in, news) = bounded(4_096);
        let (burst_in, burst) = bounded(1);
        let shared = Arc::new(Shared::new(news_in, burst_in));
        let dice = Dice::new(seed);
        let part = |(number, (id, address)): (usize, (&i64, String))| Part {
            number,
            account: UserId(*id),
            others: ACCOUNTS.iter().filter(|other| *other != id).map(|id| UserId(*id)).collect(),
            address,
            dice: dice.split(number as u64),
        };
        let parts = DEVICES.iter().zip(addresses).enumerate().map(part);
        let devices = parts.map(|part| device::start(part, &shared)).collect();
        let (inside, told) = (HashSet::new(), HashSet::new());
        let mut crew = Self { dice, shared, news, burst, devices, inside, told };
        assert!(crew.wait_inside(N_DEVICES, REST), "not everybody could log in");
        crew
    }

    pub fn talk(&self) {
        self.shared.enter(Phase::Talk);
    }

    /// Whoever logs in from now on is counted anew.
    pub fn forget_logins(&mut self) {
        self.hear_news();
        self.inside.clear();
    }

    /// Waits until so many devices have logged in since; `false`: not in time.
    pub fn wait_inside(&mut self, n: usize, patience: Duration) -> bool {
        self.wait_until(patience, |crew| crew.inside.len() >= n)
    }

    /// Waits until the next burst of somebody has begun.
    pub fn wait_for_burst(&self, patience: Duration) {
        self.burst.try_recv().ok();
        // None in time is as good a moment as any.
        self.burst.recv_timeout(patience).ok();
    }

    /// Waits until this has grown by so much.
    pub fn wait_for_more(&mut self, n: u64, count: fn(&Shared) -> &AtomicU64) {
        let count = |crew: &Self| count(&crew.shared).load(Ordering::Relaxed);
        let wanted = count(self) + n;
        assert!(self.wait_until(REST, |crew| count(crew) >= wanted), "nothing goes on");
    }

    /// Time passes; nobody is waited for.
    pub fn pass(&self, time: Duration) {
        never::<()>().recv_timeout(time).unwrap_err();
    }

    /// So many microseconds at most, by the dice.
    pub fn pass_up_to(&mut self, micros: u64) {
        let time = self.dice.micros(0..micros);
        self.pass(time);
    }

    /// Nothing new is said; waits until everything said has an end and was shown to everybody.
    /// `false`: not in time.
    pub fn fall_silent(&mut self) -> bool {
        let is_silent = |news: &News| matches!(news, News::Silent(_));
        let has_all = |news: &News| matches!(news, News::CaughtUp(_));
        self.wait_phase(Phase::Fall, is_silent) && self.wait_phase(Phase::Catch, has_all)
    }

    /// Everybody says goodbye.
    pub fn leave(self) -> Vec<Diary> {
        self.shared.enter(Phase::Leave);
        self.devices.into_iter().map(|device| device.join().unwrap()).collect()
    }

    fn wait_phase(&mut self, phase: Phase, is_it: fn(&News) -> bool) -> bool {
        self.shared.enter(phase);
        self.wait_until(REST, |crew| {
            crew.told.iter().filter(|news| is_it(news)).count() >= N_DEVICES
        })
    }

    fn wait_until(&mut self, patience: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let deadline: Instant = clock::now() + patience;
        loop {
            self.hear_news();
            if is_so(self) {
                return true;
            }
            if clock::now() >= deadline {
                return false;
            }
            if let Ok(news) = self.news.recv_timeout(Duration::from_millis(5)) {
                self.note(news);
            }
        }
    }

    fn hear_news(&mut self) {
        while let Ok(news) = self.news.try_recv() {
            self.note(news);
        }
    }

    fn note(&mut self, news: News) {
        match news {
            News::LoggedIn(number) => self.inside.insert(number),
            News::Silent(_) | News::CaughtUp(_) => self.told.insert(news),
        };
    }
}
