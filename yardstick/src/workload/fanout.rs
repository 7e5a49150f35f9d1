//! A few speak, everybody hears it.

use std::io;
use std::time::Duration;

use super::{Meter, PATIENCE, Pace, broken, judge};
use crate::clock::{self, SECOND};
use crate::crowd::Crowd;
use crate::histogram::Histogram;
use crate::proc::Pids;
use crate::report::{Progress, Row};
use crate::scan::Heard;
use crate::sequence::Sequences;
use crate::stamp::Stamp;

/// A sender that the server does not read from gets no more than so many bytes ahead.
const MAX_UNSENT: usize = 1 << 20;

/// What stays the same over the phases of a run.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The first so many of the crowd speak.
    pub n_senders: usize,
    /// The last so many read nothing.
    pub n_mute: usize,
    /// Bytes of a text.
    pub size: usize,
    /// The server's.
    pub pids: Pids,
}

/// What a phase came to.
#[derive(Debug)]
pub struct Phase {
    room: Room,
    pace: Pace,
    /// When it began, nanoseconds since 1970.
    start: u64,
    /// Texts by sender.
    sent: Vec<u64>,
    n_sent: u64,
    n_delivered: u64,
    /// Of them, to those who do not speak.
    n_to_listeners: u64,
    n_stored: u64,
    n_refused: u64,
    /// The last id that the server gave.
    pub last_id: u64,
    /// How many deliveries a text makes.
    n_hearers: u64,
    last_heard: u64,
    latency: Histogram,
    ack_latency: Histogram,
    sequences: Sequences,
}

/// Speaks for `span`, then waits until everybody has everything. What is at fault is in the row.
///
/// # Errors
/// A connection that should not end did; the kernel's.
pub fn run(crowd: &mut Crowd, room: Room, pace: Pace, span: Duration) -> io::Result<(Phase, Row)> {
    let mut meter = Meter::start(room.pids);
    let mut phase = Phase::new(crowd, room, pace, meter.began());
    let end = meter.began() + clock::nanos(span);
    let mut progress = Progress::new(&format!("fanout {}", pace.name()));
    crowd.take_bytes();
    loop {
        let now = clock::now();
        if now < end {
            phase.speak(crowd, now);
        } else if phase.is_complete(crowd) || now - phase.last_heard.max(end) > PATIENCE {
            break;
        }
        if let Some(trouble) = crowd.trouble() {
            return Err(broken(trouble));
        }
        meter.sample(now);
        progress.tell(now, || phase.to_string());
        let wait = phase.until_next(now).min(Duration::from_millis(50));
        crowd.poll(wait, &mut |crowd, peer, heard, now| phase.hear(crowd, (peer, heard), now))?;
    }
    let row = phase.row(crowd, &meter);
    Ok((phase, row))
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} texts, {} deliveries", self.n_sent, self.n_delivered)
    }
}

impl Phase {
    fn new(crowd: &Crowd, room: Room, pace: Pace, start: u64) -> Self {
        let n = crowd.n();
        let n_listeners = if crowd.dialect.speakers_listen() { n } else { n - room.n_senders };
        let itself = crowd.dialect.speakers_listen() && !crowd.dialect.hears_itself();
        let n_hearers = (n_listeners - room.n_mute - usize::from(itself)) as u64;
        Self {
            room,
            pace,
            start,
            sent: vec![0; room.n_senders],
            n_sent: 0,
            n_delivered: 0,
            n_to_listeners: 0,
            n_stored: 0,
            n_refused: 0,
            last_id: 0,
            n_hearers,
            last_heard: start,
            latency: Histogram::default(),
            ack_latency: Histogram::default(),
            sequences: Sequences::new(n, room.n_senders),
        }
    }

    /// Texts of a sender.
    pub fn sent(&self, sender: usize) -> u64 {
        self.sent[sender]
    }

    /// How many speak.
    pub fn n_senders(&self) -> usize {
        self.sent.len()
    }

