//! The life of one connection, in its own thread `conn-ID`: which language it speaks, who it
//! is, what it asks, how it ends. Touches no other session: everything that others see goes
//! through the hub.

mod account;
mod asking;
mod devices;
mod ending;
mod entry;
mod export;
mod history;
mod host;
mod ignore;
mod opening;
mod order;
mod presence;
mod replay;
mod resume;
mod rooms;
mod search;
mod words;

pub use host::{Guests, Host, Policy, Servers};
pub use opening::Encryption;

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::clock;
use crate::dao::TokenDigest;
use crate::dao::own::Own;
use crate::envelope::{Bytes, Dialect};
use crate::front::{Decoder, Front, Speech};
use crate::hub::{self, Item, Signal};
use crate::limits::{self, Admitted, Bucket, Budget, Repeats};
use crate::outbox::{Outbox, PushError};
use crate::protocol::{
    Act, Command, ErrorCode, Event, Farewell, Hello, HelloReply, Leaving, NamedRoom, Refusal,
    RoomName, RoomNo, SessionId, UserId,
};
use crate::stage;
use crate::state::Input;
use crate::transport::{Heard, Reader};

/// Bytes that are decoded at a time.
const PIECE: usize = 1024;

/// The hub answers within microseconds, or, while a store does not answer, when the sends in
/// flight of this session are known.
const HUB_TIME: Duration = Duration::from_secs(30);

/// How long the peer's kernel has to acknowledge the last bytes.
const ACKNOWLEDGE_TIME: Duration = Duration::from_secs(1);

/// An accepted connection.
#[derive(Debug)]
pub struct Connection {
    /// Its number.
    pub id: SessionId,
    /// From where.
    pub peer: SocketAddr,
    /// Its byte path; the server can cut it.
    pub outbox: Arc<Outbox>,
    /// Its reading half.
    pub reader: Reader,
    /// The only language of this port, if there is only one.
    pub front: Option<&'static Front>,
    /// How its port stands to TLS.
    pub encryption: Encryption,
    /// Free of the per-address limits.
    pub exempt: bool,
    /// Counted until the session ends.
    pub admitted: Admitted,
    /// Where the session says how to spell a farewell to it.
    pub dialect: Arc<OnceLock<&'static Dialect>>,
}

/// Who a session is.
#[derive(Clone, Debug)]
enum Identity {
    Nobody,
    Guest,
    Account(UserId),
}

/// How a session ends.
#[derive(Clone, Copy, Debug)]
struct End {
    why: Leaving,
    /// The last word, if it is ours.
    farewell: Option<Farewell>,
    /// How the connection stands.
    line: Line,
}

/// How a connection stands when its session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// The peer may still speak.
    Open,
    /// The peer's FIN has been read.
    Ended,
    /// What the peer was sent may not have arrived.
    Broken,
}

impl End {
    fn ours(farewell: Farewell) -> Self {
        Self { why: Leaving::Logout, farewell: Some(farewell), line: Line::Open }
    }

    fn of_line(line: Line) -> Self {
        Self { why: Leaving::Logout, farewell: None, line }
    }
}

/// Serves one connection to its end. Runs in its thread, blocks on its socket.
pub fn serve(host: &Arc<Host>, connection: Connection) {
    let mut conn = connection;
    let Some((front, first)) = opening::open(host, &mut conn) else {
        return conn.outbox.cut();
    };
    log::debug!("{} speaks {}", conn.peer, front.name);
    let mut session = Session::new(host, conn, front);
    let end = session.run(&first);
    session.end(end);
}

/// What a client says it has done with a room up to an id.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Received,
    Read,
}

