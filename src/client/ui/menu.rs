//! The menus of the original, in a terminal. Messages of others appear above the line that is
//! being typed.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rustyline::error::ReadlineError;
use rustyline::{DefaultEditor, ExternalPrinter};

use crate::client::wording;
use crate::client::{Ask, Client, OrderError, Reason, Update, Updates};
use crate::protocol::{ErrorCode, Name, Password, Span, Text, UserId};
use crate::texts::Lang;
use crate::texts::client::{Fixed, Notice};
use crate::{clock, threads};

use super::command::{self, Line};
use super::directory::Unresolved;
use super::entry::{Entry, Way};
use super::export::Outcome;
use super::screen::Screen;
use super::{Ending, Options, clean, complain, watch};

/// Answers that the menu has not yet looked at; older ones than its question are dropped.
const MAX_ANSWERS: usize = 64;

/// How long to look at an empty screen before saying that nobody answers: longer than the
/// server lets a password queue for a processor.
const ANSWER_WAIT: Duration = Duration::from_secs(20);

/// What was typed at a prompt.
enum Typed {
    Line(String),
    /// Ctrl-C: not this.
    Cancel,
    /// Ctrl-D, or no terminal any more.
    End,
}

/// Do the settings know the password of the one who logs in?
#[derive(Clone, Copy)]
enum KnowsPassword {
    Yes,
    No,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Next {
    Stay,
    Leave,
}

struct Menu {
    client: Client,
    editor: DefaultEditor,
    screen: Arc<Screen>,
    answers: Receiver<Update>,
    entry: Arc<Entry>,
    /// Ctrl-C was pressed at the last prompt of a menu.
    wants_out: bool,
}

/// Runs until the person leaves.
pub(super) fn run(
    client: Client,
    updates: Updates,
    entry: &Arc<Entry>,
    options: &Options,
) -> Ending {
    let screen = Arc::new(Screen::new(options.lang));
    let (answers_in, answers) = bounded(MAX_ANSWERS);
    let started = (|| {
        let mut editor = DefaultEditor::new()?;
        let printer = editor.create_external_printer()?;
        let (screen, entry) = (Arc::clone(&screen), Arc::clone(entry));
        let shower = threads::spawn("show-updates", move || {
            show(&updates, &entry, &screen, printer, &answers_in);
        })?;
        Ok::<_, ReadlineError>((editor, shower))
    })();
    let (editor, shower) = match started {
        Ok(started) => started,
        Err(error) => {
            complain(&error.to_string());
            return Ending::NotStored;
        }
    };
    let entry = Arc::clone(entry);
    let mut menu = Menu { client, editor, screen, answers, entry, wants_out: false };
    if let Some(user) = &options.keys.user {
        menu.login(user, KnowsPassword::Yes);
    }
    while menu.turn() == Next::Stay {}
    menu.print(Fixed::Leaving.text(options.lang));
    let unsent = menu.entry.part(menu.client, options.keys.wait());
    // It ends with the client; a panic in it was shown by std.
    drop(shower.join());
    for unsent in unsent.iter().flatten() {
        let text = &clean::line(unsent.text.as_str());
        complain(&Notice::NoEnd { text }.text(options.lang));
    }
    if unsent.is_some_and(|unsent| unsent.is_empty()) { Ending::Fine } else { Ending::NotStored }
}

/// The shower's thread: what happens appears above the line that is being typed.
fn show(
    updates: &Updates,
    entry: &Entry,
    screen: &Screen,
    mut printer: impl ExternalPrinter,
    answers: &Sender<Update>,
) {
    watch(updates, entry, |update| {
        if let Some(text) = screen.show(update) {
            // A terminal that is gone is noticed where the next line is read.
            drop(printer.print(text + "\n"));
        }
        if is_answer(update) {
            // The menu is not waiting when this is full.
            drop(answers.try_send(update.clone()));
        }
        ControlFlow::Continue(())
    });
}

fn is_answer(update: &Update) -> bool {
    use Update::{LoggedIn, Online, Refused, Registered, Unanswered};
    matches!(update, LoggedIn { .. } | Online(_) | Registered(_) | Refused { .. } | Unanswered(_))
}

impl Menu {
    fn lang(&self) -> Lang {
        self.screen.lang
    }

