//! A bot that reminds: tell it `10m tea` in private, and ten minutes later it says `tea`.
//!
//! ```sh
//! HUBBUB_PASSWORD=secret cargo run --example remind -- 127.0.0.1:8889 200
//! ```
//!
//! What it has promised is in memory alone: it says so, and forgets it when it ends.

#![expect(clippy::print_stdout, reason = "whoever starts it reads that")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use hubbub::client::{Ask, Client, Config, OrderError, Quiet, Said, Update};
use hubbub::protocol::{Device, Password, Reference, Text, To, UserId, Who};

/// Promises at once: more are refused.
const MAX_PROMISES: usize = 10_000;

/// Where nothing is promised.
const LONG: Duration = Duration::from_secs(3_600);

/// How long something to be said waits for a server that is slow to store.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is to be said: by when, then by the reference under which it is said once.
type Promises = BTreeMap<(Instant, String), (UserId, Text)>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(id)) = (args.next(), args.next()) else {
        return Err("usage: remind HOST:PORT ID, the password in HUBBUB_PASSWORD".into());
    };
    let mut config = Config::new(address, "remind/1.0");
    config.device = Device::new("remind");
    let (client, updates) = Client::start(config)?;
    let password = Password::new(&std::env::var("HUBBUB_PASSWORD")?)?;
    client.login(Who::Id(UserId(id.parse()?)), password)?;
    let mut promises = Promises::new();
    loop {
        let first = promises.keys().next().map(|(at, _)| *at);
        let wait = first.map_or(LONG, |at| at.saturating_duration_since(hubbub::clock::now()));
        match updates.next(wait) {
            Ok(Update::LoggedIn { .. }) => println!("listening"),
            Ok(Update::Refused { what: Some(Ask::Login), why }) => return Err(why.code.into()),
            Ok(Update::Said(said)) => hear(&client, &mut promises, &said)?,
            Ok(_) | Err(Quiet::Yet) => {}
            Err(Quiet::ForGood) => return Ok(()),
        }
        let now = hubbub::clock::now();
        while let Some(due) = promises.first_entry().filter(|due| due.key().0 <= now) {
            let ((_, name), (whom, text)) = due.remove_entry();
            say(&client, &format!("{name}-due"), whom, text)?;
        }
    }
}

/// Somebody asks for something in private.
fn hear(client: &Client, promises: &mut Promises, said: &Said) -> Result<(), Box<dyn Error>> {
    let Some(peer) = said.peer.filter(|peer| *peer == said.sender) else { return Ok(()) };
    let name = format!("remind-{}-{}", peer, said.id.0);
    let answer = match understood(&said.text) {
        _ if promises.len() >= MAX_PROMISES => "I have too much to remember",
        None => "say: 30s, 10m or 2h, and what; I forget it when I am started anew",
        Some((wait, text)) => {
            promises.insert((hubbub::clock::now() + wait, name.clone()), (peer, text));
            "I will"
        }
    };
    say(client, &name, peer, Text::new(answer)?)?;
    Ok(())
}

/// `10m tea`: how long to wait, and what to say then.
fn understood(text: &str) -> Option<(Duration, Text)> {
    let (time, what) = text.split_once(' ')?;
    let unit = time.chars().last()?;
    let number: u64 = time.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return None,
    };
    let wait = number.checked_mul(seconds).filter(|wait| *wait <= 31 * 24 * 3_600)?;
    Some((Duration::from_secs(wait), Text::new(what.trim()).ok()?))
}

/// Under a name of its own: however often it is said, it is stored once.
fn say(client: &Client, name: &str, whom: UserId, text: Text) -> Result<(), OrderError> {
    let Some(reference) = Reference::new(name) else { return Ok(()) };
    client.send_under(reference, To::One(Who::Id(whom)), text, PATIENCE)
}
