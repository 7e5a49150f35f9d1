//! Everything under our keys as records. Redis has no moment that lasts: what is written
//! meanwhile may be in it or not, but never in a way that does not agree with the rest.

use std::collections::{BTreeMap, BTreeSet};

use redis::cmd;

use super::super::contract::FIRST_ROOM;
use super::super::record::{Record, Referred};
use super::super::{Cursor, Store, StoreError, Take, TokenDigest};
use super::devices::times;
use super::part::Part;
use super::{Redis, SCAN, account_id, args, keys, message, record, rooms, unhex};
use crate::protocol::{Device, MessageId, NamedRoom, Reference, RoomId, RoomNo, UserId};

/// Messages read at a time.
const PAGE: usize = 500;

/// Room to id, as a hash holds them.
type Positions = BTreeMap<String, u64>;

/// Hands over every record.
pub(super) fn export(redis: &Redis, take: &mut Take<'_>) -> Result<(), StoreError> {
    let mut export = Export { redis, take, last: BTreeMap::new() };
    export.counters()?;
    // References first: what they point to is in its room by then.
    let mut references = export.references()?;
    let mut named = export.named()?;
    export.last = ends(redis, &named)?;
    for (room, last) in export.last.clone() {
        (export.take)(Ok(Record::Room { room, last }))?;
        named.remove(&room).map_or(Ok(()), |named| (export.take)(Ok(Record::Named(named))))?;
        export.messages(room, last)?;
        for (_, referred) in references.remove(&room).unwrap_or_default() {
            (export.take)(Ok(Record::Reference(referred)))?;
        }
    }
    // Those of a room that was closed end by themselves.
    references.retain(|room, _| !matches!(room, RoomId::Named(_)));
    for room in references.keys() {
        (export.take)(Err(format!("{room}: references, but no such room")))?;
    }
    export.accounts()?;
    export.order()
}

/// Hands over one account and what it has.
pub(super) fn belongings(
    redis: &Redis,
    account: UserId,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    let mut export = Export { redis, take, last: BTreeMap::new() };
    let named = export.named()?;
    export.last = ends(redis, &named)?;
    export.account(account)
}

/// The last ids of all rooms, also of those in which nothing was said.
fn ends(
    redis: &Redis,
    named: &BTreeMap<RoomId, NamedRoom>,
) -> Result<BTreeMap<RoomId, MessageId>, StoreError> {
    let silent = named.keys().map(|room| (*room, MessageId(0)));
    Ok(silent.chain(redis.rooms()?).collect())
}

/// The references of one room, in order.
type OfRoom = BTreeMap<(UserId, Option<Device>, Reference), Referred>;

/// What an account has in one feed.
struct OfAccount {
    rooms: Positions,
    invited: Vec<u64>,
    /// The one used longest ago first.
    devices: Vec<String>,
    read: Positions,
}

impl Part {
    fn of_account(&self, id: UserId) -> Result<OfAccount, StoreError> {
        let (rooms, invited, devices, read) = self.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HGETALL").arg(self.tag.rooms(id));
            ask.cmd("SMEMBERS").arg(self.tag.invited(id));
            ask.cmd("ZRANGE").arg(self.tag.devices(id)).arg(0).arg(-1);
            ask.cmd("HGETALL").arg(self.tag.read(id)).query(redis)
        })?;
        Ok(OfAccount { rooms, invited, devices, read })
    }
}

struct Export<'e, 't> {
    redis: &'e Redis,
    take: &'e mut Take<'t>,
    /// Where the rooms ended when they were handed over.
    last: BTreeMap<RoomId, MessageId>,
}

