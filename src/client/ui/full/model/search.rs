//! Looking for what was said: the server finds it, and from there one goes to the place where it
//! was said, however far back.

use crate::client::Update;
use crate::client::ui::command::Line;
use crate::client::ui::command::words::{FOUND, Words};
use crate::client::ui::listing::Listing;
use crate::protocol::{self, Before, MessageId, Query, RoomId, RoomRef};
use crate::texts::full::Label;

use super::{Do, Mode, Model, Panel, Past};

/// Pages of the past that are fetched to get to a message, at most: as much as a place holds.
const MAX_PAGES: usize = 200;

/// What is being looked for.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// What was asked of the server last, as it was typed.
    words: String,
    /// The message that one is on the way to.
    goal: Option<(RoomId, MessageId)>,
    n_pages: usize,
}

impl Model {
    /// Has the server look for words.
    pub(super) fn search(&mut self, search: protocol::Search) {
        search.query.as_str().clone_into(&mut self.search.words);
        self.order(Do::Ask(Line::Words(Words::Search(search))));
    }

    /// The same for what is being looked for here.
    pub(super) fn search_here(&mut self, part: &str) {
        match Query::new(part) {
            Ok(query) => {
                let within = Some(RoomRef::Id(self.current));
                let (from, before) = (None, None);
                self.search(protocol::Search { within, query, from, before, limit: FOUND });
            }
            Err(code) => self.say_hint(self.error(code)),
        }
    }

    /// The same words again, before this message.
    pub(super) fn search_on(&mut self, within: Option<RoomId>, before: Before) {
        if let Ok(query) = Query::new(&self.search.words) {
            let (within, from, before) = (within.map(RoomRef::Id), None, Some(before));
            self.search(protocol::Search { within, query, from, before, limit: FOUND });
        }
    }

    /// What the server found, newest first.
    pub(super) fn found(&mut self, update: &Update) {
        if let Some(list) = Listing::found(update, &self.search.words, (self.offset, self.lang)) {
            self.mode = Mode::Panel(Panel::new(list));
        }
    }

    /// To the place where this was said. The past is fetched until it is there.
    pub(super) fn go_to_message(&mut self, room: RoomId, id: MessageId) {
        self.go(room);
        (self.search.goal, self.search.n_pages) = (Some((room, id)), 0);
        self.look_further();
    }

    /// There may be more to look at.
    pub(super) fn look_further(&mut self) {
        let Some((room, id)) = self.search.goal else { return };
        let Some(here) = self.here().filter(|here| here.id == room) else {
            // Whoever has gone elsewhere does not want to be taken back.
            return self.search.goal = None;
        };
        if let Some(key) = here.entries.iter().find(|e| e.id() == Some(id)).map(|entry| entry.key) {
            (self.search.goal, self.found, self.hint) = (None, Some(key), None);
            return self.show_key(key);
        }
        let is_past = here.past == Past::Whole || here.oldest().is_some_and(|oldest| oldest < id);
        if is_past || self.search.n_pages == MAX_PAGES {
            self.search.goal = None;
            return self.say_hint(Label::NotReached.text(self.lang));
        }
        self.search.n_pages += 1;
        self.say_hint(Label::LookingBack.text(self.lang));
        self.want_past();
    }
}
