//! The lines of the standard input, read by a thread of their own so that a refused login or a
//! closed output can end the program while nobody types.

use std::io::{self, BufRead};

use crossbeam_channel::{Receiver, bounded};

use crate::protocol::{ErrorCode, Text};
use crate::threads;

/// Bytes of a line: the longest text and the longest command in front of it.
const MAX_LINE: usize = Text::MAX + 1_024;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A line without its end.
    Line(String),
    /// A line that cannot be said.
    Bad(ErrorCode),
}

/// Starts to read. The channel ends with the input.
///
/// Nobody joins the thread: nothing can end its wait for a line but the end of the process,
/// which it does not hold up.
pub(super) fn start(max_lines: usize) -> io::Result<Receiver<Read>> {
    let (lines_in, lines) = bounded(max_lines);
    threads::spawn("read-stdin", move || {
        let mut input = io::stdin().lock();
        while let Ok(Some(read)) = next(&mut input) {
            if lines_in.send(read).is_err() {
                return;
            }
        }
    })?;
    Ok(lines)
}

/// Reads one line of any length, keeping at most [`MAX_LINE`] bytes of it.
fn next(input: &mut impl BufRead) -> io::Result<Option<Read>> {
    let (mut line, mut is_long) = (Vec::new(), false);
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let piece = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        let is_over = end.is_some() || chunk.is_empty();
        let at_end = chunk.is_empty() && line.is_empty() && !is_long;
        is_long |= line.len() + piece.len() > MAX_LINE;
        if !is_long {
            line.extend_from_slice(piece);
        }
        let used = piece.len() + usize::from(end.is_some());
        input.consume(used);
        if at_end {
            return Ok(None);
        }
        if is_over {
            break;
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(match String::from_utf8(line) {
        _ if is_long => Read::Bad(ErrorCode::TextTooLong),
        Ok(line) => Read::Line(line),
        Err(_) => Read::Bad(ErrorCode::BadText),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_line_feeds_and_bounded() {
        let long = "x".repeat(MAX_LINE + 1);
        let input = format!("a\r\n\n{long}\nlast");
        let mut bytes = io::BufReader::with_capacity(7, input.as_bytes());
        let reads: Vec<_> = std::iter::from_fn(|| next(&mut bytes).unwrap()).collect();
        let line = |text: &str| Read::Line(text.to_owned());
        let expected = [line("a"), line(""), Read::Bad(ErrorCode::TextTooLong), line("last")];
        assert_eq!(reads, expected);
        assert_eq!(next(&mut &b"\xff\n"[..]).unwrap(), Some(Read::Bad(ErrorCode::BadText)));
    }
}
