//! Our lines: guests, who are greeted and then say a text a line. They hear themselves.

use super::{Dialect, Entry, Who};
use crate::scan::Framing;
use crate::stamp::Stamp;

pub(super) struct Lines;

impl Dialect for Lines {
    fn framing(&self) -> Framing {
        Framing::Text
    }

    fn begin(&mut self, _who: &Who, _out: &mut Vec<u8>) -> Entry {
        Entry::Wait
    }

    fn enter(&mut self, _who: &Who, unit: &[u8], _out: &mut Vec<u8>) -> Entry {
        if unit.ends_with(b": login!!!") {
            Entry::In
        } else if unit.starts_with(b"* ") {
            Entry::Refused(String::from_utf8_lossy(unit).into_owned())
        } else {
            Entry::Wait
        }
    }

    fn to_room(&self, _who: &Who, stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        stamp.write_text(size, out);
        out.push(b'\n');
    }

    fn to_one(&self, pair: (&Who, &Who), stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("/msg {} ", pair.1.id).as_bytes());
        self.to_room(pair.0, stamp, size, out);
    }

    fn hears_itself(&self) -> bool {
        true
    }
}
