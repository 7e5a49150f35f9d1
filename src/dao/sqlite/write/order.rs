//! Sanctions, and the acts that kept order: writing.

use rusqlite::params;

use super::super::super::Written;
use super::super::super::lines::{deed_text, sanction_text};
use super::super::order::place_of;
use super::Batch;
use crate::protocol::{Against, Deed, Measure, Millis, RoomDone, Sanction, SanctionKey};

impl Batch<'_> {
    /// Whom a room bans in person is no member any more.
    pub(super) fn sanction(&mut self, sanction: &Sanction) -> rusqlite::Result<RoomDone> {
        let ((room, name), record) = (place_of(&sanction.key), sanction_text(sanction));
        let sql = "
            INSERT INTO sanctions (room, name, record) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET record = excluded.record";
        self.connection.prepare_cached(sql)?.execute(params![room, name, record])?;
        match &sanction.key {
            SanctionKey { place: Some(no), measure: Measure::Ban, against: Against::One(id) } => {
                self.leave(*no, *id)
            }
            _ => Ok(RoomDone::Left { successor: None }),
        }
    }

    pub(super) fn lift(&self, key: &SanctionKey) -> rusqlite::Result<RoomDone> {
        let (room, name) = place_of(key);
        let sql = "DELETE FROM sanctions WHERE room = ? AND name = ?";
        self.connection.prepare_cached(sql)?.execute(params![room, name])?;
        Ok(RoomDone::Done)
    }

    /// If it is still this very one.
    pub(super) fn expire(&self, sanction: &Sanction) -> rusqlite::Result<Written> {
        let ((room, name), record) = (place_of(&sanction.key), sanction_text(sanction));
        let sql = "DELETE FROM sanctions WHERE room = ? AND name = ? AND record = ?";
        let n = self.connection.prepare_cached(sql)?.execute(params![room, name, record])?;
        Ok(Written::Pruned(n as u64))
    }

    /// A repeated attempt finds its own.
    pub(super) fn deed(&self, deed: &Deed) -> rusqlite::Result<()> {
        let sql = "INSERT OR IGNORE INTO deeds (time, nonce, record) VALUES (?, ?, ?)";
        let values = params![deed.time.0, deed.nonce.cast_signed(), deed_text(deed)];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    pub(super) fn forget_deeds(&self, before: Millis, limit: u32) -> rusqlite::Result<Written> {
        let sql = "
            DELETE FROM deeds WHERE (time, nonce) IN (
                SELECT time, nonce FROM deeds WHERE time < ? ORDER BY time, nonce LIMIT ?)";
        let n = self.connection.prepare_cached(sql)?.execute(params![before.0, limit])?;
        Ok(Written::Pruned(n as u64))
    }
}
