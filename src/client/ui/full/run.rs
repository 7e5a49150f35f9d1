//! The main thread: one loop over keys, updates and time, which owns the terminal.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, bounded};
use ratatui_core::terminal::Terminal;

use crate::client::settings::{Keys, Secret};
use crate::client::ui::command::Line;
use crate::client::ui::entry::{Entry, Way};
use crate::client::ui::export::{Downloads, Outcome};
use crate::client::ui::{Ending, Options, clean, command, complain, own_device, screen};
use crate::client::wording as told;
use crate::client::{Client, Config, ConnectError, Quiet, Unsent, Updates};
use crate::protocol::{Device, RoomId, RoomRef};
use crate::texts::client::Notice;
use crate::{clock, threads};

use super::asking::{asked, changing};
use super::colour::{Depth, Palette};
use super::draw;
use super::editor;
use super::keyboard::{Event, Keyboard};
use super::model::{Do, Model, PAGE, Setup};
use super::terminal::{self, Ansi, Held};
use crate::texts::full::Label;

/// Between two pictures, at least: what others say need not be drawn more often than anybody
/// can see. Keys are drawn at once.
const FRAME: Duration = Duration::from_millis(16);

/// How long to wait, in the background, for the signal that ends this program.
const BACKGROUND: Duration = Duration::from_secs(1);

/// Updates that are taken before keys are looked at again.
const BATCH: usize = 256;

/// The connection, or an attempt at one.
type Started = Result<(Client, Updates), ConnectError>;

struct Screen<'a> {
    options: &'a Options,
    device: Option<Device>,
    model: Model,
    palette: Palette,
    entry: Arc<Entry>,
    /// The address that it is for.
    entry_address: String,
    /// The way in that is known without asking.
    way: Option<Way>,
    terminal: Terminal<Ansi>,
    /// None while another program has the terminal.
    held: Option<(Held, Keyboard)>,
    connection: Option<(Client, Updates)>,
    connecting: Option<Receiver<Started>>,
    editor: Option<Receiver<io::Result<String>>>,
    title: String,
    drawn_at: Instant,
    is_leaving: bool,
    downloads: Downloads,
}

/// Runs until the person leaves.
pub(in crate::client::ui) fn run(options: &Options) -> Ending {
    let (device, device_held) = match &options.device {
        Some(device) => (Some(device.clone()), None),
        None => own_device(options.lang),
    };
    let ending = match Screen::new(options, device) {
        Ok(screen) => screen.run(),
        Err(error) => {
            complain(&error.to_string());
            Ending::NotStored
        }
    };
    drop(device_held);
    ending
}

impl<'a> Screen<'a> {
    fn new(options: &'a Options, device: Option<Device>) -> io::Result<Self> {
        let entry = Entry::new(&options.keys, options.secret.clone(), device.as_ref(), true);
        let user = options.keys.user.clone();
        // Before the terminal is taken: a command that finds the password may ask.
        let way = user.as_deref().and_then(|user| known_way(&entry, user));
        let setup = Setup {
            lang: options.lang,
            offset: screen::utc_offset().unwrap_or(0),
            address: options.keys.address(),
            user,
            is_ready: way.is_some(),
            rings: options.keys.bell.unwrap_or(false),
        };
        Ok(Self {
            options,
            device,
            model: Model::new(setup, clock::now_ms()),
            entry: Arc::new(entry),
            entry_address: options.keys.address(),
            way,
            palette: Palette(Depth::of(|name| std::env::var(name).ok())),
            terminal: Terminal::new(Ansi::new())?,
            held: Some(take()?),
            connection: None,
            connecting: None,
            editor: None,
            title: String::new(),
            drawn_at: clock::now(),
            is_leaving: false,
            downloads: Downloads::default(),
        })
    }

