//! The line that is being typed: readline's editing over whole graphemes, history, and the last
//! cut. Pure: keys in, text and cursor out.

use unicode_segmentation::UnicodeSegmentation;

/// Bytes of the line, at most: as much as can be pasted at once.
pub(super) const MAX_LINE: usize = super::keys::MAX_PASTE;

/// Lines that can be gone back to.
const MAX_HISTORY: usize = 500;

/// A change of the line or of the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    DeleteLeft,
    DeleteRight,
    CutWordLeft,
    CutWordRight,
    CutToHome,
    CutToEnd,
    /// What was cut last comes back.
    Yank,
    /// The two graphemes around the cursor change places.
    Swap,
    Newline,
}

/// The line, and those before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    text: String,
    /// Where the cursor is: the beginning of a grapheme, or the end.
    at: usize,
    cut: String,
    history: Vec<String>,
    /// Which of them is shown, and what was typed before.
    recalled: Option<(usize, String)>,
}

impl Input {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Bytes before the cursor.
    pub(super) fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Puts text in at the cursor. `false`: it does not fit, and nothing is put in.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        if self.text.len() + text.len() > MAX_LINE {
            return false;
        }
        self.text.insert_str(self.at, text);
        self.at += text.len();
        // What follows may have joined the last grapheme.
        self.at = self.snap(self.at);
        true
    }

    /// Another line takes its place, the cursor at its end.
    pub(super) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.at = self.text.len();
    }

    /// The part from `from` to the cursor becomes another.
    pub(super) fn replace_before(&mut self, from: usize, text: &str) {
        self.remove(from, self.at);
        self.insert(text);
    }

    /// Takes the line; it is the newest of those before.
    pub(super) fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        (self.at, self.recalled) = (0, None);
        self.remember(&text);
        text
    }

    /// Takes what was begun, to go on with it elsewhere.
    pub(super) fn take_draft(&mut self) -> String {
        (self.at, self.recalled) = (0, None);
        std::mem::take(&mut self.text)
    }

    /// Notes a line without taking it.
    pub(super) fn remember(&mut self, text: &str) {
        if text.trim().is_empty() || self.history.last().is_some_and(|last| last == text) {
            return;
        }
        if self.history.len() == MAX_HISTORY {
            self.history.remove(0);
        }
        self.history.push(text.to_owned());
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Left => self.at = self.left(),
            Edit::Right => self.at = self.right(),
            Edit::WordLeft => self.at = self.word_left(),
            Edit::WordRight => self.at = self.word_right(),
            Edit::Home => self.at = self.home(),
            Edit::End => self.at = self.end(),
            Edit::DeleteLeft => self.remove(self.left(), self.at),
            Edit::DeleteRight => self.remove(self.at, self.right()),
            Edit::CutWordLeft => self.cut(self.word_left(), self.at),
            Edit::CutWordRight => self.cut(self.at, self.word_right()),
            Edit::CutToHome => self.cut(self.home(), self.at),
            Edit::CutToEnd => self.cut(self.at, self.end()),
            Edit::Yank => {
                let cut = std::mem::take(&mut self.cut);
                self.insert(&cut);
                self.cut = cut;
            }
            Edit::Swap => self.swap(),
            Edit::Newline => drop(self.insert("\n")),
        }
    }

    /// One line up, in the text or in the history.
    pub(super) fn up(&mut self) {
        let home = self.home();
        if home > 0 {
            let column = self.before().get(home..).map_or(0, |line| line.graphemes(true).count());
            self.at = home - 1;
            self.at = self.column(self.home(), column);
            return;
        }
        let at = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        if let Some(at) = at.checked_sub(1) {
            self.recall(at);
        }
    }

    /// One line down.
    pub(super) fn down(&mut self) {
        let (home, end) = (self.home(), self.end());
        if end < self.text.len() {
            let column = self.before().get(home..).map_or(0, |line| line.graphemes(true).count());
            self.at = self.column(end + 1, column);
            return;
        }
        let Some((at, _)) = &self.recalled else { return };
        match at + 1 {
            at if at < self.history.len() => self.recall(at),
            _ => {
                let (_, typed) = self.recalled.take().unwrap_or_default();
                self.set(&typed);
            }
        }
    }

    /// The newest earlier line with this in it, before the `skip`th such one.
    pub(super) fn find(&self, part: &str, skip: usize) -> Option<&str> {
        let with = self.history.iter().rev().filter(|line| line.contains(part));
        with.skip(skip).map(String::as_str).next()
    }

    fn recall(&mut self, at: usize) {
        let Some(line) = self.history.get(at).cloned() else { return };
        let typed = match self.recalled.take() {
            Some((_, typed)) => typed,
            None => std::mem::take(&mut self.text),
        };
        self.recalled = Some((at, typed));
        self.set(&line);
    }

    fn left(&self) -> usize {
        self.at - self.before().graphemes(true).next_back().map_or(0, str::len)
    }

    fn right(&self) -> usize {
        self.at + self.after().graphemes(true).next().map_or(0, str::len)
    }

    /// Over what is no word, then over a word.
    fn word_left(&self) -> usize {
        let rest = self.before().trim_end_matches(|c: char| !c.is_alphanumeric());
        self.snap(rest.trim_end_matches(char::is_alphanumeric).len())
    }

    fn word_right(&self) -> usize {
        let rest = self.after().trim_start_matches(|c: char| !c.is_alphanumeric());
        self.snap(self.text.len() - rest.trim_start_matches(char::is_alphanumeric).len())
    }

    /// Of the line of the text that the cursor is in.
    fn home(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at + 1)
    }

    fn end(&self) -> usize {
        self.after().find('\n').map_or(self.text.len(), |at| self.at + at)
    }

    /// So many graphemes behind the beginning of a line, or its end.
    fn column(&self, home: usize, column: usize) -> usize {
        let rest = self.text.get(home..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        home + line.graphemes(true).take(column).map(str::len).sum::<usize>()
    }

    fn swap(&mut self) {
        if self.at == self.text.len() {
            self.at = self.left();
        }
        let (left, right) = (self.left(), self.right());
        if left == self.at || right == self.at {
            return;
        }
        let first = self.before().get(left..).unwrap_or_default().to_owned();
        self.text.replace_range(left..self.at, "");
        self.text.insert_str(right - first.len(), &first);
        self.at = self.snap(right);
    }

    fn cut(&mut self, from: usize, to: usize) {
        if from < to {
            self.cut = self.text.get(from..to).unwrap_or_default().to_owned();
            self.remove(from, to);
        }
    }

    fn remove(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.at = self.snap(from);
    }

    /// The next beginning of a grapheme from here on.
    fn snap(&self, at: usize) -> usize {
        let mut bounds = self.text.grapheme_indices(true).map(|(bound, _)| bound);
        bounds.find(|bound| *bound >= at).unwrap_or(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(text: &str) -> Input {
        let mut input = Input::default();
        input.insert(text);
        input
    }

    #[test]
    fn words_and_graphemes_are_moved_over_as_a_whole() {
        let mut input = with("one two, e\u{301}👩\u{200d}👩\u{200d}👧你");
        input.edit(Edit::DeleteLeft);
        input.edit(Edit::DeleteLeft);
        assert_eq!(input.text(), "one two, e\u{301}");
        input.edit(Edit::DeleteLeft);
        input.edit(Edit::WordLeft);
        assert_eq!(input.before(), "one ");
        input.edit(Edit::CutWordRight);
        assert_eq!(input.text(), "one , ");
        input.edit(Edit::End);
        input.edit(Edit::Yank);
        assert_eq!(input.text(), "one , two");
        input.edit(Edit::Swap);
        assert_eq!(input.text(), "one , tow");
    }

    #[test]
    fn what_was_typed_comes_back_from_the_history() {
        let mut input = with("first");
        assert_eq!(input.take(), "first");
        input.insert("a\nb");
        input.up();
        assert_eq!((input.before(), input.text()), ("a", "a\nb"));
        input.up();
        assert_eq!(input.text(), "first");
        input.up();
        input.down();
        assert_eq!(input.text(), "a\nb");
        assert_eq!(input.find("fir", 0), Some("first"));
    }

    /// A line as graphemes and a place among them.
    #[derive(Debug, Default)]
    struct Naive {
        left: Vec<String>,
        right: Vec<String>,
        cut: String,
    }

    impl Naive {
        fn text(&self) -> String {
            self.left.concat() + &self.right.concat()
        }

        /// Cuts into graphemes anew: neighbours may have joined.
        fn set(&mut self, before: &str, after: &str) {
            let text = format!("{before}{after}");
            let (mut left, mut right, mut n_bytes) = (Vec::new(), Vec::new(), 0);
            for grapheme in text.graphemes(true) {
                if n_bytes < before.len() { &mut left } else { &mut right }
                    .push(grapheme.to_owned());
                n_bytes += grapheme.len();
            }
            (self.left, self.right) = (left, right);
        }

        fn edit(&mut self, edit: Edit) {
            let is_word = |g: &String| g.chars().any(char::is_alphanumeric);
            let is_end = |g: &String| g == "\n";
            let (n_left, n_right) = (self.left.len(), self.right.len());
            let home = self.left.iter().rposition(is_end).map_or(0, |at| at + 1);
            let end = self.right.iter().position(is_end).unwrap_or(n_right);
            let word_left = {
                let word = self.left.iter().rposition(is_word).map_or(0, |at| at + 1);
                self.left[..word].iter().rposition(|g| !is_word(g)).map_or(0, |at| at + 1)
            };
            let word_right = {
                let word = self.right.iter().position(is_word).unwrap_or(n_right);
                let rest = self.right[word..].iter().position(|g| !is_word(g));
                rest.map_or(n_right, |at| word + at)
            };
            let (left, right) = (self.left.clone(), self.right.clone());
            let (from, to) = match edit {
                Edit::Left | Edit::DeleteLeft => (n_left.saturating_sub(1), 0),
                Edit::Right | Edit::DeleteRight => (n_left, 1.min(n_right)),
                Edit::WordLeft | Edit::CutWordLeft => (word_left, 0),
                Edit::WordRight | Edit::CutWordRight => (n_left, word_right),
                Edit::Home | Edit::CutToHome => (home, 0),
                Edit::End | Edit::CutToEnd => (n_left, end),
                Edit::Newline => return self.set(&(left.concat() + "\n"), &right.concat()),
                Edit::Yank => {
                    return self.set(&(left.concat() + &self.cut.clone()), &right.concat());
                }
                // Has a test of its own.
                Edit::Swap => return,
            };
            let (before, moved) = (left[..from].concat(), left[from..].concat());
            let (passed, after) = (right[..to].concat(), right[to..].concat());
            match edit {
                Edit::Left | Edit::WordLeft | Edit::Home => self.set(&before, &(moved + &after)),
                Edit::Right | Edit::WordRight | Edit::End => self.set(&(before + &passed), &after),
                _ => {
                    let gone = moved + &passed;
                    let is_cut = !matches!(edit, Edit::DeleteLeft | Edit::DeleteRight);
                    if is_cut && !gone.is_empty() {
                        self.cut = gone;
                    }
                    self.set(&before, &after);
                }
            }
        }
    }

    fn edits() -> impl Strategy<Value = Edit> {
        use Edit::*;
        let all = [
            Left,
            Right,
            WordLeft,
            WordRight,
            Home,
            End,
            DeleteLeft,
            DeleteRight,
            CutWordLeft,
            CutWordRight,
            CutToHome,
            CutToEnd,
            Yank,
            Newline,
        ];
        prop::sample::select(all.to_vec())
    }

    proptest! {
        /// Letters of one code point each: what a word is made of is then the same in both.
        #[test]
        fn the_line_does_what_a_list_of_graphemes_does(
            steps in prop::collection::vec(
                prop_oneof![
                    2 => prop::sample::select(vec!["a", "B1", " ", "你", "👩\u{200d}👩\u{200d}👧", "ä", "\n", ", "])
                        .prop_map(Ok),
                    3 => edits().prop_map(Err),
                ],
                0..40,
            ),
        ) {
            let (mut input, mut naive) = (Input::default(), Naive::default());
            for step in steps {
                match step {
                    Ok(text) => {
                        input.insert(text);
                        let (left, right) = (naive.left.concat() + text, naive.right.concat());
                        naive.set(&left, &right);
                    }
                    Err(edit) => {
                        input.edit(edit);
                        naive.edit(edit);
                    }
                }
                prop_assert_eq!(input.text(), naive.text());
                prop_assert_eq!(input.before(), naive.left.concat());
            }
        }

        /// Any characters, combining ones too: the cursor stands between graphemes.
        #[test]
        fn the_cursor_stands_between_graphemes(
            texts in prop::collection::vec(("\\PC{0,3}|e\u{301}|\u{301}", edits()), 0..20),
        ) {
            let mut input = Input::default();
            for (text, edit) in texts {
                input.insert(&text);
                input.edit(edit);
                input.edit(Edit::Swap);
                let bounds = input.text().grapheme_indices(true).map(|(at, _)| at);
                let at = input.before().len();
                prop_assert!(at == input.text().len() || bounds.clone().any(|bound| bound == at));
            }
        }
    }
}