    /// When it began, nanoseconds since 1970.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// How many texts may have been sent by now.
    fn allowed(&self, now: u64) -> u64 {
        match self.pace {
            Pace::Window(window) => self.n_delivered / self.n_hearers.max(1) + window,
            Pace::Rate(rate) => (now - self.start) * rate / SECOND + 1,
        }
    }

    /// When a text is said to be sent: with a rate, when it should have been.
    fn time_of(&self, nth: u64, now: u64) -> u64 {
        match self.pace {
            Pace::Window(_) => now,
            Pace::Rate(rate) => self.start + nth * SECOND / rate,
        }
    }

    fn until_next(&self, now: u64) -> Duration {
        match self.pace {
            Pace::Window(_) => Duration::MAX,
            Pace::Rate(_) => {
                Duration::from_nanos(self.time_of(self.n_sent, now).saturating_sub(now))
            }
        }
    }

    fn speak(&mut self, crowd: &mut Crowd, now: u64) {
        let n = self.allowed(now).saturating_sub(self.n_sent);
        let n_senders = self.room.n_senders as u64;
        for _ in 0..n {
            let sender = usize::try_from(self.n_sent % n_senders).unwrap_or(0);
            if crowd.n_unsent(sender) > MAX_UNSENT {
                break;
            }
            let stamp = Stamp::new(sender, self.sent[sender], self.time_of(self.n_sent, now));
            crowd.say(sender, stamp, self.room.size);
            self.sent[sender] += 1;
            self.n_sent += 1;
        }
        if n > 0 {
            (0..self.room.n_senders).for_each(|sender| crowd.flush(sender));
        }
    }

    fn hear(&mut self, crowd: &mut Crowd, (peer, heard): (usize, Heard), now: u64) {
        self.last_heard = now;
        match heard {
            Heard::Said { stamp, again: false } if !stamp.is_before(self.start) => {
                let is_own = stamp.sender == peer && !crowd.dialect.hears_itself();
                if self.sequences.heard(peer, stamp) && !is_own {
                    self.n_delivered += 1;
                    self.n_to_listeners += u64::from(peer >= self.room.n_senders);
                    self.latency.add(stamp.age(now));
                }
            }
            Heard::Stored { stamp, id } if !stamp.is_before(self.start) => {
                self.n_stored += 1;
                self.last_id = self.last_id.max(id);
                self.ack_latency.add(stamp.age(now));
            }
            Heard::Refused => self.n_refused += 1,
            _ => {}
        }
    }

    fn is_complete(&self, crowd: &Crowd) -> bool {
        let is_stored = !crowd.dialect.acknowledges() || self.n_stored >= self.n_sent;
        is_stored && self.n_delivered >= self.n_sent * self.n_hearers
    }

    /// How many texts of a sender somebody should have heard.
    fn due(&self, crowd: &Crowd, receiver: usize, sender: usize) -> u64 {
        let is_mute = receiver >= crowd.n() - self.room.n_mute;
        let is_deaf = receiver < self.room.n_senders && !crowd.dialect.speakers_listen();
        let is_itself = receiver == sender && !crowd.dialect.hears_itself();
        if is_mute || is_deaf || is_itself { 0 } else { self.sent[sender] }
    }

    fn row(&mut self, crowd: &mut Crowd, meter: &Meter) -> Row {
        let mut row = Row::default();
        row.set("pace", self.pace.name()).set("texts", self.n_sent);
        row.set("deliveries", self.n_delivered);
        meter.stop(self.n_delivered, &mut row);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let bytes = crowd.take_bytes() as f64 / self.n_to_listeners.max(1) as f64;
        row.number("bytes", bytes).latency("lat", &self.latency);
        let empty = Sequences::new(0, 1);
        let sequences = std::mem::replace(&mut self.sequences, empty);
        let mut faults = sequences.close(&|receiver, sender| self.due(crowd, receiver, sender));
        if crowd.dialect.acknowledges() {
            row.set("stored", self.n_stored).latency("ack", &self.ack_latency);
            faults.missing += self.n_sent.saturating_sub(self.n_stored);
        }
        faults.lost += self.n_refused;
        judge(faults, &mut row);
        row
    }
}
