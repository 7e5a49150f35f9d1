//! The server itself, as a process: started on ports that the system chooses, stopped, killed,
//! started again on the same store.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use hubbub::threads;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::peers::Course;
use super::tls::Identity;
use super::wire::{DEADLINE, Wire};

/// How often a server that was killed is started again before the test fails.
const LAUNCHES: usize = 5;

/// A running server. Killed when dropped; what it said is printed when the test failed.
#[derive(Debug)]
pub struct Server {
    process: Process,
    store: String,
    options: Vec<String>,
    /// What runs the program, if it is not run by itself.
    wrapper: Vec<String>,
    /// What it shows, where its ports for lines and for frames speak TLS only.
    identity: Option<Identity>,
    home: TempDir,
}

#[derive(Debug)]
struct Process {
    child: Child,
    output: Arc<Output>,
    /// The port that tells languages apart, the one for lines, the one for frames.
    ports: Vec<SocketAddr>,
}

/// What it said so far, and how many of its two streams have ended.
#[derive(Debug, Default)]
struct Output {
    said: Mutex<(Vec<String>, usize)>,
    more: Condvar,
}

impl Server {
    /// One that forgets everything.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with options.
    pub fn start_with(options: &[&str]) -> Self {
        Self::start_on("memory:", options)
    }

    /// One with its embedded store in a folder of its own.
    pub fn start_on_disk() -> Self {
        Self::start_on("", &[])
    }

    /// On a store by its URL; an empty one is the default, in this server's data folder.
    pub fn start_on(store: &str, options: &[&str]) -> Self {
        Self::start_within(&[], store, options)
    }

    /// The same, run by a program that becomes it (`exec`) and that it is an argument of.
    pub fn start_within(wrapper: &[&str], store: &str, options: &[&str]) -> Self {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let (wrapper, options) = (owned(wrapper), owned(options));
        let home = tempfile::tempdir().unwrap();
        let process = Process::start(&home, &wrapper, store, &options);
        Self { process, store: store.to_owned(), options, wrapper, identity: None, home }
    }

    /// One with a certificate, whose ports for lines and for frames speak TLS only.
    pub fn start_with_tls(store: &str, options: &[&str]) -> Self {
        let identity = Identity::make();
        let owned = options.iter().map(|&word| word.to_owned());
        let options: Vec<_> = identity.options().into_iter().chain(owned).collect();
        let home = tempfile::tempdir().unwrap();
        let process = Process::start(&home, &[], store, &options);
        let (store, identity) = (store.to_owned(), Some(identity));
        Self { process, store, options, wrapper: Vec::new(), identity, home }
    }

    /// Is there a certificate?
    pub fn has_tls(&self) -> bool {
        self.identity.is_some()
    }

    /// What it shows.
    pub fn identity(&self) -> &Identity {
        self.identity.as_ref().expect("a server with a certificate")
    }

    /// Connects to one of its ports, by TLS where it has a certificate.
    pub fn call(&self, port: SocketAddr) -> Wire {
        match &self.identity {
            Some(identity) => Wire::connect(port).secure(identity),
            None => Wire::connect(port),
        }
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Waits until it has said a line with these words.
    pub fn expect_said(&self, words: &str) {
        self.process.output.wait_for(words, |line| line.contains(words));
    }

    /// The port that tells the languages apart by the first bytes.
    pub fn any(&self) -> SocketAddr {
        self.process.ports[0]
    }

    /// The port for lines only.
    pub fn lines(&self) -> SocketAddr {
        self.process.ports[1]
    }

    /// The port for frames only.
    pub fn frames(&self) -> SocketAddr {
        self.process.ports[2]
    }

    /// Asks it to stop, as Ctrl-C does; it says farewell and ends.
    pub fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process.child), signal).unwrap();
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }

    /// Waits until its log, or its greeting, has a line with this in it.
    pub fn expect_in_log(&self, what: &str) -> String {
        self.process.output.wait_for(what, |line| line.contains(what))
    }

    /// All that it has said so far, the log at `debug`.
    pub fn log(&self) -> String {
        self.process.output.said.lock().unwrap().0.join("\n")
    }

    /// The `n`th address that it listens on.
    pub fn port(&self, n: usize) -> SocketAddr {
        self.process.ports[n]
    }

    /// Where its data folder is.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Waits for the end that it was asked for, which must be a good one.
    pub fn expect_end(&mut self) {
        let status = self.process.wait();
        assert!(status.success(), "the server ended with {status}");
    }

    /// Waits for the end that it was asked for and starts it again, on other ports.
    pub fn start_again(&mut self) {
        self.expect_end();
        self.process = Process::start(&self.home, &self.wrapper, &self.store, &self.options);
    }

    /// Kills it on the spot and starts it again, on other ports.
    pub fn kill_and_start_again(&mut self) {
        self.kill();
        self.launch();
    }

    /// Kills it on the spot.
    pub fn kill(&mut self) {
        self.process.child.kill().unwrap();
        self.process.wait();
    }

    /// Starts it again after it was killed, on other ports; once more where it gives up by
    /// itself, as on a port or a store that is not free yet.
    pub fn launch(&mut self) {
        let start = || Process::try_start(&self.home, &self.wrapper, &self.store, &self.options);
        let started =
            (0..LAUNCHES).find_map(|_| start().inspect_err(|said| eprintln!("{said}")).ok());
        self.process = started.expect("a server that starts");
    }

    /// Waits until it has written down how far this connection, which has ended, was served.
    pub fn forget(&self, peer: SocketAddr) {
        let speaks = format!(" {peer} speaks ");
        let line = self.process.output.wait_for(&speaks, |line| line.contains(&speaks));
        let (before, _) = line.split_once(&speaks).unwrap();
        let ended = format!(" {} ended (", before.split_whitespace().last().unwrap());
        self.process.output.wait_for(&ended, |line| line.contains(&ended));
        // Writes happen in order: when a later one is done, so is that one.
        Course::over(self.call(self.frames())).register(0, "x", "");
    }
}

