//! The thread `client-net`: it owns the socket, waits for whatever comes first of bytes, orders
//! and deadlines, and lets the [`Conversation`] decide what that means.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, select};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockRef, TcpKeepalive};

use crate::clock;
use crate::protocol::frame::{self, Cut};

use super::conversation::{Conversation, Order};
use super::{Lost, Unsent, Update};

/// Bytes of body that a server may send in one frame: longer is no server of ours.
const FRAME_LIMIT: usize = 1024 * 1024;

/// Bytes taken from the socket at once.
const CHUNK: usize = 16 * 1024;

/// For all addresses of a host together.
pub(super) const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// For one address, so that the next one is tried in time.
const ADDRESS_WAIT: Duration = Duration::from_secs(4);

/// The kernel asks whether the other machine is still there after this much silence.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// How long the server may take nothing of what we write.
const STUCK: Duration = Duration::from_secs(30);

/// While the program is leaving and has updates to look at: how soon to see that it has.
const LEAVING_TICK: Duration = Duration::from_millis(20);

/// What comes from the program.
#[derive(Debug)]
pub(super) struct Inlets {
    pub(super) orders: Receiver<Order>,
    /// One unit for each send without an end.
    pub(super) slots: Receiver<()>,
    /// The moment by which to be gone; its end means now.
    pub(super) closing: Receiver<Instant>,
    pub(super) wake: UnixStream,
    /// How many updates the program has dealt with.
    pub(super) handled: Arc<AtomicU64>,
}

#[derive(Debug)]
pub(super) struct Net {
    address: String,
    inlets: Inlets,
    updates: Sender<Update>,
    conversation: Conversation,
}

/// A connection that stands.
#[derive(Debug)]
pub(super) struct Link {
    stream: TcpStream,
    /// What came and is not yet a whole frame.
    input: Vec<u8>,
    /// Since when the kernel has taken nothing of what is to be written.
    stuck_since: Option<Instant>,
}

