//! Which key does what: one table, from which the list of keys that people see is made, too.

use super::input::Edit;
use super::keys::{Code, Key};
use crate::texts::{Both, Lang, keys};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Edit(Edit),
    Send,
    Older,
    Newer,
    Complete,
    CompleteBack,
    FindTyped,
    Editor,
    /// Places: the one before, the one behind, one by its number, one with something new.
    Before,
    Behind,
    Number(u8),
    Active,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Unread,
    MentionBefore,
    MentionBehind,
    FindText,
    Pick,
    Places,
    People,
    Redraw,
    /// Ctrl-C.
    Cancel,
    /// Ctrl-D.
    End,
    /// Ctrl-Z.
    Suspend,
    /// Escape.
    Back,
}

impl Action {
    /// What it does, for people.
    pub(super) fn what(self, lang: Lang) -> &'static str {
        let what = match self {
            Self::Edit(edit) => edited(edit),
            Self::Send => keys::SEND,
            Self::Older => keys::OLDER,
            Self::Newer => keys::NEWER,
            Self::Complete => keys::COMPLETE,
            Self::CompleteBack => keys::COMPLETE_BACK,
            Self::FindTyped => keys::FIND_TYPED,
            Self::Editor => keys::EDITOR,
            Self::Before => keys::BEFORE,
            Self::Behind => keys::BEHIND,
            Self::Number(_) => keys::NUMBER,
            Self::Active => keys::ACTIVE,
            Self::PageUp => keys::PAGE_UP,
            Self::PageDown => keys::PAGE_DOWN,
            Self::Top => keys::TOP,
            Self::Bottom => keys::BOTTOM,
            Self::Unread => keys::UNREAD,
            Self::MentionBefore => keys::MENTION_BEFORE,
            Self::MentionBehind => keys::MENTION_BEHIND,
            Self::FindText => keys::FIND_TEXT,
            Self::Pick => keys::PICK,
            Self::Places => keys::PLACES,
            Self::People => keys::PEOPLE,
            Self::Redraw => keys::REDRAW,
            Self::Cancel => keys::CANCEL,
            Self::End => keys::END,
            Self::Back => keys::BACK,
            Self::Suspend => keys::SUSPEND,
        };
        what.of(lang)
    }
}

fn edited(edit: Edit) -> Both {
    match edit {
        Edit::Left => keys::LEFT,
        Edit::Right => keys::RIGHT,
        Edit::WordLeft => keys::WORD_LEFT,
        Edit::WordRight => keys::WORD_RIGHT,
        Edit::Home => keys::LINE_HOME,
        Edit::End => keys::LINE_END,
        Edit::DeleteLeft => keys::DELETE_LEFT,
        Edit::DeleteRight => keys::DELETE_RIGHT,
        Edit::CutWordLeft => keys::CUT_WORD_LEFT,
        Edit::CutWordRight => keys::CUT_WORD_RIGHT,
        Edit::CutToHome => keys::CUT_TO_HOME,
        Edit::CutToEnd => keys::CUT_TO_END,
        Edit::Yank => keys::YANK,
        Edit::Swap => keys::SWAP,
        Edit::Newline => keys::NEWLINE,
    }
}

