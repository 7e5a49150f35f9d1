//! The password that a command finds: a keyring, a password manager.

use std::io::{self, IsTerminal, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crossbeam_channel::bounded;

use crate::protocol::Password;
use crate::threads;

/// Somebody may have to type the words that open a keyring.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that are read of it: the longest password, and its line end.
const MAX: u64 = Password::MAX as u64 + 2;

/// Blocks until it has ended its first line, at most [`PATIENCE`].
pub(super) fn password(command: &str) -> Result<Password, String> {
    let said = first_line(command).map_err(|error| format!("password-cmd: {error}"))?;
    Password::new(said.trim_end_matches(['\r', '\n']))
        .map_err(|_| "password-cmd: what it says is no password of 1 to 256 bytes".to_owned())
}

fn first_line(command: &str) -> io::Result<String> {
    // It may ask at a terminal; a pipe holds what is to be said.
    let input = if io::stdin().is_terminal() { Stdio::inherit() } else { Stdio::null() };
    let mut child =
        Command::new("sh").args(["-c", command]).stdin(input).stdout(Stdio::piped()).spawn()?;
    let said = read_in_time(&mut child);
    if said.is_err() {
        child.kill().ok();
    }
    let status = child.wait()?;
    let said = said?;
    if !status.success() {
        return Err(io::Error::other(format!("it failed ({status})")));
    }
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

fn read_in_time(child: &mut Child) -> io::Result<String> {
    let Some(output) = child.stdout.take() else { return Ok(String::new()) };
    let (said_in, said) = bounded(1);
    // Ends with the command, or with the process where that goes on without end.
    threads::spawn("password-cmd", move || {
        let mut text = String::new();
        let read = output.take(MAX).read_to_string(&mut text).map(|_| text);
        // Nobody waits any more when it comes too late.
        said_in.try_send(read).ok();
    })?;
    let late = io::Error::new(io::ErrorKind::TimedOut, "it has said nothing for a minute");
    said.recv_timeout(PATIENCE).unwrap_or(Err(late))
}

#[cfg(test)]
mod tests {
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
}
