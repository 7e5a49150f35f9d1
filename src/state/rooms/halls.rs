//! The named rooms that are known, and who of those online is in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::protocol::{NamedRoom, Role, RoomId, RoomName, RoomNo, SessionId, UserId};

/// The named rooms that are known.
#[derive(Debug, Default)]
pub(in crate::state) struct Halls {
    pub(super) known: HashMap<RoomNo, Hall>,
    /// Those that were closed since the start: what a thread has read may be older. 8 bytes for each;
    /// people are throttled in making rooms.
    closed: BTreeSet<RoomNo>,
    /// Accounts that a ban has put out since the start and that have not come in again: that is
    /// written behind it, so what a thread has read may be older. 16 bytes for each.
    put_out: BTreeSet<(RoomNo, UserId)>,
}

#[derive(Debug)]
pub(super) struct Hall {
    pub(super) room: NamedRoom,
    /// Who of its members is online, and the guests in it.
    pub(super) people: BTreeMap<UserId, Role>,
    /// Sessions in it that are told by themselves: they catch up, or have just come in.
    pub(super) apart: Vec<SessionId>,
    /// Something was to be changed since the start, so what a thread has read may be older.
    pub(super) is_kept: bool,
}

impl Halls {
    pub(super) fn role(&self, no: RoomNo, user: UserId) -> Option<Role> {
        self.known.get(&no)?.people.get(&user).copied()
    }

    pub(in crate::state) fn name(&self, room: RoomId) -> Option<RoomName> {
        let RoomId::Named(no) = room else { return None };
        self.known.get(&no).map(|hall| hall.room.name.clone())
    }

    pub(in crate::state) fn has(&self, no: RoomNo, user: UserId) -> bool {
        self.role(no, user).is_some()
    }

    /// What somebody is a member of, and as what.
    pub(super) fn membership(&self, no: RoomNo, user: UserId) -> Option<(NamedRoom, Role)> {
        let hall = self.known.get(&no)?;
        Some((hall.room.clone(), *hall.people.get(&user)?))
    }

    /// This session is not told by itself any more; was it?
    pub(super) fn take_apart(&mut self, no: RoomNo, id: SessionId) -> bool {
        let Some(hall) = self.known.get_mut(&no) else { return false };
        let at = hall.apart.iter().position(|other| *other == id);
        at.map(|at| hall.apart.swap_remove(at)).is_some()
    }

    /// Who is in a room, of those online.
    pub(in crate::state) fn present(&self, no: RoomNo) -> Vec<UserId> {
        self.known.get(&no).map_or(Vec::new(), |hall| hall.people.keys().copied().collect())
    }

    pub(super) fn hall(&mut self, room: NamedRoom) -> &mut Hall {
        self.known.entry(room.no).or_insert_with(|| Hall {
            room,
            people: BTreeMap::new(),
            apart: Vec::new(),
            is_kept: false,
        })
    }

    /// Something is to be changed there, so what a thread has read may be older.
    pub(in crate::state) fn keep(&mut self, no: RoomNo) {
        if let Some(hall) = self.known.get_mut(&no) {
            hall.is_kept = true;
        }
    }

    /// Somebody is not there any more, or not online.
    pub(super) fn remove(&mut self, no: RoomNo, user: UserId) {
        let Some(hall) = self.known.get_mut(&no) else { return };
        hall.people.remove(&user);
        if hall.people.is_empty() && !hall.is_kept {
            self.known.remove(&no);
        }
    }

    /// A ban puts them out, and is written later.
    pub(in crate::state) fn put_out(&mut self, no: RoomNo, user: UserId) {
        if !user.is_guest() {
            self.put_out.insert((no, user));
        }
    }

    pub(super) fn is_put_out(&self, no: RoomNo, user: UserId) -> bool {
        self.put_out.contains(&(no, user))
    }

    /// They have come in again.
    pub(super) fn let_in(&mut self, no: RoomNo, user: UserId) {
        self.put_out.remove(&(no, user));
    }

    pub(in crate::state) fn is_closed(&self, no: RoomNo) -> bool {
        self.closed.contains(&no)
    }

    /// It is no more; nobody is in it.
    pub(super) fn close(&mut self, no: RoomNo) {
        self.closed.insert(no);
        self.put_out.retain(|(of, _)| *of != no);
        self.known.remove(&no);
    }
}
