//! The broadcast stage: owns [`State`] and every session's outbox handle, applies inputs in
//! order and carries out their effects. The Manager and the onlineMap of the Go original. Which
//! thread leads it is `stage`'s business.
//!
//! It never waits for a peer, a disk, the network or a lock that somebody holds across I/O:
//! its outboxes never block, and the journal's inbox is bounded by the budgets of the senders.
//! Knows nothing of fronts and sockets.

mod cursors;
mod fanout;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::clock;
use crate::dao::{Health, Job, Tell, Write};
use crate::envelope::{Bytes, Dialect, Envelope};
use crate::limits::Budget;
use crate::outbox::Outbox;
use crate::protocol::{
    BySession, Event, Farewell, Millis, NamedRoom, Refusal, Role, RoomId, SessionId, Tiding,
    UserId, Welcome,
};
use crate::stage::{self, Guests, Inbox, Next, Source};
use crate::state::{Effect, Input, Joined, Moment, State};
use cursors::Cursors;
use fanout::Fanout;

/// What the hub's inbox holds. When it is full, readers wait: the back-pressure.
#[derive(Debug)]
pub enum Item {
    /// How to reach a session; before its first [`Input::Attach`], and again when its dialect
    /// changes.
    Seat(SessionId, Seat),
    /// Something happened.
    Input(Input),
    /// Cursors and read marks that the store could not take: they are due again.
    Unwritten(Vec<Write>),
}

/// How to reach a session.
#[derive(Debug)]
pub struct Seat {
    /// How it is told something.
    pub path: Path,
    /// Its share of acts in flight, given back as they finish.
    pub acts: Arc<Budget>,
    /// To its thread. Holds as many signals as can be outstanding, so telling never blocks.
    pub signals: Sender<Signal>,
}

/// How a session is told something. Lists of members hold these side by side: a delivery looks
/// at nothing else but the outbox.
#[derive(Clone, Debug)]
pub struct Path {
    /// Its byte path.
    pub outbox: Arc<Outbox>,
    /// How events are spelled for it.
    pub dialect: &'static Dialect,
    /// The account whose shared cursor follows what this session was sent; `None` for guests
    /// and for devices that acknowledge.
    pub shared_cursor_of: Option<UserId>,
}

/// What the hub tells a session's thread.
#[derive(Debug)]
pub enum Signal {
    /// Attached. A guest is live; for an account send the login reply, who is online and what
    /// the store has, then say [`Input::CaughtUp`].
    Attached(Welcome, Arc<Envelope>),
    /// What is said in these rooms, which the account is in, is held from now on.
    Ready(Vec<(NamedRoom, Role)>),
    /// In the room that was asked for, or not.
    Joined(Option<Joined>),
    /// Live: the hub sends from now on.
    Live,
    /// Look into the store once more.
    Again,
    /// Kept out: not attached.
    Refused(Refusal),
    /// Over.
    Detached,
}

/// Signals that can be outstanding for one session.
pub const MAX_SIGNALS: usize = 4;

/// Items in the hub's inbox.
pub const MAX_INBOX: usize = 4_096;

/// Tidings in one entry of a feed: some 50 KB.
const MAX_TIDINGS: usize = 256;

/// What the hub works with.
#[derive(Debug)]
pub struct Parts {
    /// The rules, with nobody in yet.
    pub state: State,
    /// Where sends go that passed the rules.
    pub journal: Inbox<Vec<Job>>,
    /// The bytes of all sends in flight, given back as they finish.
    pub bytes_in_flight: Arc<Budget>,
    /// Does the store answer?
    pub health: Arc<Health>,
    /// Told once, when a shutdown has drained.
    pub stopped: Sender<()>,
}

/// Starts the thread `hub`. It ends when a shutdown has drained and the last session has left.
///
/// # Errors
/// The kernel has no room for a thread.
pub fn start(parts: Parts, source: Source<Item>) -> io::Result<JoinHandle<()>> {
    let mut hub = Hub {
        parts,
        seats: BySession::default(),
        fanout: Fanout::default(),
        cursors: Cursors::default(),
        jobs: Vec::new(),
        effects: Vec::new(),
        origin: clock::now(),
        is_stopped: false,
    };
    let journal = hub.parts.journal.clone();
    // The hub's thread never commits: it wakes the one that does.
    let settle = move || journal.settle();
    stage::start("hub", Guests::Welcome, source, move |batch| hub.lead(batch), settle)
}

