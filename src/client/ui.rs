//! The client as people and scripts use it: a full screen or menus in a terminal, plain lines
//! through a pipe.
//! Stands on [`super::Client`] and knows nothing of the wire.

mod applicants;
mod clean;
mod cli;
mod command;
mod directory;
mod entry;
mod export;
mod full;
mod jobs;
mod listing;
mod menu;
mod news;
mod plain;
mod progress;
mod screen;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::Device;
use crate::texts::client::{Fixed, Notice};
use crate::texts::{self, Lang};

use super::device::{self, HeldDevice};
use super::settings::{Keys, Secret};
use super::wording;
use super::{Client, Config, ConnectError, Quiet, Trust, Update, Updates};

pub use cli::Cli;
use entry::Entry;
pub use jobs::Job;

/// What the command line, the file and the last login say together.
#[derive(Clone, Debug)]
pub struct Options {
    /// All that can stand in the file.
    pub keys: Keys,
    /// Of everything that people read.
    pub lang: Lang,
    /// Speak TLS with a server that is trusted.
    pub tls: Option<Trust>,
    /// Plain lines instead of the full screen.
    pub plain: bool,
    /// The menus of the original instead of the full screen.
    pub menu: bool,
    /// Where the password of the user in `keys` is.
    pub secret: Secret,
    /// The name of this device instead of the one that is kept for this machine.
    pub device: Option<Device>,
    /// Plain: how long to go on showing what comes after the input has ended.
    pub linger: Duration,
}

/// How it ended: the exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything that was said is stored.
    Fine = 0,
    /// Something was not stored.
    NotStored = 1,
    /// The options or the input make no sense.
    Usage = 2,
    /// No server answers there.
    NotThere = 3,
    /// The login or the registration was refused.
    Refused = 4,
    /// The connection was lost and did not come back.
    Lost = 5,
}

/// What can be typed on the full screen, by name: how it is used, and what it does.
pub fn commands(lang: Lang) -> Vec<(String, &'static str)> {
    let commands = command::here::commands().into_iter();
    commands.map(|(name, usage)| (usage, texts::commands::what(name, lang))).collect()
}

/// The keys of the full screen, and what they do.
pub fn keys(lang: Lang) -> Vec<(String, &'static str)> {
    full::keys(lang)
}

/// Does the job, or talks until the person or the script leaves.
pub fn run(job: Option<&Job>, options: &Options) -> Ending {
    match job {
        Some(job) => jobs::run(job, options),
        None => talk(options),
    }
}

fn talk(options: &Options) -> Ending {
    if !options.plain && !options.menu {
        return full::run(options);
    }
    let lang = options.lang;
    let (device, held) = match &options.device {
        Some(device) => (Some(device.clone()), None),
        None => own_device(lang),
    };
    let program = concat!("hubbub-client/", env!("CARGO_PKG_VERSION")).to_owned();
    let entry = Entry::new(&options.keys, options.secret.clone(), device.as_ref(), !options.plain);
    let way = match &options.keys.user {
        Some(user) if options.plain => match entry.way(user) {
            Ok(way) => Some(way),
            Err(words) => {
                complain(&words);
                return Ending::Usage;
            }
        },
        _ => None,
    };
    let (address, tls) = (options.keys.address(), options.tls.clone());
    let config = Config { address, program, device, tls, quiet: false };
    let (client, updates) = match Client::start(config) {
        Ok(started) => started,
        Err(error) => return refused_connection(&error, options),
    };
    let entry = Arc::new(entry);
    let ending = match options.plain {
        true => plain::run(client, updates, &entry, way, options),
        false => menu::run(client, updates, &entry, options),
    };
    drop(held);
    ending
}

/// Says why there is no connection.
fn refused_connection(error: &ConnectError, options: &Options) -> Ending {
    let (lang, address) = (options.lang, &clean::line(&options.keys.address()));
    complain(&match error {
        ConnectError::NotThere(error) => {
            Notice::NotThere { address, why: &clean::line(&error.to_string()) }.text(lang)
        }
        ConnectError::Insecure(error) => {
            let why = &clean::line(&wording::insecure(error, lang));
            Notice::Insecure { address, why }.text(lang)
        }
    });
    Ending::NotThere
}

/// One line on the standard error output. Where that is closed, nobody reads it.
pub fn complain(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// How it ends where the output cannot be written: well where nobody reads any more, for that is
/// how a reader has enough; else the person is told, for what is missing would look like nothing
/// said.
fn unprinted(error: &io::Error, lang: Lang) -> Ending {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ending::Fine;
    }
    complain(&Notice::Unprinted { why: &error.to_string() }.text(lang));
    Ending::NotStored
}

/// Which face the client has without a subcommand: this is the one place that chooses.
fn is_plain(is_wanted: bool) -> bool {
    let is_dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    is_wanted || is_dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal()
}

/// A client that can keep no name goes on under one for this run.
fn own_device(lang: Lang) -> (Option<Device>, Option<HeldDevice>) {
    let held = match device::state_folder() {
        Some(folder) => device::hold(&folder),
        None => Err(io::Error::new(ErrorKind::NotFound, "HOME is not set")),
    };
    match held {
        Ok(held) => (Some(held.name.clone()), Some(held)),
        Err(error) => {
            complain(&format!("{} ({error})", Fixed::OutOfDevices.text(lang)));
            (device::unheld().ok(), None)
        }
    }
}

/// Shows updates until the client is closed. For a thread of its own: `show-updates`.
fn watch(updates: &Updates, entry: &Entry, mut show: impl FnMut(&Update) -> ControlFlow<()>) {
    /// Any length will do: nothing else happens in between.
    const LONG: Duration = Duration::from_secs(3_600);
    loop {
        match updates.next(LONG) {
            Ok(update) => {
                entry.learn(&update);
                if show(&update).is_break() {
                    return;
                }
            }
            Err(Quiet::Yet) => {}
            Err(Quiet::ForGood) => return,
        }
    }
}
