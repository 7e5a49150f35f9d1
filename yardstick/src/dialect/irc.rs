//! IRC, as far as it takes to be in a channel and to say something.

use super::{Dialect, Entry, Who};
use crate::scan::Framing;
use crate::stamp::Stamp;

pub(super) struct Irc {
    pub(super) pairs: bool,
}

impl Dialect for Irc {
    fn framing(&self) -> Framing {
        Framing::Text
    }

    fn begin(&mut self, who: &Who, out: &mut Vec<u8>) -> Entry {
        let name = who.name();
        out.extend_from_slice(format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n").as_bytes());
        Entry::Wait
    }

    fn enter(&mut self, _who: &Who, unit: &[u8], out: &mut Vec<u8>) -> Entry {
        let line = String::from_utf8_lossy(unit);
        let mut words = line.split(' ');
        let first = words.next();
        match (first, words.next()) {
            (Some("PING"), Some(cookie)) => {
                out.extend_from_slice(format!("PONG {cookie}\r\n").as_bytes());
            }
            (Some("ERROR"), _) => return Entry::Refused(line.into_owned()),
            // Welcome; without a room, that is all.
            (_, Some("001")) if self.pairs => return Entry::In,
            (_, Some("001")) => out.extend_from_slice(b"JOIN #room\r\n"),
            // The end of the list of who is in the room.
            (_, Some("366")) => return Entry::In,
            _ => {}
        }
        Entry::Wait
    }

    fn to_room(&self, _who: &Who, stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(b"PRIVMSG #room :");
        stamp.write_text(size, out);
        out.extend_from_slice(b"\r\n");
    }

    fn to_one(&self, pair: (&Who, &Who), stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("PRIVMSG {} :", pair.1.name()).as_bytes());
        stamp.write_text(size, out);
        out.extend_from_slice(b"\r\n");
    }

    // Each join is told to everybody in the room.
    fn n_at_once(&self) -> usize {
        8
    }
}
