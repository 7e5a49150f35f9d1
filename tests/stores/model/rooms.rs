//! Named rooms in the model.

use std::sync::Arc;

use hubbub::dao::{Store, Write, Written};
use hubbub::protocol::{
    Against, Change, ErrorCode, Measure, MessageId, Millis, NamedRoom, Party, Role, RoomChange,
    RoomDone, RoomId, RoomKind, RoomName, RoomNo, Sanction, SanctionKey, Standing, Topic, UserId,
};
use proptest::prelude::*;

use super::Model;
use super::any::{PEOPLE, person};

/// The numbers that occur.
pub(super) const NUMBERS: std::ops::RangeInclusive<u64> = 1..=12;

/// In feeds 1, 2, 0 and 1 of three.
const NAMES: [&str; 4] = ["hall", "cellar", "go", "大厅"];

/// Mostly the first, so that several are in it at once.
pub(super) fn number() -> impl Strategy<Value = RoomNo> {
    prop_oneof![5 => Just(1), 1 => Just(2), 1 => Just(3)].prop_map(RoomNo)
}

fn party() -> impl Strategy<Value = Party> {
    person().prop_map(|id| Party { id, name: "somebody".into() })
}

fn kind() -> impl Strategy<Value = RoomKind> {
    prop::sample::select(vec![RoomKind::Open, RoomKind::Invite, RoomKind::Hidden])
}

pub(super) fn any_change() -> impl Strategy<Value = Write> {
    let roles = vec![Role::Member, Role::Moderator, Role::Owner];
    let name = prop::sample::select(NAMES.to_vec()).prop_map(|name| RoomName::new(name).unwrap());
    let what = prop_oneof![
        4 => (name, kind(), any::<bool>())
            .prop_map(|(name, kind, guests)| Change::Create { name, kind, guests }),
        10 => number().prop_map(Change::Enter),
        2 => number().prop_map(Change::Leave),
        2 => (number(), party()).prop_map(|(no, whom)| Change::Kick(no, whom, None)),
        2 => (number(), party()).prop_map(|(no, whom)| Change::Invite(no, whom)),
        3 => (number(), party(), prop::sample::select(roles))
            .prop_map(|(no, whom, role)| Change::Role(no, whom, role)),
        1 => (number(), 0..3_u8).prop_map(|(no, n)| {
            Change::Topic(no, Topic::new(&"about".repeat(n.into())).unwrap())
        }),
        1 => (number(), kind(), any::<bool>())
            .prop_map(|(no, kind, guests)| Change::Set(no, kind, guests)),
        2 => (number(), person(), any::<bool>(), 0..9_i64).prop_map(|(no, id, ban, since)| {
            Change::Sanction(Box::new(sanction(key(no, id, ban), since)))
        }),
        1 => (number(), person(), any::<bool>())
            .prop_map(|(no, id, ban)| Change::Lift(key(no, id, ban))),
        1 => number().prop_map(|no| Change::Close(no, RoomName::new("any").unwrap())),
    ];
    // Nonces are never used twice.
    (party(), 0..u64::MAX / 2, what)
        .prop_map(|(by, nonce, what)| Write::Room(RoomChange { by, nonce, time: Millis(0), what }))
}

fn key(no: RoomNo, id: UserId, ban: bool) -> SanctionKey {
    let measure = if ban { Measure::Ban } else { Measure::Mute };
    SanctionKey { place: Some(no), measure, against: Against::One(id) }
}

fn sanction(key: SanctionKey, since: i64) -> Sanction {
    let by = Party { id: UserId(1), name: "somebody".into() };
    Sanction { key, every: 0, reason: None, by, since: Millis(since), until: None }
}

#[derive(Clone)]
pub(super) struct Hall {
    pub(super) room: NamedRoom,
    members: Vec<(i64, Role)>,
}

impl Model {
    /// Nothing is ever written into a named room that is not there.
    pub(super) fn has_room(&self, write: &Write) -> bool {
        let room = match write {
            Write::Append(append) => append.room,
            Write::Cursor(cursor) => cursor.room,
            Write::Read { room, .. } => *room,
            Write::Prune(prune) => prune.room,
            _ => RoomId::Lobby,
        };
        !matches!(room, RoomId::Named(_)) || self.halls.iter().any(|hall| hall.room.id() == room)
    }

