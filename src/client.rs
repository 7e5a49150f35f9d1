//! The connection library for clients and bots, apart from any screen.
//!
//! [`Client::start`] connects and starts one thread, `client-net`, which owns the connection:
//! it says hello, logs in, writes, reads, pings, and connects again when the connection breaks.
//! The program gives orders through [`Client`] and reads what happens from [`Updates`]; no call
//! of either blocks without a deadline.
//!
//! What it promises, on top of a server that keeps its own promises:
//!
//! * A send is kept until the server has acknowledged it, and repeated under the same reference
//!   after a break: [`Update::Sent`] means stored, once.
//! * A message is handed on once, in the order of its room, over any number of connections. The
//!   server is told that this device has a message only after the program has asked
//!   [`Updates`] for the next thing, so what a program was killed with comes again.
//! * Nothing grows without bound: [`Client::send`] refuses when [`MAX_PENDING`] sends wait, and
//!   so does every other call when too much waits for the server; a program that does not read
//!   its updates stops the reading from the socket.
//!
//! ```no_run
//! use std::time::Duration;
//! use hubbub::client::{Client, Config, Update};
//! use hubbub::protocol::{Password, Text, UserId, Who};
//!
//! let config = Config::new("127.0.0.1:8889", "echo-bot/1.0");
//! let (client, updates) = Client::start(config)?;
//! client.login(Who::Id(UserId(100)), Password::new("123456")?)?;
//! while let Ok(update) = updates.next(Duration::from_secs(3600)) {
//!     if let Update::Said(said) = update {
//!         client.send(said.peer, Text::new(&said.text)?)?;
//!     }
//! }
//! let unsent = client.close(Duration::from_secs(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod conversation;
pub mod device;
mod ignore;
pub mod kept;
mod link;
mod net;
mod order;
#[doc(hidden)]
pub mod overhear;
mod pending;
mod positions;
mod references;
mod rooms;
mod servers;
pub mod settings;
pub mod ui;
mod update;
mod updates;
pub mod wording;
mod words;

pub use crate::tls::{Fingerprint, TlsError, Trust};
pub use update::{
    Applicants, Ask, Audit, Changed, Doing, EntryMes, IgnoreMes, Ignored, Lost, Members, OwnDevice,
    Reaction, Reason, Room, RoomMes, Said, Sanctions, Seen, Unsent, Update,
};
use updates::Handled;
pub use updates::{Quiet, Updates};
pub use words::{Emoji, private};

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::protocol::{
    About, Absence, Device, MessageId, Name, Password, Receipts, Reference, RoomId, RoomRef, Text,
    To, UserId, Who,
};
use crate::tls::Greeter;
use crate::{clock, threads};

use conversation::{Conversation, Hello, Order, Parting};
use net::{Inlets, Net};
use references::References;
use servers::Servers;

/// Sends that wait for their acknowledgement, at most: 8 MB of the longest texts.
pub const MAX_PENDING: usize = 1_024;

/// How long it is shown at most that somebody writes.
pub const TYPING_TIME: Duration = Duration::from_secs(6);

/// Orders beyond sends that wait for the thread; it takes them within milliseconds, as long as the
/// server takes what comes of them.
const MAX_ORDERS: usize = 64;

/// Updates that wait for the program. Few: what waits here is lost to a `kill -9` of the program
/// only until the next login, but it costs memory.
const MAX_UPDATES: usize = 256;

/// How much longer than its deadline a close may take: a last look-up of a host name or a
/// connection attempt cannot be interrupted.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// Whom to talk to, and as what.
#[derive(Clone, Debug)]
pub struct Config {
    /// `host:port`; the name is looked up again before every connection. Several with commas
    /// between are servers of one chat: where one ends, or is not there, another one is tried, and
    /// so are those that they tell of.
    pub address: String,
    /// Program and version, for the server's log.
    pub program: String,
    /// Under which name the server keeps this program's place in every room. Two programs that
    /// run at once for one account need two names; `None` shares one with clients that have
    /// none. See [`device`].
    pub device: Option<Device>,
    /// Speak TLS, to a server that proves to be the one that is meant; `None`: everything,
    /// passwords too, travels in clear.
    pub tls: Option<Trust>,
    /// This program says or asks something and leaves: what was said while it was away is not
    /// sent to it, and what it hears counts as received by nobody. Several programs may do so at
    /// once under one device name.
    pub quiet: bool,
}

