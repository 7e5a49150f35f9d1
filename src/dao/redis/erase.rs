//! Messages whose words were erased. An entry of a stream cannot be changed, so append.lua takes it
//! out, and puts what is left of it into a sorted set beside the stream.

use std::collections::BTreeSet;

use redis::streams::{StreamId, StreamRangeReply};
use redis::{Cmd, Pipeline, Value};

use super::keys::{SEPARATOR, Tag};
use super::part::Part;
use super::{Redis, message_id};
use crate::dao::{Erase, StoreError, Write};
use crate::protocol::{Message, MessageId, RoomId, UserId};

/// What is left of an entry after its id, in this order; the name may hold anything.
const FIELDS: [&str; 6] = ["sender", "time", "ref", "about", "what", "name"];

impl Part {
    /// A page of a room as it stands there, with what is left of erased messages.
    pub(super) fn entries(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<StreamId>, StoreError> {
        let Some(from) = after.0.checked_add(1) else { return Ok(Vec::new()) };
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (page, erased): (StreamRangeReply, Vec<String>) = self.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("XRANGE").arg(self.tag.room(room)).arg(format!("{from}-0")).arg("+");
            ask.arg("COUNT").arg(limit).cmd("ZRANGEBYSCORE").arg(self.tag.erased(room)).arg(from);
            ask.arg("+inf").arg("LIMIT").arg(0).arg(limit).query(redis)
        })?;
        Ok(merged(page.ids, &erased, limit))
    }
}

impl Redis {
    /// The accounts whose words are to be erased, by the server that has its place longest: those
    /// that say nothing more in any feed.
    pub(super) fn to_erase(&self) -> Result<Vec<UserId>, StoreError> {
        let (accounts, nodes): (BTreeSet<i64>, Vec<u64>) = self.home().ask(|redis| {
            let mut ask = redis::pipe();
            let (erasing, leaving) = (Tag::HOME.erasing(), Tag::HOME.leaving());
            ask.cmd("ZDIFF").arg(2).arg(erasing).arg(leaving);
            ask.cmd("HKEYS").arg(Tag::HOME.nodes()).query(redis)
        })?;
        let is_for_another =
            self.node.get().is_some_and(|node| nodes.iter().min() != Some(&node.0));
        let accounts = accounts.into_iter().filter(|_| !is_for_another);
        Ok(accounts.map(UserId).collect())
    }
}

/// A page of a stream with what is left of the erased ones, in order. What was erased between the
/// two questions is in both, and counts as erased.
fn merged(page: Vec<StreamId>, erased: &[String], limit: usize) -> Vec<StreamId> {
    if erased.is_empty() {
        return page;
    }
    let mut merged: Vec<_> = erased.iter().map(|left| entry(left)).chain(page).collect();
    merged.sort_by_key(message_id);
    merged.dedup_by_key(|entry| message_id(entry));
    merged.truncate(limit);
    merged
}

/// As an entry of the stream with an empty text.
fn entry(left: &str) -> StreamId {
    let (id, rest) = left.split_once(SEPARATOR).unwrap_or((left, ""));
    let mut entry = StreamId { id: format!("{id}-0"), ..StreamId::default() };
    let values = rest.splitn(FIELDS.len(), SEPARATOR);
    for (field, value) in FIELDS.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
        entry.map.insert((*field).to_owned(), Value::BulkString(value.as_bytes().to_vec()));
    }
    entry.map.insert("text".to_owned(), Value::BulkString(Vec::new()));
    entry
}

/// Puts in what is left of one, as append.lua does.
pub(super) fn put(ask: &mut Pipeline, tag: Tag, message: &Message) {
    let about = message.about;
    let parts = [
        message.id.0.to_string(),
        message.sender.to_string(),
        message.time.0.to_string(),
        message.reference.as_str().to_owned(),
        about.map(|about| about.id.0.to_string()).unwrap_or_default(),
        about.map_or("", |about| about.what.name()).to_owned(),
        message.name.to_string(),
    ];
    let left = parts.join(&SEPARATOR.to_string());
    ask.cmd("ZADD").arg(tag.erased(message.room)).arg(message.id.0).arg(left).ignore();
}

/// What append.lua takes for it.
pub(super) fn add_args(call: &mut Cmd, write: &Write) {
    match write {
        Write::Erase(Erase { account, room, ids }) => {
            call.arg("erase").arg(account.0).arg(room.to_string()).arg(ids.len());
            for id in ids {
                call.arg(id.0);
            }
        }
        Write::Erased(account) => {
            call.arg("erased").arg(account.0);
        }
        // Nothing else comes here.
        _ => {}
    }
}
