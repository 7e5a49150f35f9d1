//! The store for when one machine is not enough: a Redis server, spoken to through an r2d2
//! pool.
//!
//! Accounts stand where the original keeps them, so both read each other's; an account put
//! there by hand is found by its id at once, and by its name from the next start on or from
//! its first change on. Everything else is of our own making (`redis/keys.rs`).
//! Every step has a time it ends in, so a Redis that is gone or frozen costs its callers a
//! second or a few and nobody else anything.

mod accounts;
mod advice;
mod args;
mod changes;
mod decide;
mod devices;
mod entry;
mod erase;
mod export;
mod guard;
mod import;
mod keys;
mod manager;
mod node;
mod order;
mod read;
mod record;
mod rooms;
mod tell;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use r2d2::ManageConnection;
use redis::streams::StreamId;
use redis::{Client, ConnectionLike, ErrorKind, RedisResult, Script, cmd};

use self::guard::Guard;
use self::manager::{Pool, RedisConnection, RedisConnectionManager};
use self::record::{message, message_id, seen};
use super::contract::{self, FIRST_GUEST, FIRST_USER, MAX_NAMED, hex, new_identity, unhex};
use super::{
    Account, Asked, Claim, Code, Identity, Marks, Membership, PeerMarks, Receipts, Records, Secret,
    Sign, Store, StoreError, Take, Token, TokenDigest, Writer,
};
use crate::protocol::{
    Changes, Deed, Device, Message, MessageId, Millis, NameKey, NamedRoom, NodeId, OwnDevice, Role,
    RoomId, RoomMember, RoomName, RoomNo, Sanction, Standing, UserId,
};

/// The layout of the keys; a change of it is a new version.
const VERSION: i64 = 10;

/// Records that are asked for at once where all are looked at.
const SCAN: usize = 500;

/// Connects to `//[user:pass@]host:port/db`, creates the store's identity where there is none,
/// and makes the accounts that were put there by hand known by name. Blocks until then, or a
/// few seconds where Redis does not answer.
///
/// # Errors
/// [`StoreError::Unavailable`] when Redis cannot be reached or lets nobody in,
/// [`StoreError::Newer`], [`StoreError::Unreadable`].
pub fn open(place: &str) -> Result<Arc<dyn Store>, StoreError> {
    // The cause is not told: it may quote the URL, and that may hold a password.
    let client = Client::open(format!("redis:{place}")).map_err(|_cause| {
        let form = "redis: the URL must look like redis://[user:pass@]host:port/db";
        StoreError::Unavailable(form.to_owned())
    })?;
    let info = client.get_connection_info();
    let place = format!("redis://{}/{}", info.addr(), info.redis_settings().db());
    let manager = RedisConnectionManager::new(client);
    let first = manager.connect().and_then(|mut first| {
        manager.is_valid(&mut first)?;
        Ok(first)
    });
    let mut first = first.map_err(|error| unavailable(&place, &error))?;
    let (identity, commits) = identity(&place, &mut first)?;
    name_records(&mut first).map_err(|error| unavailable(&place, &error))?;
    let guard = Guard::new(Arc::clone(&identity.epoch), commits);
    let (pool, node) = (manager::pool(manager), OnceLock::new());
    Ok(Arc::new(Redis { identity, guard, place, pool, node }))
}

struct Redis {
    identity: Identity,
    /// What has been seen of it since it was opened.
    guard: Guard,
    place: String,
    pool: Pool,
    /// This server's place among those that share it, once it has one.
    node: OnceLock<NodeId>,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis({})", self.place)
    }
}

impl Redis {
    fn guard(&self) -> Guard {
        self.node.get().map_or_else(|| self.guard.clone(), |node| self.guard.of(*node))
    }

    /// Asks Redis, on a connection of the pool.
    fn ask<T>(
        &self,
        query: impl FnOnce(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.pool.get().map_err(|error| unavailable(&self.place, &error))?;
        query(&mut connection).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedReturnType => {
                StoreError::Unreadable(format!("{}: {error}", self.place))
            }
            _ => unavailable(&self.place, &error),
        })
    }
}

