//! The password that a command finds: a keyring, a password manager.

use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;

use crate::protocol::Password;
use crate::{clock, limits, threads};

/// Somebody may have to type the words that open a keyring.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that are read of it: the longest password, and its line end.
const MAX: u64 = Password::MAX as u64 + 2;

/// Between two looks whether a command that has said its line has ended.
const TICK: Duration = Duration::from_millis(10);

/// Blocks until it has said its first line and ended, at most [`PATIENCE`].
pub(super) fn password(command: &str) -> Result<Password, String> {
    let said = first_line(command, PATIENCE).map_err(|error| format!("password-cmd: {error}"))?;
    Password::new(said.trim_end_matches(['\r', '\n']))
        .map_err(|_| "password-cmd: what it says is no password of 1 to 256 bytes".to_owned())
}

fn first_line(command: &str, patience: Duration) -> io::Result<String> {
    // It may ask at a terminal; a pipe holds what is to be said.
    let input = if io::stdin().is_terminal() { Stdio::inherit() } else { Stdio::null() };
    let mut child =
        Command::new("sh").args(["-c", command]).stdin(input).stdout(Stdio::piped()).spawn()?;
    let by = clock::now() + patience;
    let done = read_line(&mut child, by).and_then(|said| Ok((said, end(&mut child, by)?)));
    if done.is_err() {
        child.kill().ok();
        child.wait()?;
    }
    match done? {
        (said, status) if status.success() => Ok(said),
        (_, status) => Err(io::Error::other(format!("it failed ({status})"))),
    }
}

fn read_line(child: &mut Child, by: Instant) -> io::Result<String> {
    let Some(output) = child.stdout.take() else { return Ok(String::new()) };
    let (said_in, said) = bounded(1);
    // Ends with the command and all that it has started, or with the process.
    threads::spawn("password-cmd", move || {
        let (mut output, mut line) = (BufReader::new(output), String::new());
        let read = output.by_ref().take(MAX).read_line(&mut line).map(|_| line);
        // Nobody waits any more when it comes too late.
        said_in.try_send(read).ok();
        // A command that has more to say must not fail at that.
        io::copy(&mut output, &mut io::sink()).ok();
    })?;
    said.recv_deadline(by).unwrap_or_else(|_late| Err(late("said a line")))
}

/// What it has started may go on: an agent, say.
fn end(child: &mut Child, by: Instant) -> io::Result<ExitStatus> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status),
            None if clock::now() < by => limits::pause(TICK),
            None => return Err(late("ended")),
        }
    }
}

fn late(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("it has not {what} within a minute"))
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    #[test]
    fn its_first_line_is_the_password() {
        assert_eq!(password("echo secret; echo more"), Ok(Password::new("secret").unwrap()));
        for (command, word) in
            [("exit 3", "exit status: 3"), ("true", "no password"), ("kill $$", "signal")]
        {
            let error = password(command).unwrap_err();
            assert!(error.starts_with("password-cmd") && error.contains(word), "{error}");
        }
    }

    #[test]
    fn what_it_leaves_behind_is_not_waited_for_and_it_has_its_time() {
        let pid = first_line("sleep 1000 & echo $!", PATIENCE).unwrap();
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        let error = first_line("echo secret; exec sleep 1000", Duration::from_millis(100));
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let error = first_line("exec sleep 1000", Duration::from_millis(100));
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
