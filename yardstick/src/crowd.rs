//! The connections: opened, brought in, read from and written to, by one epoll set.
//!
//! Who reads too little must not hold the others up here either: nothing blocks but
//! [`Crowd::poll`], which has a deadline.

mod connect;
mod enter;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::time::Timespec;

pub use connect::raise_limits;
pub use enter::Entered;
pub use wire::Seal;
use wire::Wire;

use crate::clock;
use crate::dialect::{Dialect, Who};
use crate::scan::{self, Heard};
use crate::stamp::Stamp;

/// Bytes of one read. What the kernel holds for one of them is rarely more.
const READ: usize = 256 * 1024;

/// Events taken at once.
const EVENTS: usize = 256;

/// Where one of the crowd is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The kernel is still at it.
    Connecting,
    /// Its dialect is at it.
    Entering,
    /// In the room, or ready for its other half.
    In,
    /// To connect again at this time.
    Later(u64),
    /// Its connection ended at this time.
    Gone(u64),
}

/// One of the crowd.
#[derive(Debug)]
struct Peer {
    who: Who,
    place: Place,
    wire: Option<Wire>,
    /// Read, and not yet whole.
    kept: Vec<u8>,
    /// Where the last mark stood.
    hint: usize,
    /// Not yet taken by the kernel.
    out: Vec<u8>,
    /// The kernel is to say when it takes more.
    wants_write: bool,
    /// The kernel is to keep little for it.
    is_small: bool,
    /// Never reads.
    is_mute: bool,
    /// When its connection was begun.
    began: u64,
    /// When it was in.
    entered: u64,
}

/// Is told who heard what, and when, nanoseconds since 1970.
pub type On<'a> = &'a mut dyn FnMut(&mut Crowd, usize, Heard, u64);

/// For those who need not know.
pub fn ignore(_crowd: &mut Crowd, _peer: usize, _heard: Heard, _now: u64) {}

/// Everybody.
#[derive(Debug)]
pub struct Crowd {
    epoll: OwnedFd,
    peers: Vec<Peer>,
    /// Its language; the same for all.
    pub dialect: Box<dyn Dialect>,
    /// Everybody goes to one of them, in turn.
    servers: Vec<SocketAddr>,
    /// Where they speak TLS.
    seal: Option<Seal>,
    /// How many clients share one source address.
    per_source: usize,
    /// What one read brought.
    raw: Vec<u8>,
    /// What was kept of one of them, and behind it what the read said.
    buffer: Vec<u8>,
    n_in: usize,
    /// Bytes that came to those who do not speak.
    bytes: u64,
    trouble: Option<String>,
}

impl std::fmt::Debug for dyn Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialect")
    }
}