impl Store for Redis {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn advice(&self) -> Vec<String> {
        advice::advice(self)
    }

    fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        let found: Option<Vec<u8>> =
            self.ask(|redis| cmd("HGET").arg(keys::USERS).arg(id.0).query(redis))?;
        let Some(found) = found else { return Ok(None) };
        let unreadable = || StoreError::Unreadable(format!("the record of account {id}"));
        record::read(id, &found).ok_or_else(unreadable).map(Some)
    }

    fn named(&self, name: &NameKey) -> Result<Vec<UserId>, StoreError> {
        // Twice as many: some may bear another name by now, given by hand or by the original.
        let ids: Vec<i64> = self.ask(|redis| {
            cmd("ZRANGE").arg(keys::name(name)).arg(0).arg(2 * MAX_NAMED).query(redis)
        })?;
        let ids: Vec<_> = ids.into_iter().map(UserId).collect();
        let mut bearers: Vec<_> = self.records(&ids)?;
        bearers.retain(|account| account.name.key() == name);
        Ok(bearers.into_iter().map(|account| account.id).take(MAX_NAMED).collect())
    }

    fn accounts(&self, after: UserId, limit: usize) -> Result<Vec<Account>, StoreError> {
        let fields: Vec<Vec<u8>> = self.ask(|redis| cmd("HKEYS").arg(keys::USERS).query(redis))?;
        let mut ids: Vec<_> = fields.iter().filter_map(|field| account_id(field)).collect();
        ids.retain(|id| *id > after);
        ids.sort_unstable();
        let mut accounts = Vec::new();
        for some in ids.chunks(limit.clamp(1, SCAN)) {
            // What cannot be read is no account, so more than `limit` may have to be looked at.
            accounts.extend(self.records(some)?);
            if accounts.len() >= limit {
                break;
            }
        }
        accounts.truncate(limit);
        Ok(accounts)
    }

    fn cursors(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        let known = match device {
            None => None,
            Some(device) => {
                let name = device.as_str();
                let score: Option<f64> = self.ask(|redis| {
                    cmd("ZSCORE").arg(keys::devices(account)).arg(name).query(redis)
                })?;
                score.and(Some(device))
            }
        };
        self.positions(account, &keys::cursors(account, known))
    }

    fn token(&self, digest: &TokenDigest) -> Result<Option<Token>, StoreError> {
        let found: Option<String> =
            self.ask(|redis| cmd("HGET").arg(keys::tokens()).arg(hex(&digest.0)).query(redis))?;
        let Some(found) = found else { return Ok(None) };
        let token = record::read_token(&found)
            .ok_or_else(|| StoreError::Unreadable(format!("{digest:?}")))?;
        let account = token.account.0;
        let exists: bool =
            self.ask(|redis| cmd("HEXISTS").arg(keys::USERS).arg(account).query(redis))?;
        Ok(exists.then_some(token))
    }

    fn devices(&self, account: UserId) -> Result<Vec<OwnDevice>, StoreError> {
        self.devices_of(account)
    }

    fn receipts(&self, account: UserId) -> Result<Receipts, StoreError> {
        let found: Option<String> =
            self.ask(|redis| cmd("HGET").arg(keys::receipts()).arg(account.0).query(redis))?;
        Ok(record::read_receipts(found.as_deref()))
    }

    fn marks(&self, account: UserId) -> Result<Vec<Marks>, StoreError> {
        let own = self.positions(account, &keys::read(account))?;
        let peers: Vec<_> =
            own.iter().filter_map(|(room, _)| Some((*room, room.other(account)?))).collect();
        let mut ask = redis::pipe();
        for (room, peer) in &peers {
            let room = room.to_string();
            ask.cmd("HGET").arg(keys::receipts()).arg(peer.0);
            ask.cmd("HGET").arg(keys::cursors(*peer, None)).arg(&room);
            ask.cmd("HGET").arg(keys::read(*peer)).arg(&room);
        }
        let answers: Vec<Option<String>> =
            if peers.is_empty() { Vec::new() } else { self.ask(|redis| ask.query(redis))? };
        let (answers, _) = answers.as_chunks::<3>();
        let mut seen: BTreeMap<RoomId, PeerMarks> =
            peers.iter().zip(answers).map(|((room, _), marks)| (*room, seen(marks))).collect();
        let marks = |(room, read)| Marks { room, read, peer: seen.remove(&room) };
        Ok(own.into_iter().map(marks).collect())
    }

    fn rooms(&self) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        let last: BTreeMap<String, u64> =
            self.ask(|redis| cmd("HGETALL").arg(keys::last(RoomId::Lobby)).query(redis))?;
        let mut rooms: Vec<_> = last
            .into_iter()
            .filter_map(|(key, last)| Some((RoomId::parse(&key)?, MessageId(last))))
            .collect();
        rooms.sort_unstable();
        Ok(rooms)
    }

    fn room(&self, no: RoomNo) -> Result<Option<NamedRoom>, StoreError> {
        self.room_of(no)
    }

    fn room_named(&self, name: &RoomName) -> Result<Option<NamedRoom>, StoreError> {
        self.number_of(name)?.map_or(Ok(None), |no| self.room_of(no))
    }

    fn named_rooms(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<NamedRoom>, StoreError> {
        self.page_of_rooms(after, limit)
    }

    fn rooms_of(&self, account: UserId) -> Result<Vec<(NamedRoom, Role)>, StoreError> {
        self.rooms_of_account(account)
    }

    fn standing(&self, no: RoomNo, account: UserId) -> Result<Standing, StoreError> {
        self.standing_of(no, account)
    }

    fn since(&self, account: UserId, room: RoomId) -> Result<Option<MessageId>, StoreError> {
        let key = keys::rooms(account);
        let since: Option<u64> =
            self.ask(|redis| cmd("HGET").arg(key).arg(room.to_string()).query(redis))?;
        Ok(since.map(MessageId))
    }

    fn members(
        &self,
        no: RoomNo,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<RoomMember>, StoreError> {
        self.page_of_members(no, after, limit)
    }

    fn is_operator(&self, account: UserId) -> Result<bool, StoreError> {
        self.ask(|redis| cmd("SISMEMBER").arg(keys::operators()).arg(account.0).query(redis))
    }

    fn ignored(&self, account: UserId) -> Result<Vec<UserId>, StoreError> {
        self.ignored_by(account)
    }

    fn ignores(&self, account: UserId, whom: UserId) -> Result<bool, StoreError> {
        self.ask(|redis| cmd("SISMEMBER").arg(keys::ignored(account)).arg(whom.0).query(redis))
    }

    fn erasing(&self) -> Result<Vec<UserId>, StoreError> {
        self.to_erase()
    }

    fn sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        let all = self.all_sanctions()?;
        Ok(all.into_iter().filter_map(readable).collect())
    }

    fn deeds(&self, before: Option<(Millis, u64)>, limit: usize) -> Result<Vec<Deed>, StoreError> {
        let page = self.page_of_deeds(before, limit)?;
        Ok(page.into_iter().filter_map(readable).collect())
    }

    fn codes(&self) -> Result<Vec<Code>, StoreError> {
        Ok(self.all_codes()?.into_iter().filter_map(readable).collect())
    }

    fn applicants(&self) -> Result<Vec<Asked>, StoreError> {
        Ok(self.all_applicants()?.into_iter().filter_map(readable).collect())
    }

    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        contract::page(room, after, limit, |after, limit| {
            let read = |entry: &StreamId| {
                // Redis makes sure that it is a number.
                let id = message_id(entry).unwrap_or(after);
                (id, message(room, entry))
            };
            Ok(self.entries(room, after, limit)?.iter().map(read).collect())
        })
    }

    fn changes(
        &self,
        room: RoomId,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, Changes)>, StoreError> {
        self.changes_of(room, ids)
    }

    fn last(&self, room: RoomId) -> Result<MessageId, StoreError> {
        let last: Option<u64> =
            self.ask(|redis| cmd("HGET").arg(keys::last(room)).arg(room.to_string()).query(redis))?;
        Ok(MessageId(last.unwrap_or_default()))
    }

    fn export(&self, take: &mut Take<'_>) -> Result<(), StoreError> {
        export::export(self, take)
    }

    fn belongings(&self, account: UserId, take: &mut Take<'_>) -> Result<(), StoreError> {
        export::belongings(self, account, take)
    }

    fn import(&self, records: &mut Records<'_>) -> Result<(), StoreError> {
        import::import(self, records)
    }

    fn backup(&self, _: &Path) -> Result<(), StoreError> {
        let how = "redis copies itself: BGSAVE, or BGREWRITEAOF, and then copy the files in its \
            folder (CONFIG GET dir); `server export` writes a copy that every store takes";
        Err(StoreError::Refused(format!("{}: {how}", self.place)))
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn renew(&self) -> Result<bool, StoreError> {
        guard::renew(self)
    }

    /// Several servers may serve from it.
    fn claim(&self) -> Result<Box<dyn Claim>, StoreError> {
        Ok(Box::new(()))
    }

    fn join(&self, sign: &Sign) -> Result<Option<Membership>, StoreError> {
        import::refuse_while_marked(self)?;
        node::join(self, sign).map(Some)
    }

    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        import::refuse_while_marked(self)?;
        let node = self.node.get().copied();
        let (pool, place) = (self.pool.clone(), self.place.clone());
        Ok(Box::new(write::RedisWriter::new(pool, place, self.guard(), node)))
    }
}

