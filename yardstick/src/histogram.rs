//! Latencies, counted in buckets that are never wider than 1/32 of what they hold.

/// Buckets within a power of two, as a power of two.
const BITS: u32 = 5;

/// Counts of nanoseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    n: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; 64 << BITS], n: 0, max: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, nanos: u64) {
        self.counts[bucket(nanos)] += 1;
        self.n += 1;
        self.max = self.max.max(nanos);
    }

    /// How many were counted.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The longest, in nanoseconds.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// What `share` of all stay within, in nanoseconds: the upper end of its bucket.
    pub fn quantile(&self, share: f64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count"
        )]
        let wanted = (self.n as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                return end_of(bucket).min(self.max);
            }
        }
        self.max
    }
}

fn bucket(nanos: u64) -> usize {
    let power = (nanos | 1).ilog2();
    if power < BITS {
        return usize::try_from(nanos).unwrap_or(0);
    }
    let shift = power - BITS;
    let within = (nanos >> shift) & ((1 << BITS) - 1);
    (((shift + 1) as usize) << BITS) + usize::try_from(within).unwrap_or(0)
}

fn end_of(bucket: usize) -> u64 {
    let (row, within) = (bucket >> BITS, (bucket & ((1 << BITS) - 1)) as u64);
    if row == 0 {
        return within;
    }
    let shift = row - 1;
    (((1 << BITS) + within) << shift) + ((1_u64 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_lies_within_its_bucket() {
        for nanos in (0..2_000).chain([1 << 20, (1 << 40) + 12_345, u64::MAX >> 1]) {
            let end = end_of(bucket(nanos));
            assert!(end >= nanos && end - nanos <= nanos / 32, "{nanos}: {end}");
        }
    }

    #[test]
    fn quantiles_are_of_what_was_counted() {
        let mut histogram = Histogram::default();
        (1..=1_000).for_each(|nanos| histogram.add(nanos));
        assert_eq!(histogram.n(), 1_000);
        assert!((500..=516).contains(&histogram.quantile(0.5)));
        assert!((990..=1_000).contains(&histogram.quantile(0.99)));
        assert_eq!(histogram.quantile(1.0), 1_000);
    }
}
