//! The queries. Each is one statement or one transaction, so each sees one moment of the store.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::contract::{Found, MAX_NAMED};
use super::super::{Account, Marks, PeerMarks, Receipts, Secret, Token, TokenDigest};
use super::{count, from_sql, to_sql};
use crate::protocol::{
    About, Device, Message, MessageId, Millis, Name, NameKey, OwnDevice, Reference, RoomId, Text,
    UserId, What,
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
            Ok((room_of(row, 0)?, from_sql(row.get(1)?)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    positions.sort_unstable();
    Ok(positions)
}

pub(super) fn token(reader: &Connection, digest: &TokenDigest) -> rusqlite::Result<Option<Token>> {
    let sql = "
        SELECT account, device, expires FROM tokens JOIN users ON users.id = tokens.account
        WHERE digest = ?";
    reader.prepare_cached(sql)?.query_row([digest.0], token_of).optional()
}

pub(super) fn devices(reader: &Connection, account: UserId) -> rusqlite::Result<Vec<OwnDevice>> {
    let sql = "
        SELECT device, max(since), max(seen), max(expires) FROM (
            SELECT device, since, seen, 0 AS expires FROM devices WHERE account = ?1
            UNION ALL SELECT device, 0, 0, expires FROM tokens WHERE account = ?1
        ) GROUP BY device";
    let device = |row: &Row<'_>| {
        Ok(OwnDevice {
            name: device_of(row, 0)?,
            since: Millis(row.get(1)?),
            used: Millis(row.get(2)?),
            token_until: Millis(row.get(3)?),
            ..OwnDevice::default()
        })
    };
    let mut query = reader.prepare_cached(sql)?;
    let mut devices =
        query.query_map([account.0], device)?.collect::<rusqlite::Result<Vec<_>>>()?;
    OwnDevice::in_order(&mut devices);
    Ok(devices)
}

pub(super) fn erasing(reader: &Connection) -> rusqlite::Result<Vec<UserId>> {
    reader
        .prepare_cached("SELECT account FROM erasing ORDER BY account")?
        .query_map([], |row| Ok(UserId(row.get(0)?)))?
        .collect()
}

pub(super) fn receipts(reader: &Connection, account: UserId) -> rusqlite::Result<Receipts> {
    let receipts = reader
        .prepare_cached("SELECT show_delivered, show_read FROM users WHERE id = ?")?
        .query_row([account.0], |row| Ok(Receipts { delivered: row.get(0)?, read: row.get(1)? }))
        .optional()?;
    Ok(receipts.unwrap_or_default())
}

pub(super) fn marks(reader: &Connection, account: UserId) -> rusqlite::Result<Vec<Marks>> {
    let moment = reader.unchecked_transaction()?;
    let sql = "
        WITH mine (room, since) AS (
            SELECT 1, 0 UNION ALL SELECT room, since FROM members WHERE account = ?1
        )
        SELECT rooms.no, rooms.key, max(mine.since, coalesce(reads.up_to, 0))
        FROM mine JOIN rooms ON rooms.no = mine.room
        LEFT JOIN reads ON reads.account = ?1 AND reads.room = mine.room";
    let mut own = moment.prepare_cached(sql)?;
    let mut rows = own.query([account.0])?;
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        let room = room_of(row, 1)?;
        let peer = match room.other(account) {
            Some(other) => Some(seen(&moment, other, row.get(0)?)?),
            None => None,
        };
        marks.push(Marks { room, read: from_sql(row.get(2)?), peer });
    }
    marks.sort_unstable_by_key(|marks| marks.room);
    Ok(marks)
}

/// What others may see of where an account is in a room.
fn seen(reader: &Connection, account: UserId, room: i64) -> rusqlite::Result<PeerMarks> {
    let sql = "
        SELECT
            (SELECT up_to FROM cursors WHERE account = ?1 AND device = '' AND room = ?2
                AND show_delivered),
            (SELECT up_to FROM reads WHERE account = ?1 AND room = ?2 AND show_read)
        FROM users WHERE id = ?1";
    let seen = reader
        .prepare_cached(sql)?
        .query_row([account.0, room], |row| {
            let or_none = |mark: Option<i64>| mark.map(from_sql).unwrap_or_default();
            Ok(PeerMarks { delivered: or_none(row.get(0)?), read: or_none(row.get(1)?) })
        })
        .optional()?;
    Ok(seen.unwrap_or_default())
}

pub(super) fn rooms(reader: &Connection) -> rusqlite::Result<Vec<(RoomId, MessageId)>> {
    let mut rooms = reader
        .prepare_cached(
            "SELECT key, last_id FROM rooms
            WHERE last_id > 0 AND no NOT IN (SELECT room FROM closed)",
        )?
        .query_map([], |row| Ok((room_of(row, 0)?, from_sql(row.get(1)?))))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    rooms.sort_unstable();
    Ok(rooms)
}

pub(super) fn page(
    reader: &Connection,
    room: RoomId,
    after: MessageId,
    limit: usize,
) -> rusqlite::Result<Found> {
    let sql = "
        SELECT id, sender, name, time, text, reference, about, what FROM messages
        WHERE room = (SELECT no FROM rooms WHERE key = ?) AND id > ? ORDER BY id LIMIT ?";
    reader
        .prepare_cached(sql)?
        .query_map(params![room.to_string(), to_sql(after), count(limit)], |row| {
            // It fails at values that we did not write, and at nothing else.
            Ok((from_sql(row.get(0)?), message_of(room, row).ok()))
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

pub(super) fn room_of(row: &Row<'_>, column: usize) -> rusqlite::Result<RoomId> {
    let key: String = row.get(column)?;
    RoomId::parse(&key).ok_or_else(|| invalid(column))
}

pub(super) fn device_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Device>> {
    match row.get::<_, String>(column)?.as_str() {
        "" => Ok(None),
        name => Device::new(name).ok_or_else(|| invalid(column)).map(Some),
    }
}

pub(super) fn token_of(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        account: UserId(row.get(0)?),
        device: device_of(row, 1)?,
        expires: Millis(row.get(2)?),
    })
}

pub(super) fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    let id = UserId(row.get(0)?);
    let name: String = row.get(1)?;
    Ok(Account { id, name: Name::stored(&name, id), secret: Secret::stored(row.get(2)?) })
}

pub(super) fn message_of(room: RoomId, row: &Row<'_>) -> rusqlite::Result<Message> {
    let text: String = row.get(4)?;
    let reference: String = row.get(5)?;
    let about = about_of(row)?;
    Ok(Message {
        id: from_sql(row.get(0)?),
        room,
        sender: UserId(row.get(1)?),
        name: row.get(2)?,
        time: Millis(row.get(3)?),
        text: Text::stored(about.map(|about| about.what), &text).map_err(|_refused| invalid(4))?,
        reference: Reference::new(&reference).ok_or_else(|| invalid(5))?,
        about,
    })
}

fn about_of(row: &Row<'_>) -> rusqlite::Result<Option<About>> {
    let Some(id) = row.get::<_, Option<i64>>(6)? else { return Ok(None) };
    let what: String = row.get(7)?;
    let what = What::from_name(&what).ok_or_else(|| invalid(7))?;
    Ok(Some(About { id: from_sql(id), what }))
}

/// A value that we did not write.
pub(super) fn invalid(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "not a legal value".to_owned(), Type::Text)
}