impl Config {
    /// No device name, no TLS, not quiet.
    pub fn new(address: impl Into<String>, program: impl Into<String>) -> Self {
        let (address, program) = (address.into(), program.into());
        Self { address, program, device: None, tls: None, quiet: false }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name is unknown, nobody listens there, or the system has nothing left.
    #[error(transparent)]
    NotThere(#[from] io::Error),
    /// Somebody is there, but it is not the server that is trusted, or no TLS is spoken there;
    /// or the file that says whom to trust cannot be used.
    #[error(transparent)]
    Insecure(#[from] TlsError),
}

/// Why an order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Too much waits for the server; try again when something was acknowledged.
    #[error("too many messages wait for the server")]
    Full,
    /// The connection thread has ended.
    #[error("the client is closed")]
    Closed,
}

/// The way to the server. Shared by reference between threads.
#[derive(Debug)]
pub struct Client {
    orders: Sender<Order>,
    /// A semaphore: holds one unit for each send without an end, and [`MAX_PENDING`] fit. The
    /// other end takes out what was put in for a send that is then not taken.
    slots: (Sender<()>, Receiver<()>),
    closing: Sender<(Instant, Parting)>,
    /// A byte here ends the thread's wait in `poll`.
    wake: UnixStream,
    references: References,
    ended: Receiver<Vec<Unsent>>,
    thread: JoinHandle<()>,
}

impl Client {
    /// Blocks until the first connection stands (10 s at most, and what the system takes to look
    /// up a name). Later ones are made by the thread.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn start(config: Config) -> Result<(Self, Updates), ConnectError> {
        let greeter = config.tls.as_ref().map(Greeter::new).transpose()?;
        let mut servers = Servers::new(&config.address, greeter);
        let link = servers.connect(link::CONNECT_WAIT)?;
        let (orders, orders_out) = bounded(MAX_PENDING + MAX_ORDERS);
        let (slots, slots_out) = bounded(MAX_PENDING);
        let (closing, closing_out) = bounded(1);
        let (updates_in, updates) = bounded(MAX_UPDATES);
        let (ended_in, ended) = bounded(1);
        let (wake, wake_out) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        wake_out.set_nonblocking(true)?;
        let handled = Arc::<Handled>::default();
        let inlets = Inlets {
            orders: orders_out,
            slots: slots_out.clone(),
            closing: closing_out,
            wake: wake_out,
            handled: Arc::clone(&handled),
        };
        let references = References::new()?;
        let hello =
            Hello { program: config.program, device: config.device, is_quiet: config.quiet };
        let conversation = Conversation::new(hello, clock::now());
        let net = Net::new(servers, inlets, updates_in, conversation);
        let thread = threads::spawn("client-net", move || {
            let unsent = net.run(link);
            // Nobody waits any more if the close ran out of time.
            drop(ended_in.try_send(unsent));
        })?;
        let slots = (slots, slots_out);
        let client = Self { orders, slots, closing, wake, references, ended, thread };
        Ok((client, Updates::new(updates, handled)))
    }

    /// Logs in, and again after every break, until the server refuses these words. Answered by
    /// [`Update::LoggedIn`] or [`Update::Refused`]; what waits for another account is dropped.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn login(&self, who: Who, password: Password) -> Result<(), OrderError> {
        self.order(Order::Login { who, password })
    }