struct Session<'a> {
    host: &'a Arc<Host>,
    id: SessionId,
    peer: SocketAddr,
    /// As others may see it.
    address: Arc<str>,
    exempt: bool,
    outbox: Arc<Outbox>,
    reader: Reader,
    front: &'static Front,
    decoder: Box<dyn Decoder>,
    speech: Speech,
    dialect: &'static Dialect,
    hello: Option<Hello>,
    who: Identity,
    /// The token by which this session can be resumed.
    token: Option<TokenDigest>,
    /// The invitation code for the registration to come.
    code: Option<TokenDigest>,
    /// Acts of one read on their way to the hub.
    acts: Vec<Act>,
    /// Its share of acts in flight.
    budget: Arc<Budget>,
    messages: Bucket,
    repeats: Repeats,
    signals: (Sender<Signal>, Receiver<Signal>),
    known: asking::Known,
    /// Accounts that did not ignore this one a moment ago.
    taking: asking::Known,
    /// Whom the account ignores, as it was read last.
    ignored: BTreeSet<UserId>,
    /// Rooms that the account was a member of and is shut out of.
    shut: Vec<RoomNo>,
    /// An export that is under way.
    own: Option<Box<Own>>,
    /// Names of rooms that this session has met.
    names: HashMap<RoomNo, RoomName>,
    typing: presence::Typing,
    /// Where plain text goes, at a line; `None`: the lobby.
    here: Option<NamedRoom>,
    login_deadline: Instant,
    heard_at: Instant,
    /// A detach was sent, or none is needed.
    is_detached: bool,
    _admitted: Admitted,
}

impl<'a> Session<'a> {
    fn new(host: &'a Arc<Host>, conn: Connection, front: &'static Front) -> Self {
        let speech = Speech {
            hello: false,
            lang: host.policy.lang,
            private_as_group: host.policy.private_as_group,
        };
        let dialect = (front.dialect)(speech);
        conn.outbox.set_cut(dialect.cut);
        // A farewell of the server's own uses the first dialect: it is set once.
        conn.dialect.set(dialect).ok();
        let now = clock::now();
        Self {
            host,
            id: conn.id,
            peer: conn.peer,
            address: host.shown_address(conn.peer, conn.id),
            exempt: conn.exempt,
            outbox: conn.outbox,
            reader: conn.reader,
            front,
            decoder: (front.decoder)(),
            speech,
            dialect,
            hello: None,
            who: Identity::Nobody,
            token: None,
            code: None,
            acts: Vec::new(),
            budget: Arc::new(Budget::new(limits::SESSION_IN_FLIGHT)),
            messages: Bucket::new(limits::MESSAGES, now),
            repeats: Repeats::default(),
            signals: bounded(hub::MAX_SIGNALS),
            known: asking::Known::default(),
            taking: asking::Known::default(),
            ignored: BTreeSet::new(),
            shut: Vec::new(),
            own: None,
            names: HashMap::new(),
            typing: presence::Typing::default(),
            here: None,
            login_deadline: now + host.policy.login_timeout,
            heard_at: now,
            is_detached: true,
            _admitted: conn.admitted,
        }
    }

    fn run(&mut self, first: &[u8]) -> End {
        if self.front.admits_guests
            && self.host.policy.guests
            && let Err(end) = self.enter_as_guest()
        {
            return end;
        }
        if self.front.admits_guests && !self.host.policy.guests {
            self.refuse(ErrorCode::NoGuests);
        }
        let mut heard = self.on_bytes(first);
        while heard.is_ok() {
            let patience = self.patience();
            heard = match self.reader.hear(patience) {
                _ if patience.is_some_and(|patience| patience.is_zero()) => Err(self.on_silence()),
                Heard::Bytes(_) => {
                    let bytes = self.reader.take();
                    let heard = self.on_bytes(&bytes);
                    self.reader.restore(bytes);
                    self.heard_at = clock::now();
                    heard
                }
                Heard::Silence => Err(self.on_silence()),
                Heard::End => Err(self.on_end(true)),
                Heard::Unfinished => Err(self.on_end(false)),
                Heard::Broken => Err(End::of_line(Line::Broken)),
            };
        }
        heard.err().unwrap_or(End::of_line(Line::Open))
    }

