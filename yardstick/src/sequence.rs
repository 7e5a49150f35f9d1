//! What every receiver has to have: each sender's texts, all of them, once, in order.

use crate::stamp::Stamp;

/// What each receiver heard of each sender in a phase.
#[derive(Debug)]
pub struct Sequences {
    /// The next one expected, by receiver and sender.
    next: Vec<u64>,
    n_senders: usize,
    faults: Faults,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Texts that were left out before a later one came.
    pub lost: u64,
    /// Texts that came once more, or after a later one.
    pub repeated: u64,
    /// Texts that had not come when the phase ended.
    pub missing: u64,
}

impl Faults {
    /// All of them.
    pub fn n(self) -> u64 {
        self.lost + self.repeated + self.missing
    }
}

impl Sequences {
    /// Senders are the first ones of the receivers.
    pub fn new(n_receivers: usize, n_senders: usize) -> Self {
        Self { next: vec![0; n_receivers * n_senders], n_senders, faults: Faults::default() }
    }

    /// A receiver heard this; whether it is one that was waited for.
    pub fn heard(&mut self, receiver: usize, stamp: Stamp) -> bool {
        let Some(next) = (stamp.sender < self.n_senders)
            .then(|| self.next.get_mut(receiver * self.n_senders + stamp.sender))
            .flatten()
        else {
            self.faults.repeated += 1;
            return false;
        };
        if stamp.seq < *next {
            self.faults.repeated += 1;
            return false;
        }
        self.faults.lost += stamp.seq - *next;
        *next = stamp.seq + 1;
        true
    }

    /// How many a receiver has heard of, of a sender.
    pub fn n_heard(&self, receiver: usize, sender: usize) -> u64 {
        self.next[receiver * self.n_senders + sender]
    }

    /// At the end: `sent` is how many texts a receiver should have of a sender.
    pub fn close(mut self, sent: &dyn Fn(usize, usize) -> u64) -> Faults {
        for (place, next) in self.next.iter().enumerate() {
            let wanted = sent(place / self.n_senders, place % self.n_senders);
            self.faults.missing += wanted.saturating_sub(*next);
        }
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(seqs: &[u64]) -> Faults {
        let mut sequences = Sequences::new(2, 1);
        seqs.iter().for_each(|seq| {
            sequences.heard(1, Stamp::new(0, *seq, 0));
        });
        sequences.close(&|receiver, _| if receiver == 1 { 4 } else { 0 })
    }

    #[test]
    fn loss_repetition_and_disorder_are_seen() {
        assert_eq!(heard(&[0, 1, 2, 3]), Faults::default());
        assert_eq!(heard(&[0, 1, 2]), Faults { missing: 1, ..Faults::default() });
        assert_eq!(heard(&[0, 2, 3]), Faults { lost: 1, ..Faults::default() });
        assert_eq!(heard(&[0, 1, 1, 2, 3]), Faults { repeated: 1, ..Faults::default() });
        assert_eq!(heard(&[0, 2, 1, 3]), Faults { lost: 1, repeated: 1, missing: 0 });
    }

    #[test]
    fn a_sender_that_there_is_not_is_a_fault() {
        let mut sequences = Sequences::new(1, 1);
        assert!(!sequences.heard(0, Stamp::new(5, 0, 0)));
        assert_eq!(sequences.close(&|_, _| 0).repeated, 1);
    }
}