/// Blocks until a connection stands, at most `wait` and what the look-up takes.
pub(super) fn connect(address: &str, wait: Duration) -> io::Result<Link> {
    let by = clock::now() + wait;
    let mut failure = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for address in address.to_socket_addrs()? {
        let left = by.saturating_duration_since(clock::now()).min(ADDRESS_WAIT);
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Link::new(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

impl Net {
    pub(super) fn new(
        address: String,
        inlets: Inlets,
        updates: Sender<Update>,
        conversation: Conversation,
    ) -> Self {
        Self { address, inlets, updates, conversation }
    }

    /// Runs until the program leaves. Returns the sends that have no end.
    pub(super) fn run(mut self, link: Link) -> Vec<Unsent> {
        let mut link = Some(link);
        self.conversation.connected(clock::now());
        while !self.conversation.is_over() {
            if let Some(why) = self.turn(&mut link) {
                link = None;
                self.conversation.lost(why, random(), clock::now());
            }
            self.hand_on();
            if self.conversation.wants_link(clock::now()) {
                link = self.reconnect();
            }
        }
        self.hand_on();
        self.conversation.into_unsent()
    }

    /// One round: takes what the program wants, does what is due, writes, waits, reads.
    fn turn(&mut self, link: &mut Option<Link>) -> Option<Lost> {
        self.take_orders();
        let now = clock::now();
        self.conversation.tick(self.inlets.handled.load(Ordering::Acquire), now);
        self.hand_on();
        if self.conversation.is_over() {
            return None;
        }
        let bytes = &mut self.conversation.bytes;
        if let Some(link) = link
            && let Err(why) = link.write(bytes, now)
        {
            // The server's last word explains it better.
            drop(link.read(&mut self.conversation));
            return Some(self.conversation.take_lost().unwrap_or(why));
        }
        let readable = self.wait(link.as_ref());
        let read = match link {
            Some(link) if readable => link.read(&mut self.conversation),
            _ => Ok(()),
        };
        self.conversation.take_lost().or(read.err())
    }

    fn take_orders(&mut self) {
        let now = clock::now();
        while let Ok(order) = self.inlets.orders.try_recv() {
            self.conversation.order(order, now);
        }
        match self.inlets.closing.try_recv() {
            Ok(by) => self.conversation.close(by),
            Err(TryRecvError::Disconnected) => self.conversation.close(now),
            Err(TryRecvError::Empty) => {}
        }
    }

    /// Hands on what happened. Blocks until the program takes it: meanwhile nothing is read, and
    /// TCP slows the server.
    fn hand_on(&mut self) {
        let n_ended = std::mem::take(&mut self.conversation.n_ended);
        self.inlets.slots.try_iter().take(n_ended).for_each(drop);
        while let Some(update) = self.conversation.updates.pop_front() {
            let is_taken = match self.conversation.close_by() {
                Some(by) => self.updates.send_deadline(update, by).is_ok(),
                None => select! {
                    send(self.updates, update) -> sent => sent.is_ok(),
                    recv(self.inlets.closing) -> by => {
                        let by = by.unwrap_or_else(|_gone| clock::now());
                        self.conversation.close(by);
                        self.updates.send_deadline(update, by).is_ok()
                    }
                },
            };
            if !is_taken {
                self.conversation.stop_receipts();
            }
        }
    }

    fn reconnect(&mut self) -> Option<Link> {
        let close_by = self.conversation.close_by();
        let left = close_by.map(|by| by.saturating_duration_since(clock::now()));
        let link = connect(&self.address, left.unwrap_or(CONNECT_WAIT).min(CONNECT_WAIT));
        let now = clock::now();
        match link {
            Ok(link) => {
                self.conversation.connected(now);
                Some(link)
            }
            Err(error) => {
                self.conversation.lost(Lost::NotThere(error.to_string()), random(), now);
                None
            }
        }
    }

    /// Blocks until bytes or orders come or something is due. Are there bytes to read?
    fn wait(&self, link: Option<&Link>) -> bool {
        let now = clock::now();
        let stuck = link.and_then(|link| link.stuck_since).map(|since| since + STUCK);
        // Who is leaving gives no more orders, and may have let go of the other end already.
        let leaving = self.conversation.close_by().map(|_| now + LEAVING_TICK);
        let wake = PollFd::new(&self.inlets.wake, PollFlags::IN);
        let mut fds: Vec<_> = leaving.is_none().then_some(wake).into_iter().collect();
        if let Some(link) = link {
            let writes = !self.conversation.bytes.is_empty();
            let events = if writes { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            fds.push(PollFd::new(&link.stream, events));
        }
        let until = [self.conversation.next_tick(), stuck, leaving].into_iter().flatten().min();
        if let Err(error) = poll(&mut fds, timeout(until, now).as_ref()) {
            log::debug!("poll: {error}");
        }
        // Orders are looked for in every round: the bytes only end the wait.
        let mut bytes = [0; 64];
        while matches!((&self.inlets.wake).read(&mut bytes), Ok(n) if n > 0) {}
        // Errors and the end are read, too.
        link.is_some()
            && fds.last().is_some_and(|socket| socket.revents().intersects(!PollFlags::OUT))
    }
}

impl Link {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
        Ok(Self { stream, input: Vec::new(), stuck_since: None })
    }

    /// Writes what the kernel takes.
    fn write(&mut self, bytes: &mut Vec<u8>, now: Instant) -> Result<(), Lost> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Err(Lost::Closed),
                Ok(n) => written += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(Lost::Broken(error.to_string())),
            }
        }
        bytes.drain(..written.min(bytes.len()));
        if bytes.is_empty() || written > 0 {
            self.stuck_since = None;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let since = *self.stuck_since.get_or_insert(now);
        if now >= since + STUCK { Err(Lost::Stuck) } else { Ok(()) }
    }

    /// Reads once and hears every whole frame.
    fn read(&mut self, conversation: &mut Conversation) -> Result<(), Lost> {
        let start = self.input.len();
        self.input.resize(start + CHUNK, 0);
        let result = match self.input.get_mut(start..) {
            Some(chunk) => self.stream.read(chunk),
            None => Ok(0),
        };
        let n = *result.as_ref().unwrap_or(&0);
        self.input.truncate(start + n);
        match result {
            Ok(0) => return Err(Lost::Closed),
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                return Ok(());
            }
            Err(error) => return Err(Lost::Broken(error.to_string())),
        }
        let now = clock::now();
        conversation.heard(now);
        let mut done = 0;
        while let Some(rest) = self.input.get(done..) {
            match frame::cut(rest, FRAME_LIMIT) {
                Cut::More => break,
                Cut::TooLong(_) => return Err(Lost::Garbled),
                Cut::Whole(length) => {
                    let end = frame::HEADER + length;
                    if let Some(body) = rest.get(frame::HEADER..end) {
                        conversation.hear(body, now);
                    }
                    done += end;
                }
            }
        }
        self.input.drain(..done.min(self.input.len()));
        Ok(())
    }
}

fn timeout(until: Option<Instant>, now: Instant) -> Option<Timespec> {
    let wait = until?.saturating_duration_since(now);
    // Rounded up: a wait that ends just before its deadline would be made twice.
    let wait = wait + Duration::from_micros(100);
    Some(Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(wait.subsec_nanos()),
    })
}

/// Without a source of randomness everybody waits equally long, which is no reason to stop.
fn random() -> u32 {
    getrandom::u32().unwrap_or(0)
}
