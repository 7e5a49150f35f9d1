//! One batch of events on its way to many outboxes: encoded once per dialect, one push per
//! session.
//!
//! A batch is a few runs: what everybody is told, and what is told in each room. Who gets the
//! same runs in the same dialect, and nothing else, gets the very same bytes: one allocation for
//! a room of ten thousand. Who sent something, or is told something of its own, gets bytes of its
//! own. All get everything in the order in which it happened: an acknowledgement never overtakes
//! a message of the same room with a smaller id.
//!
//! A room that nothing is said in costs nothing; one in which something is said costs what its
//! members online cost.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Seat, cursors::Cursors};
use crate::envelope::{Bytes, Dialect, Envelope};
use crate::outbox::{Mark, PushError};
use crate::protocol::{Event, Farewell, RoomId, SessionId};

/// Bytes of text in one batch; a larger one would delay its first message.
const MAX_TEXT: usize = 64 * 1024;

/// The batch, and who is where.
#[derive(Debug, Default)]
pub(super) struct Fanout {
    /// What is told in this batch, by whom it is told to.
    runs: Vec<Run>,
    /// Which of them is a room's.
    run_of: HashMap<Audience, usize>,
    /// What single sessions are told.
    singles: HashMap<SessionId, Vec<Item>>,
    /// How many things are told in this batch: their order.
    n_told: usize,
    /// Bytes of text in it.
    text: usize,
    /// Those who are told what everybody is told.
    house: Members,
    /// Those who are told what is told in a room; none is empty.
    rooms: HashMap<RoomId, Members>,
    last: Option<Arc<Envelope>>,
    last_list: Option<Arc<Envelope>>,
}

/// Who is told: a room's members, or everybody.
type Audience = Option<RoomId>;

#[derive(Debug)]
struct Run {
    audience: Audience,
    items: Vec<Item>,
    /// The last message in it.
    mark: Option<Mark>,
}

#[derive(Clone, Debug)]
struct Item {
    /// Its place in the batch.
    at: usize,
    envelope: Arc<Envelope>,
    from: Option<SessionId>,
}

/// Sessions, found by their number and walked in a row.
#[derive(Debug, Default)]
struct Members {
    all: Vec<(SessionId, Arc<Seat>)>,
    place: HashMap<SessionId, usize>,
}

impl Members {
    fn add(&mut self, id: SessionId, seat: &Arc<Seat>) {
        if self.place.contains_key(&id) {
            return;
        }
        self.place.insert(id, self.all.len());
        self.all.push((id, Arc::clone(seat)));
    }

    fn remove(&mut self, id: SessionId) {
        let Some(at) = self.place.remove(&id) else { return };
        self.all.swap_remove(at);
        if let Some((moved, _)) = self.all.get(at) {
            self.place.insert(*moved, at);
        }
    }
}

impl Fanout {
    /// This session is told what all are told, from here on.
    pub(super) fn enter(&mut self, id: SessionId, seat: &Arc<Seat>) {
        self.house.add(id, seat);
    }

    /// Not any more.
    pub(super) fn leave(&mut self, id: SessionId) {
        self.house.remove(id);
    }

    /// This session is told what is told in a room, from here on.
    pub(super) fn subscribe(&mut self, id: SessionId, room: RoomId, seat: &Arc<Seat>) {
        self.rooms.entry(room).or_default().add(id, seat);
    }

    /// Not any more.
    pub(super) fn unsubscribe(&mut self, id: SessionId, room: RoomId) {
        let Some(members) = self.rooms.get_mut(&room) else { return };
        members.remove(id);
        if members.all.is_empty() {
            self.rooms.remove(&room);
        }
    }

    pub(super) fn tell_all(&mut self, event: Arc<Event>, from: Option<SessionId>) {
        self.tell(None, event, from);
    }

    pub(super) fn tell_room(&mut self, room: RoomId, event: Arc<Event>, from: Option<SessionId>) {
        if self.rooms.contains_key(&room) {
            self.tell(Some(room), event, from);
        }
    }

