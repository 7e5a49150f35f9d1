//! Cursors on their way to the store: the newest of each, written together once a second, never
//! one commit per receipt. A crash loses a second of them: messages come again, none is lost.
//! What a store that is away refuses is due again a second later.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::dao::{Cursor, Job, Tell, Write};
use crate::outbox::Mark;
use crate::protocol::{Device, MessageId, RoomId, UserId};

/// How long cursors are collected.
const COLLECT: Duration = Duration::from_secs(1);

/// The newest cursor of each (account, device, room). As many as there are devices online, at
/// most; written out every second.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    newest: HashMap<(UserId, Option<Device>, RoomId), MessageId>,
    /// The newest read mark of each (account, room).
    read: HashMap<(UserId, RoomId), MessageId>,
    due: Option<Instant>,
    is_due: bool,
}

impl Cursors {
    /// A device has a room up to here.
    pub(super) fn note(&mut self, account: UserId, device: Option<Device>, (room, up_to): Mark) {
        let newest = self.newest.entry((account, device, room)).or_default();
        *newest = up_to.max(*newest);
    }

    /// An account has read a room up to here.
    pub(super) fn note_read(&mut self, account: UserId, (room, up_to): Mark) {
        let newest = self.read.entry((account, room)).or_default();
        *newest = up_to.max(*newest);
    }

    /// What could not be written is written with what comes next, unless that is newer.
    pub(super) fn take_back(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Cursor(Cursor { account, device, room, up_to }) => {
                    self.note(account, device, (room, up_to));
                }
                Write::Read { account, room, up_to } => self.note_read(account, (room, up_to)),
                // Nothing else is collected here.
                _ => {}
            }
        }
    }

    /// All of them are due now.
    pub(super) fn make_due(&mut self) {
        self.is_due = true;
    }

    /// Moves what is due into jobs; says when to come again.
    pub(super) fn flush(&mut self, now: Instant, jobs: &mut Vec<Job>) -> Option<Instant> {
        if self.newest.is_empty() && self.read.is_empty() {
            self.is_due = false;
            return None;
        }
        let due = *self.due.get_or_insert(now + COLLECT);
        if now < due && !self.is_due {
            return Some(due);
        }
        self.due = None;
        self.is_due = false;
        jobs.extend(self.newest.drain().map(|((account, device, room), up_to)| {
            let cursor = Cursor { account, device, room, up_to };
            Job { write: Write::Cursor(cursor), tell: Tell::Nobody }
        }));
        jobs.extend(self.read.drain().map(|((account, room), up_to)| Job {
            write: Write::Read { account, room, up_to },
            tell: Tell::Nobody,
        }));
        None
    }
}
