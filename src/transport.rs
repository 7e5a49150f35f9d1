//! A connection's socket: its options, its reading half, and how it ended. Writing is
//! `outbox`'s alone. Called by accept and session threads. Knows nothing of chat.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};

use crate::clock;

/// A dead peer is asked after this much silence.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Sent but not acknowledged for so long, or a window kept shut for so long: cut (Linux).
const USER_TIMEOUT: Duration = Duration::from_secs(120);

/// Bytes asked for the kernel's send buffer; Linux doubles it.
const SEND_BUFFER: usize = 128 * 1024;

/// Bytes of a read buffer at rest, and for a busy sender.
const SMALL_READ: usize = 1024;
const LARGE_READ: usize = 64 * 1024;

/// Sets what every accepted connection needs. TCP_NODELAY first: without it a small write waits
/// for the peer's delayed acknowledgement (40 ms).
///
/// # Errors
/// The peer is gone already.
pub fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    socket.set_send_buffer_size(SEND_BUFFER)
}

/// Bytes of one segment to this peer; what one write may hold for peers that take a short read
/// for a whole frame. 536 is what every IPv4 host takes (RFC 9293 section 3.7.1).
pub fn segment(stream: &TcpStream) -> usize {
    let mss = SockRef::from(stream).tcp_mss().ok();
    mss.and_then(|mss| usize::try_from(mss).ok()).filter(|mss| *mss > 0).unwrap_or(536)
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So many bytes, at least one: [`Reader::take`] them.
    Bytes(usize),
    /// Nothing within the time given.
    Silence,
    /// The peer's orderly end (FIN; with TLS its close_notify).
    End,
    /// A FIN without TLS's close_notify: what came is genuine, but more may have been meant to
    /// come. Many programs end so.
    Unfinished,
    /// Reset, or given up on by the kernel: what the peer was sent may not have arrived. Never
    /// read again after this: the error is told once, and then it looks like an end.
    Broken,
}

/// Turns what comes from the socket into what the peer says.
pub trait Opener: Send + std::fmt::Debug {
    /// Opens these bytes and appends what they say. Whatever is to be answered is sent by
    /// somebody else: a reader never writes.
    fn open(&self, sealed: &[u8], plain: &mut Vec<u8>) -> Opened;
}

/// How it stands with a sealed connection after something came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The handshake is not done.
    Shaking,
    /// What the peer says can be heard.
    Open,
    /// The peer has said its last.
    Ended,
    /// What came was not sealed by the peer, or the handshake failed.
    Broken,
}

/// What a sealed connection has more.
#[derive(Debug)]
struct Sealed {
    opener: Box<dyn Opener>,
    plain: Vec<u8>,
    /// Something was said together with the end of the handshake, and is to be heard first.
    is_early: bool,
    /// What is to be heard after what was said.
    then: Option<Heard>,
}

/// The reading half, owned by the connection's thread. Its buffer lives on the heap and grows
/// for busy senders only: an idle connection holds 1 KiB, a sealed one 2.
#[derive(Debug)]
pub struct Reader {
    stream: Arc<TcpStream>,
    buffer: Vec<u8>,
    timeout: Option<Duration>,
    sealed: Option<Sealed>,
}

impl Reader {
    /// Reads from this stream; nobody else does.
    pub fn new(stream: Arc<TcpStream>) -> Self {
        Self { stream, buffer: Vec::new(), timeout: None, sealed: None }
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Blocks until something is heard, for `timeout` at most (`None`: for as long as it takes;
    /// keepalive finds the dead). What was heard before and not taken is forgotten.
    pub fn hear(&mut self, timeout: Option<Duration>) -> Heard {
        match self.sealed.take() {
            None => self.receive(timeout),
            Some(mut sealed) => {
                let heard = self.hear_sealed(&mut sealed, timeout);
                self.sealed = Some(sealed);
                heard
            }
        }
    }

    /// From now on what comes is sealed: shakes hands, with `first` of what has come already.
    /// Blocks until that is done, at most until the deadline and for so many bytes; `false`: it
    /// failed, and what comes is not sealed.
    pub fn shake_hands(
        &mut self,
        opener: Box<dyn Opener>,
        first: &[u8],
        deadline: Instant,
        max_bytes: usize,
    ) -> bool {
        let mut sealed = Sealed { opener, plain: Vec::new(), is_early: false, then: None };
        let mut opened = match first {
            [] => Opened::Shaking,
            first => sealed.opener.open(first, &mut sealed.plain),
        };
        let mut n_bytes = first.len();
        while opened == Opened::Shaking {
            let left = deadline.saturating_duration_since(clock::now());
            let Heard::Bytes(n) = self.receive(Some(left)) else { return false };
            n_bytes += n;
            if n_bytes > max_bytes || left.is_zero() {
                return false;
            }
            opened = sealed.opener.open(&self.buffer, &mut sealed.plain);
        }
        sealed.is_early = !sealed.plain.is_empty();
        sealed.then = then(opened);
        let is_open = opened == Opened::Open || opened == Opened::Ended;
        self.sealed = is_open.then_some(sealed);
        is_open
    }

    fn hear_sealed(&mut self, sealed: &mut Sealed, timeout: Option<Duration>) -> Heard {
        if std::mem::take(&mut sealed.is_early) {
            return Heard::Bytes(sealed.plain.len());
        }
        sealed.plain.clear();
        // A record may come in many pieces, and all of them together have this long.
        let deadline = timeout.map(|timeout| clock::now() + timeout);
        while sealed.then.is_none() {
            let left = deadline.map(|by| by.saturating_duration_since(clock::now()));
            match self.receive(left) {
                Heard::Bytes(_) => {
                    sealed.then = then(sealed.opener.open(&self.buffer, &mut sealed.plain));
                }
                Heard::End => sealed.then = Some(Heard::Unfinished),
                Heard::Silence => return Heard::Silence,
                broken => sealed.then = Some(broken),
            }
            if !sealed.plain.is_empty() {
                return Heard::Bytes(sealed.plain.len());
            }
            if left.is_some_and(|left| left.is_zero()) {
                return Heard::Silence;
            }
        }
        sealed.then.unwrap_or(Heard::Broken)
    }

    fn receive(&mut self, timeout: Option<Duration>) -> Heard {
        if timeout != self.timeout {
            // Zero would mean for ever.
            let wanted = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
            if self.stream.set_read_timeout(wanted).is_err() {
                return Heard::Broken;
            }
            self.timeout = timeout;
        }
        self.resize();
        loop {
            return match (&*self.stream).read(&mut self.buffer) {
                Ok(0) => Heard::End,
                Ok(n) => {
                    self.buffer.truncate(n);
                    Heard::Bytes(n)
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => continue,
                    ErrorKind::WouldBlock => Heard::Silence,
                    // `TimedOut` is the kernel's: the peer acknowledged nothing for too long.
                    _ => Heard::Broken,
                },
            };
        }
    }

    /// What the last read brought. Give the buffer back with [`Reader::restore`] before the next.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(match &mut self.sealed {
            Some(sealed) => &mut sealed.plain,
            None => &mut self.buffer,
        })
    }

    /// The buffer of [`Reader::take`].
    pub fn restore(&mut self, buffer: Vec<u8>) {
        match &mut self.sealed {
            None => self.buffer = buffer,
            Some(sealed) if buffer.capacity() <= SMALL_READ => sealed.plain = buffer,
            Some(_) => {}
        }
    }

    /// The buffer was cut to what the last read brought: full means busy, little means at rest.
    fn resize(&mut self) {
        let (used, room) = (self.buffer.len(), self.buffer.capacity());
        let wanted = match used {
            n if n >= room => room * 2,
            n if n < room / 8 => room / 2,
            _ => room,
        };
        let wanted = wanted.clamp(SMALL_READ, LARGE_READ);
        if wanted < room {
            self.buffer.clear();
            self.buffer.shrink_to(wanted);
        }
        self.buffer.resize(wanted, 0);
    }
}

