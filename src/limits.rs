//! Budgets, buckets and throttles: what one peer may cost. Rules over time take the time as a
//! parameter; only [`Budget::take`] and [`pause`] wait, in the thread of who must slow down.

mod admission;
mod repeats;

pub use crate::protocol::Net;
pub use admission::{Addresses, Admitted, Ceiling, Full, block_of};
pub use repeats::Repeats;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Sends of one session that are not yet stored or refused.
pub const SESSION_IN_FLIGHT: usize = 256;

/// Bytes of text of all sessions together that are not yet stored or refused.
pub const ALL_IN_FLIGHT: usize = 64 * 1024 * 1024;

/// Searches at a time, of all sessions together: each may read for 0.3 s without a pause, and one
/// of SQLite's four readers, five of Redis's eight connections, are left to all others.
pub const SEARCHES: usize = 3;

/// A number of permits. Who finds too few waits: that is the back-pressure that reaches the
/// sender through TCP.
#[derive(Debug)]
pub struct Budget {
    /// Protects the count of free permits, nothing else.
    free: Mutex<usize>,
    freed: Condvar,
    max: usize,
}

impl Budget {
    /// A budget of so many permits.
    pub fn new(max: usize) -> Self {
        Self { free: Mutex::new(max), freed: Condvar::new(), max }
    }

    /// Blocks until `n` permits are free (at most all there are) and takes them; `false` when
    /// `patience` passed before. Called by session threads.
    pub fn take(&self, n: usize, patience: Duration) -> bool {
        let n = n.min(self.max);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(free, patience, |free| *free < n);
        let (mut free, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let enough = *free >= n;
        if enough {
            *free -= n;
        }
        enough
    }

    /// Like [`Budget::take`], for a while: they are given back when what is returned is dropped.
    pub fn hold(&self, n: usize, patience: Duration) -> Option<Held<'_>> {
        self.take(n, patience).then_some(Held { budget: self, n })
    }

    /// Gives `n` permits back. Never blocks; called by whoever finished the work.
    pub fn give(&self, n: usize) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_add(n.min(self.max)).min(self.max);
        drop(free);
        self.freed.notify_all();
    }
}

/// Permits that somebody holds for a while.
#[derive(Debug)]
pub struct Held<'b> {
    budget: &'b Budget,
    n: usize,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.give(self.n);
    }
}

/// A token bucket: `burst` at once, then one per `every`.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// When the bucket was, or will be, full again.
    full_at: Instant,
    rate: Rate,
}

/// How fast something may happen.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// So many at once.
    pub burst: u32,
    /// Then one per this.
    pub every: Duration,
}

/// Messages of one session: a burst of 100, then 20 a second.
pub const MESSAGES: Rate = Rate { burst: 100, every: Duration::from_millis(50) };

/// Wrong passwords for one account.
pub const WRONG_PER_ACCOUNT: Rate = Rate { burst: 5, every: Duration::from_secs(10) };

/// Wrong passwords from one address.
pub const WRONG_PER_ADDRESS: Rate = Rate { burst: 50, every: Duration::from_secs(10) };

/// New accounts from one address: a class can register, a script cannot fill the store.
pub const REGISTRATIONS: Rate = Rate { burst: 50, every: Duration::from_secs(60) };

/// Exports of one account: each goes through all rooms.
pub const EXPORTS: Rate = Rate { burst: 3, every: Duration::from_secs(20 * 60) };

