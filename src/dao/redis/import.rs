//! Records into an empty Redis. There is no transaction for so much, so a mark stands in it
//! until all is there: with the mark nobody may write, and the next import begins by removing
//! what the one before has left.

use redis::{Pipeline, RedisResult, cmd};

use super::super::contract::{NOT_EMPTY, new_identity};
use super::super::record::{Record, Referred};
use super::super::{Account, Cursor, Receipts, Records, StoreError};
use super::keys::{self, Tag};
use super::part::Parts;
use super::spread::Spread;
use super::{
    Redis, SCAN, accounts, changes, entry, erase, hex, order, record, rooms, share, unavailable,
    write,
};
use crate::clock;
use crate::protocol::{Device, Message, MessageId, Millis, NamedRoom, Role, RoomId, UserId};

/// Records sent at a time.
const CHUNK: usize = 500;

/// The field of `{f0}meta` that says that an import has not finished.
const MARK: &str = "importing";

/// Fills an empty store; empties it again when that fails. The mark stands in the first feed.
pub(super) fn import(redis: &Redis, records: &mut Records<'_>) -> Result<(), StoreError> {
    if is_marked(redis)? {
        clear(redis)?;
    }
    for part in redis.parts.iter() {
        let (n_accounts, n_rooms, n_named): (u64, u64, u64) = part.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HLEN").arg(keys::USERS).cmd("HLEN").arg(part.tag.last());
            ask.cmd("HLEN").arg(part.tag.numbers()).query(redis)
        })?;
        if n_accounts + n_rooms + n_named > 0 {
            return Err(StoreError::Refused(format!("{}: {NOT_EMPTY}", part.place)));
        }
    }
    let home = redis.home();
    home.ask(|redis| cmd("HSET").arg(home.tag.meta()).arg(MARK).arg(1).exec(redis))?;
    match fill(&redis.parts, records) {
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
    let home = redis.home();
    home.ask(|redis| cmd("HEXISTS").arg(home.tag.meta()).arg(MARK).query(redis))
}

fn fill(parts: &Parts, records: &mut Records<'_>) -> Result<(), StoreError> {
    let spread = parts.spread();
    loop {
        let some: Vec<Record> = records.take(CHUNK).collect::<Result<_, _>>()?;
        if some.is_empty() {
            return Ok(());
        }
        let now = clock::now_ms().0;
        for part in parts.iter() {
            let its = some.iter().filter(|record| spread.of_record(record).is(part.tag.0));
            part.ask(|redis| {
                let mut ask = redis::pipe();
                its.clone()
                    .try_for_each(|record| put(&mut ask, (part.tag, spread), record, now))?;
                // A pipeline of nothing is answered by nobody.
                if ask.is_empty() { Ok(()) } else { ask.exec(redis) }
            })?;
        }
    }
}

/// Another epoch, in all feeds, and the end of the mark.
fn finish(redis: &Redis) -> Result<(), StoreError> {
    let (home, epoch) = (redis.home(), new_identity()?.epoch);
    let meta = home.tag.meta();
    home.ask(|connection| {
        let mut ask = redis::pipe();
        ask.atomic();
        if redis.parts.spread().0 > 1 {
            // Who opens it before the others have the new one goes on with that.
            ask.cmd("HSET").arg(&meta).arg("before").arg(&*redis.identity.epoch).ignore();
        }
        ask.cmd("HSET").arg(&meta).arg("epoch").arg(&*epoch).ignore();
        ask.cmd("HDEL").arg(&meta).arg(MARK).ignore().exec(connection)
    })?;
    share::spread_epoch(&redis.parts, &epoch)
}

