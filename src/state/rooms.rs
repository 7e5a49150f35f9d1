//! Named rooms: who of those online is in them, what may be done in them, and who is told.
//!
//! Known are the rooms that somebody online is in, and those that changed since the start; which
//! rooms somebody is in is read by the session's thread after its attachment and handed in
//! ([`super::Input::Rooms`]). What was posted since the attachment is newer than what was read.
//!
//! A change goes through the journal, like a message, and holds when it is posted: so it has its
//! place among the messages of its room.

mod changed;
mod closing;
mod halls;

use std::sync::Arc;

pub(super) use halls::Halls;

use super::order::refusal_of;
use super::replay::{Held, Link};
use super::rights::{Actor, Deed, Rank, may};
use super::{Effect, Joined, State, ignore};
use crate::protocol::{
    Change, ErrorCode, Event, NamedRoom, News, Party, Refusal, Role, RoomAct, RoomAsk, RoomChange,
    RoomId, RoomKind, RoomMember, RoomName, RoomNews, RoomNo, SessionId, Standing, UserId,
};

/// Named rooms that one account can be in: its login asks for each of them.
pub const MAX_ROOMS: usize = 200;

/// A session that comes into a room: what is said there waits until its thread has sent what was
/// said before.
#[derive(Debug)]
pub(super) struct Joining {
    pub(super) no: RoomNo,
    pub(super) held: Held,
}

impl State {
    /// A session's thread has read which rooms its account is in. Other sessions of the account
    /// are not concerned: they have read for themselves, or will hear of it when it is posted.
    pub(super) fn on_rooms(
        &mut self,
        id: SessionId,
        rooms: Vec<(NamedRoom, Role)>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else {
            // It was ended meanwhile.
            return effects.push(Effect::Ready { session: id, rooms: Vec::new() });
        };
        let is_there = |room: &NamedRoom| {
            !self.halls.is_closed(room.no) && !self.halls.is_put_out(room.no, user)
        };
        let rooms: Vec<_> = rooms.into_iter().filter(|(room, _)| is_there(room)).collect();
        for (room, role) in rooms {
            if self.people.enter_room(user, room.no) {
                self.halls.hall(room.clone()).people.insert(user, role);
            }
            // Who was banned while they were away, or comes from where nobody may, is no member.
            if self.halls.has(room.no, user) {
                self.heed_ban(room.no, user, effects);
            }
        }
        self.note_change(user);
        self.follow_rooms(id, effects);
        let rooms = self.memberships(user);
        effects.push(Effect::Ready { session: id, rooms });
    }

    /// How many are in a room and online.
    pub(super) fn n_online_in(&self, no: RoomNo) -> usize {
        self.halls.known.get(&no).map_or(0, |hall| hall.people.len())
    }

    /// The room as it is known here: newer than what a thread has read.
    pub(super) fn newest(&self, room: NamedRoom) -> NamedRoom {
        self.halls.known.get(&room.no).map_or(room, |hall| hall.room.clone())
    }

    /// Something is about to be changed in a room.
    pub(super) fn keep_room(&mut self, room: NamedRoom) {
        self.halls.hall(room).is_kept = true;
    }

    /// A room as it is now: another server has changed it, or this one.
    pub(super) fn learn_room(&mut self, room: NamedRoom) {
        let hall = self.halls.hall(room.clone());
        (hall.room, hall.is_kept) = (room, true);
    }

    /// Which rooms somebody is in was hearsay of another server's.
    pub(super) fn forget_rooms(&mut self, user: UserId) {
        for no in self.people.forget_rooms(user) {
            self.halls.remove(no, user);
        }
    }

    /// Somebody is in a room, on another server.
    pub(super) fn place_in(&mut self, room: &NamedRoom, user: UserId, role: Role) {
        self.halls.hall(room.clone()).people.insert(user, role);
    }

    /// The rooms that somebody is in, as far as is known.
    pub(super) fn memberships(&self, user: UserId) -> Vec<(NamedRoom, Role)> {
        let known = self.people.rooms(user).into_iter();
        known.filter_map(|no| self.halls.membership(no, user)).collect()
    }

