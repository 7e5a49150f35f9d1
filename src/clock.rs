//! The one source of time. Rules and limits take time as a parameter, so tests own it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::protocol::Millis;

/// Wall clock time, for messages. A clock before 1970 reads as 1970.
pub fn now_ms() -> Millis {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Monotonic time, for deadlines.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    Instant::now()
}

/// A moment as people read it: `2026-11-20 23:37:11`, UTC.
pub fn utc(time: Millis) -> String {
    let seconds = time.0.div_euclid(1000);
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// The same to the minute: `2026-11-20 23:37`.
pub fn minute(time: Millis) -> String {
    utc(time).get(..16).unwrap_or_default().to_owned()
}

/// Reads a moment as it is typed: a time of today, the beginning of a day, or both. UTC.
pub fn typed(text: &str, now: Millis) -> Option<Millis> {
    match text.split_once(' ') {
        Some(_) => from_utc(text),
        None if text.contains(':') => from_utc(&format!("{} {text}", utc(now).get(..10)?)),
        None => from_utc(&format!("{text} 00:00")),
    }
}

/// Reads `2026-11-20 23:37`, UTC. `None`: no such moment.
pub fn from_utc(text: &str) -> Option<Millis> {
    let (date, time) = text.split_once(' ')?;
    let mut date = date.split('-').map(str::parse);
    let (year, month, day): (i64, i64, i64) =
        (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    let is_moment = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && date.next().is_none();
    // Before anything is reckoned with: anybody can type a year of nineteen digits.
    if !is_moment {
        return None;
    }
    // Years begin in March here, too (see `civil`).
    let (year, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    // 30 February is the 2nd of March.
    let is_there = civil(days).2 == day;
    is_there.then(|| Millis(((days * 24 + hour) * 60 + minute) * 60_000))
}

/// Year, month and day of a day counted from 1970-01-01 in the proleptic Gregorian calendar:
/// 400 years are always 146,097 days; within them the year is taken to begin in March, so that
/// the leap day is its last.
fn civil(days: i64) -> (i64, i64, i64) {
    let since_march_0000 = days + 719_468;
    let (era, day_of_era) =
        (since_march_0000.div_euclid(146_097), since_march_0000.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_the_calendar_has_them() {
        let at = |seconds: i64| utc(Millis(seconds * 1000));
        assert_eq!(at(0), "1970-01-01 00:00:00");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(at(1_795_217_831), "2026-11-20 23:37:11");
        assert_eq!(at(-1), "1969-12-31 23:59:59");
        assert_eq!(at(4_107_542_400), "2100-03-01 00:00:00");
        for text in ["1970-01-01 00:00", "2000-02-29 23:59", "2026-11-20 23:37", "2100-03-01 00:00"]
        {
            assert_eq!(from_utc(text).map(utc), Some(format!("{text}:00")));
        }
        for text in
            ["", "2026-11-20", "2026-02-29 00:00", "2026-13-01 00:00", "x-1-1 0:0", "1-1-1 0:0"]
        {
            assert_eq!(from_utc(text), None, "{text}");
        }
        assert_eq!(from_utc("9223372036854775807-1-1 0:0"), None);
        assert_eq!(from_utc("2026-1-9223372036854775807 0:0"), None);
    }
}