    fn run(mut self) -> Ending {
        self.terminal.clear().ok();
        let mut is_typed = true;
        while !self.is_leaving {
            self.model.tick(clock::now_ms());
            self.carry_out();
            // A terminal that is gone took the person with it.
            if self.is_leaving || self.draw(is_typed).is_err() {
                break;
            }
            self.wait();
            is_typed = self.take_events();
            self.take_updates();
            self.take_connection();
            self.take_edited();
            // What happened is told on standard error; there is nothing left to draw on.
            if terminal::has_panicked() {
                return Ending::NotStored;
            }
        }
        self.leave()
    }

    /// Blocks until something happens or is due.
    fn wait(&self) {
        let mut select = Select::new();
        if let Some((_, keyboard)) = &self.held {
            select.recv(&keyboard.events);
        }
        if let Some((_, updates)) = &self.connection {
            select.recv(updates.arrivals());
        }
        if let Some(started) = &self.connecting {
            select.recv(started);
        }
        if let Some(edited) = &self.editor {
            select.recv(edited);
        }
        let due = self.model.next_tick().and_then(|ms| u64::try_from(ms).ok());
        let due = due.map_or(Duration::from_secs(60), Duration::from_millis);
        // What changed and was not drawn is drawn when the frame is over.
        let frame = self.model.is_changed().then(|| FRAME.saturating_sub(self.drawn_at.elapsed()));
        // Whatever it was is looked for in the round that follows.
        select.ready_timeout(frame.map_or(due, |frame| frame.min(due))).ok();
    }

    /// Keys and signals. Was anything typed?
    fn take_events(&mut self) -> bool {
        let Some((_, keyboard)) = &self.held else { return false };
        let events: Vec<_> = keyboard.events.try_iter().collect();
        let is_typed = !events.is_empty();
        for event in events {
            match event {
                Event::Typed(typed) => self.model.typed(typed),
                Event::Resized => self.model.change(),
                Event::Stop => self.is_leaving = true,
            }
        }
        is_typed
    }

    fn take_updates(&mut self) {
        let Some((_, updates)) = &self.connection else { return };
        for _ in 0..BATCH {
            match updates.next(Duration::ZERO) {
                Ok(update) => {
                    self.entry.learn(&update);
                    self.model.hear(&update);
                    if let Some(outcome) = self.downloads.hear(&update) {
                        self.model.told(outcome.text(self.options.lang));
                    }
                }
                // It ends for good with the connection's thread, which is looked for elsewhere.
                Err(Quiet::Yet | Quiet::ForGood) => return,
            }
        }
    }

    fn take_connection(&mut self) {
        let Some(started) = self.connecting.as_ref().and_then(|started| started.try_recv().ok())
        else {
            return;
        };
        self.connecting = None;
        match started {
            Ok(connection) => self.connection = Some(connection),
            Err(error) => {
                let address = &clean::line(&self.model.address);
                let lang = self.options.lang;
                let words = match &error {
                    ConnectError::NotThere(error) => {
                        let why = &clean::line(&error.to_string());
                        Notice::NotThere { address, why }.text(lang)
                    }
                    ConnectError::Insecure(error) => {
                        let why = &clean::line(&told::insecure(error, lang));
                        Notice::Insecure { address, why }.text(lang)
                    }
                };
                self.model.not_there(words);
            }
        }
    }

    fn take_edited(&mut self) {
        let Some(edited) = self.editor.as_ref().and_then(|edited| edited.try_recv().ok()) else {
            return;
        };
        self.editor = None;
        self.take_back(take());
        match edited {
            Ok(text) => self.model.edited(&text),
            Err(_) => self.model.no_editor(),
        }
    }

    /// The terminal was somebody else's: nothing on it is as it was.
    fn take_back(&mut self, taken: io::Result<(Held, Keyboard)>) {
        match taken {
            Ok(held) => self.held = Some(held),
            Err(_) => self.is_leaving = true,
        }
        self.terminal.clear().ok();
        self.title.clear();
        self.model.change();
    }

