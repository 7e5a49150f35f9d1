//! A program that runs, says something and ends: the server with a bad option, `server user`.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use hubbub::threads;
use rustix::process::{Pid, Signal, kill_process_group};

use super::wire::DEADLINE;

/// What it said, and its exit code; a signal has none.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The server program with these arguments and nothing in its environment but a home.
pub fn server(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.env_clear().env("HOME", home).env("XDG_DATA_HOME", home).args(args);
    command
}

/// The client program, the same way.
pub fn client(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_client"));
    command.env_clear().envs(std::env::var("PATH").map(|path| ("PATH", path)));
    command.env("HOME", home).args(args);
    command
}

/// Runs it to its end; fails the test where that does not come.
pub fn run(command: Command, input: &str) -> Ended {
    run_for(command, input, DEADLINE)
}

/// The same where it takes long.
pub fn run_for(mut command: Command, input: &str, patience: Duration) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What it starts itself ends with it.
    let mut child = command.process_group(0).spawn().unwrap();
    // Who refuses its arguments does not read.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let out = collect(child.stdout.take().unwrap());
    let err = collect(child.stderr.take().unwrap());
    let (out, err) = (out.recv_timeout(patience), err.recv_timeout(patience));
    if out.is_err() || err.is_err() {
        kill_process_group(Pid::from_child(&child), Signal::KILL).ok();
        panic!("{command:?} does not end; it said {out:?} {err:?}");
    }
    let code = child.wait().unwrap().code();
    Ended { code, out: out.unwrap(), err: err.unwrap() }
}

fn collect(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (done, all) = bounded(1);
    let read = move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        // Nobody waits any more when it comes too late.
        done.try_send(text).ok();
    };
    // Ends with the program.
    threads::spawn("program-output", read).unwrap();
    all
}
