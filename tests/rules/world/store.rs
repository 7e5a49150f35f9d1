//! A store that is a few lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hubbub::protocol::{Append, Device, ErrorCode, Message, MessageId, Name, RoomId, UserId};

use super::halls::{Halls, number};
use super::{ACCOUNTS, NAMES};

/// Room, account, device, reference: who sends the same again is acknowledged, and shown once.
type Key = (RoomId, UserId, Option<Device>, String);

#[derive(Debug)]
pub struct Store {
    pub names: BTreeMap<UserId, Name>,
    rooms: BTreeMap<RoomId, Vec<Arc<Message>>>,
    sent: BTreeMap<Key, Arc<Message>>,
    cursors: BTreeMap<(UserId, Option<Device>, RoomId), u64>,
    pub halls: Halls,
    /// Who ignores whom.
    ignored: BTreeSet<(UserId, UserId)>,
    ever_ignored: BTreeSet<(UserId, UserId)>,
}

pub fn device(n: u8) -> Device {
    Device::new(&format!("device {n}")).unwrap()
}

impl Store {
    pub fn new() -> Self {
        let named = |n: usize| match NAMES.get(n) {
            Some(name) => Name::new(name).unwrap(),
            None => Name::new(&format!("account {n} of them")).unwrap(),
        };
        Self {
            names: (0..ACCOUNTS).map(|n| (UserId(100 + n as i64), named(n))).collect(),
            rooms: BTreeMap::new(),
            sent: BTreeMap::new(),
            cursors: BTreeMap::new(),
            halls: Halls::new(),
            ignored: BTreeSet::new(),
            ever_ignored: BTreeSet::new(),
        }
    }

    pub fn ignore(&mut self, user: UserId, whom: UserId, is_so: bool) {
        if is_so {
            self.ignored.insert((user, whom));
            self.ever_ignored.insert((user, whom));
        } else {
            self.ignored.remove(&(user, whom));
        }
    }

    pub fn ignored_by(&self, user: UserId) -> impl Iterator<Item = UserId> {
        self.ignored.iter().filter(move |(by, _)| *by == user).map(|(_, whom)| *whom)
    }

    pub fn has_ignored(&self, user: UserId, whom: UserId) -> bool {
        self.ever_ignored.contains(&(user, whom))
    }

    /// How many accounts bear this name.
    pub fn bearers(&self, name: &Name) -> usize {
        self.names.values().filter(|other| other.key() == name.key()).count()
    }

    pub fn append(&mut self, append: &Append) -> Result<(Arc<Message>, bool), ErrorCode> {
        let reference = append.reference.as_str().to_owned();
        let key = (append.room, append.sender, append.device.clone(), reference);
        if let Some(first) = self.sent.get(&key) {
            let is_same = (&first.text, first.about) == (&append.text, append.about);
            let repeated = (Arc::clone(first), false);
            return if is_same { Ok(repeated) } else { Err(ErrorCode::ReferenceReused) };
        }
        let room = self.rooms.entry(append.room).or_default();
        let message = Arc::new(Message {
            id: MessageId(room.len() as u64 + 1),
            room: append.room,
            sender: append.sender,
            name: Arc::clone(&append.name),
            time: append.time,
            text: append.text.clone(),
            reference: append.reference.clone(),
            about: append.about,
        });
        room.push(Arc::clone(&message));
        self.sent.insert(key, Arc::clone(&message));
        Ok((message, true))
    }

    /// What a room holds, by id from 1.
    pub fn room(&self, room: RoomId) -> &[Arc<Message>] {
        self.rooms.get(&room).map_or(&[], Vec::as_slice)
    }

    /// The rooms with something in them, and the named ones, that somebody may see.
    pub fn rooms_of(&self, user: UserId) -> impl Iterator<Item = RoomId> {
        let named = self.halls.rooms_of(user).into_iter().map(|(room, _)| room.id());
        let others = self.rooms.keys().copied().filter(|room| number(*room).is_none());
        others.filter(move |room| may_see(user, *room)).chain(named)
    }

    pub fn advance(&mut self, user: UserId, device: Option<Device>, room: RoomId, up_to: u64) {
        let cursor = self.cursors.entry((user, device, room)).or_default();
        *cursor = up_to.max(*cursor);
    }

    pub fn cursor(&self, user: UserId, device: Option<&Device>, room: RoomId) -> u64 {
        let since = number(room).and_then(|no| self.halls.since(no, user)).unwrap_or(0);
        self.cursors.get(&(user, device.cloned(), room)).copied().unwrap_or(0).max(since)
    }
}

pub fn may_see(user: UserId, room: RoomId) -> bool {
    match room {
        RoomId::Lobby => true,
        // Whoever is in it: its own list says so.
        RoomId::Named(_) => true,
        RoomId::Pair(a, b) => !user.is_guest() && (user == a || user == b),
    }
}
