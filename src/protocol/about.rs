//! Messages about messages: replies, edits, deletions, reactions.
//!
//! Each is a message of its room with an id, a reference and a place in the order like any other,
//! and refers to an earlier one. What was said stays in the log; [`shown`] makes of it what
//! people see now. Who may do it: `state::words`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ErrorCode, Message, MessageId, Millis, Standing, Text, UserId};

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// An earlier message of the same room.
    pub id: MessageId,
    /// In what way.
    pub what: What,
}

/// In what way a message is about another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum What {
    /// It answers it.
    Reply,
    /// Its text takes the place of the other's.
    Edit,
    /// The other is gone. Its own text is empty.
    Delete,
    /// Its text is an emoji for the other.
    React,
    /// It takes this emoji back.
    Unreact,
}

impl What {
    /// Every one with its stable name, in stores and exports.
    pub const NAMES: &[(Self, &str)] = &[
        (Self::Reply, "reply"),
        (Self::Edit, "edit"),
        (Self::Delete, "delete"),
        (Self::React, "react"),
        (Self::Unreact, "unreact"),
    ];

    /// Has a message that is about another one in this way, or about none, words of its sender's?
    pub fn has_words(what: Option<Self>) -> bool {
        matches!(what, None | Some(Self::Reply | Self::Edit))
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(what, _)| *what == self).map_or("reply", |(_, name)| name)
    }

    /// What a stable name means.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(what, _)| *what)
    }
}

/// Which message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one with this id.
    Id(MessageId),
    /// The last that this connection said in the room.
    OwnLast,
}

/// What a send is about, with what its session has seen in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// In what way.
    pub what: What,
    /// The message it is about.
    pub of: Original,
}

/// A message that another one is about. Who said it never changes, so it can be read before the
/// hub decides; that it may be deleted meanwhile does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Original {
    /// The hub knows it.
    OwnLast,
    /// It is there.
    Found {
        /// Its place in the room.
        id: MessageId,
        /// Who said it.
        sender: UserId,
        /// What they are in the room, where that matters.
        standing: Standing,
    },
    /// There is nothing that this could be about. Told after the hub has seen that who asks may
    /// ask: who is outside of a room does not learn what is in it.
    Refused(ErrorCode),
}

/// What has become of a message, as a store keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The newest edit.
    pub edit: Option<Edit>,
    /// It was deleted, and stays so.
    pub is_deleted: bool,
    /// Who reacts with what, by emoji and id.
    pub reactions: Vec<(Text, UserId)>,
}

/// The newest edit of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The message that it is.
    pub id: MessageId,
    /// When it was accepted.
    pub time: Millis,
    /// What stands there now.
    pub text: Text,
}

/// A message as people see it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// With the text of its newest edit, or none where it is deleted.
    pub message: Message,
    /// When and by which message it was edited.
    pub edited: Option<(MessageId, Millis)>,
    /// Its text is for nobody any more: it is deleted, or an edit that another one followed.
    pub is_gone: bool,
    /// By emoji.
    pub reactions: Vec<Reaction>,
}

/// An emoji that people gave a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Which.
    pub emoji: Text,
    /// How many.
    pub count: usize,
    /// Who: the first [`MAX_NAMED_REACTORS`] by id.
    pub by: Vec<UserId>,
}

/// Emojis that one message can have: so its frame holds them beside the longest text.
pub const MAX_EMOJIS: usize = 12;

/// Reactions that one message can have: who reads a page reads all of them.
pub const MAX_REACTIONS: usize = 1_000;

/// People who are named with an emoji; the others are only counted.
pub const MAX_NAMED_REACTORS: usize = 10;

/// Bytes of an emoji: a family of four with skins takes 41, a flag 28.
const MAX_EMOJI: usize = 48;

impl Text {
    /// The text of a message that is about another one in this way, or about none.
    ///
    /// # Errors
    /// As [`Text::new`]; [`ErrorCode::BadReaction`] (an emoji has 1 to 48 bytes, no blank and no
    /// control character); [`ErrorCode::BadText`] where a deletion has one.
    pub fn of(what: Option<What>, text: &str) -> Result<Self, ErrorCode> {
        match what {
            Some(What::Delete) if text.is_empty() => Ok(Self::nothing()),
            Some(What::Delete) => Err(ErrorCode::BadText),
            Some(What::React | What::Unreact) => {
                let fits = (1..=MAX_EMOJI).contains(&text.len());
                let is_odd = |c: char| c.is_control() || c.is_whitespace();
                if fits && !text.contains(is_odd) {
                    Ok(Self(text.into()))
                } else {
                    Err(ErrorCode::BadReaction)
                }
            }
            Some(What::Reply | What::Edit) | None => Self::new(text),
        }
    }

