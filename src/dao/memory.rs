//! The store that forgets: everything in this process, for tests and for trying things out.
//!
//! It is also the contract in its shortest form: what the other stores do with tables and keys
//! stands here as plain collections.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use super::contract::{FIRST_GUEST, FIRST_USER, Kept, MAX_DEVICES, MAX_NAMED, message, stored};
use super::{Account, Identity, Secret, Store, StoreError, Write, Writer, Written};
use crate::protocol::{
    Append, Device, ErrorCode, Message, MessageId, Name, NameKey, Reference, RoomId, UserId,
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

/// How far somebody is in each room.
type Positions = BTreeMap<RoomId, MessageId>;

#[derive(Debug)]
struct Tables {
    people: BTreeMap<UserId, Person>,
    next_user: UserId,
    next_guest: UserId,
    /// Ids that the counter has not reached and that had an owner: not to be given again.
    retired: BTreeSet<UserId>,
    /// The message with id `n` is at `n - 1`.
    rooms: HashMap<RoomId, Vec<Message>>,
    references: HashMap<(RoomId, UserId, Option<Device>, Reference), Kept>,
}

#[derive(Debug)]
struct Person {
    account: Account,
    /// Private rooms, each with the last id that was not for this account: not 0 where the id
    /// had another owner before.
    rooms: Positions,
    /// The cursors that all clients share that cannot acknowledge. Every device moves them too,
    /// so they are the account's furthest.
    shared: Positions,
    /// The device used last is at the end.
    devices: Vec<(Device, Positions)>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            people: BTreeMap::new(),
            next_user: FIRST_USER,
            next_guest: FIRST_GUEST,
            retired: BTreeSet::new(),
            rooms: HashMap::new(),
            references: HashMap::new(),
        }
    }
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
        let start = MessageId::default();
        let Some(person) = tables.people.get(&account) else {
            return Ok(vec![(RoomId::Lobby, start)]);
        };
        let known = person.devices.iter().find(|(name, _)| Some(name) == device);
        let positions = known.map_or(&person.shared, |(_, positions)| positions);
        let rooms = std::iter::once((RoomId::Lobby, start))
            .chain(person.rooms.iter().map(|(room, since)| (*room, *since)));
        let taken = |room| positions.get(&room).copied().unwrap_or_default();
        Ok(rooms.map(|(room, since)| (room, since.max(taken(room)))).collect())
    }

    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let tables = lock(&self.tables)?;
        let skipped = usize::try_from(after.0).unwrap_or(usize::MAX);
        let messages = tables.rooms.get(&room).into_iter().flatten();
        Ok(messages.skip(skipped).take(limit).cloned().collect())
    }

    fn last(&self, room: RoomId) -> Result<MessageId, StoreError> {
        Ok(lock(&self.tables)?.last(room))
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
}

impl Tables {
    fn apply(&mut self, write: &Write) -> Written {
        match write {
            Write::Append(append) => self.append(append),
            Write::Register { id, name, secret } => self.register(*id, name.as_ref(), secret),
            Write::SetSecret { account, secret } => {
                self.change(*account, |person| person.account.secret = Secret::Hash(secret.clone()))
            }
            Write::Rename { account, name } => {
                self.change(*account, |person| person.account.name = name.clone())
            }
            Write::Delete(account) => self.delete(*account),
            Write::OpenDevice { account, device } => {
                if let Some(person) = self.people.get_mut(account) {
                    person.open_device(device);
                }
                Written::Done
            }
            Write::Cursor(cursor) => {
                let up_to = cursor.up_to.min(self.last(cursor.room));
                if let Some(person) = self.people.get_mut(&cursor.account) {
                    person.advance(cursor.device.as_ref(), cursor.room, up_to);
                }
                Written::Done
            }
            Write::Guests(count) => {
                let first = self.next_guest;
                self.next_guest = UserId(first.0.saturating_sub(i64::from(*count)));
                Written::Guests(first)
            }
        }
    }

