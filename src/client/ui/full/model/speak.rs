//! What becomes of a typed line.

use std::sync::Arc;

use crate::client::ui::clean;
use crate::client::ui::command::Line;
use crate::client::ui::command::here::{self, OnScreen};
use crate::client::ui::directory::Unresolved;
use crate::client::ui::listing::{Goal, Listing, Row};
use crate::protocol::{MessageId, RoomAsk, RoomId, RoomRef, Text, UserId};

use super::{Do, Entry, Link, Mode, Model, Panel, Start, State, What, Words};
use crate::texts::client::Notice;
use crate::texts::full::{Label, Tell};

impl Model {
    /// Enter.
    pub(super) fn submit(&mut self) {
        if self.input.text().trim().is_empty() {
            return;
        }
        if std::mem::take(&mut self.is_moved) {
            return self.say_hint(Label::Moved.text(self.lang));
        }
        self.found = None;
        self.hint = None;
        // Out of the line before: what it asks for may lead elsewhere, where another draft is.
        let line = self.input.take_draft();
        let is_taken = match line.starts_with('/') {
            true => self.obey(&line),
            false => self.say_here(&line),
        };
        if !is_taken {
            self.input.set(&line);
        } else if !here::is_secret(&line) {
            self.input.remember(&line);
        }
        self.change();
    }

    /// `false`: the line stays, to be mended.
    pub(super) fn obey(&mut self, line: &str) -> bool {
        let here = self.here().map(|here| here.id).unwrap_or(RoomId::Lobby);
        let line = match here::parse_here(line, here) {
            OnScreen::Line(line) => line,
            own => return self.obey_on_screen(own),
        };
        match line {
            Line::Say(text) => return self.say_here(&text),
            Line::SayIn { room, text } => return self.say_in(&room, &text),
            Line::Msg { who, text } => {
                let Some(id) = self.resolve(&who) else { return false };
                return self.say(RoomId::pair(self.my_id(), id), &text, None);
            }
            Line::Words(words) => return self.obey_words(words),
            Line::Login { who, password } => {
                let start = Start::knowing(self.address.clone(), &who, &password);
                return self.go_elsewhere(start);
            }
            Line::Register { .. } | Line::Code(_) => {
                return self.go_elsewhere(Start::new(self.address.clone(), None, false));
            }
            Line::Help => self.mode = Mode::Panel(Panel::help(self.lang)),
            Line::Quit => self.order(Do::Leave),
            Line::Empty => {}
            Line::Unknown(command) => {
                let command = &clean::line(&command);
                self.say_hint(Notice::UnknownCommand { command }.text(self.lang));
                return false;
            }
            Line::Incomplete(usage) => {
                self.say_hint(Notice::Usage { usage }.text(self.lang));
                return false;
            }
            line => {
                self.panel_wanted = matches!(line, Line::Who | Line::Members(..));
                self.is_entering |=
                    matches!(line, Line::CreateRoom { .. } | Line::Room(_, RoomAsk::Join));
                self.order(Do::Ask(line));
            }
        }
        true
    }

    fn obey_on_screen(&mut self, line: OnScreen) -> bool {
        match line {
            OnScreen::Query(who) => {
                let Some(id) = self.resolve(&who) else { return false };
                self.talk_with(id);
            }
            OnScreen::Go(place) => return self.go_to(&place),
            OnScreen::Hide => match self.current {
                RoomId::Lobby => {}
                RoomId::Named(_) => self.say_hint(Label::PartInstead.text(self.lang)),
                id => self.close(id),
            },
            OnScreen::Clear => {
                if let Some(here) = self.here_mut() {
                    here.skip();
                }
            }
            OnScreen::Resend => self.resend(),
            OnScreen::Connect(address) => {
                let address = address.unwrap_or_else(|| self.address.clone());
                return self.go_elsewhere(Start::new(address, None, false));
            }
            OnScreen::Mentions => self.list_mentions(),
            OnScreen::Keys => self.mode = Mode::Panel(Panel::keys(self.lang)),
            OnScreen::Incomplete(usage) => {
                self.say_hint(Notice::Usage { usage: &usage }.text(self.lang));
                return false;
            }
            OnScreen::Line(_) => {}
        }
        true
    }

    /// To the first screen, for another account or server. `false`: what waits would be lost.
    fn go_elsewhere(&mut self, start: Start) -> bool {
        if self.n_waiting() > 0 {
            self.say_hint(Label::FirstStored.text(self.lang));
            return false;
        }
        let address = start.server.text().to_owned();
        (self.link, self.start) = (Link::None, Some(start));
        self.connect(address);
        true
    }

    /// Several lines of a paste become several messages only where one is too long.
    fn say_here(&mut self, text: &str) -> bool {
        if self.is_entering {
            self.say_hint(Label::Entering.text(self.lang));
            return false;
        }
        let here = self.here().map_or(RoomId::Lobby, |here| here.id);
        self.say(here, text, None)
    }