impl Crowd {
    /// Nobody is connected yet.
    ///
    /// # Errors
    /// The kernel has no epoll set for us.
    pub fn new(
        (servers, seal): (Vec<SocketAddr>, Option<Seal>),
        dialect: Box<dyn Dialect>,
        people: Vec<Who>,
        per_source: usize,
    ) -> io::Result<Self> {
        let peer = |who| Peer {
            who,
            place: Place::Later(0),
            wire: None,
            kept: Vec::new(),
            hint: 0,
            out: Vec::new(),
            wants_write: false,
            is_small: false,
            is_mute: false,
            began: 0,
            entered: 0,
        };
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            peers: people.into_iter().map(peer).collect(),
            dialect,
            servers,
            seal,
            per_source: per_source.max(1),
            raw: vec![0; READ],
            buffer: Vec::new(),
            n_in: 0,
            bytes: 0,
            trouble: None,
        })
    }

    /// How many there are, in or not.
    pub fn n(&self) -> usize {
        self.peers.len()
    }

    /// How many are in.
    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Whether this one is in.
    pub fn is_in(&self, peer: usize) -> bool {
        self.peers[peer].place == Place::In
    }

    /// When the connection of this one ended, if it did.
    pub fn gone_at(&self, peer: usize) -> Option<u64> {
        match self.peers[peer].place {
            Place::Gone(at) => Some(at),
            _ => None,
        }
    }

    /// The first thing that went wrong, in the server's words where it had some.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What went wrong until now was meant to.
    pub fn forget_trouble(&mut self) {
        self.trouble = None;
    }

    /// From now on everybody comes in by password.
    pub fn forget_tokens(&mut self) {
        self.peers.iter_mut().for_each(|peer| peer.who.token = None);
    }

    /// Bytes that came, since this was last asked, to those who do not speak.
    pub fn take_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }

    /// Writes a text to all into what this peer sends next.
    pub fn say(&mut self, peer: usize, stamp: Stamp, size: usize) {
        let one = &mut self.peers[peer];
        self.dialect.to_room(&one.who, stamp, size, &mut one.out);
    }

    /// Writes a text to one into what this peer sends next.
    pub fn tell(&mut self, (from, to): (usize, usize), stamp: Stamp, size: usize) {
        let mut out = std::mem::take(&mut self.peers[from].out);
        let pair = (&self.peers[from].who, &self.peers[to].who);
        self.dialect.to_one(pair, stamp, size, &mut out);
        self.peers[from].out = out;
    }

    /// Everybody tells the server how far it has the lobby.
    pub fn acknowledge(&mut self, up_to: u64) {
        for peer in 0..self.n() {
            self.dialect.received(up_to, &mut self.peers[peer].out);
            self.flush(peer);
        }
    }

    /// Bytes that wait to be sent by this one.
    pub fn n_unsent(&self, peer: usize) -> usize {
        self.peers[peer].out.len()
    }

    /// Sends what the kernel takes now; the rest goes out by itself.
    pub fn flush(&mut self, peer: usize) {
        let one = &mut self.peers[peer];
        let Some(wire) = &mut one.wire else { return };
        let result = wire.write(&mut one.out);
        let wants_write = !one.out.is_empty() || wire.is_pending();
        if wants_write != one.wants_write {
            one.wants_write = wants_write;
            self.set_interest(peer);
        }
        if let Err(error) = result {
            self.lose(peer, &error.to_string());
        }
    }

    /// From its next connection on the kernel keeps little for this one.
    pub fn make_small(&mut self, peer: usize) {
        self.peers[peer].is_small = true;
    }

    /// This one reads nothing any more, or again.
    pub fn mute(&mut self, peer: usize, is_mute: bool) {
        self.peers[peer].is_mute = is_mute;
        self.set_interest(peer);
    }

    /// Waits until something happens, at most `timeout`, and reads. `on` is told what each heard
    /// and when, nanoseconds since 1970.
    ///
    /// # Errors
    /// The kernel's, of the epoll set itself.
    pub fn poll(&mut self, timeout: Duration, on: On<'_>) -> io::Result<()> {
        let mut events: Vec<epoll::Event> = Vec::with_capacity(EVENTS);
        let timeout = Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(0),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let room = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.epoll, room, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut heard = Vec::new();
        for event in events {
            let flags = event.flags;
            let peer = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            if flags.contains(EventFlags::OUT) {
                self.on_writable(peer);
            }
            if flags
                .intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR | EventFlags::RDHUP)
            {
                let now = self.read(peer, &mut heard);
                for what in heard.drain(..) {
                    on(self, peer, what, now);
                }
            }
        }
        Ok(())
    }

    fn on_writable(&mut self, peer: usize) {
        if self.peers[peer].place == Place::Connecting {
            self.on_connected(peer);
        }
        self.flush(peer);
    }

    /// One read: what it brought, and when it came.
    fn read(&mut self, peer: usize, heard: &mut Vec<Heard>) -> u64 {
        let one = &mut self.peers[peer];
        let Some(wire) = &mut one.wire else { return 0 };
        if one.is_mute {
            self.lose(peer, "cut while it did not read");
            return 0;
        }
        self.buffer.clear();
        self.buffer.append(&mut one.kept);
        let result = wire.read(&mut self.raw, &mut self.buffer);
        let has_answer = wire.is_pending();
        let n = match result {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let said = String::from_utf8_lossy(&self.buffer).into_owned();
                self.lose(peer, &format!("closed by the server {said}"));
                return 0;
            }
            Err(error) => {
                self.lose(peer, &error.to_string());
                return 0;
            }
        };
        if !one.who.is_speaker {
            self.bytes += n as u64;
        }
        let now = clock::now();
        self.take(peer, heard);
        if has_answer {
            self.flush(peer);
        }
        now
    }

    /// Reads the buffer as this peer's.
    fn take(&mut self, peer: usize, heard: &mut Vec<Heard>) {
        let mut done = 0;
        if self.peers[peer].place != Place::In {
            done = self.enter(peer);
        }
        let one = &mut self.peers[peer];
        if one.place == Place::In {
            let bytes = &self.buffer[done..];
            match scan::scan(self.dialect.framing(), bytes, &mut one.hint, heard) {
                Ok(more) => done += more,
                Err(scan::NoFrame) => return self.lose(peer, "sent what is no frame"),
            }
        }
        if one.wire.is_some() {
            one.kept.extend_from_slice(&self.buffer[done..]);
        }
    }

    /// The connection has ended, or is ended.
    fn lose(&mut self, peer: usize, why: &str) {
        let one = &mut self.peers[peer];
        if one.wire.take().is_none() {
            return;
        }
        one.kept.clear();
        if one.place == Place::In {
            self.n_in -= 1;
        }
        one.place = Place::Gone(clock::now());
        if self.trouble.is_none() && !one.is_mute {
            self.trouble = Some(format!("{}: {why}", one.who.name()));
        }
    }

    /// Closes this one's connection in order.
    pub fn leave(&mut self, peer: usize) {
        let one = &mut self.peers[peer];
        if let Some(wire) = one.wire.take() {
            wire.close();
            self.n_in -= usize::from(one.place == Place::In);
            one.place = Place::Gone(clock::now());
        }
    }

    fn set_interest(&mut self, peer: usize) {
        let one = &self.peers[peer];
        let Some(wire) = &one.wire else { return };
        let mut flags = if one.is_mute { EventFlags::RDHUP } else { EventFlags::IN };
        if one.wants_write || one.place == Place::Connecting {
            flags |= EventFlags::OUT;
        }
        if let Err(error) =
            epoll::modify(&self.epoll, wire.socket(), EventData::new_u64(peer as u64), flags)
        {
            self.lose(peer, &error.to_string());
        }
    }
}