    /// What one read brought, decoded piece by piece: 64 KiB can hold 32,000 commands.
    fn on_bytes(&mut self, bytes: &[u8]) -> Result<(), End> {
        let mut commands = Vec::new();
        for piece in bytes.chunks(PIECE) {
            if !self.outbox.is_open() {
                // The hub has told it farewell, or cut it: what it says now is not heard.
                self.hand_over();
                return Err(End::of_line(Line::Open));
            }
            let decoded = self.decoder.decode(piece, &mut commands);
            for command in commands.drain(..) {
                if let Err(end) = self.on_command(command) {
                    self.hand_over();
                    return Err(end);
                }
            }
            if let Err(farewell) = decoded {
                self.hand_over();
                return Err(End::ours(farewell));
            }
        }
        self.hand_over();
        Ok(())
    }

    /// How long the next read may take; `None`: for as long as the peer is alive.
    fn patience(&self) -> Option<Duration> {
        let idle = self.host.policy.idle_timeout.filter(|_| self.front.idles);
        let deadline = match self.who {
            Identity::Nobody => Some(self.login_deadline),
            _ => idle.map(|idle| self.heard_at + idle),
        };
        deadline.map(|deadline| deadline.saturating_duration_since(clock::now()))
    }

    fn on_silence(&self) -> End {
        let farewell = match self.who {
            Identity::Nobody => Farewell::LoginTimeout,
            _ => Farewell::Idle,
        };
        End { why: Leaving::TimedOut, farewell: Some(farewell), line: Line::Open }
    }

    /// The peer's FIN: what it said without a line end counts, if it was not in answer to our
    /// farewell, and if nobody can have cut it short on its way. Our own cut looks the same to
    /// the reader.
    fn on_end(&mut self, is_whole: bool) -> End {
        if self.outbox.is_cut() {
            return End::of_line(Line::Broken);
        }
        if !self.outbox.is_open() {
            return End::of_line(Line::Ended);
        }
        let mut commands = Vec::new();
        if is_whole {
            self.decoder.finish(&mut commands);
        }
        for command in commands {
            if self.on_command(command).is_err() {
                break;
            }
        }
        self.hand_over();
        End::of_line(Line::Ended)
    }

    fn on_command(&mut self, command: Command) -> Result<(), End> {
        self.slow_down(&command);
        if waits_for_store(&command) {
            // What was said before it happened before it.
            self.hand_over();
        }
        match command {
            Command::Hello(hello) => self.on_hello(hello),
            Command::Register { id, password, name, code } => {
                self.register((id, name), &password, code.as_ref());
            }
            Command::Code(code) => self.keep_code(&code),
            Command::Login { who, password } => return self.login(&who, &password),
            Command::Passwd { old, new } => self.passwd(&old, &new),
            Command::Send { to, text, reference, about } => {
                self.send(&to, text, (reference, about));
            }
            Command::Who => self.ask(Act::Who),
            Command::Rename(name) => self.rename(name),
            Command::Absence(absence) => self.ask(Act::Absence(absence)),
            Command::DeleteAccount { password, erase } => self.delete_account(&password, erase),
            Command::Export { goes_on } => return self.export(goes_on),
            Command::Devices => self.list_devices(),
            Command::EndDevice(device) => self.end_device(device),
            Command::Typing(to) => self.typing(&to),
            Command::Ignore { who, is_so } => self.ignore(&who, is_so),
            Command::Ignored => self.list_ignored(),
            Command::Resume { token, epoch, positions } => {
                return self.resume(&token, &epoch, &positions);
            }
            Command::Received { room, up_to } => self.mark(room, up_to, Mark::Received),
            Command::Read { room, up_to } => self.mark(room, up_to, Mark::Read),
            Command::Receipts(receipts) => self.set_receipts(receipts),
            Command::Create { name, kind, guests } => {
                return self.create_room(name, kind, guests);
            }
            Command::Room(room, ask) => return self.on_room(&room, ask),
            Command::Sanctions(room) => self.list_sanctions(&room),
            Command::Entry(ask) => self.on_entry(ask),
            Command::Deeds(limit) => self.list_deeds(limit),
            Command::Rooms(after) => self.list_rooms(after),
            Command::Members(room, after) => self.list_members(&room, after),
            Command::History { room, span, limit } => return self.history(&room, span, limit),
            Command::Search(search) => return self.search(&search),
            Command::Ping => self.tell(&Event::Pong),
            Command::Help => self.tell(&Event::Help { guest: self.account().is_none() }),
            Command::Logout => {
                self.revoke_token();
                return Err(End::ours(Farewell::Bye));
            }
            Command::Bad(refusal) => self.tell(&Event::Refused(refusal)),
            Command::BadLogin(refusal) => self.tell(&Event::LoginRefused(refusal)),
            Command::BadRegister(refusal) => self.tell(&Event::RegisterRefused(refusal)),
        }
        Ok(())
    }

