//! A server on a port that stays, its store, and a crew of devices that talk without a pause.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use hubbub::dao;
use hubbub::protocol::UserId;
use tempfile::TempDir;

use super::crew::{Crew, N_DEVICES, REST};
use super::rooms::RoomDiary;
use super::verdict::{Verdict, judge};
use crate::support::proxy::Proxy;
use crate::support::redis::Redis;
use crate::support::replicas::Replicas;
use crate::support::server::Server;

/// How long a commit of the server's may keep the drill from holding the store.
const HOLD: Duration = Duration::from_secs(10);

/// Where it all is stored.
#[derive(Debug)]
pub enum Place {
    Sqlite(TempDir),
    Redis(Redis),
    Replicas(Replicas),
    /// Two, with a feed each; the next one to be killed is the first. And where they are.
    Feeds(VecDeque<Redis>, String),
}

impl Place {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// `None` where Redis is not installed. `appendfsync` is `always`, `everysec` or `no`.
    pub fn redis(appendfsync: &str) -> Option<Self> {
        Redis::start_with(&["--appendonly", "yes", "--appendfsync", appendfsync]).map(Self::Redis)
    }

    /// One with a replica that follows it. `None` where Redis is not installed.
    pub fn replicas() -> Option<Self> {
        Replicas::start().map(Self::Replicas)
    }

    /// Two, with a feed each. `None` where Redis is not installed.
    pub fn feeds(appendfsync: &str) -> Option<Self> {
        let options = ["--appendonly", "yes", "--appendfsync", appendfsync];
        let both = [Redis::start_with(&options)?, Redis::start_with(&options)?];
        let url = both.each_ref().map(Redis::url).join(",");
        Some(Self::Feeds(both.into(), url))
    }

    pub fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("hubbub.db"),
            Self::Redis(_) | Self::Replicas(_) | Self::Feeds(..) => panic!("Redis is no file"),
        }
    }

    /// From now until the end of what is returned, nothing is stored.
    fn hold(&self) -> Held<'_> {
        match self {
            Self::Sqlite(_) => {
                let other = rusqlite::Connection::open(self.file()).unwrap();
                other.busy_timeout(HOLD).unwrap();
                other.execute_batch("BEGIN IMMEDIATE").unwrap();
                Held::Sqlite(other)
            }
            Self::Redis(redis) | Self::Replicas(Replicas { primary: redis, .. }) => {
                redis.freeze();
                Held::Redis(vec![redis])
            }
            Self::Feeds(all, _) => {
                all.iter().for_each(Redis::freeze);
                Held::Redis(all.iter().collect())
            }
        }
    }

    pub fn redis_server(&mut self) -> &mut Redis {
        match self {
            Self::Redis(redis) | Self::Replicas(Replicas { primary: redis, .. }) => redis,
            Self::Sqlite(_) | Self::Feeds(..) => panic!("there is no one Redis"),
        }
    }

    /// The store dies, and is there again: the same one, or the one that followed it.
    pub fn kill(&mut self) {
        match self {
            Self::Redis(redis) => {
                redis.kill();
                redis.restart();
            }
            Self::Replicas(replicas) => replicas.fail_over(),
            Self::Feeds(all, _) => {
                all.rotate_left(1);
                all[1].kill();
                all[1].restart();
            }
            Self::Sqlite(_) => panic!("SQLite is no process"),
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Self::Redis(redis) => redis.url(),
            Self::Replicas(replicas) => replicas.url(),
            Self::Feeds(_, url) => url.clone(),
        }
    }
}

/// A store that somebody else holds. A transaction ends with its connection.
enum Held<'p> {
    Sqlite(#[expect(dead_code, reason = "held")] rusqlite::Connection),
    Redis(Vec<&'p Redis>),
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Self::Redis(all) = self {
            all.iter().for_each(|redis| redis.thaw());
        }
    }
}

/// What it takes to break something and see who notices.
#[derive(Debug)]
pub struct Arena {
    pub place: Place,
    pub server: Server,
    /// Others on the same store.
    pub others: Vec<Server>,
    pub crew: Crew,
    /// Where the server is found, over its deaths.
    pub address: SocketAddr,
    pub n_kills: usize,
}

