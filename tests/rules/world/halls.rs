//! Named rooms, as a store that is too simple to be wrong keeps them.

use std::collections::{BTreeMap, BTreeSet};

use hubbub::protocol::{
    Against, Change, ErrorCode, Measure, MessageId, NamedRoom, Role, RoomChange, RoomDone, RoomId,
    RoomKind, RoomName, RoomNo, Standing, Topic, UserId,
};

use super::ROOMS;

#[derive(Debug)]
struct Hall {
    room: NamedRoom,
    /// Since which id, and as what.
    members: BTreeMap<UserId, (u64, Role)>,
    invited: BTreeSet<UserId>,
}

#[derive(Debug)]
pub struct Halls {
    all: Vec<Hall>,
    /// Since which ids somebody ever was in a room, one time after the other.
    given: BTreeMap<(RoomNo, UserId), Vec<u64>>,
    /// Who ever kept order where.
    pub ruled: BTreeSet<(RoomNo, UserId)>,
}

impl Halls {
    /// Each of the first accounts has made a room; every second one is for the invited.
    pub fn new() -> Self {
        let hall = |n: usize| Hall {
            room: NamedRoom {
                no: RoomNo(n as u64 + 1),
                name: RoomName::new(&format!("room{n}")).unwrap(),
                topic: Topic::default(),
                kind: if n.is_multiple_of(2) { RoomKind::Open } else { RoomKind::Invite },
                guests: true,
            },
            members: BTreeMap::from([(UserId(100 + n as i64), (0, Role::Owner))]),
            invited: BTreeSet::new(),
        };
        let all: Vec<_> = (0..ROOMS).map(hall).collect();
        let owner = |n: usize| (all[n].room.no, UserId(100 + n as i64));
        let ruled = (0..ROOMS).map(owner).collect();
        Self { all, given: BTreeMap::new(), ruled }
    }

    fn hall(&self, no: RoomNo) -> &Hall {
        &self.all[no.0 as usize - 1]
    }

    pub fn room(&self, n: usize) -> NamedRoom {
        self.all[n].room.clone()
    }

    pub fn rooms_of(&self, user: UserId) -> Vec<(NamedRoom, Role)> {
        let is_in = |hall: &Hall| Some((hall.room.clone(), hall.members.get(&user)?.1));
        self.all.iter().filter_map(is_in).collect()
    }

    pub fn standing(&self, no: RoomNo, user: UserId) -> Standing {
        let hall = self.hall(no);
        let role = hall.members.get(&user).map(|(_, role)| *role);
        Standing { role, invited: hall.invited.contains(&user) }
    }

    pub fn since(&self, no: RoomNo, user: UserId) -> Option<u64> {
        self.hall(no).members.get(&user).map(|(since, _)| *since)
    }

    /// The same, of each time that somebody came in: they may hear of it when they are out again.
    pub fn given(&self, no: RoomNo, user: UserId) -> &[u64] {
        self.given.get(&(no, user)).map_or(&[], Vec::as_slice)
    }

    /// `last` is the last id of the room.
    pub fn change(&mut self, change: &RoomChange, last: u64) -> Result<RoomDone, ErrorCode> {
        let done = self.apply(change, last);
        for hall in &self.all {
            let rulers = hall.members.iter().filter(|(_, (_, role))| *role > Role::Member);
            self.ruled.extend(rulers.map(|(id, _)| (hall.room.no, *id)));
        }
        done
    }

    fn apply(&mut self, change: &RoomChange, last: u64) -> Result<RoomDone, ErrorCode> {
        let by = change.by.id;
        let no = change.what.room().unwrap();
        let hall = &mut self.all[no.0 as usize - 1];
        match &change.what {
            Change::Enter(_) if by.is_guest() => {
                Ok(RoomDone::Entered { since: MessageId(last), role: Role::Member })
            }
            Change::Enter(_) => {
                hall.invited.remove(&by);
                let role = if hall.members.is_empty() { Role::Owner } else { Role::Member };
                let (since, role) = *hall.members.entry(by).or_insert((last, role));
                self.given.entry((hall.room.no, by)).or_default().push(since);
                Ok(RoomDone::Entered { since: MessageId(since), role })
            }
            Change::Leave(_) => Ok(hall.leave(by)),
            Change::Kick(_, whom, _) => Ok(hall.leave(whom.id)),
            Change::Invite(_, whom) => {
                if !hall.members.contains_key(&whom.id) {
                    hall.invited.insert(whom.id);
                }
                Ok(RoomDone::Done)
            }
            Change::Role(_, whom, role) => match hall.members.get_mut(&whom.id) {
                Some(member) => {
                    member.1 = *role;
                    Ok(RoomDone::Done)
                }
                None => Err(ErrorCode::NotThere),
            },
            Change::Set(_, kind, guests) => {
                (hall.room.kind, hall.room.guests) = (*kind, *guests);
                Ok(RoomDone::Done)
            }
            Change::Sanction(sanction) => match (&sanction.key.measure, &sanction.key.against) {
                (Measure::Ban, Against::One(whom)) => Ok(hall.leave(*whom)),
                _ => Ok(RoomDone::Left { successor: None }),
            },
            Change::Lift(_) => Ok(RoomDone::Done),
            other => panic!("nobody asked for {other:?}"),
        }
    }
}

impl Hall {
    fn leave(&mut self, user: UserId) -> RoomDone {
        self.invited.remove(&user);
        let was = self.members.remove(&user);
        let has_owner = self.members.values().any(|(_, role)| *role == Role::Owner);
        if was.is_none_or(|(_, role)| role != Role::Owner) || has_owner {
            return RoomDone::Left { successor: None };
        }
        let next = self.members.iter().max_by_key(|(id, (_, role))| (*role, -id.0));
        let successor = next.map(|(id, _)| *id);
        if let Some(member) = successor.and_then(|id| self.members.get_mut(&id)) {
            member.1 = Role::Owner;
        }
        RoomDone::Left { successor }
    }
}

/// The number of a named room.
pub fn number(room: RoomId) -> Option<RoomNo> {
    match room {
        RoomId::Named(no) => Some(no),
        _ => None,
    }
}
