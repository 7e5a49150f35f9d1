//! The rules: who is here, what they may do, who is told. A pure function of its inputs:
//! [`State::apply`] with a moment and a list to write effects on.
//!
//! Owned by the hub; a model test (`tests/rules.rs`) checks it.
//! Knows nothing of clocks, channels, sockets, stores, locks and logs.

mod absence;
mod cluster;
mod effect;
mod ending;
mod entry;
mod ignore;
mod input;
mod marks;
mod order;
mod people;
mod progress;
mod replay;
mod rights;
mod rooms;
mod sends;
mod slow;
mod words;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use crate::protocol::{
    Act, Device, ErrorCode, Event, Leaving, Member, MessageId, Millis, Name, Original, Refusal,
    RoomId, RoomNo, SessionId, UserId, Welcome,
};
pub use cluster::Heard;
pub use effect::{Effect, Joined};
pub use input::{Attach, Fate, Input, Moment, Posted};
pub use order::{MAX_ALL, MAX_SANCTIONS, MAX_WIDE, Orders, refusal_of};
pub use rights::{Actor, Deed, RIGHTS, Rank, Right, may, may_on_server};
pub use rooms::MAX_ROOMS;

use absence::Told;
use cluster::Cluster;
use people::People;
use replay::{Held, Link};
use rooms::{Halls, Joining};

/// All chat state. One owner, one queue of inputs, no lock.
#[derive(Debug)]
pub struct State {
    sessions: HashMap<SessionId, Session>,
    /// Those that catch up: what is told to all is held for them, or told to each of them.
    catching_up: Vec<SessionId>,
    /// Those of them that are live already, and how much must be posted before they enter.
    overlapping: VecDeque<(u64, SessionId)>,
    people: People,
    /// Who was away or came back and is told of with others, in a crowd.
    absences: Told,
    halls: Halls,
    orders: Orders,
    /// When the input that is being applied came.
    now: Moment,
    epoch: Arc<str>,
    next_nonce: u64,
    n_in_flight: usize,
    /// Sends that are stored or refused.
    n_posted: u64,
    /// Set by [`Input::Shutdown`]: when patience ends.
    stop_at: Option<Millis>,
    is_stopped: bool,
    /// `None`: nobody else serves from the store.
    cluster: Option<Cluster>,
}

#[derive(Debug)]
struct Session {
    user: UserId,
    /// Since when, by the clock that people know.
    since: Millis,
    address: Arc<str>,
    device: Option<Device>,
    /// How its client calls its device, with cursors of its own or without.
    called: Option<Device>,
    /// Writes in flight for which nothing was taken of the budgets.
    n_unreserved: usize,
    /// It was told farewell: what it still asks is not done.
    is_ending: bool,
    /// Sends in the journal.
    n_in_flight: usize,
    /// What must wait for them, and everything after it. Bounded by the session's budget of
    /// acts in flight.
    waiting: VecDeque<Waiting>,
    link: Link,
    /// Its dialect has words for named rooms.
    shows_rooms: bool,
    /// From where; none: no ban by address touches it.
    ip: Option<IpAddr>,
    /// What it said last, and the nonce of that.
    last_said: Option<(u64, RoomId, MessageId)>,
    /// The named rooms that it is told of.
    rooms: BTreeSet<RoomNo>,
    joining: Option<Joining>,
}

/// What others would see must not overtake the session's own sends.
#[derive(Debug)]
enum Waiting {
    Act(Act),
    Attach(Box<Attach>),
    Detach(Leaving),
    /// The server ends it.
    End,
}

/// How long a shutdown waits for sends in flight.
const DRAIN: i64 = 2_500;

impl State {
    /// Nobody is here. `epoch` is the store's; nonces count from `first_nonce`, which must be
    /// above all that earlier runs on the same store used.
    pub fn new(epoch: Arc<str>, first_nonce: u64) -> Self {
        Self {
            sessions: HashMap::new(),
            catching_up: Vec::new(),
            overlapping: VecDeque::new(),
            people: People::default(),
            absences: Told::default(),
            halls: Halls::default(),
            orders: Orders::default(),
            now: Moment::default(),
            epoch,
            next_nonce: first_nonce,
            n_in_flight: 0,
            n_posted: 0,
            stop_at: None,
            is_stopped: false,
            cluster: None,
        }
    }