impl Process {
    fn start(home: &TempDir, wrapper: &[String], store: &str, options: &[String]) -> Self {
        Self::try_start(home, wrapper, store, options).unwrap_or_else(|said| panic!("{said}"))
    }

    /// # Errors
    /// What it said instead of its address.
    fn try_start(
        home: &TempDir,
        wrapper: &[String],
        store: &str,
        options: &[String],
    ) -> Result<Self, String> {
        let words = wrapper.iter().map(String::as_str).chain([env!("CARGO_BIN_EXE_server")]);
        let words: Vec<_> = words.collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command.env_clear().envs(std::env::var("PATH").map(|path| ("PATH", path)));
        command.env("HOME", home.path()).env("XDG_DATA_HOME", home.path());
        let has_tls = options.iter().any(|option| option == "--tls-cert");
        for kind in if has_tls { ["", "tls+line=", "tls+frame="] } else { ["", "line=", "frame="] }
        {
            command.args(["--listen", &format!("{kind}127.0.0.1:0")]);
        }
        if !store.is_empty() {
            command.args(["--store", store]);
        }
        command.args(["--log", "debug"]).args(options);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = Arc::new(Output::default());
        output.collect(child.stdout.take().unwrap());
        output.collect(child.stderr.take().unwrap());
        if output.find(|line| line.starts_with("connect with: ")).is_none() {
            drop((child.kill(), child.wait()));
            let said = output.said.lock().unwrap().0.join("\n");
            return Err(format!("the server did not say the address to connect to, but:\n{said}"));
        }
        let ports = output.all("listening on ").iter().map(|addr| addr.parse().unwrap()).collect();
        Ok(Self { child, output, ports })
    }

    /// Waits for its end.
    fn wait(&mut self) -> ExitStatus {
        self.output.wait_for_end();
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            println!("the server said:\n{}", self.output.said.lock().unwrap().0.join("\n"));
        }
    }
}

impl Output {
    fn collect(self: &Arc<Self>, stream: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        let read = move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                output.said.lock().unwrap().0.push(line);
                output.more.notify_all();
            }
            output.said.lock().unwrap().1 += 1;
            output.more.notify_all();
        };
        // Ends with the server.
        threads::spawn("server-output", read).unwrap();
    }

    /// The first line like this, said before or now.
    fn wait_for(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        self.find(is_it).unwrap_or_else(|| panic!("the server did not say {what:?}"))
    }

    fn find(&self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let find = |lines: &[String]| lines.iter().find(|line| is_it(line)).cloned();
        let missing = |said: &mut (Vec<String>, usize)| find(&said.0).is_none() && said.1 < 2;
        let said = self.said.lock().unwrap();
        let (said, _timeout) = self.more.wait_timeout_while(said, DEADLINE, missing).unwrap();
        find(&said.0)
    }

    fn wait_for_end(&self) {
        let said = self.said.lock().unwrap();
        let goes_on = |said: &mut (Vec<String>, usize)| said.1 < 2;
        let (said, timeout) = self.more.wait_timeout_while(said, DEADLINE, goes_on).unwrap();
        drop(said);
        assert!(!timeout.timed_out(), "the server did not end");
    }

    /// What follows these words, line by line.
    fn all(&self, opening: &str) -> Vec<String> {
        let said = self.said.lock().unwrap();
        said.0.iter().filter_map(|line| line.strip_prefix(opening)).map(str::to_owned).collect()
    }
}
