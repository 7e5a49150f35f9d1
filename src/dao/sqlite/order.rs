//! Sanctions, and the acts that kept order: reading.

use rusqlite::{Connection, Row, params};

use super::super::lines::{read_deed, read_sanction};
use super::count;
use super::read::invalid;
use crate::protocol::{Deed, Millis, Place, Sanction, SanctionKey};

pub(super) fn sanctions(reader: &Connection) -> rusqlite::Result<Vec<Sanction>> {
    let found = rows(reader, "SELECT record FROM sanctions", [], sanction_of)?;
    let mut sanctions = found;
    sanctions.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(sanctions)
}

pub(super) fn deeds(
    reader: &Connection,
    before: Option<(Millis, u64)>,
    limit: usize,
) -> rusqlite::Result<Vec<Deed>> {
    let (time, nonce) = before.unwrap_or((Millis(i64::MAX), i64::MAX.cast_unsigned()));
    let sql = "
        SELECT record FROM deeds WHERE (time, nonce) < (?, ?)
        ORDER BY time DESC, nonce DESC LIMIT ?";
    rows(reader, sql, params![time.0, nonce.cast_signed(), count(limit)], deed_of)
}

/// What cannot be read is left out, with a line in the log.
fn rows<T>(
    reader: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut query = reader.prepare_cached(sql)?;
    let mut found = query.query(values)?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        match read(row) {
            Ok(one) => all.push(one),
            Err(error) => log::warn!("sqlite: a sanction or an act cannot be read: {error}"),
        }
    }
    Ok(all)
}

pub(super) fn sanction_of(row: &Row<'_>) -> rusqlite::Result<Sanction> {
    read_sanction(&row.get::<_, String>(0)?).ok_or_else(|| invalid(0))
}

pub(super) fn deed_of(row: &Row<'_>) -> rusqlite::Result<Deed> {
    read_deed(&row.get::<_, String>(0)?).ok_or_else(|| invalid(0))
}

/// Where a sanction stands: the room's number, and the name under it.
pub(super) fn place_of(key: &SanctionKey) -> (i64, String) {
    let number = |place: Place| place.map_or(0, super::rooms::to_sql);
    (number(key.place), format!("{} {}", key.measure.name(), key.against))
}
