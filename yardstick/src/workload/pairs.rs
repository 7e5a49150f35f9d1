//! Two and two write to each other, an answer for each text.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use super::{Letters, Meter, PATIENCE, broken, judge};
use crate::clock;
use crate::crowd::Crowd;
use crate::histogram::Histogram;
use crate::report::{Progress, Row};
use crate::scan::Heard;
use crate::sequence::{Faults, Sequences};
use crate::stamp::Stamp;

struct Exchange {
    letters: Letters,
    start: u64,
    end: u64,
    sent: Vec<u64>,
    /// Who answers when, in this order.
    due: VecDeque<(u64, usize)>,
    n_stored: u64,
    n_refused: u64,
    n_delivered: u64,
    last_heard: u64,
    latency: Histogram,
    sequences: Sequences,
}

/// Writes for `span`, then waits until everybody has everything.
///
/// # Errors
/// A connection that should not end did; the kernel's.
pub fn run(crowd: &mut Crowd, letters: Letters, span: Duration) -> io::Result<Row> {
    let mut meter = Meter::start(letters.pids);
    let start = meter.began();
    let mut exchange = Exchange {
        letters,
        start,
        end: start + clock::nanos(span),
        sent: vec![0; crowd.n()],
        due: VecDeque::new(),
        n_stored: 0,
        n_refused: 0,
        n_delivered: 0,
        last_heard: start,
        latency: Histogram::default(),
        sequences: Sequences::new(crowd.n(), 1),
    };
    let mut progress = Progress::new("pairs");
    crowd.take_bytes();
    for peer in (0..crowd.n()).step_by(2) {
        (0..letters.depth).for_each(|_| exchange.write(crowd, peer));
    }
    loop {
        let now = clock::now();
        if now >= exchange.end
            && (exchange.is_complete(crowd) || now - exchange.last_heard > PATIENCE)
        {
            break;
        }
        if let Some(trouble) = crowd.trouble() {
            return Err(broken(trouble));
        }
        meter.sample(now);
        progress.tell(now, || format!("{} texts", exchange.n_delivered));
        exchange.answer(crowd, now);
        crowd.poll(exchange.until_next(now), &mut |crowd, peer, heard, now| {
            exchange.hear(crowd, (peer, heard), now);
        })?;
    }
    Ok(exchange.row(crowd, &meter))
}

impl Exchange {
    fn write(&mut self, crowd: &mut Crowd, from: usize) {
        let sender = self.letters.n_others + from;
        let stamp = Stamp::new(sender, self.sent[from], clock::now());
        crowd.tell((from, from ^ 1), stamp, self.letters.size);
        crowd.flush(from);
        self.sent[from] += 1;
    }

    /// Whoever has waited long enough writes.
    fn answer(&mut self, crowd: &mut Crowd, now: u64) {
        while let Some((_, peer)) = self.due.pop_front_if(|(at, _)| *at <= now) {
            if now < self.end {
                self.write(crowd, peer);
            }
        }
    }

    fn until_next(&self, now: u64) -> Duration {
        let next = self.due.front().map_or(u64::MAX, |(at, _)| at.saturating_sub(now));
        Duration::from_nanos(next).min(Duration::from_millis(50))
    }

    fn hear(&mut self, crowd: &mut Crowd, (peer, heard): (usize, Heard), now: u64) {
        let n_others = self.letters.n_others;
        if matches!(heard, Heard::Said { stamp, .. } if stamp.sender < n_others) {
            return;
        }
        self.last_heard = now;
        match heard {
            Heard::Said { stamp, again: false } if !stamp.is_before(self.start) => {
                // Anybody else's has no place in the sequence, and is a fault.
                let place = if stamp.sender == n_others + (peer ^ 1) { 0 } else { usize::MAX };
                if self.sequences.heard(peer, stamp.by(place)) {
                    self.n_delivered += 1;
                    self.latency.add(stamp.age(now));
                    self.due.push_back((now + clock::nanos(self.letters.pause), peer));
                    self.answer(crowd, now);
                }
            }
            Heard::Stored { .. } => self.n_stored += 1,
            Heard::Refused => self.n_refused += 1,
            _ => {}
        }
    }

    fn is_complete(&self, crowd: &Crowd) -> bool {
        let n_sent: u64 = self.sent.iter().sum();
        let is_stored = !crowd.dialect.acknowledges() || self.n_stored >= n_sent;
        is_stored && self.n_delivered >= n_sent
    }

    fn row(self, crowd: &mut Crowd, meter: &Meter) -> Row {
        let mut row = Row::default();
        row.set("depth", self.letters.depth).set("deliveries", self.n_delivered);
        meter.stop(self.n_delivered, &mut row);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let bytes = crowd.take_bytes() as f64 / self.n_delivered.max(1) as f64;
        row.number("bytes", bytes).latency("lat", &self.latency);
        let mut faults: Faults = self.sequences.close(&|receiver, _| self.sent[receiver ^ 1]);
        if crowd.dialect.acknowledges() {
            faults.missing += self.sent.iter().sum::<u64>().saturating_sub(self.n_stored);
        }
        faults.lost += self.n_refused;
        judge(faults, &mut row);
        row
    }
}