impl Export<'_, '_> {
    fn counters(&mut self) -> Result<(), StoreError> {
        type Found = (Vec<i64>, BTreeSet<i64>, BTreeSet<i64>);
        let home = self.redis.home();
        let (next, mut retired, erasing): Found = home.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HMGET").arg(home.tag.meta()).arg("next_user").arg("next_guest");
            ask.cmd("SMEMBERS").arg(home.tag.retired());
            ask.cmd("SMEMBERS").arg(home.tag.erasing()).query(redis)
        })?;
        let [next_user, next_guest] = *next.as_slice() else {
            return Err(StoreError::Unreadable(format!("the key {}", home.tag.meta())));
        };
        let (next_user, next_guest) = (UserId(next_user), UserId(next_guest));
        let next_room = self.next_room()?;
        (self.take)(Ok(Record::Counters { next_user, next_guest, next_room }))?;
        retired.retain(|id| *id >= next_user.0);
        let retired = retired.into_iter().map(|id| Record::Retired(UserId(id)));
        let erasing = erasing.into_iter().map(|id| Record::Erasing(UserId(id)));
        retired.chain(erasing).try_for_each(|record| (self.take)(Ok(record)))
    }

    /// Beyond the newest number that any feed has given; each gives every so-many-th.
    fn next_room(&self) -> Result<RoomNo, StoreError> {
        let parts = &self.redis.parts;
        let spread = parts.spread();
        let n_feeds = u64::try_from(spread.0).unwrap_or(1);
        let next = parts.gather(|part| {
            let next: Option<u64> =
                part.ask(|redis| cmd("HGET").arg(part.tag.meta()).arg("next_room").query(redis))?;
            let first = spread.number_from(part.tag.0, FIRST_ROOM).0;
            Ok(vec![next.unwrap_or(first).saturating_sub(n_feeds)])
        })?;
        Ok(RoomNo(1 + next.into_iter().max().unwrap_or_default()))
    }

    /// The rooms that have a name.
    fn named(&mut self) -> Result<BTreeMap<RoomId, NamedRoom>, StoreError> {
        let mut named = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.redis.page_of_rooms(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(named) };
            after = Some(last.name.clone());
            named.extend(page.into_iter().map(|room| (room.id(), room)));
        }
    }

    /// All references. There is a key for each and no list of them, so all keys are looked at,
    /// and they wait here until their room's turn comes: some 200 bytes for each.
    fn references(&mut self) -> Result<BTreeMap<RoomId, OfRoom>, StoreError> {
        let (redis, mut references) = (self.redis, BTreeMap::new());
        for part in redis.parts.iter() {
            self.references_of(part, &mut references)?;
        }
        Ok(references)
    }

    fn references_of(
        &mut self,
        part: &Part,
        references: &mut BTreeMap<RoomId, OfRoom>,
    ) -> Result<(), StoreError> {
        let prefix = part.tag.references();
        let mut cursor = 0;
        loop {
            let (next, found): (u64, Vec<String>) = part.ask(|redis| {
                let mut scan = cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*"));
                scan.arg("COUNT").arg(SCAN).query(redis)
            })?;
            let kept: Vec<Option<String>> = match found.as_slice() {
                [] => Vec::new(),
                found => part.ask(|redis| cmd("MGET").arg(found).query(redis))?,
            };
            // What has ended between the two questions has no value any more.
            for (key, kept) in found.iter().zip(kept).filter_map(|(key, kept)| Some((key, kept?))) {
                match key.strip_prefix(&prefix).and_then(|key| referred(key, &kept)) {
                    Some(referred) => {
                        let its = (referred.sender, referred.device.clone());
                        let of_room = references.entry(referred.room).or_default();
                        of_room.insert((its.0, its.1, referred.reference.clone()), referred);
                    }
                    None => (self.take)(Err(format!("the key {key:?} cannot be read")))?,
                }
            }
            cursor = next;
            if cursor == 0 {
                return Ok(());
            }
        }
    }

    fn messages(&mut self, room: RoomId, last: MessageId) -> Result<(), StoreError> {
        let mut after = MessageId(0);
        while after < last {
            let page = self.redis.parts.of_room(room).entries(room, after, PAGE)?;
            let Some(newest) = page.last().and_then(super::message_id) else {
                return Ok(());
            };
            for entry in page {
                let found = message(room, &entry);
                if found.as_ref().is_some_and(|message| message.id > last) {
                    return Ok(());
                }
                let unreadable = || format!("{room}: message {} cannot be read", entry.id);
                (self.take)(found.map(Record::Message).ok_or_else(unreadable))?;
            }
            after = newest;
        }
        Ok(())
    }

    fn accounts(&mut self) -> Result<(), StoreError> {
        let fields: Vec<Vec<u8>> =
            self.redis.home().ask(|redis| cmd("HKEYS").arg(keys::USERS).query(redis))?;
        let mut ids = Vec::new();
        for field in fields {
            match account_id(&field) {
                Some(id) => ids.push(id),
                None => {
                    let field = String::from_utf8_lossy(&field);
                    (self.take)(Err(format!("account {field:?}: not an id")))?;
                }
            }
        }
        ids.sort_unstable();
        ids.into_iter().try_for_each(|id| self.account(id))
    }

    fn order(&mut self) -> Result<(), StoreError> {
        for code in self.redis.home().all_codes()? {
            (self.take)(code.map(Record::Code))?;
        }
        for asked in self.redis.home().all_applicants()? {
            (self.take)(asked.map(Record::Asked))?;
        }
        for sanction in self.redis.all_sanctions()? {
            let place = sanction.as_ref().ok().and_then(|sanction| sanction.key.place);
            // A room that is new was not handed over.
            if place.is_none_or(|no| self.last.contains_key(&RoomId::Named(no))) {
                (self.take)(sanction.map(Record::Sanction))?;
            }
        }
        let mut deeds: Vec<_> = Vec::new();
        let mut before = None;
        loop {
            let page = self.redis.page_of_deeds(before, PAGE)?;
            let Some(Ok(last)) = page.last() else { break };
            before = Some(last.at());
            deeds.extend(page);
        }
        deeds.into_iter().rev().try_for_each(|deed| (self.take)(deed.map(Record::Deed)))
    }

    fn account(&mut self, id: UserId) -> Result<(), StoreError> {
        type Found = (Option<Vec<u8>>, Option<String>, BTreeMap<String, String>, Vec<String>);
        let home = self.redis.home();
        let (found, receipts, seen, tokens): Found = home.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HGET").arg(keys::USERS).arg(id.0);
            ask.cmd("HGET").arg(home.tag.receipts()).arg(id.0);
            ask.cmd("HGETALL").arg(home.tag.seen(id));
            ask.cmd("ZRANGE").arg(home.tag.tokens_of(id)).arg(0).arg(-1).query(redis)
        })?;
        // Deleted a moment ago.
        let Some(found) = found else { return Ok(()) };
        let Some(account) = record::read(id, &found) else {
            return (self.take)(Err(format!("account {id}: its record cannot be read")));
        };
        let receipts = record::read_receipts(receipts.as_deref());
        let is_operator = self.redis.is_operator(id)?;
        (self.take)(Ok(Record::Account { account, receipts, is_operator }))?;
        let parts = self.redis.parts.gather(|part| Ok(vec![part.of_account(id)?]))?;
        self.rooms_of(id, &parts)?;
        let devices = parts.first().map_or(&[][..], |home| home.devices.as_slice());
        let (known, unknown): (Vec<_>, Vec<_>) =
            devices.iter().map(|name| Device::new(name).ok_or(name)).partition(Result::is_ok);
        let mut devices: Vec<_> = known.into_iter().flatten().collect();
        for name in unknown.into_iter().filter_map(Result::err) {
            (self.take)(Err(format!("account {id}: device {name:?} is not one")))?;
        }
        for device in &devices {
            let (since, used) = times(seen.get(device.as_str()).map(String::as_str));
            let device = device.clone();
            (self.take)(Ok(Record::Device { account: id, device, since, used }))?;
        }
        devices.sort_unstable();
        self.cursors(id, &devices, &parts)?;
        let read = parts.into_iter().flat_map(|part| part.read).collect();
        for (room, up_to) in self.positions(id, read)? {
            (self.take)(Ok(Record::Read { account: id, room, up_to }))?;
        }
        for whom in self.redis.ignored_by(id)? {
            (self.take)(Ok(Record::Ignored { account: id, whom }))?;
        }
        self.tokens(id, &tokens)
    }

    fn rooms_of(&mut self, account: UserId, parts: &[OfAccount]) -> Result<(), StoreError> {
        let mut roles = BTreeMap::new();
        for (part, its) in self.redis.parts.iter().zip(parts) {
            let numbers: Vec<_> = its.rooms.keys().filter_map(|key| rooms::number(key)).collect();
            roles.extend(part.roles(account, &numbers)?);
        }
        let rooms = parts.iter().flat_map(|part| part.rooms.clone()).collect();
        for (room, since) in self.positions(account, rooms)? {
            let role = match room {
                RoomId::Named(no) => roles.get(&no).copied(),
                _ => None,
            };
            (self.take)(Ok(Record::Member { account, room, since, role }))?;
        }
        let invited: BTreeSet<u64> = parts.iter().flat_map(|part| part.invited.clone()).collect();
        let known = invited.into_iter().map(RoomNo);
        let known: Vec<_> =
            known.filter(|no| self.last.contains_key(&RoomId::Named(*no))).collect();
        known.into_iter().try_for_each(|room| (self.take)(Ok(Record::Invited { account, room })))
    }

    fn cursors(
        &mut self,
        account: UserId,
        devices: &[Device],
        parts: &[OfAccount],
    ) -> Result<(), StoreError> {
        let all = std::iter::once(None).chain(devices.iter().map(Some));
        for device in all {
            let mut taken = Positions::new();
            for (part, its) in self.redis.parts.iter().zip(parts) {
                // Where it is not known it is where the account is.
                let known =
                    device.filter(|name| its.devices.iter().any(|its| its == name.as_str()));
                let key = part.tag.cursors(account, known);
                let its: Positions = part.ask(|redis| cmd("HGETALL").arg(key).query(redis))?;
                taken.extend(its);
            }
            for (room, up_to) in self.positions(account, taken)? {
                let device = device.cloned();
                (self.take)(Ok(Record::Cursor(Cursor { account, device, room, up_to })))?;
            }
        }
        Ok(())
    }

    /// In the order of rooms. What was said since the rooms were handed over is not in them, so
    /// nobody is there yet either.
    fn positions(
        &mut self,
        account: UserId,
        positions: Positions,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        let mut in_order = BTreeMap::new();
        for (key, up_to) in positions {
            let Some(room) = RoomId::parse(&key) else {
                (self.take)(Err(format!("account {account}: {key:?} is not a room")))?;
                continue;
            };
            let (last, mut up_to) = (self.last.get(&room).copied(), MessageId(up_to));
            if up_to > last.unwrap_or_default() && up_to <= self.redis.last(room)? {
                up_to = last.unwrap_or_default();
            }
            let is_new = last.is_none() && room != RoomId::Lobby;
            if !is_new || self.redis.last(room)?.0 == 0 {
                in_order.insert(room, up_to);
            }
        }
        Ok(in_order.into_iter().collect())
    }

    fn tokens(&mut self, account: UserId, digests: &[String]) -> Result<(), StoreError> {
        if digests.is_empty() {
            return Ok(());
        }
        let home = self.redis.home();
        let found: Vec<Option<String>> =
            home.ask(|redis| cmd("HMGET").arg(home.tag.tokens()).arg(digests).query(redis))?;
        let mut in_order = Vec::new();
        for (digest, found) in digests.iter().zip(found) {
            let token = found.as_deref().and_then(record::read_token);
            match (unhex(digest), token) {
                (Some(digest), Some(token)) if token.account == account => {
                    in_order.push((token.expires, TokenDigest(digest), token));
                }
                // Revoked a moment ago.
                _ if found.is_none() => {}
                _ => (self.take)(Err(format!("account {account}: a token cannot be read")))?,
            }
        }
        in_order.sort_unstable_by_key(|(expires, digest, _)| (*expires, *digest));
        let record = |(_, digest, token)| Record::Token { digest, token };
        in_order.into_iter().try_for_each(|found| (self.take)(Ok(record(found))))
    }
}

fn referred(key: &str, kept: &str) -> Option<Referred> {
    let mut parts = key.splitn(4, keys::SEPARATOR);
    let room = RoomId::parse(parts.next()?)?;
    let sender = UserId(parts.next()?.parse().ok()?);
    let device = match parts.next()? {
        "" => None,
        name => Some(Device::new(name)?),
    };
    let reference = Reference::new(parts.next()?)?;
    let kept = args::kept(kept)?;
    let (id, time, digest, nonce) = (kept.id, kept.time, kept.digest, kept.nonce);
    Some(Referred { room, sender, device, reference, id, time, digest, nonce })
}
