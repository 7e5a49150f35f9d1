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

use super::{Path, Seat, cursors::Cursors};
use crate::envelope::{Bytes, Dialect, Envelope};
use crate::outbox::{Mark, PushError};
use crate::protocol::{BySession, Event, Farewell, Member, RoomId, SessionId};

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
    singles: BySession<Vec<Item>>,
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
    /// Who is online, as it was told at the last login.
    last_listed: Option<Arc<Envelope>>,
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
    /// For whom it is not, of those who get its run.
    deaf: Vec<SessionId>,
}

/// Sessions, found by their number and walked in a row.
#[derive(Debug, Default)]
struct Members {
    all: Vec<(SessionId, Path)>,
    place: BySession<usize>,
}

impl Members {
    fn add(&mut self, id: SessionId, path: &Path) {
        if self.place.contains_key(&id) {
            return;
        }
        self.place.insert(id, self.all.len());
        self.all.push((id, path.clone()));
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
    pub(super) fn enter(&mut self, id: SessionId, path: &Path) {
        self.house.add(id, path);
    }

    /// Not any more.
    pub(super) fn leave(&mut self, id: SessionId) {
        self.house.remove(id);
    }

    /// This session is told what is told in a room, from here on.
    pub(super) fn subscribe(&mut self, id: SessionId, room: RoomId, path: &Path) {
        self.rooms.entry(room).or_default().add(id, path);
    }

    /// Not any more.
    pub(super) fn unsubscribe(&mut self, id: SessionId, room: RoomId) {
        let Some(members) = self.rooms.get_mut(&room) else { return };
        members.remove(id);
        if members.all.is_empty() {
            self.rooms.remove(&room);
        }
    }

    pub(super) fn tell_all(
        &mut self,
        event: Arc<Event>,
        from: Option<SessionId>,
        deaf: Vec<SessionId>,
    ) {
        self.tell(None, event, from, deaf);
    }

    pub(super) fn tell_room(
        &mut self,
        room: RoomId,
        event: Arc<Event>,
        from: Option<SessionId>,
        deaf: Vec<SessionId>,
    ) {
        if self.rooms.contains_key(&room) {
            self.tell(Some(room), event, from, deaf);
        }
    }

    fn tell(
        &mut self,
        audience: Audience,
        event: Arc<Event>,
        from: Option<SessionId>,
        deaf: Vec<SessionId>,
    ) {
        // Whoever sent it, and those for whom it is not, get bytes of their own.
        for id in from.iter().chain(&deaf) {
            self.singles.entry(*id).or_default();
        }
        let item = Item { deaf, ..self.item(event, from) };
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
        Item { at: self.n_told, envelope: self.envelope(event), from, deaf: Vec::new() }
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

    /// Who is online, to be told at a login. The same list is not encoded again for the next who
    /// comes.
    pub(super) fn listed(&mut self, online: &Arc<[Member]>) -> Arc<Envelope> {
        let is_known = |known: &Arc<Envelope>| match known.event() {
            Event::Listed(all) => Arc::ptr_eq(all, online),
            _ => false,
        };
        match &self.last_listed {
            Some(known) if is_known(known) => Arc::clone(known),
            _ => {
                let listed = Arc::new(Event::Listed(Arc::clone(online)));
                Arc::clone(self.last_listed.insert(Arc::new(Envelope::new(listed))))
            }
        }
    }

    /// Is there so much text that the batch should go now?
    pub(super) fn is_large(&self) -> bool {
        self.text >= MAX_TEXT
    }

    /// Sends everything. Never blocks.
    pub(super) fn flush(&mut self, seats: &BySession<Seat>, cursors: &mut Cursors) {
        if self.n_told == 0 {
            return;
        }
        let runs = std::mem::take(&mut self.runs);
        let singles = std::mem::take(&mut self.singles);
        self.run_of.clear();
        (self.n_told, self.text, self.last) = (0, 0, None);
        let mut round = Round { runs: &runs, shared: HashMap::new(), singles, cursors };
        match &*runs {
            [] => {}
            [only] => round.send_to_all(self.members(only)),
            _ => self.send_several(&mut round, seats),
        }
        // Private messages and replies: nothing of what others are told goes with them.
        for (id, own) in std::mem::take(&mut round.singles) {
            if let Some(seat) = seats.get(&id) {
                round.send_own(id, &seat.path, &[], &own);
            }
        }
    }

    fn members(&self, run: &Run) -> &[(SessionId, Path)] {
        let members = run.audience.map_or(Some(&self.house), |room| self.rooms.get(&room));
        members.map(|members| &*members.all).unwrap_or_default()
    }

    /// Sends the runs of several rooms, or of rooms and the house.
    fn send_several(&self, round: &mut Round<'_>, seats: &BySession<Seat>) {
        let runs = round.runs;
        let mut in_rooms = self.by_session(runs);
        if let Some(house) = runs.iter().position(|run| run.audience.is_none()) {
            let mut alone = Shared::of(runs, &[house]);
            for (id, path) in &self.house.all {
                match in_rooms.remove(id) {
                    None => round.send_with(&mut alone, *id, path, &[house]),
                    Some(mut of) => {
                        of.push(house);
                        round.send(*id, path, of);
                    }
                }
            }
        }
        for (id, of) in in_rooms {
            if let Some(seat) = seats.get(&id) {
                round.send(id, &seat.path, of);
            }
        }
    }

    /// Who is told what is told in rooms: the runs of each.
    fn by_session(&self, runs: &[Run]) -> BySession<Vec<usize>> {
        let mut by_session: BySession<Vec<usize>> = BySession::default();
        for (at, run) in runs.iter().enumerate().filter(|(_, run)| run.audience.is_some()) {
            for (id, _) in self.members(run) {
                by_session.entry(*id).or_default().push(at);
            }
        }
        by_session
    }
}

/// One round over those who are told something.
struct Round<'r> {
    runs: &'r [Run],
    /// The bytes of each set of runs that somebody gets, per dialect, and the marks in them.
    shared: HashMap<Vec<usize>, Shared>,
    singles: BySession<Vec<Item>>,
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
    /// Sends the only run: most are told nothing else, so nobody is looked up.
    fn send_to_all(&mut self, members: &[(SessionId, Path)]) {
        let mut shared = Shared::of(self.runs, &[0]);
        for (id, path) in members {
            self.send_with(&mut shared, *id, path, &[0]);
        }
    }

    /// Sends these runs to one session, with what it alone is told.
    fn send(&mut self, id: SessionId, path: &Path, of: Vec<usize>) {
        let mut shared = self.shared.remove(&of).unwrap_or_else(|| Shared::of(self.runs, &of));
        self.send_with(&mut shared, id, path, &of);
        self.shared.insert(of, shared);
    }

    fn send_with(&mut self, shared: &mut Shared, id: SessionId, path: &Path, of: &[usize]) {
        if !self.singles.is_empty()
            && let Some(own) = self.singles.remove(&id)
        {
            return self.send_own(id, path, of, &own);
        }
        let dialect = path.dialect;
        let bytes = match shared.bytes.get_mut(dialect.slot) {
            Some(slot) => slot.get_or_insert_with(|| join(self.runs, of, dialect)),
            None => &mut join(self.runs, of, dialect),
        };
        push(path, bytes, &shared.marks, self.cursors);
    }

    /// The runs and what this session alone is told, in the order in which it happened.
    fn send_own(&mut self, id: SessionId, path: &Path, of: &[usize], own: &[Item]) {
        let mut bytes = Vec::new();
        let mut marks: Vec<Mark> = Vec::new();
        for item in in_order(self.runs, of, own) {
            let is_echo = item.from == Some(id) && !path.dialect.echo;
            if !is_echo && !item.deaf.contains(&id) {
                bytes.extend_from_slice(&item.envelope.bytes(path.dialect));
            }
            // One's own messages count as taken, sent back or not, and so does what one ignores.
            if let Some(mark) = mark_of(item.envelope.event()) {
                marks.retain(|(room, _)| *room != mark.0);
                marks.push(mark);
            }
        }
        push(path, &bytes.into(), &marks, self.cursors);
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

fn push(path: &Path, bytes: &Bytes, marks: &[Mark], cursors: &mut Cursors) {
    match path.outbox.push(bytes, marks) {
        Ok(taken) => {
            if let Some(account) = path.shared_cursor_of {
                taken.into_iter().for_each(|mark| cursors.note(account, None, mark));
            }
        }
        Err(PushError::Full) => {
            log::warn!("cut a session that does not read: {:?}", path.shared_cursor_of);
            path.outbox.cut_short(&path.dialect.bytes(&Event::Farewell(Farewell::TooSlow)));
        }
        // It is on its way out.
        Err(PushError::Gone) => {}
    }
}

fn mark_of(event: &Event) -> Option<Mark> {
    match event {
        Event::Said { message, .. } => Some((message.room, message.id)),
        Event::Passed { room, up_to } => Some((*room, *up_to)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