    fn on_hello(&mut self, hello: Hello) {
        if !matches!(self.who, Identity::Nobody) || self.hello.is_some() {
            return self.refuse(ErrorCode::HelloTooLate);
        }
        log::debug!("says hello: {:?}", hello.client);
        self.hello = Some(hello);
        self.speech.hello = true;
        self.dialect = (self.front.dialect)(self.speech);
        self.outbox.set_cut(self.dialect.cut);
        self.tell(&Event::Hello(HelloReply {
            server: concat!("hubbub/", env!("CARGO_PKG_VERSION")).to_owned(),
            frame_limit: crate::protocol::frame::HELLO_LIMIT,
            servers: self.host.servers.get(),
        }));
    }

    /// What one read brought is one item in the hub's inbox. Blocks while that is full, and for
    /// as long as this thread then leads the stages: a round each.
    fn hand_over(&mut self) {
        if self.acts.is_empty() {
            return;
        }
        let acts = std::mem::take(&mut self.acts);
        let item = Item::Input(Input::Acts { session: self.id, acts });
        if stage::lead_around(&self.host.hub, item, &self.host.journal).is_err() {
            log::debug!("the hub has ended");
        }
    }

    fn enter(&self, input: Input) {
        if self.host.hub.enter(Item::Input(input)).is_err() {
            log::debug!("the hub has ended");
        }
    }

    /// Tells this peer, from its own thread.
    fn tell(&self, event: &Event) {
        self.push(&self.dialect.bytes(event));
    }

    /// What this dialect has no word for is no bytes.
    fn push(&self, bytes: &Bytes) {
        if bytes.is_empty() {
            return;
        }
        match self.outbox.push(bytes, &[]) {
            Ok(_) => {}
            Err(PushError::Full) => {
                log::warn!("cut: it does not read what it asks for");
                let farewell = Event::Farewell(Farewell::TooSlow);
                self.outbox.cut_short(&self.dialect.bytes(&farewell));
            }
            Err(PushError::Gone) => log::debug!("could not be told"),
        }
    }

    fn refuse(&self, code: ErrorCode) {
        self.tell(&Event::Refused(Refusal::of(code)));
    }

    fn account(&self) -> Option<UserId> {
        match self.who {
            Identity::Account(id) => Some(id),
            _ => None,
        }
    }

    /// The address that throttles count.
    fn block(&self) -> IpAddr {
        limits::block_of(self.peer.ip())
    }
}

/// Does the session's own thread wait for the store, or for a hash, to carry it out?
fn waits_for_store(command: &Command) -> bool {
    matches!(
        command,
        Command::Register { .. }
            | Command::Code(_)
            | Command::Entry(_)
            | Command::Login { .. }
            | Command::Resume { .. }
            | Command::Receipts(_)
            | Command::Create { .. }
            | Command::Room(..)
            | Command::Passwd { .. }
            | Command::EndDevice(_)
            | Command::Ignore { .. }
            | Command::DeleteAccount { .. }
            | Command::Export { .. }
            | Command::Rename(_)
            | Command::Send { about: Some(_), .. }
    )
}

/// A thread that panics must still leave.
impl Drop for Session<'_> {
    fn drop(&mut self) {
        if !self.is_detached {
            self.is_detached = true;
            self.enter(Input::Detach { session: self.id, why: Leaving::Logout });
            self.outbox.cut();
        }
    }
}
