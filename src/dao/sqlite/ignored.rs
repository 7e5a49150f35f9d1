//! Whom accounts ignore.

use rusqlite::{Connection, params};

use super::super::Written;
use super::super::contract::MAX_IGNORED;
use super::count;
use crate::protocol::{ErrorCode, UserId};

pub(super) fn ignored(reader: &Connection, account: UserId) -> rusqlite::Result<Vec<UserId>> {
    let sql = "SELECT whom FROM ignored WHERE account = ? ORDER BY whom";
    let mut query = reader.prepare_cached(sql)?;
    query.query_map([account.0], |row| row.get(0).map(UserId))?.collect()
}

pub(super) fn ignores(
    reader: &Connection,
    account: UserId,
    whom: UserId,
) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM ignored WHERE account = ? AND whom = ?";
    reader.prepare_cached(sql)?.exists([account.0, whom.0])
}

/// Puts somebody on the list of an account, or takes them off it.
pub(super) fn ignore(
    connection: &Connection,
    account: UserId,
    whom: UserId,
    is_so: bool,
) -> rusqlite::Result<Written> {
    let is_there = "SELECT 1 FROM users WHERE id = ?";
    if !connection.prepare_cached(is_there)?.exists([account.0])? {
        return Ok(Written::Refused(ErrorCode::UnknownUser));
    }
    if !is_so {
        let sql = "DELETE FROM ignored WHERE account = ? AND whom = ?";
        connection.prepare_cached(sql)?.execute([account.0, whom.0])?;
        return Ok(Written::Done);
    }
    let sql = "
        INSERT INTO ignored (account, whom)
        SELECT ?1, ?2 WHERE (SELECT count(*) FROM ignored WHERE account = ?1) < ?3
        ON CONFLICT DO NOTHING";
    let values = params![account.0, whom.0, count(MAX_IGNORED)];
    let added = connection.prepare_cached(sql)?.execute(values)?;
    if added == 0 && !ignores(connection, account, whom)? {
        return Ok(Written::Refused(ErrorCode::TooManyIgnored));
    }
    Ok(Written::Done)
}
