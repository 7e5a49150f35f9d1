//! The store for when one machine is not enough: a Redis server, or several with a part of the rooms
//! each, spoken to through r2d2 pools.
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
mod leave;
mod manager;
mod node;
mod open;
mod order;
mod part;
mod read;
mod record;
mod rooms;
mod share;
mod split;
mod spread;
mod tell;
mod write;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use redis::cmd;
use redis::streams::StreamId;

use self::keys::Tag;
use self::part::{Part, Parts};
use self::record::{message, message_id};
use super::contract::{self, MAX_NAMED, hex, unhex};
use super::{
    Account, Asked, Claim, Code, Identity, Marks, Membership, Receipts, Records, Sign, Store,
    StoreError, Take, Token, TokenDigest, Writer,
};
use crate::protocol::{
    Changes, Deed, Device, Message, MessageId, Millis, NameKey, NamedRoom, NodeId, OwnDevice, Role,
    RoomId, RoomMember, RoomName, RoomNo, Sanction, Standing, UserId,
};

/// Records that are asked for at once where all are looked at.
const SCAN: usize = 500;

/// Connects to `//[user:pass@]host:port/db`, creates the store's identity where there is none,
/// and makes the accounts that were put there by hand known by name. Of several such places with
/// commas between, each but the first with its `redis:`, each is one feed's. Blocks until then, or
/// a few seconds for each place where Redis does not answer.
///
/// # Errors
/// [`StoreError::Unavailable`] when a Redis cannot be reached or lets nobody in,
/// [`StoreError::Refused`] when the places are not those of one store, [`StoreError::Newer`],
/// [`StoreError::Unreadable`].
pub fn open(places: &str) -> Result<Arc<dyn Store>, StoreError> {
    let (identity, parts) = open::open(places)?;
    let named: Vec<_> = parts.iter().map(|part| part.place.as_str()).collect();
    let place = named.join(",");
    Ok(Arc::new(Redis { identity, parts, place, node: OnceLock::new() }))
}

struct Redis {
    identity: Identity,
    /// A feed each.
    parts: Parts,
    place: String,
    /// This server's place among those that share it, once it has one.
    node: OnceLock<NodeId>,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis({})", self.place)
    }
}

impl Redis {
    /// Where all is that is in no room.
    fn home(&self) -> &Part {
        self.parts.home()
    }

    /// As this server sees them, once it has a place.
    fn own_parts(&self) -> Parts {
        self.node.get().map_or_else(|| self.parts.clone(), |node| self.parts.of(*node))
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
            self.home().ask(|redis| cmd("HGET").arg(keys::USERS).arg(id.0).query(redis))?;
        let Some(found) = found else { return Ok(None) };
        let unreadable = || StoreError::Unreadable(format!("the record of account {id}"));
        record::read(id, &found).ok_or_else(unreadable).map(Some)
    }

    fn named(&self, name: &NameKey) -> Result<Vec<UserId>, StoreError> {
        // Twice as many: some may bear another name by now, given by hand or by the original.
        let ids: Vec<i64> = self.home().ask(|redis| {
            cmd("ZRANGE").arg(Tag::HOME.name(name)).arg(0).arg(2 * MAX_NAMED).query(redis)
        })?;
        let ids: Vec<_> = ids.into_iter().map(UserId).collect();
        let mut bearers: Vec<_> = self.records(&ids)?;
        bearers.retain(|account| account.name.key() == name);
        Ok(bearers.into_iter().map(|account| account.id).take(MAX_NAMED).collect())
    }

    fn accounts(&self, after: UserId, limit: usize) -> Result<Vec<Account>, StoreError> {
        let fields: Vec<Vec<u8>> =
            self.home().ask(|redis| cmd("HKEYS").arg(keys::USERS).query(redis))?;
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
        let mut cursors = self.parts.gather(|part| part.cursors(account, device))?;
        cursors.sort_unstable();
        Ok(cursors)
    }

    fn token(&self, digest: &TokenDigest) -> Result<Option<Token>, StoreError> {
        let (home, digits) = (self.home(), hex(&digest.0));
        let found: Option<String> =
            home.ask(|redis| cmd("HGET").arg(home.tag.tokens()).arg(digits).query(redis))?;
        let Some(found) = found else { return Ok(None) };
        let token = record::read_token(&found)
            .ok_or_else(|| StoreError::Unreadable(format!("{digest:?}")))?;
        let account = token.account.0;
        let exists: bool =
            home.ask(|redis| cmd("HEXISTS").arg(keys::USERS).arg(account).query(redis))?;
        Ok(exists.then_some(token))
    }

    fn devices(&self, account: UserId) -> Result<Vec<OwnDevice>, StoreError> {
        self.home().devices_of(account)
    }

    fn receipts(&self, account: UserId) -> Result<Receipts, StoreError> {
        let home = self.home();
        let found: Option<String> =
            home.ask(|redis| cmd("HGET").arg(home.tag.receipts()).arg(account.0).query(redis))?;
        Ok(record::read_receipts(found.as_deref()))
    }

    fn marks(&self, account: UserId) -> Result<Vec<Marks>, StoreError> {
        self.marks_of(account)
    }

    fn rooms(&self) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        let mut rooms = self.parts.gather(Part::ends)?;
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
        self.parts.of_number(no).standing_of(no, account)
    }

    fn since(&self, account: UserId, room: RoomId) -> Result<Option<MessageId>, StoreError> {
        let part = self.parts.of_room(room);
        let key = part.tag.rooms(account);
        let since: Option<u64> =
            part.ask(|redis| cmd("HGET").arg(key).arg(room.to_string()).query(redis))?;
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
        let home = self.home();
        home.ask(|redis| cmd("SISMEMBER").arg(home.tag.operators()).arg(account.0).query(redis))
    }

    fn ignored(&self, account: UserId) -> Result<Vec<UserId>, StoreError> {
        self.ignored_by(account)
    }

    fn ignores(&self, account: UserId, whom: UserId) -> Result<bool, StoreError> {
        let home = self.home();
        home.ask(|redis| cmd("SISMEMBER").arg(home.tag.ignored(account)).arg(whom.0).query(redis))
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
        Ok(self.home().all_codes()?.into_iter().filter_map(readable).collect())
    }

    fn applicants(&self) -> Result<Vec<Asked>, StoreError> {
        Ok(self.home().all_applicants()?.into_iter().filter_map(readable).collect())
    }

    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let part = self.parts.of_room(room);
        contract::page(room, after, limit, |after, limit| {
            let read = |entry: &StreamId| {
                // Redis makes sure that it is a number.
                let id = message_id(entry).unwrap_or(after);
                (id, message(room, entry))
            };
            Ok(part.entries(room, after, limit)?.iter().map(read).collect())
        })
    }

    fn changes(
        &self,
        room: RoomId,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, Changes)>, StoreError> {
        self.parts.of_room(room).changes_of(room, ids)
    }

    fn last(&self, room: RoomId) -> Result<MessageId, StoreError> {
        let part = self.parts.of_room(room);
        let (key, room) = (part.tag.last(), room.to_string());
        let last: Option<u64> = part.ask(|redis| cmd("HGET").arg(key).arg(room).query(redis))?;
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
        self.astray()
    }

    fn renew(&self) -> Result<bool, StoreError> {
        share::renew(&self.parts)
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
        Ok(Box::new(write::RedisWriter::new(self.own_parts(), self.node.get().copied())))
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
