//! Since when a stage has been led, and by whom: for the log, when that takes too long.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::clock;

/// No round takes this long, unless a store hangs or a thread does.
const TOO_LONG: Duration = Duration::from_secs(5);

/// The round that is being led. Its lock is held for a look only.
#[derive(Debug, Default)]
pub(super) struct Watch {
    round: Mutex<Option<Round>>,
}

#[derive(Debug)]
struct Round {
    leader: Thread,
    since: Instant,
    is_told: bool,
}

impl Watch {
    /// The calling thread leads from now on.
    pub(super) fn begin(&self) {
        *self.lock() =
            Some(Round { leader: thread::current(), since: clock::now(), is_told: false });
    }

    /// It does not any more.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    /// Somebody else leads: logged once per round if that takes too long.
    pub(super) fn look(&self) {
        let mut round = self.lock();
        let Some(round) = round.as_mut().filter(|round| !round.is_told) else { return };
        let taken = clock::now().saturating_duration_since(round.since);
        if taken > TOO_LONG {
            round.is_told = true;
            let leader = round.leader.name().unwrap_or("?");
            log::warn!("{leader} has been leading a stage for {} s", taken.as_secs());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Round>> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
