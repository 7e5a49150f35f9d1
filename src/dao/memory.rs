//! The store that forgets: everything in this process, for tests and for trying things out.
//!
//! It is also the contract in its shortest form: what the other stores do with tables and keys
//! stands here as plain collections.

mod copy;
mod entry;
mod erase;
mod order;
mod rooms;
mod tables;

use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use self::tables::Tables;
use super::contract::{MAX_NAMED, NOT_EMPTY};
use super::{
    Account, Asked, Claim, Code, Identity, Marks, Receipts, Records, Store, StoreError, Take,
    Token, TokenDigest, Write, Writer, Written,
};
use crate::protocol::{
    Changes, Deed, Device, Message, MessageId, Millis, NameKey, NamedRoom, OwnDevice, Party, Role,
    RoomId, RoomMember, RoomName, RoomNo, Sanction, Standing, UserId,
};

/// Opens a new, empty store; what stands behind `memory:` is not looked at.
///
/// # Errors
/// [`StoreError::Unavailable`] when the kernel gives no random bytes.
pub fn open(_: &str) -> Result<Arc<dyn Store>, StoreError> {
    let identity = super::contract::new_identity()?;
    Ok(Arc::new(Memory { identity, tables: Arc::default() }))
}

#[derive(Debug)]
struct Memory {
    identity: Identity,
    /// Everything that is stored. Held for one read or one batch, never across a wait.
    tables: Arc<Mutex<Tables>>,
}

#[derive(Debug)]
struct MemoryWriter {
    tables: Arc<Mutex<Tables>>,
}

