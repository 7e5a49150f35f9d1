//! What has to hold for any bytes, a function for each decoder: it panics where something does
//! not. cargo-fuzz calls these (`fuzz_targets/`), and so does `tests/fuzz.rs`, on stable.

use hubbub::client::overhear::overhear;
use hubbub::dao::lines::{LineReader, LineWriter};
use hubbub::dao::record::Record;
use hubbub::front::{self, Sniff};
use hubbub::protocol::frame::{COURSE_LIMIT, HEADER, HELLO_LIMIT};
use hubbub::protocol::{Command, Farewell};

/// A target: its name, which its corpus bears too, and what it checks.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("frames", frames),
    ("lines", lines),
    ("telnet", telnet),
    ("sniff", sniff),
    ("hear", hear),
    ("export", export),
];

/// Frames: the commands do not depend on how the bytes are cut, and little is held.
pub fn frames(bytes: &[u8]) {
    cut_anywhere("frame", bytes);
}

/// Lines: the same.
pub fn lines(bytes: &[u8]) {
    cut_anywhere("line", bytes);
}

/// Telnet's negotiations: lines mean the same with them and without. The second half of the bytes
/// says before which of the first half they stand, and which they are.
pub fn telnet(bytes: &[u8]) {
    let (text, places) = bytes.split_at(bytes.len() / 2);
    let text: Vec<u8> = text.iter().map(|byte| byte & 0x7f).collect();
    let mut typed = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        // CR NUL is one thing: nobody negotiates within it.
        let is_within = at > 0 && text[at - 1] == b'\r';
        if let Some(place) = places.get(at).filter(|place| **place >= 0x80 && !is_within) {
            typed.extend_from_slice(NEGOTIATIONS[usize::from(*place) % NEGOTIATIONS.len()]);
        }
        typed.push(*byte);
    }
    let (with, without) = (decode("line", &[&typed]), decode("line", &[&text]));
    assert_eq!(with, without, "negotiations in a text changed it");
}

const NEGOTIATIONS: &[&[u8]] = &[
    b"\xff\xf1",
    b"\xff\xfb\x81",
    b"\xff\xfe\xff",
    b"\xff\xfa\x18\0xterm\n\xff\xf0",
    b"\xff\xfa\x1f\xff\xff\0\xff\xf0",
];

/// The first bytes: more of them never change what was decided, and few are needed.
pub fn sniff(bytes: &[u8]) {
    /// `PROPFIND http` is the longest that has to be told from a line.
    const ENOUGH: usize = 13;
    let mut decided = None;
    for n in 0..=bytes.len().min(64) {
        let now = match front::sniff(&bytes[..n]) {
            Sniff::More => None,
            Sniff::Front(front) => Some(front.name),
            Sniff::Refuse(answer) => Some(std::str::from_utf8(answer).unwrap_or("refused")),
            Sniff::Tls => Some("tls"),
            Sniff::Unknown => Some("unknown"),
        };
        assert!(decided.is_none() || now == decided, "{decided:?} became {now:?} after {n} bytes");
        assert!(now.is_some() || n < ENOUGH, "{n} bytes do not suffice");
        decided = now;
    }
}

/// What a server says to the client: it bears any of it, and writes what our server can read.
pub fn hear(bytes: &[u8]) {
    let heard = overhear(bytes);
    let (_, end) = decode("frame", &[&heard.written]);
    assert_eq!(end, Ok(()), "the client wrote what no server reads");
    assert!(heard.updates.len() <= bytes.len() + 8, "updates out of nothing");
}

/// The lines of an export: what can be read is written again and read as the same, and no number
/// of a line that was read is another one in the line that is written.
pub fn export(bytes: &[u8]) {
    let records = records(bytes);
    let mut lines = LineWriter::begin(Vec::new()).expect("a vector takes everything");
    records.iter().for_each(|record| lines.write(record).expect("a vector takes everything"));
    let (again, _) = lines.end().expect("a vector takes everything");
    assert_eq!(self::records(&again), records, "an export changed on its way");
    let pairs = bytes.split(|byte| *byte == b'\n').zip(again.split(|byte| *byte == b'\n'));
    // The header says of which version an export is.
    for (read, written) in pairs.skip(1).take(records.len()) {
        let kept = numbers(written);
        for number in numbers(read) {
            assert!(kept.contains(&number), "{number} is lost in {}", written.escape_ascii());
        }
    }
}

/// The numbers in a line of JSON that are not within a string.
fn numbers(line: &[u8]) -> Vec<String> {
    let (mut numbers, mut number) = (Vec::new(), String::new());
    let (mut is_string, mut is_escaped) = (false, false);
    for &byte in line.iter().chain(b" ") {
        match byte {
            b'"' if !is_escaped => is_string = !is_string,
            b'-' | b'0'..=b'9' if !is_string => {
                number.push(char::from(byte));
                continue;
            }
            _ => {}
        }
        is_escaped = is_string && byte == b'\\' && !is_escaped;
        if !number.is_empty() {
            numbers.push(std::mem::take(&mut number));
        }
    }
    numbers
}

/// Up to the first one that is wrong.
fn records(bytes: &[u8]) -> Vec<Record> {
    match LineReader::begin(bytes) {
        Ok(lines) => lines.map_while(Result::ok).collect(),
        Err(_) => Vec::new(),
    }
}

fn cut_anywhere(name: &str, bytes: &[u8]) {
    let whole = decode(name, &[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decode(name, &single), whole, "byte by byte");
    // Three more ways, which depend on the bytes alone.
    for step in [2, 7, 1 + bytes.len() / 3] {
        let pieces: Vec<&[u8]> = bytes.chunks(step).collect();
        assert_eq!(decode(name, &pieces), whole, "in pieces of {step}");
    }
}

/// The commands of a connection whose bytes come in these pieces, and how it ends.
fn decode(name: &str, pieces: &[&[u8]]) -> (Vec<Command>, Result<(), Farewell>) {
    let mut decoder = (front::named(name).expect("there is such a front").decoder)();
    let mut commands = Vec::new();
    for piece in pieces {
        if let Err(why) = decoder.decode(piece, &mut commands) {
            return (commands, Err(why));
        }
        // Only who has said hello may send long frames. A line may have 8 KiB.
        let has_greeted = commands.iter().any(|command| matches!(command, Command::Hello(_)));
        let limit = if has_greeted { HELLO_LIMIT } else { COURSE_LIMIT.max(8 * 1024) };
        let n_held = n_held(&format!("{decoder:?}"));
        assert!(n_held <= limit + HEADER, "{n_held} bytes are held");
    }
    decoder.finish(&mut commands);
    let n_bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
    assert!(commands.len() <= n_bytes + 1, "commands out of nothing");
    (commands, Ok(()))
}

/// A decoder says first how many bytes it holds.
fn n_held(shown: &str) -> usize {
    let digits = shown.chars().skip_while(|c| !c.is_ascii_digit());
    digits.take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(usize::MAX)
}
