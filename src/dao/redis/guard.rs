//! Is it still the store that was opened? Redis may come back empty, or as an older copy of
//! itself, beneath a server that goes on: ids would be given twice. Every script that writes
//! begins with `guard.lua`, which compares the epoch and a count of the writes. So is the layout:
//! once a server of a later one has opened the store, nobody of an earlier one writes to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::{FromRedisValue, RedisError, RedisResult, Script, ScriptInvocation};

use super::super::StoreError;
use super::super::contract::new_identity;
use super::manager::RedisConnection;
use super::{Redis, VERSION, keys, unavailable};
use crate::protocol::NodeId;

/// The first word of the guard's answer when it is not.
const REPLACED: &str = "REPLACED";

/// The first word when its layout is later than ours; the second is the layout.
const NEWER: &str = "NEWER";

/// What has been seen of the store, by all who write to it in this process.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    epoch: Arc<str>,
    /// The newest count of writes, of this server's and of others'.
    commits: Arc<AtomicU64>,
    /// The newest entry of the feed that was handed out: what people were shown, before the answer
    /// to its writing came perhaps.
    heard: Arc<AtomicU64>,
    /// 0: it is no server's.
    node: u64,
}

impl Guard {
    /// For a store as it was when it was opened.
    pub(super) fn new(epoch: Arc<str>, commits: u64) -> Self {
        Self { epoch, commits: Arc::new(AtomicU64::new(commits)), heard: Arc::default(), node: 0 }
    }

    /// How far the feed was handed out.
    pub(super) fn heard(&self) -> &Arc<AtomicU64> {
        &self.heard
    }

    /// The same, of a server that has a place.
    pub(super) fn of(&self, node: NodeId) -> Self {
        Self { node: node.0, ..self.clone() }
    }

    /// Runs a script that was made by [`guarded`].
    pub(super) fn invoke<T: FromRedisValue>(
        &mut self,
        redis: &mut RedisConnection,
        script: &mut ScriptInvocation<'_>,
    ) -> RedisResult<T> {
        script.arg(VERSION).arg(&*self.epoch).arg(self.commits.load(Ordering::Acquire));
        script.arg(self.heard.load(Ordering::Acquire)).arg(self.node).arg(redis.run());
        let (commits, answer) = script.invoke(redis)?;
        self.commits.fetch_max(commits, Ordering::AcqRel);
        Ok(answer)
    }
}

/// A script behind the guard.
pub(super) fn guarded(code: &str) -> Script {
    Script::new(&[include_str!("guard.lua"), code].concat())
}

/// Why a script did nothing: the guard said no, or Redis did.
pub(super) fn refused(place: &str, error: &RedisError) -> StoreError {
    let why = error.detail().unwrap_or_default();
    match error.code() {
        Some(REPLACED) => StoreError::Replaced(format!("{place}: {why}")),
        Some(NEWER) => {
            let found = why.parse().unwrap_or(VERSION + 1);
            StoreError::Newer { found, known: VERSION }
        }
        _ => unavailable(place, error),
    }
}

/// Makes a new epoch where the mark of a copy stands, and ends the mark; was there one?
pub(super) fn renew(redis: &Redis) -> Result<bool, StoreError> {
    let epoch = new_identity()?.epoch;
    let script = Script::new(include_str!("renew.lua"));
    redis.ask(|redis| script.key(keys::meta()).arg(&*epoch).invoke(redis))
}