    /// Comes back by the token of an earlier login of the same device, which may have been in
    /// another run of the program, and again after every break. Answered as a login. When the
    /// token is no longer good, `otherwise` is used; without it the answer is
    /// [`Update::Refused`] with `bad_token`, and a password is needed.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn resume(
        &self,
        token: Password,
        otherwise: Option<(Who, Password)>,
    ) -> Result<(), OrderError> {
        self.order(Order::Resume { token, otherwise })
    }

    /// Says something to one (`Some`) or to all; it waits for the login if there is one to come.
    /// Answered by [`Update::Sent`] or [`Update::NotSent`] under the returned reference.
    ///
    /// # Errors
    /// [`OrderError::Full`]: [`MAX_PENDING`] sends wait for their acknowledgement.
    pub fn send(&self, to: Option<UserId>, text: Text) -> Result<Reference, OrderError> {
        self.send_within(to, text, Duration::ZERO)
    }

    /// Like [`Client::send`], but blocks until there is room, up to `wait`.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn send_within(
        &self,
        to: Option<UserId>,
        text: Text,
        wait: Duration,
    ) -> Result<Reference, OrderError> {
        self.send_to(to.map_or(To::Lobby, |id| To::One(Who::Id(id))), text, wait)
    }

    /// Says something in a room, like [`Client::send_within`]. Refused where one is not in it.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn send_to_room(
        &self,
        room: RoomRef,
        text: Text,
        wait: Duration,
    ) -> Result<Reference, OrderError> {
        self.send_to(To::Room(room), text, wait)
    }

    /// Says something to everybody, somebody or a room, like [`Client::send_within`]. A name that
    /// nobody or several have is refused by the server.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn send_to(&self, to: To, text: Text, wait: Duration) -> Result<Reference, OrderError> {
        let reference = self.references.next().ok_or(OrderError::Closed)?;
        self.send_under(reference.clone(), to, text, wait)?;
        Ok(reference)
    }

    /// The same under a reference of the program's choice. The server stores what one device says
    /// in one room under one reference once: who chooses it by what is answered, say, and keeps
    /// its device name, answers once however often it is started anew.
    ///
    /// # Errors
    /// [`OrderError::Full`]: still no room; [`OrderError::Closed`].
    pub fn send_under(
        &self,
        reference: Reference,
        to: To,
        text: Text,
        wait: Duration,
    ) -> Result<(), OrderError> {
        self.send_anywhere((reference, to), (text, None), wait)
    }

    fn send_anywhere(
        &self,
        (reference, to): (Reference, To),
        (text, about): (Text, Option<About>),
        wait: Duration,
    ) -> Result<(), OrderError> {
        self.slots.0.send_timeout((), wait).map_err(|_full| {
            if self.thread.is_finished() { OrderError::Closed } else { OrderError::Full }
        })?;
        let (to, room) = match to {
            To::Lobby => (None, None),
            To::One(who) => (Some(who), None),
            To::Room(room) => (None, Some(room)),
        };
        let taken = self.order(Order::Send(Unsent { reference, to, room, text, about }));
        // Its own unit, or another's: they are all alike.
        taken.inspect_err(|_not_taken| self.slots.1.try_recv().unwrap_or(()))
    }

    /// Says that this account has read a room up to here: its other devices hear of it, and in
    /// a private room the other one, if the account lets them. Said once; not repeated after a
    /// break, for the next one says more.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn read(&self, room: RoomId, up_to: MessageId) -> Result<(), OrderError> {
        self.order(Order::Read { room, up_to })
    }

    /// Says what others may see: that private messages have reached a device of this account,
    /// and that they were read. Kept in the account. Answered by [`Update::ReceiptsDone`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn show_receipts(&self, receipts: Receipts) -> Result<(), OrderError> {
        self.order(Order::Receipts(receipts))
    }

    /// Asks who is online. Answered by [`Update::Online`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn who(&self) -> Result<(), OrderError> {
        self.order(Order::Who)
    }

    /// Asks for another display name. Answered by [`Update::RenameDone`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn rename(&self, name: Name) -> Result<(), OrderError> {
        self.order(Order::Rename(name))
    }

    /// Says that one is busy or away, on all devices of the account, or back (`None`). It ends
    /// with the last connection of the account, too. Answered by [`Update::AbsenceDone`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn absence(&self, absence: Option<Absence>) -> Result<(), OrderError> {
        self.order(Order::Absence(absence))
    }

    /// Says that something is being written to one, in a room, or to all. Call it at every key:
    /// it goes out at most every 3 s, is never answered, and nothing of it is kept for a
    /// connection to come.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn typing(&self, to: Option<UserId>, room: Option<RoomRef>) -> Result<(), OrderError> {
        self.order(Order::Typing { to, room })
    }

    /// Asks for the account to be deleted; what it said is erased, or stays. Answered by
    /// [`Update::Disconnected`] with the reason `deleted`, on all its devices.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn delete_account(&self, password: Password, erase: bool) -> Result<(), OrderError> {
        self.order(Order::DeleteAccount { password, erase })
    }

    /// Asks for the devices of the account. Answered by [`Update::Devices`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn devices(&self) -> Result<(), OrderError> {
        self.order(Order::Devices)
    }

    /// Logs a device of the account out: its tokens and its connections end, this one too where
    /// it is the same. `None`: all clients that give no name. Answered by
    /// [`Update::DeviceEnded`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn end_device(&self, device: Option<Device>) -> Result<(), OrderError> {
        self.order(Order::EndDevice(device))
    }

    /// Asks for another password. Answered by [`Update::PasswdDone`].
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub fn passwd(&self, old: Password, new: Password) -> Result<(), OrderError> {
        self.order(Order::Passwd { old, new })
    }

    /// Logs out: blocks until every send has an end, at most for `wait`, then tells the server
    /// what this device has, says goodbye and ends the thread. Tokens of this login end, too.
    /// Returns what has no end: nobody knows whether it is stored. `None`: the thread hangs in
    /// the look-up of a name, which nothing can interrupt; it ends with it, and nothing is known.
    ///
    /// Another thread should go on reading [`Updates`] meanwhile.
    pub fn close(self, wait: Duration) -> Option<Vec<Unsent>> {
        self.part(wait, Parting::Goodbye)
    }

    /// Like [`Client::close`], but tokens stay good: the next run can [`Client::resume`].
    /// Dropping a client does the same without waiting.
    pub fn pause(self, wait: Duration) -> Option<Vec<Unsent>> {
        self.part(wait, Parting::Pause)
    }

    fn part(self, wait: Duration, parting: Parting) -> Option<Vec<Unsent>> {
        if self.closing.try_send((clock::now() + wait, parting)).is_err() {
            log::debug!("the connection thread has ended before");
        }
        ring(&self.wake);
        let unsent = self.ended.recv_timeout(wait + CLOSE_GRACE).ok()?;
        // Nothing comes after its last word; a panic would have been shown by std.
        drop(self.thread.join());
        Some(unsent)
    }

    fn order(&self, order: Order) -> Result<(), OrderError> {
        self.orders.try_send(order).map_err(|failed| match failed {
            TrySendError::Full(_) => OrderError::Full,
            TrySendError::Disconnected(_) => OrderError::Closed,
        })?;
        ring(&self.wake);
        Ok(())
    }
}

/// Ends the thread's wait. A full pipe rings already; a broken one has nobody to wake.
fn ring(mut wake: &UnixStream) {
    drop(wake.write(&[1]));
}
