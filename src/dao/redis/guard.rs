//! Is it still the store that was opened? Redis may come back empty, or as an older copy of
//! itself, beneath a server that goes on: ids would be given twice. Every script that writes
//! begins with `guard.lua`, which compares the epoch and a count of the writes.

use std::fmt;
use std::sync::Arc;

use redis::{
    ConnectionLike, FromRedisValue, RedisError, RedisResult, Script, ScriptInvocation, cmd,
};

use super::super::contract::new_identity;
use super::super::{Claim, StoreError};
use super::manager::{RedisConnection, RedisConnectionManager};
use super::{Redis, keys, unavailable};

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

/// Says that this process serves from the store: by a connection that is named for as long as it
/// lives; it ends with the process.
pub(super) fn claim(store: &Redis) -> Result<Box<dyn Claim>, StoreError> {
    let mut redis = store.pool.get().map_err(|error| unavailable(&store.place, &error))?;
    let name = format!("hubbub-server-db{}", redis.get_db());
    let named: RedisResult<()> = cmd("CLIENT").arg("SETNAME").arg(&name).query(&mut *redis);
    let listed: RedisResult<String> =
        named.and_then(|()| cmd("CLIENT").arg("LIST").query(&mut *redis));
    let Ok(list) = listed else {
        log::warn!("redis does not list its clients: take care that one server uses it");
        return Ok(Box::new(()));
    };
    let own = format!("name={name}");
    let n_servers = list.lines().filter(|line| line.split(' ').any(|word| word == own)).count();
    if n_servers > 1 {
        return Err(unavailable(&store.place, &"another server serves from this store"));
    }
    Ok(Box::new(Named(redis)))
}

/// A connection that tells other servers of this one.
struct Named(
    #[expect(dead_code, reason = "it is held, not used")]
    r2d2::PooledConnection<RedisConnectionManager>,
);

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Named")
    }
}
