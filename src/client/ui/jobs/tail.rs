//! `client tail`: what is said, as it comes.

use std::io;
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, bounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::history::Past;
use super::out::Out;
use super::visit::{Role, Visit};
use crate::client::ui::{Ending, Options, complain};
use crate::client::{Ask, Quiet, Said, Update};
use crate::protocol::{MessageId, RoomName, RoomRef};
use crate::texts::client::Notice;
use crate::threads;

/// What to print.
#[derive(Debug, clap::Args)]
pub struct Tail {
    #[command(flatten)]
    past: Past,
    #[command(flatten)]
    out: Out,
}

/// Any length will do: it only bounds a wait that events end.
const LONG: Duration = Duration::from_secs(3_600);

/// What is wanted of what comes.
struct Wanted {
    /// Of this room alone.
    only: Option<RoomRef>,
    /// Of this room nothing up to here: it was printed from the history.
    printed: Option<(RoomRef, MessageId)>,
}

pub(super) fn run(tail: &Tail, options: &Options) -> Result<Ending, Ending> {
    let stop = catch_signals().map_err(|error| {
        complain(&error.to_string());
        Ending::NotStored
    })?;
    let mut visit = Visit::begin(options, Role::listener(options))?;
    let lang = options.lang;
    let only = match &tail.past.room {
        Some(_) => Some(tail.past.place(&mut visit, lang)?),
        None => None,
    };
    let mut wanted = Wanted { only, printed: None };
    if tail.past.number.is_some() || tail.past.since.is_some() {
        show_past(tail, &mut visit, &mut wanted, options)?;
    }
    loop {
        let mut ready = Select::new();
        ready.recv(&stop);
        ready.recv(visit.updates.arrivals());
        // Which one it is shows below.
        ready.ready_timeout(LONG).ok();
        if !stop.is_empty() {
            return Ok(visit.end());
        }
        let update = match visit.updates.next(Duration::ZERO) {
            Ok(update) => update,
            Err(Quiet::Yet) => continue,
            Err(Quiet::ForGood) => return Err(Ending::Lost),
        };
        visit.learn(&update);
        match update {
            Update::Said(said) if wanted.is(&said) && tail.out.said(&said).is_err() => {
                return Ok(visit.end());
            }
            Update::Skipped { count, .. } => complain(&Notice::Skipped { count }.text(lang)),
            Update::LoggedIn { .. } => complain(&Notice::BackAgain.text(lang)),
            Update::Refused { what: Some(Ask::Login), why } => {
                return Err(visit.login_refused(&why));
            }
            _ => {}
        }
    }
}

/// What was said, and then what came while that was asked for. What the server replays lies
/// before the end of the history.
fn show_past(
    tail: &Tail,
    visit: &mut Visit,
    wanted: &mut Wanted,
    options: &Options,
) -> Result<(), Ending> {
    let room = match &wanted.only {
        Some(room) => room.clone(),
        None => tail.past.place(visit, options.lang)?,
    };
    visit.held = Some(Vec::new());
    let (mut last, mut is_read) = (MessageId(0), true);
    tail.past.read(visit, &room, |said| {
        last = said.id;
        is_read = is_read && tail.out.said(said).is_ok();
        is_read
    })?;
    wanted.printed = Some((room, last));
    let held = visit.held.take().unwrap_or_default();
    let mut held = held.iter().filter(|said| wanted.is(said));
    match is_read && held.all(|said| tail.out.said(said).is_ok()) {
        true => Ok(()),
        false => Err(Ending::Fine),
    }
}

impl Wanted {
    fn is(&self, said: &Said) -> bool {
        self.only.as_ref().is_none_or(|room| is_in(said, room))
            && !self
                .printed
                .as_ref()
                .is_some_and(|(room, last)| is_in(said, room) && said.id <= *last)
    }
}

fn is_in(said: &Said, room: &RoomRef) -> bool {
    match room {
        RoomRef::Id(id) => said.room == *id,
        RoomRef::Name(name) => {
            said.room_name.as_deref().and_then(|said| RoomName::new(said).ok()).as_ref()
                == Some(name)
        }
        RoomRef::Here => false,
    }
}

/// Rings at the first signal; the second one ends the process at once.
fn catch_signals() -> io::Result<Receiver<()>> {
    let (ring, stop) = bounded(1);
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    // Ends with the process: it is not waited for.
    threads::spawn("signals", move || {
        for signal in signals.forever() {
            if ring.try_send(()).is_err() {
                // A handler that does what the signal does without one; there is no other way on.
                signal_hook::low_level::emulate_default_handler(signal).ok();
            }
        }
    })?;
    Ok(stop)
}
