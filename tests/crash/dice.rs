//! Chance that can be repeated: the same seed, the same throws (SplitMix64, Steele et al. 2014).

use std::ops::Range;
use std::time::Duration;

/// A source of throws.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of its own for the `n`th user of this seed.
    pub fn split(&self, n: u64) -> Self {
        let mut dice = Self(self.0 ^ n.wrapping_add(1).wrapping_mul(0xA076_1D64_78BD_642F));
        dice.throw();
        dice
    }

    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, range: Range<u64>) -> u64 {
        range.start + self.throw() % (range.end - range.start)
    }

    pub fn micros(&mut self, range: Range<u64>) -> Duration {
        Duration::from_micros(self.below(range))
    }
}
