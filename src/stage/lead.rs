//! Who leads a stage: the protocol alone, without channels, clocks and threads of its own, so
//! that `tests/stage.rs` can put it through every interleaving with loom's `sync` in the place
//! of std's. The rules stand in `stage`.

use std::time::Instant;

use super::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering, PoisonError, fence};
use super::{Guests, Next};

/// What waits for a leader.
pub(super) trait Queue {
    /// Nothing waits. Sees everything that was put in before a fence that precedes the call.
    fn is_empty(&self) -> bool;
}

/// A stage's queue, its work, and the bell of its own thread.
pub(super) struct Lead<Q, W> {
    queue: Q,
    /// Whoever holds it leads. Only tried, never waited for, but by the stage's own thread when a
    /// moment has come, and at the end. `None`: not begun, or ended.
    work: Mutex<Option<W>>,
    /// Only the stage's own thread may lead. Set before anybody tries.
    is_alone: AtomicBool,
    bell: Bell,
}

impl<Q: Queue, W: FnMut() -> Next> Lead<Q, W> {
    pub(super) fn new(queue: Q) -> Self {
        Self { queue, work: Mutex::new(None), is_alone: AtomicBool::new(false), bell: Bell::new() }
    }

    pub(super) fn queue(&self) -> &Q {
        &self.queue
    }

    /// Gives the stage its work, before its thread runs. Items may wait already.
    pub(super) fn begin(&self, work: W, guests: Guests) {
        self.is_alone.store(guests == Guests::Refused, Ordering::SeqCst);
        *self.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
    }

    /// A guest's round, if something waits and nobody leads; `false`: somebody does. That one
    /// looks at the queue after it let go, so nothing is left without a leader.
    pub(super) fn once(&self) -> bool {
        fence(Ordering::SeqCst);
        if self.queue.is_empty() {
            return true;
        }
        if self.is_alone.load(Ordering::SeqCst) {
            self.bell.ring();
            return true;
        }
        let Ok(mut work) = self.work.try_lock() else { return false };
        self.round(&mut work);
        drop(work);
        self.settle();
        true
    }

    /// Sees to it that what waits has a leader.
    pub(super) fn settle(&self) {
        fence(Ordering::SeqCst);
        if self.queue.is_empty() {
            return;
        }
        // Held by somebody: that one settles when it lets go. This look holds it for a moment,
        // too; whoever failed to lead meanwhile relies on the bell that follows.
        if self.work.try_lock().is_ok() {
            self.bell.ring();
        }
    }

    /// The life of the stage's own thread.
    pub(super) fn run(&self, after: impl Fn()) {
        let mut is_due = false;
        loop {
            while self.lead_on(is_due, &after) {
                is_due = false;
            }
            if self.is_over() {
                return;
            }
            is_due = self.bell.wait();
        }
    }

    /// Nothing more is put in.
    pub(super) fn close(&self) {
        self.bell.close();
    }

    /// A round of the own thread; `true`: there is more to do at once. If a guest leads, what
    /// waits is left to that one; but not a moment that has come, for the guest may have named
    /// that very moment at the end of its round.
    fn lead_on(&self, is_due: bool, after: &impl Fn()) -> bool {
        let held = if is_due { Some(self.hold()) } else { self.work.try_lock().ok() };
        let Some(mut work) = held else { return false };
        if is_due || !self.queue.is_empty() {
            self.round(&mut work);
        }
        drop(work);
        after();
        fence(Ordering::SeqCst);
        !self.queue.is_empty()
    }

    fn round(&self, work: &mut MutexGuard<'_, Option<W>>) {
        let Some(lead) = work.as_mut() else { return };
        let next = lead();
        match next {
            Next::Wait => self.bell.set_due(None),
            Next::At(moment) => self.bell.set_due(Some(moment)),
            Next::End => {
                // With the work goes the taking-out end: whoever puts in is told.
                **work = None;
                self.bell.close();
            }
        }
    }

    /// Blocks while a guest leads: for the rest of one round, which waits for nothing.
    fn hold(&self) -> MutexGuard<'_, Option<W>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread may end: nothing waits and nothing can come, or the work is over.
    fn is_over(&self) -> bool {
        if !self.bell.is_closed() {
            return false;
        }
        // A guest may be in its round still: nothing else is left to do than to wait for it.
        let mut work = self.hold();
        let is_over = work.is_none() || self.queue.is_empty();
        if is_over {
            *work = None;
        }
        is_over
    }
}

/// A guest's way around two stages of which each puts into the other: a round of the first, of
/// the second, and of the first again. `false`: somebody else led the first.
pub(super) fn around<P, V, Q, W>(first: &Lead<P, V>, second: &Lead<Q, W>) -> bool
where
    P: Queue,
    V: FnMut() -> Next,
    Q: Queue,
    W: FnMut() -> Next,
{
    let led = first.once();
    second.once();
    first.once();
    second.settle();
    led
}

/// What the stage's own thread sleeps by. Its lock is held for a look only.
struct Bell {
    state: Mutex<Rest>,
    rung: Condvar,
}

#[derive(Default)]
struct Rest {
    is_rung: bool,
    is_asleep: bool,
    is_closed: bool,
    /// When the stage wants to be led though nothing waits.
    due: Option<Instant>,
}

impl Rest {
    /// Has the moment come? It is forgotten then.
    fn take_due(&mut self) -> bool {
        self.due.take_if(|due| *due <= super::now()).is_some()
    }
}

impl Bell {
    fn new() -> Self {
        Self { state: Mutex::new(Rest::default()), rung: Condvar::new() }
    }

    /// Wakes the thread, or keeps it from falling asleep.
    fn ring(&self) {
        let mut rest = self.lock();
        if !rest.is_rung {
            rest.is_rung = true;
            self.wake(&rest);
        }
    }

    fn close(&self) {
        let mut rest = self.lock();
        rest.is_closed = true;
        rest.is_rung = true;
        self.wake(&rest);
    }

    /// A later moment than before needs no waking: the thread looks again when it wakes.
    fn set_due(&self, due: Option<Instant>) {
        let mut rest = self.lock();
        let is_earlier = due.is_some_and(|new| rest.due.is_none_or(|old| new < old));
        rest.due = due;
        if is_earlier {
            self.wake(&rest);
        }
    }

    fn wake(&self, rest: &Rest) {
        if rest.is_asleep {
            self.rung.notify_one();
        }
    }

    fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Sleeps until it is rung or the moment has come; `true`: it has, and is forgotten.
    fn wait(&self) -> bool {
        let mut rest = self.lock();
        rest.is_asleep = true;
        let mut is_due = rest.take_due();
        while !rest.is_rung && !is_due {
            rest = match rest.due {
                None => self.rung.wait(rest).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let patience = due.saturating_duration_since(super::now());
                    let slept = self.rung.wait_timeout(rest, patience);
                    slept.unwrap_or_else(PoisonError::into_inner).0
                }
            };
            is_due = rest.take_due();
        }
        rest.is_asleep = false;
        rest.is_rung = false;
        is_due
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