/// What makes the store this store, and how often something was written to it.
fn identity(place: &str, redis: &mut RedisConnection) -> Result<(Identity, u64), StoreError> {
    let new = new_identity()?;
    type Found = (Option<String>, Option<String>, Option<String>, Option<u64>);
    let (version, epoch, key, commits): Found = Script::new(include_str!("redis/open.lua"))
        .key(keys::meta())
        .arg(VERSION)
        .arg(&*new.epoch)
        .arg(hex(&new.key))
        .arg(FIRST_USER.0)
        .arg(FIRST_GUEST.0)
        .invoke(redis)
        .map_err(|error| unavailable(place, &error))?;
    let unreadable = || StoreError::Unreadable(format!("{place}: the key {}", keys::meta()));
    let (Some(version), Some(epoch), Some(key)) = (version, epoch, key) else {
        return Err(unreadable());
    };
    match version.parse() {
        Ok(VERSION) => {}
        Ok(found) if found > VERSION => return Err(StoreError::Newer { found, known: VERSION }),
        _ => return Err(unreadable()),
    }
    let key = unhex(&key).ok_or_else(unreadable)?;
    Ok((Identity { epoch: epoch.into(), key }, commits.unwrap_or_default()))
}

/// Accounts that the original or a person put there have no entry by name. Only theirs are in
/// clear, so only those are looked at closely.
fn name_records(redis: &mut RedisConnection) -> RedisResult<()> {
    /// A field of the hash and what stands in it.
    type Record = (Vec<u8>, Vec<u8>);
    let mut cursor = 0;
    loop {
        let mut scan = cmd("HSCAN");
        scan.arg(keys::USERS).arg(cursor).arg("COUNT").arg(SCAN);
        let (next, found): (u64, Vec<Record>) = scan.query(redis)?;
        let mut add = redis::pipe();
        let in_clear = found
            .iter()
            .filter_map(|(field, value)| record::read(account_id(field)?, value))
            .filter(|account| matches!(account.secret, Secret::Clear(_)));
        for account in in_clear {
            let id = account.id.0;
            add.cmd("ZADD").arg(keys::name(account.name.key())).arg(id).arg(id).ignore();
        }
        if !add.is_empty() {
            add.exec(redis)?;
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}

fn account_id(field: &[u8]) -> Option<UserId> {
    let id = std::str::from_utf8(field).ok()?.parse().ok()?;
    (id > 0).then_some(UserId(id))
}

fn unavailable(place: &str, error: &dyn fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("{place}: {error}"))
}

/// What cannot be read is left out, with a line in the log.
fn readable<T>(one: Result<T, String>) -> Option<T> {
    one.inspect_err(|unreadable| log::warn!("redis: {unreadable}")).ok()
}