impl Arena {
    /// Everybody is logged in, and nothing was said yet.
    pub fn open(place: Place, seed: u64) -> Self {
        Self::open_through(place, seed, |server| server)
    }

    /// With so many servers on one store; each device knows all of them, and begins with one.
    pub fn open_on(place: Place, seed: u64, nodes: usize) -> Self {
        let addresses: Vec<_> = (0..nodes).map(|_| lasting_port()).collect();
        let start = |address: &SocketAddr| serve(&place, *address);
        let mut servers: Vec<_> = addresses.iter().map(start).collect();
        let server = servers.remove(0);
        let listed = (0..).map(|n| {
            let mut addresses = addresses.clone();
            addresses.rotate_left(n % nodes);
            addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",")
        });
        let crew = Crew::start(server.frames(), seed, listed);
        let address = addresses.first().copied().unwrap();
        Self { place, server, others: servers, crew, address, n_kills: 0 }
    }

    /// Every device finds the server through a proxy of its own.
    pub fn open_behind(place: Place, seed: u64, proxies: &mut Vec<Proxy>) -> Self {
        Self::open_through(place, seed, |server| {
            let proxy = Proxy::start(server);
            let address = proxy.address();
            proxies.push(proxy);
            address
        })
    }

    fn open_through(
        place: Place,
        seed: u64,
        mut address_for: impl FnMut(SocketAddr) -> SocketAddr,
    ) -> Self {
        let address = lasting_port();
        let server = serve(&place, address);
        let addresses = std::iter::repeat_with(|| address_for(address).to_string());
        let crew = Crew::start(server.frames(), seed, addresses);
        Self { place, server, others: Vec::new(), crew, address, n_kills: 0 }
    }

    /// Every server dies in the middle of whatever it is doing, and is started again.
    pub fn kill_server(&mut self) {
        self.server.kill();
        self.others.iter_mut().for_each(Server::kill);
        self.others.iter_mut().for_each(Server::launch);
        self.start_server();
    }

    /// One of several dies, by the dice, and is started again; its devices go to another.
    pub fn kill_one(&mut self) {
        let n_servers = self.others.len() as u64 + 1;
        let one = match self.crew.dice.below(0..n_servers) {
            0 => &mut self.server,
            n => &mut self.others[n as usize - 1],
        };
        one.kill();
        one.launch();
        self.n_kills += 1;
    }

    /// The server dies in the middle of a commit: the store is held from outside, a burst comes,
    /// and whoever is told now that something is stored, or is shown it, was told too early.
    pub fn kill_server_in_a_commit(&mut self, patience: Duration) {
        let held = self.place.hold();
        self.crew.wait_for_burst(patience);
        self.crew.pass_up_to(30_000);
        self.server.kill();
        drop(held);
        self.start_server();
    }

    /// After a kill.
    pub fn start_server(&mut self) {
        self.n_kills += 1;
        self.crew.forget_logins();
        self.server.launch();
    }

    /// Everybody falls silent, is shown everything, and leaves; what was kept of the promises.
    pub fn settle(self, strangers: &[UserId]) -> Verdict {
        self.settle_with(strangers, &[])
    }

    /// The same, with what was seen of rooms.
    pub fn settle_with(mut self, strangers: &[UserId], rooms: &[RoomDiary]) -> Verdict {
        if self.crew.fall_silent() {
            // What comes again at the next login must not be shown again.
            self.kill_server();
            self.crew.wait_inside(N_DEVICES, REST);
        }
        let diaries = self.crew.leave();
        for server in std::iter::once(&mut self.server).chain(&mut self.others) {
            server.ask_to_stop();
            server.expect_end();
        }
        let store = dao::open(&self.place.url()).unwrap();
        let mut verdict = judge(&*store, &diaries, strangers);
        rooms.iter().for_each(|diary| verdict.judge_rooms(diary, &*store));
        verdict
    }
}

fn serve(place: &Place, address: SocketAddr) -> Server {
    let listen = format!("frame={address}");
    Server::start_on(&place.url(), &["--listen", &listen, "--idle-timeout", "0"])
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