    /// A session is told from now on of all rooms that its account is known to be in.
    pub(super) fn follow_rooms(&mut self, id: SessionId, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get(&id) else { return };
        for no in self.people.rooms(session.user) {
            self.subscribe(id, no, effects);
        }
    }

    /// A session is told from now on what happens in a room, if it shows rooms at all.
    fn subscribe(&mut self, id: SessionId, no: RoomNo, effects: &mut Vec<Effect>) {
        let session = self.sessions.get_mut(&id);
        if session.is_some_and(|session| session.shows_rooms && session.rooms.insert(no)) {
            self.place(id, no, effects);
        }
    }

    /// With all others, or by itself: while it catches up, or comes in.
    fn place(&mut self, id: SessionId, no: RoomNo, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get(&id) else { return };
        let is_joining = session.joining.as_ref().is_some_and(|joining| joining.no == no);
        if matches!(session.link, Link::Entered) && !is_joining {
            effects.push(Effect::Subscribe { session: id, room: RoomId::Named(no) });
        } else if let Some(hall) = self.halls.known.get_mut(&no) {
            hall.apart.push(id);
        }
    }

    fn unsubscribe(&mut self, id: SessionId, no: RoomNo, effects: &mut Vec<Effect>) {
        let session = self.sessions.get_mut(&id);
        if !session.is_some_and(|session| session.rooms.remove(&no)) {
            return;
        }
        if !self.halls.take_apart(no, id) {
            effects.push(Effect::Unsubscribe { session: id, room: RoomId::Named(no) });
        }
    }

    /// A session is told with all others from now on.
    pub(super) fn enter(&mut self, id: SessionId, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.link = Link::Entered;
        effects.push(Effect::Enter(id));
        for no in session.rooms.clone() {
            self.halls.take_apart(no, id);
            self.place(id, no, effects);
        }
    }

    /// A session ends. With its last one a guest leaves its rooms; an account stays in them.
    pub(super) fn leave_rooms(&mut self, id: SessionId, user: UserId, effects: &mut Vec<Effect>) {
        let rooms = self.people.rooms(user);
        for no in &rooms {
            self.unsubscribe(id, *no, effects);
        }
        if self.people.sessions(user) != [id] {
            return;
        }
        for no in rooms {
            if user.is_guest() {
                self.tell_news(no, self.party(user), News::Left, effects);
            }
            self.halls.remove(no, user);
        }
    }

    /// Carries out what a session asks about a room, if it may.
    pub(super) fn on_room_act(&mut self, id: SessionId, act: RoomAct, effects: &mut Vec<Effect>) {
        let is_join = act.ask == RoomAsk::Join;
        let read = act.room.clone();
        match self.room_change(id, act, effects) {
            Ok(Some(what)) => {
                self.keep_room(read);
                self.change(id, what, effects);
            }
            Ok(None) => effects.push(Effect::Finished { session: id, acts: 1, bytes: 0 }),
            Err(refusal) => {
                self.tell(id, Event::Refused(refusal), effects);
                if is_join {
                    effects.push(Effect::Joined { session: id, joined: None });
                }
                effects.push(Effect::Finished { session: id, acts: 1, bytes: 0 });
            }
        }
    }

