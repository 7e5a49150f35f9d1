//! Does the store answer? Set by the journal's thread, read by every session's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A store that has not answered for so many milliseconds is called busy: who sends is told so
/// instead of being left to wonder.
const STALLED_MS: u64 = 2_000;

/// Since when the journal has been waiting for the store.
#[derive(Debug)]
pub struct Health {
    origin: Instant,
    /// Milliseconds after `origin`; 0: not waiting.
    asked_at: AtomicU64,
}

impl Health {
    /// Nothing is being waited for. `origin` is any moment before the first question.
    pub fn new(origin: Instant) -> Self {
        Self { origin, asked_at: AtomicU64::new(0) }
    }

    /// The store is asked now. A question that is repeated counts from the first time.
    pub fn asked(&self, now: Instant) {
        let at = self.since_origin(now).max(1);
        // It may count already.
        self.asked_at.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed).ok();
    }

    /// It has answered.
    pub fn answered(&self) {
        self.asked_at.store(0, Ordering::Relaxed);
    }

    /// Has it been asked long ago, without an answer?
    pub fn is_stalled(&self, now: Instant) -> bool {
        let at = self.asked_at.load(Ordering::Relaxed);
        at != 0 && self.since_origin(now) > at.saturating_add(STALLED_MS)
    }

    fn since_origin(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.origin).as_millis()).unwrap_or(u64::MAX)
    }
}