    pub(super) fn change_room(&mut self, change: &RoomChange) -> Written {
        let by = change.by.id.0;
        if let Change::Create { name, kind, guests } = &change.what {
            return self.create(by, name, *kind, *guests);
        }
        let no = change.what.room().unwrap();
        if !self.halls.iter().any(|hall| hall.room.no == no) {
            return Written::Refused(ErrorCode::UnknownRoom);
        }
        let done = match &change.what {
            Change::Enter(_) => Ok(self.enter(no, by)),
            Change::Leave(_) => Ok(self.leave(no, by)),
            Change::Kick(_, whom, _) => Ok(self.leave(no, whom.id.0)),
            Change::Invite(_, whom) => self.invite(no, whom.id.0),
            Change::Role(_, whom, role) => self.give_role(no, whom.id.0, *role),
            Change::Topic(_, topic) => {
                self.hall(no).room.topic = topic.clone();
                Ok(RoomDone::Done)
            }
            Change::Set(_, kind, guests) => {
                let room = &mut self.hall(no).room;
                (room.kind, room.guests) = (*kind, *guests);
                Ok(RoomDone::Done)
            }
            Change::Sanction(sanction) => Ok(self.sanction(no, sanction)),
            Change::Lift(key) => {
                self.sanctions.remove(key);
                Ok(RoomDone::Done)
            }
            Change::Close(..) => Ok(self.close(no)),
            Change::Create { .. } => panic!("made above"),
        };
        done.map_or_else(Written::Refused, Written::Room)
    }

    fn sanction(&mut self, no: RoomNo, sanction: &Sanction) -> RoomDone {
        self.sanctions.insert(sanction.key.clone(), sanction.clone());
        match &sanction.key {
            SanctionKey { measure: Measure::Ban, against: Against::One(id), .. } => {
                self.leave(no, id.0)
            }
            _ => RoomDone::Left { successor: None },
        }
    }

    fn hall(&mut self, no: RoomNo) -> &mut Hall {
        self.halls.iter_mut().find(|hall| hall.room.no == no).unwrap()
    }

    fn create(&mut self, by: i64, name: &RoomName, kind: RoomKind, guests: bool) -> Written {
        if !self.has(by) {
            return Written::Refused(ErrorCode::UnknownUser);
        }
        if self.halls.iter().any(|hall| hall.room.name == *name) {
            return Written::Refused(ErrorCode::RoomTaken);
        }
        let no = self.next_number(name);
        let (name, topic) = (name.clone(), Topic::default());
        let room = NamedRoom { no, name, topic, kind, guests };
        self.halls.push(Hall { room: room.clone(), members: Vec::new() });
        self.enter(no, by);
        Written::Room(RoomDone::Created(room))
    }

    /// Each feed counts for itself, and its numbers lead back to it.
    fn next_number(&mut self, name: &RoomName) -> RoomNo {
        let n_feeds = self.n_feeds.max(1);
        let feed = name.feed(n_feeds);
        let n_made = self.made.entry(feed).or_default();
        *n_made += 1;
        let mut its = (1..).filter(|no| RoomId::Named(RoomNo(*no)).feed(n_feeds) == feed);
        RoomNo(its.nth(*n_made as usize - 1).unwrap())
    }

    fn enter(&mut self, no: RoomNo, account: i64) -> RoomDone {
        let room = RoomId::Named(no);
        let last = self.last(room);
        let passing = RoomDone::Entered { since: MessageId(last), role: Role::Member };
        if !self.has(account) {
            return passing;
        }
        self.invited.retain(|invited| *invited != (account, no));
        let hall = self.hall(no);
        if let Some((_, role)) = hall.members.iter().find(|(id, _)| *id == account) {
            let role = *role;
            let known = self.members.iter().find(|(id, its, _)| (*id, *its) == (account, room));
            return RoomDone::Entered { since: MessageId(known.unwrap().2), role };
        }
        let role = if hall.members.is_empty() { Role::Owner } else { Role::Member };
        hall.members.push((account, role));
        self.members.push((account, room, last));
        RoomDone::Entered { since: MessageId(last), role }
    }

