//! The floor: whatever is sent goes to all others. Nothing is said on coming in.

use super::{Dialect, Entry, Who};
use crate::scan::Framing;
use crate::stamp::Stamp;

pub(super) struct Floor;

impl Dialect for Floor {
    fn framing(&self) -> Framing {
        Framing::Text
    }

    fn begin(&mut self, _who: &Who, _out: &mut Vec<u8>) -> Entry {
        Entry::In
    }

    fn enter(&mut self, _who: &Who, _unit: &[u8], _out: &mut Vec<u8>) -> Entry {
        Entry::In
    }

    fn to_room(&self, _who: &Who, stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        stamp.write_text(size, out);
        out.push(b'\n');
    }

    fn to_one(&self, pair: (&Who, &Who), stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        self.to_room(pair.0, stamp, size, out);
    }
}