/// New rooms of one account: enough for a whole team at once, and no script fills the list.
pub const ROOMS: Rate = Rate { burst: 20, every: Duration::from_secs(60) };

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate, now: Instant) -> Self {
        Self { full_at: now, rate }
    }

    /// How long to wait until one more is allowed; zero when it is allowed now, and then it is
    /// taken.
    pub fn take(&mut self, now: Instant) -> Duration {
        let start = self.full_at.max(now);
        let capacity = self.rate.every.saturating_mul(self.rate.burst);
        let after = (start + self.rate.every).duration_since(now);
        let wait = after.saturating_sub(capacity);
        if wait.is_zero() {
            self.full_at = start + self.rate.every;
        }
        wait
    }

    /// Gives one back: what was counted turned out not to count.
    pub fn give_back(&mut self, now: Instant) {
        self.full_at = self.full_at.checked_sub(self.rate.every).unwrap_or(now).max(now);
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

/// The calling thread waits: too fast a sender is slowed, nothing is lost.
pub fn pause(wait: Duration) {
    std::thread::sleep(wait);
}

/// Buckets by key, for keys that strangers choose: at most [`Throttle::MAX`] are kept. When there
/// are that many, the half nearest to full is forgotten: an attacker with that many keys is
/// limited by the number of connections instead.
#[derive(Debug)]
pub struct Throttle<K> {
    /// Protects the buckets; held for one look-up.
    buckets: Mutex<HashMap<K, Bucket>>,
    rate: Rate,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// Buckets that are kept.
    pub const MAX: usize = 10_000;

    /// All full.
    pub fn new(rate: Rate) -> Self {
        Self { buckets: Mutex::new(HashMap::new()), rate }
    }

    /// Takes one; `false` when there is none.
    pub fn take(&self, key: &K, now: Instant) -> bool {
        let mut buckets = self.lock();
        if buckets.len() >= Self::MAX && !buckets.contains_key(key) {
            Self::make_room(&mut buckets, now);
        }
        let bucket = buckets.entry(key.clone()).or_insert_with(|| Bucket::new(self.rate, now));
        bucket.take(now).is_zero()
    }

    /// Gives one back.
    pub fn give_back(&self, key: &K, now: Instant) {
        if let Some(bucket) = self.lock().get_mut(key) {
            bucket.give_back(now);
        }
    }

    /// Has nothing been taken from this one lately?
    pub fn is_untouched(&self, key: &K, now: Instant) -> bool {
        self.lock().get(key).is_none_or(|bucket| bucket.is_full(now))
    }

    fn make_room(buckets: &mut HashMap<K, Bucket>, now: Instant) {
        let mut full_at: Vec<_> = buckets.values().map(|bucket| bucket.full_at).collect();
        let middle = full_at.len() / 2;
        let (_, median, _) = full_at.select_nth_unstable(middle);
        let keep_from = (*median).max(now);
        buckets.retain(|_, bucket| bucket.full_at > keep_from);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 2, every: Duration::from_secs(10) };

    #[test]
    fn a_bucket_gives_its_burst_then_one_per_period() {
        let start = crate::clock::now();
        let mut bucket = Bucket::new(RATE, start);
        assert_eq!(bucket.take(start), Duration::ZERO);
        assert_eq!(bucket.take(start), Duration::ZERO);
        assert_eq!(bucket.take(start), Duration::from_secs(10));
        let later = start + Duration::from_secs(10);
        assert_eq!(bucket.take(later), Duration::ZERO);
        assert_eq!(bucket.take(later + Duration::from_secs(4)), Duration::from_secs(6));
        bucket.give_back(later);
        assert_eq!(bucket.take(later), Duration::ZERO);
    }

    #[test]
    fn a_throttle_stays_within_its_bound_and_tells_keys_apart() {
        let now = crate::clock::now();
        let throttle = Throttle::new(RATE);
        for key in 0..20_000 {
            assert!(throttle.take(&key, now));
        }
        assert!(throttle.take(&30_000, now));
        assert!(throttle.take(&30_000, now));
        assert!(throttle.lock().len() <= Throttle::<i32>::MAX);
        assert!(!throttle.take(&30_000, now));
        assert!(!throttle.is_untouched(&30_000, now));
        assert!(throttle.is_untouched(&40_000, now));
    }

    #[test]
    fn a_budget_makes_the_late_wait() {
        let budget = Budget::new(3);
        assert!(budget.take(3, Duration::ZERO));
        assert!(!budget.take(1, Duration::from_millis(1)));
        budget.give(1);
        assert!(budget.take(1, Duration::ZERO));
        budget.give(100);
        assert!(budget.take(100, Duration::ZERO), "more than all there are means all");
        budget.give(1);
        let held = budget.hold(1, Duration::ZERO);
        assert!(held.is_some() && budget.hold(1, Duration::ZERO).is_none());
        drop(held);
        assert!(budget.take(1, Duration::ZERO));
    }
}
