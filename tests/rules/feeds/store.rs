//! A store of several feeds that is too simple to be wrong: what is written is there at once, and
//! comes to each server when it reads on in that feed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hubbub::protocol::{
    Append, Change, ErrorCode, Message, MessageId, NamedRoom, NodeId, Party, Present, Role,
    RoomChange, RoomDone, RoomId, RoomKind, RoomName, RoomNo, SessionId, Standing, Tiding, Topic,
    UserId,
};
use hubbub::state::Fate;

pub const FEEDS: usize = 3;

/// What a feed brings.
#[derive(Clone, Debug)]
pub enum News {
    Done { from: NodeId, session: SessionId, done: Done, room: Option<NamedRoom> },
    Told(NodeId, Tiding),
    Gone(NodeId),
}

#[derive(Clone, Debug)]
pub enum Done {
    Said(Append, Result<Arc<Message>, ErrorCode>),
    Changed(RoomChange, Result<RoomDone, ErrorCode>),
    Deleted(UserId, Result<(), ErrorCode>),
    Marked(Result<(), ErrorCode>),
}

impl Done {
    pub fn fate(&self) -> Fate {
        match self.clone() {
            Self::Said(append, outcome) => Fate::Sent {
                reference: append.reference,
                nonce: append.nonce,
                bytes: append.text.as_str().len(),
                outcome: outcome.map(|message| (message, true)),
            },
            Self::Changed(change, outcome) => Fate::Changed { change, outcome },
            Self::Deleted(account, outcome) => Fate::Deleted { account, outcome },
            Self::Marked(outcome) => Fate::Marked(outcome),
        }
    }
}

/// What a server wants written.
#[derive(Clone, Debug)]
pub enum Job {
    Append(Append),
    Change(RoomChange),
    Delete(UserId),
    Mark,
    Tell(Tiding),
}

#[derive(Debug)]
struct Hall {
    room: NamedRoom,
    /// Since which id, and as what.
    members: BTreeMap<UserId, (u64, Role)>,
}

#[derive(Debug, Default)]
pub struct Store {
    pub feeds: [Vec<News>; FEEDS],
    /// Who is on which server that has a place.
    pub places: BTreeMap<NodeId, BTreeMap<UserId, Present>>,
    rooms: BTreeMap<RoomId, Vec<Arc<Message>>>,
    halls: BTreeMap<RoomNo, Hall>,
    pub deleted: BTreeSet<UserId>,
}

impl Store {
    /// Rooms of which each of the first accounts has made one, in other feeds than the lobby too.
    pub fn new(n_rooms: usize) -> Self {
        let mut store = Self::default();
        for n in 1..=n_rooms {
            let (no, owner) = (RoomNo(n as u64), UserId(99 + n as i64));
            let name = RoomName::new(&format!("room{n}")).unwrap();
            store.make(no, (name, RoomKind::Open, true), owner);
        }
        store
    }

    fn make(&mut self, no: RoomNo, of: (RoomName, RoomKind, bool), owner: UserId) -> NamedRoom {
        let (name, kind, guests) = of;
        let room = NamedRoom { no, name, topic: Topic::default(), kind, guests };
        let members = BTreeMap::from([(owner, (0, Role::Owner))]);
        self.halls.insert(no, Hall { room: room.clone(), members });
        room
    }

    /// The n-th of the rooms that are there.
    pub fn choose(&self, n: usize) -> Option<NamedRoom> {
        let n = n.checked_rem(self.halls.len())?;
        self.halls.values().nth(n).map(|hall| hall.room.clone())
    }

    pub fn all_rooms(&self) -> Vec<NamedRoom> {
        self.halls.values().map(|hall| hall.room.clone()).collect()
    }

    pub fn room(&self, room: RoomId) -> &[Arc<Message>] {
        self.rooms.get(&room).map_or(&[], Vec::as_slice)
    }

    pub fn last(&self, room: RoomId) -> u64 {
        self.room(room).len() as u64
    }

    pub fn rooms_of(&self, user: UserId) -> Vec<(NamedRoom, Role)> {
        let is_in = |hall: &Hall| Some((hall.room.clone(), hall.members.get(&user)?.1));
        self.halls.values().filter_map(is_in).collect()
    }

    /// Where somebody reads on: the lobby, what is private, and the rooms they are in.
    pub fn positions(&self, user: UserId) -> Vec<(RoomId, u64)> {
        let pairs = self.rooms.keys().filter(|room| room.other(user).is_some());
        let others = pairs.map(|room| (*room, 0)).chain([(RoomId::Lobby, 0)]);
        let named = self
            .halls
            .values()
            .filter_map(|hall| hall.members.get(&user).map(|(since, _)| (hall.room.id(), *since)));
        others.chain(named).collect()
    }

    pub fn since(&self, no: RoomNo, user: UserId) -> Option<u64> {
        self.halls.get(&no)?.members.get(&user).map(|(since, _)| *since)
    }

    pub fn standing(&self, no: RoomNo, user: UserId) -> Standing {
        let hall = self.halls.get(&no);
        let role = hall.and_then(|hall| hall.members.get(&user)).map(|(_, role)| *role);
        Standing { role, invited: false }
    }

