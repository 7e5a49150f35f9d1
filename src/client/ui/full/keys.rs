//! Bytes of a terminal into keys and pastes: a state machine without a terminal. Sequences are
//! ECMA-48's as xterm sends them; what is none of them is passed over as a whole, so that no rest
//! of it is taken for typed text.

use std::time::{Duration, Instant};

/// What follows an escape within this time belongs to it; a lone one is the key. Long enough for
/// a slow line, too short to be noticed.
const ESCAPE_WAIT: Duration = Duration::from_millis(50);

/// A paste whose end does not come within this time of its last bytes is taken as it is.
const PASTE_WAIT: Duration = Duration::from_secs(10);

/// Bytes of a paste, at most: more than thirty of the longest messages. Longer ones are refused
/// as a whole.
pub(super) const MAX_PASTE: usize = 256 * 1024;

/// Bytes of a control sequence, at most. No terminal sends longer ones.
const MAX_SEQUENCE: usize = 32;

const PASTE_END: &[u8] = b"\x1b[201~";

/// A key with what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) code: Code,
    pub(super) ctrl: bool,
    pub(super) alt: bool,
    pub(super) shift: bool,
}

/// A key by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Char(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Escape,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

impl Key {
    /// With nothing beside it.
    pub(super) const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// With Ctrl.
    pub(super) const fn ctrl(code: Code) -> Self {
        Self { ctrl: true, ..Self::plain(code) }
    }

    /// With Alt, or after an escape.
    pub(super) const fn alt(code: Code) -> Self {
        Self { alt: true, ..Self::plain(code) }
    }

    /// With Shift, where the terminal says so.
    pub(super) const fn shift(code: Code) -> Self {
        Self { shift: true, ..Self::plain(code) }
    }
}

/// What came from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Key(Key),
    /// Pasted as a whole.
    Paste(String),
    /// The window has the keys, or not any more.
    Focus(bool),
    /// More than [`MAX_PASTE`] bytes were pasted; none of it is kept.
    PasteTooLong,
}

/// What the bytes so far are the beginning of.
#[derive(Debug, Default)]
enum Part {
    #[default]
    None,
    /// An escape.
    Escape,
    /// `ESC [`, or `ESC O`, and this.
    Sequence(Vec<u8>),
    /// A sequence that is too long: passed over to its end.
    Overlong,
    /// A character of several bytes, of which these came; it is Alt's.
    Utf8(Vec<u8>, bool),
    /// What is pasted; too much of it.
    Paste(Vec<u8>, bool),
}

/// Reads keys.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    part: Part,
    /// When the last bytes came.
    since: Option<Instant>,
}

impl Decoder {
    /// These bytes came.
    pub(super) fn feed(&mut self, bytes: &[u8], now: Instant) -> Vec<Typed> {
        let mut typed = Vec::new();
        for byte in bytes {
            self.byte(*byte, &mut typed);
        }
        self.since = (!matches!(self.part, Part::None)).then_some(now);
        typed
    }

    /// When [`Decoder::flush`] has something to do, if nothing comes before.
    pub(super) fn due(&self) -> Option<Instant> {
        let wait = match self.part {
            Part::None => return None,
            Part::Paste(..) => PASTE_WAIT,
            _ => ESCAPE_WAIT,
        };
        self.since.map(|since| since + wait)
    }

    /// Time has passed: what was begun and not ended is taken as it is.
    pub(super) fn flush(&mut self, now: Instant) -> Vec<Typed> {
        if self.due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.since = None;
        match std::mem::take(&mut self.part) {
            Part::Escape => vec![Typed::Key(Key::plain(Code::Escape))],
            Part::Paste(bytes, too_long) => vec![pasted(&bytes, too_long)],
            _ => Vec::new(),
        }
    }