/// A key, how people call it, what it does.
type Row = (Key, &'static str, Action);

const fn ctrl(letter: char) -> Key {
    Key::ctrl(Code::Char(letter))
}

const fn alt(letter: char) -> Key {
    Key::alt(Code::Char(letter))
}

/// Every key that does something but stand for itself.
const KEYS: &[Row] = &[
    (Key::plain(Code::Enter), "Enter", Action::Send),
    (Key::alt(Code::Enter), "Alt-Enter", Action::Edit(Edit::Newline)),
    (Key::shift(Code::Enter), "Shift-Enter", Action::Edit(Edit::Newline)),
    (ctrl('j'), "Ctrl-J", Action::Edit(Edit::Newline)),
    (Key::plain(Code::Left), "Left", Action::Edit(Edit::Left)),
    (Key::plain(Code::Right), "Right", Action::Edit(Edit::Right)),
    (ctrl('b'), "Ctrl-B", Action::Edit(Edit::Left)),
    (ctrl('f'), "Ctrl-F", Action::Edit(Edit::Right)),
    (alt('b'), "Alt-B", Action::Edit(Edit::WordLeft)),
    (alt('f'), "Alt-F", Action::Edit(Edit::WordRight)),
    (Key::ctrl(Code::Left), "Ctrl-Left", Action::Edit(Edit::WordLeft)),
    (Key::ctrl(Code::Right), "Ctrl-Right", Action::Edit(Edit::WordRight)),
    (Key::plain(Code::Home), "Home", Action::Edit(Edit::Home)),
    (Key::plain(Code::End), "End", Action::Edit(Edit::End)),
    (ctrl('a'), "Ctrl-A", Action::Edit(Edit::Home)),
    (ctrl('e'), "Ctrl-E", Action::Edit(Edit::End)),
    (Key::plain(Code::Backspace), "Backspace", Action::Edit(Edit::DeleteLeft)),
    (Key::plain(Code::Delete), "Delete", Action::Edit(Edit::DeleteRight)),
    (ctrl('w'), "Ctrl-W", Action::Edit(Edit::CutWordLeft)),
    (Key::alt(Code::Backspace), "Alt-Backspace", Action::Edit(Edit::CutWordLeft)),
    (alt('d'), "Alt-D", Action::Edit(Edit::CutWordRight)),
    (ctrl('u'), "Ctrl-U", Action::Edit(Edit::CutToHome)),
    (ctrl('k'), "Ctrl-K", Action::Edit(Edit::CutToEnd)),
    (ctrl('y'), "Ctrl-Y", Action::Edit(Edit::Yank)),
    (ctrl('t'), "Ctrl-T", Action::Edit(Edit::Swap)),
    (Key::plain(Code::Up), "Up", Action::Older),
    (Key::plain(Code::Down), "Down", Action::Newer),
    (ctrl('r'), "Ctrl-R", Action::FindTyped),
    (Key::plain(Code::Tab), "Tab", Action::Complete),
    (Key::shift(Code::Tab), "Shift-Tab", Action::CompleteBack),
    (ctrl('x'), "Ctrl-X", Action::Editor),
    (ctrl('p'), "Ctrl-P", Action::Before),
    (ctrl('n'), "Ctrl-N", Action::Behind),
    (Key::alt(Code::Left), "Alt-Left", Action::Before),
    (Key::alt(Code::Right), "Alt-Right", Action::Behind),
    (Key::alt(Code::Up), "Alt-Up", Action::Before),
    (Key::alt(Code::Down), "Alt-Down", Action::Behind),
    (alt('1'), "Alt-1", Action::Number(1)),
    (alt('2'), "Alt-2", Action::Number(2)),
    (alt('3'), "Alt-3", Action::Number(3)),
    (alt('4'), "Alt-4", Action::Number(4)),
    (alt('5'), "Alt-5", Action::Number(5)),
    (alt('6'), "Alt-6", Action::Number(6)),
    (alt('7'), "Alt-7", Action::Number(7)),
    (alt('8'), "Alt-8", Action::Number(8)),
    (alt('9'), "Alt-9", Action::Number(9)),
    (alt('0'), "Alt-0", Action::Number(10)),
    (alt('a'), "Alt-A", Action::Active),
    (Key::plain(Code::PageUp), "PageUp", Action::PageUp),
    (Key::plain(Code::PageDown), "PageDown", Action::PageDown),
    (Key::alt(Code::Home), "Alt-Home", Action::Top),
    (Key::ctrl(Code::Home), "Ctrl-Home", Action::Top),
    (Key::alt(Code::End), "Alt-End", Action::Bottom),
    (Key::ctrl(Code::End), "Ctrl-End", Action::Bottom),
    (alt('u'), "Alt-U", Action::Unread),
    (alt('p'), "Alt-P", Action::MentionBefore),
    (alt('n'), "Alt-N", Action::MentionBehind),
    (ctrl('s'), "Ctrl-S", Action::FindText),
    (alt('k'), "Alt-K", Action::Pick),
    (Key::plain(Code::F(7)), "F7", Action::Places),
    (Key::plain(Code::F(8)), "F8", Action::People),
    (ctrl('l'), "Ctrl-L", Action::Redraw),
    (ctrl('c'), "Ctrl-C", Action::Cancel),
    (ctrl('d'), "Ctrl-D", Action::End),
    (ctrl('z'), "Ctrl-Z", Action::Suspend),
    (Key::plain(Code::Escape), "Esc", Action::Back),
];

/// What this key does; `None`: it stands for itself, or for nothing.
pub(super) fn action(key: Key) -> Option<Action> {
    KEYS.iter().find(|(known, ..)| *known == key).map(|(.., action)| *action)
}

/// What people read of it: how the keys are called that do the same, and what that is.
pub(in crate::client::ui) fn listed(lang: Lang) -> Vec<(String, &'static str)> {
    let mut listed: Vec<(Vec<&str>, &str)> = Vec::new();
    for (_, name, action) in KEYS {
        let what = action.what(lang);
        match listed.iter_mut().find(|(_, known)| *known == what) {
            Some((names, _)) => names.push(name),
            None => listed.push((vec![name], what)),
        }
    }
    listed.into_iter().map(|(names, what)| (names.join(", "), what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_listed_once() {
        let listed = listed(Lang::En);
        let names: Vec<_> = listed.iter().flat_map(|(names, _)| names.split(", ")).collect();
        assert_eq!(names.len(), KEYS.len());
        assert!(listed.contains(&("Alt-K".to_owned(), Action::Pick.what(Lang::En))));
    }

    #[test]
    fn no_key_does_two_things() {
        for (n, (key, name, _)) in KEYS.iter().enumerate() {
            let before = &KEYS[..n];
            assert!(before.iter().all(|row| row.0 != *key && row.1 != *name), "{name}");
        }
    }
}