    pub fn commit(&mut self, from: NodeId, session: SessionId, job: Job) {
        match job {
            Job::Append(append) => {
                let (feed, room) = (append.room.feed(FEEDS), append.room);
                let outcome = self.append(&append);
                let room = self.named(room);
                let done = Done::Said(append, outcome);
                self.feeds[feed].push(News::Done { from, session, done, room });
            }
            Job::Change(change) => {
                let made = match &change.what {
                    Change::Create { name, .. } => Some(self.free_number(name)),
                    _ => None,
                };
                let no = made.or(change.what.room()).unwrap();
                let outcome = self.change(no, &change);
                let room = self.named(RoomId::Named(no));
                let done = Done::Changed(change, outcome);
                let feed = RoomId::Named(no).feed(FEEDS);
                self.feeds[feed].push(News::Done { from, session, done, room });
            }
            Job::Delete(account) => {
                self.deleted.insert(account);
                for hall in self.halls.values_mut() {
                    hall.leave(account);
                }
                let done = Done::Deleted(account, Ok(()));
                self.feeds[0].push(News::Done { from, session, done, room: None });
            }
            Job::Mark => {
                for feed in &mut self.feeds {
                    let done = Done::Marked(Ok(()));
                    feed.push(News::Done { from, session, done, room: None });
                }
            }
            Job::Tell(tiding) => self.tell(from, tiding),
        }
    }

    fn tell(&mut self, from: NodeId, tiding: Tiding) {
        // Who was given up says nothing.
        let Some(place) = self.places.get_mut(&from) else { return };
        match &tiding {
            Tiding::Here(present) => drop(place.insert(present.user, (**present).clone())),
            Tiding::Gone(user, _) => drop(place.remove(user)),
            Tiding::All(all) => *place = all.iter().map(|p| (p.user, p.clone())).collect(),
            _ => {}
        }
        self.feeds[0].push(News::Told(from, tiding));
    }

    pub fn remove(&mut self, node: NodeId) {
        if self.places.remove(&node).is_some() {
            self.feeds[0].push(News::Gone(node));
        }
    }

    fn named(&self, room: RoomId) -> Option<NamedRoom> {
        let RoomId::Named(no) = room else { return None };
        self.halls.get(&no).map(|hall| hall.room.clone())
    }

    /// The next one of the feed in which a room of this name is made.
    fn free_number(&self, name: &RoomName) -> RoomNo {
        let feed = name.feed(FEEDS);
        let numbers = self.halls.keys().chain(self.rooms.keys().filter_map(|room| match room {
            RoomId::Named(no) => Some(no),
            _ => None,
        }));
        let last = numbers.map(|no| no.0).max().unwrap_or(0);
        RoomNo((last + 1..).find(|no| RoomId::Named(RoomNo(*no)).feed(FEEDS) == feed).unwrap())
    }

    fn append(&mut self, append: &Append) -> Result<Arc<Message>, ErrorCode> {
        if let RoomId::Named(no) = append.room
            && !self.halls.contains_key(&no)
        {
            return Err(ErrorCode::UnknownRoom);
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
        Ok(message)
    }

    fn change(&mut self, no: RoomNo, change: &RoomChange) -> Result<RoomDone, ErrorCode> {
        let (by, last) = (change.by.id, self.last(RoomId::Named(no)));
        let is_account = !by.is_guest() && !self.deleted.contains(&by);
        if let Change::Create { name, kind, guests } = &change.what {
            if self.halls.values().any(|hall| hall.room.name == *name) {
                return Err(ErrorCode::RoomTaken);
            }
            // What was said there lies behind a number that is never given again.
            self.rooms.entry(RoomId::Named(no)).or_default();
            return Ok(RoomDone::Created(self.make(no, (name.clone(), *kind, *guests), by)));
        }
        let Some(hall) = self.halls.get_mut(&no) else { return Err(ErrorCode::UnknownRoom) };
        match &change.what {
            Change::Enter(_) if !is_account => {
                Ok(RoomDone::Entered { since: MessageId(last), role: Role::Member })
            }
            Change::Enter(_) => {
                let role = if hall.members.is_empty() { Role::Owner } else { Role::Member };
                let (since, role) = *hall.members.entry(by).or_insert((last, role));
                Ok(RoomDone::Entered { since: MessageId(since), role })
            }
            Change::Leave(_) => Ok(hall.leave(by)),
            Change::Kick(_, Party { id, .. }, _) => Ok(hall.leave(*id)),
            Change::Close(..) => {
                self.halls.remove(&no);
                Ok(RoomDone::Done)
            }
            other => panic!("nobody asked for {other:?}"),
        }
    }
}

impl Hall {
    fn leave(&mut self, user: UserId) -> RoomDone {
        let was = self.members.remove(&user);
        let has_owner = self.members.values().any(|(_, role)| *role == Role::Owner);
        if was.is_none_or(|(_, role)| role != Role::Owner) || has_owner {
            return RoomDone::Left { successor: None };
        }
        let successor = self.members.keys().next().copied();
        if let Some((_, role)) = successor.and_then(|next| self.members.get_mut(&next)) {
            *role = Role::Owner;
        }
        RoomDone::Left { successor }
    }
}
