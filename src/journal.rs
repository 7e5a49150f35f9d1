//! Group commit: one transaction for everything that waits, then, and only then, the word that
//! it is stored. Owns the write side of the store. Led by the thread `journal`, and with the memory
//! store by whoever sends (see `stage`).
//!
//! Its inbox is bounded by the budgets of those who put in: sends in flight, one waiting write
//! per session, one cursor per device and room while the store answers.
//! Knows nothing of sessions and fronts.

mod feed;

pub use feed::{Ears, Membership};

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::clock;
use crate::dao::{Health, Job, StoreError, Tell, Write, Writer, Written};
use crate::hub::Item;
use crate::protocol::{ErrorCode, SessionId};
use crate::stage::{self, Guests, Inbox, Next, Source};
use crate::state::{Fate, Input, Posted};

/// Writes in one transaction. 512 commit in some 2 ms; a larger batch gains nothing and delays
/// its first sender.
const MAX_COMMIT: usize = 512;

/// After a refusal by the store, sends fail at once for this long instead of queueing behind
/// timeouts.
const PAUSE: Duration = Duration::from_secs(1);

/// A batch whose fate is not known is tried again after this.
const RETRY: Duration = Duration::from_millis(200);

/// What several servers hear of each other.
pub use feed::start as start_feeds;

/// Starts the thread `journal`. It ends when every clone of its inbox is gone. `replaced` hears
/// that the store has to be opened again; it holds one word, and one is enough.
///
/// # Errors
/// The kernel has no room for a thread.
pub fn start(
    writer: Box<dyn Writer>,
    health: Arc<Health>,
    hub: Inbox<Item>,
    source: Source<Vec<Job>>,
    replaced: Sender<()>,
) -> io::Result<JoinHandle<()>> {
    let guests = if writer.waits() { Guests::Refused } else { Guests::Welcome };
    let mut journal = Journal {
        writer,
        health,
        hub,
        replaced,
        waiting: VecDeque::new(),
        unknown: Vec::new(),
        retry_at: None,
        refuse_until: None,
    };
    let hub = journal.hub.clone();
    // What was just stored is delivered at once, and the next batch grows meanwhile.
    let deliver = move || hub.lead();
    stage::start("journal", guests, source, move |batch| journal.lead(batch), deliver)
}

struct Journal {
    writer: Box<dyn Writer>,
    health: Arc<Health>,
    hub: Inbox<Item>,
    replaced: Sender<()>,
    /// In the order in which they came.
    waiting: VecDeque<Job>,
    /// A batch that may or may not be stored; nothing overtakes it.
    unknown: Vec<Job>,
    /// When the unknown batch is tried again.
    retry_at: Option<Instant>,
    refuse_until: Option<Instant>,
}

impl Journal {
    fn lead(&mut self, batch: &mut Vec<Vec<Job>>) -> Next {
        self.waiting.extend(batch.drain(..).flatten());
        if let Some(retry_at) = self.retry_at.take_if(|at| clock::now() < *at) {
            self.retry_at = Some(retry_at);
            return Next::At(retry_at);
        }
        self.retry_at = None;
        loop {
            let repeated = std::mem::take(&mut self.unknown);
            self.unknown = if repeated.is_empty() {
                let n = self.waiting.len().min(MAX_COMMIT);
                if n == 0 {
                    return Next::Wait;
                }
                let fresh = self.waiting.drain(..n).collect();
                self.commit(fresh, Try::First)
            } else {
                self.commit(repeated, Try::Again)
            };
            if !self.unknown.is_empty() {
                let retry_at = clock::now() + RETRY;
                self.retry_at = Some(retry_at);
                return Next::At(retry_at);
            }
        }
    }

