//! Where the program takes what happened, and says by that what it is done with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::Update;
use crate::protocol::RoomId;

/// What happened, in order. Has one reader.
#[derive(Debug)]
pub struct Updates {
    updates: Receiver<Update>,
    handled: Arc<Handled>,
    taken: AtomicU64,
}

/// What the program is done with, as the connection thread sees it.
#[derive(Debug, Default)]
pub(super) struct Handled {
    /// What was taken before it asked for the next.
    number: AtomicU64,
    only: OnceLock<RoomId>,
}

impl Handled {
    /// So many updates; and the room that alone counts as received, if there is one. Who chose
    /// it before asking for an update is believed before this counts as dealt with.
    pub(super) fn so_far(&self) -> (u64, Option<RoomId>) {
        let number = self.number.load(Ordering::Acquire);
        (number, self.only.get().copied())
    }
}

impl Updates {
    pub(super) fn new(updates: Receiver<Update>, handled: Arc<Handled>) -> Self {
        Self { updates, handled, taken: AtomicU64::new(0) }
    }

    /// Blocks until something happens, up to `wait`. Asking says that everything returned so far
    /// has been dealt with: shown, stored, whatever "taken" means to the program.
    ///
    /// # Errors
    /// [`Quiet`]: nothing happened, or nothing will.
    pub fn next(&self, wait: Duration) -> Result<Update, Quiet> {
        self.handled.number.store(self.taken.load(Ordering::Relaxed), Ordering::Release);
        let update = self.updates.recv_timeout(wait).map_err(|error| match error {
            RecvTimeoutError::Timeout => Quiet::Yet,
            RecvTimeoutError::Disconnected => Quiet::ForGood,
        })?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(update)
    }

    /// Of what is said only this room counts as received from now on, for a program that shows
    /// nothing else: what was said elsewhere comes again to the next one under this device's
    /// name. The first room chosen stays.
    pub fn count_only(&self, room: RoomId) {
        self.handled.only.get_or_init(|| room);
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