    /// One choice of the menu that is due.
    fn turn(&mut self) -> Next {
        let is_logged_in = self.screen.is_logged_in.load(Ordering::Acquire);
        let (menu, choice) = match is_logged_in {
            true => (Fixed::RoomMenu, Fixed::RoomChoice),
            false => (Fixed::MainMenu, Fixed::MainChoice),
        };
        self.print(menu.text(self.lang()));
        match self.read(choice.text(self.lang())) {
            Typed::End => Next::Leave,
            Typed::Cancel if self.wants_out => Next::Leave,
            Typed::Cancel => {
                self.wants_out = true;
                self.print(Fixed::LeaveAgain.text(self.lang()));
                Next::Stay
            }
            Typed::Line(line) => {
                self.wants_out = false;
                if is_logged_in {
                    self.room_choice(line.trim())
                } else {
                    self.main_choice(line.trim())
                }
            }
        }
    }

    fn main_choice(&mut self, choice: &str) -> Next {
        match choice {
            "1" => {
                if let Typed::Line(who) = self.read(Fixed::AskWho.text(self.lang())) {
                    self.login(who.trim(), KnowsPassword::No);
                }
            }
            "2" => drop(self.register()),
            "3" => return Next::Leave,
            "" => {}
            _ => self.print(Fixed::NoSuchChoice.text(self.lang())),
        }
        Next::Stay
    }

    fn room_choice(&mut self, choice: &str) -> Next {
        match choice {
            "1" => self.list_online(),
            "2" => return self.talk(None),
            "3" => {
                let Typed::Line(who) = self.read(Fixed::AskPeer.text(self.lang())) else {
                    return Next::Stay;
                };
                if let Some(id) = self.resolve(&who) {
                    return self.talk(Some(id));
                }
            }
            "4" => self.list_away(),
            "5" => return Next::Leave,
            "" => {}
            // Commands work everywhere; a text needs to know its addressee first.
            command if command.starts_with('/') => return self.obey(None, command),
            _ => self.print(Fixed::NoSuchChoice.text(self.lang())),
        }
        Next::Stay
    }

    /// By what an earlier login left, else by the password that the settings know of, else by
    /// the one that is typed. The shower shows the answers.
    fn login(&mut self, who: &str, known: KnowsPassword) {
        let Some(who) = command::who(who) else {
            return self.refuse(ErrorCode::UnknownUser);
        };
        if let Some(token) = self.entry.token(&who)
            && self.enter(Way::Token(token, None)) != Some(ErrorCode::BadToken)
        {
            return;
        }
        let known = match known {
            KnowsPassword::Yes => self.entry.password().unwrap_or_else(|words| {
                complain(&words);
                None
            }),
            KnowsPassword::No => None,
        };
        if let Some(password) = known.or_else(|| self.read_password(Fixed::AskPassword)) {
            self.enter(Way::Password(who, password));
        }
    }

    /// Asks the server, and waits for the answer: why it refused, if it did.
    fn enter(&mut self, way: Way) -> Option<ErrorCode> {
        self.forget_answers();
        let taken = way.go(&self.client);
        let answer = self.wait(taken, |answer| match answer {
            Update::LoggedIn { .. } => Some(None),
            Update::Refused { what: Some(Ask::Login), why } => Some(why.known()),
            _ => None,
        });
        answer.flatten()
    }

    /// `None`: given up in between, or no answer.
    fn register(&mut self) -> Option<()> {
        let Typed::Line(id) = self.read(Fixed::AskNewId.text(self.lang())) else { return None };
        let id = match id.trim() {
            "" => None,
            text => match text.parse() {
                Ok(id) if id > 0 => Some(UserId(id)),
                _ => {
                    self.print(Fixed::BadId.text(self.lang()));
                    return None;
                }
            },
        };
        let Typed::Line(name) = self.read(Fixed::AskNewName.text(self.lang())) else { return None };
        let name = match name.trim() {
            "" => None,
            text => match Name::new(text) {
                Ok(name) => Some(name),
                Err(_) => {
                    self.refuse(ErrorCode::BadName);
                    return None;
                }
            },
        };
        let password = self.read_password(Fixed::AskNewPassword)?;
        if self.read_password(Fixed::AskPasswordAgain)? != password {
            self.print(Fixed::PasswordsDiffer.text(self.lang()));
            return None;
        }
        loop {
            self.forget_answers();
            let taken = self.client.register(id, password.clone(), name.clone());
            let refused = self.wait(taken, |answer| match answer {
                Update::Registered(_) | Update::Unanswered(Ask::Register) => Some(None),
                Update::Refused { what: Some(Ask::Register), why } => Some(why.known()),
                _ => None,
            })?;
            if !matches!(refused, Some(ErrorCode::CodeNeeded | ErrorCode::BadCode)) {
                return Some(());
            }
            let Typed::Line(code) = self.read(Fixed::AskCode.text(self.lang())) else {
                return None;
            };
            let taken = self.client.invitation_code(Password::new(code.trim()).ok()?);
            self.report(taken);
        }
    }