    pub(super) fn leave(&mut self, no: RoomNo, account: i64) -> RoomDone {
        let room = RoomId::Named(no);
        self.invited.retain(|invited| *invited != (account, no));
        self.members.retain(|(id, its, _)| (*id, *its) != (account, room));
        self.reads.retain(|(id, its, _)| (*id, *its) != (account, room));
        self.cursors.retain(|(id, _, its, _)| (*id, *its) != (account, room));
        let members = &mut self.hall(no).members;
        let was_owner = members.contains(&(account, Role::Owner));
        members.retain(|(id, _)| *id != account);
        let has_owner = members.iter().any(|(_, role)| *role == Role::Owner);
        if !was_owner || has_owner {
            return RoomDone::Left { successor: None };
        }
        members.sort_by_key(|(id, role)| (std::cmp::Reverse(*role), *id));
        let successor = members.first_mut().map(|(id, role)| {
            *role = Role::Owner;
            UserId(*id)
        });
        RoomDone::Left { successor }
    }

    fn close(&mut self, no: RoomNo) -> RoomDone {
        let room = RoomId::Named(no);
        self.halls.retain(|hall| hall.room.no != no);
        self.invited.retain(|(_, invited)| *invited != no);
        self.members.retain(|(_, its, _)| *its != room);
        self.reads.retain(|(_, its, _)| *its != room);
        self.cursors.retain(|(_, _, its, _)| *its != room);
        self.messages.retain(|(append, _)| append.room != room);
        self.sanctions.retain(|key, _| key.place != Some(no));
        RoomDone::Done
    }

    /// An account is deleted.
    pub(super) fn leave_all(&mut self, account: i64) {
        for no in self.halls.iter().map(|hall| hall.room.no).collect::<Vec<_>>() {
            self.leave(no, account);
        }
    }

    fn invite(&mut self, no: RoomNo, account: i64) -> Result<RoomDone, ErrorCode> {
        if !self.has(account) {
            return Err(ErrorCode::UnknownUser);
        }
        if !self.is_in(account, RoomId::Named(no)) && !self.invited.contains(&(account, no)) {
            self.invited.push((account, no));
        }
        Ok(RoomDone::Done)
    }

    fn give_role(&mut self, no: RoomNo, account: i64, role: Role) -> Result<RoomDone, ErrorCode> {
        let member = self.hall(no).members.iter_mut().find(|(id, _)| *id == account);
        member.ok_or(ErrorCode::NotThere)?.1 = role;
        Ok(RoomDone::Done)
    }

    fn role(&self, no: RoomNo, account: i64) -> Option<Role> {
        let hall = self.halls.iter().find(|hall| hall.room.no == no)?;
        hall.members.iter().find(|(id, _)| *id == account).map(|(_, role)| *role)
    }

    /// The store knows the same rooms, and the same people in them.
    pub(super) fn agree_on_rooms(&self, store: &Arc<dyn Store>) {
        let held: Vec<_> = self.sanctions.values().cloned().collect();
        assert_eq!(store.sanctions().unwrap(), held);
        for no in NUMBERS.map(RoomNo) {
            let hall = self.halls.iter().find(|hall| hall.room.no == no);
            assert_eq!(store.room(no).unwrap().as_ref(), hall.map(|hall| &hall.room));
            let mut members = hall.map_or(Vec::new(), |hall| hall.members.clone());
            members.sort_by_key(|(id, _)| *id);
            let found = store.members(no, UserId(0), 100).unwrap();
            let found: Vec<_> = found.into_iter().map(|it| (it.who.id.0, it.role)).collect();
            assert_eq!(found, members, "{no:?}");
            for account in PEOPLE {
                let invited = self.invited.contains(&(account, no));
                let standing = Standing { role: self.role(no, account), invited };
                assert_eq!(store.standing(no, UserId(account)).unwrap(), standing, "{no:?}");
            }
        }
        let mut named: Vec<_> = self.halls.iter().map(|hall| hall.room.clone()).collect();
        for room in &named {
            assert_eq!(store.room_named(&room.name).unwrap().as_ref(), Some(room));
        }
        named.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(store.named_rooms(None, 100).unwrap(), named);
        for account in PEOPLE {
            let of = |hall: &Hall| Some((hall.room.clone(), self.role(hall.room.no, account)?));
            let mut rooms: Vec<_> = self.halls.iter().filter_map(of).collect();
            rooms.sort_by_key(|(room, _)| room.no);
            assert_eq!(store.rooms_of(UserId(account)).unwrap(), rooms, "{account}");
        }
    }
}
