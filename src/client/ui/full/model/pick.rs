//! Choosing a message, to do something with it: each choice writes the beginning of a command
//! into the line, so that what happens is seen before it is sent. One's own words that are not
//! stored can be sent again, changed, or taken back.

use crate::client::ui::full::keymap::Action;
use crate::client::ui::full::keys::{Code, Key};
use crate::client::ui::full::talk;
use crate::protocol::{MessageId, Reference};
use crate::texts::full::Label;

use super::{Do, Entry, Mode, Model, State, Words};

impl Model {
    /// Begins at the lowest message that is shown.
    pub(super) fn pick(&mut self) {
        self.hint = None;
        let Some(here) = self.here() else { return };
        let end = here.anchor.and_then(|anchor| here.position(anchor.key));
        let end = end.map_or(here.entries.len(), |at| at + 1);
        let lowest = here.entries.range(..end).rev().find(|entry| entry.words().is_some());
        match lowest.map(|entry| entry.key) {
            Some(key) => self.mode = Mode::Pick { key },
            None => self.say_hint(Label::NothingToPick.text(self.lang)),
        }
    }

    /// The message that is chosen.
    pub(in super::super) fn picked(&self) -> Option<u64> {
        match self.mode {
            Mode::Pick { key } => Some(key),
            _ => None,
        }
    }

    fn picked_words(&self) -> Option<&Words> {
        let (here, key) = (self.here()?, self.picked()?);
        here.entries.get(here.position(key)?)?.words()
    }

    /// What can be done with it.
    pub(in super::super) fn pick_keys(&self) -> &'static str {
        let keys = match self.picked_words().map(|words| &words.state) {
            Some(State::Waiting | State::Later(_)) if self.is_on_wire() => Label::PickOnItsWay,
            Some(State::Waiting | State::Later(_)) => Label::PickWaitingKeys,
            Some(State::Refused(_)) => Label::PickRefusedKeys,
            Some(State::Stored) | None => Label::PickKeys,
        };
        keys.text(self.lang)
    }

    pub(super) fn key_while_picking(&mut self, key: Key, action: Option<Action>) {
        match (key.code, action) {
            (_, Some(Action::Older)) => return self.pick_next(false),
            (_, Some(Action::Newer)) => return self.pick_next(true),
            (_, Some(Action::Back | Action::Pick)) => return self.mode = Mode::Typing,
            _ => {}
        }
        match self.picked_words().map(|words| words.state.clone()) {
            Some(State::Waiting | State::Later(_)) if self.is_on_wire() => {}
            Some(State::Waiting | State::Later(_)) => self.pick_waiting(key, action),
            Some(State::Refused(_)) => self.pick_refused(key, action),
            Some(State::Stored) | None => self.pick_stored(key, action),
        }
    }

    fn pick_stored(&mut self, key: Key, action: Option<Action>) {
        match (key.code, action) {
            (_, Some(Action::Send)) | (Code::Char('r'), None) => self.compose("/reply", false),
            (Code::Char('e'), None) => self.compose("/edit", true),
            (Code::Char('d'), None) => self.compose("/delete", false),
            (Code::Char('+'), None) => self.compose("/react", false),
            _ => {}
        }
    }

    /// Is the chosen one on the wire, or was when the connection broke?
    fn is_on_wire(&self) -> bool {
        self.picked().is_some_and(|key| self.on_wire.contains(&key))
    }

    /// It may go out at this very moment: the connection says whether it is too late.
    fn pick_waiting(&mut self, key: Key, action: Option<Action>) {
        let is_wanted = match (key.code, action) {
            (Code::Char('e'), None) => true,
            (Code::Char('d'), None) => false,
            _ => return,
        };
        let picked = self.picked();
        let reference = self.unsaid.iter().find(|(_, (_, key))| Some(*key) == picked);
        let reference = reference.map(|(reference, _)| reference.clone());
        self.mode = Mode::Typing;
        self.wanted_back = picked.filter(|_| is_wanted);
        reference.into_iter().for_each(|reference| self.order(Do::Withdraw(reference)));
    }

    fn pick_refused(&mut self, key: Key, action: Option<Action>) {
        let (picked, room) = (self.picked(), self.current);
        let mut take = || picked.and_then(|key| self.here_mut()?.take_unstored(key));
        let (words, again) = match (key.code, action) {
            (_, Some(Action::Send)) | (Code::Char('s'), None) => (take(), true),
            (Code::Char('e' | 'd'), None) => (take(), false),
            _ => return,
        };
        self.mode = Mode::Typing;
        let Some(words) = words else { return };
        if again {
            self.say(room, &words.text, words.reply_to);
        } else if key.code == Code::Char('e') {
            self.put_back(&words);
        }
    }

    /// What waited is not said any more, or it was too late for that.
    pub(super) fn withdrawn(&mut self, reference: &Reference, is_done: bool) {
        let wanted = self.wanted_back.take();
        if !is_done {
            return self.say_hint(Label::OnItsWay.text(self.lang));
        }
        let Some((room, key)) = self.unsaid.remove(reference) else { return };
        let words = self.place_mut(room).and_then(|place| place.take_unstored(key));
        if let Some(words) = words.filter(|_| wanted == Some(key)) {
            self.go(room);
            self.put_back(&words);
        }
    }

    /// Into the line, as it was typed.
    fn put_back(&mut self, words: &Words) {
        let line = match words.reply_to {
            Some(MessageId(id)) => format!("/reply {id} {}", words.text),
            None if words.text.starts_with('/') => format!("/{}", words.text),
            None => words.text.to_string(),
        };
        self.begin(&line);
    }

    /// Another line takes the place of the one that is typed, which can be gone back to.
    pub(super) fn begin(&mut self, line: &str) {
        let draft = self.input.take_draft();
        self.input.remember(&draft);
        self.input.set(line);
    }

    /// The next message below, or above.
    fn pick_next(&mut self, below: bool) {
        let (Some(key), Some(here)) = (self.picked(), self.here()) else { return };
        let Some(at) = here.position(key) else { return };
        let is_said = |entry: &&Entry| entry.words().is_some();
        let next = match below {
            true => here.entries.range(at + 1..).find(is_said),
            false => here.entries.range(..at).rev().find(is_said),
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
        let words = self.picked_words().and_then(|words| Some((words.id?, words.text.clone())));
        self.mode = Mode::Typing;
        let Some((MessageId(id), text)) = words else { return };
        let text = if with_text { &*text } else { "" };
        self.begin(&format!("{command} {id} {text}"));
    }
}
