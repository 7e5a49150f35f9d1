//! Plain lines for scripts, pipes and simple terminals: one command or text in a line, one line
//! for each thing that happens, its fields parted by tabs, without colours, prompts or menus.

mod event;
mod input;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use crate::client::{Ask, Client, OrderError, Update, Updates};
use crate::protocol::{ErrorCode, Span, Text, To, Who};
use crate::texts::Lang;
use crate::texts::client::{Fixed, Notice};
use crate::threads;

use super::command::{self, Line};
use super::directory::{Directory, Unresolved};
use super::entry::{Entry, Way};
use super::export::{Downloads, Outcome};
use super::{Ending, Options, clean, complain, unprinted, watch};

/// Lines read ahead of the connection.
const MAX_LINES: usize = 16;

/// How often a line that waits for room looks whether all is lost.
const PATIENCE: Duration = Duration::from_secs(1);

/// What became of everything, as the shower saw it.
#[derive(Debug, Default)]
struct Tally {
    n_not_stored: usize,
    is_connected: bool,
    has_logged_in: bool,
    login_refused: bool,
    register_refused: bool,
    /// The output cannot be written, though somebody wants it.
    is_unprinted: bool,
}

#[derive(Debug)]
struct Plain {
    client: Client,
    lang: Lang,
    /// Written by the shower, read for addressees.
    directory: Arc<Mutex<Directory>>,
    /// Filled by the shower.
    downloads: Downloads,
    /// Rings when going on makes no sense.
    fatal: Receiver<()>,
    asked_login: bool,
    n_bad_lines: usize,
}

/// Runs until the input ends, `/quit`, a refused login, or nobody reads the output.
pub(super) fn run(
    client: Client,
    updates: Updates,
    entry: &Arc<Entry>,
    way: Option<Way>,
    options: &Options,
) -> Ending {
    let (fatal_in, fatal) = bounded(1);
    let directory = Arc::new(Mutex::new(Directory::default()));
    let downloads = Downloads::default();
    let (first_in, first) = bounded(1);
    let started = (|| {
        let lines = input::start(MAX_LINES)?;
        let shower = Shower {
            lang: options.lang,
            entry: Arc::clone(entry),
            directory: Arc::clone(&directory),
            downloads: downloads.clone(),
            first: first_in,
            fatal: fatal_in,
        };
        let shower = shower.start(updates)?;
        Ok::<_, io::Error>((lines, shower))
    })();
    let (lines, shower) = match started {
        Ok(started) => started,
        Err(error) => {
            complain(&error.to_string());
            return Ending::NotStored;
        }
    };
    let lang = options.lang;
    let asked_login = way.is_some();
    let mut plain =
        Plain { client, lang, directory, downloads, fatal, asked_login, n_bad_lines: 0 };
    if let Some(way) = way {
        // It is the first order, so there is room for it.
        way.go(&plain.client).ok();
    }
    // What this program says of its own comes behind `connected`, or that there is no connection.
    first.recv().ok();
    let is_fatal = plain.read_lines(&lines) || plain.fatal.recv_timeout(options.linger).is_ok();
    let wait = if is_fatal { Duration::ZERO } else { options.keys.wait() };
    plain.finish(entry, shower, wait)
}

/// What the thread that shows updates works with.
struct Shower {
    lang: Lang,
    entry: Arc<Entry>,
    directory: Arc<Mutex<Directory>>,
    downloads: Downloads,
    first: Sender<()>,
    fatal: Sender<()>,
}

impl Shower {
    fn start(self, updates: Updates) -> io::Result<JoinHandle<Tally>> {
        threads::spawn("show-updates", move || {
            let mut tally = Tally::default();
            watch(&updates, &self.entry, |update| {
                self.directory.lock().unwrap_or_else(PoisonError::into_inner).learn(update);
                tally.count(update);
                let mut lines = event::lines(update);
                lines.extend(self.downloads.hear(update).as_ref().map(event::download));
                let shown = io::stdout().lock().write_all(lines.as_bytes());
                // Only the first one is waited for.
                self.first.try_send(()).ok();
                if shown.is_err() || tally.login_refused {
                    let _rings_already = self.fatal.try_send(());
                }
                let Err(error) = shown else { return ControlFlow::Continue(()) };
                tally.is_unprinted = unprinted(&error, self.lang) != Ending::Fine;
                // What nobody was shown is not received: it comes to the next one again.
                ControlFlow::Break(())
            });
            tally
        })
    }
}

impl Tally {
    fn count(&mut self, update: &Update) {
        match update {
            Update::Connected { .. } => self.is_connected = true,
            Update::Disconnected { .. } => self.is_connected = false,
            Update::LoggedIn { .. } => (self.has_logged_in, self.register_refused) = (true, false),
            Update::NotSent { will_retry: false, .. } => self.n_not_stored += 1,
            Update::Refused { what: Some(Ask::Login), why }
                if why.known() != Some(ErrorCode::AlreadyLoggedIn) =>
            {
                self.login_refused = true;
            }
            Update::Refused { what: Some(Ask::Register), .. } => self.register_refused = true,
            _ => {}
        }
    }
}

impl Plain {
    /// Obeys lines until they end. Does going on make no sense?
    fn read_lines(&mut self, lines: &Receiver<input::Read>) -> bool {
        loop {
            let read = select! {
                recv(lines) -> read => read,
                recv(self.fatal) -> _ => return true,
            };
            match read {
                Ok(input::Read::Line(line)) => match command::parse(&line) {
                    Line::Quit => return false,
                    line => {
                        if self.obey(line) {
                            return true;
                        }
                    }
                },
                Ok(input::Read::Bad(code)) => self.bad_line(code, ""),
                Err(_) => return false,
            }
        }
    }

