//! Rooms that are closed: at once nobody finds them, and what was said there goes in steps.

use rusqlite::params;

use super::super::super::Written;
use super::super::rooms::to_sql;
use super::super::{changes, from_sql, index};
use super::{Batch, Room};
use crate::protocol::{MessageId, RoomDone, RoomId, RoomNo};

impl Batch<'_> {
    /// Its row stays under a key that no room has, so that its number in `rooms` is nobody else's
    /// as long as something stands under it.
    pub(super) fn close_room(&mut self, no: RoomNo) -> rusqlite::Result<RoomDone> {
        let room = self.open_room(RoomId::Named(no))?.no;
        self.rooms.remove(&RoomId::Named(no));
        for sql in [
            "DELETE FROM cursors WHERE room = ?1 AND account IN
                (SELECT account FROM members WHERE room = ?1)",
            "DELETE FROM reads WHERE room = ?1 AND account IN
                (SELECT account FROM members WHERE room = ?1)",
            "DELETE FROM members WHERE room = ?1 AND role IS NOT NULL",
            "DELETE FROM invitations WHERE room = ?1",
            "DELETE FROM named WHERE room = ?1",
            "UPDATE rooms SET key = 'closed ' || no WHERE no = ?1",
            "INSERT INTO closed VALUES (?1)",
        ] {
            self.connection.prepare_cached(sql)?.execute([room])?;
        }
        let sql = "DELETE FROM sanctions WHERE room = ?";
        self.connection.prepare_cached(sql)?.execute([to_sql(no)])?;
        Ok(RoomDone::Done)
    }

    /// Where something is said. A room that was closed does not come back.
    pub(super) fn room_to_write(&mut self, room: RoomId) -> rusqlite::Result<Option<Room>> {
        match room {
            RoomId::Named(_) => self.room(room),
            RoomId::Lobby | RoomId::Pair(..) => self.open_room(room).map(Some),
        }
    }

    pub(super) fn sweep(&self, limit: u32) -> rusqlite::Result<Written> {
        let closed = self
            .connection
            .prepare_cached("SELECT room FROM closed")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        let mut left = u64::from(limit);
        for room in closed {
            left -= self.sweep_messages(room, left)?;
            left -= self.sweep_references(room, left)?;
            if left == 0 {
                break;
            }
            for sql in ["DELETE FROM rooms WHERE no = ?", "DELETE FROM closed WHERE room = ?"] {
                self.connection.prepare_cached(sql)?.execute([room])?;
            }
        }
        Ok(Written::Pruned(u64::from(limit) - left))
    }

    fn sweep_messages(&self, room: i64, limit: u64) -> rusqlite::Result<u64> {
        let last = "
            SELECT max(id) FROM
                (SELECT id FROM messages WHERE room = ? ORDER BY id LIMIT ?)";
        let values = params![room, limit.cast_signed()];
        let last: Option<i64> =
            self.connection.prepare_cached(last)?.query_row(values, |row| row.get(0))?;
        let Some(last) = last else { return Ok(0) };
        let up_to: MessageId = from_sql(last);
        index::prune(self.connection, room, up_to)?;
        let delete = "DELETE FROM messages WHERE room = ? AND id <= ?";
        let gone = self.connection.prepare_cached(delete)?.execute([room, last])?;
        changes::prune(self.connection, room, up_to)?;
        Ok(gone as u64)
    }

    fn sweep_references(&self, room: i64, limit: u64) -> rusqlite::Result<u64> {
        type Key = (String, i64, String);
        let some = "SELECT reference, sender, device FROM refs WHERE room = ? LIMIT ?";
        let some = self
            .connection
            .prepare_cached(some)?
            .query_map(params![room, limit.cast_signed()], |row| row.try_into())?
            .collect::<rusqlite::Result<Vec<Key>>>()?;
        let delete =
            "DELETE FROM refs WHERE room = ? AND reference = ? AND sender = ? AND device = ?";
        let mut delete = self.connection.prepare_cached(delete)?;
        for (reference, sender, device) in &some {
            delete.execute(params![room, reference, sender, device])?;
        }
        Ok(some.len() as u64)
    }
}
