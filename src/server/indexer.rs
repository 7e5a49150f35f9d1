//! The index of words: the thread `indexer` has what was said taken into it, behind its
//! acknowledgement, in small writes through the journal with pauses between them. Where it has
//! stopped stands in the store, so a restart goes on there.

use std::time::Duration;

use super::clerk::{Clerk, Halt};
use crate::clock;
use crate::dao::Write;

/// Between two looks whether there is something new. Until then a search reads what was said
/// last, so it is found at once.
const ROUND: Duration = Duration::from_secs(1);

/// Messages in one write: 1.3 ms of the journal's time with SQLite, 18 ms in one of a hundred, when
/// FTS5 merges (docs/performance.md).
const STEP: u32 = 200;

/// Between two writes, at the least: the journal is left alone for most of the time.
const PAUSE: Duration = Duration::from_millis(20);

/// After a write the journal is left alone for so many times as long as it took, waiting in its
/// queue included: who has a lot to store is not slowed further.
const PATIENCE: u32 = 4;

/// After a failure, which is logged: often enough, and no flood of lines.
const AGAIN: Duration = Duration::from_secs(60);

/// Runs until the server shuts down, where the store has an index.
pub(super) fn run(clerk: &Clerk) {
    loop {
        let pause = match round(clerk) {
            Ok(Round::Done) => ROUND,
            Ok(Round::NoIndex) | Err(Halt::Stopped) => return,
            Err(Halt::Failed(why)) => {
                log::warn!("the index of words goes on in a minute: {why}");
                AGAIN
            }
        };
        if clerk.pause(pause).is_err() {
            return;
        }
    }
}

/// How a round ends.
enum Round {
    Done,
    NoIndex,
}

fn round(clerk: &Clerk) -> Result<Round, Halt> {
    loop {
        match clerk.store.is_index_behind()? {
            None => return Ok(Round::NoIndex),
            Some(false) => return Ok(Round::Done),
            Some(true) => {
                let began = clock::now();
                clerk.write(Write::Index { limit: STEP })?;
                clerk.pause(PAUSE.max((clock::now() - began) * PATIENCE))?;
            }
        }
    }
}
