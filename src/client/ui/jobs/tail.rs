//! `client tail`: what is said, as it comes.

use std::io;
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, bounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::history::{self, Past};
use super::out::Out;
use super::visit::{Role, Visit};
use crate::client::ui::{Ending, Options, complain, unprinted};
use crate::client::{Ask, Quiet, Said, Update};
use crate::protocol::{MessageId, RoomId, RoomRef};
use crate::texts::Lang;
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
    only: Option<RoomId>,
    /// Of this room nothing up to here: it was printed from the history.
    printed: Option<(RoomId, MessageId)>,
}

pub(super) fn run(tail: &Tail, options: &Options) -> Result<Ending, Ending> {
    let stop = catch_signals().map_err(|error| {
        complain(&error.to_string());
        Ending::NotStored
    })?;
    let lang = options.lang;
    let only = tail.past.room.as_ref().map(|_| find_room(tail, options)).transpose()?;
    let visit = Visit::begin(options, Role::listener(options))?;
    // What is not printed is not received: it waits for the next tail.
    only.into_iter().for_each(|room| visit.updates.count_only(room));
    let mut wanted = Wanted { only, printed: None };
    if tail.past.number.is_some() || tail.past.since.is_some() {
        wanted.printed = Some(show_past(tail, options, only.unwrap_or(RoomId::Lobby))?);
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
            Update::Said(said) if wanted.is(&said) => {
                if let Err(ending) = print(tail, &said, lang) {
                    visit.break_off();
                    return Err(ending);
                }
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

/// The room that is meant. Somebody else asks: what comes meanwhile to who listens would be
/// missed.
fn find_room(tail: &Tail, options: &Options) -> Result<RoomId, Ending> {
    let mut visit = Visit::begin(options, Role::script(options)?)?;
    let room = tail.past.place(&mut visit, options.lang)?;
    let found = history::known(&mut visit, room)?;
    visit.end();
    Ok(found)
}

/// Prints what was said before, and says how far that is. The listener is in already and takes
/// nothing meanwhile, so nothing is missed in between, and what cannot be printed is not received.
fn show_past(tail: &Tail, options: &Options, room: RoomId) -> Result<(RoomId, MessageId), Ending> {
    let mut visit = Visit::begin(options, Role::script(options)?)?;
    let mut last = MessageId(0);
    let printed = tail.past.read(&mut visit, &RoomRef::Id(room), |said| {
        last = said.id;
        print(tail, said, options.lang)
    });
    visit.end_with(printed)?;
    Ok((room, last))
}

fn print(tail: &Tail, said: &Said, lang: Lang) -> Result<(), Ending> {
    tail.out.said(said, lang).map_err(|error| unprinted(&error, lang))
}

impl Wanted {
    fn is(&self, said: &Said) -> bool {
        let was_printed = |(room, last)| said.room == room && said.id <= last;
        self.only.is_none_or(|room| said.room == room) && !self.printed.is_some_and(was_printed)
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
