//! The tables, and what each write does to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::contract::{
    FIRST_GUEST, FIRST_ROOM, FIRST_USER, Kept, MAX_DEVICES, MAX_IGNORED, MAX_TOKENS, message,
    stored,
};
use super::super::{
    Account, Asked, Code, Entry, PeerMarks, Prune, Receipts, Secret, Token, TokenDigest, Write,
    Written,
};
use crate::clock;
use crate::protocol::{
    About, Append, Changes, Deed, Device, Edit, ErrorCode, Message, MessageId, Millis, Name,
    NamedRoom, Reference, Role, RoomId, RoomName, RoomNo, Sanction, SanctionKey, Text, UserId,
    What,
};

/// How far somebody is in each room.
pub(super) type Positions = BTreeMap<RoomId, MessageId>;

#[derive(Debug)]
pub(super) struct Tables {
    pub(super) people: BTreeMap<UserId, Person>,
    pub(super) next_user: UserId,
    pub(super) next_guest: UserId,
    /// Ids that the counter has not reached and that had an owner: not to be given again.
    pub(super) retired: BTreeSet<UserId>,
    /// Accounts that are gone and whose words are not yet.
    pub(super) erasing: BTreeSet<UserId>,
    pub(super) next_room: RoomNo,
    pub(super) rooms: BTreeMap<RoomId, Room>,
    pub(super) named: BTreeMap<RoomNo, Named>,
    pub(super) by_name: BTreeMap<RoomName, RoomNo>,
    pub(super) references: BTreeMap<ReferenceKey, Kept>,
    pub(super) tokens: BTreeMap<TokenDigest, Token>,
    pub(super) codes: BTreeMap<TokenDigest, Code>,
    /// Who waits to be let in; none of them is among the people.
    pub(super) applicants: BTreeMap<UserId, Asked>,
    pub(super) sanctions: BTreeMap<SanctionKey, Sanction>,
    pub(super) deeds: BTreeMap<(Millis, u64), Deed>,
}

/// Under what a reference is unique.
pub(super) type ReferenceKey = (RoomId, UserId, Option<Device>, Reference);

#[derive(Debug, Default)]
pub(super) struct Room {
    /// The newest id ever given.
    pub(super) last: MessageId,
    /// What is left, without holes.
    pub(super) messages: VecDeque<Message>,
    /// What has become of them.
    pub(super) changes: BTreeMap<MessageId, Changes>,
}

#[derive(Debug)]
pub(super) struct Named {
    pub(super) room: NamedRoom,
    /// The attempt that made it.
    pub(super) nonce: u64,
    pub(super) members: BTreeMap<UserId, Role>,
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) account: Account,
    pub(super) receipts: Receipts,
    pub(super) is_operator: bool,
    /// Private and named rooms, each with the last id that was not for this account: not 0 where
    /// it came later, or the id had another owner before.
    pub(super) rooms: Positions,
    pub(super) invited: BTreeSet<RoomNo>,
    pub(super) ignored: BTreeSet<UserId>,
    /// The cursors that all clients share that cannot acknowledge. Every device moves them too,
    /// so they are the account's furthest.
    pub(super) shared: Positions,
    pub(super) read: Positions,
    /// The device used last is at the end.
    pub(super) devices: Vec<(Device, Positions)>,
    /// When each of them came first, and when it was there last.
    pub(super) seen: BTreeMap<Device, (Millis, Millis)>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            people: BTreeMap::new(),
            next_user: FIRST_USER,
            next_guest: FIRST_GUEST,
            retired: BTreeSet::new(),
            erasing: BTreeSet::new(),
            next_room: FIRST_ROOM,
            rooms: BTreeMap::new(),
            named: BTreeMap::new(),
            by_name: BTreeMap::new(),
            references: BTreeMap::new(),
            tokens: BTreeMap::new(),
            codes: BTreeMap::new(),
            applicants: BTreeMap::new(),
            sanctions: BTreeMap::new(),
            deeds: BTreeMap::new(),
        }
    }
}

