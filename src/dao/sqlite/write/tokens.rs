//! Tokens.

use rusqlite::params;

use super::super::super::contract::MAX_TOKENS;
use super::super::super::{Token, TokenDigest, Written};
use super::super::count;
use super::{Batch, SHARED};
use crate::clock;
use crate::protocol::{Device, ErrorCode, UserId};

impl Batch<'_> {
    /// Gives an account a token. The expired ones go, and of too many those that end first.
    pub(super) fn give(&self, digest: &TokenDigest, token: &Token) -> rusqlite::Result<Written> {
        let Token { account, device, expires } = token;
        let device = device.as_ref().map_or(SHARED, Device::as_str);
        let insert = "
            INSERT OR REPLACE INTO tokens (digest, account, device, expires)
            SELECT ?1, id, ?3, ?4 FROM users WHERE id = ?2";
        let added = self
            .connection
            .prepare_cached(insert)?
            .execute(params![digest.0, account.0, device, expires.0])?;
        if added == 0 {
            return Ok(Written::Refused(ErrorCode::UnknownUser));
        }
        let sweep = "DELETE FROM tokens WHERE account = ?1 AND expires <= ?2 AND digest <> ?3";
        let now = clock::now_ms();
        self.connection.prepare_cached(sweep)?.execute(params![account.0, now.0, digest.0])?;
        // All but the last of the others, in the order of their ends.
        let bound = "
            DELETE FROM tokens WHERE digest IN (
                SELECT digest FROM tokens WHERE account = ?1 AND digest <> ?2
                ORDER BY expires DESC, digest DESC LIMIT -1 OFFSET ?3)";
        let others = count(MAX_TOKENS - 1);
        self.connection.prepare_cached(bound)?.execute(params![account.0, digest.0, others])?;
        Ok(Written::Done)
    }

    pub(super) fn revoke(&self, digest: &TokenDigest) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM tokens WHERE digest = ?")?
            .execute([digest.0])?;
        Ok(())
    }

    pub(super) fn revoke_device(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> rusqlite::Result<()> {
        let device = device.map_or(SHARED, Device::as_str);
        let sql = "DELETE FROM tokens WHERE account = ? AND device = ?";
        self.connection.prepare_cached(sql)?.execute(params![account.0, device])?;
        Ok(())
    }

    pub(super) fn revoke_all(&self, account: UserId) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM tokens WHERE account = ?")?
            .execute([account.0])?;
        Ok(())
    }
}