    fn byte(&mut self, byte: u8, typed: &mut Vec<Typed>) {
        self.part = match std::mem::take(&mut self.part) {
            Part::None => single(byte, false, typed),
            Part::Escape => match byte {
                b'[' | b'O' => Part::Sequence(vec![byte]),
                0x1b => {
                    typed.push(Typed::Key(Key::plain(Code::Escape)));
                    Part::Escape
                }
                byte => single(byte, true, typed),
            },
            Part::Sequence(mut sequence) => {
                sequence.push(byte);
                match byte {
                    // ECMA-48 section 5.4: parameters and intermediates.
                    0x20..=0x3f if sequence.len() < MAX_SEQUENCE => Part::Sequence(sequence),
                    0x20..=0x3f => Part::Overlong,
                    0x40..=0x7e if sequence == b"[200~" => Part::Paste(Vec::new(), false),
                    b'I' | b'O' if sequence.len() == 2 && sequence.starts_with(b"[") => {
                        typed.push(Typed::Focus(byte == b'I'));
                        Part::None
                    }
                    0x40..=0x7e => {
                        typed.extend(key_of(&sequence).map(Typed::Key));
                        Part::None
                    }
                    // Not a sequence after all.
                    byte => single(byte, false, typed),
                }
            }
            Part::Overlong if (0x20..=0x3f).contains(&byte) => Part::Overlong,
            Part::Overlong => Part::None,
            Part::Utf8(mut bytes, alt) => {
                bytes.push(byte);
                match std::str::from_utf8(&bytes) {
                    Ok(text) => {
                        let key = |c| Key { alt, ..Key::plain(Code::Char(c)) };
                        typed.extend(text.chars().map(|c| Typed::Key(key(c))));
                        Part::None
                    }
                    Err(error) if error.error_len().is_none() => Part::Utf8(bytes, alt),
                    // Not UTF-8: the broken bytes are nobody's, the last may begin something.
                    Err(_) => single(byte, false, typed),
                }
            }
            Part::Paste(bytes, too_long) => paste(bytes, too_long, byte, typed),
        };
    }
}

fn paste(mut bytes: Vec<u8>, mut too_long: bool, byte: u8, typed: &mut Vec<Typed>) -> Part {
    bytes.push(byte);
    if bytes.ends_with(PASTE_END) {
        bytes.truncate(bytes.len() - PASTE_END.len());
        typed.push(pasted(&bytes, too_long));
        return Part::None;
    }
    if bytes.len() > MAX_PASTE + PASTE_END.len() {
        too_long = true;
        // What may be the beginning of the end is kept.
        bytes.drain(..MAX_PASTE);
    }
    Part::Paste(bytes, too_long)
}

