//! The only byte path to a peer: direct send, a queue for what the kernel refuses, one flusher
//! for all queues, limits, and the farewell.
//!
//! The rule: nothing queued, the pusher sends; something queued, only the flusher sends; both
//! look and change under one short mutex. It is held across non-blocking calls only. Going from
//! idle to queued and back happens under it, so no byte overtakes another and no wake-up is
//! lost. So there is one thread per connection, for slow peers too.
//!
//! The queue is the per-user channel of the Go original, a crossbeam channel of shared bytes,
//! made when the kernel refuses something for the first time.
//! The direct send stands beside it because a writer thread woken per delivery costs five times
//! the CPU of the send itself (21.8 against 4.0 µs).
//!
//! With TLS, what is queued is plain text and is sealed a record at a time when the kernel has
//! room: the queue stays shared between peers, and what a slow one never reads is never sealed.
//! What TLS says by itself leaves the same way.
//!
//! Pushed to by the hub and by the session's own thread. Knows nothing of chat: bytes and marks.

mod flusher;
mod marks;
mod opening;
mod socket;

pub use flusher::Flusher;
pub use marks::{HELD_BY_KERNELS, Mark};

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::envelope::Bytes;
use crate::tls::{self, Channel};
use crate::transport;
use crossbeam_channel::{Receiver, Sender};
use marks::Marks;
use socket::Socket;

/// Bytes queued for one session, beyond what the kernel holds. Several times the largest burst
/// the server makes itself: 1 MiB cut healthy clients before their thread was even scheduled.
/// When it is full the session is closed as too slow; what waits is told at the next login.
pub const MAX_QUEUED: usize = 4 * 1024 * 1024;

/// Bytes that the flusher sends to one peer before it lets go of the mutex: whoever pushes
/// meanwhile waits for it, and sealing a mebibyte takes a millisecond.
const TURN: usize = 256 * 1024;

/// A peer has this long to take a farewell and close; then it is cut.
pub const FAREWELL_TIME: Duration = Duration::from_millis(1500);

/// How many of these bytes one write may hold, given the segment size. See
/// [`crate::envelope::Dialect::cut`].
pub type Cut = fn(&[u8], usize) -> usize;

/// One peer's bytes. A delivery to a thousand peers finds none of them in the processor's cache,
/// so what each push looks at stands in two lines of it.
#[derive(Debug)]
#[repr(align(64))]
pub struct Outbox {
    /// Protects the order of bytes to this peer. Held across non-blocking calls only.
    inner: Mutex<Inner>,
    /// Signalled when queued bytes become fewer, and when the outbox closes.
    space: Condvar,
    stream: Arc<TcpStream>,
    flusher: Flusher,
}

#[derive(Debug)]
struct Inner {
    /// Bytes in the backlog that the kernel has not accepted.
    queued: usize,
    /// Made when the kernel refuses something for the first time.
    backlog: Option<Box<Backlog>>,
    /// Bytes accepted by the kernel since the connection began.
    sent: u64,
    /// For peers that take a short read for a whole frame: cut, and the segment size.
    cut: Option<(Cut, usize)>,
    /// What goes out is sealed by this.
    tls: Option<Box<Channel>>,
    /// Bytes at `head` that are sealed and of which the kernel has not accepted everything.
    sealed: usize,
    phase: Phase,
    /// The flusher has this outbox in its list.
    with_flusher: bool,
    /// `None`: the peer acknowledges by itself.
    marks: Option<Box<Marks>>,
}

#[derive(Debug)]
struct Backlog {
    /// What the kernel took a part of: bytes, how much it took, and the end of the write begun.
    head: Option<(Bytes, usize, usize)>,
    /// What the kernel has not been offered yet, behind `head`.
    queue: (Sender<Bytes>, Receiver<Bytes>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Nothing more is taken; what is queued goes out until the deadline.
    Closing(Instant),
    /// Our side is shut; the peer has until the deadline to close its own.
    Shut(Instant),
    /// Cut, or the peer is gone.
    Gone,
}

/// Why bytes were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// [`MAX_QUEUED`] would be exceeded: the peer does not read. Close it as too slow.
    Full,
    /// Closed, closing, or cut.
    Gone,
}

/// What the flusher is to do with an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Poll for room.
    Backlogged,
    /// Nothing to send: look again at the deadline.
    Waiting,
    /// Nothing is left to do.
    Done,
}