impl Tables {
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub(super) fn apply(&mut self, write: &Write) -> Written {
        match write {
            Write::Append(append) => self.append(append),
            Write::Register { id, name, secret, entry } => {
                self.register((*id, name.as_ref()), secret, *entry)
            }
            Write::MakeCode(code) => self.make_code(*code),
            Write::EndCode(digest) => self.end_code(digest),
            Write::Decide(decision) => self.decide(decision),
            Write::ForgetApplicants { before, limit } => self.forget_applicants(*before, *limit),
            Write::SetSecret { account, secret } => {
                self.revoke(|token| token.account == *account);
                self.change(*account, |person| person.account.secret = Secret::Hash(secret.clone()))
            }
            Write::Rename { account, name } => {
                self.change(*account, |person| person.account.name = name.clone())
            }
            Write::Delete { account, erase } => self.delete(*account, *erase),
            Write::OpenDevice { account, device, time } => {
                if let Some(person) = self.people.get_mut(account) {
                    person.open_device(device);
                    person.see(device, *time);
                }
                Written::Done
            }
            Write::Cursor(cursor) => {
                let up_to = cursor.up_to.min(self.last(cursor.room));
                if let Some(person) = self.member(cursor.account, cursor.room) {
                    person.advance(cursor.device.as_ref(), cursor.room, up_to);
                }
                Written::Done
            }
            Write::Read { account, room, up_to } => {
                let up_to = (*up_to).min(self.last(*room));
                if let Some(person) = self.member(*account, *room) {
                    forward(&mut person.read, *room, up_to);
                }
                Written::Done
            }
            Write::Receipts { account, receipts } => {
                self.change(*account, |person| person.receipts = *receipts)
            }
            Write::Ignore { account, whom, is_so } => match self.people.get_mut(account) {
                Some(person) => person.ignore(*whom, *is_so),
                None => Written::Refused(ErrorCode::UnknownUser),
            },
            Write::Token { account, device, digest, expires } => {
                let token = Token { account: *account, device: device.clone(), expires: *expires };
                self.give(*digest, token)
            }
            Write::RevokeToken(digest) => {
                self.tokens.remove(digest);
                Written::Done
            }
            Write::RevokeDevice { account, device } => {
                self.revoke(|token| (token.account, &token.device) == (*account, device))
            }
            Write::RevokeTokens(account) => self.revoke(|token| token.account == *account),
            Write::Guests(count) => self.guests(*count),
            Write::Room(change) => self.change_room(change),
            Write::Operator { account, is_operator } => {
                self.change(*account, |person| person.is_operator = *is_operator)
            }
            Write::Deed(_) | Write::Expire(_) | Write::ForgetDeeds { .. } => self.keep(write),
            Write::Erase(erase) => self.erase(erase),
            Write::Erased(account) => self.erased(*account),
            Write::Prune(prune) => self.prune(prune),
            Write::Forget { before, limit } => self.forget(*before, *limit),
            // What was closed is gone at once.
            Write::Sweep(_) => Written::Pruned(0),
            Write::Index { .. } => Written::Indexed(0),
            Write::Tell(_) | Write::Mark => Written::Done,
        }
    }

    fn revoke(&mut self, is_meant: impl Fn(&Token) -> bool) -> Written {
        self.tokens.retain(|_, token| !is_meant(token));
        Written::Done
    }

    fn guests(&mut self, count: u32) -> Written {
        let first = self.next_guest;
        self.next_guest = UserId(first.0.saturating_sub(i64::from(count)));
        Written::Guests(first)
    }

    fn append(&mut self, append: &Append) -> Written {
        if !self.is_open(append.room) {
            return Written::Refused(ErrorCode::UnknownRoom);
        }
        let key = (append.room, append.sender, append.device.clone(), append.reference.clone());
        if let Some(kept) = self.references.get(&key) {
            return kept.answer(append);
        }
        if self.erasing.contains(&append.sender) {
            return Written::Refused(ErrorCode::UnknownUser);
        }
        let last = self.last(append.room);
        let id = MessageId(last.0 + 1);
        self.references.insert(key, Kept::new(append, id));
        let room = self.rooms.entry(append.room).or_default();
        room.push(message(append, id, append.time));
        room.last = id;
        if let RoomId::Pair(one, other) = append.room {
            for member in [one, other] {
                if let Some(person) = self.people.get_mut(&member) {
                    person.rooms.entry(append.room).or_insert(last);
                }
            }
        }
        stored(append, id, append.time, true)
    }