struct Hub {
    parts: Parts,
    seats: BySession<Seat>,
    fanout: Fanout,
    cursors: Cursors,
    /// What this batch puts into the journal.
    jobs: Vec<Job>,
    /// Kept for its capacity.
    effects: Vec<Effect>,
    origin: Instant,
    is_stopped: bool,
}

impl Hub {
    fn lead(&mut self, batch: &mut Vec<Item>) -> Next {
        let now = self.moment();
        for item in batch.drain(..) {
            match item {
                Item::Seat(id, seat) => drop(self.seats.insert(id, seat)),
                Item::Input(input) => self.apply(input, now),
                Item::Unwritten(writes) => self.cursors.take_back(writes),
            }
        }
        if self.parts.state.deadline().is_some_and(|deadline| deadline <= now.tick) {
            self.apply(Input::Tick, now);
        }
        // The journal first: its commit goes on while this thread sends.
        self.hand_to_journal();
        self.fanout.flush(&self.seats, &mut self.cursors);
        let moment = self.cursors_due();
        self.hand_to_journal();
        if self.is_stopped && self.seats.is_empty() {
            return Next::End;
        }
        let deadline = self.parts.state.deadline().map(|deadline| self.instant(deadline));
        stage::earliest([deadline, moment])
    }

    fn apply(&mut self, input: Input, now: Moment) {
        let mut effects = std::mem::take(&mut self.effects);
        self.parts.state.apply(input, now, &mut effects);
        effects.drain(..).for_each(|effect| self.perform(effect));
        self.effects = effects;
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Enter(id) => self.enter(id),
            Effect::Leave(id) => self.leave(id),
            Effect::Subscribe { session, room } => self.subscribe(session, room),
            Effect::Unsubscribe { session, room } => {
                self.fanout.flush(&self.seats, &mut self.cursors);
                self.fanout.unsubscribe(session, room);
            }
            Effect::Room { room, event, from, deaf } => {
                self.fanout.tell_room(room, event, from, deaf);
                self.flush_if_large();
            }
            Effect::All { event, from, deaf } => {
                self.fanout.tell_all(event, from, deaf);
                self.flush_if_large();
            }
            Effect::One { session, event, own } => {
                self.fanout.tell_one(session, event, own);
                self.flush_if_large();
            }
            Effect::Append { session, append } => self.write(session, Write::Append(append)),
            Effect::Change { session, change } => self.write(session, Write::Room(change)),
            Effect::Delete { session, account, erase } => {
                self.write(session, Write::Delete { account, erase });
            }
            Effect::PutOut(change) => {
                self.jobs.push(Job { write: Write::Room(change), tell: Tell::Others });
            }
            Effect::Refuse { session, refusal } => {
                self.signal(session, Signal::Refused(refusal));
            }
            Effect::Mark(session) => self.write(session, Write::Mark),
            Effect::Tell(tiding) => self.tell_others(tiding),
            Effect::Cursor { account, device, room, up_to } => {
                self.cursors.note(account, device, (room, up_to));
            }
            Effect::Read { account, room, up_to } => self.cursors.note_read(account, (room, up_to)),
            Effect::Finished { session, acts, bytes } => {
                self.parts.bytes_in_flight.give(bytes);
                if let Some(seat) = self.seats.get(&session) {
                    seat.acts.give(acts);
                }
            }
            Effect::Attached { session, welcome } => {
                let listed = self.fanout.listed(&welcome.online);
                self.signal(session, Signal::Attached(welcome, listed));
            }
            Effect::Ready { session, rooms } => self.signal(session, Signal::Ready(rooms)),
            Effect::Joined { session, joined } => self.signal(session, Signal::Joined(joined)),
            Effect::Caught { session, live } => {
                self.signal(session, if live { Signal::Live } else { Signal::Again });
            }
            Effect::Detached(id) => self.detached(id),
            Effect::End { session, farewell } => self.end(session, farewell),
            Effect::Stop(farewell) => self.stop(farewell),
        }
    }

    /// Has something written; the rules hear what became of it.
    fn write(&mut self, session: SessionId, write: Write) {
        self.jobs.push(Job { write, tell: Tell::Hub(session) });
    }

    fn detached(&mut self, id: SessionId) {
        self.fanout.flush(&self.seats, &mut self.cursors);
        self.signal(id, Signal::Detached);
        self.seats.remove(&id);
        // Whoever comes back at once finds its cursors where it left them.
        self.cursors.make_due();
    }

    /// What comes one after the other goes as one, up to a bound.
    fn tell_others(&mut self, tiding: Tiding) {
        match self.jobs.last_mut() {
            Some(Job { write: Write::Tell(tidings), .. }) if tidings.len() < MAX_TIDINGS => {
                tidings.push(tiding);
            }
            _ => self.jobs.push(Job { write: Write::Tell(vec![tiding]), tell: Tell::Nobody }),
        }
    }

    fn flush_if_large(&mut self) {
        if self.fanout.is_large() {
            self.fanout.flush(&self.seats, &mut self.cursors);
        }
    }

    /// A join cuts the batch: nobody gets what was said before they came.
    fn enter(&mut self, id: SessionId) {
        self.fanout.flush(&self.seats, &mut self.cursors);
        if let Some(seat) = self.seats.get(&id) {
            self.fanout.enter(id, &seat.path);
        }
    }

    fn subscribe(&mut self, id: SessionId, room: RoomId) {
        self.fanout.flush(&self.seats, &mut self.cursors);
        if let Some(seat) = self.seats.get(&id) {
            self.fanout.subscribe(id, room, &seat.path);
        }
    }

    fn leave(&mut self, id: SessionId) {
        self.fanout.flush(&self.seats, &mut self.cursors);
        self.fanout.leave(id);
    }

    /// The last word to a session; what it was told before goes first.
    fn end(&mut self, id: SessionId, farewell: Farewell) {
        self.fanout.flush(&self.seats, &mut self.cursors);
        if let Some(Seat { path, .. }) = self.seats.get(&id) {
            path.outbox.finish(&path.dialect.bytes(&Event::Farewell(farewell)));
        }
    }

    fn signal(&self, id: SessionId, signal: Signal) {
        let Some(seat) = self.seats.get(&id) else { return };
        if seat.signals.try_send(signal).is_err() {
            // Its thread is gone; its Detach is on the way.
            log::debug!("session {} takes no signals", id.0);
        }
    }

    /// Cursors go to the journal once a second, but not into a queue that does not move.
    fn cursors_due(&mut self) -> Option<Instant> {
        let now = clock::now();
        if self.parts.health.is_stalled(now) {
            return Some(now + Duration::from_secs(1));
        }
        self.cursors.flush(now, &mut self.jobs)
    }

    fn stop(&mut self, farewell: Farewell) {
        self.is_stopped = true;
        self.fanout.flush(&self.seats, &mut self.cursors);
        let mut spelled: HashMap<usize, Bytes> = HashMap::new();
        for seat in self.seats.values() {
            let bytes = spelled
                .entry(seat.path.dialect.slot)
                .or_insert_with(|| seat.path.dialect.bytes(&Event::Farewell(farewell)));
            seat.path.outbox.finish(bytes);
        }
        if self.parts.stopped.try_send(()).is_err() {
            log::debug!("nobody waits for the hub to stop");
        }
    }

    fn hand_to_journal(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        if self.parts.journal.put(std::mem::take(&mut self.jobs)).is_err() {
            log::error!("the journal has ended before the hub");
        }
    }

    fn moment(&self) -> Moment {
        let tick = clock::now().saturating_duration_since(self.origin).as_millis();
        Moment { wall: clock::now_ms(), tick: Millis(i64::try_from(tick).unwrap_or(i64::MAX)) }
    }

    fn instant(&self, tick: Millis) -> Instant {
        self.origin + Duration::from_millis(u64::try_from(tick.0).unwrap_or(0))
    }
}