impl Outbox {
    /// An outbox for this stream. The cut is for the dialect the connection starts with.
    pub fn new(stream: Arc<TcpStream>, flusher: Flusher, cut: Option<Cut>) -> Arc<Self> {
        let inner = Inner {
            queued: 0,
            backlog: None,
            sent: 0,
            cut: cut.map(|cut| (cut, transport::segment(&stream))),
            tls: None,
            sealed: 0,
            phase: Phase::Open,
            with_flusher: false,
            marks: None,
        };
        Arc::new(Self { inner: Mutex::new(inner), space: Condvar::new(), stream, flusher })
    }

    /// The connection speaks another dialect from now on.
    pub fn set_cut(&self, cut: Option<Cut>) {
        self.lock().cut = cut.map(|cut| (cut, transport::segment(&self.stream)));
    }

    /// Everything is sealed by this from now on. To be called before anything is pushed; until
    /// its handshake is done nothing can be.
    pub fn seal(&self, channel: Channel) {
        self.lock().tls = Some(Box::new(channel));
    }

    /// From now on marks are kept: the peer cannot acknowledge, so what it has taken is counted
    /// by bytes.
    pub fn keep_marks(&self) {
        self.lock().marks.get_or_insert_default();
    }

    /// Sends, or queues what the kernel refuses. Never blocks. With the bytes go the marks that
    /// they complete; returned are earlier marks that have left the kernels' buffers since.
    ///
    /// # Errors
    /// [`PushError`]; nothing of these bytes was taken then.
    pub fn push(self: &Arc<Self>, bytes: &Bytes, marks: &[Mark]) -> Result<Vec<Mark>, PushError> {
        let mut inner = self.lock();
        if inner.phase != Phase::Open {
            return Err(PushError::Gone);
        }
        // An idle outbox asks the kernel first: it may take all of a large batch.
        if inner.queued > 0 && inner.queued + bytes.len() > MAX_QUEUED {
            return Err(PushError::Full);
        }
        self.take(&mut inner, bytes);
        let end = inner.sent + inner.queued as u64;
        let sent = inner.sent;
        Ok(inner.marks.as_mut().map_or_else(Vec::new, |kept| kept.add_and_pass(marks, end, sent)))
    }

    /// Says this after what is queued, then shuts our side; the peer has [`FAREWELL_TIME`] for
    /// all of it. Never blocks. Does nothing when the outbox is closing already.
    pub fn finish(self: &Arc<Self>, farewell: &Bytes) {
        self.finish_within(FAREWELL_TIME, farewell);
    }

    /// Like [`Outbox::finish`], with more patience: for a peer that has ended its own side and
    /// may still be reading.
    pub fn finish_within(self: &Arc<Self>, patience: Duration, farewell: &Bytes) {
        let mut inner = self.lock();
        self.close(&mut inner, patience, farewell);
    }

    /// Drops what is queued behind the write that was begun, then like [`Outbox::finish`]: for a
    /// peer that does not read.
    pub fn cut_short(self: &Arc<Self>, farewell: &Bytes) {
        let mut inner = self.lock();
        if inner.phase == Phase::Open {
            let behind = inner.backlog.iter().flat_map(|backlog| backlog.queue.1.try_iter());
            let dropped: usize = behind.map(|bytes| bytes.len()).sum();
            inner.queued -= dropped;
            if let Some(marks) = &mut inner.marks {
                marks.forget();
            }
        }
        self.close(&mut inner, FAREWELL_TIME, farewell);
    }

    /// Ends the connection at once.
    pub fn cut(&self) {
        self.lock().phase = Phase::Gone;
        transport::cut(&self.stream);
        self.space.notify_all();
    }

