//! Frames: a length of four bytes, big endian, then a body of that many bytes: one JSON object
//! `{"type":"...","data":"..."}` whose `data` is JSON again, as a string.
//!
//! JSON goes out byte for byte as Go's `encoding/json` writes it, because the original is
//! written in Go: compact, keys in order, `<`, `>` and `&` escaped.
//! Used by `front::frame` and by `client`; knows nothing of either.

use std::io;

use serde::{Deserialize, Serialize};

/// Bytes of body that a client may send before it says hello, and the most that one may be sent
/// ever: the original's buffer on both sides (sic, not 8192).
pub const COURSE_LIMIT: usize = 8_096;

/// Bytes of body that a client may send after it said hello.
pub const HELLO_LIMIT: usize = 64 * 1024;

/// Bytes of a frame's length.
pub const HEADER: usize = 4;

/// Deeper JSON is refused before it is read: reading recurses, and 127 levels overflow a 64 KiB
/// stack.
pub const MAX_DEPTH: usize = 16;

/// The longer of length prefix and limit decides what happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A whole frame stands in front: its body is this long.
    Whole(usize),
    /// More bytes are needed.
    More,
    /// The body would be longer than the limit.
    TooLong(usize),
}

/// Looks at the front of what has arrived.
pub fn cut(bytes: &[u8], limit: usize) -> Cut {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Cut::More };
    match usize::try_from(u32::from_be_bytes(*header)).unwrap_or(usize::MAX) {
        length if length > limit => Cut::TooLong(length),
        length if length > rest.len() => Cut::More,
        length => Cut::Whole(length),
    }
}

/// Appends one frame with this type, which has no character to escape, and this data.
pub fn encode<T: Serialize>(kind: &str, data: &T, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(br#"","data":""#);
    quote_go_json(go_json(data).as_bytes(), out);
    out.extend_from_slice(br#""}"#);
    let body = out.len() - start - HEADER;
    let length = u32::try_from(body).unwrap_or(u32::MAX).to_be_bytes();
    if let Some(header) = out.get_mut(start..start + HEADER) {
        header.copy_from_slice(&length);
    }
}

/// A value as Go's `json.Marshal` writes it. What we give it always can be written (no maps with
/// odd keys), so there is no error; one would show as an empty string.
pub fn go_json<T: Serialize>(value: &T) -> String {
    // Most bodies fit; growing from nothing takes a handful of copies.
    let mut bytes = Vec::with_capacity(256);
    write_go_json(value, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// The same JSON as the inside of a string. Of what Go escapes, JSON that Go wrote holds only
/// quotes and backslashes, so there is no second pass through the serializer.
fn quote_go_json(json: &[u8], out: &mut Vec<u8>) {
    out.reserve(json.len() + json.len() / 4);
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        let (before, special) = rest.split_at(at);
        out.extend_from_slice(before);
        let (special, after) = special.split_at(1);
        out.push(b'\\');
        out.extend_from_slice(special);
        rest = after;
    }
    out.extend_from_slice(rest);
}

fn write_go_json<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    let start = out.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, GoFormatter);
    if value.serialize(&mut serializer).is_err() {
        out.truncate(start);
    }
}

/// Is the nesting of these bytes, read as JSON, at most [`MAX_DEPTH`]? Brackets within strings
/// do not count. Bytes that are no JSON at all get some answer, and are refused later.
pub fn is_shallow(json: &[u8]) -> bool {
    // Nearly always there are not so many brackets at all, and counting them is fast.
    let n_brackets = json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    n_brackets <= MAX_DEPTH || is_shallow_outside_strings(json)
}

fn is_shallow_outside_strings(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (byte, in_string) {
            _ if escaped => escaped = false,
            (b'\\', true) => escaped = true,
            (b'"', _) => in_string = !in_string,
            (b'{' | b'[', false) => depth += 1,
            (b'}' | b']', false) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}

/// Reads typed JSON whose unknown keys are skipped, refusing what is nested too deep.
///
/// # Errors
/// What is wrong with it, for the log at debug.
pub fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    if !is_shallow(json) {
        return Err(format!("nested deeper than {MAX_DEPTH}"));
    }
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

/// Go escapes three more characters than JSON asks for, and two line separators, and writes
/// backspace and form feed in the long form (before Go 1.22).
struct GoFormatter;

impl serde_json::ser::Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // 0xe2 begins the two separators, and more that is looked at then.
        if !fragment.bytes().any(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
            return writer.write_all(fragment.as_bytes());
        }
        let special = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| special(*c)) {
            let (before, after) = rest.split_at(at);
            write!(writer, "{before}\\u{:04x}", u32::from(c))?;
            rest = after.split_at(c.len_utf8()).1;
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: serde_json::ser::CharEscape,
    ) -> io::Result<()> {
        use serde_json::ser::CharEscape as Escape;
        match escape {
            Escape::Quote => writer.write_all(b"\\\""),
            Escape::ReverseSolidus => writer.write_all(b"\\\\"),
            Escape::Solidus => writer.write_all(b"/"),
            Escape::LineFeed => writer.write_all(b"\\n"),
            Escape::CarriageReturn => writer.write_all(b"\\r"),
            Escape::Tab => writer.write_all(b"\\t"),
            Escape::Backspace => writer.write_all(b"\\u0008"),
            Escape::FormFeed => writer.write_all(b"\\u000c"),
            Escape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_go_writes_it() {
        let text = "a<b>&\"\\\n\r\t\u{8}\u{c}\u{1}\u{7f}\u{2028}\u{2029}你好";
        let go = r#""a\u003cb\u003e\u0026\"\\\n\r\t\u0008\u000c\u0001"#.to_owned()
            + "\u{7f}"
            + r#"\u2028\u2029你好""#;
        assert_eq!(go_json(&text), go);
    }

    #[test]
    fn data_is_quoted_as_go_quotes_a_string() {
        let data = ["a<b>&\"\\\n\r\t\u{8}\u{c}\u{1}\u{7f}\u{2028}\u{2029}你好", "", "\\\"\""];
        let mut frame = Vec::new();
        encode("SmsMes", &data, &mut frame);
        let go = format!(r#"{{"type":"SmsMes","data":{}}}"#, go_json(&go_json(&data)));
        assert_eq!(String::from_utf8_lossy(&frame[HEADER..]), go);
        assert_eq!(cut(&frame, COURSE_LIMIT), Cut::Whole(go.len()));
    }

    #[test]
    fn depth_is_counted_outside_of_strings_only() {
        assert!(is_shallow(format!("\"{}\"", "[".repeat(100)).as_bytes()));
        assert!(is_shallow("[".repeat(MAX_DEPTH).as_bytes()));
        assert!(!is_shallow("[".repeat(MAX_DEPTH + 1).as_bytes()));
        assert!(!is_shallow(br#""\"",[[[[[[[[[[[[[[[[[[[["#));
    }

    #[test]
    fn a_frame_is_cut_by_its_length_and_never_above_the_limit() {
        assert_eq!(cut(&[0, 0, 0], 10), Cut::More);
        assert_eq!(cut(&[0, 0, 0, 2, b'{'], 10), Cut::More);
        assert_eq!(cut(&[0, 0, 0, 2, b'{', b'}', 0], 10), Cut::Whole(2));
        assert_eq!(cut(&[0, 0, 0, 11], 10), Cut::TooLong(11));
        assert_eq!(cut(&[255; 4], 10), Cut::TooLong(0xffff_ffff));
    }
}
