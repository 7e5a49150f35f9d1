//! Some of the crowd stop reading: what it costs the others, when they are cut, and whether they
//! find everything when they come back.

use std::io;
use std::time::Duration;

use super::fanout::{self, Phase, Room};
use super::{PATIENCE, Pace, judge};
use crate::clock;
use crate::crowd::{Crowd, ignore};
use crate::histogram::Histogram;
use crate::report::Row;
use crate::scan::Heard;
use crate::sequence::Sequences;

/// A phase in which everybody reads, one in which the last `n_slow` do not, and their coming back.
///
/// # Errors
/// A connection that should not end did; the kernel's.
pub fn run(
    crowd: &mut Crowd,
    room: Room,
    (pace, span): (Pace, Duration),
    n_slow: usize,
) -> io::Result<Vec<Row>> {
    let slow: Vec<usize> = (crowd.n() - n_slow..crowd.n()).collect();
    let (phase, mut all_read) = fanout::run(crowd, room, pace, span)?;
    crowd.acknowledge(phase.last_id);
    all_read.set("slow", 0);
    slow.iter().for_each(|peer| crowd.mute(*peer, true));
    let room = Room { n_mute: n_slow, ..room };
    let began = clock::now();
    let (phase, mut some_do_not) = fanout::run(crowd, room, pace, span)?;
    wait_for_cuts(crowd, &slow)?;
    let mut cut_after = Histogram::default();
    for at in slow.iter().filter_map(|peer| crowd.gone_at(*peer)) {
        cut_after.add(at.saturating_sub(began));
    }
    some_do_not.set("slow", n_slow as u64).set("cut", cut_after.n());
    some_do_not.number("cut_after_s", clock::seconds(cut_after.quantile(0.5)));
    let mut rows = vec![all_read, some_do_not];
    // Others have nothing that waits for them.
    if crowd.dialect.acknowledges() {
        rows.push(come_back(crowd, &slow, &phase)?);
    }
    Ok(rows)
}

/// Who is told that it is too slow may still be closing when everybody else is done.
fn wait_for_cuts(crowd: &mut Crowd, slow: &[usize]) -> io::Result<()> {
    let end = clock::now() + PATIENCE;
    while clock::now() < end && slow.iter().any(|peer| crowd.gone_at(*peer).is_none()) {
        crowd.poll(Duration::from_millis(50), &mut ignore)?;
    }
    Ok(())
}

/// The slow ones come back and read what they are sent.
fn come_back(crowd: &mut Crowd, slow: &[usize], phase: &Phase) -> io::Result<Row> {
    for peer in slow {
        crowd.leave(*peer);
        crowd.mute(*peer, false);
    }
    let n_texts: u64 = (0..phase.n_senders()).map(|sender| phase.sent(sender)).sum();
    let wanted = n_texts * slow.len() as u64;
    let mut found = Found {
        start: phase.start(),
        n: 0,
        n_skipped: 0,
        last: clock::now(),
        sequences: Sequences::new(crowd.n(), phase.n_senders()),
    };
    let began = clock::now();
    crowd.bring_in(slow, slow.len(), &mut |_, peer, heard, now| found.hear(peer, heard, now))?;
    while found.n + found.n_skipped < wanted && clock::now() - found.last < PATIENCE {
        let wait = Duration::from_millis(50);
        crowd.poll(wait, &mut |_, peer, heard, now| found.hear(peer, heard, now))?;
    }
    let mut row = Row::default();
    row.set("pace", "back").set("texts", n_texts);
    row.set("deliveries", found.n).set("skipped", found.n_skipped);
    row.number("secs", clock::seconds(found.last.saturating_sub(began)));
    let first_slow = crowd.n() - slow.len();
    let faults = found.sequences.close(&|receiver, sender| {
        if receiver >= first_slow { phase.sent(sender) } else { 0 }
    });
    judge(faults, &mut row);
    Ok(row)
}

/// What the slow ones find.
struct Found {
    start: u64,
    n: u64,
    n_skipped: u64,
    last: u64,
    sequences: Sequences,
}

impl Found {
    fn hear(&mut self, peer: usize, heard: Heard, now: u64) {
        match heard {
            Heard::Said { stamp, .. } if !stamp.is_before(self.start) => {
                self.n += u64::from(self.sequences.heard(peer, stamp));
                self.last = now;
            }
            Heard::Skipped(count) => self.n_skipped += count,
            _ => {}
        }
    }
}
