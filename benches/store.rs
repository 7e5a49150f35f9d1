//! Group commit: so many senders, each of whom waits for the word that its text is stored before
//! it sends the next one. SQLite on a disk (the folder for temporary files of tests), Redis as a
//! server of the benchmark's own, if it is installed.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hubbub::clock;
use hubbub::dao::{self, Write, Writer, Written};
use hubbub::protocol::{Append, Millis, Reference, RoomId, UserId};

use crate::codec::text;
use crate::harness::quantiles;

/// How long each is measured.
const SPAN: Duration = Duration::from_secs(2);

/// As the journal has it: writes in one transaction.
const MAX_COMMIT: usize = 512;

pub fn run() {
    println!("{:<28} {:>8} {:>12} {:>10} {:>10}", "store", "senders", "stored/s", "p50", "p99");
    senders("memory", "memory:");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    senders("sqlite, FULL", &format!("sqlite:{}/bench.db", folder.path().display()));
    for when in ["always", "everysec"] {
        match Redis::start(when, folder.path()) {
            Some(redis) => senders(&format!("redis, appendfsync {when}"), &redis.url()),
            None => println!("there is no redis-server here: not measured"),
        }
    }
}

fn senders(name: &str, url: &str) {
    let store = dao::open(url).unwrap();
    let mut writer = store.writer().unwrap();
    let mut n_sent = 0;
    for n in [1, 8, 16, 64, 100, 1_000] {
        let mut times = Vec::new();
        let began = clock::now();
        while clock::now() - began < SPAN {
            round(&mut *writer, n, &mut n_sent, &mut times);
        }
        let per_second = times.len() as f64 / (clock::now() - began).as_secs_f64();
        let (median, most) = quantiles(&mut times);
        println!("{name:<28} {n:>8} {per_second:>12.0} {median:>10.2?} {most:>10.2?}");
    }
}

/// Everybody sends one text; the commits are as large as they may be.
fn round(writer: &mut dyn Writer, n: usize, n_sent: &mut u64, times: &mut Vec<Duration>) {
    let writes: Vec<Write> = (0..n).map(|sender| append(sender, n_sent)).collect();
    let began: Instant = clock::now();
    for batch in writes.chunks(MAX_COMMIT) {
        let batch: Vec<&Write> = batch.iter().collect();
        let written = writer.commit(&batch).unwrap();
        assert!(written.iter().all(|one| matches!(one, Written::Stored { fresh: true, .. })));
        times.extend(std::iter::repeat_n(clock::now() - began, written.len()));
    }
}

fn append(sender: usize, n_sent: &mut u64) -> Write {
    *n_sent += 1;
    Write::Append(Append {
        room: RoomId::Lobby,
        sender: UserId(-1 - sender as i64),
        device: None,
        name: "tom".into(),
        time: Millis(1_795_217_831_000),
        text: text(),
        reference: Reference::new(&format!("~{n_sent:016x}")).unwrap(),
        nonce: *n_sent,
        about: None,
    })
}

/// Killed when dropped.
struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    fn start(when: &str, folder: &std::path::Path) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = folder.join(when);
        std::fs::create_dir(&folder).unwrap();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", when, "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let soon = clock::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(clock::now() < soon, "redis-server does not listen");
        }
        Some(Self { process, port })
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).unwrap();
    }
}
