//! What is measured. Each workload is a file, and a row of results for each of its phases.

pub mod fanout;
pub mod idle;
pub mod pairs;
pub mod slow;
pub mod stored;
pub mod storm;

use std::io;
use std::time::Duration;

use crate::clock;
use crate::proc::{self, Pids, Usage};
use crate::report::Row;
use crate::sequence::Faults;

/// Silence that ends the time after people came in, in which others are told so. Longer than the
/// second that our lines collect such notices for.
pub const QUIET: Duration = Duration::from_millis(1_300);

/// A phase that was sent whole and hears nothing more for so long has lost something, nanoseconds.
pub const PATIENCE: u64 = 10 * clock::SECOND;

/// How people write to one another, an answer for each text.
#[derive(Clone, Copy, Debug)]
pub struct Letters {
    /// Texts of each on their way at once.
    pub depth: u64,
    /// Bytes of a text.
    pub size: usize,
    /// How long one waits before the answer.
    pub pause: Duration,
    /// Stamps of senders below this are of others, who talk to all beside them, and do not count.
    pub n_others: usize,
    /// The server's.
    pub pids: Pids,
}

/// How fast to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// So many texts that not everybody has yet.
    Window(u64),
    /// So many texts a second, whatever comes of them.
    Rate(u64),
}

impl Pace {
    /// Reads `w16` or `r50`.
    ///
    /// # Errors
    /// It is neither, for the command line.
    pub fn read(word: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.parse().ok().filter(|number| *number > 0);
        let pace = match word.split_at_checked(1) {
            Some(("w", digits)) => number(digits).map(Self::Window),
            Some(("r", digits)) => number(digits).map(Self::Rate),
            _ => None,
        };
        pace.ok_or_else(|| format!("{word}: say w16 for a window or r50 for a rate"))
    }

    /// As it was read.
    pub fn name(self) -> String {
        match self {
            Self::Window(window) => format!("w{window}"),
            Self::Rate(rate) => format!("r{rate}"),
        }
    }
}

/// The server's and our own processor time and memory over a phase.
#[derive(Debug)]
pub struct Meter {
    pids: Pids,
    began: u64,
    before: Usage,
    before_each: [u64; Pids::MAX],
    own_cpu: u64,
    peak_kib: u64,
    sampled: u64,
}

impl Meter {
    /// Memory is looked at this often, nanoseconds.
    const SAMPLE: u64 = clock::SECOND / 10;

    /// The phase begins. Without processes their figures are zero.
    pub fn start(pids: Pids) -> Self {
        let (before, before_each) = (proc::usage(pids), pids.cpu_of_each());
        let peak_kib = before.rss_kib;
        let began = clock::now();
        let own_cpu = proc::own_cpu();
        Self { pids, began, before, before_each, own_cpu, peak_kib, sampled: began }
    }

    /// When the phase began, nanoseconds since 1970.
    pub fn began(&self) -> u64 {
        self.began
    }

    /// Now and then.
    pub fn sample(&mut self, now: u64) {
        if now.saturating_sub(self.sampled) > Self::SAMPLE {
            self.sampled = now;
            self.peak_kib = self.peak_kib.max(proc::usage(self.pids).rss_kib);
        }
    }

    /// The phase ends: what it cost, also for each of `n` units.
    pub fn stop(&self, n: u64, row: &mut Row) {
        let (now, after, own) = (clock::now(), proc::usage(self.pids), proc::own_cpu());
        let elapsed = clock::seconds(now - self.began);
        let cpu = clock::seconds(after.cpu.saturating_sub(self.before.cpu));
        let own = clock::seconds(own - self.own_cpu);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let count = n.max(1) as f64;
        row.number("secs", elapsed)
            .number("per_s", (count / elapsed).round())
            .number("cpu_s", cpu)
            .number("cpu_us", cpu * 1e6 / count)
            .number("load_cpu_us", own * 1e6 / count)
            .set("rss_kib", self.before.rss_kib)
            .set("rss_peak_kib", self.peak_kib.max(after.rss_kib));
        if self.pids.n() > 1 {
            let each = self.pids.cpu_of_each().into_iter().zip(self.before_each);
            let each = each.map(|(after, before)| after.saturating_sub(before) / 1_000_000);
            let each: Vec<_> = each.take(self.pids.n()).map(|ms| ms.to_string()).collect();
            row.set("cpu_each_ms", each.join(" "));
        }
    }
}

/// Puts the verdict into a row.
pub fn judge(faults: Faults, row: &mut Row) {
    row.set("lost", faults.lost).set("repeated", faults.repeated).set("missing", faults.missing);
}

/// Something that ends the run.
pub fn broken(why: impl Into<String>) -> io::Error {
    io::Error::other(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_are_read() {
        assert_eq!(Pace::read("w16"), Ok(Pace::Window(16)));
        assert_eq!(Pace::read("r50").map(Pace::name), Ok("r50".to_owned()));
        for wrong in ["", "w", "w0", "x1", "50", "é1"] {
            assert!(Pace::read(wrong).is_err(), "{wrong}");
        }
    }
}
