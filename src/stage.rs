//! A batch stage: a bounded inbox, the stage's data, and a leader that takes what waits as one
//! batch.
//!
//! Hub and journal are the two stages. What a batch does is theirs; which thread runs it is
//! decided here alone. This is the one clever thing of the project, so here it is in whole:
//!
//! Handing work to another thread costs 5 to 20 µs when that thread sleeps, more than a whole
//! private message. So whoever puts something in may also *lead*: if nobody leads the stage, it
//! runs one batch there and then, in its own thread. A message at rest passes rules, commit and
//! delivery in the thread that read it. Under load the others only put in, batches grow, and when
//! more waits after a guest's round the stage's own thread takes over and leads until the inbox
//! is empty: a guest is held for one round.
//!
//! The rules, each checked by loom in `tests/stage.rs`:
//! * One leads at a time; items are taken in the order in which they were put in.
//! * Nothing waits without a leader. Whoever puts in does so *before* it tries to lead; whoever
//!   led looks at the inbox *after* it let go. A fence between the two steps on both sides makes
//!   one of them see the other.
//! * While one stage is led, its leader only [puts](Inbox::put) into the other, and leads that
//!   after it let go: no commit inside the hub's lead, no delivery inside the journal's. Whoever
//!   put sees to it that the other stage has a leader: a guest by [`lead_around`], a stage's own
//!   thread by what [`start`] was given.
//! * A stage whose rounds may wait, for a disk or a network, wants no guests
//!   ([`Guests::Refused`]): whoever led it could not read on meanwhile.
//!
//! A stage led for more than five seconds is logged with the leader's name by whoever wants it
//! next. Knows nothing of chat.

mod lead;
mod sync {
    pub(super) use std::sync::atomic::{AtomicBool, Ordering, fence};
    pub(super) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
}
mod watch;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::clock::now;
use crate::threads;
use lead::{Lead, Queue};
use watch::Watch;

/// Items that one batch holds at most: a batch is bounded so that time-driven work gets its turn.
pub const MAX_BATCH: usize = 512;

/// The stage's work: takes what waits, says what it wants next.
type Work = Box<dyn FnMut() -> Next + Send>;

/// The putting-in end of a stage. Clones share the inbox; when the last is gone and the inbox is
/// empty, the stage ends.
#[derive(Debug)]
pub struct Inbox<T> {
    handle: Arc<Handle<T>>,
}

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self { handle: Arc::clone(&self.handle) }
    }
}

/// What the inboxes of one stage share; the stage's own thread has the inside only.
#[derive(Debug)]
struct Handle<T> {
    stage: Arc<Stage<T>>,
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        self.stage.lead.close();
    }
}

struct Stage<T> {
    lead: Lead<Sender<T>, Work>,
    watch: Arc<Watch>,
}

impl<T> fmt::Debug for Stage<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("watch", &self.watch).finish_non_exhaustive()
    }
}

impl<T> Queue for Sender<T> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

/// The stage has ended; nothing that is put in now would be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl<T> Inbox<T> {
    /// Puts an item in and leaves it to the stage. Blocks while a bounded inbox is full: the
    /// back-pressure.
    ///
    /// # Errors
    /// [`Ended`]: the process is going down.
    pub fn enter(&self, item: T) -> Result<(), Ended> {
        self.put(item)?;
        self.settle();
        Ok(())
    }

    /// Puts an item in, and no more: for the leader of the other stage. Blocks like
    /// [`Inbox::enter`]. Once the caller has let go of its own stage, this one must get a leader:
    /// see [`lead_around`] and [`start`].
    ///
    /// # Errors
    /// [`Ended`]: the process is going down.
    pub fn put(&self, item: T) -> Result<(), Ended> {
        self.handle.stage.lead.queue().send(item).map_err(|_item| Ended)
    }

    /// Leads one round in the calling thread, if something waits and nobody leads. Must not be
    /// called by the leader of another stage.
    pub fn lead(&self) {
        let stage = &self.handle.stage;
        if !stage.lead.once() {
            stage.watch.look();
        }
    }

    /// Sees to it that what waits has a leader, without leading.
    pub fn settle(&self) {
        self.handle.stage.lead.settle();
    }
}

