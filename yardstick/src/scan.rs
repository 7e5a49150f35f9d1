//! Stamps out of bytes: what one read brought, joined with what was left of the one before.
//! Pure, and quick: it runs for every delivery.

use memchr::memchr;

use crate::stamp::{LEN, MARK, Stamp};

/// How the bytes of a dialect are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A length of 4 bytes, then so many.
    Frames,
    /// Lines; a stamp is known by its mark.
    Text,
}

/// Something that concerns a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A text arrived; `again`: as one that was missed.
    Said {
        /// What it begins with.
        stamp: Stamp,
        /// Marked as replayed.
        again: bool,
    },
    /// The server has stored a send under this id.
    Stored {
        /// Of the send.
        stamp: Stamp,
        /// Of the message in its room.
        id: u64,
    },
    /// The server refused a send, or closes.
    Refused,
    /// So many lie before what is replayed.
    Skipped(u64),
}

/// A body longer than this is no frame of ours.
const MAX_BODY: usize = 1 << 20;

const ACK: &[u8] = br#"{"type":"AckMes","data":"{\"clientRef\":\""#;
const ACK_ID: &[u8] = br#"\",\"id\":"#;
const ERROR: &[u8] = br#"{"type":"ErrorMes""#;
const REPLAYED: &[u8] = br#"\"replayed\":true}"}"#;
const SKIPPED: &[u8] = br#"{"type":"SkippedMes","data":"{\"room\":\"lobby\",\"count\":"#;

/// Bytes that are no frames.
#[derive(Debug, PartialEq, Eq)]
pub struct NoFrame;

/// Cuts one line or frame body off: where it begins and ends, and where the next begins.
///
/// # Errors
/// A frame says that it is longer than any can be.
pub fn next_unit(framing: Framing, bytes: &[u8]) -> Result<Option<(usize, usize, usize)>, NoFrame> {
    match framing {
        Framing::Text => Ok(memchr(b'\n', bytes).map(|end| {
            let has_return = end > 0 && bytes[end - 1] == b'\r';
            (0, end - usize::from(has_return), end + 1)
        })),
        Framing::Frames => {
            let Some(length) = bytes.first_chunk::<4>() else { return Ok(None) };
            let end = 4 + u32::from_be_bytes(*length) as usize;
            if end > MAX_BODY {
                return Err(NoFrame);
            }
            Ok((bytes.len() >= end).then_some((4, end, end)))
        }
    }
}

/// Reads what is whole into `heard`: how many bytes are done with. `hint` is where the last mark
/// stood in its frame, where the next one is looked for first.
///
/// # Errors
/// The bytes are no frames.
pub fn scan(
    framing: Framing,
    bytes: &[u8],
    hint: &mut usize,
    heard: &mut Vec<Heard>,
) -> Result<usize, NoFrame> {
    match framing {
        Framing::Text => Ok(scan_text(bytes, heard)),
        Framing::Frames => {
            let mut done = 0;
            while let Some((start, end, next)) = next_unit(framing, &bytes[done..])? {
                on_body(&bytes[done + start..done + end], hint, heard);
                done += next;
            }
            Ok(done)
        }
    }
}

fn scan_text(bytes: &[u8], heard: &mut Vec<Heard>) -> usize {
    let mut done = 0;
    while let Some(found) = memchr(MARK, &bytes[done..]) {
        let mark = done + found;
        if bytes.len() < mark + LEN {
            return mark;
        }
        if let Some(stamp) = Stamp::read(&bytes[mark + 1..]) {
            heard.push(Heard::Said { stamp, again: false });
        }
        done = mark + LEN;
    }
    bytes.len()
}

fn on_body(body: &[u8], hint: &mut usize, heard: &mut Vec<Heard>) {
    if body.get(*hint) != Some(&MARK) {
        match memchr(MARK, body) {
            Some(mark) => *hint = mark,
            None => return heard.extend(on_other(body)),
        }
    }
    if let Some(stamp) = Stamp::read(&body[*hint + 1..]) {
        heard.push(Heard::Said { stamp, again: body.ends_with(REPLAYED) });
    }
}