    /// Commits a batch and tells what became of it; gives it back when that is not known.
    fn commit(&mut self, jobs: Vec<Job>, this: Try) -> Vec<Job> {
        let now = clock::now();
        if this == Try::First && self.refuse_until.is_some_and(|until| now < until) {
            self.refuse(jobs, ErrorCode::StoreUnavailable);
            return Vec::new();
        }
        self.health.asked(now);
        let writes: Vec<&Write> = jobs.iter().map(|job| &job.write).collect();
        let askers: Vec<_> = jobs.iter().map(|job| job.tell.asker()).collect();
        let result = self.writer.commit_for(&writes, &askers);
        if matches!(result, Err(StoreError::Replaced(_) | StoreError::Newer { .. })) {
            // Said before, where it is full.
            self.replaced.try_send(()).ok();
        }
        match result {
            Ok(written) => {
                self.health.answered();
                self.refuse_until = None;
                let by_feed = self.writer.tells_by_feed();
                let is_left = |job: &Job| !by_feed || job.tell.asker().is_none();
                let told = jobs.into_iter().zip(written.into_iter().map(Ok));
                self.tell(told.filter(|(job, _)| is_left(job)).collect());
                Vec::new()
            }
            Err(StoreError::Unknown(reason)) => {
                log::warn!("not known whether {} writes are stored: {reason}", jobs.len());
                jobs
            }
            // An earlier try of the same batch may have been stored: still not known.
            Err(error) if this == Try::Again => {
                log::warn!("still not known whether {} writes are stored: {error}", jobs.len());
                jobs
            }
            Err(error) => {
                log::error!("{error}; {} writes refused", jobs.len());
                self.health.answered();
                self.refuse_until = Some(clock::now() + PAUSE);
                let code = match error {
                    StoreError::Unavailable(_)
                    | StoreError::Replaced(_)
                    | StoreError::Newer { .. } => ErrorCode::StoreUnavailable,
                    _ => ErrorCode::Internal,
                };
                self.refuse(jobs, code);
                Vec::new()
            }
        }
    }

    fn refuse(&mut self, jobs: Vec<Job>, code: ErrorCode) {
        let is_kept = |job: &Job| code == ErrorCode::StoreUnavailable && is_collected(job);
        let (kept, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().partition(is_kept);
        if !kept.is_empty() {
            let writes = kept.into_iter().map(|job| job.write).collect();
            // At its end the hub takes nothing back: what these are about comes again.
            self.hub.put(Item::Unwritten(writes)).ok();
        }
        let is_untold = jobs.iter().any(|job| matches!(job.write, Write::Tell(_)));
        if is_untold && self.hub.put(Item::Input(Input::Untold)).is_err() {
            log::error!("the hub has ended before the journal");
        }
        self.tell(jobs.into_iter().map(|job| (job, Err(code))).collect());
    }

    fn tell(&mut self, results: Vec<(Job, Result<Written, ErrorCode>)>) {
        let mut posted = Vec::new();
        for (job, result) in results {
            match job.tell {
                Tell::Hub(session) => posted.extend(as_posted(session, job.write, result)),
                // Who waited has lost its patience when nobody listens.
                Tell::Waiter(waiter) => {
                    waiter.try_send(result).ok();
                }
                Tell::Others | Tell::Nobody => {}
            }
        }
        if !posted.is_empty() && self.hub.put(Item::Input(Input::Posted(posted))).is_err() {
            log::error!("the hub has ended before the journal");
        }
    }
}

/// Is this the first time that a batch is tried?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Try {
    First,
    Again,
}

/// Is this one of those that the hub collects, and nobody waits for?
fn is_collected(job: &Job) -> bool {
    let is_mark = matches!(job.write, Write::Cursor(_) | Write::Read { .. });
    is_mark && matches!(job.tell, Tell::Nobody)
}

fn as_posted(
    session: SessionId,
    write: Write,
    result: Result<Written, ErrorCode>,
) -> Option<Posted> {
    let fate = match write {
        Write::Append(append) => {
            let outcome = match result {
                Ok(Written::Stored { message, fresh }) => Ok((message, fresh)),
                Ok(Written::Refused(code)) | Err(code) => Err(code),
                Ok(_) => Err(ErrorCode::Internal),
            };
            let bytes = append.text.as_str().len();
            Fate::Sent { reference: append.reference, nonce: append.nonce, bytes, outcome }
        }
        Write::Room(change) => {
            let outcome = match result {
                Ok(Written::Room(done)) => Ok(done),
                Ok(Written::Refused(code)) | Err(code) => Err(code),
                Ok(_) => Err(ErrorCode::Internal),
            };
            Fate::Changed { change, outcome }
        }
        Write::Delete { account, .. } => {
            let outcome = match result {
                Ok(Written::Done) => Ok(()),
                Ok(Written::Refused(code)) | Err(code) => Err(code),
                Ok(_) => Err(ErrorCode::Internal),
            };
            Fate::Deleted { account, outcome }
        }
        Write::Mark => Fate::Marked(result.map(|_done| ())),
        // Nothing else is sent on behalf of the hub.
        _ => return None,
    };
    Some(Posted { session, fate })
}
