//! The client as people and scripts use it: menus in a terminal, or plain lines through a pipe.
//! Stands on [`super::Client`] and knows nothing of the wire.

mod clean;
mod command;
mod directory;
mod menu;
mod plain;
mod progress;
mod screen;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::protocol::{Device, Password};
use crate::texts::Lang;

use super::device::{self, HeldDevice};
use super::texts::{self, Fixed, Notice};
use super::{Client, Config, ConnectError, Quiet, Trust, Update, Updates};

/// What the command line says.
#[derive(Debug)]
pub struct Options {
    /// `host:port`.
    pub address: String,
    /// Of everything that people read.
    pub lang: Lang,
    /// Speak TLS with a server that is trusted.
    pub tls: Option<Trust>,
    /// Plain lines, also in a terminal.
    pub plain: bool,
    /// Log in as this id or name at once.
    pub user: Option<String>,
    /// The password for it.
    pub password: Option<Password>,
    /// The name of this device instead of the one that is kept for this machine.
    pub device: Option<Device>,
    /// How long to wait at the end for acknowledgements.
    pub wait: Duration,
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

/// Runs until the person or the script leaves.
pub fn run(options: &Options) -> Ending {
    let lang = options.lang;
    let is_plain = is_plain(options);
    if is_plain && options.user.is_some() && options.password.is_none() {
        complain("--user needs a password: --password-file or HUBBUB_PASSWORD");
        return Ending::Usage;
    }
    let (device, held) = match &options.device {
        Some(device) => (Some(device.clone()), None),
        None => own_device(lang),
    };
    let program = concat!("hubbub-client/", env!("CARGO_PKG_VERSION")).to_owned();
    let (address, tls) = (options.address.clone(), options.tls.clone());
    let config = Config { address, program, device, tls };
    let (client, updates) = match Client::start(config) {
        Ok(started) => started,
        Err(error) => {
            let address = &clean::line(&options.address);
            let notice = match &error {
                ConnectError::NotThere(error) => {
                    Notice::NotThere { address, why: &clean::line(&error.to_string()) }.text(lang)
                }
                ConnectError::Insecure(error) => {
                    let why = &clean::line(&texts::insecure(error, lang));
                    Notice::Insecure { address, why }.text(lang)
                }
            };
            complain(&notice);
            return Ending::NotThere;
        }
    };
    let ending = if is_plain {
        plain::run(client, updates, options)
    } else {
        menu::run(client, updates, options)
    };
    drop(held);
    ending
}

/// Whom to trust: an authority, or else the public ones and who was met first. The list of
/// those is kept beside the name of this device; `None`: there is no place for it.
pub fn trust(authority: Option<PathBuf>) -> Option<Trust> {
    match authority {
        Some(path) => Some(Trust::Authority(path)),
        None => Some(Trust::FirstMet(device::state_folder()?.join("known_servers"))),
    }
}

/// The language that the environment asks for, as POSIX orders the variables.
pub fn lang_of_environment() -> Lang {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .map_or(Lang::En, |locale| Lang::of_locale(&locale))
}

/// One line on the standard error output. Where that is closed, nobody reads it.
pub fn complain(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

fn is_plain(options: &Options) -> bool {
    let is_dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    options.plain || is_dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal()
}

/// A client that can keep no name goes on under one for this run.
fn own_device(lang: Lang) -> (Option<Device>, Option<HeldDevice>) {
    let held = match device::state_folder() {
        Some(folder) => device::hold(&folder),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "HOME is not set")),
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
fn watch(updates: &Updates, mut show: impl FnMut(&Update)) {
    /// Any length will do: nothing else happens in between.
    const LONG: Duration = Duration::from_secs(3_600);
    loop {
        match updates.next(LONG) {
            Ok(update) => show(&update),
            Err(Quiet::Yet) => {}
            Err(Quiet::ForGood) => return,
        }
    }
}