    fn tell(&mut self, audience: Audience, event: Arc<Event>, from: Option<SessionId>) {
        // Whoever sent it gets bytes of its own.
        if let Some(from) = from {
            self.singles.entry(from).or_default();
        }
        let item = self.item(event, from);
        let at = *self.run_of.entry(audience).or_insert(self.runs.len());
        if at == self.runs.len() {
            self.runs.push(Run { audience, items: Vec::new(), mark: None });
        }
        if let Some(run) = self.runs.get_mut(at) {
            run.mark = mark_of(item.envelope.event()).or(run.mark);
            run.items.push(item);
        }
    }

    pub(super) fn tell_one(&mut self, id: SessionId, event: Arc<Event>, own: bool) {
        let item = self.item(event, own.then_some(id));
        self.singles.entry(id).or_default().push(item);
    }

    fn item(&mut self, event: Arc<Event>, from: Option<SessionId>) -> Item {
        if let Event::Said { message, .. } = &*event {
            self.text += message.text.as_str().len();
        }
        self.n_told += 1;
        Item { at: self.n_told, envelope: self.envelope(event), from }
    }

    /// The same event told again is not encoded again: a private message to both its sides, the
    /// list of ten thousand people to all who ask for it.
    fn envelope(&mut self, event: Arc<Event>) -> Arc<Envelope> {
        let slot = match &*event {
            Event::Online(_) => &mut self.last_list,
            _ => &mut self.last,
        };
        match slot {
            Some(last) if last.is_of(&event) => Arc::clone(last),
            _ => Arc::clone(slot.insert(Arc::new(Envelope::new(event)))),
        }
    }

    /// Is there so much text that the batch should go now?
    pub(super) fn is_large(&self) -> bool {
        self.text >= MAX_TEXT
    }

    /// Sends everything. Never blocks.
    pub(super) fn flush(&mut self, seats: &HashMap<SessionId, Arc<Seat>>, cursors: &mut Cursors) {
        if self.n_told == 0 {
            return;
        }
        let runs = std::mem::take(&mut self.runs);
        let singles = std::mem::take(&mut self.singles);
        let house = self.run_of.remove(&None);
        self.run_of.clear();
        (self.n_told, self.text, self.last) = (0, 0, None);
        let mut round = Round { runs: &runs, shared: HashMap::new(), singles, cursors };
        let mut in_rooms = self.of_rooms(&runs);
        if let Some(house) = house {
            let mut alone = Shared::of(&runs, &[house]);
            for (id, seat) in &self.house.all {
                // Most are told nothing else, so they are spared the look into the tables.
                let of_rooms = if in_rooms.is_empty() { None } else { in_rooms.remove(id) };
                match of_rooms {
                    None => round.send_with(&mut alone, *id, seat, &[house]),
                    Some(mut of_rooms) => {
                        of_rooms.push(house);
                        round.send(*id, seat, of_rooms);
                    }
                }
            }
        }
        for (id, of_rooms) in in_rooms {
            if let Some(seat) = seats.get(&id) {
                round.send(id, seat, of_rooms);
            }
        }
        // Private messages and replies: nothing of what others are told goes with them.
        for (id, own) in std::mem::take(&mut round.singles) {
            if let Some(seat) = seats.get(&id) {
                round.send_own(id, seat, &[], &own);
            }
        }
    }

    /// Who is told what is told in rooms: the runs of each.
    fn of_rooms(&self, runs: &[Run]) -> HashMap<SessionId, Vec<usize>> {
        let mut of_rooms: HashMap<SessionId, Vec<usize>> = HashMap::new();
        for (at, run) in runs.iter().enumerate() {
            let Some(members) = run.audience.and_then(|room| self.rooms.get(&room)) else {
                continue;
            };
            for (id, _) in &members.all {
                of_rooms.entry(*id).or_default().push(at);
            }
        }
        of_rooms
    }
}

