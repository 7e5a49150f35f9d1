//! The queries. Each is one statement, so each sees one moment of the store.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::contract::MAX_NAMED;
use super::super::{Account, Secret};
use super::{count, from_sql, to_sql};
use crate::protocol::{
    Device, Message, MessageId, Millis, Name, NameKey, Reference, RoomId, Text, UserId,
};

pub(super) fn account(reader: &Connection, id: UserId) -> rusqlite::Result<Option<Account>> {
    reader
        .prepare_cached("SELECT id, name, secret FROM users WHERE id = ?")?
        .query_row([id.0], account_of)
        .optional()
}

pub(super) fn named(reader: &Connection, name: &NameKey) -> rusqlite::Result<Vec<UserId>> {
    reader
        .prepare_cached("SELECT id FROM users WHERE name_key = ? ORDER BY id LIMIT ?")?
        .query_map(params![name.as_str(), count(MAX_NAMED)], |row| Ok(UserId(row.get(0)?)))?
        .collect()
}

pub(super) fn accounts(
    reader: &Connection,
    after: UserId,
    limit: usize,
) -> rusqlite::Result<Vec<Account>> {
    reader
        .prepare_cached("SELECT id, name, secret FROM users WHERE id > ? ORDER BY id LIMIT ?")?
        .query_map(params![after.0, count(limit)], account_of)?
        .collect()
}

pub(super) fn cursors(
    reader: &Connection,
    account: UserId,
    device: Option<&Device>,
) -> rusqlite::Result<Vec<(RoomId, MessageId)>> {
    // The shared device ('') is the furthest, for every device moves it too: so it speaks for
    // a device that is not known.
    let sql = "
        WITH mine (room, since) AS (
            SELECT 1, 0 UNION ALL SELECT room, since FROM members WHERE account = ?1
        ), asked (device) AS (
            SELECT coalesce(
                (SELECT device FROM devices WHERE account = ?1 AND device = ?2), '')
        )
        SELECT rooms.key, max(mine.since, coalesce(cursors.up_to, 0))
        FROM mine CROSS JOIN asked
        JOIN rooms ON rooms.no = mine.room
        LEFT JOIN cursors ON cursors.account = ?1 AND cursors.device = asked.device
            AND cursors.room = mine.room";
    let mut positions = reader
        .prepare_cached(sql)?
        .query_map(params![account.0, device.map(Device::as_str)], |row| {
            let key: String = row.get(0)?;
            Ok((RoomId::parse(&key).ok_or_else(|| invalid(0))?, from_sql(row.get(1)?)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    positions.sort_unstable();
    Ok(positions)
}

pub(super) fn page(
    reader: &Connection,
    room: RoomId,
    after: MessageId,
    limit: usize,
) -> rusqlite::Result<Vec<Message>> {
    let sql = "
        SELECT id, sender, name, time, text, reference FROM messages
        WHERE room = (SELECT no FROM rooms WHERE key = ?) AND id > ? ORDER BY id LIMIT ?";
    reader
        .prepare_cached(sql)?
        .query_map(params![room.to_string(), to_sql(after), count(limit)], |row| {
            message_of(room, row)
        })?
        .collect()
}

pub(super) fn last(reader: &Connection, room: RoomId) -> rusqlite::Result<MessageId> {
    let last = reader
        .prepare_cached("SELECT last_id FROM rooms WHERE key = ?")?
        .query_row([room.to_string()], |row| row.get(0))
        .optional()?;
    Ok(last.map(from_sql).unwrap_or_default())
}

fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    let id = UserId(row.get(0)?);
    let name: String = row.get(1)?;
    Ok(Account { id, name: Name::stored(&name, id), secret: Secret::Hash(row.get(2)?) })
}

fn message_of(room: RoomId, row: &Row<'_>) -> rusqlite::Result<Message> {
    let text: String = row.get(4)?;
    let reference: String = row.get(5)?;
    Ok(Message {
        id: from_sql(row.get(0)?),
        room,
        sender: UserId(row.get(1)?),
        name: row.get(2)?,
        time: Millis(row.get(3)?),
        text: Text::new(&text).map_err(|_refused| invalid(4))?,
        reference: Reference::new(&reference).ok_or_else(|| invalid(5))?,
    })
}

/// A value that we did not write.
fn invalid(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "not a legal value".to_owned(), Type::Text)
}
