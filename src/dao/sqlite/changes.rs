//! What has become of messages: a table that follows from the messages.

use rusqlite::{Connection, Row, params};

use super::{count, from_sql, read, to_sql};
use crate::protocol::{
    About, Changes, Edit, Message, MessageId, Millis, RoomId, Text, UserId, What,
};

/// Takes note of what a new message does to another one. Run with the message's own insertion.
pub(super) fn note(connection: &Connection, room: i64, message: &Message) -> rusqlite::Result<()> {
    let Some(About { id, what }) = message.about else { return Ok(()) };
    let (kept, sender, emoji) = match what {
        What::Reply => return Ok(()),
        What::Edit | What::Delete => (what, 0, ""),
        What::React | What::Unreact => (What::React, message.sender.0, message.text.as_str()),
    };
    if what == What::Unreact {
        let sql = "
            DELETE FROM changes
            WHERE room = ? AND id = ? AND what = ? AND sender = ? AND emoji = ?";
        let key = params![room, to_sql(id), kept.name(), sender, emoji];
        connection.prepare_cached(sql)?.execute(key)?;
        return Ok(());
    }
    let sql = "INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?)";
    let values = params![room, to_sql(id), kept.name(), sender, emoji, to_sql(message.id)];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// What has become of these messages of a room; those that are as they were are left out.
pub(super) fn of(
    reader: &Connection,
    room: RoomId,
    ids: &[MessageId],
) -> rusqlite::Result<Vec<(MessageId, Changes)>> {
    let sql = "
        SELECT changes.what, changes.sender, emoji, changes.by, messages.time, messages.text
        FROM changes LEFT JOIN messages
            ON changes.what = 'edit' AND messages.room = changes.room AND messages.id = changes.by
        WHERE changes.room = (SELECT no FROM rooms WHERE key = ?) AND changes.id = ?
        ORDER BY emoji, changes.sender LIMIT ?";
    let mut query = reader.prepare_cached(sql)?;
    let room = room.to_string();
    let mut found = Vec::new();
    for id in ids {
        // More than a message can have: by hand there may be any number.
        let limit = count(2 * crate::protocol::MAX_REACTIONS);
        let mut rows = query.query(params![room, to_sql(*id), limit])?;
        let mut changes = Changes::default();
        while let Some(row) = rows.next()? {
            // What cannot be read changes nothing.
            add(&mut changes, row).ok();
        }
        if changes != Changes::default() {
            found.push((*id, changes));
        }
    }
    Ok(found)
}

fn add(changes: &mut Changes, row: &Row<'_>) -> rusqlite::Result<()> {
    let what: String = row.get(0)?;
    match What::from_name(&what) {
        Some(What::Edit) => {
            let text: String = row.get(5)?;
            let text = Text::new(&text).map_err(|_refused| read::invalid(5))?;
            let (id, time) = (from_sql(row.get(3)?), Millis(row.get(4)?));
            changes.edit = Some(Edit { id, time, text });
        }
        Some(What::Delete) => changes.is_deleted = true,
        Some(What::React) => {
            let emoji: String = row.get(2)?;
            let emoji = Text::of(Some(What::React), &emoji).map_err(|_refused| read::invalid(2))?;
            changes.reactions.push((emoji, UserId(row.get(1)?)));
        }
        _ => {}
    }
    Ok(())
}

/// Forgets what became of messages that are gone.
pub(super) fn prune(connection: &Connection, room: i64, up_to: MessageId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM changes WHERE room = ? AND id <= ?";
    connection.prepare_cached(sql)?.execute([room, to_sql(up_to)])?;
    Ok(())
}