    /// The text of a stored message: as [`Text::of`], and none where it was erased.
    ///
    /// # Errors
    /// As [`Text::of`], but for the empty text.
    pub fn stored(what: Option<What>, text: &str) -> Result<Self, ErrorCode> {
        if text.is_empty() && What::has_words(what) {
            Ok(Self::nothing())
        } else {
            Self::of(what, text)
        }
    }

    /// What stands in the place of a deleted text.
    pub fn nothing() -> Self {
        Self("".into())
    }
}

impl Message {
    /// In what way it is about another message.
    pub fn what(&self) -> Option<What> {
        self.about.map(|about| about.what)
    }

    /// Its sender's words were erased with the account.
    pub fn is_erased(&self) -> bool {
        What::has_words(self.what()) && self.text.as_str().is_empty()
    }

    /// Something said, to be shown by itself: no edit, no deletion, no reaction.
    pub fn is_said(&self) -> bool {
        matches!(self.what(), None | Some(What::Reply))
    }

    /// The message whose changes say what is to be seen of this one: itself, or the one that it
    /// edits.
    pub fn subject(&self) -> Option<MessageId> {
        match self.about {
            None | Some(About { what: What::Reply, .. }) => Some(self.id),
            Some(About { id, what: What::Edit }) => Some(id),
            Some(_) => None,
        }
    }
}

/// A message as it is seen now, given what became of its [`Message::subject`].
pub fn shown(message: Message, changes: Option<&Changes>) -> Shown {
    let mut shown = Shown { message, edited: None, is_gone: false, reactions: Vec::new() };
    if shown.message.is_erased() {
        shown.is_gone = true;
        return shown;
    }
    let Some(changes) = changes else { return shown };
    let edit = changes.edit.as_ref();
    if shown.message.is_said() {
        shown.is_gone = changes.is_deleted;
        if let Some(edit) = edit {
            shown.message.text = edit.text.clone();
            shown.edited = Some((edit.id, edit.time));
        }
        shown.reactions = counted(&changes.reactions);
    } else {
        shown.is_gone = changes.is_deleted || edit.is_some_and(|edit| edit.id != shown.message.id);
    }
    if shown.is_gone {
        shown.message.text = Text::nothing();
        (shown.edited, shown.reactions) = (None, Vec::new());
    }
    shown
}

fn counted(reactions: &[(Text, UserId)]) -> Vec<Reaction> {
    let mut by_emoji: BTreeMap<&str, Reaction> = BTreeMap::new();
    for (emoji, by) in reactions {
        let reaction = by_emoji.entry(emoji.as_str()).or_insert_with(|| Reaction {
            emoji: emoji.clone(),
            count: 0,
            by: Vec::new(),
        });
        reaction.count += 1;
        if reaction.by.len() < MAX_NAMED_REACTORS {
            reaction.by.push(*by);
        }
    }
    by_emoji.into_values().take(MAX_EMOJIS).collect()
}

