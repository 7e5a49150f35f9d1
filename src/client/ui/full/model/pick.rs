//! Choosing a message, to do something with it: each choice writes the beginning of a command
//! into the line, so that what happens is seen before it is sent.

use crate::client::ui::full::keymap::Action;
use crate::client::ui::full::keys::{Code, Key};
use crate::client::ui::full::talk;
use crate::protocol::MessageId;
use crate::texts::full::Label;

use super::{Entry, Mode, Model};

impl Model {
    /// Begins at the lowest message that is shown.
    pub(super) fn pick(&mut self) {
        let Some(here) = self.here() else { return };
        let end = here.anchor.and_then(|anchor| here.position(anchor.key));
        let end = end.map_or(here.entries.len(), |at| at + 1);
        let lowest = here.entries.range(..end).rev().find(|entry| entry.id().is_some());
        match lowest.map(|entry| entry.key) {
            Some(key) => self.mode = Mode::Pick { key },
            None => self.say_hint(Label::NothingNew.text(self.lang)),
        }
    }

    /// The message that is chosen.
    pub(in super::super) fn picked(&self) -> Option<u64> {
        match self.mode {
            Mode::Pick { key } => Some(key),
            _ => None,
        }
    }

    pub(super) fn key_while_picking(&mut self, key: Key, action: Option<Action>) {
        match (key.code, action) {
            (_, Some(Action::Older)) => self.pick_next(false),
            (_, Some(Action::Newer)) => self.pick_next(true),
            (_, Some(Action::Send)) | (Code::Char('r'), None) => self.compose("/reply", false),
            (Code::Char('e'), None) => self.compose("/edit", true),
            (Code::Char('d'), None) => self.compose("/delete", false),
            (Code::Char('+'), None) => self.compose("/react", false),
            (_, Some(Action::Back | Action::Pick)) => self.mode = Mode::Typing,
            _ => {}
        }
    }

    /// The next message below, or above.
    fn pick_next(&mut self, below: bool) {
        let (Some(key), Some(here)) = (self.picked(), self.here()) else { return };
        let Some(at) = here.position(key) else { return };
        let has_id = |entry: &&Entry| entry.id().is_some();
        let next = match below {
            true => here.entries.range(at + 1..).find(has_id),
            false => here.entries.range(..at).rev().find(has_id),
        };
        let Some(key) = next.map(|entry| entry.key) else { return };
        self.mode = Mode::Pick { key };
        let (rows, ink) = (self.size.rows, self.ink());
        let is_shown = self.here().is_some_and(|here| talk::is_shown(here, key, rows, ink));
        if !is_shown {
            self.show_key(key);
        }
    }

    /// The beginning of a command about the chosen message, with its text where that is to be
    /// changed.
    fn compose(&mut self, command: &str, with_text: bool) {
        let picked = self.picked();
        self.mode = Mode::Typing;
        let entry =
            self.here().and_then(|here| here.entries.iter().find(|e| Some(e.key) == picked));
        let Some(words) = entry.and_then(Entry::words) else { return };
        let Some(MessageId(id)) = words.id else { return };
        let text = if with_text { &*words.text } else { "" };
        let line = format!("{command} {id} {text}");
        self.input.set(&line);
    }
}
