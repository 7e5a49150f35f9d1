//! Bringing people in, a bounded number at a time.

use std::io;
use std::time::Duration;

use super::{Crowd, On, Place, ignore};
use crate::clock::{self, SECOND};
use crate::dialect::Entry;
use crate::histogram::Histogram;
use crate::report::Progress;
use crate::scan;

/// Nothing may happen for so long while people come in, nanoseconds.
const PATIENCE: u64 = 60 * SECOND;

/// How it went.
#[derive(Debug, Default)]
pub struct Entered {
    /// Nanoseconds from the first connection to the last one being in.
    pub elapsed: u64,
    /// From the beginning of a connection to its being in.
    pub latency: Histogram,
    /// How often somebody was told to come later, or could not connect.
    pub n_later: u64,
}

/// Where each of those that come in is.
struct Queue {
    waiting: Vec<usize>,
    coming: Vec<usize>,
}

impl Crowd {
    /// Brings in all of `peers`, at most `n_at_once` at a time. `on` is told what those hear that
    /// are in.
    ///
    /// # Errors
    /// Somebody is refused for good, or nothing happens for a minute.
    pub fn bring_in(
        &mut self,
        peers: &[usize],
        n_at_once: usize,
        on: On<'_>,
    ) -> io::Result<Entered> {
        let mut entered = Entered::default();
        let mut progress = Progress::new("coming in");
        let mut queue =
            Queue { waiting: peers.iter().rev().copied().collect(), coming: Vec::new() };
        let began = clock::now();
        let mut last = (0, began);
        loop {
            let now = clock::now();
            self.sort_out(&mut queue, &mut entered);
            let n_done = peers.len() - queue.waiting.len() - queue.coming.len();
            if n_done == peers.len() {
                break;
            }
            if n_done > last.0 {
                last = (n_done, now);
            } else if now - last.1 > PATIENCE || self.has_lost_one(&queue.coming) {
                return Err(self.stuck(n_done, peers.len()));
            }
            while queue.coming.len() < n_at_once && self.is_due(queue.waiting.last(), now) {
                let Some(peer) = queue.waiting.pop() else { break };
                self.connect(peer);
                queue.coming.push(peer);
            }
            progress.tell(now, || format!("{n_done} of {}", peers.len()));
            self.poll(Duration::from_millis(10), on)?;
        }
        entered.elapsed = clock::now() - began;
        Ok(entered)
    }

    fn is_due(&self, next: Option<&usize>, now: u64) -> bool {
        !matches!(next.map(|peer| self.peers[*peer].place), Some(Place::Later(at)) if at > now)
    }

    /// Takes out who is in; who is to come later waits behind all others.
    fn sort_out(&self, queue: &mut Queue, entered: &mut Entered) {
        let waiting = &mut queue.waiting;
        queue.coming.retain(|peer| {
            let one = &self.peers[*peer];
            match one.place {
                Place::In => entered.latency.add(one.entered - one.began),
                Place::Later(_) => {
                    entered.n_later += 1;
                    waiting.insert(0, *peer);
                }
                Place::Connecting | Place::Entering | Place::Gone(_) => return true,
            }
            false
        });
    }

    fn has_lost_one(&self, coming: &[usize]) -> bool {
        coming.iter().any(|peer| matches!(self.peers[*peer].place, Place::Gone(_)))
    }

    fn stuck(&self, n_done: usize, n: usize) -> io::Error {
        let why = self.trouble().unwrap_or("nothing happens");
        io::Error::other(format!("{n_done} of {n} came in: {why}"))
    }

    /// Gives the buffer to the dialect, unit by unit: how many bytes are done with.
    pub(super) fn enter(&mut self, peer: usize) -> usize {
        let mut done = 0;
        while self.peers[peer].place == Place::Entering {
            let unit = scan::next_unit(self.dialect.framing(), &self.buffer[done..]);
            let (start, end, next) = match unit {
                Ok(Some(unit)) => unit,
                Ok(None) => break,
                Err(scan::NoFrame) => {
                    self.lose(peer, "sent what is no frame");
                    break;
                }
            };
            let one = &mut self.peers[peer];
            let unit = &self.buffer[done + start..done + end];
            let entry = self.dialect.enter(&one.who, unit, &mut one.out);
            done += next;
            match entry {
                Entry::Wait => self.flush(peer),
                Entry::In => self.is_now_in(peer),
                Entry::Later => {
                    one.wire = None;
                    one.kept.clear();
                    one.place = Place::Later(clock::now() + SECOND);
                }
                Entry::Refused(why) => self.lose(peer, &why),
            }
        }
        done
    }

    pub(super) fn is_now_in(&mut self, peer: usize) {
        let one = &mut self.peers[peer];
        one.place = Place::In;
        one.entered = clock::now();
        self.n_in += 1;
        self.flush(peer);
    }

    /// Reads for so long, whatever comes.
    ///
    /// # Errors
    /// The kernel's.
    pub fn stay(&mut self, span: Duration) -> io::Result<()> {
        let end = clock::now() + clock::nanos(span);
        while clock::now() < end {
            self.poll(Duration::from_millis(10), &mut ignore)?;
        }
        Ok(())
    }

    /// Reads until nothing has come for `quiet`, at most a minute.
    ///
    /// # Errors
    /// The kernel's.
    pub fn settle(&mut self, quiet: Duration) -> io::Result<()> {
        let (began, quiet) = (clock::now(), clock::nanos(quiet));
        let (mut last, mut bytes) = (began, self.bytes);
        while clock::now() - last < quiet && clock::now() - began < PATIENCE {
            self.poll(Duration::from_millis(10), &mut ignore)?;
            if self.bytes != bytes {
                (last, bytes) = (clock::now(), self.bytes);
            }
        }
        Ok(())
    }
}
