//! Bytes out of bytes: flips, cuts, repetitions, splices, lengths and words, by a seed. The same
//! seed and corpus make the same bytes.

/// Throws without a state outside: xorshift64*.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `n`, which may be 0 as well.
    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 16) as usize % n.max(1)
    }

    fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Makes inputs of a corpus.
#[derive(Debug)]
pub struct Mutator {
    dice: Dice,
    seeds: Vec<Vec<u8>>,
}

/// Bytes that stand for something in one of the languages.
const BYTES: &[u8] = &[0, 1, 0x7f, 0x80, 0xff, 0xf0, 0xfa, 0xfb, b'\n', b'\r', b'"', b'\\', b'{'];

/// Lengths around those that decide something.
const LENGTHS: &[u32] = &[0, 1, 2, 0x1fa0, 0x1fa1, 0xffff, 0x1_0000, 0x1_0001, 0x7fff_ffff, !0];

/// Numbers around those that decide something.
const NUMBERS: &[&[u8]] = &[
    b"0",
    b"1",
    b"-1",
    b"65536",
    b"4294967296",
    b"9007199254740993",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551616",
    b"1.5",
];

const WORDS: &[&[u8]] = &[
    b"{\"type\":\"",
    b"\\\"",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"-9223372036854775808",
    b"1e999",
    b"[[[[[[[[[[[[[[[[[",
    b"\"kind\":\"",
    b"\xff\xfa\x18\0",
    b"\xff\xf0",
    b"\r\0",
    b"/msg ",
    b"rename|",
    b" HTTP/1.1",
    b"lobby",
    b"@100,200",
    b"\xe4\xbd\xa0",
];

impl Mutator {
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        // Zero would stay zero for ever.
        Self { dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), seeds }
    }

    /// One of the corpus after some mutations; at most `max` bytes.
    pub fn next(&mut self, max: usize) -> Vec<u8> {
        let mut bytes = self.dice.choose(&self.seeds).clone();
        for _ in 0..=self.dice.below(5) {
            self.mutate(&mut bytes);
        }
        bytes.truncate(max);
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.dice.below(bytes.len());
        let (from, to) = self.range(bytes.len());
        match self.dice.below(10) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << self.dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = *self.dice.choose(BYTES),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(from..to)),
            4 => {
                let again = bytes[from..to].repeat(1 + self.dice.below(4));
                bytes.splice(at..at, again);
            }
            5 => {
                let other = self.dice.choose(&self.seeds).clone();
                bytes.truncate(at);
                bytes.extend_from_slice(&other[self.dice.below(other.len())..]);
            }
            6 => bytes.extend_from_slice(&self.dice.choose(&self.seeds).clone()),
            7 => self.change_number(bytes, at),
            8 if bytes.len() >= 4 => {
                // The length of a frame, off by a little or by all.
                let length = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                let near = length.wrapping_add(self.dice.below(5) as u32).wrapping_sub(2);
                let length =
                    if self.dice.below(2) == 0 { near } else { *self.dice.choose(LENGTHS) };
                bytes[..4].copy_from_slice(&length.to_be_bytes());
            }
            _ => {
                let word = *self.dice.choose(WORDS);
                bytes.splice(at..at, word.iter().copied());
            }
        }
        self.mend_length(bytes);
    }

    /// The first digits from here on become another number.
    fn change_number(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        if let Some(from) = (at..bytes.len()).find(|place| is_digit(&bytes[*place])) {
            let n = bytes[from..].iter().take_while(|byte| is_digit(byte)).count();
            let number = *self.dice.choose(NUMBERS);
            bytes.splice(from..from + n, number.iter().copied());
        }
    }

    /// Half of the time the length of the first frame is made right again: otherwise hardly any
    /// mutation would get past it.
    fn mend_length(&mut self, bytes: &mut [u8]) {
        let is_frame = bytes.first() == Some(&0) && bytes.get(4) == Some(&b'{');
        if is_frame && self.dice.below(2) == 0 {
            let length = bytes.len() as u32 - 4;
            bytes[..4].copy_from_slice(&length.to_be_bytes());
        }
    }

    fn range(&mut self, n: usize) -> (usize, usize) {
        let (one, other) = (self.dice.below(n + 1), self.dice.below(n + 1));
        (one.min(other), one.max(other))
    }
}

/// FNV-1a, for names of files.
pub fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let make = |seed| {
        let mut mutator = Mutator::new(seed, vec![b"\0\0\0\x02{}".to_vec(), b"hello\n".to_vec()]);
        (0..200).map(|_| mutator.next(1_000)).collect::<Vec<_>>()
    };
    assert_eq!(make(7), make(7));
    assert_ne!(make(7), make(8));
}
