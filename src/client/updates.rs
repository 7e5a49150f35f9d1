//! Where the program takes what happened, and says by that what it is done with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::Update;

/// What happened, in order. Has one reader.
#[derive(Debug)]
pub struct Updates {
    updates: Receiver<Update>,
    /// How many the program is done with: what was taken before it asked for the next.
    handled: Arc<AtomicU64>,
    taken: AtomicU64,
}

impl Updates {
    /// `handled` is where the connection thread sees how many the program is done with.
    pub(super) fn new(updates: Receiver<Update>, handled: Arc<AtomicU64>) -> Self {
        Self { updates, handled, taken: AtomicU64::new(0) }
    }

    /// Blocks until something happens, up to `wait`. Asking says that everything returned so far
    /// has been dealt with: shown, stored, whatever "taken" means to the program.
    ///
    /// # Errors
    /// [`Quiet`]: nothing happened, or nothing will.
    pub fn next(&self, wait: Duration) -> Result<Update, Quiet> {
        self.handled.store(self.taken.load(Ordering::Relaxed), Ordering::Release);
        let update = self.updates.recv_timeout(wait).map_err(|error| match error {
            RecvTimeoutError::Timeout => Quiet::Yet,
            RecvTimeoutError::Disconnected => Quiet::ForGood,
        })?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(update)
    }

    /// For a `select` that waits for updates among other things, by its `ready`: what is there
    /// is taken by [`Updates::next`] alone.
    pub fn arrivals(&self) -> &Receiver<Update> {
        &self.updates
    }
}

/// There is no update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Nothing happened in the time given.
    Yet,
    /// The client is closed and everything was read.
    ForGood,
}
