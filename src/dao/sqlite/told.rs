//! What the command line tells the server that serves from the same file: the server looks for it
//! every few seconds.

use rusqlite::{Connection, params};

use super::super::Told;
use crate::clock;
use crate::protocol::{Millis, Tiding};

/// Milliseconds. A server that is not there for longer has none of the sessions that it is about.
const KEPT: i64 = 24 * 60 * 60 * 1_000;

pub(super) fn tell(connection: &Connection, tidings: &[Tiding]) -> rusqlite::Result<()> {
    let now = clock::now_ms();
    let sql = "DELETE FROM told WHERE time < ?";
    connection.prepare_cached(sql)?.execute([now.plus(-KEPT).0])?;
    let sql = "INSERT INTO told (time, tiding) VALUES (?, ?)";
    for tiding in tidings {
        let unspeakable = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
        let tiding = serde_json::to_string(tiding).map_err(unspeakable)?;
        connection.prepare_cached(sql)?.execute(params![now.0, tiding])?;
    }
    Ok(())
}

/// What was told after the one with this id. What cannot be read is left out, with a line in the
/// log.
pub(super) fn after(reader: &Connection, id: u64) -> rusqlite::Result<Vec<Told>> {
    let sql = "SELECT id, time, tiding FROM told WHERE id > ? ORDER BY id";
    let mut query = reader.prepare_cached(sql)?;
    let mut found = query.query([id.cast_signed()])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        match serde_json::from_str(&row.get::<_, String>(2)?) {
            Ok(tiding) => all.push(Told {
                id: row.get::<_, i64>(0)?.cast_unsigned(),
                time: Millis(row.get(1)?),
                tiding,
            }),
            Err(error) => log::warn!("sqlite: what the command line tells is unreadable: {error}"),
        }
    }
    Ok(all)
}
