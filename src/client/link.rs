//! One connection to a server, in clear or through TLS, owned by the thread `client-net`. Only
//! making it blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockRef, TcpKeepalive};

use crate::clock;
use crate::protocol::frame::{self, Cut};
use crate::tls::{Channel, Fingerprint, Greeter, Greeting, Opened, TlsError};

use super::conversation::Conversation;
use super::{ConnectError, Lost};

/// Bytes of body that a server may send in one frame: longer is no server of ours.
const FRAME_LIMIT: usize = 1024 * 1024;

/// Bytes taken from the socket at once.
const CHUNK: usize = 16 * 1024;

/// For all addresses of a host together, and the handshake.
pub(super) const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// For one address, so that the next one is tried in time.
const ADDRESS_WAIT: Duration = Duration::from_secs(4);

/// The kernel asks whether the other machine is still there after this much silence.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// How long the server may take nothing of what we write.
pub(super) const STUCK: Duration = Duration::from_secs(30);

/// A connection that stands.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: TcpStream,
    tls: Option<Box<Channel>>,
    /// Bytes that are sealed and of which the kernel has not accepted everything.
    sealed: usize,
    /// Of a server that is trusted because it was met now.
    pub(super) first_met: Option<Fingerprint>,
    /// What came and is not yet a whole frame.
    input: Vec<u8>,
    /// Since when the kernel has taken nothing of what is to be written.
    pub(super) stuck_since: Option<Instant>,
    /// Our side is closed.
    is_hung_up: bool,
}

/// Blocks until a connection to `host:port` stands, at most `wait` and what the look-up takes; with
/// a greeter, through TLS.
pub(super) fn connect(
    address: &str,
    greeter: Option<&Greeter>,
    wait: Duration,
) -> Result<Link, ConnectError> {
    let by = clock::now() + wait;
    let mut failure = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for socket in address.to_socket_addrs()? {
        let left = by.saturating_duration_since(clock::now()).min(ADDRESS_WAIT);
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&socket, left) {
            Ok(stream) => {
                let mut link = Link::new(stream)?;
                if let Some(greeter) = greeter {
                    link.shake_hands(greeter.greet(address)?, by)?;
                }
                return Ok(link);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure.into())
}

impl Link {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
        Ok(Self {
            stream,
            tls: None,
            sealed: 0,
            first_met: None,
            input: Vec::new(),
            stuck_since: None,
            is_hung_up: false,
        })
    }

    /// Blocks until the server has proved to be the one that is meant.
    fn shake_hands(&mut self, mut greeting: Greeting, by: Instant) -> Result<(), ConnectError> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let is_sent = greeting.channel.send(&mut &self.stream)?;
            if !greeting.channel.is_shaking() {
                break;
            }
            let now = clock::now();
            if now >= by {
                return Err(io::Error::new(ErrorKind::TimedOut, "no handshake in time").into());
            }
            let room = if is_sent { PollFlags::empty() } else { PollFlags::OUT };
            let mut fds = [PollFd::new(&self.stream, PollFlags::IN | room)];
            poll(&mut fds, timeout(Some(by), now).as_ref()).map_err(io::Error::from)?;
            let came = match (&self.stream).read(&mut chunk) {
                Ok(0) => {
                    let words = "the server closed the connection instead of shaking hands";
                    return Err(TlsError::Failed(words.to_owned()).into());
                }
                Ok(n) => chunk.get(..n).unwrap_or_default(),
                Err(error) if is_temporary(&error) => continue,
                Err(error) => return Err(error.into()),
            };
            if let Err(error) = greeting.channel.open(came, &mut self.input) {
                // The server should hear why; it is not waited for.
                greeting.channel.send(&mut &self.stream).ok();
                return Err(greeting.failure(error).into());
            }
        }
        let (channel, first_met) = greeting.done()?;
        self.tls = Some(Box::new(channel));
        self.first_met = first_met;
        Ok(())
    }

    /// Ends this side: the server reads everything that was written, then the end. What it still
    /// says is read.
    pub(super) fn hang_up(&mut self) {
        if self.is_hung_up || self.is_pending() {
            return;
        }
        self.is_hung_up = true;
        if let Some(tls) = &mut self.tls {
            tls.close();
            // A few bytes behind an empty queue; a server that misses them sees the FIN.
            tls.send(&mut &self.stream).ok();
        }
        // Broken already: the next read says so.
        self.stream.shutdown(Shutdown::Write).ok();
    }

    /// Something is sealed and not sent.
    pub(super) fn is_pending(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_pending())
    }

    /// Writes what the kernel takes.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>, now: Instant) -> Result<(), Lost> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..) {
            match self.offer(rest) {
                Ok(0) if rest.is_empty() => break,
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

    /// How much the kernel took. Sealed, it is taken as a whole record or not at all.
    fn offer(&mut self, rest: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.stream.write(rest) };
        if self.sealed == 0 && !rest.is_empty() {
            self.sealed = tls.seal(rest)?;
        }
        match tls.send(&mut &self.stream)? {
            true => Ok(std::mem::take(&mut self.sealed)),
            false => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Reads once and hears every whole frame.
    pub(super) fn read(&mut self, conversation: &mut Conversation) -> Result<(), Lost> {
        let start = self.input.len();
        let goes_on = match self.receive() {
            Ok(goes_on) => goes_on,
            Err(error) if is_temporary(&error) => return Ok(()),
            Err(error) => return Err(Lost::Broken(error.to_string())),
        };
        if self.input.len() > start {
            self.hear(conversation)?;
        }
        if goes_on { Ok(()) } else { Err(Lost::Closed) }
    }

    /// Appends what one read brings; `false`: the server has said its last.
    fn receive(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else {
            let start = self.input.len();
            self.input.resize(start + CHUNK, 0);
            let read = self.input.get_mut(start..).map_or(Ok(0), |room| self.stream.read(room));
            self.input.truncate(start + *read.as_ref().unwrap_or(&0));
            return Ok(read? > 0);
        };
        let mut chunk = vec![0; CHUNK];
        let n = self.stream.read(&mut chunk)?;
        let came = chunk.get(..n).unwrap_or_default();
        let opened = tls.open(came, &mut self.input).map_err(io::Error::other)?;
        Ok(n > 0 && opened != Opened::Ended)
    }

    fn hear(&mut self, conversation: &mut Conversation) -> Result<(), Lost> {
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

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.close();
            // A server that is gone, or does not read, has no use for a goodbye.
            tls.send(&mut &self.stream).ok();
        }
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}

/// For a wait until then; `None`: for ever.
pub(super) fn timeout(until: Option<Instant>, now: Instant) -> Option<Timespec> {
    let wait = until?.saturating_duration_since(now);
    // Rounded up: a wait that ends just before its deadline would be made twice.
    let wait = wait + Duration::from_micros(100);
    Some(Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(wait.subsec_nanos()),
    })
}
