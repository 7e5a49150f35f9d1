//! Invitation codes: writing.

use rusqlite::params;

use super::super::super::{Code, Entry, TokenDigest};
use super::Batch;
use crate::clock;
use crate::protocol::UserId;

impl Batch<'_> {
    /// Those that are over go.
    pub(super) fn make_code(&self, code: &Code) -> rusqlite::Result<()> {
        let sweep = "DELETE FROM codes WHERE expires <= ?";
        self.connection.prepare_cached(sweep)?.execute([clock::now_ms().0])?;
        let sql = "INSERT OR REPLACE INTO codes (digest, uses, expires) VALUES (?, ?, ?)";
        let values = params![code.digest.0, code.uses, code.expires.0];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    pub(super) fn end_code(&self, digest: &TokenDigest) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM codes WHERE digest = ?")?
            .execute([digest.0])?;
        Ok(())
    }

    /// May an account be made so? A use of a code is taken then.
    pub(super) fn let_in(&self, entry: Entry) -> rusqlite::Result<bool> {
        let Entry::Code(digest, now) = entry else { return Ok(true) };
        let take = "UPDATE codes SET uses = uses - 1 WHERE digest = ? AND expires > ?";
        if self.connection.prepare_cached(take)?.execute(params![digest.0, now.0])? == 0 {
            return Ok(false);
        }
        let used_up = "DELETE FROM codes WHERE digest = ? AND uses <= 0";
        self.connection.prepare_cached(used_up)?.execute([digest.0])?;
        Ok(true)
    }

    pub(super) fn is_taken(&self, id: UserId) -> rusqlite::Result<bool> {
        self.connection.prepare_cached("SELECT 1 FROM users WHERE id = ?")?.exists([id.0])
    }
}
