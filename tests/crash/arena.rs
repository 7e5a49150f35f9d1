//! A server on a port that stays, its store, and a crew of devices that talk without a pause.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, never};
use hubbub::protocol::UserId;
use hubbub::{clock, dao};
use tempfile::TempDir;

use super::device::{self, News, Part, Phase, Shared};
use super::dice::Dice;
use super::diary::Diary;
use super::verdict::{Verdict, judge};
use crate::support::peers::Course;
use crate::support::proxy::Proxy;
use crate::support::redis::Redis;
use crate::support::server::Server;

/// Six accounts; every second one has two devices.
const ACCOUNTS: [i64; 6] = [101, 102, 103, 104, 105, 106];
const DEVICES: [i64; 9] = [101, 101, 102, 103, 103, 104, 105, 105, 106];

pub const N_DEVICES: usize = DEVICES.len();

/// A library that has failed to connect several times waits up to 30 s for the next attempt, and
/// a send that was refused several times too.
const REST: Duration = Duration::from_secs(120);

/// Where it all is stored.
#[derive(Debug)]
pub enum Place {
    Sqlite(TempDir),
    Redis(Redis),
}

impl Place {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// `None` where Redis is not installed. `appendfsync` is `always` or `everysec`.
    pub fn redis(appendfsync: &str) -> Option<Self> {
        Redis::start_with(&["--appendonly", "yes", "--appendfsync", appendfsync]).map(Self::Redis)
    }

    pub fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("hubbub.db"),
            Self::Redis(_) => panic!("Redis is no file"),
        }
    }

    pub fn redis_server(&mut self) -> &mut Redis {
        match self {
            Self::Redis(redis) => redis,
            Self::Sqlite(_) => panic!("SQLite is no Redis"),
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Self::Redis(redis) => redis.url(),
        }
    }
}

/// What it takes to break something and see who notices.
#[derive(Debug)]
pub struct Arena {
    pub place: Place,
    pub server: Server,
    /// Where devices find the server, over all its lives.
    pub address: SocketAddr,
    pub dice: Dice,
    pub shared: Arc<Shared>,
    news: Receiver<News>,
    burst: Receiver<()>,
    crew: Vec<JoinHandle<Diary>>,
    inside: HashSet<usize>,
    /// Those who have said what is waited for now.
    done: HashSet<News>,
    pub n_kills: usize,
}

impl Arena {
    /// Everybody is logged in, and nothing was said yet.
    pub fn open(place: Place, seed: u64) -> Self {
        Self::open_through(place, seed, |_, server| server.to_string())
    }

    /// Devices find the server through proxies.
    pub fn open_behind(place: Place, seed: u64, proxies: &mut Vec<Proxy>) -> Self {
        Self::open_through(place, seed, |_, server| {
            proxies.push(Proxy::start(server));
            proxies.last().unwrap().address().to_string()
        })
    }

    fn open_through(
        place: Place,
        seed: u64,
        mut address_for: impl FnMut(usize, SocketAddr) -> String,
    ) -> Self {
        let address = lasting_port();
        let listen = format!("frame={address}");
        let options = ["--listen", &listen, "--idle-timeout", "0"];
        let server = Server::start_on(&place.url(), &options);
        for id in ACCOUNTS {
            Course::join(server.frames(), id, "");
        }
        let (news_in, news) = bounded(4_096);
        let (burst_in, burst) = bounded(1);
        let shared = Arc::new(Shared::new(news_in, burst_in));
        let dice = Dice::new(seed);
        let crew = DEVICES.iter().enumerate().map(|(number, id)| {
            let others = ACCOUNTS.iter().filter(|other| *other != id).map(|id| UserId(*id));
            let part = Part {
                number,
                account: UserId(*id),
                others: others.collect(),
                address: address_for(number, address),
                dice: dice.split(number as u64),
            };
            device::start(part, &shared)
        });
        let crew = crew.collect();
        let (inside, done) = (HashSet::new(), HashSet::new());
        let mut arena = Self {
            place,
            server,
            address,
            dice,
            shared,
            news,
            burst,
            crew,
            inside,
            done,
            n_kills: 0,
        };
        arena.wait_inside(N_DEVICES, REST);
        arena
    }

    pub fn talk(&self) {
        self.shared.enter(Phase::Talk);
    }

    /// The server dies in the middle of whatever it is doing, and is started again.
    pub fn kill_server(&mut self) {
        self.server.kill();
        self.n_kills += 1;
        self.inside.clear();
        self.hear_news();
        self.inside.clear();
        self.server.launch();
    }

    /// Waits until so many devices have logged in since the last kill; `false`: not in time.
    pub fn wait_inside(&mut self, n: usize, patience: Duration) -> bool {
        self.wait_until(patience, |arena| arena.inside.len() >= n)
    }

    /// Waits until the next burst of somebody has begun.
    pub fn wait_for_burst(&self, patience: Duration) {
        drop(self.burst.try_recv());
        // None in time is as good a moment as any.
        drop(self.burst.recv_timeout(patience));
    }

    /// Waits until this has grown by so much.
    pub fn wait_for_more(&mut self, n: u64, count: fn(&Shared) -> &AtomicU64) {
        let count = |arena: &Self| count(&arena.shared).load(Ordering::Relaxed);
        let wanted = count(self) + n;
        assert!(self.wait_until(REST, |arena| count(arena) >= wanted), "nothing goes on");
    }

    /// Everybody falls silent, is shown everything, and leaves; what was kept of the promises.
    pub fn settle(mut self) -> Verdict {
        let has_all_ends = self.wait_phase(Phase::Fall, |news| matches!(news, News::Silent(_)));
        let has_all = self.wait_phase(Phase::Catch, |news| matches!(news, News::CaughtUp(_)));
        if has_all_ends && has_all {
            // What comes again at the next login must not be shown again.
            self.kill_server();
            self.wait_inside(N_DEVICES, REST);
        }
        self.shared.enter(Phase::Leave);
        let diaries: Vec<_> = self.crew.drain(..).map(|device| device.join().unwrap()).collect();
        self.server.ask_to_stop();
        self.server.wait_for_end();
        let store = dao::open(&self.place.url()).unwrap();
        judge(&*store, &diaries)
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

    fn wait_phase(&mut self, phase: Phase, is_it: fn(&News) -> bool) -> bool {
        self.shared.enter(phase);
        self.wait_until(REST, |arena| arena.done.iter().filter(|n| is_it(n)).count() >= N_DEVICES)
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
            News::LoggedIn(number) => drop(self.inside.insert(number)),
            News::Silent(_) | News::CaughtUp(_) => drop(self.done.insert(news)),
        }
    }
}

/// A free port that no outgoing connection of this machine takes while the server is down: those
/// come from 32768 and above.
pub fn lasting_port() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id() % 20_000;
    loop {
        let n = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_500 + u16::try_from((start * 7 + n) % 20_000).unwrap();
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap();
        }
    }
}
