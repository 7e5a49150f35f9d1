//! Time in nanoseconds since 1970: the wall clock once, then what the steady clock adds, so that
//! it never goes back and stamps of two runs differ.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    static BEGAN: OnceLock<(u64, Instant)> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "this is the yardstick's one source of time")]
    let (instant, wall) = (Instant::now(), || SystemTime::now().duration_since(UNIX_EPOCH));
    let began = BEGAN.get_or_init(|| (nanos(wall().unwrap_or_default()), instant));
    began.0 + nanos(instant - began.1)
}

/// Whole nanoseconds of a duration; 584 years are enough.
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Seconds, for people.
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
