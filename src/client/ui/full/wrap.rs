//! Texts of people as lines of a screen: clean, whole graphemes, no wider than there is room.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::client::ui::clean;
use crate::texts::mark;

/// Code points of one grapheme, at most: more marks than any script stacks on a letter only serve
/// to paint over other lines.
const MAX_MARKS: usize = 10;

/// Columns of a text.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// As much of a clean text as fits, with a sign where something is left out.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (mut fitting, mut left) = (String::new(), columns.saturating_sub(1));
    for grapheme in text.graphemes(true) {
        let Some(rest) = left.checked_sub(grapheme.width()) else { break };
        (left, fitting) = (rest, fitting + grapheme);
    }
    if columns > 0 { fitting + "…" } else { fitting }
}

/// The same, cut between two words where that leaves at least half of what fits.
pub(super) fn fit_words(text: &str, columns: usize) -> String {
    let fitting = fit(text, columns);
    let Some(kept) = fitting.strip_suffix('…').filter(|_| fitting != text) else {
        return fitting;
    };
    let is_whole =
        text.get(kept.len()..).is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric()));
    let gap = kept.rfind(' ').filter(|at| !is_whole && *at >= kept.len() / 2);
    let (words, _) = kept.split_at(gap.unwrap_or(kept.len()));
    let words = words.trim_end_matches([' ', ',', ';', ':', '(', '，', '；', '（']);
    format!("{words}…")
}

/// The same as [`fit`], filled up with blanks to just so many columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let mut text = fit(text, columns);
    let missing = columns.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// Any text as lines of at most `columns`, at least one. Breaks at blanks, between the
/// characters of scripts that are written without, and else wherever it must.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let text = text.replace("\r\n", "\n");
    text.split(clean::is_break).flat_map(|line| wrap_line(line, columns)).collect()
}

fn wrap_line(text: &str, columns: usize) -> Vec<String> {
    let clean: String = text.chars().map(mark).collect();
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    // Where the line can be broken: behind so many bytes of it.
    let mut gap: Option<usize> = None;
    let mut graphemes = clean.graphemes(true).peekable();
    while let Some(grapheme) = graphemes.next() {
        let grapheme = bounded(grapheme, columns);
        let wide = grapheme.width();
        let is_over = used + wide > columns;
        if is_over && grapheme == " " {
            // A blank at the end of a line is the break itself.
            lines.push(std::mem::take(&mut line));
            (used, gap) = (0, None);
            continue;
        }
        // What stands behind the last gap may leave too little room, too.
        while used + wide > columns && !line.is_empty() {
            let at = gap.take().filter(|at| *at > 0).unwrap_or(line.len());
            let rest = line.split_off(at).trim_start_matches(' ').to_owned();
            lines.push(line.trim_end_matches(' ').to_owned());
            line = rest;
            used = width(&line);
        }
        line.push_str(&grapheme);
        used += wide;
        let next = graphemes.peek().copied();
        if next.is_some_and(|next| may_break(&grapheme, next)) {
            gap = Some(line.len());
        }
    }
    lines.push(line);
    lines
}

/// A line may end between these: a small part of UAX 14, for blanks, hyphens, and wide
/// characters, whose punctuation begins or ends no line.
fn may_break(left: &str, right: &str) -> bool {
    const NOT_FIRST: &str = "，。、！？；：）》」』】〉”’…,.!?;:)]}";
    const NOT_LAST: &str = "（《「『【〈“‘([{";
    if left == " " || left == "-" {
        return right != " ";
    }
    let wide = left.width() == 2 || right.width() == 2;
    wide && right != " " && !NOT_FIRST.contains(right) && !NOT_LAST.contains(left)
}

/// Not more marks than [`MAX_MARKS`], and no wider than a line.
fn bounded(grapheme: &str, columns: usize) -> String {
    let mut bounded: String = grapheme.chars().take(MAX_MARKS).collect();
    while bounded.width() > columns {
        bounded.pop();
    }
    bounded
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_sentence_is_cut_between_words_if_it_has_any() {
        for (text, columns, fits) in [
            ("one, two, three", 15, "one, two, three"),
            ("one, two, three", 14, "one, two…"),
            ("one, two, three", 9, "one, two…"),
            ("one, two, three", 5, "one…"),
            ("unbreakable", 5, "unbr…"),
            ("a unbreakable", 7, "a unbr…"),
            ("天气很好，我们出去", 9, "天气很好…"),
            ("it ends so…", 11, "it ends so…"),
        ] {
            assert_eq!(fit_words(text, columns), fits, "{text} in {columns}");
        }
    }

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_break_at_blanks_and_between_wide_characters() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("onetwothree", 5), ["onetw", "othre", "e"]);
        assert_eq!(wrap("你好，世界你好", 6), ["你好，", "世界你", "好"]);
        assert_eq!(wrap("你好吗，世界", 6), ["你好", "吗，世", "界"]);
        assert_eq!(wrap("a\r\nb\u{2028}c", 9), ["a", "b", "c"]);
        assert_eq!(wrap("see 你好 and", 7), ["see 你", "好 and"]);
        assert_eq!(wrap("a bbbb你", 5), ["a", "bbbb", "你"], "too wide twice over");
        assert_eq!(wrap("", 9), [""]);
    }

    #[test]
    fn what_is_too_long_says_so() {
        assert_eq!(fit("Iron man", 5), "Iron…");
        assert_eq!(fit("你好世界", 5), "你好…");
        assert_eq!(pad("你", 4), "你  ");
        assert_eq!(fit("abc", 0), "");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room_and_nothing_steers(
            text in "(\\PC|[ \n\u{0}-\u{9f}]|[a-z]{1,12}|e\u{301}|👩\u{200d}👩\u{200d}👧|\u{202e}){0,40}",
            columns in 2_usize..30,
        ) {
            let lines = wrap(&text, columns);
            for line in &lines {
                prop_assert!(width(line) <= columns, "{line:?}");
                prop_assert!(!line.chars().any(|c| c.is_control() || mark(c) != c), "{line:?}");
            }
            let signs = |text: &str| {
                let text = text.chars().filter(|c| !clean::is_break(*c));
                text.map(mark).filter(|c| *c != ' ').count()
            };
            let is_short = |g: &str| g.chars().count() <= MAX_MARKS && g.width() <= columns;
            if text.graphemes(true).all(is_short) {
                let kept: usize = lines.iter().map(|line| signs(line)).sum();
                prop_assert_eq!(kept, signs(&text));
            }
        }
    }
}