    /// Applies one input. Never blocks, never fails: what is not allowed has the effect that
    /// the asker is told.
    pub fn apply(&mut self, input: Input, now: Moment, effects: &mut Vec<Effect>) {
        self.now = now;
        match input {
            Input::Attach(attach) => self.on_attach(attach, now, effects),
            Input::Rooms { session, rooms } => self.on_rooms(session, rooms, effects),
            Input::CaughtUp { session, taken } => self.caught_up(session, &taken, effects),
            Input::Detach { session, why } => self.on_detach(session, why, now, effects),
            Input::Acts { session, acts } => {
                acts.into_iter().for_each(|act| self.on_act(session, act, now, effects));
            }
            Input::Posted(all) => {
                all.into_iter().for_each(|posted| self.on_posted(posted, now, effects));
            }
            Input::Heard(all) => {
                all.into_iter().for_each(|heard| self.on_heard(heard, now, effects));
            }
            Input::Told(all) => self.on_told_here(all, now, effects),
            Input::Entry { by, news } => self.on_entry(by, news, effects),
            Input::Announce => self.announce(effects),
            Input::Untold => self.on_untold(now),
            Input::Tick => {}
            Input::Shutdown => self.stop_at = Some(now.tick.plus(DRAIN)),
        }
        self.tell_changes(now, effects);
        self.mark_again(now, effects);
        if let Some(crowd) = self.people.due_crowd(now.tick) {
            self.tell_all(crowd, None, effects);
        }
        self.tell_absences(now, effects);
        self.stop_when_drained(now, effects);
    }

    /// When [`Input::Tick`] is due, on the clock of [`Moment::tick`].
    pub fn deadline(&self) -> Option<Millis> {
        let stop_at = self.stop_at.filter(|_| !self.is_stopped);
        let others =
            [self.people.crowd_deadline(), self.absences.deadline(), self.cluster_deadline()];
        stop_at.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// Sessions that are somebody.
    pub fn n_sessions(&self) -> usize {
        self.sessions.len()
    }

    fn on_attach(&mut self, attach: Box<Attach>, now: Moment, effects: &mut Vec<Effect>) {
        match self.sessions.get_mut(&attach.session) {
            Some(session) if session.is_busy() => {
                session.waiting.push_back(Waiting::Attach(attach));
            }
            Some(_) => {
                self.leave(attach.session, Leaving::BecameAccount, now, effects);
                self.attach(&attach, now, effects);
            }
            None => self.attach(&attach, now, effects),
        }
    }

    fn attach(&mut self, attach: &Attach, now: Moment, effects: &mut Vec<Effect>) {
        let id = attach.session;
        if let Some(refusal) = self.keeps_out(attach) {
            return effects.push(Effect::Refuse { session: id, refusal });
        }
        let session = Session {
            user: attach.user,
            since: now.wall,
            address: Arc::clone(&attach.address),
            device: attach.device.clone(),
            called: attach.called.clone(),
            n_unreserved: 0,
            is_ending: false,
            n_in_flight: 0,
            waiting: VecDeque::new(),
            link: match attach.user.is_guest() {
                // Never here before: nothing waits for it, so it is live at once.
                true => Link::Entered,
                false => Link::Held(Held::default()),
            },
            shows_rooms: attach.rooms,
            ip: attach.ip,
            last_said: None,
            rooms: BTreeSet::new(),
            joining: None,
        };
        self.sessions.insert(id, session);
        if !self.people.is_here(attach.user) && !attach.user.is_guest() {
            // Its thread reads now what is so.
            self.forget_rooms(attach.user);
        }
        let changes = self.people.arrive(attach);
        self.note_change(attach.user);
        self.tell_presence(changes, now, effects);
        // To each its own address; others see that of the account's first session.
        let address = Arc::clone(&attach.address);
        let welcome = Welcome {
            me: Member { address, ..self.people.member(attach.user) },
            online: self.people.online(),
            n_online: self.people.len(),
            epoch: Arc::clone(&self.epoch),
        };
        effects.push(Effect::Attached { session: id, welcome: welcome.clone() });
        if attach.user.is_guest() {
            self.tell(id, Event::Welcome(welcome), effects);
            effects.push(Effect::Enter(id));
        } else {
            self.catching_up.push(id);
            self.follow_rooms(id, effects);
        }
    }

    fn on_detach(
        &mut self,
        session: SessionId,
        why: Leaving,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        match self.sessions.get_mut(&session) {
            Some(busy) if busy.is_busy() => busy.waiting.push_back(Waiting::Detach(why)),
            Some(_) => {
                self.leave(session, why, now, effects);
                effects.push(Effect::Detached(session));
            }
            None => effects.push(Effect::Detached(session)),
        }
    }

    fn leave(&mut self, id: SessionId, why: Leaving, now: Moment, effects: &mut Vec<Effect>) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        self.leave_rooms(id, user, effects);
        let Some(session) = self.sessions.remove(&id) else { return };
        if matches!(session.link, Link::Entered) {
            effects.push(Effect::Leave(id));
        } else {
            self.stop_catching_up(id);
        }
        let changes = self.people.depart(session.user, id, why);
        self.note_end(session.user, why);
        self.tell_presence(changes, now, effects);
    }

