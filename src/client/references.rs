//! The names of sends: what makes a repeat known as one.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;
use crate::protocol::Reference;

/// References of one run: times in microseconds that never come twice, with something random
/// behind for two runs within one. What many clients send at a time then stands together in the
/// server's index: in an order of their own, 64 senders took four times as long to be stored.
#[derive(Debug)]
pub(super) struct References {
    random: u16,
    last: AtomicU64,
}

impl References {
    pub(super) fn new() -> io::Result<Self> {
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        Ok(Self { random: u16::from_be_bytes(random), last: AtomicU64::new(0) })
    }

    pub(super) fn next(&self) -> Option<Reference> {
        let now = u64::try_from(clock::now_ms().0).unwrap_or(0).saturating_mul(1000);
        let after = |last: u64| Some(now.max(last + 1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).ok()?;
        Reference::new(&format!("{:014x}-{:04x}", now.max(last + 1), self.random))
    }
}
