//! Retention: the thread `keeper` removes what is too old or too much, once at the start and
//! then every hour, in small writes through the journal with pauses between them, so that
//! neither the journal nor the store is kept from anybody for longer than a moment.
//! Every few seconds it looks whether somebody's words are to be erased (`erasing`): the store
//! remembers whose, so that a server that is killed meanwhile takes it up when it is started again.
//! And whether the command line tells something (`told`), where no feed brings that.

mod erasing;
mod told;

use std::cell::Cell;
use std::time::Duration;

use super::clerk::{Clerk, Halt};
use crate::clock;
use crate::config::Options;
use crate::dao::{Prune, Write};
use crate::hub::Item;
use crate::protocol::{MessageId, Millis, RoomId};
use crate::stage::Inbox;

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(60 * 60);

/// Between two looks whether words are to be erased, or something is told.
const LOOK: Duration = Duration::from_secs(2);

/// Removed in one write: some 5 ms of the journal's time with SQLite (measured: 1 to 9 ms).
const STEP: u32 = 200;

/// Between two writes: the journal is left alone for most of the time.
const PAUSE: Duration = Duration::from_millis(50);

/// Rooms looked at between two pauses.
const ROOMS: usize = 100;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Milliseconds. The promise is 7 days; who was away for a month may repeat a send too.
const REFERENCES_KEPT: i64 = 30 * DAY;

/// Milliseconds. Whom no operator has let in by then may ask again.
const APPLICANTS_KEPT: i64 = 14 * DAY;

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
struct Kept {
    days: u32,
    messages: u64,
    audit_days: u32,
}

/// What the thread has.
pub(super) struct Keeping {
    clerk: Clerk,
    kept: Kept,
    hub: Inbox<Item>,
    /// The last thing that the command line told.
    heard: Cell<u64>,
}

impl Keeping {
    pub(super) fn new(options: &Options, clerk: Clerk, hub: Inbox<Item>) -> Self {
        let (days, messages) = (options.keep_days, options.keep_messages);
        let kept = Kept { days, messages, audit_days: options.audit_days };
        Self { clerk, kept, hub, heard: Cell::new(0) }
    }

    /// Runs until the server shuts down.
    pub(super) fn run(self) {
        let mut due = clock::now();
        loop {
            if self.look().is_err() {
                return;
            }
            if clock::now() >= due {
                match self.round() {
                    Ok(0) => {}
                    Ok(n_gone) => log::info!("{n_gone} old records are gone"),
                    Err(Halt::Stopped) => return,
                    Err(Halt::Failed(why)) => log::warn!("retention goes on in an hour: {why}"),
                }
                due = clock::now() + ROUND;
            }
            if self.clerk.pause(LOOK).is_err() {
                return;
            }
        }
    }

    fn look(&self) -> Result<(), Halt> {
        self.hear()?;
        self.erase()
    }

    /// Everything that is old, once; how much is gone.
    fn round(&self) -> Result<u64, Halt> {
        let now = clock::now_ms();
        let mut n_gone = self.repeat(&Write::Sweep(STEP))?;
        if self.kept.days > 0 || self.kept.messages > 0 {
            for (n, (room, last)) in self.clerk.store.rooms()?.into_iter().enumerate() {
                if n % ROOMS == ROOMS - 1 {
                    self.clerk.pause(PAUSE)?;
                }
                n_gone += self.prune(self.kept.prune(room, now), last)?;
            }
        }
        n_gone += self.order(now)?;
        let before = now.plus(-APPLICANTS_KEPT);
        n_gone += self.repeat(&Write::ForgetApplicants { before, limit: STEP })?;
        let before = now.plus(-REFERENCES_KEPT);
        Ok(n_gone + self.repeat(&Write::Forget { before, limit: STEP })?)
    }

    /// Sanctions that are over, and acts that are old.
    fn order(&self, now: Millis) -> Result<u64, Halt> {
        let over =
            self.clerk.store.sanctions()?.into_iter().filter(|sanction| !sanction.holds(now));
        let mut n_gone = 0;
        for sanction in over {
            n_gone += self.clerk.write(Write::Expire(Box::new(sanction)))?;
        }
        if self.kept.audit_days > 0 {
            let before = now.plus(-i64::from(self.kept.audit_days).saturating_mul(DAY));
            n_gone += self.repeat(&Write::ForgetDeeds { before, limit: STEP })?;
        }
        Ok(n_gone)
    }

    fn prune(&self, prune: Prune, last: MessageId) -> Result<u64, Halt> {
        let oldest = self.clerk.store.page(prune.room, MessageId(0), 1)?;
        // Most rooms have nothing to give, and that costs no write.
        match oldest.first() {
            Some(oldest) if prune.is_due(last, oldest.id, oldest.time) => {
                self.repeat(&Write::Prune(prune))
            }
            _ => Ok(0),
        }
    }

    /// Writes the same again and again until it finds nothing more.
    fn repeat(&self, write: &Write) -> Result<u64, Halt> {
        let (mut n_gone, mut looked) = (0, clock::now());
        loop {
            let n = self.clerk.write(write.clone())?;
            n_gone += n;
            if n < u64::from(STEP) {
                return Ok(n_gone);
            }
            self.clerk.pause(PAUSE)?;
            // Who wants to be forgotten does not wait for the end of a long round.
            if clock::now() >= looked + LOOK {
                self.look()?;
                looked = clock::now();
            }
        }
    }
}

impl Kept {
    /// What is due in a room at this moment. 0 is for ever, or all.
    fn prune(self, room: RoomId, now: Millis) -> Prune {
        let before = match self.days {
            0 => Millis(i64::MIN),
            days => now.plus(-i64::from(days).saturating_mul(DAY)),
        };
        let keep = if self.messages == 0 { u64::MAX } else { self.messages };
        Prune { room, before, keep, limit: STEP }
    }
}