    /// Does one line. Does going on make no sense?
    fn obey(&mut self, line: Line) -> bool {
        let result = match line {
            Line::Export(path) => self.export(path),
            Line::Empty | Line::Quit => Ok(()),
            Line::Say(text) => return self.say(&To::Lobby, &text),
            Line::SayIn { room, text } => return self.say(&To::Room(room), &text),
            Line::CreateRoom { name, kind, guests } => self.client.create_room(name, kind, guests),
            Line::Room(room, ask) => self.client.ask_room(room, ask),
            Line::Rooms(after) => self.client.rooms(after),
            Line::Sanctions(room) => self.client.sanctions(room),
            Line::Audit(limit) => self.client.audit(limit),
            Line::Entry(ask) => self.client.entry(ask),
            Line::Members(room, after) => self.client.members(room, after),
            Line::Words(words) => words.order(&self.client, PATIENCE),
            Line::Msg { who, text } => {
                let found =
                    self.directory.lock().unwrap_or_else(PoisonError::into_inner).resolve(&who);
                match found {
                    Ok(id) => return self.say(&To::One(Who::Id(id)), &text),
                    Err(unresolved) => self.unresolved(&unresolved, &who),
                }
                Ok(())
            }
            Line::History(room, limit) => self.client.history(room, Span::Last, limit),
            Line::Who => self.client.who(),
            Line::Rename(name) => self.client.rename(name),
            Line::DeleteAccount { password, erase } => self.client.delete_account(password, erase),
            Line::Devices => self.client.devices(),
            Line::EndDevice(device) => self.client.end_device(device),
            Line::Ignore { who, is_so: true } => self.client.ignore(who),
            Line::Ignore { who, is_so: false } => self.client.unignore(who),
            Line::Ignored => self.client.ignored(),
            Line::Absence(absence) => self.client.absence(absence),
            Line::Passwd { old, new } => self.client.passwd(old, new),
            Line::Receipts(receipts) => self.client.show_receipts(receipts),
            Line::Login { who, password } => {
                self.asked_login = true;
                self.client.login(who, password)
            }
            Line::Register { id, password, name } => self.client.register(id, password, name),
            Line::Code(code) => self.client.invitation_code(code),
            Line::Help => {
                print_local("help", &[Fixed::Help.text(self.lang)]);
                Ok(())
            }
            Line::Unknown(command) => {
                self.bad_line(ErrorCode::UnknownCommand, &command);
                Ok(())
            }
            Line::Incomplete(usage) => {
                self.bad_line(ErrorCode::BadRequest, usage);
                Ok(())
            }
        };
        if let Err(OrderError::Full) = result {
            self.bad_line(ErrorCode::Busy, "");
        }
        result == Err(OrderError::Closed)
    }

    fn export(&mut self, path: PathBuf) -> Result<(), OrderError> {
        if let Err(error) = self.downloads.begin(&path) {
            self.bad_line(ErrorCode::BadRequest, &Outcome::Failed(path, error).words());
            return Ok(());
        }
        self.client.export()
    }

    /// Says something; blocks while too much waits for the server.
    fn say(&mut self, to: &To, text: &str) -> bool {
        if !self.asked_login {
            self.bad_line(ErrorCode::NotLoggedIn, "");
            return false;
        }
        let text = match Text::new(text) {
            Ok(text) => text,
            Err(code) => {
                self.bad_line(code, "");
                return false;
            }
        };
        loop {
            let text = text.clone();
            let sent = match to {
                To::One(Who::Id(id)) => self.client.send_within(Some(*id), text, PATIENCE),
                To::Room(room) => self.client.send_to_room(room.clone(), text, PATIENCE),
                // Names are resolved before.
                To::Lobby | To::One(_) => self.client.send_within(None, text, PATIENCE),
            };
            match sent {
                Ok(_reference) => return false,
                Err(OrderError::Full) if self.fatal.is_empty() => {}
                Err(_) => return true,
            }
        }
    }

    fn unresolved(&mut self, unresolved: &Unresolved, who: &str) {
        match unresolved {
            Unresolved::Nobody => self.bad_line(ErrorCode::UnknownUser, who),
            Unresolved::Several(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                self.bad_line(ErrorCode::NameShared, &ids.join(" "));
            }
        }
    }

    /// A line that is not sent.
    fn bad_line(&mut self, code: ErrorCode, what: &str) {
        self.n_bad_lines += 1;
        print_local("error", &[code.name(), what]);
    }

    fn finish(self, entry: &Entry, shower: JoinHandle<Tally>, wait: Duration) -> Ending {
        let unsent = entry.part(self.client, wait);
        let n_unsent = unsent.as_ref().map_or(0, Vec::len);
        // It ends with the client; a panic in it was shown by std.
        let tally = shower.join().unwrap_or_default();
        for unsent in unsent.iter().flatten() {
            print_local("no-end", &[unsent.reference.as_str()]);
            let text = &clean::line(unsent.text.as_str());
            complain(&Notice::NoEnd { text }.text(self.lang));
        }
        if tally.login_refused {
            Ending::Refused
        } else if tally.is_unprinted {
            Ending::NotStored
        } else if self.asked_login && !tally.has_logged_in {
            Ending::Lost
        } else if unsent.is_none() || n_unsent > 0 {
            if tally.is_connected { Ending::NotStored } else { Ending::Lost }
        } else if tally.n_not_stored + self.n_bad_lines > 0 {
            Ending::NotStored
        } else if tally.register_refused {
            Ending::Refused
        } else {
            Ending::Fine
        }
    }
}

/// A line of this program's own. Whether somebody reads is seen by the shower.
fn print_local(event: &str, fields: &[&str]) {
    drop(io::stdout().lock().write_all(event::line(event, fields).as_bytes()));
}
