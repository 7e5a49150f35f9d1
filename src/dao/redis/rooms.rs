//! Named rooms and their members: what is asked of Redis, and what append.lua is told.

use std::collections::BTreeMap;

use redis::{Cmd, cmd};

use super::super::{StoreError, Written};
use super::part::Part;
use super::{Redis, order};
use crate::protocol::{
    Change, ErrorCode, MessageId, NamedRoom, Party, Role, RoomChange, RoomDone, RoomId, RoomKind,
    RoomMember, RoomName, RoomNo, Standing, Topic, UserId,
};

/// A hash as Redis gives it.
type Fields = BTreeMap<String, String>;

impl Part {
    /// Up to `limit` names behind this one, or all, each with the number of its room.
    fn names(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<(String, RoomNo)>, StoreError> {
        let from = after.map_or("-".to_owned(), |name| format!("({name}"));
        let names: Vec<String> = self.ask(|redis| {
            let mut range = cmd("ZRANGEBYLEX");
            range.arg(self.tag.names()).arg(from).arg("+").arg("LIMIT").arg(0).arg(limit);
            range.query(redis)
        })?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<Option<u64>> =
            self.ask(|redis| cmd("HMGET").arg(self.tag.numbers()).arg(&names).query(redis))?;
        let named = names.into_iter().zip(numbers);
        Ok(named.filter_map(|(name, no)| Some((name, RoomNo(no?)))).collect())
    }

    /// Its rooms of these numbers, without those that are not there.
    fn rooms_with(&self, numbers: &[RoomNo]) -> Result<Vec<NamedRoom>, StoreError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut ask = redis::pipe();
        for no in numbers {
            ask.cmd("HGETALL").arg(self.tag.named(*no));
        }
        let found: Vec<Fields> = self.ask(|redis| ask.query(redis))?;
        let there = numbers.iter().zip(found).filter(|(_, fields)| !fields.is_empty());
        let read = |(no, fields): (&RoomNo, Fields)| {
            let unreadable = || StoreError::Unreadable(format!("the room {}", self.tag.named(*no)));
            read_room(*no, &fields).ok_or_else(unreadable)
        };
        there.map(read).collect()
    }

    fn rooms_of(&self, account: UserId) -> Result<Vec<(NamedRoom, Role)>, StoreError> {
        let keys: Vec<String> =
            self.ask(|redis| cmd("HKEYS").arg(self.tag.rooms(account)).query(redis))?;
        let mut numbers: Vec<_> = keys.iter().filter_map(|key| number(key)).collect();
        numbers.sort_unstable();
        let rooms = self.rooms_with(&numbers)?;
        let roles = self.roles(account, &numbers)?;
        let with_role = |room: NamedRoom| Some((room.clone(), *roles.get(&room.no)?));
        Ok(rooms.into_iter().filter_map(with_role).collect())
    }

    /// What an account is in rooms of these numbers, which are its own.
    pub(super) fn roles(
        &self,
        account: UserId,
        numbers: &[RoomNo],
    ) -> Result<BTreeMap<RoomNo, Role>, StoreError> {
        if numbers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut ask = redis::pipe();
        for no in numbers {
            ask.cmd("HGET").arg(self.tag.members(*no)).arg(account.0);
        }
        let roles: Vec<Option<String>> = self.ask(|redis| ask.query(redis))?;
        let known = numbers.iter().zip(roles);
        Ok(known.filter_map(|(no, role)| Some((*no, read_role(&role?)?))).collect())
    }

    pub(super) fn standing_of(&self, no: RoomNo, account: UserId) -> Result<Standing, StoreError> {
        let (role, invited, is_there): (Option<String>, bool, bool) = self.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HGET").arg(self.tag.members(no)).arg(account.0);
            ask.cmd("SISMEMBER").arg(self.tag.invited(account)).arg(no.0);
            ask.cmd("EXISTS").arg(self.tag.named(no)).query(redis)
        })?;
        // Invitations outlive the room that they are to.
        let invited = invited && is_there;
        Ok(Standing { role: role.as_deref().and_then(read_role), invited })
    }
}

