//! What is typed about what was said: in which room always stands first, then the message.

use std::time::Duration;

use super::{Line, split};
use crate::client::{Client, Emoji, OrderError};
use crate::protocol::{Before, MessageId, Query, RoomRef, Search, Text};

/// Something about what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client::ui) enum Words {
    Reply((RoomRef, MessageId), Text),
    Edit((RoomRef, MessageId), Text),
    Delete((RoomRef, MessageId)),
    /// With this, or no longer.
    React((RoomRef, MessageId), Emoji, bool),
    /// These words.
    Search(Search),
}

impl Words {
    /// Has the client do it. Blocks while too much waits for the server, at most for `wait`.
    ///
    /// # Errors
    /// [`OrderError`]: not taken.
    pub(in crate::client::ui) fn order(
        self,
        client: &Client,
        wait: Duration,
    ) -> Result<(), OrderError> {
        match self {
            Self::Reply(place, text) => client.reply(place, text, wait).map(drop),
            Self::Edit(place, text) => client.edit(place, text, wait).map(drop),
            Self::Delete(place) => client.delete(place, wait).map(drop),
            Self::React(place, emoji, on) => client.react(place, &emoji, on, wait).map(drop),
            Self::Search(search) => client.search(search),
        }
    }
}

pub(super) fn reply(rest: &str) -> Option<Line> {
    let (place, text) = message(rest)?;
    Some(Line::Words(Words::Reply(place, Text::new(text).ok()?)))
}

pub(super) fn edit(rest: &str) -> Option<Line> {
    let (place, text) = message(rest)?;
    Some(Line::Words(Words::Edit(place, Text::new(text).ok()?)))
}

pub(super) fn delete(rest: &str) -> Option<Line> {
    let (place, rest) = message(rest)?;
    rest.is_empty().then_some(Line::Words(Words::Delete(place)))
}

pub(super) fn react(rest: &str) -> Option<Line> {
    reaction(rest, true)
}

pub(super) fn unreact(rest: &str) -> Option<Line> {
    reaction(rest, false)
}

fn reaction(rest: &str, on: bool) -> Option<Line> {
    let (place, emoji) = message(rest)?;
    Some(Line::Words(Words::React(place, Emoji::new(emoji).ok()?, on)))
}

/// Messages of an answer.
pub(in crate::client::ui) const FOUND: usize = 20;

pub(super) fn search(rest: &str) -> Option<Line> {
    let (room, rest) = split(rest);
    let within = match room {
        "*" => None,
        room => Some(RoomRef::parse(room).ok()?),
    };
    let (first, words) = split(rest);
    let before: Option<Before> = first.strip_prefix('#').and_then(|where_to| where_to.parse().ok());
    // Of several rooms, an id alone says nothing.
    if within.is_none() && before.is_some_and(|before| before.among.is_none()) {
        return None;
    }
    let query = Query::new(if before.is_some() { words } else { rest }).ok()?;
    Some(Line::Words(Words::Search(Search { within, query, from: None, before, limit: FOUND })))
}

/// A room, the number of a message in it, and what follows.
fn message(rest: &str) -> Option<((RoomRef, MessageId), &str)> {
    let (room, rest) = split(rest);
    let (id, rest) = split(rest);
    let id = id.strip_prefix('#').unwrap_or(id).parse().ok()?;
    Some(((RoomRef::parse(room).ok()?, MessageId(id)), rest))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::protocol::{RoomId, UserId};

    #[test]
    fn a_message_is_named_by_its_room_and_its_number() {
        let room = RoomRef::Id(RoomId::pair(UserId(100), UserId(200)));
        let place = || (room.clone(), MessageId(7));
        let text = Text::new("a  b").unwrap();
        let edit = Line::Words(Words::Edit(place(), text));
        assert_eq!(parse("/edit @100,200 #7 a  b"), edit);
        assert_eq!(parse("/delete @100,200 7"), Line::Words(Words::Delete(place())));
        let emoji = Emoji::new("+1").unwrap();
        let react = Line::Words(Words::React(place(), emoji, false));
        assert_eq!(parse("/unreact @100,200 7 +1"), react);
        assert_eq!(parse("/react lobby 7"), Line::Incomplete("/react ROOM ID EMOJI"));
        let everywhere = parse("/search * #2 soup");
        assert!(matches!(everywhere, Line::Incomplete(usage) if usage.contains("[#ID]")));
        assert!(matches!(parse("/search * #2/!7/1795217831000 soup"), Line::Words(_)));
    }
}
