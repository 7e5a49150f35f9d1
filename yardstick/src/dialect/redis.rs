//! Redis's publish and subscribe. Who speaks does not subscribe to the room; in pairs everybody
//! has a channel and a second way to speak, inline commands being enough for both.

use super::{Dialect, Entry, Who};
use crate::scan::Framing;
use crate::stamp::Stamp;

pub(super) struct Redis {
    pub(super) pairs: bool,
}

impl Dialect for Redis {
    fn framing(&self) -> Framing {
        Framing::Text
    }

    fn begin(&mut self, who: &Who, out: &mut Vec<u8>) -> Entry {
        let first = match (self.pairs, who.is_speaker) {
            // In RESP3 who subscribes may still publish.
            (true, _) => format!("HELLO 3\r\nSUBSCRIBE {}\r\n", who.name()),
            (false, true) => "PING\r\n".to_owned(),
            (false, false) => "SUBSCRIBE room\r\n".to_owned(),
        };
        out.extend_from_slice(first.as_bytes());
        Entry::Wait
    }

    fn enter(&mut self, _who: &Who, unit: &[u8], _out: &mut Vec<u8>) -> Entry {
        match unit {
            b"+PONG" | b"subscribe" => Entry::In,
            [b'-', why @ ..] => Entry::Refused(String::from_utf8_lossy(why).into_owned()),
            _ => Entry::Wait,
        }
    }

    fn to_room(&self, _who: &Who, stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(b"PUBLISH room ");
        stamp.write_text(size, out);
        out.extend_from_slice(b"\r\n");
    }

    fn to_one(&self, pair: (&Who, &Who), stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("PUBLISH {} ", pair.1.name()).as_bytes());
        stamp.write_text(size, out);
        out.extend_from_slice(b"\r\n");
    }

    fn speakers_listen(&self) -> bool {
        self.pairs
    }
}