impl Redis {
    /// The accounts that an account ignores, by id.
    pub(super) fn ignored_by(&self, account: UserId) -> Result<Vec<UserId>, StoreError> {
        let home = self.home();
        let mut ids: Vec<i64> =
            home.ask(|redis| cmd("SMEMBERS").arg(home.tag.ignored(account)).query(redis))?;
        ids.sort_unstable();
        Ok(ids.into_iter().map(UserId).collect())
    }

    pub(super) fn room_of(&self, no: RoomNo) -> Result<Option<NamedRoom>, StoreError> {
        Ok(self.parts.of_number(no).rooms_with(&[no])?.pop())
    }

    pub(super) fn number_of(&self, name: &RoomName) -> Result<Option<RoomNo>, StoreError> {
        let part = self.parts.get(self.parts.spread().of_name(name));
        let no: Option<u64> =
            part.ask(|redis| cmd("HGET").arg(part.tag.numbers()).arg(name.as_str()).query(redis))?;
        Ok(no.map(RoomNo))
    }

    pub(super) fn page_of_rooms(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<NamedRoom>, StoreError> {
        let mut named = self.parts.gather(|part| part.names(after, limit))?;
        if self.parts.others().is_empty() {
            let numbers: Vec<_> = named.into_iter().map(|(_, no)| no).collect();
            return self.home().rooms_with(&numbers);
        }
        named.sort_unstable();
        named.truncate(limit);
        let spread = self.parts.spread();
        let mut rooms = self.parts.gather(|part| {
            let its = named.iter().map(|(_, no)| *no);
            let its: Vec<_> = its.filter(|no| spread.of_number(*no) == part.tag.0).collect();
            part.rooms_with(&its)
        })?;
        rooms.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(rooms)
    }

    pub(super) fn rooms_of_account(
        &self,
        account: UserId,
    ) -> Result<Vec<(NamedRoom, Role)>, StoreError> {
        let mut rooms = self.parts.gather(|part| part.rooms_of(account))?;
        rooms.sort_unstable_by_key(|(room, _)| room.no);
        Ok(rooms)
    }

    pub(super) fn page_of_members(
        &self,
        no: RoomNo,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<RoomMember>, StoreError> {
        let part = self.parts.of_number(no);
        let found: BTreeMap<i64, String> =
            part.ask(|redis| cmd("HGETALL").arg(part.tag.members(no)).query(redis))?;
        let all: Vec<_> = found.into_iter().filter(|(id, _)| *id > after.0).collect();
        let mut page = Vec::new();
        for some in all.chunks(limit.max(1)) {
            let ids: Vec<_> = some.iter().map(|(id, _)| UserId(*id)).collect();
            let names: BTreeMap<_, _> = self
                .records(&ids)?
                .into_iter()
                .map(|account| (account.id, account.name.shown()))
                .collect();
            let member = |(id, role): &(i64, String)| {
                let id = UserId(*id);
                let name = match names.get(&id) {
                    Some(name) => std::sync::Arc::clone(name),
                    None if part.is_home() => id.to_string().into(),
                    // Deleted, and on its way out of this feed.
                    None => return None,
                };
                Some(RoomMember { who: Party { id, name }, role: read_role(role)?, online: false })
            };
            page.extend(some.iter().filter_map(member));
            if page.len() >= limit || part.is_home() {
                break;
            }
        }
        page.truncate(limit);
        Ok(page)
    }
}

/// The number in a named room's key.
pub(super) fn number(key: &str) -> Option<RoomNo> {
    match RoomId::parse(key) {
        Some(RoomId::Named(no)) => Some(no),
        _ => None,
    }
}

fn read_room(no: RoomNo, fields: &Fields) -> Option<NamedRoom> {
    Some(NamedRoom {
        no,
        name: RoomName::new(fields.get("name")?).ok()?,
        topic: Topic::new(fields.get("topic")?).ok()?,
        kind: RoomKind::from_name(fields.get("kind")?)?,
        guests: fields.get("guests")? == "1",
    })
}

fn read_role(role: &str) -> Option<Role> {
    match role {
        "1" => Some(Role::Member),
        "2" => Some(Role::Moderator),
        "3" => Some(Role::Owner),
        _ => None,
    }
}

/// A role as it stands there. Later ones are greater, as strings too.
pub(super) fn role(role: Role) -> u8 {
    match role {
        Role::Member => 1,
        Role::Moderator => 2,
        Role::Owner => 3,
    }
}

/// What append.lua takes for a change of a room.
pub(super) fn add_args(call: &mut Cmd, change: &RoomChange) {
    let by = change.by.id.0;
    match &change.what {
        Change::Create { name, kind, guests } => {
            call.arg("create").arg(by).arg(name.as_str()).arg(kind.name());
            call.arg(i32::from(*guests)).arg(change.nonce);
        }
        Change::Enter(no) => {
            call.arg("enter").arg(by).arg(no.0);
        }
        Change::Leave(no) => {
            call.arg("leave").arg(by).arg(no.0);
        }
        Change::Kick(no, whom, _) => {
            call.arg("kick").arg(whom.id.0).arg(no.0);
        }
        Change::Invite(no, whom) => {
            call.arg("invite").arg(whom.id.0).arg(no.0);
        }
        Change::Role(no, whom, given) => {
            call.arg("role").arg(whom.id.0).arg(no.0).arg(role(*given));
        }
        Change::Topic(no, topic) => {
            call.arg("topic").arg(no.0).arg(topic.as_str());
        }
        Change::Set(no, kind, guests) => {
            call.arg("set").arg(no.0).arg(kind.name()).arg(i32::from(*guests));
        }
        Change::Close(no, _) => {
            call.arg("close").arg(no.0).arg(change.nonce);
        }
        Change::Sanction(sanction) => order::add_sanction(call, sanction),
        Change::Lift(key) => {
            let room = key.place.map_or(String::new(), |no| no.0.to_string());
            call.arg("lift").arg(order::field(key)).arg(room);
        }
    }
    if is_recorded(&change.what) {
        order::add_deed(call, change);
    }
}

/// Does append.lua take the record of an act with it?
fn is_recorded(what: &Change) -> bool {
    use Change::{Close, Kick, Lift, Role, Sanction, Set};
    matches!(what, Close(..) | Kick(..) | Role(..) | Set(..) | Sanction(_) | Lift(_))
}

/// What append.lua answers to it; `None`: it does not answer so.
pub(super) fn read_answer(change: &RoomChange, answer: &str) -> Option<Written> {
    if let Some(code) = ErrorCode::from_name(answer) {
        return Some(Written::Refused(code));
    }
    let done = match &change.what {
        Change::Create { name, kind, guests } => {
            let no = RoomNo(answer.parse().ok()?);
            let (name, topic) = (name.clone(), Topic::default());
            RoomDone::Created(NamedRoom { no, name, topic, kind: *kind, guests: *guests })
        }
        Change::Enter(_) => {
            let (since, role) = answer.split_once(' ')?;
            RoomDone::Entered { since: MessageId(since.parse().ok()?), role: read_role(role)? }
        }
        Change::Leave(_) | Change::Kick(..) | Change::Sanction(_) if answer.is_empty() => {
            RoomDone::Left { successor: None }
        }
        Change::Leave(_) | Change::Kick(..) | Change::Sanction(_) => {
            RoomDone::Left { successor: Some(UserId(answer.parse().ok()?)) }
        }
        Change::Invite(..)
        | Change::Role(..)
        | Change::Topic(..)
        | Change::Set(..)
        | Change::Close(..)
        | Change::Lift(_) => RoomDone::Done,
    };
    Some(Written::Room(done))
}
