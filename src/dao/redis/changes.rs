//! What has become of messages: two keys beside the stream, which append.lua writes with it.

use redis::Pipeline;

use super::keys::Tag;
use super::part::Part;
use super::record;
use crate::dao::StoreError;
use crate::protocol::{
    Changes, Edit, MAX_REACTIONS, Message, MessageId, RoomId, Text, UserId, What,
};

impl Part {
    /// What has become of these messages of a room; those that are as they were are left out.
    pub(super) fn changes_of(
        &self,
        room: RoomId,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, Changes)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut ask = redis::pipe();
        for id in ids {
            let fields = [What::Edit, What::Delete].map(|what| field(what, *id));
            ask.cmd("HMGET").arg(self.tag.changes(room)).arg(&fields);
            ask.cmd("HKEYS").arg(self.tag.reactions(room, *id));
        }
        let answers: Vec<Vec<Option<String>>> = self.ask(|redis| ask.query(redis))?;
        let (answers, _) = answers.as_chunks::<2>();
        let mut found = Vec::new();
        for (id, [marks, reactions]) in ids.iter().zip(answers) {
            let mut marks = marks.iter().map(|mark| mark.as_deref()?.parse().ok());
            let edit = match marks.next().flatten() {
                Some(by) => self.edit(room, MessageId(by))?,
                None => None,
            };
            let is_deleted = marks.next().flatten().is_some_and(|by: u64| by > 0);
            let reactions = reactions.iter().filter_map(|its| reaction(its.as_deref()?));
            // More than a message can have: by hand there may be any number.
            let mut reactions: Vec<_> = reactions.take(2 * MAX_REACTIONS).collect();
            reactions.sort_by(|(a, one), (b, other)| (a.as_str(), one).cmp(&(b.as_str(), other)));
            let changes = Changes { edit, is_deleted, reactions };
            if changes != Changes::default() {
                found.push((*id, changes));
            }
        }
        Ok(found)
    }

    /// The edit that is this message.
    fn edit(&self, room: RoomId, id: MessageId) -> Result<Option<Edit>, StoreError> {
        let entries = self.entries(room, MessageId(id.0.saturating_sub(1)), 1)?;
        let message = entries.first().and_then(|entry| record::message(room, entry));
        let message = message.filter(|message| message.id == id && !message.is_erased());
        Ok(message.map(|Message { id, time, text, .. }| Edit { id, time, text }))
    }
}

/// Adds to a message that is put in what it does to another one, as append.lua does.
pub(super) fn put(ask: &mut Pipeline, tag: Tag, message: &Message) {
    let Some(about) = message.about else { return };
    let (id, room) = (about.id, message.room);
    match about.what {
        What::Reply => return,
        What::Edit | What::Delete => {
            ask.cmd("HSET").arg(tag.changes(room));
            ask.arg(field(about.what, id)).arg(message.id.0)
        }
        What::React => {
            ask.cmd("HSET").arg(tag.reactions(room, id));
            ask.arg(member(message)).arg(message.id.0)
        }
        What::Unreact => ask.cmd("HDEL").arg(tag.reactions(room, id)).arg(member(message)),
    }
    .ignore();
}

fn field(what: What, id: MessageId) -> String {
    format!("{} {}", what.name(), id.0)
}

fn member(message: &Message) -> String {
    format!("{} {}", message.sender, message.text.as_str())
}

fn reaction(member: &str) -> Option<(Text, UserId)> {
    let (by, emoji) = member.split_once(' ')?;
    Some((Text::of(Some(What::React), emoji).ok()?, UserId(by.parse().ok()?)))
}
