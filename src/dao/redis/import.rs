//! Records into an empty Redis. There is no transaction for so much, so a mark stands in it
//! until all is there: with the mark nobody may write, and the next import begins by removing
//! what the one before has left.

use redis::{Pipeline, RedisResult, cmd};

use super::super::contract::{NOT_EMPTY, new_identity};
use super::super::record::{Record, Referred};
use super::super::{Account, Cursor, Receipts, Records, StoreError};
use super::{
    Redis, SCAN, accounts, changes, entry, erase, hex, keys, order, record, rooms, unavailable,
    write,
};
use crate::clock;
use crate::protocol::{Device, Message, MessageId, Millis, NamedRoom, Role, RoomId, UserId};

/// Records sent at a time.
const CHUNK: usize = 500;

/// The field of `{f0}meta` that says that an import has not finished.
const MARK: &str = "importing";

/// Fills an empty store; empties it again when that fails.
pub(super) fn import(redis: &Redis, records: &mut Records<'_>) -> Result<(), StoreError> {
    if is_marked(redis)? {
        clear(redis)?;
    }
    let (n_accounts, n_rooms, n_named): (u64, u64, u64) = redis.ask(|redis| {
        let mut ask = redis::pipe();
        ask.cmd("HLEN").arg(keys::USERS).cmd("HLEN").arg(keys::last(RoomId::Lobby));
        ask.cmd("HLEN").arg(keys::numbers()).query(redis)
    })?;
    if n_accounts + n_rooms + n_named > 0 {
        return Err(StoreError::Refused(format!("{}: {NOT_EMPTY}", redis.place)));
    }
    redis.ask(|redis| cmd("HSET").arg(keys::meta()).arg(MARK).arg(1).exec(redis))?;
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
    redis.ask(|redis| cmd("HEXISTS").arg(keys::meta()).arg(MARK).query(redis))
}

fn fill(redis: &Redis, records: &mut Records<'_>) -> Result<(), StoreError> {
    loop {
        let some: Vec<Record> = records.take(CHUNK).collect::<Result<_, _>>()?;
        if some.is_empty() {
            return Ok(());
        }
        let now = clock::now_ms().0;
        redis.ask(|redis| {
            let mut ask = redis::pipe();
            some.iter().try_for_each(|record| put(&mut ask, record, now))?;
            // A pipeline of nothing is answered by nobody.
            if ask.is_empty() { Ok(()) } else { ask.exec(redis) }
        })?;
    }
}

fn finish(redis: &Redis) -> Result<(), StoreError> {
    let epoch = new_identity()?.epoch;
    redis.ask(|redis| {
        let mut ask = redis::pipe();
        ask.atomic().cmd("HSET").arg(keys::meta()).arg("epoch").arg(&*epoch).ignore();
        ask.cmd("HDEL").arg(keys::meta()).arg(MARK).ignore().exec(redis)
    })
}