/// Removes all that is ours but what says what it is; it was an empty store.
fn clear(redis: &Redis) -> Result<(), StoreError> {
    redis.parts.iter().try_for_each(|part| {
        let mut cursor = 0;
        loop {
            cursor = part.ask(|redis| {
                let (next, mut found): (u64, Vec<String>) = cmd("SCAN")
                    .arg(cursor)
                    .arg("MATCH")
                    .arg(part.tag.anything())
                    .arg("COUNT")
                    .arg(SCAN)
                    .query(redis)?;
                found.retain(|key| *key != part.tag.meta());
                found.push(keys::USERS.to_owned());
                cmd("UNLINK").arg(found).exec(redis)?;
                RedisResult::Ok(next)
            })?;
            if cursor == 0 {
                return Ok(());
            }
        }
    })
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

/// Adds the commands that put a record, or what one feed has of it, where it was taken from.
/// References that have ended by now are left out.
///
/// # Errors
/// As [`accounts::written_record`].
fn put(
    ask: &mut Pipeline,
    (tag, spread): (Tag, Spread),
    record: &Record,
    now: i64,
) -> RedisResult<()> {
    match record {
        Record::Counters { .. } => {
            put_counters(ask, (tag, spread), record);
            return Ok(());
        }
        Record::Retired(id) => ask.cmd("SADD").arg(tag.retired()).arg(id.0),
        Record::Erasing(id) => ask.cmd("SADD").arg(tag.erasing()).arg(id.0),
        // A room in which nothing was said has no last id there.
        Record::Room { last: MessageId(0), .. } => return Ok(()),
        Record::Named(room) => {
            named(ask, (tag, spread), room);
            return Ok(());
        }
        Record::Room { room, last } => {
            ask.cmd("HSET").arg(tag.last()).arg(room.to_string()).arg(last.0)
        }
        Record::Message(message) => {
            put_message(ask, tag, message);
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
            ask.cmd("SET").arg(tag.referred(referred)).arg(kept).arg("EX").arg(left)
        }
        Record::Account { account, receipts, is_operator } => {
            put_account(ask, account, *receipts, *is_operator)?
        }
        Record::Invited { account, room } => ask.cmd("SADD").arg(tag.invited(*account)).arg(room.0),
        Record::Ignored { account, whom } => ask.cmd("SADD").arg(tag.ignored(*account)).arg(whom.0),
        Record::Member { account, room, since, role } => {
            put_member(ask, (tag, *account), (*room, *since), *role)
        }
        Record::Device { account, device, since, used } => {
            put_device(ask, (tag, *account), device, (*since, *used))
        }
        Record::Cursor(Cursor { account, device, room, up_to }) => {
            let key = tag.cursors(*account, device.as_ref());
            ask.cmd("HSET").arg(key).arg(room.to_string()).arg(up_to.0)
        }
        Record::Read { account, room, up_to } => {
            ask.cmd("HSET").arg(tag.read(*account)).arg(room.to_string()).arg(up_to.0)
        }
        Record::Code(code) => entry::put_code(ask, code),
        Record::Asked(asked) => entry::put_asked(ask, asked)?,
        Record::Sanction(sanction) => order::put_sanction(ask, tag, sanction),
        Record::Deed(deed) => order::put_deed(ask, tag, deed),
        Record::Token { digest, token } => {
            let digest = hex(&digest.0);
            ask.cmd("HSET").arg(tag.tokens()).arg(&digest).arg(record::token(token)).ignore();
            ask.cmd("ZADD").arg(tag.tokens_of(token.account)).arg(token.expires.0).arg(digest)
        }
    }
    .ignore();
    Ok(())
}

/// Each feed goes on with the next number that is its to give.
fn put_counters(ask: &mut Pipeline, (tag, spread): (Tag, Spread), counters: &Record) {
    let Record::Counters { next_user, next_guest, next_room } = counters else { return };
    let next_room = spread.number_from(tag.0, *next_room);
    ask.cmd("HSET").arg(tag.meta()).arg("next_room").arg(next_room.0);
    if tag == Tag::HOME {
        ask.arg("next_user").arg(next_user.0).arg("next_guest").arg(next_guest.0);
    }
    ask.ignore();
}

/// The room stands where its number says, and its name where that says.
fn named(ask: &mut Pipeline, (tag, spread): (Tag, Spread), room: &NamedRoom) {
    let (no, name) = (room.no, room.name.as_str());
    if spread.of_name(&room.name) == tag.0 {
        ask.cmd("HSET").arg(tag.numbers()).arg(name).arg(no.0).ignore();
        ask.cmd("ZADD").arg(tag.names()).arg(0).arg(name).ignore();
    }
    if spread.of_number(no) == tag.0 {
        ask.cmd("HSET").arg(tag.named(no)).arg("name").arg(name);
        ask.arg("topic").arg(room.topic.as_str()).arg("kind").arg(room.kind.name());
        ask.arg("guests").arg(i32::from(room.guests)).arg("nonce").arg(0).ignore();
    }
}

fn put_member(
    ask: &mut Pipeline,
    (tag, account): (Tag, UserId),
    (room, since): (RoomId, MessageId),
    role: Option<Role>,
) -> &mut Pipeline {
    if let (RoomId::Named(no), Some(role)) = (room, role) {
        let role = rooms::role(role);
        ask.cmd("HSET").arg(tag.members(no)).arg(account.0).arg(role).ignore();
    }
    ask.cmd("HSET").arg(tag.rooms(account)).arg(room.to_string()).arg(since.0)
}

fn put_device<'p>(
    ask: &'p mut Pipeline,
    (tag, account): (Tag, UserId),
    device: &Device,
    (since, used): (Millis, Millis),
) -> &'p mut Pipeline {
    let (device, seen) = (device.as_str(), format!("{} {}", since.0, used.0));
    if tag == Tag::HOME {
        ask.cmd("HSET").arg(tag.seen(account)).arg(device).arg(seen).ignore();
    }
    // Those put in later were used later: the score is the place.
    let add = "redis.call('ZADD', KEYS[1], redis.call('ZCARD', KEYS[1]) + 1, ARGV[1])";
    ask.cmd("EVAL").arg(add).arg(1).arg(tag.devices(account)).arg(device)
}

fn put_account<'p>(
    ask: &'p mut Pipeline,
    account: &Account,
    receipts: Receipts,
    is_operator: bool,
) -> RedisResult<&'p mut Pipeline> {
    let id = account.id.0;
    if is_operator {
        ask.cmd("SADD").arg(Tag::HOME.operators()).arg(id).ignore();
    }
    let written = accounts::written_record(account)?;
    ask.cmd("HSET").arg(keys::USERS).arg(id).arg(written).ignore();
    ask.cmd("ZADD").arg(Tag::HOME.name(account.name.key())).arg(id).arg(id).ignore();
    Ok(ask.cmd("HSET").arg(Tag::HOME.receipts()).arg(id).arg(record::receipts(receipts)))
}

fn put_message(ask: &mut Pipeline, tag: Tag, message: &Message) {
    if message.is_erased() {
        erase::put(ask, tag, message);
        return changes::put(ask, tag, message);
    }
    ask.cmd("XADD").arg(tag.room(message.room)).arg(format!("{}-0", message.id.0));
    ask.arg("sender").arg(message.sender.0).arg("name").arg(&*message.name);
    ask.arg("time").arg(message.time.0).arg("text").arg(message.text.as_str());
    ask.arg("ref").arg(message.reference.as_str());
    if let Some(about) = message.about {
        ask.arg("about").arg(about.id.0).arg("what").arg(about.what.name());
    }
    ask.ignore();
    changes::put(ask, tag, message);
}
