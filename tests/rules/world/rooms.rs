//! What is asked about named rooms, and what comes of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hubbub::protocol::{
    Act, Against, Aim, Append, Change, ErrorCode, Event, Measure, NameKey, NamedRoom, News, Order,
    OrderAct, Party, Role, RoomAct, RoomAsk, RoomChange, RoomId, RoomKind, SanctionKey, SessionId,
    Standing, Subject, Terms, UserId, Who,
};
use hubbub::state::{Effect, Fate as Known, Input, Joined, Posted};

use super::peer::{Peer, Phase};
use super::store::Store;
use super::{Fate, World};
use crate::rules::{Do, WIDE};

/// Who waits for what the hub has written by itself.
const NOBODY: SessionId = SessionId(0);

/// Seconds of slow mode.
const EVERY: u32 = 5;

/// From where a session is.
pub fn address_of(id: SessionId) -> IpAddr {
    let [.., high, low] = id.0.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 0, high, low))
}

/// What waits for the store.
#[derive(Debug)]
pub enum Job {
    Append(Append),
    Change(RoomChange),
}

impl World {
    /// As the session's own thread does it: who is meant is looked up in the store.
    pub fn do_in_room(&mut self, slot: usize, n: usize, what: Do) {
        let live = self.choose(slot, |peer| peer.phase == Phase::Live);
        let Some(id) = live.filter(|_| !self.is_stopping) else { return };
        let room = self.store.halls.room(n);
        let user = self.peers[&id].user;
        let order = match what {
            Do::Order(whom, measure, is_set) => {
                Some((Against::One(UserId(100 + whom as i64)), measure, is_set))
            }
            Do::Wide(n, measure, is_set) => {
                Some((Against::parse(WIDE[n]).unwrap(), measure, is_set))
            }
            _ => None,
        };
        if let Some(order) = order {
            return self.keep_order(id, &room, order);
        }
        let (whom, ask) = asked(what);
        let whom = whom.map(|whom| {
            let name = self.store.names[&whom].shown();
            (Party { id: whom, name }, self.store.halls.standing(room.no, whom))
        });
        let mine = match user.is_guest() {
            true => Standing::default(),
            false => self.store.halls.standing(room.no, user),
        };
        let act = Act::Room(Box::new(RoomAct { room, mine, whom, ask: ask.clone() }));
        let peer = self.peers.get_mut(&id).unwrap();
        peer.issue(&act);
        if ask == RoomAsk::Join {
            peer.phase = Phase::Joining;
        }
        self.apply(Input::Acts { session: id, acts: vec![act] });
    }

    fn keep_order(
        &mut self,
        id: SessionId,
        room: &NamedRoom,
        (against, measure, is_set): (Against, Measure, bool),
    ) {
        let user = self.peers[&id].user;
        let standing = |user: UserId| match user.is_guest() {
            true => Standing::default(),
            false => self.store.halls.standing(room.no, user),
        };
        let every = if measure == Measure::Slow { EVERY } else { 0 };
        let terms = is_set.then(|| Terms { every, ..Terms::default() });
        let whom = match against {
            Against::One(whom) => Some(standing(whom)),
            _ => None,
        };
        let order = Order { measure, aim: Aim::Against(against.clone()), terms };
        let act = Act::Order(Box::new(OrderAct {
            whom,
            room: Some((room.clone(), standing(user))),
            against,
            is_operator: false,
            order,
        }));
        self.peers.get_mut(&id).unwrap().issue(&act);
        self.apply(Input::Acts { session: id, acts: vec![act] });
    }

    /// Is this held against a session in a room, as far as anybody was told? Who ever kept order
    /// there may be beyond names and networks.
    pub fn is_held(&self, room: RoomId, id: SessionId, measure: Measure) -> bool {
        let RoomId::Named(no) = room else { return false };
        let user = self.peers[&id].user;
        // Of two of one name both are shown with their ids.
        let shown = self.town.get(&user).map(|(name, _)| name.split('#').next().unwrap_or(name));
        let name = shown.and_then(NameKey::new);
        let keeps_order = self.store.halls.ruled.contains(&(no, user));
        let (name, ip) = (name.as_ref(), Some(address_of(id)));
        let subject = Subject { id: user, name, ip, keeps_order };
        let of_it = |key: &&SanctionKey| key.place == Some(no) && key.measure == measure;
        self.held.iter().filter(of_it).any(|key| key.against.hits(&subject))
    }

    /// Who is slowed has not said anything a moment ago.
    pub fn check_slow(&mut self, id: SessionId, append: &Append) {
        if !self.is_held(append.room, id, Measure::Slow) {
            return;
        }
        let (tick, key) = (self.now.tick, (append.room, append.sender));
        if let Some(before) = self.spoken.insert(key, tick) {
            let pause = i64::from(EVERY) * 1_000;
            assert!(tick.0 - before.0 >= pause, "{} speaks too soon", append.sender);
        }
    }

    /// From when it is told on, it holds.
    pub fn note_order(&mut self, event: &Event) {
        let Event::Room(news) = event else { return };
        match &news.what {
            // Who caught up may hear of it when it is over.
            News::Sanctioned(..) if !self.is_posting => {}
            News::Sanctioned(sanction, _) => {
                self.held.insert(sanction.key.clone());
            }
            News::Lifted(key, _) => {
                self.held.remove(key);
            }
            _ => {}
        }
    }

