//! What is one's own: a page of lines in as many frames as it takes.

use crate::protocol::frame::encode;
use crate::protocol::wire::{Exported, kind};

/// Bytes of text in one frame: JSON within JSON makes at most seven of one, so it stays below the
/// limit of a frame.
const TEXT: usize = 8 * 1024;

pub(super) fn spell(text: &str, more: bool, out: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let (text, behind) = rest.split_at(rest.floor_char_boundary(TEXT));
        let part = !behind.is_empty();
        let more = more && !part;
        encode(kind::EXPORT_RES, &Exported { text: text.to_owned(), part, more }, out);
        if !part {
            return;
        }
        rest = behind;
    }
}
