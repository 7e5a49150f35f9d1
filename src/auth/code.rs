//! Invitation codes: what people type or read aloud, so short, without letters that look alike,
//! and the same in whatever way it is written down.

use blake2::Blake2b;
use blake2::digest::Digest;
use blake2::digest::consts::U32;

/// Without `l`, `o`, `0` and `1`. 32 of them, so that five bits are one, each as likely.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters of a code: 100 random bits. Nobody guesses that, and less would need a slow hash.
const LENGTH: usize = 20;

/// Letters between two dashes.
const GROUP: usize = 5;

/// A new code; `None`: the system has no random bytes.
pub fn make() -> Option<String> {
    let mut bytes = [0_u8; LENGTH];
    getrandom::fill(&mut bytes).ok()?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().map(char::from);
    let letters: Vec<char> = bytes.iter().filter_map(letter).collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    Some(groups.join("-"))
}

/// By what a store knows a code again, however it was typed: case, dashes and blanks do not
/// matter.
pub fn digest(code: &str) -> [u8; 32] {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    Blake2b::<U32>::digest(letters.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_however_it_is_typed() {
        let code = make().unwrap();
        assert_eq!((code.len(), code.matches('-').count()), (23, 3), "{code}");
        let typed = format!(" {} ", code.to_uppercase().replace('-', " "));
        assert_eq!(digest(&typed), digest(&code));
        assert_ne!(make().unwrap(), code);
        let (_, rest) = code.split_at(1);
        assert_ne!(digest(rest), digest(&code));
    }
}
