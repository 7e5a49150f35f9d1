//! A real `redis-server` on a free port, with its files in a folder of its own.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use crossbeam_channel::bounded;
use hubbub::threads;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a server may take to start before the test fails.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Options of one that loses nothing.
pub const LOSES_NOTHING: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Killed when dropped.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
    folder: TempDir,
    options: Vec<String>,
}

impl Redis {
    /// One that loses nothing. `None`, and a loud line, where Redis is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with(&LOSES_NOTHING)
    }

    /// One that keeps what it was told to save (`SAVE`), and loses what came after when it is
    /// killed.
    pub fn start_forgetful() -> Option<Self> {
        Self::start_with(&["--appendonly", "no"])
    }

    /// With these options.
    pub fn start_with(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options: Vec<String> = options.iter().map(|&option| option.into()).collect();
        // Between finding a free port and using it somebody else may take it.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            match launch(port, &folder, &options) {
                Ok(child) => return Some(Self { child, port, folder, options }),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    static SAID: Once = Once::new();
                    SAID.call_once(|| {
                        eprintln!("SKIPPED: no redis-server here, so NOTHING RAN AGAINST REDIS");
                    });
                    return None;
                }
                Err(error) => eprintln!("redis-server on port {port}: {error}"),
            }
        }
        panic!("redis-server did not start");
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// For a store of so many feeds, all of them on this one.
    pub fn url_of(&self, n_feeds: usize) -> String {
        vec![self.url(); n_feeds].join(",")
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The file that its writes are appended to.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("appendonlydir/appendonly.aof.1.incr.aof")
    }

    /// A connection of the test's own.
    pub fn connect(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Ends it as a power cut would, but for the disk.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port and files.
    pub fn restart(&mut self) {
        self.child = launch(self.port, &self.folder, &self.options).unwrap();
    }

    /// It accepts connections, or rather the kernel does, and answers nothing.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on where it was.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may be gone already: some tests kill it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns when it is ready.
fn launch(port: u16, folder: &TempDir, options: &[String]) -> std::io::Result<Child> {
    let mut child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string(), "--dir"])
        .arg(folder.path())
        // A copy begins at once.
        .args(["--repl-diskless-sync-delay", "0"])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = BufReader::new(child.stdout.take().unwrap());
    let (ready, is_ready) = bounded(1);
    // Reads on to the end, or a full pipe would stop the server.
    threads::spawn("redis-output", move || {
        for line in output.lines().map_while(Result::ok) {
            if line.contains("Ready to accept connections") {
                // Nobody waits for a second one.
                ready.try_send(()).ok();
            }
        }
    })?;
    match is_ready.recv_timeout(START_DEADLINE) {
        Ok(()) => Ok(child),
        Err(_ended_or_late) => {
            drop(child.kill());
            drop(child.wait());
            Err(ErrorKind::AddrInUse.into())
        }
    }
}
