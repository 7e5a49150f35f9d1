//! Invitation codes, and who waits to be let in: writing.

use rusqlite::{OptionalExtension, params};

use super::super::super::contract::MAX_WAITING;
use super::super::super::{Account, Asked, Code, Decision, Entry, TokenDigest, Written};
use super::super::{count, entry};
use super::Batch;
use crate::clock;
use crate::protocol::{ErrorCode, Millis, UserId};

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
        let sql = "
            SELECT 1 FROM users WHERE id = ?1 UNION ALL SELECT 1 FROM applicants WHERE id = ?1";
        self.connection.prepare_cached(sql)?.exists([id.0])
    }

    pub(super) fn ask(&self, account: &Account, since: Millis) -> rusqlite::Result<Written> {
        let sql = "
            INSERT INTO applicants (id, name, secret, since) SELECT ?, ?, ?, ?
            WHERE (SELECT count(*) FROM applicants) < ?";
        let (id, name) = (account.id, account.name.as_str());
        let values = params![id.0, name, account.secret.as_stored(), since.0, count(MAX_WAITING)];
        Ok(match self.connection.prepare_cached(sql)?.execute(values)? {
            0 => Written::Refused(ErrorCode::TooManyWaiting),
            _ => Written::Waits(id),
        })
    }

    pub(super) fn decide(&mut self, decision: &Decision) -> rusqlite::Result<Written> {
        let sql = "DELETE FROM applicants WHERE id = ? RETURNING id, name, secret, since";
        let asked: Option<Asked> = self
            .connection
            .prepare_cached(sql)?
            .query_row([decision.whom.0], entry::asked_of)
            .optional()?;
        let Some(asked) = asked else { return Ok(Written::Refused(ErrorCode::NobodyWaits)) };
        self.deed(&decision.deed)?;
        if decision.is_let_in { self.add(&asked.account) } else { Ok(Written::Done) }
    }

    pub(super) fn forget_applicants(
        &self,
        before: Millis,
        limit: u32,
    ) -> rusqlite::Result<Written> {
        let sql = "
            DELETE FROM applicants WHERE id IN
                (SELECT id FROM applicants WHERE since < ? ORDER BY since, id LIMIT ?)";
        let gone = self.connection.prepare_cached(sql)?.execute(params![before.0, limit])?;
        Ok(Written::Pruned(gone as u64))
    }

    pub(super) fn free_id(&self) -> rusqlite::Result<UserId> {
        let next = "UPDATE meta SET next_user = next_user + 1 RETURNING next_user - 1";
        let had = "
            SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1)
                OR EXISTS (SELECT 1 FROM applicants WHERE id = ?1)
                OR EXISTS (SELECT 1 FROM retired WHERE id = ?1)";
        loop {
            let id: i64 = self.connection.prepare_cached(next)?.query_row([], |row| row.get(0))?;
            if !self.connection.prepare_cached(had)?.query_row([id], |row| row.get(0))? {
                return Ok(UserId(id));
            }
        }
    }
}
