//! A bot that answers everything it hears in upper case, once, however often it is started anew:
//!
//! ```sh
//! HUBBUB_PASSWORD=secret cargo run --example upper -- 127.0.0.1:8889 200
//! ```

#![expect(clippy::print_stdout, reason = "whoever starts it reads that")]

use std::error::Error;
use std::time::Duration;

use hubbub::client::{Ask, Client, Config, Quiet, Said, Update};
use hubbub::protocol::{Device, Password, Reference, RoomId, RoomRef, Text, To, UserId, Who};

/// It only bounds a wait that events end.
const LONG: Duration = Duration::from_secs(3_600);

/// How long an answer waits for a server that is slow to store.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(id)) = (args.next(), args.next()) else {
        return Err("usage: upper HOST:PORT ID, the password in HUBBUB_PASSWORD".into());
    };
    let me = UserId(id.parse()?);
    let mut config = Config::new(address, "upper/1.0");
    // Always the same name: the server keeps under it what this bot has heard.
    config.device = Device::new("upper");
    let (client, updates) = Client::start(config)?;
    client.login(Who::Id(me), Password::new(&std::env::var("HUBBUB_PASSWORD")?)?)?;
    loop {
        // Asking for the next update says that the last one is dealt with.
        match updates.next(LONG) {
            Ok(Update::LoggedIn { .. }) => println!("listening"),
            Ok(Update::Refused { what: Some(Ask::Login), why }) => return Err(why.code.into()),
            Ok(Update::Said(said)) if said.sender != me => answer(&client, &said)?,
            // The library connects again by itself, and repeats what was not stored.
            Ok(_) | Err(Quiet::Yet) => {}
            Err(Quiet::ForGood) => return Ok(()),
        }
    }
}

/// Under a reference made of what is answered: said twice, it is stored once.
fn answer(client: &Client, said: &Said) -> Result<(), Box<dyn Error>> {
    let text = said.text.to_uppercase();
    // Another one of this kind would be answered for ever.
    if text == said.text {
        return Ok(());
    }
    let to = match (said.room, said.peer) {
        (_, Some(peer)) => To::One(Who::Id(peer)),
        (RoomId::Lobby, None) => To::Lobby,
        (room, None) => To::Room(RoomRef::Id(room)),
    };
    let name = format!("upper-{}-{}", said.room, said.id.0);
    let (Some(reference), Ok(text)) = (Reference::new(&name), Text::new(&text)) else {
        // Upper case can be longer than a message may be.
        return Ok(());
    };
    client.send_under(reference, to, text, PATIENCE)?;
    Ok(())
}