    /// Reads lines and says them, until an empty one.
    fn talk(&mut self, to: Option<UserId>) -> Next {
        self.print(Fixed::TalkHint.text(self.lang()));
        loop {
            let name = match to {
                None => Fixed::AllPrompt.text(self.lang()).to_owned(),
                Some(id) => clean::line(&self.screen.directory().name(id)),
            };
            let Typed::Line(line) = self.read(&format!("{name}> ")) else { return Next::Stay };
            if line.trim().is_empty() {
                return Next::Stay;
            }
            // For the arrow keys only: without a history there is nothing to go back to.
            drop(self.editor.add_history_entry(line.as_str()));
            if self.obey(to, &line) == Next::Leave {
                return Next::Leave;
            }
            if !self.screen.is_logged_in.load(Ordering::Acquire) {
                self.print(Fixed::LoggedOut.text(self.lang()));
                return Next::Stay;
            }
        }
    }

    /// Does what a line says, speaking to `to` where it says something.
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn obey(&mut self, to: Option<UserId>, line: &str) -> Next {
        let taken = match command::parse(line) {
            Line::Empty => Ok(()),
            Line::Quit => return Next::Leave,
            Line::Say(text) => self.say(to, &text),
            Line::Msg { who, text } => match self.resolve(&who) {
                Some(id) => self.say(Some(id), &text),
                None => Ok(()),
            },
            Line::SayIn { room, text } => match Text::new(&text) {
                Ok(text) => self.client.send_to_room(room, text, Duration::ZERO).map(drop),
                Err(code) => self.refused(code),
            },
            Line::CreateRoom { name, kind, guests } => self.client.create_room(name, kind, guests),
            Line::Room(room, ask) => self.client.ask_room(room, ask),
            Line::Rooms(after) => self.client.rooms(after),
            Line::Sanctions(room) => self.client.sanctions(room),
            Line::Audit(limit) => self.client.audit(limit),
            Line::Entry(ask) => self.client.entry(ask),
            Line::Members(room, after) => self.client.members(room, after),
            Line::History(room, limit) => self.client.history(room, Span::Last, limit),
            Line::Words(words) => words.order(&self.client, Duration::ZERO),
            Line::Who => {
                self.list_online();
                Ok(())
            }
            Line::Rename(name) => self.client.rename(name),
            Line::DeleteAccount { password, erase } => self.client.delete_account(password, erase),
            Line::Export(path) => match self.screen.downloads.begin(&path) {
                Ok(()) => self.client.export(),
                Err(error) => {
                    self.print(&Outcome::Failed(path, error).text(self.lang()));
                    Ok(())
                }
            },
            Line::Devices => self.client.devices(),
            Line::EndDevice(device) => self.client.end_device(device),
            Line::Ignore { who, is_so: true } => self.client.ignore(who),
            Line::Ignore { who, is_so: false } => self.client.unignore(who),
            Line::Ignored => self.client.ignored(),
            Line::Absence(absence) => self.client.absence(absence),
            Line::Passwd { old, new } => self.client.passwd(old, new),
            Line::Receipts(receipts) => self.client.show_receipts(receipts),
            // There is a menu for these two, which does not show the password.
            Line::Login { .. } => self.refused(ErrorCode::AlreadyLoggedIn),
            Line::Register { id, password, name } => self.client.register(id, password, name),
            Line::Code(code) => self.client.invitation_code(code),
            Line::Help => {
                self.print(Fixed::Help.text(self.lang()));
                Ok(())
            }
            Line::Unknown(command) => {
                let command = &clean::line(&command);
                self.print(&Notice::UnknownCommand { command }.text(self.lang()));
                Ok(())
            }
            Line::Incomplete(usage) => {
                self.print(&Notice::Usage { usage }.text(self.lang()));
                Ok(())
            }
        };
        self.report(taken);
        Next::Stay
    }

