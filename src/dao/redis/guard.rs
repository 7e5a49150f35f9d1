//! Is it still the store that was opened? Redis may come back empty, or as an older copy of
//! itself, beneath a server that goes on: ids would be given twice. Every script that writes
//! begins with `guard.lua`, which compares the epoch and a count of the writes.

use std::sync::Arc;

use redis::{FromRedisValue, RedisError, RedisResult, Script, ScriptInvocation, cmd};

use super::super::StoreError;
use super::super::contract::new_identity;
use super::manager::RedisConnection;
use super::{Redis, keys};

/// The first word of the guard's answer when it is not.
const REPLACED: &str = "REPLACED";

/// The field of `{f0}meta` that says that what stands there is an older copy.
const COPY: &str = "copy";

/// What has been seen of the store.
#[derive(Debug)]
pub(super) struct Guard {
    epoch: Arc<str>,
    /// The newest count of writes.
    commits: u64,
}

impl Guard {
    /// For a store as it was when it was opened.
    pub(super) fn new(epoch: Arc<str>, commits: u64) -> Self {
        Self { epoch, commits }
    }

    /// Runs a script that was made by [`guarded`].
    pub(super) fn invoke<T: FromRedisValue>(
        &mut self,
        redis: &mut RedisConnection,
        script: &mut ScriptInvocation<'_>,
    ) -> RedisResult<T> {
        script.arg(&*self.epoch).arg(self.commits);
        let (commits, answer) = script.invoke(redis)?;
        self.commits = commits;
        Ok(answer)
    }
}

/// A script behind the guard.
pub(super) fn guarded(code: &str) -> Script {
    Script::new(&[include_str!("guard.lua"), code].concat())
}

/// Did the guard say no?
pub(super) fn is_replaced(error: &RedisError) -> bool {
    error.code() == Some(REPLACED)
}

/// Makes a new epoch where the mark of a copy stands, and ends the mark; was there one?
pub(super) fn renew(redis: &Redis) -> Result<bool, StoreError> {
    let is_copy: bool =
        redis.ask(|redis| cmd("HEXISTS").arg(keys::meta()).arg(COPY).query(redis))?;
    if is_copy {
        let epoch = new_identity()?.epoch;
        redis.ask(|redis| {
            let mut ask = redis::pipe();
            ask.atomic().cmd("HSET").arg(keys::meta()).arg("epoch").arg(&*epoch).ignore();
            ask.cmd("HDEL").arg(keys::meta()).arg(COPY).ignore().exec(redis)
        })?;
    }
    Ok(is_copy)
}
