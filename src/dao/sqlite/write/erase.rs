//! What an account said is erased after it is gone.

use rusqlite::params;

use super::super::index;
use super::{Batch, to_sql};
use crate::dao::{Erase, Written};
use crate::protocol::UserId;

impl Batch<'_> {
    pub(super) fn remember_to_erase(&self, account: UserId) -> rusqlite::Result<()> {
        let sql = "INSERT OR IGNORE INTO erasing (account) VALUES (?)";
        self.connection.prepare_cached(sql)?.execute([account.0])?;
        Ok(())
    }

    pub(super) fn erased(&self, account: UserId) -> rusqlite::Result<()> {
        let sql = "DELETE FROM erasing WHERE account = ?";
        self.connection.prepare_cached(sql)?.execute([account.0])?;
        Ok(())
    }

    pub(super) fn is_erasing(&self, account: UserId) -> rusqlite::Result<bool> {
        let sql = "SELECT 1 FROM erasing WHERE account = ?";
        self.connection.prepare_cached(sql)?.exists([account.0])
    }

    pub(super) fn erase(&mut self, erase: &Erase) -> rusqlite::Result<Written> {
        let Some(room) = self.room(erase.room)? else { return Ok(Written::Pruned(0)) };
        let sql = "
            UPDATE messages SET text = ''
            WHERE room = ? AND id = ? AND sender = ? AND text <> ''
                AND (what IS NULL OR what IN ('reply', 'edit'))";
        let mut update = self.connection.prepare_cached(sql)?;
        let mut n_erased = 0;
        for id in &erase.ids {
            n_erased += update.execute(params![room.no, to_sql(*id), erase.account.0])? as u64;
            index::renew(self.connection, room.no, *id)?;
        }
        Ok(Written::Pruned(n_erased))
    }
}