    fn on_act(&mut self, id: SessionId, act: Act, now: Moment, effects: &mut Vec<Effect>) {
        let session = match self.sessions.get_mut(&id) {
            Some(session) if !session.takes_nothing() => session,
            _ => return ending::drop_act(id, &act, effects),
        };
        let act = Waiting::Act(act);
        let must_wait = session.n_in_flight > 0 && act.is_seen_by_others();
        match act {
            Waiting::Act(act) if !must_wait && session.waiting.is_empty() => {
                self.act(id, act, now, effects);
            }
            act => session.waiting.push_back(act),
        }
    }

    fn act(&mut self, id: SessionId, act: Act, now: Moment, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get(&id) else { return };
        let act = match act {
            Act::Room(act) => return self.on_room_act(id, *act, effects),
            Act::DeleteAccount { erase } => return self.delete_account(id, erase, effects),
            Act::Order(act) => return self.on_order(id, *act, effects),
            Act::Create { name, kind, guests } => {
                return self.create(id, (name, kind, guests), effects);
            }
            act => act,
        };
        match act {
            Act::Send { room, text, reference, about } => {
                return self.send(id, (room, text, reference, about), now, effects);
            }
            Act::Who => {
                let online = self.people.roster();
                self.tell_one(id, &online, None, effects);
            }
            Act::Rename { name, shared } => {
                self.rename(id, (&name, shared), now, effects);
            }
            Act::Devices(devices) => self.tell_devices(id, devices, effects),
            Act::EndDevice(device) => self.end_device(id, device, now, effects),
            Act::EndOthers => self.end_others(id, now, effects),
            Act::Absence(absence) => self.set_absence(id, absence, now, effects),
            Act::Typing(room) => self.typing(id, room, effects),
            Act::Ignore(whom, is_so) => self.ignore(id, whom, is_so, effects),
            Act::Received { room, up_to } => {
                let (account, device) = (session.user, session.device.clone());
                if !account.is_guest() {
                    effects.push(Effect::Cursor { account, device, room, up_to });
                    self.tell_delivered(account, room, up_to, effects);
                }
            }
            Act::Read { room, up_to } => {
                let account = session.user;
                if !account.is_guest() {
                    effects.push(Effect::Read { account, room, up_to });
                    self.tell_read(id, room, up_to, effects);
                }
            }
            Act::Receipts(receipts) => {
                let user = session.user;
                self.people.set_receipts(user, receipts);
                self.note_change(user);
                self.tell(id, Event::ReceiptsDone(receipts), effects);
            }
            Act::Rooms(rooms, more) => self.tell_rooms(id, rooms, more, effects),
            Act::Members(room, members, more) => {
                self.tell_members(id, *room, (members, more), effects);
            }
            Act::Sanctions(asked) => self.tell_sanctions(id, asked.map(|asked| *asked), effects),
            // Finished when they are posted.
            Act::Room(_) | Act::Order(_) | Act::Create { .. } | Act::DeleteAccount { .. } => return,
        }
        effects.push(Effect::Finished { session: id, acts: 1, bytes: 0 });
    }

