//! A moment as it is typed: `2h` ago, `23:37`, `2026-11-20`, or `2026-11-20 23:37` UTC.

use crate::clock;
use crate::protocol::Millis;

/// Reads it. For clap.
pub(super) fn parse(text: &str) -> Result<Millis, String> {
    let now = clock::now_ms();
    ago(text, now)
        .or_else(|| clock::typed(&text.replace('T', " "), now))
        .ok_or_else(|| "like 90s, 30m, 2h, 7d, 23:37 or 2026-11-20 23:37 (UTC)".to_owned())
}

fn ago(text: &str, now: Millis) -> Option<Millis> {
    let unit = match text.chars().last()? {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    let number: u32 = text.get(..text.len() - 1)?.parse().ok()?;
    Some(Millis(now.0.saturating_sub(i64::from(number).saturating_mul(unit)).max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_so_long_ago_or_a_time() {
        let now = Millis(100_000_000);
        for (text, expected) in [
            ("90s", 99_910_000),
            ("30m", 98_200_000),
            ("2h", 92_800_000),
            ("1d", 13_600_000),
            ("9d", 0),
        ] {
            assert_eq!(ago(text, now), Some(Millis(expected)), "{text}");
        }
        assert_eq!(parse("1970-01-02T00:01"), Ok(Millis(86_460_000)));
        assert_eq!(parse("1970-01-02"), Ok(Millis(86_400_000)));
        assert_eq!(parse("00:00").map(|moment| moment.0 % 86_400_000), Ok(0));
        for bad in ["", "h", "-1h", "2 h", "99999999999d", "1970-02-30 00:00", "24:00", "二h"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