    fn say_in(&mut self, room: &RoomRef, text: &str) -> bool {
        let found = self.places.iter().find(|place| match room {
            RoomRef::Id(id) => place.id == *id,
            RoomRef::Name(name) => place.name == name.as_str(),
            RoomRef::Here => false,
        });
        let Some(id) = found.map(|place| place.id) else {
            self.say_hint(Label::NotInRoom.text(self.lang));
            return false;
        };
        self.say(id, text, None)
    }

    /// `false`: it cannot be said like that.
    pub(super) fn say(&mut self, room: RoomId, text: &str, reply_to: Option<MessageId>) -> bool {
        let mut texts = Vec::new();
        for part in parts(text) {
            match Text::new(part) {
                Ok(text) => texts.push(text),
                Err(code) => {
                    let why = &self.error(code);
                    self.say_hint(Notice::Refused { why }.text(self.lang));
                    return false;
                }
            }
        }
        self.open(room, None);
        let name = self.me.as_ref().map_or_else(|| Arc::from(""), |me| Arc::clone(&me.name));
        for text in texts {
            let (key, time, sender) = (self.key(), self.now, self.my_id());
            let words = Words {
                id: None,
                sender,
                name: Arc::clone(&name),
                text: text.as_str().into(),
                is_mention: false,
                reply_to,
                is_edited: false,
                is_deleted: false,
                reactions: Vec::new(),
                state: State::Waiting,
            };
            if let Some(place) = self.place_mut(room) {
                place.push(Entry { key, time, what: What::Said(words) });
                (place.marker, place.anchor) = (None, None);
            }
            self.order(Do::Say { key, room, text, reply_to });
        }
        if room != self.current {
            let name = self.place(room).map(|place| place.name.clone()).unwrap_or_default();
            self.tell_hint(Tell::SaidTo { name: &name });
        }
        true
    }

    /// Whom a word means; told where it is nobody, or several.
    fn resolve(&mut self, who: &str) -> Option<UserId> {
        match self.people.resolve(who) {
            Ok(id) => return Some(id),
            Err(Unresolved::Nobody) => {
                let name = &clean::line(who);
                self.say_hint(Notice::Nobody { name }.text(self.lang));
            }
            Err(Unresolved::Several(ids)) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                self.say_hint(Notice::Several { ids: &ids.join(", ") }.text(self.lang));
            }
        }
        None
    }

    /// To the place where one talks with somebody alone.
    pub(super) fn talk_with(&mut self, id: UserId) {
        let room = RoomId::pair(self.my_id(), id);
        self.open(room, None);
        self.ask_past();
        self.go(room);
    }

    /// To a place by its name, or a part of it.
    fn go_to(&mut self, name: &str) -> bool {
        let name = name.to_lowercase();
        let matching = |whole: bool| {
            self.places.iter().find(|place| {
                let known = place.name.to_lowercase();
                if whole { known == name } else { known.contains(&name) }
            })
        };
        let found = matching(true).or_else(|| matching(false)).map(|place| place.id);
        match found {
            Some(id) => self.go(id),
            None => self.say_hint(Label::NoSuchPlace.text(self.lang)),
        }
        found.is_some()
    }

    /// What was refused here goes out again.
    fn resend(&mut self) {
        let id = self.current;
        let refused = self.here_mut().map(super::Place::take_refused).unwrap_or_default();
        if refused.is_empty() {
            self.say_hint(Label::NothingRefused.text(self.lang));
        }
        for words in refused {
            self.say(id, &words.text, words.reply_to);
        }
    }

    fn list_mentions(&mut self) {
        let mut found: Vec<_> = Vec::new();
        for place in &self.places {
            for entry in &place.entries {
                let Some(words) = entry.words().filter(|words| words.is_mention) else { continue };
                let Some(id) = words.id else { continue };
                let line = format!("{}  {}: {}", place.name, words.name, words.text);
                let goal = Goal::Message(place.id, id);
                found.push((entry.time, Row::new("", clean::line(&line), goal)));
            }
        }
        found.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        if found.is_empty() {
            return self.say_hint(Label::NoMentions.text(self.lang));
        }
        let rows = found.into_iter().map(|(_, row)| row).collect();
        let list = Listing::new(Label::Mentions.text(self.lang), rows);
        self.mode = Mode::Panel(Panel::new(list));
    }
}

/// A text as messages: one, or where it is too long, as many as it takes, cut at line ends if
/// there are any, else at a character.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > Text::MAX {
        let fits = rest.floor_char_boundary(Text::MAX);
        let (head, _) = rest.split_at(fits);
        let at = head.rfind('\n').filter(|at| *at > 0).unwrap_or(fits);
        let (part, later) = rest.split_at(at);
        parts.push(part);
        rest = later.strip_prefix('\n').unwrap_or(later);
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_at_line_ends() {
        let line = "x".repeat(3_000);
        let text = [line.as_str(); 4].join("\n");
        let sizes: Vec<_> = parts(&text).iter().map(|part| part.len()).collect();
        assert_eq!(sizes, [6_001, 6_001]);
        assert_eq!(parts(&"你".repeat(3_000)).concat().len(), 9_000);
        assert_eq!(parts("hi"), ["hi"]);
    }
}