    fn append(&mut self, append: &Append) -> Written {
        let key = (append.room, append.sender, append.device.clone(), append.reference.clone());
        if let Some(kept) = self.references.get(&key) {
            return kept.answer(append);
        }
        let last = self.last(append.room);
        let id = MessageId(last.0 + 1);
        self.references.insert(key, Kept::new(append, id));
        self.rooms.entry(append.room).or_default().push(message(append, id, append.time));
        if let RoomId::Pair(one, other) = append.room {
            for member in [one, other] {
                if let Some(person) = self.people.get_mut(&member) {
                    person.rooms.entry(append.room).or_insert(last);
                }
            }
        }
        stored(append, id, append.time, true)
    }

    fn register(&mut self, id: Option<UserId>, name: Option<&Name>, secret: &str) -> Written {
        let id = match id {
            Some(id) if id.0 <= 0 => return Written::Refused(ErrorCode::BadId),
            Some(id) if self.people.contains_key(&id) => {
                return Written::Refused(ErrorCode::IdTaken);
            }
            Some(id) => id,
            None => self.free_id(),
        };
        let name = name.cloned().unwrap_or_else(|| Name::of_id(id));
        let account = Account { id, name, secret: Secret::Hash(secret.to_owned()) };
        let shared = Positions::from([(RoomId::Lobby, self.last(RoomId::Lobby))]);
        let person = Person { account, rooms: Positions::new(), shared, devices: Vec::new() };
        self.people.insert(id, person);
        Written::Registered(id)
    }

    fn free_id(&mut self) -> UserId {
        loop {
            let id = self.next_user;
            self.next_user = UserId(id.0.saturating_add(1));
            if !self.people.contains_key(&id) && !self.retired.remove(&id) {
                return id;
            }
        }
    }

    fn change(&mut self, account: UserId, change: impl FnOnce(&mut Person)) -> Written {
        match self.people.get_mut(&account) {
            Some(person) => {
                change(person);
                Written::Done
            }
            None => Written::Refused(ErrorCode::UnknownUser),
        }
    }

    fn delete(&mut self, account: UserId) -> Written {
        if self.people.remove(&account).is_none() {
            return Written::Refused(ErrorCode::UnknownUser);
        }
        if account >= self.next_user {
            self.retired.insert(account);
        }
        Written::Done
    }

    fn last(&self, room: RoomId) -> MessageId {
        self.rooms
            .get(&room)
            .and_then(|messages| messages.last())
            .map_or_else(MessageId::default, |message| message.id)
    }
}

impl Person {
    /// Where this device is; a new one starts where the account is.
    fn open_device(&mut self, device: &Device) -> Option<&mut Positions> {
        let known = self.devices.iter().position(|(name, _)| name == device);
        let entry = match known {
            Some(at) => self.devices.remove(at),
            None => (device.clone(), self.shared.clone()),
        };
        if self.devices.len() == MAX_DEVICES {
            self.devices.remove(0);
        }
        self.devices.push(entry);
        self.devices.last_mut().map(|(_, positions)| positions)
    }

    fn advance(&mut self, device: Option<&Device>, room: RoomId, up_to: MessageId) {
        if room != RoomId::Lobby && !self.rooms.contains_key(&room) {
            return;
        }
        let advance = |positions: &mut Positions| {
            let taken = positions.entry(room).or_default();
            *taken = up_to.max(*taken);
        };
        if let Some(positions) = device.and_then(|device| self.open_device(device)) {
            advance(positions);
        }
        advance(&mut self.shared);
    }
}

fn lock(tables: &Mutex<Tables>) -> Result<MutexGuard<'_, Tables>, StoreError> {
    // A thread died in the middle of a batch, so half of it may be there.
    tables.lock().map_err(|_poisoned| StoreError::Unavailable("a write was cut short".to_owned()))
}
