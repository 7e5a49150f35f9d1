//! Log lines on their way to standard error: through a bounded channel to the thread `log`, so
//! that a full pipe stops nobody. Lines that do not fit are dropped and counted.
//!
//! The thread's name is in each line, so `conn-17` tells which connection it is about. Secrets
//! and texts of people are never given to it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use log::{LevelFilter, Log, Metadata, Record};

use crate::{clock, threads};

/// Lines that wait for standard error.
const WAITING: usize = 1_024;

/// How long a flush waits for a pipe that nobody reads.
const FLUSH: Duration = Duration::from_millis(500);

enum Line {
    Text(String),
    /// Everything before it is written.
    Flush(Sender<()>),
}

struct Sink {
    lines: Sender<Line>,
    dropped: AtomicU64,
    level: LevelFilter,
}

/// Starts the thread `log` and makes it the process's logger. Its thread lives as long as the
/// process: the logger is never taken down.
///
/// # Errors
/// No thread is left, or there is a logger already.
pub fn start(level: LevelFilter) -> io::Result<()> {
    let (lines, waiting) = bounded(WAITING);
    threads::spawn("log", move || write_lines(&waiting))?;
    let sink = Sink { lines, dropped: AtomicU64::new(0), level };
    log::set_boxed_logger(Box::new(sink)).map_err(io::Error::other)?;
    log::set_max_level(level);
    Ok(())
}

impl Log for Sink {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= self.level
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let thread = std::thread::current();
        let mut text = format!(
            "{} {:<5} {} {}\n",
            clock::utc(clock::now_ms()),
            record.level(),
            thread.name().unwrap_or("-"),
            record.args()
        );
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            text = format!("({dropped} lines were dropped)\n{text}");
        }
        if self.lines.try_send(Line::Text(text)).is_err() {
            self.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {
        let (done, written) = bounded(1);
        if self.lines.send_timeout(Line::Flush(done), FLUSH).is_ok() {
            // Written, or nobody reads the pipe.
            written.recv_timeout(FLUSH).ok();
        }
    }
}

fn write_lines(waiting: &Receiver<Line>) {
    let mut stderr = io::stderr();
    for line in waiting {
        match line {
            // Nobody can be told that standard error is closed.
            Line::Text(text) => drop(stderr.write_all(text.as_bytes())),
            Line::Flush(done) => {
                done.try_send(()).ok();
            }
        }
    }
}
