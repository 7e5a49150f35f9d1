//! What is done to messages that were said: another text, taking back, reactions.

use crate::client::ui::clean;
use crate::client::ui::command::words::Words as Typed;
use crate::client::{Changed, Doing, Reaction, Reason};
use crate::protocol::{MessageId, Reference, RoomId, RoomRef, UserId};
use crate::texts::full::{Label, Tell};

use super::place::Reacted;
use super::{Do, Model, Place, State};

/// Kinds of reactions to one message, at most.
const MAX_REACTIONS: usize = 20;

/// What this client does to a message: it shows when the server has it.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Change {
    pub(in super::super) room: RoomId,
    pub(in super::super) about: MessageId,
    pub(in super::super) what: Doing,
}

impl Model {
    /// Somebody else did something to a message.
    pub(super) fn changed(&mut self, changed: &Changed) {
        let change =
            Change { room: changed.room, about: changed.about, what: changed.what.clone() };
        self.apply(&change, changed.by);
    }

    pub(super) fn apply(&mut self, change: &Change, by: UserId) {
        let text = match &change.what {
            Doing::Edit(text) => Some(self.is_mention(text)),
            _ => None,
        };
        if let Some(place) = self.place_mut(change.room) {
            place.change(change.about, &change.what, by, text.unwrap_or_default());
        }
    }

    /// What was typed about a message. `false`: it cannot be done.
    pub(super) fn obey_words(&mut self, words: Typed) -> bool {
        let (place, what) = match words {
            Typed::Reply((room, id), text) => {
                let Some(room) = self.known(&room) else { return false };
                return self.say(room, text.as_str(), Some(id));
            }
            Typed::Search(search) => {
                self.search(search);
                return true;
            }
            Typed::Edit(place, text) => (place, Doing::Edit(text.as_str().to_owned())),
            Typed::Delete(place) => (place, Doing::Delete),
            Typed::React(place, emoji, true) => (place, Doing::React(emoji.as_str().to_owned())),
            Typed::React(place, emoji, false) => (place, Doing::Unreact(emoji.as_str().to_owned())),
        };
        let ((room, about), what) = (place, what);
        let Some(room) = self.known(&room) else { return false };
        self.order(Do::Change(Change { room, about, what }));
        true
    }

    /// A room of the list; told where it is none.
    fn known(&mut self, room: &RoomRef) -> Option<RoomId> {
        let found = self.places.iter().find(|place| match room {
            RoomRef::Id(id) => place.id == *id,
            RoomRef::Name(name) => place.name == name.as_str(),
            RoomRef::Here => false,
        });
        let found = found.map(|place| place.id);
        if found.is_none() {
            self.say_hint(Label::NotInRoom.text(self.lang));
        }
        found
    }

    /// The change is on its way under this name.
    pub(in super::super) fn changing(&mut self, reference: Reference, change: Change) {
        self.unchanged.insert(reference, change);
    }

    /// The server has it, or does not want it. `false`: it was no change.
    pub(super) fn change_done(&mut self, reference: &Reference) -> bool {
        let Some(change) = self.unchanged.remove(reference) else { return false };
        let me = self.my_id();
        self.apply(&change, me);
        true
    }

    pub(super) fn change_refused(&mut self, reference: &Reference, why: &Reason) {
        if self.unchanged.remove(reference).is_some() {
            let why = &self.reason(why);
            let text = Tell::NotDone { why }.text(self.lang);
            self.notice(text, true);
        }
    }
}

impl Place {
    /// A message is changed; one that is not here needs nothing.
    fn change(&mut self, about: MessageId, what: &Doing, by: UserId, mentions: bool) {
        let entry = self.entries.iter_mut().rev().find(|entry| entry.id() == Some(about));
        let Some(words) = entry.and_then(super::Entry::words_mut) else { return };
        match what {
            Doing::Edit(text) => {
                (words.text, words.is_edited) = (text.as_str().into(), true);
                words.is_mention = mentions;
            }
            Doing::Delete => {
                (words.text, words.is_deleted) = ("".into(), true);
                words.reactions.clear();
                words.state = State::Stored;
            }
            Doing::React(emoji) => {
                let emoji = clean::line(emoji);
                let is_full = words.reactions.len() >= MAX_REACTIONS;
                match words.reactions.iter_mut().find(|reacted| reacted.emoji == emoji) {
                    Some(reacted) if reacted.by.contains(&by) => {}
                    Some(reacted) => {
                        reacted.by.push(by);
                        reacted.count += 1;
                    }
                    None if is_full => {}
                    None => words.reactions.push(Reacted { emoji, count: 1, by: vec![by] }),
                }
            }
            Doing::Unreact(emoji) => {
                let emoji = clean::line(emoji);
                for reacted in words.reactions.iter_mut().filter(|its| its.emoji == emoji) {
                    reacted.by.retain(|who| *who != by);
                    reacted.count = reacted.count.saturating_sub(1);
                }
                words.reactions.retain(|reacted| reacted.count > 0);
            }
        }
    }
}

/// As a page of the past tells them.
pub(super) fn reacted(reactions: &[Reaction]) -> Vec<Reacted> {
    let one = |reaction: &Reaction| Reacted {
        emoji: clean::line(&reaction.emoji),
        count: reaction.count,
        by: reaction.user_ids.iter().copied().map(UserId).collect(),
    };
    reactions.iter().take(MAX_REACTIONS).map(one).collect()
}
