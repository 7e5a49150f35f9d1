//! Do the records of a store agree with each other? Looked at in their order, once, while they
//! pass by: for `verify`, and before `import` takes any of them for good.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::contract::{MAX_DEVICES, MAX_IGNORED, MAX_WAITING};
use super::record::{Record, Referred};
use super::{Cursor, Token};
use crate::protocol::{
    Deed, Device, Measure, Message, MessageId, Millis, NamedRoom, Role, RoomId, RoomName, RoomNo,
    Sanction, UserId,
};

/// Problems that are told. More are only counted: a store that is broken from end to end must
/// not fill the memory.
const MAX_TOLD: usize = 100;

/// What has been seen so far. Memory: some bytes for every room, private room's member and
/// account.
#[derive(Debug, Default)]
pub struct Audit {
    /// How many of each kind.
    counts: BTreeMap<&'static str, u64>,
    told: Vec<String>,
    n_problems: u64,
    last_of: HashMap<RoomId, MessageId>,
    /// The number that the next named room gets.
    next_room: u64,
    names: HashSet<RoomName>,
    /// The room whose messages are passing by.
    room: Option<OpenRoom>,
    /// Accounts that are gone, and whose words are not yet.
    erasing: HashSet<UserId>,
    accounts: HashSet<UserId>,
    /// Who waits to be let in.
    applicants: HashSet<UserId>,
    /// The account whose belongings are passing by.
    account: Option<OpenAccount>,
    /// The last act.
    done: Option<(Millis, u64)>,
}

#[derive(Debug)]
struct OpenRoom {
    room: RoomId,
    last: MessageId,
    /// It was said what it is called.
    is_named: bool,
    /// The first message that is left, and the newest seen.
    seen: Option<(MessageId, MessageId)>,
}

#[derive(Debug)]
struct OpenAccount {
    id: UserId,
    rooms: HashSet<RoomId>,
    devices: HashSet<Device>,
    ignored: HashSet<UserId>,
}

impl Audit {
    /// Looks at the next record.
    pub fn look(&mut self, record: &Record) {
        *self.counts.entry(record.kind()).or_default() += 1;
        match record {
            Record::Counters { next_user, next_guest, next_room } => {
                if next_user.0 <= 0 || next_guest.0 >= 0 || next_room.0 == 0 {
                    let next_room = next_room.0;
                    self.tell(format!("counters at {next_user}, {next_guest} and {next_room}"));
                }
                self.next_room = next_room.0;
            }
            Record::Retired(id) => {
                if id.0 <= 0 {
                    self.tell(format!("retired id {id}: not an account's"));
                }
            }
            Record::Erasing(id) => {
                if !self.erasing.insert(*id) || id.0 <= 0 {
                    self.tell(format!("{id}: to be erased twice, or not an account"));
                }
            }
            Record::Room { room, last } => self.open_room(*room, *last),
            Record::Named(room) => self.named(room),
            Record::Message(message) => self.message(message),
            Record::Reference(referred) => self.reference(referred),
            Record::Account { account, .. } => self.open_account(account.id),
            Record::Member { account, room, since, role } => {
                self.member((*account, *room), *since, *role);
            }
            Record::Invited { account, room } => self.invited(*account, *room),
            Record::Device { account, device, .. } => self.device(*account, device),
            Record::Cursor(cursor) => self.cursor(cursor),
            Record::Read { account, room, up_to } => {
                self.position("read mark", *account, *room, *up_to);
            }
            Record::Ignored { account, whom } => self.ignored(*account, *whom),
            Record::Code(code) => {
                if code.uses == 0 {
                    self.tell(format!("{:?}: an invitation code without uses", code.digest));
                }
            }
            Record::Asked(asked) => self.asked(asked.account.id),
            Record::Sanction(sanction) => self.sanction(sanction),
            Record::Deed(deed) => self.deed(deed),
            Record::Token { token: Token { account, .. }, .. } => {
                self.owner("token", *account);
            }
        }
    }