    /// Blocks until at most `below` bytes are queued: for the session's thread that sends pages.
    /// `false`: not before the deadline, or the outbox is closing.
    pub fn wait_below(&self, below: usize, deadline: Instant) -> bool {
        let patience = deadline.saturating_duration_since(clock::now());
        let busy = |inner: &mut Inner| inner.phase == Phase::Open && inner.queued > below;
        let waited = self.space.wait_timeout_while(self.lock(), patience, busy);
        let (inner, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        inner.phase == Phase::Open && inner.queued <= below
    }

    /// Blocks until everything went to the kernel and our side is shut, or the peer was cut.
    /// `true`: everything went.
    pub fn wait_shut(&self, deadline: Instant) -> bool {
        let patience = deadline.saturating_duration_since(clock::now());
        let busy = |inner: &mut Inner| matches!(inner.phase, Phase::Open | Phase::Closing(_));
        let waited = self.space.wait_timeout_while(self.lock(), patience, busy);
        let (inner, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        matches!(inner.phase, Phase::Shut(_)) && inner.queued == 0
    }

    /// The marks that the peer has taken. After an orderly end, when its kernel acknowledged
    /// everything, that is all of them; otherwise those whose bytes have left the kernels.
    pub fn taken(&self, orderly: bool) -> Vec<Mark> {
        let mut inner = self.lock();
        let (sent, is_all) = (inner.sent, orderly && inner.queued == 0);
        let Some(marks) = &mut inner.marks else { return Vec::new() };
        if is_all { marks.all() } else { marks.pass(sent) }
    }

    fn take(self: &Arc<Self>, inner: &mut Inner, bytes: &Bytes) {
        if bytes.is_empty() {
            return;
        }
        let taken = if inner.queued == 0 { self.send_first(inner, bytes) } else { 0 };
        if taken == bytes.len() {
            return;
        }
        let is_first = inner.queued == 0;
        inner.queued += bytes.len() - taken;
        if is_first {
            let end = inner.one_write(bytes, 0);
            inner.backlog().head = Some((Arc::clone(bytes), taken, end));
            if self.send(inner, usize::MAX).is_err() {
                self.lose(inner);
            }
        } else if inner.backlog().queue.0.send(Arc::clone(bytes)).is_err() {
            // The receiver stands beside the sender, so this cannot happen.
            self.lose(inner);
        }
        if inner.is_backlogged() {
            self.hand_over(inner);
        }
    }

    /// The way of nearly every delivery: one write that the kernel takes whole. Then neither the
    /// queue is touched nor the count of the bytes' owners: a tenth of what a small send costs.
    /// Says how much was taken; an error comes again with the next write.
    fn send_first(&self, inner: &mut Inner, bytes: &Bytes) -> usize {
        if inner.tls.is_some() {
            return 0;
        }
        let part = bytes.get(..inner.one_write(bytes, 0)).unwrap_or_default();
        let socket = Socket { stream: &self.stream, is_cut: inner.cut.is_some() };
        let sent = socket.offer(part).ok().flatten().unwrap_or(0);
        inner.sent += sent as u64;
        sent
    }

    fn close(self: &Arc<Self>, inner: &mut Inner, patience: Duration, farewell: &Bytes) {
        if inner.phase != Phase::Open {
            return;
        }
        if !inner.is_shaking() {
            self.take(inner, farewell);
        }
        if inner.phase == Phase::Open {
            inner.phase = Phase::Closing(clock::now() + patience);
            self.advance(inner);
            self.hand_over(inner);
        }
        self.space.notify_all();
    }

    /// Offers the kernel what is queued until it refuses, or has taken so many bytes.
    fn send(&self, inner: &mut Inner, most: usize) -> io::Result<()> {
        let until = inner.sent.saturating_add(most as u64);
        while inner.sent < until
            && let Some((bytes, from, end)) = inner.take_head()
        {
            let end = if from < end { end } else { from + inner.one_write(&bytes, from) };
            let Some(part) = bytes.get(from..end) else { continue };
            let Some(sent) = inner.offer(&self.stream, part)? else {
                inner.backlog().head = Some((bytes, from, end));
                return Ok(());
            };
            inner.queued -= sent;
            inner.sent += sent as u64;
            let backlog = inner.backlog();
            backlog.head = if from + sent < bytes.len() {
                Some((bytes, from + sent, end))
            } else {
                backlog.queue.1.try_recv().ok().map(|next| (next, 0, 0))
            };
        }
        inner.send_sealed(&self.stream).map(drop)
    }

    /// Everything sent: shut our side. Too late: cut.
    fn advance(&self, inner: &mut Inner) {
        let (now, phase) = (clock::now(), inner.phase);
        match phase {
            Phase::Closing(_) if inner.queued == 0 && inner.say_last(&self.stream) => {
                inner.phase = Phase::Shut(now + FAREWELL_TIME);
                // An error says that the peer is gone.
                self.stream.shutdown(Shutdown::Write).ok();
            }
            Phase::Closing(deadline) if deadline <= now => {
                transport::reset_on_close(&self.stream);
                self.lose(inner);
            }
            Phase::Shut(deadline) if deadline <= now => self.lose(inner),
            _ => {}
        }
    }

    fn lose(&self, inner: &mut Inner) {
        inner.phase = Phase::Gone;
        inner.backlog = None;
        inner.queued = 0;
        if let Some(marks) = &mut inner.marks {
            marks.forget_unsent(inner.sent);
        }
        transport::cut(&self.stream);
        self.space.notify_all();
    }

    fn hand_over(self: &Arc<Self>, inner: &mut Inner) {
        if !inner.with_flusher {
            inner.with_flusher = true;
            self.flusher.take(Arc::clone(self));
        }
    }

    /// One turn of the flusher's thread.
    fn flush(&self) -> Turn {
        let mut inner = self.lock();
        if inner.is_backlogged() && self.send(&mut inner, TURN).is_err() {
            self.lose(&mut inner);
        }
        self.advance(&mut inner);
        self.space.notify_all();
        let turn = match inner.phase {
            Phase::Open | Phase::Closing(_) if inner.is_backlogged() => Turn::Backlogged,
            Phase::Closing(_) | Phase::Shut(_) => Turn::Waiting,
            Phase::Open | Phase::Gone => Turn::Done,
        };
        inner.with_flusher = turn != Turn::Done;
        turn
    }

    /// Nobody has closed it, and the peer is there as far as is known.
    pub fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// The connection was ended at once, by us or by the peer.
    pub fn is_cut(&self) -> bool {
        self.lock().phase == Phase::Gone
    }

    /// How long the flusher may leave it alone if its socket says nothing; `None`: for ever.
    fn patience(&self, now: Instant) -> Option<Duration> {
        match self.lock().phase {
            Phase::Closing(deadline) | Phase::Shut(deadline) => {
                Some(deadline.saturating_duration_since(now))
            }
            Phase::Open => None,
            Phase::Gone => Some(Duration::ZERO),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take_head(&mut self) -> Option<(Bytes, usize, usize)> {
        self.backlog.as_mut()?.head.take()
    }

    fn backlog(&mut self) -> &mut Backlog {
        self.backlog.get_or_insert_with(|| {
            // A bounded channel would reserve its slots at once (25 KiB at 1024).
            #[expect(clippy::disallowed_methods, reason = "bounded by MAX_QUEUED bytes")]
            let queue = crossbeam_channel::unbounded();
            Box::new(Backlog { head: None, queue })
        })
    }

    /// How many bytes from here the next write may hold.
    fn one_write(&self, bytes: &Bytes, from: usize) -> usize {
        let rest = bytes.get(from..).unwrap_or_default();
        let end = match (self.cut, &self.tls) {
            (None, None) => rest.len(),
            (None, Some(_)) => tls::RECORD,
            (Some((cut, segment)), None) => cut(rest, segment),
            // A read of Go's TLS ends with a record as one of TCP does with a segment.
            (Some((cut, _)), Some(_)) => cut(rest, tls::RECORD),
        };
        end.clamp(1, rest.len().max(1))
    }

    /// Offers this to the kernel; `None`: it has no room. Sealed, it is taken as a whole record
    /// or not at all, and what is offered again is not sealed again.
    fn offer(&mut self, stream: &TcpStream, part: &[u8]) -> io::Result<Option<usize>> {
        let is_cut = self.cut.is_some();
        let Some(tls) = &mut self.tls else { return Socket { stream, is_cut }.offer(part) };
        if self.sealed == 0 {
            self.sealed = tls.seal(part)?;
        }
        let is_sent = self.send_sealed(stream)?;
        Ok(is_sent.then(|| std::mem::take(&mut self.sealed)))
    }

    /// Offers what is sealed to the kernel; `false`: it has no room for all of it.
    fn send_sealed(&mut self, stream: &TcpStream) -> io::Result<bool> {
        let is_cut = self.cut.is_some();
        self.tls.as_mut().map_or(Ok(true), |tls| tls.send(&mut Socket { stream, is_cut }))
    }

    /// Says TLS's goodbye, without which the peer would take the end for an accident. `false`:
    /// the kernel has no room for it.
    fn say_last(&mut self, stream: &TcpStream) -> bool {
        if let Some(tls) = &mut self.tls {
            tls.close();
        }
        // An error says that nobody hears it.
        self.send_sealed(stream).unwrap_or(true)
    }

    fn is_shaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_shaking())
    }

    /// Something waits for the kernel to have room.
    fn is_backlogged(&self) -> bool {
        self.queued > 0 || self.tls.as_ref().is_some_and(|tls| tls.is_pending())
    }
}

#[cfg(test)]
mod tests;
