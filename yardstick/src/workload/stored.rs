//! Everybody writes to somebody who is away, and writes again when that is stored: how many
//! messages a second are stored and acknowledged, and how long one waits for the word.

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

struct Writing {
    letters: Letters,
    start: u64,
    end: u64,
    sent: Vec<u64>,
    n_stored: u64,
    n_refused: u64,
    last_heard: u64,
    latency: Histogram,
    /// Each hears of its own alone.
    sequences: Sequences,
}

/// All of the crowd but the last one, who is away, write for `span`; then everybody waits until
/// all is stored.
///
/// # Errors
/// A connection that should not end did; the kernel's.
pub fn run(crowd: &mut Crowd, letters: Letters, span: Duration) -> io::Result<Row> {
    let meter = Meter::start(letters.pids);
    let n = crowd.n() - 1;
    let mut writing = Writing {
        letters,
        start: meter.began(),
        end: meter.began() + clock::nanos(span),
        sent: vec![0; n],
        n_stored: 0,
        n_refused: 0,
        last_heard: meter.began(),
        latency: Histogram::default(),
        sequences: Sequences::new(n, 1),
    };
    let mut progress = Progress::new("stored");
    for peer in 0..n {
        (0..letters.depth).for_each(|_| writing.write(crowd, peer));
        crowd.flush(peer);
    }
    loop {
        let now = clock::now();
        let is_complete = writing.n_stored == writing.sent.iter().sum::<u64>();
        if now >= writing.end && (is_complete || now - writing.last_heard > PATIENCE) {
            break;
        }
        if let Some(trouble) = crowd.trouble() {
            return Err(broken(trouble));
        }
        progress.tell(now, || format!("{} texts", writing.n_stored));
        crowd.poll(Duration::from_millis(50), &mut |crowd, peer, heard, now| {
            writing.hear(crowd, (peer, heard), now);
        })?;
    }
    Ok(writing.row(&meter))
}

impl Writing {
    fn write(&mut self, crowd: &mut Crowd, from: usize) {
        let stamp = Stamp::new(from, self.sent[from], clock::now());
        crowd.tell((from, crowd.n() - 1), stamp, self.letters.size);
        self.sent[from] += 1;
    }

    fn hear(&mut self, crowd: &mut Crowd, (peer, heard): (usize, Heard), now: u64) {
        self.last_heard = now;
        match heard {
            Heard::Stored { stamp, .. } if !stamp.is_before(self.start) => {
                let place = if stamp.sender == peer { 0 } else { usize::MAX };
                if self.sequences.heard(peer, stamp.by(place)) {
                    self.n_stored += 1;
                    self.latency.add(stamp.age(now));
                    if now < self.end {
                        self.write(crowd, peer);
                        crowd.flush(peer);
                    }
                }
            }
            Heard::Refused => self.n_refused += 1,
            _ => {}
        }
    }

    fn row(self, meter: &Meter) -> Row {
        let mut row = Row::default();
        row.set("depth", self.letters.depth).set("stored", self.n_stored);
        meter.stop(self.n_stored, &mut row);
        row.latency("ack", &self.latency);
        let mut faults: Faults = self.sequences.close(&|writer, _| self.sent[writer]);
        faults.lost += self.n_refused;
        judge(faults, &mut row);
        row
    }
}