fn on_other(body: &[u8]) -> Option<Heard> {
    if let Some(rest) = body.strip_prefix(ACK) {
        let stamp = Stamp::read(rest);
        let id = rest.get(LEN - 1..).and_then(|rest| rest.strip_prefix(ACK_ID)).map(number);
        return Some(match (stamp, id) {
            (Some(stamp), Some(id)) => Heard::Stored { stamp, id },
            _ => Heard::Refused,
        });
    }
    if body.starts_with(ERROR) {
        return Some(Heard::Refused);
    }
    body.strip_prefix(SKIPPED).map(|rest| Heard::Skipped(number(rest)))
}

/// The digits that bytes begin with.
fn number(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap();
        [&length.to_be_bytes()[..], body.as_bytes()].concat()
    }

    fn heard(framing: Framing, pieces: &[&[u8]]) -> Vec<Heard> {
        let (mut kept, mut hint, mut heard) = (Vec::new(), 0, Vec::new());
        for piece in pieces {
            kept.extend_from_slice(piece);
            let done = scan(framing, &kept, &mut hint, &mut heard).unwrap();
            kept.drain(..done);
        }
        heard
    }

    fn stamp(seq: u64) -> (Stamp, String) {
        let (stamp, mut text) = (Stamp::new(7, seq, 99), Vec::new());
        stamp.write_text(40, &mut text);
        (stamp, String::from_utf8(text).unwrap())
    }

    #[test]
    fn stamps_are_found_however_the_bytes_are_cut() {
        let ((one, text), (two, other)) = (stamp(1), stamp(2));
        let ack = text[1..LEN].to_owned();
        let frames = [
            framed(&format!(r#"{{"type":"SmsMes","data":"{{\"content\":\"{text}\",\"id\":7}}"}}"#)),
            framed(r#"{"type":"NotifyUserStatusMes","data":"{}"}"#),
            framed(&format!(r#"{{"type":"AckMes","data":"{{\"clientRef\":\"{ack}\",\"id\":71,"}}"#)),
            framed(&format!(r#"{{"type":"AckMes","data":"{{\"clientRef\":\"{ack}\",\"code\":1"}}"#)),
            framed(&format!(
                r#"{{"type":"SmsPrivateMes","data":"{{\"content\":\"{other}\",\"replayed\":true}}"}}"#
            )),
            framed(r#"{"type":"SkippedMes","data":"{\"room\":\"lobby\",\"count\":12}"}"#),
        ]
        .concat();
        let want = [
            Heard::Said { stamp: one, again: false },
            Heard::Stored { stamp: one, id: 71 },
            Heard::Refused,
            Heard::Said { stamp: two, again: true },
            Heard::Skipped(12),
        ];
        assert_eq!(heard(Framing::Frames, &[&frames]), want);
        let lines = format!("[1.2.3.4:5]tom: {text}\r\n:y!~y@host PRIVMSG #r :{other}\r\nbye\r\n");
        let want_lines = [one, two].map(|stamp| Heard::Said { stamp, again: false });
        for size in 1..60 {
            let pieces: Vec<_> = frames.chunks(size).collect();
            assert_eq!(heard(Framing::Frames, &pieces), want, "in pieces of {size}");
            let pieces: Vec<_> = lines.as_bytes().chunks(size).collect();
            assert_eq!(heard(Framing::Text, &pieces), want_lines, "in pieces of {size}");
        }
    }

    #[test]
    fn units_are_cut() {
        assert_eq!(next_unit(Framing::Text, b"hi\r\nx"), Ok(Some((0, 2, 4))));
        assert_eq!(next_unit(Framing::Text, b"\nx"), Ok(Some((0, 0, 1))));
        assert_eq!(next_unit(Framing::Text, b"hi"), Ok(None));
        assert_eq!(next_unit(Framing::Frames, b"\0\0\0\x02ab\0"), Ok(Some((4, 6, 6))));
        assert_eq!(next_unit(Framing::Frames, b"\0\0\0\x02a"), Ok(None));
        assert_eq!(next_unit(Framing::Frames, b"HTTP"), Err(NoFrame));
    }
}