    /// Has a change written.
    pub(super) fn change(&mut self, id: SessionId, what: Change, effects: &mut Vec<Effect>) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let (by, nonce) = (self.party(user), self.count_in_flight(id));
        effects.push(Effect::Change {
            session: id,
            change: RoomChange { by, nonce, time: self.now.wall, what },
        });
    }

    /// What is to be written; nothing, where it is so already or only a question.
    fn room_change(
        &mut self,
        id: SessionId,
        act: RoomAct,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Change>, Refusal> {
        let RoomAct { room, mine, whom, ask } = act;
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else {
            return Ok(None);
        };
        if self.stop_at.is_some() {
            return Err(ErrorCode::ShuttingDown.into());
        }
        let no = room.no;
        let room = self.newest(room);
        let actor = self.actor(user, no, mine);
        let target = whom.as_ref().map(|(whom, standing)| self.rank(whom.id, no, *standing));
        let is_member = self.halls.has(no, user);
        may(deed(&ask), &room, actor, target)?;
        let whom = whom.map(|(whom, _)| whom);
        if whom.as_ref().is_some_and(|whom| whom.id == user) {
            // One leaves by oneself, and an owner cannot step down unseen.
            return Err(ErrorCode::NotAllowed.into());
        }
        if let (RoomAsk::Join, Some(ban)) = (&ask, self.ban_of(user, no)) {
            return Err(refusal_of(ErrorCode::Banned, ban));
        }
        Ok(Some(match (ask, whom) {
            (RoomAsk::Join, _) if is_member => {
                let role = self.halls.role(no, user).unwrap_or(Role::Member);
                let joined = Some(Joined { room, role, since: None });
                effects.push(Effect::Joined { session: id, joined });
                return Ok(None);
            }
            (RoomAsk::Join, _) if self.people.rooms(user).len() >= MAX_ROOMS => {
                return Err(ErrorCode::TooManyRooms.into());
            }
            (RoomAsk::Join, _) => Change::Enter(no),
            (RoomAsk::Part, _) => Change::Leave(no),
            (RoomAsk::Topic(None), _) => {
                self.tell(id, Event::TopicIs(Box::new(room)), effects);
                return Ok(None);
            }
            (RoomAsk::Topic(Some(topic)), _) => Change::Topic(no, topic),
            (RoomAsk::Set(kind, guests), _) => Change::Set(no, kind, guests),
            (RoomAsk::Close, _) => Change::Close(no, room.name),
            (RoomAsk::Invite(_), Some(whom)) => Change::Invite(no, whom),
            (RoomAsk::Kick(_, note), Some(whom)) if target >= Some(Rank::Visitor) => {
                Change::Kick(no, whom, note)
            }
            (RoomAsk::Role(_, role), Some(whom)) => Change::Role(no, whom, role),
            (RoomAsk::Kick(..), _) => return Err(ErrorCode::NotThere.into()),
            // What keeps order comes as an act of its own.
            (RoomAsk::Invite(_) | RoomAsk::Role(..), None) | (RoomAsk::Order(_), _) => {
                return Err(ErrorCode::Internal.into());
            }
        }))
    }

    pub(super) fn create(
        &mut self,
        id: SessionId,
        (name, kind, guests): (RoomName, RoomKind, bool),
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let refused = match () {
            () if self.stop_at.is_some() => Some(ErrorCode::ShuttingDown),
            () if user.is_guest() => Some(ErrorCode::AccountNeeded),
            () if self.people.rooms(user).len() >= MAX_ROOMS => Some(ErrorCode::TooManyRooms),
            () => None,
        };
        let Some(code) = refused else {
            return self.change(id, Change::Create { name, kind, guests }, effects);
        };
        self.tell(id, Event::Refused(Refusal::of(code)), effects);
        effects.push(Effect::Joined { session: id, joined: None });
        effects.push(Effect::Finished { session: id, acts: 1, bytes: 0 });
    }

    /// What was known of somebody is what they are there; of who is not online, what was read.
    pub(super) fn rank(&self, user: UserId, no: RoomNo, read: Standing) -> Rank {
        let known = self.halls.role(no, user);
        if user.is_guest() {
            return if known.is_some() { Rank::Visitor } else { Rank::Guest };
        }
        let is_known = self.people.has_left(user, no) || self.halls.is_put_out(no, user);
        match known.or(read.role.filter(|_| !is_known)) {
            Some(role) => Rank::of(role),
            None if read.invited => Rank::Invited,
            None => Rank::Stranger,
        }
    }

    pub(super) fn actor(&self, user: UserId, no: RoomNo, read: Standing) -> Actor {
        Actor { rank: self.rank(user, no, read), is_operator: self.people.is_operator(user) }
    }

    /// May somebody say something in a room?
    pub(super) fn may_say(&self, user: UserId, no: RoomNo) -> Result<(), ErrorCode> {
        match self.halls.has(no, user) {
            true => Ok(()),
            false => Err(ErrorCode::NotMember),
        }
    }

    /// May somebody take back what another one said in a room?
    pub(super) fn may_delete(
        &self,
        user: UserId,
        no: RoomNo,
        (sender, standing): (UserId, Standing),
    ) -> Result<(), ErrorCode> {
        // Whoever is in it is online, so it is known; of others only an operator may.
        let Some(room) = self.halls.known.get(&no).map(|hall| &hall.room) else {
            let is_operator = self.people.is_operator(user);
            return if is_operator { Ok(()) } else { Err(ErrorCode::NotMember) };
        };
        let actor = self.actor(user, no, Standing::default());
        may(Deed::Delete, room, actor, Some(self.rank(sender, no, standing)))
    }

    /// How somebody is called.
    pub(super) fn party(&self, id: UserId) -> Party {
        Party { id, name: self.people.shown(id) }
    }

    pub(super) fn tell_news(
        &mut self,
        no: RoomNo,
        by: Party,
        what: News,
        effects: &mut Vec<Effect>,
    ) {
        let room = RoomId::Named(no);
        if let Some(name) = self.halls.name(room) {
            let news = RoomNews { room, name, by, what };
            self.tell_room(no, Event::Room(Box::new(news)), None, effects);
        }
    }

    /// Tells all who are in a room.
    pub(super) fn tell_room(
        &mut self,
        no: RoomNo,
        event: Event,
        from: Option<SessionId>,
        effects: &mut Vec<Effect>,
    ) {
        let event = Arc::new(event);
        let apart = self.halls.known.get(&no).map_or(Vec::new(), |hall| hall.apart.clone());
        for id in apart {
            self.tell_one(id, &event, from, effects);
        }
        let deaf = self.deaf_to(&event, Some(no));
        let passed = ignore::passed(&event, &deaf);
        effects.push(Effect::Room { room: RoomId::Named(no), event, from, deaf });
        effects.extend(passed);
    }

    /// Adds to a page of rooms how many are online in each.
    pub(super) fn tell_rooms(
        &mut self,
        id: SessionId,
        rooms: Vec<NamedRoom>,
        more: bool,
        effects: &mut Vec<Effect>,
    ) {
        let counted = |room: NamedRoom| {
            let n_online = self.halls.known.get(&room.no).map_or(0, |hall| hall.people.len());
            (room, n_online)
        };
        let rooms = rooms.into_iter().map(counted).collect();
        self.tell(id, Event::Rooms { rooms, more }, effects);
    }

    /// Adds to a page of members who is online, and behind the last page the guests.
    pub(super) fn tell_members(
        &mut self,
        id: SessionId,
        room: NamedRoom,
        (mut members, more): (Vec<RoomMember>, bool),
        effects: &mut Vec<Effect>,
    ) {
        for member in &mut members {
            member.online = !self.people.sessions(member.who.id).is_empty();
        }
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let actor = self.actor(user, room.no, Standing::default());
        if let Err(code) = may(Deed::List, &room, actor, None) {
            return self.tell(id, Event::Refused(Refusal::of(code)), effects);
        }
        let people = self.halls.known.get(&room.no).map(|hall| &hall.people);
        let guests = people.into_iter().flatten().filter(|(id, _)| id.is_guest() && !more);
        members.extend(guests.map(|(id, role)| RoomMember {
            who: self.party(*id),
            role: *role,
            online: true,
        }));
        let (room, members) = (Box::new(room), members.into());
        self.tell(id, Event::Members { room, members, more }, effects);
    }
}

fn deed(ask: &RoomAsk) -> Deed {
    match ask {
        RoomAsk::Join => Deed::Join,
        RoomAsk::Part => Deed::Part,
        RoomAsk::Topic(None) => Deed::List,
        RoomAsk::Topic(Some(_)) => Deed::Topic,
        RoomAsk::Invite(_) => Deed::Invite,
        RoomAsk::Kick(..) => Deed::Kick,
        RoomAsk::Role(..) => Deed::Role,
        RoomAsk::Set(..) => Deed::Set,
        RoomAsk::Close => Deed::Close,
        RoomAsk::Order(_) => Deed::Ban,
    }
}