impl Changes {
    /// Can somebody react with this? What they did already costs nothing.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyReactions`].
    pub fn takes(&self, emoji: &Text, by: UserId) -> Result<(), ErrorCode> {
        let is_there = self.reactions.iter().any(|(its, who)| its == emoji && *who == by);
        let is_known = self.reactions.iter().any(|(its, _)| its == emoji);
        let n_emojis = counted(&self.reactions).len();
        let fits = self.reactions.len() < MAX_REACTIONS && (is_known || n_emojis < MAX_EMOJIS);
        if is_there || fits { Ok(()) } else { Err(ErrorCode::TooManyReactions) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Reference, RoomId};

    fn message(id: u64, about: Option<About>, text: &str) -> Message {
        Message {
            id: MessageId(id),
            room: RoomId::Lobby,
            sender: UserId(1),
            name: "tom".into(),
            time: Millis(id.cast_signed()),
            text: Text::of(about.map(|about| about.what), text).unwrap(),
            reference: Reference::new("r").unwrap(),
            about,
        }
    }

    fn edit(id: u64, text: &str) -> Option<Edit> {
        Some(Edit { id: MessageId(id), time: Millis(9), text: Text::new(text).unwrap() })
    }

    #[test]
    fn an_edited_message_shows_its_last_text_and_the_edit_before_shows_none() {
        let changes = Changes { edit: edit(3, "new"), ..Changes::default() };
        let now = shown(message(1, None, "old"), Some(&changes));
        assert_eq!((now.message.text.as_str(), now.is_gone), ("new", false));
        assert_eq!(now.edited, Some((MessageId(3), Millis(9))));
        let about = Some(About { id: MessageId(1), what: What::Edit });
        assert!(shown(message(2, about, "older"), Some(&changes)).is_gone);
        assert!(!shown(message(3, about, "new"), Some(&changes)).is_gone);
    }

    #[test]
    fn of_a_deleted_message_nothing_is_left() {
        let reactions = vec![(Text::new("+1").unwrap(), UserId(2))];
        let changes = Changes { edit: edit(3, "new"), is_deleted: true, reactions };
        let about = Some(About { id: MessageId(1), what: What::Edit });
        for old in [message(1, None, "old"), message(3, about, "new")] {
            let gone = shown(old, Some(&changes));
            assert!(gone.is_gone && gone.reactions.is_empty() && gone.edited.is_none());
            assert_eq!(gone.message.text.as_str(), "");
        }
    }

    #[test]
    fn an_erased_message_is_gone_whatever_became_of_it() {
        let mut erased = message(1, None, "old");
        assert!(!erased.is_erased());
        erased.text = Text::stored(None, "").unwrap();
        assert!(erased.is_erased());
        let reactions = vec![(Text::new("+1").unwrap(), UserId(2))];
        let changes = Changes { edit: edit(3, "new"), is_deleted: false, reactions };
        for changes in [None, Some(&changes)] {
            let gone = shown(erased.clone(), changes);
            assert!(gone.is_gone && gone.reactions.is_empty() && gone.edited.is_none());
            assert_eq!(gone.message.text.as_str(), "");
        }
        assert_eq!(Text::stored(Some(What::React), ""), Err(ErrorCode::BadReaction));
    }

    #[test]
    fn an_emoji_is_short_and_whole() {
        let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
        for good in ["👍", "+1", "赞", family] {
            assert!(Text::of(Some(What::React), good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "\u{1b}", "\n", &"x".repeat(MAX_EMOJI + 1)] {
            assert_eq!(Text::of(Some(What::React), bad), Err(ErrorCode::BadReaction), "{bad:?}");
        }
        assert_eq!(Text::of(Some(What::Delete), "x"), Err(ErrorCode::BadText));
        assert_eq!(Text::of(Some(What::Edit), ""), Err(ErrorCode::EmptyText));
    }

    #[test]
    fn a_message_takes_so_many_reactions_and_no_more() {
        let emoji = |n: usize| Text::new(&format!("e{n}")).unwrap();
        let reactions = (0..MAX_EMOJIS).map(|n| (emoji(n), UserId(1))).collect();
        let changes = Changes { reactions, ..Changes::default() };
        assert_eq!(changes.takes(&emoji(0), UserId(2)), Ok(()));
        let more = changes.takes(&emoji(MAX_EMOJIS), UserId(1));
        assert_eq!(more, Err(ErrorCode::TooManyReactions));
        let by = |n: usize| UserId(i64::try_from(n).unwrap());
        let reactions = (0..MAX_REACTIONS).map(|n| (emoji(0), by(n))).collect();
        let changes = Changes { reactions, ..Changes::default() };
        assert_eq!(changes.takes(&emoji(0), UserId(1)), Ok(()));
        assert_eq!(changes.takes(&emoji(0), by(MAX_REACTIONS)), Err(ErrorCode::TooManyReactions));
        let shown = shown(message(1, None, "hi"), Some(&changes));
        assert_eq!(shown.reactions[0].count, MAX_REACTIONS);
        assert_eq!(shown.reactions[0].by.len(), MAX_NAMED_REACTORS);
    }
}