    /// Something that is no record at all, or a finding of the store's own.
    pub fn tell(&mut self, problem: String) {
        self.n_problems += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(problem);
        }
    }

    /// After the last record: how many there were of each kind, and what is wrong.
    pub fn end(mut self) -> Findings {
        self.close_room();
        if self.counts.get("counters") != Some(&1) {
            self.tell("the counters are not there once".to_owned());
        }
        self.cut_short()
    }

    /// Where it could not go on to the last record: what is missing then is no finding.
    pub fn cut_short(self) -> Findings {
        Findings { counts: self.counts, told: self.told, n_problems: self.n_problems }
    }

    /// The first problem so far.
    pub fn problem(&self) -> Option<&str> {
        self.told.first().map(String::as_str)
    }

    fn open_room(&mut self, room: RoomId, last: MessageId) {
        self.close_room();
        if let RoomId::Pair(one, _) = room
            && one.0 <= 0
        {
            self.tell(format!("{room}: {one} is not an account"));
        }
        if self.last_of.insert(room, last).is_some() {
            self.tell(format!("{room}: twice"));
        }
        self.room = Some(OpenRoom { room, last, is_named: false, seen: None });
    }

    /// After all accounts.
    fn asked(&mut self, id: UserId) {
        if id.0 <= 0 || self.accounts.contains(&id) || !self.applicants.insert(id) {
            self.tell(format!("{id} waits to be let in, and is taken or no id"));
        }
        if self.applicants.len() == MAX_WAITING + 1 {
            self.tell(format!("more than {MAX_WAITING} wait to be let in"));
        }
    }

    fn named(&mut self, room: &NamedRoom) {
        let id = room.id();
        match &mut self.room {
            Some(open) if open.room == id && !open.is_named => open.is_named = true,
            _ => self.tell(format!("{id}: is called {} twice, or without being a room", room.name)),
        }
        if room.no.0 >= self.next_room {
            self.tell(format!("{id}: its number will be given again"));
        }
        if !self.names.insert(room.name.clone()) {
            self.tell(format!("{id}: another room is called {}, too", room.name));
        }
    }

    /// Retention takes the oldest, so what is there must reach to the end.
    fn close_room(&mut self) {
        let Some(OpenRoom { room, last, is_named, seen }) = self.room.take() else { return };
        if matches!(room, RoomId::Named(_)) != is_named {
            self.tell(format!("{room}: it is not said what it is called"));
        }
        if let Some((_, newest)) = seen.filter(|(_, newest)| *newest < last) {
            let (first, last) = (newest.0 + 1, last.0);
            self.tell(format!("{room}: messages {first} to {last} are missing"));
        }
    }

    fn message(&mut self, message: &Message) {
        let (room, id) = (message.room, message.id);
        let problem = match &mut self.room {
            Some(open) if open.room == room => {
                let problem = match open.seen {
                    _ if id.0 == 0 || id > open.last => {
                        Some(format!("message {} of a room that ends at {}", id.0, open.last.0))
                    }
                    Some((_, newest)) if id.0 != newest.0 + 1 => {
                        Some(format!("message {} follows {}", id.0, newest.0))
                    }
                    _ => None,
                };
                open.seen = Some((open.seen.map_or(id, |(first, _)| first), id));
                problem
            }
            _ => Some(format!("message {} stands outside of its room", id.0)),
        };
        if let Some(problem) = problem {
            self.tell(format!("{room}: {problem}"));
        }
        if let Some(about) = message.about.filter(|about| about.id.0 == 0 || about.id >= id) {
            self.tell(format!(
                "{room}: message {} is about {}, not an earlier one",
                id.0, about.id.0
            ));
        }
        if matches!(room, RoomId::Pair(..)) && room.other(message.sender).is_none() {
            self.tell(format!("{room}: message {} is of {}", id.0, message.sender));
        }
    }

    fn reference(&mut self, referred: &Referred) {
        let Referred { room, sender, id, .. } = referred;
        let problem = match &self.room {
            Some(open) if open.room == *room => {
                let is_there = id.0 > 0 && *id <= open.last;
                (!is_there).then(|| format!("points to message {}", id.0))
            }
            _ => Some("stands outside of its room".to_owned()),
        };
        if let Some(problem) = problem {
            let reference = referred.reference.as_str();
            self.tell(format!("{room}: reference {reference:?} of {sender} {problem}"));
        }
    }

    fn open_account(&mut self, id: UserId) {
        self.close_room();
        if id.0 <= 0 {
            self.tell(format!("account {id}: not a positive id"));
        }
        if !self.accounts.insert(id) {
            self.tell(format!("account {id}: twice"));
        }
        if self.erasing.contains(&id) {
            self.tell(format!("account {id}: is there, and is to be erased as one that is gone"));
        }
        self.account = Some(OpenAccount {
            id,
            rooms: HashSet::new(),
            devices: HashSet::new(),
            ignored: HashSet::new(),
        });
    }

    /// Whatever belongs to an account stands behind it.
    fn owner(&mut self, what: &str, account: UserId) -> Option<&mut OpenAccount> {
        if self.account.as_ref().is_none_or(|open| open.id != account) {
            self.tell(format!("account {account}: a {what}, but no such account before it"));
        }
        self.account.as_mut().filter(|open| open.id == account)
    }

    fn member(&mut self, (account, room): (UserId, RoomId), since: MessageId, role: Option<Role>) {
        let last = self.last_of.get(&room).copied();
        let Some(owner) = self.owner("room", account) else { return };
        let is_first = owner.rooms.insert(room);
        let is_of_it = match room {
            RoomId::Named(_) => role.is_some(),
            _ => role.is_none() && room.other(account).is_some(),
        };
        if !is_first || !is_of_it {
            self.tell(format!("account {account}: is in {room}, twice or without being of it"));
        }
        if last.is_none_or(|last| since > last) {
            self.tell(format!(
                "account {account}: is in {room} since {}, which is not there",
                since.0
            ));
        }
    }

    fn invited(&mut self, account: UserId, no: RoomNo) {
        let room = RoomId::Named(no);
        let is_there = self.last_of.contains_key(&room);
        let Some(owner) = self.owner("invitation", account) else { return };
        if owner.rooms.contains(&room) || !is_there {
            self.tell(format!(
                "account {account}: is invited to {room}, which is not there, or \
                where it is already"
            ));
        }
    }

    fn sanction(&mut self, sanction: &Sanction) {
        let key = &sanction.key;
        let is_there = key.place.is_none_or(|no| self.last_of.contains_key(&RoomId::Named(no)));
        let is_slow = key.measure == Measure::Slow;
        let is_whole = is_slow == (sanction.every > 0)
            && sanction.until.is_none_or(|until| until > sanction.since);
        if !is_there || !is_whole {
            let measure = key.measure.name();
            self.tell(format!(
                "{measure} of {}: in a room that is not there, or over before it began",
                key.against
            ));
        }
    }

    fn deed(&mut self, deed: &Deed) {
        if self.done.replace(deed.at()).is_some_and(|before| before >= deed.at()) {
            self.tell(format!("{} at {}: not behind the one before it", deed.act, deed.time.0));
        }
    }

    fn device(&mut self, account: UserId, device: &Device) {
        let Some(owner) = self.owner("device", account) else { return };
        let is_first = owner.devices.insert(device.clone());
        if !is_first || owner.devices.len() > MAX_DEVICES {
            let device = device.as_str();
            self.tell(format!("account {account}: device {device:?} is twice or too much"));
        }
    }

    fn ignored(&mut self, account: UserId, whom: UserId) {
        let Some(owner) = self.owner("ignored", account) else { return };
        let is_first = owner.ignored.insert(whom);
        if !is_first || owner.ignored.len() > MAX_IGNORED || whom == account {
            self.tell(format!("account {account}: ignores {whom}, twice, itself or one too many"));
        }
    }

    fn cursor(&mut self, cursor: &Cursor) {
        let Cursor { account, device, room, up_to } = cursor;
        self.position("cursor", *account, *room, *up_to);
        let Some(device) = device else { return };
        if let Some(owner) = &self.account
            && owner.id == *account
            && !owner.devices.contains(device)
        {
            let device = device.as_str();
            self.tell(format!(
                "account {account}: a cursor of device {device:?}, which is unknown"
            ));
        }
    }

    fn position(&mut self, what: &str, account: UserId, room: RoomId, up_to: MessageId) {
        let last = self.last_of.get(&room).copied();
        let Some(owner) = self.owner(what, account) else { return };
        let is_in = room == RoomId::Lobby || owner.rooms.contains(&room);
        if !is_in {
            self.tell(format!("account {account}: a {what} in {room}, where it is not"));
        }
        if up_to > last.unwrap_or_default() {
            self.tell(format!(
                "account {account}: a {what} at {} of {room}, beyond its end",
                up_to.0
            ));
        }
    }
}

/// What an [`Audit`] found.
#[derive(Debug)]
pub struct Findings {
    /// How many records of each kind.
    pub counts: BTreeMap<&'static str, u64>,
    /// The first problems, one line each.
    pub told: Vec<String>,
    /// How many there were in all.
    pub n_problems: u64,
}
