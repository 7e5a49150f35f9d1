//! Is it still the store that was opened? Redis may come back empty, or as an older copy of
//! itself, beneath a server that goes on: ids would be given twice. Every script that writes
//! begins with `guard.lua`, which compares the epoch and a count of the writes. So is the layout:
//! once a server of a later one has opened the store, nobody of an earlier one writes to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::{
    Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, Script, ScriptInvocation,
    ServerErrorKind,
};

use super::super::StoreError;
use super::manager::RedisConnection;
use super::unavailable;
use crate::protocol::NodeId;

/// The first word of the guard's answer when it is not.
const REPLACED: &str = "REPLACED";

/// The first word when its layout is later than ours; then come the two.
const NEWER: &str = "NEWER";

/// What has been seen of the store, by all who write to it in this process.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// That of the keys.
    layout: i64,
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
    pub(super) fn new(layout: i64, epoch: Arc<str>, commits: u64) -> Self {
        Self {
            layout,
            epoch,
            commits: Arc::new(AtomicU64::new(commits)),
            heard: Arc::default(),
            node: 0,
        }
    }

    /// How far the feed was handed out.
    pub(super) fn heard(&self) -> &Arc<AtomicU64> {
        &self.heard
    }

    /// The same, of a server that has a place.
    pub(super) fn of(&self, node: NodeId) -> Self {
        Self { node: node.0, ..self.clone() }
    }

    /// Sends the call of a script that was made by [`guarded`], up to the guard's own arguments.
    pub(super) fn send(&self, redis: &mut RedisConnection, call: &mut Cmd) -> RedisResult<()> {
        call.arg(self.layout).arg(&*self.epoch).arg(self.commits.load(Ordering::Acquire));
        call.arg(self.heard.load(Ordering::Acquire)).arg(self.node).arg(redis.run());
        redis.send(call)
    }

    /// The answer to such a call.
    pub(super) fn receive<T: FromRedisValue>(
        &self,
        redis: &mut RedisConnection,
        (script, call): (&Script, &Cmd),
    ) -> RedisResult<T> {
        let answer = match redis.receive() {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                script.load(redis)?;
                call.query(redis)?
            }
            answer => answer?,
        };
        let (commits, answer) = redis::from_redis_value(answer)?;
        self.commits.fetch_max(commits, Ordering::AcqRel);
        Ok(answer)
    }

    /// Runs a script that was made by [`guarded`].
    pub(super) fn invoke<T: FromRedisValue>(
        &self,
        redis: &mut RedisConnection,
        script: &mut ScriptInvocation<'_>,
    ) -> RedisResult<T> {
        script.arg(self.layout).arg(&*self.epoch).arg(self.commits.load(Ordering::Acquire));
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
            let mut layouts = why.split(' ').filter_map(|layout| layout.parse().ok());
            let (found, known) = (layouts.next(), layouts.next());
            StoreError::Newer { found: found.unwrap_or_default(), known: known.unwrap_or_default() }
        }
        _ => unavailable(place, error),
    }
}
