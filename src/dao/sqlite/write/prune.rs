//! What goes with time: old messages, old references.

use rusqlite::params;

use super::super::super::{Prune, Written};
use super::super::{changes, from_sql, index, to_sql};
use super::Batch;
use crate::protocol::{MessageId, Millis};

impl Batch<'_> {
    pub(super) fn prune(&mut self, prune: &Prune) -> rusqlite::Result<Written> {
        let Some(room) = self.room(prune.room)? else { return Ok(Written::Pruned(0)) };
        let oldest = "SELECT id, time FROM messages WHERE room = ? ORDER BY id LIMIT ?";
        let mut oldest = self.connection.prepare_cached(oldest)?;
        let mut rows = oldest.query([room.no, i64::from(prune.limit)])?;
        let mut up_to = MessageId(0);
        while let Some(row) = rows.next()? {
            let (id, time) = (from_sql(row.get(0)?), Millis(row.get(1)?));
            if !prune.is_due(room.last, id, time) {
                break;
            }
            up_to = id;
        }
        index::prune(self.connection, room.no, up_to)?;
        let delete = "DELETE FROM messages WHERE room = ? AND id <= ?";
        let gone = self.connection.prepare_cached(delete)?.execute([room.no, to_sql(up_to)])?;
        changes::prune(self.connection, room.no, up_to)?;
        Ok(Written::Pruned(gone as u64))
    }

    pub(super) fn forget(&self, before: Millis, limit: u32) -> rusqlite::Result<Written> {
        type Key = (i64, i64, String, String);
        let old = "
            SELECT room, sender, device, reference FROM refs
            WHERE time < ? ORDER BY time LIMIT ?";
        let old = self
            .connection
            .prepare_cached(old)?
            .query_map(params![before.0, limit], |row| row.try_into())?
            .collect::<rusqlite::Result<Vec<Key>>>()?;
        // One by one: for a list of keys SQLite would walk over the whole table.
        let delete =
            "DELETE FROM refs WHERE room = ? AND sender = ? AND device = ? AND reference = ?";
        let mut delete = self.connection.prepare_cached(delete)?;
        for key in &old {
            delete.execute(params![key.0, key.1, key.2, key.3])?;
        }
        Ok(Written::Pruned(old.len() as u64))
    }
}