    fn rename(
        &mut self,
        id: SessionId,
        (name, shared): (&Name, bool),
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        match self.people.rename(user, name, shared, now.wall) {
            Ok(changes) => {
                self.note_change(user);
                let me = self.people.member(user);
                self.tell(id, Event::RenameDone(me.clone()), effects);
                if !self.people.fold_name(&me) {
                    self.tell_all(Event::Renamed(me), Some(id), effects);
                }
                self.tell_presence(changes, now, effects);
                self.heed_bans(user, effects);
            }
            Err(code) => self.tell(id, Event::Refused(Refusal::of(code)), effects),
        }
    }

    /// What waited for the sends in flight may go on, as far as the next send allows.
    fn resume(&mut self, id: SessionId, now: Moment, effects: &mut Vec<Effect>) {
        while let Some(session) = self.sessions.get_mut(&id) {
            let must_wait = session.waiting.front().is_some_and(Waiting::is_seen_by_others);
            if session.n_in_flight > 0 && must_wait {
                return;
            }
            let Some(next) = session.waiting.pop_front() else { return };
            match next {
                Waiting::Act(act) => self.act(id, act, now, effects),
                Waiting::Attach(attach) => {
                    // What waits behind it is the same session's.
                    let waiting = std::mem::take(&mut session.waiting);
                    self.leave(id, Leaving::BecameAccount, now, effects);
                    self.attach(&attach, now, effects);
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.waiting = waiting;
                    }
                }
                Waiting::End => return self.end(id, now, effects),
                Waiting::Detach(why) => {
                    self.leave(id, why, now, effects);
                    return effects.push(Effect::Detached(id));
                }
            }
        }
    }

    fn tell(&mut self, id: SessionId, event: Event, effects: &mut Vec<Effect>) {
        self.tell_one(id, &Arc::new(event), None, effects);
    }

    /// Tells one session something that comes from that one.
    fn tell_one(
        &mut self,
        id: SessionId,
        event: &Arc<Event>,
        from: Option<SessionId>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(event) = self.people.heard_by(session.user, event) else { return };
        if let Some(event) = session.pass(&event) {
            effects.push(Effect::One { session: id, event, own: from == Some(id) });
        }
    }

    fn tell_all(&mut self, event: Event, from: Option<SessionId>, effects: &mut Vec<Effect>) {
        let event = Arc::new(event);
        for at in 0..self.catching_up.len() {
            if let Some(id) = self.catching_up.get(at) {
                self.tell_one(*id, &event, from, effects);
            }
        }
        let deaf = self.deaf_to(&event, None);
        let passed = ignore::passed(&event, &deaf);
        effects.push(Effect::All { event, from, deaf });
        effects.extend(passed);
    }

    fn tell_presence(
        &mut self,
        changes: Vec<people::Change>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        for change in changes {
            if let people::Change::Event(Event::Renamed(member)) = &change {
                self.note_change(member.id);
            }
            match change {
                people::Change::Event(event) if self.people.is_crowd() => {
                    if let Some(event) = self.people.fold(event, now.tick) {
                        self.tell_all(event, None, effects);
                    }
                }
                people::Change::Event(event) => self.tell_all(event, None, effects),
                people::Change::LostName(sessions) => {
                    for id in sessions {
                        let refusal = Refusal::of(ErrorCode::NameTaken);
                        self.tell(id, Event::Refused(refusal), effects);
                    }
                }
            }
        }
    }
}

impl Waiting {
    fn is_seen_by_others(&self) -> bool {
        match self {
            Self::Act(act) => match act {
                Act::Rename { .. } | Act::Absence(_) | Act::DeleteAccount { .. } => true,
                // What was said last is known when it is stored.
                Act::Send { about, .. } => about.is_some_and(|to| to.of == Original::OwnLast),
                _ => false,
            },
            Self::Attach(_) | Self::Detach(_) | Self::End => true,
        }
    }
}

impl Session {
    /// What is to be told now of something.
    fn pass(&mut self, event: &Arc<Event>) -> Option<Arc<Event>> {
        match &mut self.joining {
            Some(joining) if event.room() == Some(RoomId::Named(joining.no)) => {
                joining.held.hold(Arc::clone(event));
                None
            }
            _ => self.link.pass(event),
        }
    }

    fn is_busy(&self) -> bool {
        self.n_in_flight > 0 || !self.waiting.is_empty()
    }
}
