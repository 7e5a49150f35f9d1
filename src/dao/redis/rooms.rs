//! Named rooms and their members: what is asked of Redis, and what append.lua is told.

use std::collections::BTreeMap;

use redis::{ScriptInvocation, cmd};

use super::super::{StoreError, Written};
use super::{Redis, keys, order};
use crate::protocol::{
    Change, ErrorCode, MessageId, NamedRoom, Party, Role, RoomChange, RoomDone, RoomId, RoomKind,
    RoomMember, RoomName, RoomNo, Standing, Topic, UserId,
};

/// A hash as Redis gives it.
type Fields = BTreeMap<String, String>;

impl Redis {
    /// The accounts that an account ignores, by id.
    pub(super) fn ignored_by(&self, account: UserId) -> Result<Vec<UserId>, StoreError> {
        let mut ids: Vec<i64> =
            self.ask(|redis| cmd("SMEMBERS").arg(keys::ignored(account)).query(redis))?;
        ids.sort_unstable();
        Ok(ids.into_iter().map(UserId).collect())
    }

    pub(super) fn room_of(&self, no: RoomNo) -> Result<Option<NamedRoom>, StoreError> {
        Ok(self.rooms_with(&[no])?.pop())
    }

    pub(super) fn number_of(&self, name: &RoomName) -> Result<Option<RoomNo>, StoreError> {
        let no: Option<u64> =
            self.ask(|redis| cmd("HGET").arg(keys::numbers()).arg(name.as_str()).query(redis))?;
        Ok(no.map(RoomNo))
    }

    /// The rooms of these numbers, without those that are not there.
    pub(super) fn rooms_with(&self, numbers: &[RoomNo]) -> Result<Vec<NamedRoom>, StoreError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let mut ask = redis::pipe();
        for no in numbers {
            ask.cmd("HGETALL").arg(keys::named(*no));
        }
        let found: Vec<Fields> = self.ask(|redis| ask.query(redis))?;
        let there = numbers.iter().zip(found).filter(|(_, fields)| !fields.is_empty());
        let read = |(no, fields): (&RoomNo, Fields)| {
            read_room(*no, &fields)
                .ok_or_else(|| StoreError::Unreadable(format!("the room {}", keys::named(*no))))
        };
        there.map(read).collect()
    }

    pub(super) fn page_of_rooms(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<NamedRoom>, StoreError> {
        let from = after.map_or("-".to_owned(), |name| format!("({name}"));
        let names: Vec<String> = self.ask(|redis| {
            let mut range = cmd("ZRANGEBYLEX");
            range.arg(keys::names()).arg(from).arg("+").arg("LIMIT").arg(0).arg(limit);
            range.query(redis)
        })?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<Option<u64>> =
            self.ask(|redis| cmd("HMGET").arg(keys::numbers()).arg(&names).query(redis))?;
        let numbers: Vec<_> = numbers.into_iter().flatten().map(RoomNo).collect();
        self.rooms_with(&numbers)
    }

    pub(super) fn rooms_of_account(
        &self,
        account: UserId,
    ) -> Result<Vec<(NamedRoom, Role)>, StoreError> {
        let keys: Vec<String> =
            self.ask(|redis| cmd("HKEYS").arg(keys::rooms(account)).query(redis))?;
        let mut numbers: Vec<_> = keys.iter().filter_map(|key| number(key)).collect();
        numbers.sort_unstable();
        let rooms = self.rooms_with(&numbers)?;
        let roles = self.roles(account, &numbers)?;
        let with_role = |room: NamedRoom| Some((room.clone(), *roles.get(&room.no)?));
        Ok(rooms.into_iter().filter_map(with_role).collect())
    }

    /// What an account is in rooms of these numbers.
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
            ask.cmd("HGET").arg(keys::members(*no)).arg(account.0);
        }
        let roles: Vec<Option<String>> = self.ask(|redis| ask.query(redis))?;
        let known = numbers.iter().zip(roles);
        Ok(known.filter_map(|(no, role)| Some((*no, read_role(&role?)?))).collect())
    }

    pub(super) fn standing_of(&self, no: RoomNo, account: UserId) -> Result<Standing, StoreError> {
        let (role, invited, is_there): (Option<String>, bool, bool) = self.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HGET").arg(keys::members(no)).arg(account.0);
            ask.cmd("SISMEMBER").arg(keys::invited(account)).arg(no.0);
            ask.cmd("EXISTS").arg(keys::named(no)).query(redis)
        })?;
        // Invitations outlive the room that they are to.
        let invited = invited && is_there;
        Ok(Standing { role: role.as_deref().and_then(read_role), invited })
    }

    pub(super) fn page_of_members(
        &self,
        no: RoomNo,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<RoomMember>, StoreError> {
        let found: BTreeMap<i64, String> =
            self.ask(|redis| cmd("HGETALL").arg(keys::members(no)).query(redis))?;
        let page: Vec<_> = found.into_iter().filter(|(id, _)| *id > after.0).take(limit).collect();
        let ids: Vec<_> = page.iter().map(|(id, _)| UserId(*id)).collect();
        let names: BTreeMap<_, _> = self
            .records(&ids)?
            .into_iter()
            .map(|account| (account.id, account.name.shown()))
            .collect();
        let member = |(id, role): (i64, String)| {
            let id = UserId(id);
            let name = names.get(&id).map_or_else(|| id.to_string().into(), std::sync::Arc::clone);
            Some(RoomMember { who: Party { id, name }, role: read_role(&role)?, online: false })
        };
        Ok(page.into_iter().filter_map(member).collect())
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
pub(super) fn add_args(script: &mut ScriptInvocation<'_>, change: &RoomChange) {
    let by = change.by.id.0;
    match &change.what {
        Change::Create { name, kind, guests } => {
            script.arg("create").arg(by).arg(name.as_str()).arg(kind.name());
            script.arg(i32::from(*guests)).arg(change.nonce);
        }
        Change::Enter(no) => {
            script.arg("enter").arg(by).arg(no.0);
        }
        Change::Leave(no) => {
            script.arg("leave").arg(by).arg(no.0);
        }
        Change::Kick(no, whom, _) => {
            script.arg("kick").arg(whom.id.0).arg(no.0);
        }
        Change::Invite(no, whom) => {
            script.arg("invite").arg(whom.id.0).arg(no.0);
        }
        Change::Role(no, whom, given) => {
            script.arg("role").arg(whom.id.0).arg(no.0).arg(role(*given));
        }
        Change::Topic(no, topic) => {
            script.arg("topic").arg(no.0).arg(topic.as_str());
        }
        Change::Set(no, kind, guests) => {
            script.arg("set").arg(no.0).arg(kind.name()).arg(i32::from(*guests));
        }
        Change::Close(no, _) => {
            script.arg("close").arg(no.0).arg(change.nonce);
        }
        Change::Sanction(sanction) => order::add_sanction(script, sanction),
        Change::Lift(key) => {
            let room = key.place.map_or(String::new(), |no| no.0.to_string());
            script.arg("lift").arg(order::field(key)).arg(room);
        }
    }
    if is_recorded(&change.what) {
        order::add_deed(script, change);
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
