//! One batch of events on its way to many outboxes: encoded once per dialect, one push per
//! session.
//!
//! Who gets nothing but what all get, gets the very same bytes: one allocation for a room of ten
//! thousand. Who sent something, or is told something of its own, gets bytes of its own, with
//! everything in the order in which it happened: an acknowledgement never overtakes a message
//! of the same room with a smaller id.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Seat, cursors::Cursors};
use crate::envelope::{Bytes, Dialect, Envelope};
use crate::outbox::{Mark, PushError};
use crate::protocol::{Event, Farewell, SessionId};

/// Bytes of text in one batch; a larger one would delay its first message.
const MAX_TEXT: usize = 64 * 1024;

/// The batch, and who is in the room.
#[derive(Debug, Default)]
pub(super) struct Fanout {
    /// What all are told, and by whom.
    run: Vec<(Arc<Envelope>, Option<SessionId>)>,
    /// Bytes of text in it.
    text: usize,
    /// What single sessions are told: after so many of the run, and whether it is their own.
    singles: HashMap<SessionId, Vec<Single>>,
    /// Those who are told what all are told.
    room: Vec<(SessionId, Arc<Seat>)>,
    place: HashMap<SessionId, usize>,
    last: Option<Arc<Envelope>>,
    last_list: Option<Arc<Envelope>>,
}

#[derive(Debug)]
struct Single {
    after: usize,
    envelope: Arc<Envelope>,
    own: bool,
}

impl Fanout {
    /// This session is told what all are told, from here on.
    pub(super) fn enter(&mut self, id: SessionId, seat: &Arc<Seat>) {
        self.place.insert(id, self.room.len());
        self.room.push((id, Arc::clone(seat)));
    }

    /// Not any more.
    pub(super) fn leave(&mut self, id: SessionId) {
        let Some(at) = self.place.remove(&id) else { return };
        self.room.swap_remove(at);
        if let Some((moved, _)) = self.room.get(at) {
            self.place.insert(*moved, at);
        }
    }

    pub(super) fn tell_all(&mut self, event: Arc<Event>, from: Option<SessionId>) {
        self.count(&event);
        // Whoever sent it gets bytes of its own.
        if let Some(from) = from {
            self.singles.entry(from).or_default();
        }
        let envelope = self.envelope(event);
        self.run.push((envelope, from));
    }

    pub(super) fn tell_one(&mut self, id: SessionId, event: Arc<Event>, own: bool) {
        self.count(&event);
        let single = Single { after: self.run.len(), envelope: self.envelope(event), own };
        self.singles.entry(id).or_default().push(single);
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

    fn count(&mut self, event: &Event) {
        if let Event::Said { message, .. } = event {
            self.text += message.text.as_str().len();
        }
    }

    /// Is there so much text that the batch should go now?
    pub(super) fn is_large(&self) -> bool {
        self.text >= MAX_TEXT
    }

    /// Sends everything. Never blocks.
    pub(super) fn flush(&mut self, seats: &HashMap<SessionId, Arc<Seat>>, cursors: &mut Cursors) {
        let run = std::mem::take(&mut self.run);
        let mut singles = std::mem::take(&mut self.singles);
        self.text = 0;
        self.last = None;
        if !run.is_empty() {
            let mut shared: [Option<Bytes>; Dialect::SLOTS] = Default::default();
            let mark: Vec<_> =
                run.iter().rev().find_map(|(e, _)| mark_of(e.event())).into_iter().collect();
            for (id, seat) in &self.room {
                if let Some(own) = singles.remove(id) {
                    push_own(seat, &run, &own, *id, cursors);
                    continue;
                }
                let dialect = seat.dialect;
                let bytes = match shared.get_mut(dialect.slot) {
                    Some(slot) => slot.get_or_insert_with(|| join(&run, dialect)),
                    None => &mut join(&run, dialect),
                };
                push(seat, bytes, &mark, cursors);
            }
        }
        // Private messages and replies: nothing of what all are told goes with them.
        for (id, own) in singles {
            if let Some(seat) = seats.get(&id) {
                push_own(seat, &[], &own, id, cursors);
            }
        }
    }
}

type Run = [(Arc<Envelope>, Option<SessionId>)];

/// The whole run in one dialect; a run of one is the envelope's own bytes.
fn join(run: &Run, dialect: &'static Dialect) -> Bytes {
    if let [(only, _)] = run {
        return only.bytes(dialect);
    }
    let mut all = Vec::new();
    for (envelope, _) in run {
        all.extend_from_slice(&envelope.bytes(dialect));
    }
    all.into()
}

/// The run and what this session alone is told, in the order in which it happened.
fn push_own(seat: &Seat, run: &Run, singles: &[Single], id: SessionId, cursors: &mut Cursors) {
    let mut bytes = Vec::new();
    let mut marks: Vec<Mark> = Vec::new();
    let mut add = |envelope: &Envelope, own: bool| {
        if !own || seat.dialect.echo {
            bytes.extend_from_slice(&envelope.bytes(seat.dialect));
        }
        // One's own messages count as taken, sent back or not.
        if let Some(mark) = mark_of(envelope.event()) {
            marks.retain(|(room, _)| *room != mark.0);
            marks.push(mark);
        }
    };
    let mut singles = singles.iter().peekable();
    for (at, (envelope, from)) in run.iter().enumerate() {
        while let Some(single) = singles.next_if(|single| single.after <= at) {
            add(&single.envelope, single.own);
        }
        add(envelope, *from == Some(id));
    }
    singles.for_each(|single| add(&single.envelope, single.own));
    push(seat, &bytes.into(), &marks, cursors);
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
