//! Says every line that a command prints in a room, or in the lobby:
//!
//! ```sh
//! HUBBUB_PASSWORD=secret cargo run --example bridge -- 127.0.0.1:8889 200 '#ops' journalctl -fn0
//! ```
//!
//! It ends with the command, when everything is stored; its exit code says whether it is.

#![expect(clippy::print_stderr, reason = "whoever starts it reads that")]

use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use hubbub::client::{Ask, Client, Config, Quiet, Update, Updates};
use hubbub::protocol::{Device, Password, RoomAsk, RoomRef, Text, To, UserId, Who};
use hubbub::threads;

/// How long a line waits for a server that is away: longer than a restart takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long the end waits until everything is stored.
const GOODBYE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [address, id, room, program, rest @ ..] = args.as_slice() else {
        let usage =
            "usage: bridge HOST:PORT ID #ROOM|lobby COMMAND..., the password in HUBBUB_PASSWORD";
        return Err(usage.into());
    };
    let room = RoomRef::parse(room).map_err(|_bad| "not the name of a room")?;
    let mut config = Config::new(address, "bridge/1.0");
    config.device = Device::new("bridge");
    // It has nothing to hear.
    config.quiet = true;
    let (client, updates) = Client::start(config)?;
    let password = Password::new(&std::env::var("HUBBUB_PASSWORD")?)?;
    client.login(Who::Id(UserId(id.parse()?)), password)?;
    wait_to_be_in(&updates)?;
    let to = match RoomRef::parse("lobby") {
        Ok(lobby) if lobby == room => To::Lobby,
        _ => {
            client.ask_room(room.clone(), RoomAsk::Join)?;
            To::Room(room)
        }
    };
    // What is told must be taken, or the library stops to read.
    let watcher = threads::spawn("updates", move || watch(&updates))?;
    let mut child = Command::new(program).args(rest).stdout(Stdio::piped()).spawn()?;
    if let Some(output) = child.stdout.take() {
        say_lines(&client, &to, output)?;
    }
    child.wait()?;
    let unsent = client.close(GOODBYE).map_or(1, |unsent| unsent.len());
    let refused = watcher.join().unwrap_or(1);
    match unsent + refused {
        0 => Ok(()),
        n => Err(format!("{n} lines are not known to be stored").into()),
    }
}

fn wait_to_be_in(updates: &Updates) -> Result<(), Box<dyn Error>> {
    loop {
        match updates.next(GOODBYE) {
            Ok(Update::LoggedIn { .. }) => return Ok(()),
            Ok(Update::Refused { what: Some(Ask::Login), why }) => return Err(why.code.into()),
            Ok(_) => {}
            Err(_) => return Err("the server does not answer".into()),
        }
    }
}

/// Counts what is refused, until the client is closed.
fn watch(updates: &Updates) -> usize {
    let mut n_refused = 0;
    loop {
        match updates.next(PATIENCE) {
            Ok(Update::NotSent { will_retry: false, why, .. }) => {
                eprintln!("not stored: {}", why.code);
                n_refused += 1;
            }
            Ok(_) | Err(Quiet::Yet) => {}
            Err(Quiet::ForGood) => return n_refused,
        }
    }
}

/// Each line is a text; one that is too long is several.
fn say_lines(client: &Client, to: &To, output: ChildStdout) -> Result<(), Box<dyn Error>> {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A third of the longest text: bytes that are no UTF-8 grow when they are replaced.
        let piece = output.by_ref().take(Text::MAX as u64 / 3).read_until(b'\n', &mut line)?;
        if piece == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line).replace('\0', "\u{fffd}");
        if let Ok(text) = Text::new(text.trim_end()) {
            client.send_to(to.clone(), text, PATIENCE)?;
        }
    }
}
