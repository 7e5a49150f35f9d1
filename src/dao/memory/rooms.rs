//! Named rooms, and who is in them.

use std::collections::BTreeMap;

use super::super::Written;
use super::tables::{Named, Tables};
use crate::protocol::{
    Change, ErrorCode, NamedRoom, Role, RoomChange, RoomDone, RoomId, RoomKind, RoomName, RoomNo,
    Topic, UserId,
};

impl Tables {
    pub(super) fn change_room(&mut self, change: &RoomChange) -> Written {
        let by = change.by.id;
        let exists = change.what.room().is_none_or(|no| self.named.contains_key(&no));
        if !exists {
            return Written::Refused(ErrorCode::UnknownRoom);
        }
        let done = match &change.what {
            Change::Create { name, kind, guests } => self.create(change, name, *kind, *guests),
            Change::Enter(no) => Ok(self.enter(*no, by)),
            Change::Leave(no) => Ok(self.leave(*no, by)),
            Change::Kick(no, whom, _) => Ok(self.leave(*no, whom.id)),
            Change::Invite(no, whom) => self.invite(*no, whom.id),
            Change::Role(no, whom, role) => self.give_role(*no, whom.id, *role),
            Change::Topic(no, topic) => Ok(self.set(*no, |room| room.topic = topic.clone())),
            Change::Set(no, kind, guests) => {
                Ok(self.set(*no, |room| (room.kind, room.guests) = (*kind, *guests)))
            }
            Change::Close(no, _) => Ok(self.close(*no)),
            Change::Sanction(sanction) => Ok(self.sanction(sanction)),
            Change::Lift(key) => Ok(self.lift(key)),
        };
        if let (Ok(_), Some(deed)) = (&done, change.deed()) {
            self.deed(&deed);
        }
        done.map_or_else(Written::Refused, Written::Room)
    }

    fn create(
        &mut self,
        RoomChange { by, nonce, .. }: &RoomChange,
        name: &RoomName,
        kind: RoomKind,
        guests: bool,
    ) -> Result<RoomDone, ErrorCode> {
        let owner = by.id;
        if !self.people.contains_key(&owner) {
            return Err(ErrorCode::UnknownUser);
        }
        if let Some(taken) = self.by_name.get(name).and_then(|no| self.named.get(no)) {
            let is_own = taken.nonce == *nonce;
            let again = RoomDone::Created(taken.room.clone());
            return if is_own { Ok(again) } else { Err(ErrorCode::RoomTaken) };
        }
        let no = self.next_room;
        self.next_room = RoomNo(no.0 + 1);
        let room = NamedRoom { no, name: name.clone(), topic: Topic::default(), kind, guests };
        self.put_room(room.clone(), *nonce);
        self.enter(no, owner);
        Ok(RoomDone::Created(room))
    }

    pub(super) fn put_room(&mut self, room: NamedRoom, nonce: u64) {
        self.by_name.insert(room.name.clone(), room.no);
        self.rooms.entry(room.id()).or_default();
        self.named.insert(room.no, Named { room, nonce, members: BTreeMap::new() });
    }

    fn close(&mut self, no: RoomNo) -> RoomDone {
        let room = RoomId::Named(no);
        if let Some(closed) = self.named.remove(&no) {
            self.by_name.remove(&closed.room.name);
        }
        for person in self.people.values_mut() {
            person.forget(room);
            person.invited.remove(&no);
        }
        self.rooms.remove(&room);
        self.references.retain(|(of, ..), _| *of != room);
        self.sanctions.retain(|key, _| key.place != Some(no));
        RoomDone::Done
    }

    /// Can something be said there? A room that was closed does not come back.
    pub(super) fn is_open(&self, room: RoomId) -> bool {
        match room {
            RoomId::Named(no) => self.named.contains_key(&no),
            RoomId::Lobby | RoomId::Pair(..) => true,
        }
    }

    fn enter(&mut self, no: RoomNo, account: UserId) -> RoomDone {
        let room = RoomId::Named(no);
        let last = self.last(room);
        let passing = RoomDone::Entered { since: last, role: Role::Member };
        let (Some(named), Some(person)) = (self.named.get_mut(&no), self.people.get_mut(&account))
        else {
            return passing;
        };
        person.invited.remove(&no);
        let is_first = named.members.is_empty();
        let new = if is_first { Role::Owner } else { Role::Member };
        let role = *named.members.entry(account).or_insert(new);
        let since = *person.rooms.entry(room).or_insert(last);
        RoomDone::Entered { since, role }
    }

    pub(super) fn leave(&mut self, no: RoomNo, account: UserId) -> RoomDone {
        let room = RoomId::Named(no);
        if let Some(person) = self.people.get_mut(&account) {
            person.forget(room);
            person.invited.remove(&no);
        }
        let Some(named) = self.named.get_mut(&no) else {
            return RoomDone::Left { successor: None };
        };
        let was = named.members.remove(&account);
        let has_owner = named.members.values().any(|role| *role == Role::Owner);
        if was != Some(Role::Owner) || has_owner {
            return RoomDone::Left { successor: None };
        }
        let highest = named.members.iter_mut().max_by_key(|(id, role)| (**role, -id.0));
        let successor = highest.map(|(id, role)| {
            *role = Role::Owner;
            *id
        });
        RoomDone::Left { successor }
    }

    fn invite(&mut self, no: RoomNo, account: UserId) -> Result<RoomDone, ErrorCode> {
        let person = self.people.get_mut(&account).ok_or(ErrorCode::UnknownUser)?;
        if !person.rooms.contains_key(&RoomId::Named(no)) {
            person.invited.insert(no);
        }
        Ok(RoomDone::Done)
    }

    fn give_role(
        &mut self,
        no: RoomNo,
        account: UserId,
        role: Role,
    ) -> Result<RoomDone, ErrorCode> {
        let named = self.named.get_mut(&no);
        let member = named.and_then(|named| named.members.get_mut(&account));
        *member.ok_or(ErrorCode::NotThere)? = role;
        Ok(RoomDone::Done)
    }

    fn set(&mut self, no: RoomNo, change: impl FnOnce(&mut NamedRoom)) -> RoomDone {
        if let Some(named) = self.named.get_mut(&no) {
            change(&mut named.room);
        }
        RoomDone::Done
    }
}
