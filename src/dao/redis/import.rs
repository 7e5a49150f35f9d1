//! Records into an empty Redis. There is no transaction for so much, so a mark stands in it
//! until all is there: with the mark nobody may write, and the next import begins by removing
//! what the one before has left.

use redis::{RedisResult, cmd};

use super::super::contract::{NOT_EMPTY, new_identity};
use super::super::record::Record;
use super::super::{Records, StoreError};
use super::{Redis, SCAN, export, keys, unavailable};
use crate::clock;
use crate::protocol::RoomId;

/// Records sent at a time.
const CHUNK: usize = 500;

/// The field of `{f0}meta` that says that an import has not finished.
const MARK: &str = "importing";

/// Fills an empty store; empties it again when that fails.
pub(super) fn import(redis: &Redis, records: &mut Records<'_>) -> Result<(), StoreError> {
    if is_marked(redis)? {
        clear(redis)?;
    }
    let (n_accounts, n_rooms): (u64, u64) = redis.read(|redis| {
        let mut ask = redis::pipe();
        ask.cmd("HLEN").arg(keys::USERS).cmd("HLEN").arg(keys::last(RoomId::Lobby)).query(redis)
    })?;
    if n_accounts + n_rooms > 0 {
        return Err(StoreError::Unavailable(format!("{}: {NOT_EMPTY}", redis.place)));
    }
    redis.read(|redis| cmd("HSET").arg(keys::meta()).arg(MARK).arg(1).exec(redis))?;
    match fill(redis, records) {
        Ok(()) => finish(redis),
        Err(error) => {
            // What cannot be removed now is removed by the next import.
            if let Err(left) = clear(redis).and_then(|()| finish(redis)) {
                log::warn!("what was imported so far is left: {left}");
            }
            Err(error)
        }
    }
}

fn is_marked(redis: &Redis) -> Result<bool, StoreError> {
    redis.read(|redis| cmd("HEXISTS").arg(keys::meta()).arg(MARK).query(redis))
}

fn fill(redis: &Redis, records: &mut Records<'_>) -> Result<(), StoreError> {
    loop {
        let some: Vec<Record> = records.take(CHUNK).collect::<Result<_, _>>()?;
        if some.is_empty() {
            return Ok(());
        }
        let now = clock::now_ms().0;
        redis.read(|redis| {
            let mut ask = redis::pipe();
            some.iter().try_for_each(|record| export::put(&mut ask, record, now))?;
            // A pipeline of nothing is answered by nobody.
            if ask.is_empty() { Ok(()) } else { ask.exec(redis) }
        })?;
    }
}

fn finish(redis: &Redis) -> Result<(), StoreError> {
    let epoch = new_identity()?.epoch;
    redis.read(|redis| {
        let mut ask = redis::pipe();
        ask.atomic().cmd("HSET").arg(keys::meta()).arg("epoch").arg(&*epoch).ignore();
        ask.cmd("HDEL").arg(keys::meta()).arg(MARK).ignore().exec(redis)
    })
}

/// Removes all that is ours but `{f0}meta`; it was an empty store.
fn clear(redis: &Redis) -> Result<(), StoreError> {
    let mut cursor = 0;
    loop {
        cursor = redis.read(|redis| {
            let (next, mut found): (u64, Vec<String>) = cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(keys::anything())
                .arg("COUNT")
                .arg(SCAN)
                .query(redis)?;
            found.retain(|key| *key != keys::meta());
            found.push(keys::USERS.to_owned());
            cmd("UNLINK").arg(found).exec(redis)?;
            RedisResult::Ok(next)
        })?;
        if cursor == 0 {
            return Ok(());
        }
    }
}

/// Where there is a mark there is no writer.
pub(super) fn refuse_while_marked(redis: &Redis) -> Result<(), StoreError> {
    match is_marked(redis)? {
        true => {
            let why = "an import into it has not finished: repeat it";
            Err(unavailable(&redis.place, &why))
        }
        false => Ok(()),
    }
}
