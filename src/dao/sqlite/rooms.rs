//! Named rooms and their members: reading.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::read::invalid;
use super::{count, from_sql};
use crate::protocol::{
    MessageId, Name, NamedRoom, Party, Role, RoomId, RoomKind, RoomMember, RoomName, RoomNo,
    Standing, Topic, UserId,
};

/// The columns that [`room_of`] reads.
const COLUMNS: &str = "number, name, topic, kind, guests";

pub(super) fn room(reader: &Connection, no: RoomNo) -> rusqlite::Result<Option<NamedRoom>> {
    let sql = format!("SELECT {COLUMNS} FROM named WHERE number = ?");
    reader.prepare_cached(&sql)?.query_row([to_sql(no)], room_of).optional()
}

pub(super) fn room_named(
    reader: &Connection,
    name: &RoomName,
) -> rusqlite::Result<Option<NamedRoom>> {
    let sql = format!("SELECT {COLUMNS} FROM named WHERE name = ?");
    reader.prepare_cached(&sql)?.query_row([name.as_str()], room_of).optional()
}

pub(super) fn named_rooms(
    reader: &Connection,
    after: Option<&RoomName>,
    limit: usize,
) -> rusqlite::Result<Vec<NamedRoom>> {
    let sql = format!("SELECT {COLUMNS} FROM named WHERE name > ? ORDER BY name LIMIT ?");
    let after = after.map_or("", RoomName::as_str);
    reader.prepare_cached(&sql)?.query_map(params![after, count(limit)], room_of)?.collect()
}

pub(super) fn rooms_of(
    reader: &Connection,
    account: UserId,
) -> rusqlite::Result<Vec<(NamedRoom, Role)>> {
    let sql = format!(
        "SELECT {COLUMNS}, role FROM members JOIN named ON named.room = members.room
        WHERE account = ? ORDER BY number"
    );
    reader
        .prepare_cached(&sql)?
        .query_map([account.0], |row| Ok((room_of(row)?, role_of(row, 5)?)))?
        .collect()
}

pub(super) fn standing(
    reader: &Connection,
    no: RoomNo,
    account: UserId,
) -> rusqlite::Result<Standing> {
    let sql = "
        SELECT
            (SELECT role FROM members WHERE account = ?1 AND members.room = named.room),
            EXISTS (SELECT 1 FROM invitations WHERE account = ?1 AND room = named.room)
        FROM named WHERE number = ?2";
    let standing = reader
        .prepare_cached(sql)?
        .query_row([account.0, to_sql(no)], |row| {
            let role = row.get::<_, Option<i64>>(0)?.map(|_| role_of(row, 0)).transpose()?;
            Ok(Standing { role, invited: row.get(1)? })
        })
        .optional()?;
    Ok(standing.unwrap_or_default())
}

pub(super) fn since(
    reader: &Connection,
    account: UserId,
    room: RoomId,
) -> rusqlite::Result<Option<MessageId>> {
    let sql = "
        SELECT since FROM members
        WHERE account = ? AND room = (SELECT no FROM rooms WHERE key = ?)";
    reader
        .prepare_cached(sql)?
        .query_row(params![account.0, room.to_string()], |row| Ok(from_sql(row.get(0)?)))
        .optional()
}

pub(super) fn members(
    reader: &Connection,
    no: RoomNo,
    after: UserId,
    limit: usize,
) -> rusqlite::Result<Vec<RoomMember>> {
    let sql = "
        SELECT account, name, role FROM members JOIN users ON users.id = account
        WHERE room = (SELECT room FROM named WHERE number = ?1) AND role IS NOT NULL
            AND account > ?2
        ORDER BY account LIMIT ?3";
    reader
        .prepare_cached(sql)?
        .query_map(params![to_sql(no), after.0, count(limit)], |row| {
            let id = UserId(row.get(0)?);
            let name = Name::stored(&row.get::<_, String>(1)?, id).shown();
            Ok(RoomMember { who: Party { id, name }, role: role_of(row, 2)?, online: false })
        })?
        .collect()
}

pub(super) fn is_operator(reader: &Connection, account: UserId) -> rusqlite::Result<bool> {
    let sql = "SELECT is_operator FROM users WHERE id = ?";
    let is = reader.prepare_cached(sql)?.query_row([account.0], |row| row.get(0)).optional()?;
    Ok(is.unwrap_or(false))
}

/// Reads [`COLUMNS`].
pub(super) fn room_of(row: &Row<'_>) -> rusqlite::Result<NamedRoom> {
    let text = |column| row.get::<_, String>(column);
    Ok(NamedRoom {
        no: RoomNo(u64::try_from(row.get::<_, i64>(0)?).map_err(|_negative| invalid(0))?),
        name: RoomName::new(&text(1)?).map_err(|_code| invalid(1))?,
        topic: Topic::new(&text(2)?).map_err(|_code| invalid(2))?,
        kind: RoomKind::from_name(&text(3)?).ok_or_else(|| invalid(3))?,
        guests: row.get(4)?,
    })
}

pub(super) fn role_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    match row.get(column)? {
        1 => Ok(Role::Member),
        2 => Ok(Role::Moderator),
        3 => Ok(Role::Owner),
        _other => Err(invalid(column)),
    }
}

/// A role as it stands in a table.
pub(super) fn role(role: Role) -> i64 {
    match role {
        Role::Member => 1,
        Role::Moderator => 2,
        Role::Owner => 3,
    }
}

/// Room numbers stay far below the end of either.
pub(super) fn to_sql(no: RoomNo) -> i64 {
    i64::try_from(no.0).unwrap_or(i64::MAX)
}