    pub fn note_lifted(&mut self, posted: &Posted) {
        if let Known::Changed { change, outcome: Ok(_) } = &posted.fate
            && let Change::Lift(key) = &change.what
        {
            self.held.remove(key);
        }
    }

    pub fn commit_change(&mut self, session: SessionId, change: RoomChange, fate: Fate) {
        let room = RoomId::Named(change.what.room().unwrap());
        let last = self.store.room(room).len() as u64;
        let outcome = match fate {
            Fate::Stored => self.store.halls.change(&change, last),
            Fate::Refused => Err(ErrorCode::Internal),
        };
        if session != NOBODY {
            self.known.push_back(Posted { session, fate: Known::Changed { change, outcome } });
        }
    }

    pub fn perform_in_room(&mut self, effect: Effect) {
        match effect {
            Effect::Subscribe { session, room } => {
                assert!(self.room.contains(&session), "is told of a room before it is in");
                assert!(self.subscribed.insert((room, session)), "{session:?} is told twice");
                let user = self.peer(session).user;
                let is_banned = self.is_held(room, session, Measure::Ban);
                assert!(!is_banned, "{user} is banned and told");
            }
            Effect::Unsubscribe { session, room } => {
                assert!(self.subscribed.remove(&(room, session)), "{session:?} was not told");
            }
            Effect::Room { room, event, deaf, .. } => {
                self.note_order(&event);
                self.tell_room(room, &event, &deaf);
            }
            Effect::PutOut(change) => self.journal.push_back((NOBODY, Job::Change(change))),
            Effect::Change { session, change } => {
                assert!(!self.is_stopping, "a change is accepted in a shutdown");
                self.journal.push_back((session, Job::Change(change)));
            }
            Effect::Ready { session, rooms } => {
                let peer = self.peer(session);
                assert!(peer.phase.is_over() || peer.phase == Phase::Waiting);
                peer.rooms = rooms.iter().map(|(room, _)| room.no).collect();
                if !peer.phase.is_over() {
                    peer.phase = Phase::Reading;
                }
            }
            Effect::Joined { session, joined } => self.peer(session).joined(joined),
            other => panic!("nobody asked for {other:?}"),
        }
    }

    fn tell_room(&mut self, room: RoomId, event: &Arc<Event>, deaf: &[SessionId]) {
        if let Event::Said { message, .. } = &**event {
            let shown = self.shown.entry(room).or_default();
            assert_eq!(*shown + 1, message.id.0, "messages are shown in order");
            *shown = message.id.0;
        }
        let told: Vec<_> =
            self.subscribed.iter().filter(|(its, _)| *its == room).map(|(_, id)| *id).collect();
        for id in told.into_iter().filter(|id| !deaf.contains(id)) {
            let peer = self.peer(id);
            assert!(peer.is_in(room), "{} hears of {room}, where it is not", peer.user);
            self.tell(id, event);
        }
    }
}

impl Peer {
    /// Its thread reads which rooms it is in.
    pub fn ask_for_rooms(&mut self, store: &Store) {
        let rooms = store.halls.rooms_of(self.user);
        self.phase = if rooms.is_empty() { Phase::Reading } else { Phase::Handing(rooms) };
    }

    fn joined(&mut self, joined: Option<Joined>) {
        if self.phase.is_over() {
            return;
        }
        assert_eq!(self.phase, Phase::Joining, "{} did not ask to come in", self.user);
        self.phase = match joined {
            Some(Joined { room, since: Some(since), .. }) => {
                self.rooms.insert(room.no);
                self.next.insert(room.id(), since.0 + 1);
                self.told_of = None;
                Phase::Telling(room.id(), since.0)
            }
            Some(Joined { since: None, .. }) | None => Phase::Live,
        };
    }

    /// Its thread sends what was said up to here, and says so; when it is sent to look once
    /// more, up to the end.
    pub fn tell_before(&mut self, room: RoomId, up_to: u64) {
        self.told_of = Some(room);
        self.next.insert(room, up_to + 1);
        self.phase = Phase::Saying(vec![(room, hubbub::protocol::MessageId(up_to))]);
    }
}

fn asked(what: Do) -> (Option<UserId>, RoomAsk) {
    let account = |n: usize| UserId(100 + n as i64);
    match what {
        Do::Join => (None, RoomAsk::Join),
        Do::Part => (None, RoomAsk::Part),
        Do::Invite(n) => (Some(account(n)), RoomAsk::Invite(Who::Id(account(n)))),
        Do::Kick(n) => (Some(account(n)), RoomAsk::Kick(Who::Id(account(n)), None)),
        Do::Role(n, role) => {
            let role = [Role::Member, Role::Moderator, Role::Owner][role as usize];
            (Some(account(n)), RoomAsk::Role(Who::Id(account(n)), role))
        }
        Do::Order(..) | Do::Wide(..) => panic!("an order is an act of its own"),
        Do::Open(open) => {
            let kind = if open { RoomKind::Open } else { RoomKind::Hidden };
            (None, RoomAsk::Set(kind, open))
        }
    }
}
