//! What becomes of a key.

use crate::client::ui::full::input::Edit;
use crate::client::ui::full::keymap::{self, Action};
use crate::client::ui::full::keys::{Code, Key, Typed};
use crate::client::ui::full::talk;
use crate::client::ui::listing::Goal;
use crate::protocol::RoomId;
use crate::texts::full::{Label, Tell};

use super::{Anchor, Do, LEAVE, Mode, Model};

/// Lines that are pasted without a question, at most.
const PASTED: usize = 5;

impl Model {
    /// This was typed.
    pub(in super::super) fn typed(&mut self, typed: Typed) {
        self.change();
        match typed {
            Typed::Focus(is_here) => self.is_away = !is_here,
            Typed::PasteTooLong => self.say_hint(Label::PasteTooLong.text(self.lang)),
            Typed::Paste(text) => self.pasted(&text),
            Typed::Key(key) => {
                let action = keymap::action(key);
                if action != Some(Action::Cancel) && action != Some(Action::End) {
                    self.leave_until = None;
                }
                if !matches!(action, Some(Action::Complete | Action::CompleteBack)) {
                    self.completion = None;
                }
                match action {
                    Some(Action::Cancel) => self.cancel(),
                    Some(Action::Redraw) => self.order(Do::Redraw),
                    Some(Action::Suspend) => self.order(Do::Suspend),
                    action if self.start.is_some() => self.start_key(key, action),
                    action => self.key_in_mode(key, action),
                }
            }
        }
    }

    fn pasted(&mut self, text: &str) {
        if let Some(start) = &mut self.start {
            return start.typed(text);
        }
        let text = text.trim_end_matches('\n').to_owned();
        match &mut self.mode {
            Mode::Pasted(before) => before.push_str(&text),
            _ if text.lines().count() > PASTED => self.mode = Mode::Pasted(text),
            _ => {
                self.mode = Mode::Typing;
                self.insert(&text);
            }
        }
    }

    fn insert(&mut self, text: &str) {
        if !self.input.insert(text) {
            self.say_hint(Label::PasteTooLong.text(self.lang));
        }
    }

    fn start_key(&mut self, key: Key, action: Option<Action>) {
        let Some(start) = &mut self.start else { return };
        let order = match (key.code, action) {
            (_, Some(Action::Edit(edit))) => {
                start.edit(edit);
                None
            }
            (_, Some(Action::Complete | Action::Newer)) => {
                start.step(true);
                None
            }
            (_, Some(Action::CompleteBack | Action::Older)) => {
                start.step(false);
                None
            }
            (_, Some(Action::Send)) => start.enter(),
            (_, Some(Action::End)) => return self.cancel(),
            (Code::F(2), _) => {
                start.turn();
                None
            }
            (Code::Char(c), None) if !key.ctrl && !key.alt => {
                start.typed(c.encode_utf8(&mut [0; 4]));
                None
            }
            _ => None,
        };
        match order {
            Some(Do::Connect(address)) => self.connect(address),
            order => self.orders.extend(order),
        }
    }

    fn key_in_mode(&mut self, key: Key, action: Option<Action>) {
        match &self.mode {
            Mode::Typing => self.key_while_typing(key, action),
            Mode::Pasted(_) => self.answer_paste(key, action),
            Mode::Panel(_) => self.key_in_panel(key, action),
            Mode::FindTyped { .. } | Mode::FindText { .. } => self.key_while_finding(key, action),
            Mode::Pick { .. } => self.key_while_picking(key, action),
        }
    }

    fn key_while_typing(&mut self, key: Key, action: Option<Action>) {
        let Some(action) = action else {
            if let Code::Char(c) = key.code
                && !key.ctrl
                && !key.alt
            {
                self.insert(c.encode_utf8(&mut [0; 4]));
                if !self.input.text().starts_with('/') {
                    self.order(Do::Typing(self.current));
                }
            }
            return;
        };
        match action {
            Action::Edit(edit) => self.input.edit(edit),
            Action::Send => self.submit(),
            Action::Older => self.input.up(),
            Action::Newer => self.input.down(),
            Action::Complete => self.complete(true),
            Action::CompleteBack => self.complete(false),
            Action::FindTyped => {
                self.begin_finding(Mode::FindTyped { part: String::new(), skip: 0 });
            }
            Action::FindText => self.begin_finding(Mode::FindText { part: String::new() }),
            Action::Pick => self.pick(),
            Action::Editor => self.order(Do::Editor(self.input.text().to_owned())),
            Action::End if self.input.is_empty() => self.cancel(),
            Action::End => self.input.edit(Edit::DeleteRight),
            Action::Back => self.go_down(),
            Action::Places => self.shows_places = Some(!talk::shows_places(self)),
            Action::People => self.shows_people = Some(!talk::shows_people(self)),
            Action::Cancel | Action::Redraw | Action::Suspend => {}
            action => self.look(action),
        }
    }