/// Removes all that is ours but `{f0}meta`; it was an empty store.
fn clear(redis: &Redis) -> Result<(), StoreError> {
    let mut cursor = 0;
    loop {
        cursor = redis.ask(|redis| {
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

/// Adds the commands that put a record where it was taken from. References that have ended by
/// now are left out.
///
/// # Errors
/// As [`accounts::written_record`].
fn put(ask: &mut Pipeline, record: &Record, now: i64) -> RedisResult<()> {
    match record {
        Record::Counters { next_user, next_guest, next_room } => {
            ask.cmd("HSET").arg(keys::meta()).arg("next_user").arg(next_user.0);
            ask.arg("next_guest").arg(next_guest.0).arg("next_room").arg(next_room.0)
        }
        Record::Retired(id) => ask.cmd("SADD").arg(keys::retired()).arg(id.0),
        Record::Erasing(id) => ask.cmd("SADD").arg(keys::erasing()).arg(id.0),
        // A room in which nothing was said has no last id there.
        Record::Room { last: MessageId(0), .. } => return Ok(()),
        Record::Named(room) => named(ask, room),
        Record::Room { room, last } => {
            ask.cmd("HSET").arg(keys::last(*room)).arg(room.to_string()).arg(last.0)
        }
        Record::Message(message) => {
            put_message(ask, message);
            return Ok(());
        }
        Record::Reference(referred) => {
            let Referred { id, time, digest, nonce, .. } = referred;
            let age = now.saturating_sub(time.0) / 1000;
            let left = i64::try_from(write::REFERENCES_KEPT).unwrap_or(0).saturating_sub(age);
            if left <= 0 {
                return Ok(());
            }
            let kept = format!("{} {} {} {nonce}", id.0, time.0, hex(digest));
            ask.cmd("SET").arg(keys::referred(referred)).arg(kept).arg("EX").arg(left)
        }
        Record::Account { account, receipts, is_operator } => {
            put_account(ask, account, *receipts, *is_operator)?
        }
        Record::Invited { account, room } => {
            ask.cmd("SADD").arg(keys::invited(*account)).arg(room.0)
        }
        Record::Ignored { account, whom } => {
            ask.cmd("SADD").arg(keys::ignored(*account)).arg(whom.0)
        }
        Record::Member { account, room, since, role } => {
            put_member(ask, *account, (*room, *since), *role)
        }
        Record::Device { account, device, since, used } => {
            put_device(ask, *account, device, (*since, *used))
        }
        Record::Cursor(Cursor { account, device, room, up_to }) => {
            let key = keys::cursors(*account, device.as_ref());
            ask.cmd("HSET").arg(key).arg(room.to_string()).arg(up_to.0)
        }
        Record::Read { account, room, up_to } => {
            ask.cmd("HSET").arg(keys::read(*account)).arg(room.to_string()).arg(up_to.0)
        }
        Record::Code(code) => entry::put_code(ask, code),
        Record::Asked(asked) => entry::put_asked(ask, asked)?,
        Record::Sanction(sanction) => order::put_sanction(ask, sanction),
        Record::Deed(deed) => order::put_deed(ask, deed),
        Record::Token { digest, token } => {
            let digest = hex(&digest.0);
            ask.cmd("HSET").arg(keys::tokens()).arg(&digest).arg(record::token(token)).ignore();
            ask.cmd("ZADD").arg(keys::tokens_of(token.account)).arg(token.expires.0).arg(digest)
        }
    }
    .ignore();
    Ok(())
}

fn named<'p>(ask: &'p mut Pipeline, room: &NamedRoom) -> &'p mut Pipeline {
    let (no, name) = (room.no, room.name.as_str());
    ask.cmd("HSET").arg(keys::numbers()).arg(name).arg(no.0).ignore();
    ask.cmd("ZADD").arg(keys::names()).arg(0).arg(name).ignore();
    ask.cmd("HSET").arg(keys::named(no)).arg("name").arg(name);
    ask.arg("topic").arg(room.topic.as_str()).arg("kind").arg(room.kind.name());
    ask.arg("guests").arg(i32::from(room.guests)).arg("nonce").arg(0)
}

fn put_member(
    ask: &mut Pipeline,
    account: UserId,
    (room, since): (RoomId, MessageId),
    role: Option<Role>,
) -> &mut Pipeline {
    if let (RoomId::Named(no), Some(role)) = (room, role) {
        let role = rooms::role(role);
        ask.cmd("HSET").arg(keys::members(no)).arg(account.0).arg(role).ignore();
    }
    ask.cmd("HSET").arg(keys::rooms(account)).arg(room.to_string()).arg(since.0)
}

fn put_device<'p>(
    ask: &'p mut Pipeline,
    account: UserId,
    device: &Device,
    (since, used): (Millis, Millis),
) -> &'p mut Pipeline {
    let (device, seen) = (device.as_str(), format!("{} {}", since.0, used.0));
    ask.cmd("HSET").arg(keys::seen(account)).arg(device).arg(seen).ignore();
    // Those put in later were used later: the score is the place.
    let add = "redis.call('ZADD', KEYS[1], redis.call('ZCARD', KEYS[1]) + 1, ARGV[1])";
    ask.cmd("EVAL").arg(add).arg(1).arg(keys::devices(account)).arg(device)
}

fn put_account<'p>(
    ask: &'p mut Pipeline,
    account: &Account,
    receipts: Receipts,
    is_operator: bool,
) -> RedisResult<&'p mut Pipeline> {
    let id = account.id.0;
    if is_operator {
        ask.cmd("SADD").arg(keys::operators()).arg(id).ignore();
    }
    let written = accounts::written_record(account)?;
    ask.cmd("HSET").arg(keys::USERS).arg(id).arg(written).ignore();
    ask.cmd("ZADD").arg(keys::name(account.name.key())).arg(id).arg(id).ignore();
    Ok(ask.cmd("HSET").arg(keys::receipts()).arg(id).arg(record::receipts(receipts)))
}

fn put_message(ask: &mut Pipeline, message: &Message) {
    if message.is_erased() {
        erase::put(ask, message);
        return changes::put(ask, message);
    }
    ask.cmd("XADD").arg(keys::room(message.room)).arg(format!("{}-0", message.id.0));
    ask.arg("sender").arg(message.sender.0).arg("name").arg(&*message.name);
    ask.arg("time").arg(message.time.0).arg("text").arg(message.text.as_str());
    ask.arg("ref").arg(message.reference.as_str());
    if let Some(about) = message.about {
        ask.arg("about").arg(about.id.0).arg("what").arg(about.what.name());
    }
    ask.ignore();
    changes::put(ask, message);
}
