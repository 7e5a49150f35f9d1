//! A connection's socket: its options, its reading half, and how it ended. Writing is
//! `outbox`'s alone. Called by accept and session threads. Knows nothing of chat.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

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
    /// The peer's orderly end (FIN).
    End,
    /// Reset, or given up on by the kernel: what the peer was sent may not have arrived. Never
    /// read again after this: the error is told once, and then it looks like an end.
    Broken,
}

/// The reading half, owned by the connection's thread. Its buffer lives on the heap and grows
/// for busy senders only: an idle connection holds 1 KiB.
#[derive(Debug)]
pub struct Reader {
    stream: Arc<TcpStream>,
    buffer: Vec<u8>,
    timeout: Option<Duration>,
}

impl Reader {
    /// Reads from this stream; nobody else does.
    pub fn new(stream: Arc<TcpStream>) -> Self {
        Self { stream, buffer: Vec::new(), timeout: None }
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Blocks until something is heard, for `timeout` at most (`None`: for as long as it takes;
    /// keepalive finds the dead).
    pub fn hear(&mut self, timeout: Option<Duration>) -> Heard {
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
        std::mem::take(&mut self.buffer)
    }

    /// The buffer of [`Reader::take`].
    pub fn restore(&mut self, buffer: Vec<u8>) {
        self.buffer = buffer;
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
            let deadline = crate::clock::now() + Duration::from_secs(5);
            while crate::clock::now() < deadline {
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
