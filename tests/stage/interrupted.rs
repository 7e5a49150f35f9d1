//! Leading, where a thread may also be interrupted with a lock in its hands that it is about to
//! let go of: loom alone lets a thread be interrupted where it takes a lock, and not there.

#[path = "../../src/stage/lead.rs"]
#[expect(dead_code, reason = "one stage alone, which ends by itself")]
#[allow(clippy::duplicate_mod, reason = "with another `sync` it is another one")]
mod lead;

/// What `lead` needs of `std::sync`, over loom's.
mod sync {
    use std::ops::{Deref, DerefMut};
    use std::sync::{LockResult, TryLockError, TryLockResult};
    use std::time::Duration;

    pub(super) use loom::sync::atomic::{AtomicBool, Ordering, fence};
    pub(super) use std::sync::PoisonError;

    pub(super) struct Mutex<T> {
        inner: loom::sync::Mutex<T>,
        /// Changed before it is let go of, and looked at by who tries to take it: so loom sees that
        /// the order of the two matters.
        is_kept: AtomicBool,
    }

    /// Nothing in it while a condition is waited for.
    pub(super) struct MutexGuard<'a, T> {
        inner: Option<loom::sync::MutexGuard<'a, T>>,
        of: &'a Mutex<T>,
    }

    impl<T> Mutex<T> {
        pub(super) fn new(held: T) -> Self {
            Self { inner: loom::sync::Mutex::new(held), is_kept: AtomicBool::new(false) }
        }

        pub(super) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            Ok(self.guard(self.inner.lock().unwrap()))
        }

        pub(super) fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
            self.is_kept.load(Ordering::SeqCst);
            let inner = self.inner.try_lock().map_err(|_held| TryLockError::WouldBlock)?;
            Ok(self.guard(inner))
        }

        fn guard<'a>(&'a self, inner: loom::sync::MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            MutexGuard { inner: Some(inner), of: self }
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.inner.as_ref().unwrap()
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.inner.as_mut().unwrap()
        }
    }

    impl<T> Drop for MutexGuard<'_, T> {
        fn drop(&mut self) {
            if self.inner.is_some() {
                self.of.is_kept.store(false, Ordering::SeqCst);
            }
        }
    }

    pub(super) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(super) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub(super) fn notify_one(&self) {
            self.0.notify_one();
        }

        pub(super) fn wait<'a, T>(
            &self,
            mut guard: MutexGuard<'a, T>,
        ) -> LockResult<MutexGuard<'a, T>> {
            let inner = self.0.wait(guard.inner.take().unwrap()).unwrap();
            Ok(guard.of.guard(inner))
        }

        /// Never times out, as loom's.
        pub(super) fn wait_timeout<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            _patience: Duration,
        ) -> LockResult<(MutexGuard<'a, T>, bool)> {
            Ok((self.wait(guard).unwrap(), false))
        }
    }
}

use hubbub::clock::now;
use hubbub::stage::{Guests, Next};
use lead::Lead;
use loom::sync::Arc;
use loom::thread;

use super::{Inbox, model};

impl lead::Queue for Arc<Inbox> {
    fn is_empty(&self) -> bool {
        super::lead::Queue::is_empty(self)
    }
}

/// A guest names a moment that has come, at the end of its round, and is interrupted there.
#[test]
fn no_moment_is_lost_that_comes_while_a_guest_leads() {
    model(3, || {
        let inbox = Arc::new(Inbox::new());
        let items = Arc::clone(&inbox);
        let stage = Arc::new(Lead::new(inbox));
        let work = move || match items.take() {
            Some(_) => Next::At(now()),
            None => Next::End,
        };
        stage.begin(work, Guests::Welcome);
        let own = thread::spawn({
            let stage = Arc::clone(&stage);
            move || stage.run(|| {})
        });
        stage.queue().put(1);
        stage.once();
        // A moment that is lost leaves it asleep, and loom calls that a deadlock.
        own.join().unwrap();
    });
}

#[test]
fn nothing_waits_without_a_leader() {
    model(3, || {
        let inbox = Arc::new(Inbox::new());
        let items = Arc::clone(&inbox);
        let stage = Arc::new(Lead::new(inbox));
        let mut n = 0;
        let work = move || {
            n += usize::from(items.take().is_some());
            if n == 3 { Next::End } else { Next::Wait }
        };
        stage.begin(work, Guests::Welcome);
        let guest = thread::spawn({
            let stage = Arc::clone(&stage);
            move || {
                stage.queue().put(1);
                stage.once();
                stage.queue().put(2);
                stage.once();
            }
        });
        let own = thread::spawn({
            let stage = Arc::clone(&stage);
            move || stage.run(|| {})
        });
        stage.queue().put(3);
        stage.settle();
        guest.join().unwrap();
        own.join().unwrap();
    });
}
