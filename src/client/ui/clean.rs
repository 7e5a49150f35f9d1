//! What others wrote, made harmless for a terminal: nothing of it can move the cursor, turn the
//! direction of writing, or begin a line that looks like somebody else's.

use unicode_width::UnicodeWidthChar;

use crate::texts::mark;

/// Continued lines begin with this, and nothing else does.
const INDENT: &str = "    ";

/// Narrower terminals are treated as this wide.
const MIN_COLUMNS: usize = 20;

/// One line: controls, line breaks and bidi controls become visible marks. For names, and for
/// what must stay on one line.
pub(super) fn line(text: &str) -> String {
    text.chars().map(mark).collect()
}

/// `head` and a text behind it, as lines of at most `columns`. A line break in the text, and a
/// wrap, begins an indented continuation: padding a text with blanks forges no line either.
pub(super) fn paragraph(head: &str, text: &str, columns: usize) -> String {
    let columns = columns.max(MIN_COLUMNS);
    let (mut lines, mut width) = (head.to_owned(), 0);
    head.chars().for_each(|c| width += c.width().unwrap_or(0));
    let text = text.replace("\r\n", "\n");
    for (number, piece) in text.split(is_break).enumerate() {
        if number > 0 {
            (lines, width) = (lines + "\n" + INDENT, INDENT.len());
        }
        for c in piece.chars().map(mark) {
            let wide = c.width().unwrap_or(0);
            if width + wide > columns {
                (lines, width) = (lines + "\n" + INDENT, INDENT.len());
            }
            lines.push(c);
            width += wide;
        }
    }
    lines
}

/// One line from which the text can be had again: breaks, tabs and backslashes as `\n`, `\t`,
/// `\\`, everything else that could steer a terminal as `\u{..}`. For scripts.
pub(super) fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if mark(c) != c => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}

/// UAX 14 mandatory breaks; vertical tab and form feed are shown as marks.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[2J\u{7}\u{9b}31m\u{7f}\u{202e}txt\u{0}";

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        for clean in [line(HOSTILE), paragraph("x: ", HOSTILE, 80), escaped(HOSTILE)] {
            assert!(!clean.chars().any(|c| c.is_control() || mark(c) != c), "{clean:?}");
        }
        assert_eq!(line(HOSTILE), "a␛[2J␇\u{fffd}31m␡\u{fffd}txt␀");
    }

    #[test]
    fn no_text_begins_a_line_that_looks_like_another_ones() {
        let forged = format!("hi{}[12:00] tom: yes\r\n[12:00] bob: no\u{2028}x\ry", " ".repeat(38));
        let shown = paragraph("[11:59] eve: ", &forged, 40);
        let mut lines = shown.split('\n');
        assert!(lines.next().unwrap().starts_with("[11:59] eve: hi"));
        assert!(lines.all(|line| line.starts_with(INDENT)), "{shown}");
        assert!(!line("tom\n[12:00] bob").contains('\n'));
    }

    #[test]
    fn wide_characters_count_twice() {
        let shown = paragraph("", &"你".repeat(30), 21);
        assert_eq!(shown.split('\n').next().unwrap().chars().count(), 10);
        assert_eq!(shown.split('\n').count(), 4);
    }

    #[test]
    fn an_escaped_text_stays_on_its_line_and_loses_nothing() {
        assert_eq!(escaped("a\\b\r\nc\td\u{1b}"), "a\\\\b\\r\\nc\\td\\u{1b}");
    }
}