impl Store for Memory {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn place(&self) -> &'static str {
        "memory"
    }

    fn advice(&self) -> Vec<String> {
        vec!["the memory store keeps nothing: all is gone when the server stops".to_owned()]
    }

    fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(lock(&self.tables)?.people.get(&id).map(|person| person.account.clone()))
    }

    fn named(&self, name: &NameKey) -> Result<Vec<UserId>, StoreError> {
        let tables = lock(&self.tables)?;
        let bearers = tables.people.values().filter(|person| person.account.name.key() == name);
        Ok(bearers.map(|person| person.account.id).take(MAX_NAMED).collect())
    }

    fn accounts(&self, after: UserId, limit: usize) -> Result<Vec<Account>, StoreError> {
        let tables = lock(&self.tables)?;
        let later = tables.people.iter().filter(|(id, _)| **id > after);
        Ok(later.map(|(_, person)| person.account.clone()).take(limit).collect())
    }

    fn cursors(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        let tables = lock(&self.tables)?;
        let Some(person) = tables.people.get(&account) else {
            return Ok(vec![(RoomId::Lobby, MessageId::default())]);
        };
        let known = person.devices.iter().find(|(name, _)| Some(name) == device);
        Ok(person.at(known.map_or(&person.shared, |(_, positions)| positions)))
    }

    fn token(&self, digest: &TokenDigest) -> Result<Option<Token>, StoreError> {
        Ok(lock(&self.tables)?.tokens.get(digest).cloned())
    }

    fn devices(&self, account: UserId) -> Result<Vec<OwnDevice>, StoreError> {
        let tables = lock(&self.tables)?;
        let Some(person) = tables.people.get(&account) else { return Ok(Vec::new()) };
        let known = person.devices.iter().map(|(name, _)| {
            let (since, used) = person.times(name);
            OwnDevice { name: Some(name.clone()), since, used, ..OwnDevice::default() }
        });
        let mut devices: Vec<OwnDevice> = known.collect();
        for token in tables.tokens.values().filter(|token| token.account == account) {
            match devices.iter_mut().find(|device| device.name == token.device) {
                Some(device) => device.token_until = device.token_until.max(token.expires),
                None => devices.push(OwnDevice {
                    name: token.device.clone(),
                    token_until: token.expires,
                    ..OwnDevice::default()
                }),
            }
        }
        OwnDevice::in_order(&mut devices);
        Ok(devices)
    }

    fn receipts(&self, account: UserId) -> Result<Receipts, StoreError> {
        let tables = lock(&self.tables)?;
        Ok(tables.people.get(&account).map(|person| person.receipts).unwrap_or_default())
    }

    fn marks(&self, account: UserId) -> Result<Vec<Marks>, StoreError> {
        let tables = lock(&self.tables)?;
        let Some(person) = tables.people.get(&account) else {
            let read = MessageId::default();
            return Ok(vec![Marks { room: RoomId::Lobby, read, peer: None }]);
        };
        let marks = |(room, read): (RoomId, MessageId)| {
            let peer = room.other(account).map(|other| tables.people.get(&other));
            let peer = peer.map(|peer| peer.map(|peer| peer.seen(room)).unwrap_or_default());
            Marks { room, read, peer }
        };
        Ok(person.at(&person.read).into_iter().map(marks).collect())
    }

    fn rooms(&self) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        let tables = lock(&self.tables)?;
        let said = tables.rooms.iter().filter(|(_, about)| about.last.0 > 0);
        Ok(said.map(|(room, about)| (*room, about.last)).collect())
    }

    fn room(&self, no: RoomNo) -> Result<Option<NamedRoom>, StoreError> {
        Ok(lock(&self.tables)?.named.get(&no).map(|named| named.room.clone()))
    }

    fn room_named(&self, name: &RoomName) -> Result<Option<NamedRoom>, StoreError> {
        let tables = lock(&self.tables)?;
        let named = tables.by_name.get(name).and_then(|no| tables.named.get(no));
        Ok(named.map(|named| named.room.clone()))
    }

    fn named_rooms(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<NamedRoom>, StoreError> {
        let tables = lock(&self.tables)?;
        let behind = match after {
            Some(name) => (Bound::Excluded(name), Bound::Unbounded),
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        let behind = tables.by_name.range(behind).take(limit);
        let rooms = behind.filter_map(|(_, no)| tables.named.get(no));
        Ok(rooms.map(|named| named.room.clone()).collect())
    }

    fn rooms_of(&self, account: UserId) -> Result<Vec<(NamedRoom, Role)>, StoreError> {
        let tables = lock(&self.tables)?;
        let Some(person) = tables.people.get(&account) else { return Ok(Vec::new()) };
        let rooms = person.rooms.keys().filter_map(|room| {
            let RoomId::Named(no) = room else { return None };
            let named = tables.named.get(no)?;
            Some((named.room.clone(), *named.members.get(&account)?))
        });
        Ok(rooms.collect())
    }

    fn standing(&self, no: RoomNo, account: UserId) -> Result<Standing, StoreError> {
        let tables = lock(&self.tables)?;
        let role = tables.named.get(&no).and_then(|named| named.members.get(&account).copied());
        let person = tables.people.get(&account);
        let invited = person.is_some_and(|person| person.invited.contains(&no));
        Ok(Standing { role, invited })
    }

    fn since(&self, account: UserId, room: RoomId) -> Result<Option<MessageId>, StoreError> {
        let tables = lock(&self.tables)?;
        Ok(tables.people.get(&account).and_then(|person| person.rooms.get(&room).copied()))
    }

    fn members(
        &self,
        no: RoomNo,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<RoomMember>, StoreError> {
        let tables = lock(&self.tables)?;
        let Some(named) = tables.named.get(&no) else { return Ok(Vec::new()) };
        let behind = named.members.range((Bound::Excluded(after), Bound::Unbounded)).take(limit);
        let member = |(id, role): (&UserId, &Role)| {
            let name = tables.people.get(id)?.account.name.shown();
            Some(RoomMember { who: Party { id: *id, name }, role: *role, online: false })
        };
        Ok(behind.filter_map(member).collect())
    }

    fn is_operator(&self, account: UserId) -> Result<bool, StoreError> {
        let tables = lock(&self.tables)?;
        Ok(tables.people.get(&account).is_some_and(|person| person.is_operator))
    }

    fn ignored(&self, account: UserId) -> Result<Vec<UserId>, StoreError> {
        let tables = lock(&self.tables)?;
        let person = tables.people.get(&account);
        Ok(person.map_or(Vec::new(), |person| person.ignored.iter().copied().collect()))
    }

    fn ignores(&self, account: UserId, whom: UserId) -> Result<bool, StoreError> {
        let tables = lock(&self.tables)?;
        Ok(tables.people.get(&account).is_some_and(|person| person.ignored.contains(&whom)))
    }

    fn erasing(&self) -> Result<Vec<UserId>, StoreError> {
        Ok(lock(&self.tables)?.erasing.iter().copied().collect())
    }

    fn sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        Ok(lock(&self.tables)?.sanctions.values().cloned().collect())
    }

    fn deeds(&self, before: Option<(Millis, u64)>, limit: usize) -> Result<Vec<Deed>, StoreError> {
        Ok(lock(&self.tables)?.deeds(before, limit))
    }

    fn codes(&self) -> Result<Vec<Code>, StoreError> {
        Ok(lock(&self.tables)?.codes())
    }

    fn applicants(&self) -> Result<Vec<Asked>, StoreError> {
        Ok(lock(&self.tables)?.applicants())
    }

    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let tables = lock(&self.tables)?;
        let Some(room) = tables.rooms.get(&room) else { return Ok(Vec::new()) };
        let first = room.messages.partition_point(|message| message.id <= after);
        Ok(room.messages.iter().skip(first).take(limit).cloned().collect())
    }

    fn changes(
        &self,
        room: RoomId,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, Changes)>, StoreError> {
        let tables = lock(&self.tables)?;
        let Some(room) = tables.rooms.get(&room) else { return Ok(Vec::new()) };
        Ok(ids.iter().filter_map(|id| Some((*id, room.changes.get(id)?.clone()))).collect())
    }

    fn last(&self, room: RoomId) -> Result<MessageId, StoreError> {
        Ok(lock(&self.tables)?.last(room))
    }

    fn export(&self, take: &mut Take<'_>) -> Result<(), StoreError> {
        let records = copy::export(&*lock(&self.tables)?);
        records.into_iter().try_for_each(|record| take(Ok(record)))
    }

    fn belongings(&self, account: UserId, take: &mut Take<'_>) -> Result<(), StoreError> {
        let records = copy::belongings(&*lock(&self.tables)?, account);
        records.into_iter().try_for_each(|record| take(Ok(record)))
    }

    fn import(&self, records: &mut Records<'_>) -> Result<(), StoreError> {
        let mut tables = Tables::default();
        for record in records {
            copy::put(&mut tables, record?);
        }
        let mut present = lock(&self.tables)?;
        if !present.people.is_empty() || !present.rooms.is_empty() {
            return Err(StoreError::Refused(format!("memory: {NOT_EMPTY}")));
        }
        *present = tables;
        Ok(())
    }

    fn backup(&self, _: &Path) -> Result<(), StoreError> {
        let why = "memory: there is no file to copy; `server export` writes what there is";
        Err(StoreError::Unavailable(why.to_owned()))
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn renew(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn claim(&self) -> Result<Box<dyn Claim>, StoreError> {
        // Nobody else can reach it.
        Ok(Box::new(()))
    }

    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(Box::new(MemoryWriter { tables: Arc::clone(&self.tables) }))
    }
}

impl Writer for MemoryWriter {
    fn commit(&mut self, batch: &[&Write]) -> Result<Vec<Written>, StoreError> {
        let mut tables = lock(&self.tables)?;
        Ok(batch.iter().map(|write| tables.apply(write)).collect())
    }

    fn waits(&self) -> bool {
        false
    }
}

fn lock(tables: &Mutex<Tables>) -> Result<MutexGuard<'_, Tables>, StoreError> {
    // A thread died in the middle of a batch, so half of it may be there.
    tables.lock().map_err(|_poisoned| StoreError::Unavailable("a write was cut short".to_owned()))
}
