//! What repeating oneself costs, against a list of all that was said.

use std::collections::HashMap;
use std::time::Duration;

use hubbub::clock;
use hubbub::limits::Repeats;
use proptest::prelude::*;

proptest! {
    #[test]
    fn each_repetition_within_the_window_costs_twice_as_much(
        said in prop::collection::vec((0..6_u8, 0..40_u64), 1..60),
    ) {
        let mut repeats = Repeats::default();
        let mut last: HashMap<u8, (std::time::Instant, u32)> = HashMap::new();
        let mut now = clock::now();
        for (text, pause) in said {
            now += Duration::from_secs(pause);
            let cost = repeats.cost(&format!("text {text}"), now);
            // Fewer texts than are remembered, so none is forgotten for another.
            let expected = match last.get(&text) {
                Some((at, before)) if now - *at < Repeats::WINDOW => u32::min(before * 2, Repeats::MAX_COST),
                _ => 1,
            };
            prop_assert_eq!(cost, expected);
            last.insert(text, (now, cost));
        }
    }

    #[test]
    fn who_says_many_things_is_slowed_as_anybody(n in 1..200_u32) {
        let (mut repeats, now) = (Repeats::default(), clock::now());
        for text in 0..n {
            prop_assert_eq!(repeats.cost(&text.to_string(), now), 1);
        }
    }
}
