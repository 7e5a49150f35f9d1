//! Refusing connections that do not fit: each is told why in its own language, by the thread
//! `refuse`, as long as there are not too many at once. The log has the first of them and then a
//! line a second, however many there are.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::accept::Kind;
use super::lock;
use crate::front::{self, Front, Sniff, Speech};
use crate::outbox::{Flusher, Outbox};
use crate::protocol::{Event, Farewell};
use crate::session::Encryption;
use crate::transport::{Heard, Reader};
use crate::{clock, threads, tls};

/// Connections that wait to be refused politely; beyond them they are just closed.
const MAX_REFUSING: usize = 32;

/// How long one that is refused has to show its language.
const REFUSE_TIME: Duration = Duration::from_millis(100);

/// Between two lines of the log.
const QUIET: Duration = Duration::from_secs(1);

/// A connection that does not fit.
pub(super) struct Refused {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) kind: Kind,
    pub(super) why: Farewell,
}

/// Where connections are refused. Shared by the accept threads.
pub(super) struct Door {
    to: Sender<Refused>,
    /// A counter: nobody waits while it is locked.
    tally: Arc<Mutex<Tally>>,
}

impl Door {
    /// Starts the thread `refuse`. It ends with the last accept thread; nobody has to wait for it.
    ///
    /// # Errors
    /// The kernel has no room for a thread.
    pub(super) fn start(flusher: Flusher) -> io::Result<Self> {
        let (to, refused) = bounded(MAX_REFUSING);
        let door = Self { to, tally: Arc::default() };
        let tally = Arc::clone(&door.tally);
        threads::spawn("refuse", move || refuse_all(&refused, &tally, &flusher))?;
        Ok(door)
    }

    /// Refuses this one. Never blocks; where too many are refused at once, it is just closed.
    pub(super) fn refuse(&self, refused: Refused) {
        let line = lock(&self.tally).add(refused.peer, refused.why, clock::now());
        if let Some(line) = line {
            log::warn!("{line}");
        }
        self.to.try_send(refused).ok();
    }
}

/// Refuses one after the other.
fn refuse_all(refused: &Receiver<Refused>, tally: &Mutex<Tally>, flusher: &Flusher) {
    loop {
        let due = lock(tally).due();
        let next = match due {
            Some(due) => refused.recv_deadline(due),
            None => refused.recv().map_err(|_all_gone| RecvTimeoutError::Disconnected),
        };
        if let Some(line) = lock(tally).line(clock::now()) {
            log::warn!("{line}");
        }
        match next {
            Ok(refused) => say_why(refused, flusher),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Says why, in the language of the port or of the first bytes.
fn say_why(Refused { stream, kind, why, .. }: Refused, flusher: &Flusher) {
    let stream = Arc::new(stream);
    let mut reader = Reader::new(Arc::clone(&stream));
    let said = |front: &'static Front| (front.dialect)(Speech::default());
    let dialect = match (kind.encryption, kind.front) {
        // There is no time for a handshake, and without one only an alert can be told.
        (Encryption::Always, _) => None,
        (_, Some(front)) => Some(said(front)),
        (_, None) => match reader.hear(Some(REFUSE_TIME)) {
            Heard::Bytes(_) => match front::sniff(&reader.take()) {
                Sniff::Front(front) => Some(said(front)),
                Sniff::Tls => None,
                _ => Some(said(front::silent())),
            },
            _ => Some(said(front::silent())),
        },
    };
    let outbox = Outbox::new(stream, flusher.clone(), dialect.and_then(|dialect| dialect.cut));
    let words = dialect.map(|dialect| dialect.bytes(&Event::Farewell(why)));
    outbox.finish(&words.unwrap_or_else(|| tls::NO_TLS.into()));
}

/// What the log says of refusals: the first at once, those of the second after it in one line.
#[derive(Debug, Default)]
struct Tally {
    said_at: Option<Instant>,
    unsaid: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Somebody is refused: the line for the log, if one is due.
    fn add(&mut self, peer: SocketAddr, why: Farewell, now: Instant) -> Option<String> {
        if self.unsaid.is_empty() && self.said_at.is_none_or(|at| now >= at + QUIET) {
            self.said_at = Some(now);
            return Some(format!("refused {peer}: {}", why.name()));
        }
        *self.unsaid.entry(why.name()).or_default() += 1;
        self.line(now)
    }

    /// When a line is due, if nobody else is refused.
    fn due(&self) -> Option<Instant> {
        self.said_at.filter(|_| !self.unsaid.is_empty()).map(|at| at + QUIET)
    }

    /// The line about those whom the log has not named, when it is due.
    fn line(&mut self, now: Instant) -> Option<String> {
        self.due().filter(|due| *due <= now)?;
        self.said_at = Some(now);
        let unsaid = std::mem::take(&mut self.unsaid);
        let counts: Vec<_> = unsaid.iter().map(|(why, n)| format!("{n} {why}")).collect();
        Some(format!("refused more: {}", counts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_the_first_refusal_and_then_a_line_a_second() {
        let mut tally = Tally::default();
        let peer = SocketAddr::from(([192, 0, 2, 1], 7));
        let began = clock::now();
        let first = tally.add(peer, Farewell::ServerFull, began);
        assert_eq!(first.as_deref(), Some("refused 192.0.2.1:7: server_full"));
        for ms in 0..999 {
            let now = began + Duration::from_millis(ms);
            assert_eq!(tally.add(peer, Farewell::ServerFull, now), None);
        }
        assert_eq!(tally.add(peer, Farewell::TooManyFromAddress, began), None);
        let due = tally.due().expect("somebody is not named yet");
        assert_eq!(due, began + QUIET);
        let rest = tally.line(due);
        let expected = "refused more: 999 server_full, 1 too_many_from_address";
        assert_eq!(rest.as_deref(), Some(expected));
        assert_eq!((tally.due(), tally.line(due + QUIET)), (None, None), "all are named");
        let later = tally.add(peer, Farewell::ServerFull, due + QUIET);
        assert_eq!(later, first, "whoever comes after a quiet second is named again");
    }

    #[test]
    fn while_many_are_refused_there_is_a_line_a_second_without_anybody_waiting_for_it() {
        let mut tally = Tally::default();
        let peer = SocketAddr::from(([192, 0, 2, 1], 7));
        let began = clock::now();
        let moments = (0..10_000).map(|ms| began + Duration::from_millis(ms));
        let lines: Vec<_> =
            moments.filter_map(|now| tally.add(peer, Farewell::ServerFull, now)).collect();
        assert_eq!(lines.len(), 10);
    }
}