    /// Goes elsewhere, in the list or in the talk.
    fn look(&mut self, action: Action) {
        match action {
            Action::Before => self.neighbour(-1),
            Action::Behind => self.neighbour(1),
            Action::Number(number) => {
                let at = usize::from(number).saturating_sub(1);
                let id = self.places.get(at).map(|place| place.id);
                id.into_iter().for_each(|id| self.go(id));
            }
            Action::Active => self.go_active(),
            Action::PageUp => self.scroll(-self.page()),
            Action::PageDown => self.scroll(self.page()),
            Action::Top => self.scroll(isize::MIN),
            Action::Bottom => self.go_down(),
            Action::Unread => {
                let read = self.here().and_then(|here| here.marker);
                self.show(|entry| read.is_some() && entry.id() > read);
            }
            Action::MentionBefore => self.go_mention(false),
            Action::MentionBehind => self.go_mention(true),
            _ => {}
        }
    }

    fn page(&self) -> isize {
        isize::try_from(self.size.rows.saturating_sub(2).max(1)).unwrap_or(1)
    }

    fn neighbour(&mut self, by: isize) {
        let at = self.places.iter().position(|place| place.id == self.current).unwrap_or(0);
        let n_places = self.places.len().cast_signed();
        let to = (at.cast_signed() + by).rem_euclid(n_places.max(1)).cast_unsigned();
        if let Some(id) = self.places.get(to).map(|place| place.id) {
            self.go(id);
        }
    }

    /// The most urgent place with something new.
    fn go_active(&mut self) {
        let others = self.places.iter().filter(|place| place.id != self.current);
        // Of equals the first.
        let active = others.rev().max_by_key(|place| place.level());
        match active.filter(|place| place.level() > 0).map(|place| place.id) {
            Some(id) => self.go(id),
            None => self.say_hint(Label::NothingNew.text(self.lang)),
        }
    }

    pub(super) fn scroll(&mut self, by: isize) {
        let (rows, ink) = (self.size.rows, self.ink());
        let Some(here) = self.here_mut() else { return };
        let is_top = talk::scroll(here, by, rows, ink);
        if is_top {
            self.want_past();
        }
        self.read_current();
    }

    fn go_down(&mut self) {
        self.found = None;
        if let Some(here) = self.here_mut() {
            here.anchor = None;
        }
        self.read_current();
    }

    /// The first entry of which this is true, in the middle of the screen.
    fn show(&mut self, is_it: impl Fn(&super::Entry) -> bool) {
        let found = self.here().and_then(|here| here.entries.iter().find(|entry| is_it(entry)));
        match found.map(|entry| entry.key) {
            Some(key) => {
                self.found = Some(key);
                self.show_key(key);
            }
            None => self.say_hint(Label::NothingNew.text(self.lang)),
        }
    }

    pub(super) fn show_key(&mut self, key: u64) {
        let rows = self.size.rows.cast_signed();
        if let Some(here) = self.here_mut() {
            here.anchor = Some(Anchor { key, cut: 0 });
        }
        self.scroll(rows / 2);
    }

    fn go_mention(&mut self, behind: bool) {
        let Some(here) = self.here() else { return };
        let last = here.entries.len();
        let at = here.anchor.and_then(|anchor| here.position(anchor.key)).unwrap_or(last);
        let is_mention = |at: &usize| {
            here.entries.get(*at).and_then(super::Entry::words).is_some_and(|w| w.is_mention)
        };
        // The middle of the screen was the one shown before.
        let shown = self.shown_mention.filter(|shown| *shown < last).unwrap_or(at);
        let found = match behind {
            true => (shown + 1..last).find(is_mention),
            false => (0..shown).rev().find(is_mention),
        };
        let key = found.and_then(|at| here.entries.get(at)).map(|entry| entry.key);
        match key {
            Some(key) => {
                self.shown_mention = found;
                self.show_key(key);
            }
            None => self.say_hint(Label::NoMentions.text(self.lang)),
        }
    }

    fn answer_paste(&mut self, key: Key, action: Option<Action>) {
        let Mode::Pasted(text) = &self.mode else { return };
        let text = text.clone();
        match (key.code, action) {
            (Code::Char('s' | 'S'), None) => {
                self.mode = Mode::Typing;
                let here = self.here().map_or(RoomId::Lobby, |here| here.id);
                if !self.say(here, &text, None) {
                    self.insert(&text);
                }
            }
            (Code::Char('e' | 'E'), None) | (_, Some(Action::Send)) => {
                self.mode = Mode::Typing;
                self.insert(&text);
            }
            (_, Some(Action::Back)) => self.mode = Mode::Typing,
            // Anything else may have been meant for the line: the question stays.
            _ => {}
        }
    }

