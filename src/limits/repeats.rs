//! Who says the same again and again is slowed more than who says many things.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// What was said lately by one session. A rule over time: it is told the time.
#[derive(Debug, Default)]
pub struct Repeats {
    /// Fingerprints of texts, when each was said last, and how often in a row; the oldest first.
    /// The key is this session's own, so nobody can choose texts that look alike.
    said: VecDeque<(u64, Instant, u32)>,
    key: RandomState,
}

impl Repeats {
    /// Texts that are remembered: who goes round more of them than this is slowed as anybody.
    pub const MAX: usize = 8;

    /// How long a text is remembered.
    pub const WINDOW: Duration = Duration::from_secs(30);

    /// What the most repeated text costs, in messages: with 20 a second, one in 1.6 s.
    pub const MAX_COST: u32 = 32;

    /// What this text costs, in messages: 1, and twice as much each time it comes again within
    /// the window.
    pub fn cost(&mut self, text: &str, now: Instant) -> u32 {
        self.said.retain(|(_, at, _)| now.saturating_duration_since(*at) < Self::WINDOW);
        let print = self.key.hash_one(text);
        let known = self.said.iter().position(|(known, ..)| *known == print);
        let before = known.and_then(|at| self.said.remove(at)).map_or(0, |(.., cost)| cost);
        let cost = (before * 2).clamp(1, Self::MAX_COST);
        if self.said.len() == Self::MAX {
            self.said.pop_front();
        }
        self.said.push_back((print, now, cost));
        cost
    }
}