/// One round over those who are told something.
struct Round<'r> {
    runs: &'r [Run],
    /// The bytes of each set of runs that somebody gets, per dialect, and the marks in them.
    shared: HashMap<Vec<usize>, Shared>,
    singles: HashMap<SessionId, Vec<Item>>,
    cursors: &'r mut Cursors,
}

struct Shared {
    bytes: [Option<Bytes>; Dialect::SLOTS],
    marks: Vec<Mark>,
}

impl Shared {
    fn of(runs: &[Run], of: &[usize]) -> Self {
        let marks = of.iter().filter_map(|at| runs.get(*at)?.mark).collect();
        Self { bytes: Default::default(), marks }
    }
}

impl Round<'_> {
    /// Sends these runs to one session, with what it alone is told.
    fn send(&mut self, id: SessionId, seat: &Seat, of: Vec<usize>) {
        let mut shared = self.shared.remove(&of).unwrap_or_else(|| Shared::of(self.runs, &of));
        self.send_with(&mut shared, id, seat, &of);
        self.shared.insert(of, shared);
    }

    fn send_with(&mut self, shared: &mut Shared, id: SessionId, seat: &Seat, of: &[usize]) {
        if !self.singles.is_empty()
            && let Some(own) = self.singles.remove(&id)
        {
            return self.send_own(id, seat, of, &own);
        }
        let dialect = seat.dialect;
        let bytes = match shared.bytes.get_mut(dialect.slot) {
            Some(slot) => slot.get_or_insert_with(|| join(self.runs, of, dialect)),
            None => &mut join(self.runs, of, dialect),
        };
        push(seat, bytes, &shared.marks, self.cursors);
    }

    /// The runs and what this session alone is told, in the order in which it happened.
    fn send_own(&mut self, id: SessionId, seat: &Seat, of: &[usize], own: &[Item]) {
        let mut bytes = Vec::new();
        let mut marks: Vec<Mark> = Vec::new();
        for item in in_order(self.runs, of, own) {
            if item.from != Some(id) || seat.dialect.echo {
                bytes.extend_from_slice(&item.envelope.bytes(seat.dialect));
            }
            // One's own messages count as taken, sent back or not.
            if let Some(mark) = mark_of(item.envelope.event()) {
                marks.retain(|(room, _)| *room != mark.0);
                marks.push(mark);
            }
        }
        push(seat, &bytes.into(), &marks, self.cursors);
    }
}

/// What is in these runs and beside them, in the order in which it happened.
fn in_order<'i>(runs: &'i [Run], of: &[usize], own: &'i [Item]) -> Vec<&'i Item> {
    let of = of.iter().filter_map(|at| runs.get(*at)).flat_map(|run| &run.items);
    let mut items: Vec<_> = of.chain(own).collect();
    items.sort_by_key(|item| item.at);
    items
}

/// These runs in one dialect; a run of one is the envelope's own bytes.
fn join(runs: &[Run], of: &[usize], dialect: &'static Dialect) -> Bytes {
    let items = in_order(runs, of, &[]);
    if let [only] = items.as_slice() {
        return only.envelope.bytes(dialect);
    }
    let mut all = Vec::new();
    for item in items {
        all.extend_from_slice(&item.envelope.bytes(dialect));
    }
    all.into()
}

fn push(seat: &Seat, bytes: &Bytes, marks: &[Mark], cursors: &mut Cursors) {
    match seat.outbox.push(bytes, marks) {
        Ok(taken) => {
            if let Some(account) = seat.shared_cursor_of {
                taken.into_iter().for_each(|mark| cursors.note(account, None, mark));
            }
        }
        Err(PushError::Full) => {
            log::warn!("cut a session that does not read: {:?}", seat.shared_cursor_of);
            seat.outbox.cut_short(&seat.dialect.bytes(&Event::Farewell(Farewell::TooSlow)));
        }
        // It is on its way out.
        Err(PushError::Gone) => {}
    }
}

fn mark_of(event: &Event) -> Option<Mark> {
    match event {
        Event::Said { message, .. } => Some((message.room, message.id)),
        _ => None,
    }
}