/// Terminals send a carriage return for each line end of what is pasted.
fn pasted(bytes: &[u8], too_long: bool) -> Typed {
    if too_long || bytes.len() > MAX_PASTE {
        return Typed::PasteTooLong;
    }
    let text = String::from_utf8_lossy(bytes);
    Typed::Paste(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// A byte that continues nothing.
fn single(byte: u8, alt: bool, typed: &mut Vec<Typed>) -> Part {
    let code = match byte {
        0x1b => return Part::Escape,
        b'\r' => Code::Enter,
        b'\t' => Code::Tab,
        0x7f | 0x08 => Code::Backspace,
        0 => return control(' ', alt, typed),
        // Ctrl-A is 1, and so on to the underscore.
        1..=0x1f => {
            let letter = char::from(byte | 0x40).to_ascii_lowercase();
            return control(letter, alt, typed);
        }
        0x20..=0x7e => Code::Char(char::from(byte)),
        0xc2..=0xf4 => return Part::Utf8(vec![byte], alt),
        _ => return Part::None,
    };
    typed.push(Typed::Key(Key { alt, ..Key::plain(code) }));
    Part::None
}

fn control(letter: char, alt: bool, typed: &mut Vec<Typed>) -> Part {
    typed.push(Typed::Key(Key { alt, ..Key::ctrl(Code::Char(letter)) }));
    Part::None
}

/// Final bytes of sequences, after `[` or `O`.
const FINALS: &[(u8, Code)] = &[
    (b'A', Code::Up),
    (b'B', Code::Down),
    (b'C', Code::Right),
    (b'D', Code::Left),
    (b'H', Code::Home),
    (b'F', Code::End),
    (b'P', Code::F(1)),
    (b'Q', Code::F(2)),
    (b'R', Code::F(3)),
    (b'S', Code::F(4)),
    (b'Z', Code::Tab),
];

/// First numbers of sequences that end with a tilde.
const TILDES: &[(u32, Code)] = &[
    (1, Code::Home),
    (3, Code::Delete),
    (4, Code::End),
    (5, Code::PageUp),
    (6, Code::PageDown),
    (7, Code::Home),
    (8, Code::End),
    (15, Code::F(5)),
    (17, Code::F(6)),
    (18, Code::F(7)),
    (19, Code::F(8)),
    (20, Code::F(9)),
    (21, Code::F(10)),
    (23, Code::F(11)),
    (24, Code::F(12)),
];

/// A whole sequence without its escape; `None`: no key that we know.
fn key_of(sequence: &[u8]) -> Option<Key> {
    let (last, rest) = sequence.split_last()?;
    let numbers = std::str::from_utf8(rest.get(1..)?).ok()?;
    let mut numbers = numbers.split(';').map(|number| number.parse::<u32>().ok());
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    let code = match last {
        b'~' => TILDES.iter().find(|(number, _)| Some(*number) == first)?.1,
        // Keys by their code point, as some terminals say Shift-Enter.
        b'u' => match char::from_u32(first?)? {
            '\r' => Code::Enter,
            '\t' => Code::Tab,
            '\u{1b}' => Code::Escape,
            '\u{7f}' | '\u{8}' => Code::Backspace,
            c if !c.is_control() => Code::Char(c),
            _ => return None,
        },
        last => FINALS.iter().find(|(known, _)| known == last)?.1,
    };
    // xterm's parameter: one more than a sum of 1 (Shift), 2 (Alt), 4 (Ctrl).
    let beside = second.unwrap_or(1).saturating_sub(1);
    let key = Key {
        code,
        shift: beside & 1 != 0 || *last == b'Z',
        alt: beside & 2 != 0,
        ctrl: beside & 4 != 0,
    };
    Some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock;

    fn typed(bytes: &[u8]) -> Vec<Typed> {
        Decoder::default().feed(bytes, clock::now())
    }

    fn keys(keys: &[Key]) -> Vec<Typed> {
        keys.iter().map(|key| Typed::Key(*key)).collect()
    }

    #[test]
    fn keys_are_read_as_terminals_send_them() {
        let table: &[(&[u8], Key)] = &[
            (b"a", Key::plain(Code::Char('a'))),
            ("你".as_bytes(), Key::plain(Code::Char('你'))),
            (b"\r", Key::plain(Code::Enter)),
            (b"\x1b\r", Key::alt(Code::Enter)),
            (b"\x1b[13;2u", Key::shift(Code::Enter)),
            (b"\x01", Key::ctrl(Code::Char('a'))),
            (b"\x1bb", Key::alt(Code::Char('b'))),
            ("\u{1b}é".as_bytes(), Key::alt(Code::Char('é'))),
            (b"\x7f", Key::plain(Code::Backspace)),
            (b"\x1b[A", Key::plain(Code::Up)),
            (b"\x1bOA", Key::plain(Code::Up)),
            (b"\x1b[1;5C", Key::ctrl(Code::Right)),
            (b"\x1b[1;3D", Key::alt(Code::Left)),
            (b"\x1b[Z", Key::shift(Code::Tab)),
            (b"\x1b[3~", Key::plain(Code::Delete)),
            (b"\x1b[19~", Key::plain(Code::F(8))),
        ];
        for (bytes, key) in table {
            assert_eq!(typed(bytes), keys(&[*key]), "{bytes:?}");
        }
    }

    #[test]
    fn a_lone_escape_is_a_key_after_a_moment() {
        let (mut decoder, now) = (Decoder::default(), clock::now());
        assert_eq!(decoder.feed(b"\x1b", now), []);
        assert_eq!(decoder.flush(now), []);
        assert_eq!(decoder.flush(now + ESCAPE_WAIT), keys(&[Key::plain(Code::Escape)]));
        assert_eq!(decoder.due(), None);
    }

    #[test]
    fn a_paste_is_one_thing_and_an_enter_behind_it_is_a_key() {
        let bytes = b"\x1b[200~one\rtwo\x1b[A\r\n\x1b[201~\r";
        let expected =
            [Typed::Paste("one\ntwo\u{1b}[A\n".to_owned()), Typed::Key(Key::plain(Code::Enter))];
        assert_eq!(typed(bytes), expected);
    }

    #[test]
    fn a_paste_without_an_end_is_taken_when_nothing_more_comes() {
        let (mut decoder, now) = (Decoder::default(), clock::now());
        assert_eq!(decoder.feed(b"\x1b[200~half", now), []);
        assert_eq!(decoder.flush(now + ESCAPE_WAIT), []);
        assert_eq!(decoder.flush(now + PASTE_WAIT), [Typed::Paste("half".to_owned())]);
        assert_eq!(decoder.feed(b"x", now), keys(&[Key::plain(Code::Char('x'))]));
    }

    #[test]
    fn a_paste_that_is_too_long_is_refused_as_a_whole() {
        let bytes = [b"\x1b[200~".to_vec(), vec![b'x'; 3 * MAX_PASTE], PASTE_END.to_vec()];
        assert_eq!(typed(&bytes.concat()), [Typed::PasteTooLong]);
    }

    proptest! {
        #[test]
        fn bytes_mean_the_same_however_they_are_cut(
            bytes in prop::collection::vec(
                prop_oneof![3 => any::<u8>(), 1 => prop::sample::select(&b"\x1b[O~;2013uA"[..])],
                0..60,
            ),
            cuts in prop::collection::vec(1_usize..5, 1..60),
        ) {
            let now = clock::now();
            let (mut decoder, mut pieces, mut rest) = (Decoder::default(), Vec::new(), &bytes[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, later) = rest.split_at((*cut).min(rest.len()));
                pieces.extend(decoder.feed(piece, now));
                rest = later;
            }
            prop_assert_eq!(pieces, typed(&bytes));
        }
    }
}