    fn register(
        &mut self,
        (id, name): (Option<UserId>, Option<&Name>),
        secret: &str,
        entry: Entry,
    ) -> Written {
        let id = match id {
            Some(id) if id.0 <= 0 => return Written::Refused(ErrorCode::BadId),
            Some(id) if self.has(id) => {
                return Written::Refused(ErrorCode::IdTaken);
            }
            Some(id) => id,
            None => self.free_id(),
        };
        if !self.let_in(entry) {
            return Written::Refused(ErrorCode::BadCode);
        }
        let name = name.cloned().unwrap_or_else(|| Name::of_id(id));
        let account = Account { id, name, secret: Secret::Hash(secret.to_owned()) };
        match entry {
            Entry::Asked(since) => self.ask(account, since),
            Entry::Open | Entry::Code(..) => self.add(account),
        }
    }

    /// Is this id an account's, kept for somebody who waits, or one whose words are being erased?
    fn has(&self, id: UserId) -> bool {
        let is_kept = self.applicants.contains_key(&id) || self.erasing.contains(&id);
        is_kept || self.people.contains_key(&id)
    }

    pub(super) fn add(&mut self, account: Account) -> Written {
        let id = account.id;
        let at_the_end = Positions::from([(RoomId::Lobby, self.last(RoomId::Lobby))]);
        let shared = at_the_end.clone();
        let new = Person::new(account, Receipts::default());
        let person = Person { shared, read: at_the_end, ..new };
        self.people.insert(id, person);
        Written::Registered(id)
    }

    fn free_id(&mut self) -> UserId {
        loop {
            let id = self.next_user;
            self.next_user = UserId(id.0.saturating_add(1));
            if !self.has(id) && !self.retired.remove(&id) {
                return id;
            }
        }
    }

    pub(super) fn change<T>(
        &mut self,
        account: UserId,
        change: impl FnOnce(&mut Person) -> T,
    ) -> Written {
        match self.people.get_mut(&account) {
            Some(person) => {
                change(person);
                Written::Done
            }
            None => Written::Refused(ErrorCode::UnknownUser),
        }
    }

    fn delete(&mut self, account: UserId, erase: bool) -> Written {
        let Some(gone) = self.people.remove(&account) else {
            return Written::Refused(ErrorCode::UnknownUser);
        };
        for room in gone.rooms.into_keys() {
            if let RoomId::Named(no) = room {
                self.leave(no, account);
            }
        }
        self.tokens.retain(|_, token| token.account != account);
        if account >= self.next_user {
            self.retired.insert(account);
        }
        if erase {
            self.erasing.insert(account);
        }
        Written::Done
    }

    fn give(&mut self, digest: TokenDigest, token: Token) -> Written {
        let (account, now) = (token.account, clock::now_ms());
        if !self.people.contains_key(&account) {
            return Written::Refused(ErrorCode::UnknownUser);
        }
        self.tokens.remove(&digest);
        self.tokens.retain(|_, old| old.account != account || old.expires > now);
        let others = self.tokens.iter().filter(|(_, old)| old.account == account);
        let mut others: Vec<_> = others.map(|(digest, old)| (old.expires, *digest)).collect();
        others.sort_unstable();
        let n_too_many = (others.len() + 1).saturating_sub(MAX_TOKENS);
        for (_, digest) in others.iter().take(n_too_many) {
            self.tokens.remove(digest);
        }
        self.tokens.insert(digest, token);
        Written::Done
    }

    fn prune(&mut self, prune: &Prune) -> Written {
        let Some(room) = self.rooms.get_mut(&prune.room) else { return Written::Pruned(0) };
        let due = |message: &&Message| prune.is_due(room.last, message.id, message.time);
        let limit = usize::try_from(prune.limit).unwrap_or(usize::MAX);
        let n_due = room.messages.iter().take(limit).take_while(due).count();
        let gone: Vec<_> = room.messages.drain(..n_due).collect();
        if let Some(newest) = gone.last() {
            room.changes = room.changes.split_off(&MessageId(newest.id.0 + 1));
        }
        Written::Pruned(gone.len() as u64)
    }

    fn forget(&mut self, before: Millis, limit: u32) -> Written {
        let old = self.references.iter().filter(|(_, kept)| kept.time < before);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let old: Vec<_> = old.map(|(key, _)| key.clone()).take(limit).collect();
        for key in &old {
            self.references.remove(key);
        }
        Written::Pruned(old.len() as u64)
    }

    pub(super) fn last(&self, room: RoomId) -> MessageId {
        self.rooms.get(&room).map_or_else(MessageId::default, |room| room.last)
    }

    /// An account, if it exists and is in a room.
    fn member(&mut self, account: UserId, room: RoomId) -> Option<&mut Person> {
        let person = self.people.get_mut(&account)?;
        (room == RoomId::Lobby || person.rooms.contains_key(&room)).then_some(person)
    }
}