fn then(opened: Opened) -> Option<Heard> {
    match opened {
        Opened::Shaking | Opened::Open => None,
        Opened::Ended => Some(Heard::End),
        Opened::Broken => Some(Heard::Broken),
    }
}

/// After both sides have sent their FIN: has the peer's kernel acknowledged every byte of ours,
/// the FIN included? `None`: not yet. Linux closes the socket then, and only then, without an
/// error, and a closed socket has no peer. (`SIOCOUTQ` and `TCP_INFO` would say it too, but not
/// without unsafe code.) An answer is final: the kernel tells an error only once.
pub fn is_all_acknowledged(stream: &TcpStream) -> Option<bool> {
    let has_peer = stream.peer_addr().is_ok();
    match stream.take_error() {
        Ok(None) if has_peer => None,
        Ok(None) => Some(true),
        Ok(Some(_)) | Err(_) => Some(false),
    }
}

/// Ends a connection at once: a thread that reads from it wakes up.
pub fn cut(stream: &TcpStream) {
    // An error says that it is cut already.
    stream.shutdown(Shutdown::Both).ok();
}

/// Makes the last close send a reset instead of waiting for a peer that does not read.
pub fn reset_on_close(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (a, listener.accept().unwrap().0)
    }

    #[test]
    fn the_buffer_grows_for_the_busy_and_shrinks_again() {
        let (mut peer, ours) = pair();
        let mut reader = Reader::new(Arc::new(ours));
        let all = vec![7; 300_000];
        let writer = crate::threads::spawn("writer", move || {
            peer.write_all(&all).unwrap();
            peer
        });
        let (mut total, mut largest) = (0, 0);
        while total < 300_000 {
            let Heard::Bytes(n) = reader.hear(None) else { panic!("it ended") };
            total += n;
            largest = largest.max(n);
        }
        assert!(largest > SMALL_READ && largest <= LARGE_READ, "{largest}");
        let mut peer = writer.unwrap().join().unwrap();
        for _ in 0..10 {
            peer.write_all(b"x").unwrap();
            assert_eq!(reader.hear(None), Heard::Bytes(1));
            let buffer = reader.take();
            assert_eq!(buffer, b"x");
            reader.restore(buffer);
        }
        assert!(reader.buffer.capacity() <= 2 * SMALL_READ, "{}", reader.buffer.capacity());
        assert_eq!(reader.hear(Some(Duration::from_millis(1))), Heard::Silence);
        drop(peer);
        assert_eq!(reader.hear(None), Heard::End);
    }

    #[test]
    fn only_an_orderly_end_counts_as_acknowledged() {
        let acknowledged = |stream: &TcpStream| {
            let deadline = clock::now() + Duration::from_secs(5);
            while clock::now() < deadline {
                if let Some(answer) = is_all_acknowledged(stream) {
                    return answer;
                }
                std::thread::yield_now();
            }
            false
        };
        let (mut peer, mut ours) = pair();
        ours.write_all(b"read me").unwrap();
        assert_eq!(is_all_acknowledged(&ours), None);
        peer.read_exact(&mut [0; 7]).unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        assert!(acknowledged(&ours));
        // With unread bytes the peer's kernel sends a reset, not a FIN.
        let (peer, mut ours) = pair();
        ours.write_all(b"never read").unwrap();
        drop(peer);
        drop(ours.shutdown(Shutdown::Write));
        let mut reader = Reader::new(Arc::new(ours));
        assert_eq!(reader.hear(None), Heard::Broken);
    }
}