    fn say(&self, to: Option<UserId>, text: &str) -> Result<(), OrderError> {
        match Text::new(text) {
            Ok(text) => self.client.send(to, text).map(drop),
            Err(code) => self.refused(code),
        }
    }

    fn list_online(&self) {
        self.forget_answers();
        let online = self.wait(self.client.who(), |answer| match answer {
            Update::Online(online) => Some(Some(online)),
            Update::Unanswered(Ask::Who) => Some(None),
            _ => None,
        });
        if let Some(mut online) = online.flatten() {
            online.sort_by_key(|who| who.id);
            self.print(Fixed::Online.text(self.lang()));
            let lines: Vec<_> = online.iter().map(|who| self.screen.member(who)).collect();
            self.print(&lines.join("\n"));
        }
    }

    fn list_away(&self) {
        let away = self.screen.away();
        match away.is_empty() {
            true => self.print(Fixed::NobodyWaited.text(self.lang())),
            false => self.print(&away.join("\n")),
        }
    }

    fn resolve(&self, who: &str) -> Option<UserId> {
        let resolved = self.screen.directory().resolve(who);
        let notice = match &resolved {
            Ok(id) => return Some(*id),
            Err(Unresolved::Nobody) => Notice::Nobody { name: &clean::line(who) }.text(self.lang()),
            Err(Unresolved::Several(ids)) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                Notice::Several { ids: &ids.join(", ") }.text(self.lang())
            }
        };
        self.print(&notice);
        None
    }

    /// Drops answers to older questions.
    fn forget_answers(&self) {
        while self.answers.try_recv().is_ok() {}
    }

    /// Blocks until `wanted` finds its answer, up to [`ANSWER_WAIT`].
    fn wait<T>(
        &self,
        taken: Result<(), OrderError>,
        wanted: impl Fn(Update) -> Option<T>,
    ) -> Option<T> {
        self.report(taken);
        let by = clock::now() + ANSWER_WAIT;
        while let Ok(answer) = self.answers.recv_deadline(by) {
            if let Some(found) = wanted(answer) {
                return Some(found);
            }
        }
        self.print(Fixed::NoAnswer.text(self.lang()));
        None
    }

    fn report(&self, taken: Result<(), OrderError>) {
        if taken.is_err() {
            self.refuse(ErrorCode::Busy);
        }
    }

    fn refused(&self, code: ErrorCode) -> Result<(), OrderError> {
        self.refuse(code);
        Ok(())
    }

    fn refuse(&self, code: ErrorCode) {
        let why = &wording::reason(&Reason::of(code), self.lang());
        self.print(&Notice::Refused { why }.text(self.lang()));
    }

    fn read(&mut self, prompt: &str) -> Typed {
        if let Some((columns, _)) = self.editor.dimensions() {
            self.screen.columns.store(usize::from(columns), Ordering::Relaxed);
        }
        match self.editor.readline(prompt) {
            Ok(line) => {
                self.tell_read();
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => Typed::Cancel,
            Err(ReadlineError::Eof) => Typed::End,
            Err(error) => {
                complain(&error.to_string());
                Typed::End
            }
        }
    }

    /// Whoever types has read what stood above the line.
    fn tell_read(&self) {
        for (room, up_to) in self.screen.progress().take_shown() {
            // Not taken: the next one says more.
            self.client.read(room, up_to).ok();
        }
    }

    /// Reads without showing. `None`: given up, or nothing that can be a password.
    fn read_password(&self, prompt: Fixed) -> Option<Password> {
        let typed = rpassword::prompt_password(prompt.text(self.lang())).ok()?;
        Password::new(&typed).map_err(|code| self.refuse(code)).ok()
    }

    fn print(&self, text: &str) {
        // A terminal that is gone is noticed where the next line is read.
        drop(io::stdout().lock().write_all(format!("{text}\n").as_bytes()));
    }
}