    fn draw(&mut self, is_typed: bool) -> io::Result<()> {
        let is_due = is_typed || self.drawn_at.elapsed() >= FRAME;
        if self.held.is_none() || !is_due || !self.model.take_changed() {
            return Ok(());
        }
        self.drawn_at = clock::now();
        let title = self.model.title();
        if title != self.title {
            self.terminal.backend_mut().title(&title);
            self.title = title;
        }
        let (model, palette) = (&mut self.model, self.palette);
        self.terminal.draw(|frame| {
            model.fit(frame.area());
            if let Some(cursor) = draw::draw(model, palette, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        })?;
        Ok(())
    }

    fn carry_out(&mut self) {
        for order in self.model.take_orders() {
            match order {
                Do::Connect(address) => self.connect(address),
                Do::Editor(text) => self.edit(&text),
                Do::Redraw => drop(self.terminal.clear()),
                Do::Suspend => self.suspend(),
                Do::Bell => self.terminal.backend_mut().bell(),
                Do::Leave => self.is_leaving = true,
                order => self.ask(order),
            }
        }
    }

    fn connect(&mut self, address: String) {
        // What was there ends by itself when nobody holds it.
        self.connection = None;
        if address != self.entry_address {
            let keys = Keys { addr: vec![address.clone()], ..self.options.keys.clone() };
            // A password that is known is for the server that it was given for.
            let entry = Entry::new(&keys, Secret::Unknown, self.device.as_ref(), true);
            (self.entry, self.entry_address) = (Arc::new(entry), address.clone());
            self.way = None;
        }
        let program = concat!("hubbub-client/", env!("CARGO_PKG_VERSION")).to_owned();
        let (device, tls) = (self.device.clone(), self.options.tls.clone());
        let config = Config { address, program, device, tls, quiet: false };
        let (started_in, started) = bounded(1);
        let connect = move || {
            // Nobody waits any more when another address was typed.
            drop(started_in.try_send(Client::start(config)));
        };
        match threads::spawn("connect", connect) {
            // Ends within the time a connection may take.
            Ok(_thread) => self.connecting = Some(started),
            Err(error) => self.model.not_there(error.to_string()),
        }
    }

    fn ask(&mut self, order: Do) {
        let Some((client, _)) = &self.connection else { return };
        let taken = match order {
            Do::Say { key, room, text, reply_to } => {
                let reference = match (reply_to, room) {
                    (Some(id), room) => client.reply((RoomRef::Id(room), id), text, Duration::ZERO),
                    (None, RoomId::Pair(..)) => client.send(room.other(self.model.my_id()), text),
                    (None, RoomId::Lobby) => client.send(None, text),
                    (None, room) => client.send_to_room(RoomRef::Id(room), text, Duration::ZERO),
                };
                return self.model.named((room, key), reference);
            }
            Do::Enter => match self.way.take() {
                Some(way) => way.go(client),
                None => return self.model.no_way(),
            },
            Do::Change(change) => {
                let taken = changing(client, &change);
                return match taken {
                    Ok(reference) => self.model.changing(reference, change),
                    Err(_) => self.model.not_taken(),
                };
            }
            Do::Login { who, password } => client.login(who, password),
            Do::Register { password, name, code } => {
                let given = code.map_or(Ok(()), |code| client.invitation_code(code));
                given.and_then(|()| client.register(None, password, Some(name)))
            }
            Do::Typing(room) => {
                let to = room.other(self.model.my_id());
                let room = Some(RoomRef::Id(room)).filter(|_| to.is_none());
                client.typing(to, room)
            }
            Do::Withdraw(reference) => client.withdraw(reference),
            Do::Read(room, up_to) => client.read(room, up_to),
            Do::History(room, span) => client.history(RoomRef::Id(room), span, PAGE),
            Do::Members(room) => client.members(RoomRef::Id(room), None),
            Do::Ask(Line::Export(path)) => match self.downloads.begin(&path) {
                Ok(()) => client.export(),
                Err(error) => {
                    let outcome = Outcome::Failed(path, error);
                    return self.model.told(outcome.text(self.options.lang));
                }
            },
            Do::Ask(line) => asked(client, line),
            Do::Connect(_) | Do::Editor(_) | Do::Redraw | Do::Suspend | Do::Bell | Do::Leave => {
                Ok(())
            }
        };
        if taken.is_err() {
            self.model.not_taken();
        }
    }

    /// Another program has the terminal until it ends; what happens meanwhile is heard.
    fn edit(&mut self, text: &str) {
        self.held = None;
        match editor::start(text) {
            Ok(edited) => self.editor = Some(edited),
            Err(_) => {
                self.model.no_editor();
                self.take_back(take());
            }
        }
    }

    /// Blocks, with all threads, until the shell lets this program go on; the server holds the
    /// connection as it does for a laptop that sleeps. The keyboard stays, for its signals.
    fn suspend(&mut self) {
        let Some((held, keyboard)) = self.held.take() else { return };
        drop(held);
        terminal::stop();
        while !terminal::is_ours() {
            // Going on in the background: to end, or by mistake.
            match keyboard.events.recv_timeout(BACKGROUND) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    self.is_leaving = true;
                    return;
                }
                Ok(Event::Typed(_) | Event::Resized) => {}
                Err(RecvTimeoutError::Timeout) => terminal::stop(),
            }
        }
        self.take_back(Held::take().map(|held| (held, keyboard)));
    }

    /// Waits until everything said has an end, or the person presses Ctrl-C once more.
    fn leave(mut self) -> Ending {
        let Some((client, updates)) = self.connection.take() else { return Ending::Fine };
        self.model.leaving();
        self.model.change();
        drop(self.draw(true));
        let wait = self.options.keys.wait();
        let entry = Arc::clone(&self.entry);
        let close = move || entry.part(client, wait);
        let Ok(closing) = threads::spawn("leave", close) else { return Ending::NotStored };
        self.wait_for_end(&updates);
        drop(self.held.take());
        drop(updates);
        self.tell_unsent(closing)
    }

    fn wait_for_end(&mut self, updates: &Updates) {
        loop {
            let mut select = Select::new();
            select.recv(updates.arrivals());
            if let Some((_, keyboard)) = &self.held {
                select.recv(&keyboard.events);
            }
            // A close ends by its own deadline.
            select.ready_timeout(self.options.keys.wait()).ok();
            let Some((_, keyboard)) = &self.held else { return };
            let is_pressed = |event: Event| event.is_cancel() || matches!(event, Event::Stop);
            if keyboard.events.try_iter().any(is_pressed) {
                return;
            }
            while let Some(update) = match updates.next(Duration::ZERO) {
                Ok(update) => {
                    self.entry.learn(&update);
                    Some(update)
                }
                Err(Quiet::Yet) => None,
                Err(Quiet::ForGood) => return,
            } {
                self.model.hear(&update);
            }
        }
    }

    fn tell_unsent(&self, closing: JoinHandle<Option<Vec<Unsent>>>) -> Ending {
        let is_over = closing.is_finished() || self.model.n_waiting() == 0;
        let unsent = if is_over { closing.join().ok().flatten() } else { None };
        for unsent in unsent.iter().flatten() {
            let text = &clean::line(unsent.text.as_str());
            complain(&Notice::NoEnd { text }.text(self.options.lang));
        }
        match unsent {
            Some(unsent) if unsent.is_empty() => Ending::Fine,
            Some(_) => Ending::NotStored,
            None => {
                complain(Label::NoEnds.text(self.options.lang));
                Ending::NotStored
            }
        }
    }
}

/// A token of an earlier login, else the password that the settings know of.
fn known_way(entry: &Entry, user: &str) -> Option<Way> {
    let who = command::who(user)?;
    if let Some(token) = entry.token(&who) {
        return Some(Way::Token(token, None));
    }
    let password = entry.password().unwrap_or_else(|words| {
        complain(&words);
        None
    });
    Some(Way::Password(who, password?))
}

fn take() -> io::Result<(Held, Keyboard)> {
    let held = Held::take()?;
    Ok((held, Keyboard::start()?))
}