impl Room {
    /// One more message, and what it does to another one.
    pub(super) fn push(&mut self, message: Message) {
        if let Some(About { id, what }) = message.about.filter(|about| about.what != What::Reply)
            && !message.is_erased()
        {
            let changes = self.changes.entry(id).or_default();
            let reaction = (message.text.clone(), message.sender);
            let order = |(emoji, by): &(Text, UserId)| (emoji.as_str().to_owned(), *by);
            let key = order(&reaction);
            let at = changes.reactions.binary_search_by_key(&key, order);
            match (what, at) {
                (What::Edit, _) => {
                    let text = message.text.clone();
                    changes.edit = Some(Edit { id: message.id, time: message.time, text });
                }
                (What::Delete, _) => changes.is_deleted = true,
                (What::React, Err(at)) => changes.reactions.insert(at, reaction),
                (What::Unreact, Ok(at)) => drop(changes.reactions.remove(at)),
                (What::Reply | What::React | What::Unreact, _) => {}
            }
            if *changes == Changes::default() {
                self.changes.remove(&id);
            }
        }
        self.messages.push_back(message);
    }
}

impl Person {
    pub(super) fn new(account: Account, receipts: Receipts) -> Self {
        Self {
            account,
            receipts,
            is_operator: false,
            rooms: Positions::new(),
            invited: BTreeSet::new(),
            ignored: BTreeSet::new(),
            shared: Positions::new(),
            read: Positions::new(),
            devices: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Where this device is; a new one starts where the account is.
    fn open_device(&mut self, device: &Device) -> Option<&mut Positions> {
        let known = self.devices.iter().position(|(name, _)| name == device);
        let entry = match known {
            Some(at) => self.devices.remove(at),
            None => (device.clone(), self.shared.clone()),
        };
        if self.devices.len() == MAX_DEVICES {
            let (oldest, _) = self.devices.remove(0);
            self.seen.remove(&oldest);
        }
        self.devices.push(entry);
        self.devices.last_mut().map(|(_, positions)| positions)
    }

    fn ignore(&mut self, whom: UserId, is_so: bool) -> Written {
        if !is_so {
            self.ignored.remove(&whom);
        } else if !self.ignored.contains(&whom) && self.ignored.len() >= MAX_IGNORED {
            return Written::Refused(ErrorCode::TooManyIgnored);
        } else {
            self.ignored.insert(whom);
        }
        Written::Done
    }

    /// It came, or left.
    fn see(&mut self, device: &Device, time: Millis) {
        let (since, used) = self.seen.entry(device.clone()).or_default();
        if *since == Millis(0) {
            *since = time;
        }
        *used = time;
    }

    /// When a device came first, and when it was there last.
    pub(super) fn times(&self, device: &Device) -> (Millis, Millis) {
        self.seen.get(device).copied().unwrap_or_default()
    }

    fn advance(&mut self, device: Option<&Device>, room: RoomId, up_to: MessageId) {
        if let Some(positions) = device.and_then(|device| self.open_device(device)) {
            forward(positions, room, up_to);
        }
        forward(&mut self.shared, room, up_to);
    }

    /// It is not in this room any more.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.shared.remove(&room);
        self.read.remove(&room);
        for (_, positions) in &mut self.devices {
            positions.remove(&room);
        }
    }

    /// The rooms it is in, each with where it is by these positions.
    pub(super) fn at(&self, positions: &Positions) -> Vec<(RoomId, MessageId)> {
        let rooms = std::iter::once((RoomId::Lobby, MessageId::default()))
            .chain(self.rooms.iter().map(|(room, since)| (*room, *since)));
        let taken = |room| positions.get(&room).copied().unwrap_or_default();
        rooms.map(|(room, since)| (room, since.max(taken(room)))).collect()
    }

    /// What others may see of where it is in a room.
    pub(super) fn seen(&self, room: RoomId) -> PeerMarks {
        let shown = |positions: &Positions, may_be_seen: bool| {
            positions.get(&room).copied().filter(|_| may_be_seen).unwrap_or_default()
        };
        PeerMarks {
            delivered: shown(&self.shared, self.receipts.delivered),
            read: shown(&self.read, self.receipts.read),
        }
    }
}

fn forward(positions: &mut Positions, room: RoomId, up_to: MessageId) {
    let taken = positions.entry(room).or_default();
    *taken = up_to.max(*taken);
}