/// Puts an item into `first` and leads it, then `second`, then `first` again, a round each: the
/// way of a message at rest through rules, commit and delivery in the thread that read it. Blocks
/// for as long as these rounds take. Called by session threads with what somebody said.
///
/// # Errors
/// [`Ended`]: the process is going down.
pub fn lead_around<A, B>(first: &Inbox<A>, item: A, second: &Inbox<B>) -> Result<(), Ended> {
    first.put(item)?;
    let stage = &first.handle.stage;
    if !lead::around(&stage.lead, &second.handle.stage.lead) {
        stage.watch.look();
    }
    Ok(())
}

/// The taking-out end, before the stage has its work and its thread.
#[derive(Debug)]
pub struct Source<T> {
    stage: Arc<Stage<T>>,
    receiver: Receiver<T>,
}

/// An inbox of at most `bound` items; who finds it full waits.
pub fn inbox<T>(bound: usize) -> (Inbox<T>, Source<T>) {
    ends(bounded(bound))
}

/// An inbox whose items are counted by somebody else: the caller's own budgets bound it, and
/// whoever puts in never waits.
pub fn counted_inbox<T>() -> (Inbox<T>, Source<T>) {
    #[expect(clippy::disallowed_methods, reason = "bounded by the budgets of who puts in")]
    ends(crossbeam_channel::unbounded())
}

fn ends<T>((sender, receiver): (Sender<T>, Receiver<T>)) -> (Inbox<T>, Source<T>) {
    let stage = Arc::new(Stage { lead: Lead::new(sender), watch: Arc::default() });
    let handle = Arc::new(Handle { stage: Arc::clone(&stage) });
    (Inbox { handle }, Source { stage, receiver })
}

/// When the stage wants to be led next, if nothing comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not before something comes in.
    Wait,
    /// At this moment, with an empty batch.
    At(Instant),
    /// Never: the stage ends.
    End,
}

/// May others than the stage's own thread lead it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guests {
    /// Yes: a round waits for nothing.
    Welcome,
    /// No: a round may wait.
    Refused,
}

/// Starts the stage. `lead` gets what waits (nothing when its moment came), takes it all, and
/// says what it wants next; it runs in the stage's own thread or a guest's. `after` runs in the
/// stage's own thread after each of its rounds, to see to the stage that `lead` put something
/// into. The thread ends when `lead` says so or every [`Inbox`] is gone. A panic in `lead` ends
/// the process: a server without its hub or journal is not up.
///
/// # Errors
/// The kernel has no room for a thread.
pub fn start<T, F, A>(
    name: &str,
    guests: Guests,
    source: Source<T>,
    lead: F,
    after: A,
) -> io::Result<JoinHandle<()>>
where
    T: Send + 'static,
    F: FnMut(&mut Vec<T>) -> Next + Send + 'static,
    A: Fn() + Send + 'static,
{
    let Source { stage, receiver } = source;
    stage.lead.begin(Box::new(round(lead, receiver, Arc::clone(&stage.watch))), guests);
    threads::spawn(name, move || stage.lead.run(after))
}

/// One round: a batch, watched.
fn round<T, F>(mut lead: F, receiver: Receiver<T>, watch: Arc<Watch>) -> impl FnMut() -> Next + Send
where
    T: Send,
    F: FnMut(&mut Vec<T>) -> Next + Send,
{
    let mut batch = Vec::new();
    move || {
        let _guard = EndsProcess;
        watch.begin();
        batch.extend(receiver.try_iter().take(MAX_BATCH));
        let next = lead(&mut batch);
        batch.clear();
        // One unusually large batch must not be paid for ever after.
        batch.shrink_to(MAX_BATCH);
        watch.end();
        next
    }
}

/// Dropped by a panic, it ends the process with a code of its own.
struct EndsProcess;

impl Drop for EndsProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            log::error!("a stage panicked; the server cannot go on");
            // Let the log thread write that line; it has nothing to wait for.
            log::logger().flush();
            std::process::exit(70);
        }
    }
}

/// The moment that comes first, of those there are.
pub fn earliest(moments: impl IntoIterator<Item = Option<Instant>>) -> Next {
    let first = moments.into_iter().flatten().min();
    // A moment that has passed must not spin: it is served once, by an empty batch.
    first.map_or(Next::Wait, |moment| Next::At(moment.max(now())))
}

#[cfg(test)]
mod tests;