    fn key_in_panel(&mut self, key: Key, action: Option<Action>) {
        let size = self.size;
        let Mode::Panel(panel) = &mut self.mode else { return };
        match (key.code, action) {
            (_, Some(Action::Older | Action::Before)) => panel.step(-1),
            (_, Some(Action::Newer | Action::Behind)) => panel.step(1),
            (_, Some(Action::PageUp)) => panel.turn(false, size),
            (_, Some(Action::PageDown)) => panel.turn(true, size),
            (_, Some(Action::Top)) | (Code::Home, _) => panel.step(isize::MIN),
            (_, Some(Action::Bottom)) | (Code::End, _) => panel.step(isize::MAX),
            (_, Some(Action::Send)) => {
                let goal = panel.goal();
                self.mode = Mode::Typing;
                self.reach(goal);
            }
            (_, Some(Action::Back)) | (Code::Char('q'), None) => self.mode = Mode::Typing,
            // Who goes on typing has read it.
            (Code::Char(_), None) => {
                self.mode = Mode::Typing;
                self.key_while_typing(key, action);
            }
            _ => {}
        }
    }

    fn reach(&mut self, goal: Goal) {
        match goal {
            Goal::None => {}
            Goal::Do(line) => drop(self.obey(&line)),
            Goal::Talk(id) if id == self.my_id() || id.is_guest() => {}
            Goal::Talk(id) => self.talk_with(id),
            Goal::Message(room, id) => self.go_to_message(room, id),
            Goal::SearchOn(room, before) => self.search_on(room, before),
            Goal::Type(line) => self.begin(&line),
        }
    }

    fn key_while_finding(&mut self, key: Key, action: Option<Action>) {
        match (key.code, action) {
            (Code::Char(c), None) if !key.ctrl && !key.alt => self.find(|part| part.push(c)),
            (Code::Backspace, _) => self.find(|part| {
                part.pop();
            }),
            (_, Some(Action::FindTyped | Action::FindText | Action::Older)) => self.find_next(),
            (_, Some(Action::Back)) => self.mode = Mode::Typing,
            (_, Some(Action::Send)) if matches!(self.mode, Mode::FindText { .. }) => {
                if let Mode::FindText { part } = std::mem::replace(&mut self.mode, Mode::Typing) {
                    self.search_here(&part);
                }
            }
            (_, Some(Action::Send)) => {
                let found = self.found_typed().map(str::to_owned);
                self.mode = Mode::Typing;
                found.into_iter().for_each(|line| self.input.set(&line));
            }
            _ => {
                let found = self.found_typed().map(str::to_owned);
                self.mode = Mode::Typing;
                found.into_iter().for_each(|line| self.input.set(&line));
                self.key_while_typing(key, action);
            }
        }
    }

    fn begin_finding(&mut self, mode: Mode) {
        (self.mode, self.hint, self.found) = (mode, None, None);
    }

    /// The line typed before that is being looked for.
    pub(in super::super) fn found_typed(&self) -> Option<&str> {
        match &self.mode {
            Mode::FindTyped { part, skip } if !part.is_empty() => self.input.find(part, *skip),
            _ => None,
        }
    }

    fn find(&mut self, change: impl Fn(&mut String)) {
        match &mut self.mode {
            Mode::FindTyped { part, skip } => {
                change(part);
                *skip = 0;
            }
            Mode::FindText { part } => {
                change(part);
                let part = part.clone();
                self.find_above(&part, false);
            }
            _ => {}
        }
    }

    fn find_next(&mut self) {
        match &mut self.mode {
            Mode::FindTyped { part, skip } => {
                *skip += usize::from(self.input.find(part, *skip + 1).is_some());
            }
            Mode::FindText { part } => {
                let part = part.clone();
                self.find_above(&part, true);
            }
            _ => {}
        }
    }

    /// The newest message with this in it; above the one that is found already, if `further`.
    fn find_above(&mut self, part: &str, further: bool) {
        if part.is_empty() {
            return;
        }
        let part = part.to_lowercase();
        let Some(here) = self.here() else { return };
        let from = match self.found.filter(|_| further).and_then(|key| here.position(key)) {
            Some(at) => at,
            None => here.entries.len(),
        };
        let above = here.entries.range(..from).rev();
        let found = above.filter(|entry| {
            entry.words().is_some_and(|words| words.text.to_lowercase().contains(&part))
        });
        match found.map(|entry| entry.key).next() {
            Some(key) => {
                (self.found, self.hint) = (Some(key), None);
                self.show_key(key);
            }
            None => self.tell_hint(Tell::NotFound { text: &crate::client::ui::clean::line(&part) }),
        }
    }

    /// Ctrl-C: away with what is there; with nothing there, it asks, and leaves when pressed
    /// again.
    fn cancel(&mut self) {
        if !matches!(self.mode, Mode::Typing) {
            self.mode = Mode::Typing;
        } else if self.start.is_none() && !self.input.is_empty() {
            self.input.take();
        } else if self.leave_until.is_some() {
            self.order(Do::Leave);
        } else {
            self.leave_until = Some(self.now.plus(LEAVE));
        }
    }

    /// What the editor left.
    pub(in super::super) fn edited(&mut self, text: &str) {
        self.input.set(text.trim_end_matches('\n'));
        self.change();
    }
}
