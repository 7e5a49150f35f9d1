//! What every text begins with: who sent it, which one of its sender's, and when. By it a
//! receiver checks the sequence and measures the way. Pure; knows nothing of wires.

/// Begins a stamp. No dialect has this byte elsewhere in what it sends to a room.
pub const MARK: u8 = b'%';

/// Bytes of a stamp, the mark included.
pub const LEN: usize = 1 + SENDER + SEQ + TIME;

/// Digits of 6 bits.
const SENDER: usize = 3;
const SEQ: usize = 5;
const TIME: usize = 8;

/// Times are kept to this many bits: they wrap after 78 hours.
const TIME_MASK: u64 = (1 << (6 * TIME)) - 1;

/// Safe in JSON, in lines, in IRC and in Redis.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// The value of each digit; 255 for what is none.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut values = [255; 256];
    let mut value: u8 = 0;
    while value < 64 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
}

/// One text of one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The sender's place in the crowd.
    pub sender: usize,
    /// Counts from 0 in each phase.
    pub seq: u64,
    /// Nanoseconds since 1970, to [`TIME_MASK`].
    at: u64,
}

impl Stamp {
    /// `at` in nanoseconds since 1970.
    pub fn new(sender: usize, seq: u64, at: u64) -> Self {
        Self { sender, seq, at: at & TIME_MASK }
    }

    /// The same as if of another sender.
    #[must_use]
    pub fn by(self, sender: usize) -> Self {
        Self { sender, ..self }
    }

    /// Nanoseconds from the stamp to `now`; 0 where it is of the future.
    pub fn age(self, now: u64) -> u64 {
        let age = now.wrapping_sub(self.at) & TIME_MASK;
        if age > TIME_MASK / 2 { 0 } else { age }
    }

    /// Whether it is older than `start`: of another phase, or of another run.
    pub fn is_before(self, start: u64) -> bool {
        let age = start.wrapping_sub(self.at) & TIME_MASK;
        age != 0 && age <= TIME_MASK / 2
    }

    /// Appends the digits without the mark: a name for the send that is never used again.
    pub fn write_digits(self, out: &mut Vec<u8>) {
        write(out, self.sender as u64, SENDER);
        write(out, self.seq, SEQ);
        write(out, self.at, TIME);
    }

    /// Appends a text of `size` bytes: the stamp, then filling.
    pub fn write_text(self, size: usize, out: &mut Vec<u8>) {
        let end = out.len() + size.max(LEN);
        out.push(MARK);
        self.write_digits(out);
        out.resize(end, b'x');
    }

    /// Reads the digits that stand behind a mark.
    pub fn read(digits: &[u8]) -> Option<Self> {
        let (sender, rest) = digits.get(..LEN - 1)?.split_at(SENDER);
        let (seq, at) = rest.split_at(SEQ);
        let sender = usize::try_from(read(sender)?).ok()?;
        Some(Self { sender, seq: read(seq)?, at: read(at)? })
    }
}

fn write(out: &mut Vec<u8>, value: u64, n_digits: usize) {
    let digit = |place: usize| DIGITS[(value >> (6 * place) & 63) as usize];
    out.extend((0..n_digits).rev().map(digit));
}

fn read(digits: &[u8]) -> Option<u64> {
    let mut value = 0;
    let mut worst = 0;
    for digit in digits {
        let one = VALUES[usize::from(*digit)];
        worst |= one;
        value = value << 6 | u64::from(one & 63);
    }
    (worst < 64).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        let stamp = Stamp::new(10_001, 123_456_789, 1_795_217_831_000_000_123);
        let mut text = Vec::new();
        stamp.write_text(100, &mut text);
        assert_eq!((text.len(), text[0]), (100, MARK));
        assert_eq!(Stamp::read(&text[1..]), Some(stamp));
        assert_eq!(Stamp::read(&text[..LEN]), None, "the mark is no digit");
        assert_eq!(Stamp::read(&text[1..LEN - 1]), None);
    }

    #[test]
    fn ages_bear_the_wrap() {
        let before = Stamp::new(0, 0, TIME_MASK - 9);
        assert_eq!(before.age(TIME_MASK + 11), 20);
        assert_eq!(before.age(TIME_MASK - 10), 0);
        assert!(before.is_before(TIME_MASK + 1));
        assert!(!before.is_before(TIME_MASK - 9));
        assert!(!Stamp::new(0, 0, TIME_MASK + 5).is_before(TIME_MASK - 5));
    }
}
