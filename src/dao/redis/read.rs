//! What several questions to Redis have in common.

use std::collections::BTreeMap;

use redis::cmd;

use super::super::{Account, StoreError};
use super::{Redis, keys, record};
use crate::protocol::{MessageId, RoomId, UserId};

impl Redis {
    /// The records of these accounts; what is not there or cannot be read is left out.
    pub(super) fn records(&self, ids: &[UserId]) -> Result<Vec<Account>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let fields: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let records: Vec<Option<Vec<u8>>> =
            self.ask(|redis| cmd("HMGET").arg(keys::USERS).arg(fields).query(redis))?;
        let readable = ids.iter().zip(records).filter_map(|(id, record)| {
            let account = record::read(*id, &record?);
            if account.is_none() {
                log::warn!("redis: the record of account {id} cannot be read");
            }
            account
        });
        Ok(readable.collect())
    }

    /// The rooms an account is in, each with where it is by the positions under this key.
    pub(super) fn positions(
        &self,
        account: UserId,
        key: &str,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        type Positions = BTreeMap<String, u64>;
        let (rooms, taken): (Positions, Positions) = self.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HGETALL").arg(keys::rooms(account)).cmd("HGETALL").arg(key).query(redis)
        })?;
        let positions = std::iter::once(("lobby".to_owned(), 0)).chain(rooms);
        let mut positions: Vec<_> = positions
            .filter_map(|(key, since)| {
                let taken = taken.get(&key).copied().unwrap_or_default();
                Some((RoomId::parse(&key)?, MessageId(since.max(taken))))
            })
            .collect();
        positions.sort_unstable();
        Ok(positions)
    }
}
