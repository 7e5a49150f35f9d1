//! From a wish to say something to the message on everybody's screen: accepted here, stored by
//! the journal, delivered when that is known.

use std::sync::Arc;

use super::{Effect, Fate, Moment, Posted, State};
use crate::protocol::{
    Append, ErrorCode, Event, Message, Reference, Refusal, RoomId, SessionId, Target, Text, UserId,
    What,
};

/// What a session wants to say: where, what, under which name, about what.
pub(super) type Asked = (RoomId, Text, Option<Reference>, Option<Target>);

impl State {
    pub(super) fn send(
        &mut self,
        id: SessionId,
        (room, text, reference, target): Asked,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let is_delete = target.is_some_and(|target| target.what == What::Delete);
        let allowed = match &target {
            None => self.may_send(user, room).map(|()| None),
            Some(target) => self.may_send_about(id, room, target).map(Some),
        };
        // Who is muted may still take back what they said.
        let allowed = allowed.map_err(Refusal::of).and_then(|about| match is_delete {
            true => Ok(about),
            false => {
                self.may_reach(user, room).map_err(Refusal::of)?;
                self.may_speak(id, room).map(|()| about)
            }
        });
        let about = match allowed {
            Ok(about) => about,
            Err(refusal) => {
                let refusal = Refusal { reference, ..refusal };
                return self.refuse_send(id, refusal, &text, effects);
            }
        };
        let nonce = self.count_in_flight(id);
        let Some(session) = self.sessions.get(&id) else { return };
        let append = Append {
            room,
            sender: session.user,
            device: session.device.clone(),
            name: self.people.shown(session.user),
            time: now.wall,
            text,
            reference: reference.unwrap_or_else(|| Reference::of_server(nonce)),
            nonce,
            about,
        };
        effects.push(Effect::Append { session: id, append });
    }

    fn refuse_send(
        &mut self,
        id: SessionId,
        refusal: Refusal,
        text: &Text,
        effects: &mut Vec<Effect>,
    ) {
        self.tell(id, Event::Refused(refusal), effects);
        effects.push(Effect::Finished { session: id, acts: 1, bytes: text.as_str().len() });
    }

    /// One write more of this session is on its way; its nonce.
    pub(super) fn count_in_flight(&mut self, id: SessionId) -> u64 {
        let nonce = self.next_nonce;
        self.next_nonce += 1;
        self.n_in_flight += 1;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.n_in_flight += 1;
        }
        nonce
    }

    pub(super) fn on_posted(&mut self, posted: Posted, now: Moment, effects: &mut Vec<Effect>) {
        let id = posted.session;
        if matches!(posted.fate, Fate::Marked(Ok(()))) && !self.on_mark(id, effects) {
            // One write, which is over when every feed has brought it.
            return;
        }
        let (acts, bytes) = self.on_fate(id, posted.fate, now, effects);
        if acts > 0 && !self.was_unreserved(id) {
            effects.push(Effect::Finished { session: id, acts, bytes });
        }
        self.n_in_flight = self.n_in_flight.saturating_sub(1);
        self.n_posted += 1;
        self.enter_overlapping(effects);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.n_in_flight = session.n_in_flight.saturating_sub(1);
            if session.n_in_flight == 0 {
                self.resume(id, now, effects);
            }
        }
    }

    /// Was nothing taken of the budgets for the write that is posted? Those come first.
    fn was_unreserved(&mut self, id: SessionId) -> bool {
        let session = self.sessions.get_mut(&id).filter(|session| session.n_unreserved > 0);
        session.map(|session| session.n_unreserved -= 1).is_some()
    }

    /// What became of a write is told to whom it concerns. The answer is its share of the budgets:
    /// acts, and bytes of text. Asked for by a session here, or one on another server.
    pub(super) fn on_fate(
        &mut self,
        id: SessionId,
        fate: Fate,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> (usize, usize) {
        match fate {
            Fate::Sent { reference, nonce, bytes, outcome } => {
                self.on_sent(id, (reference, nonce), outcome, effects);
                (1, bytes)
            }
            Fate::Changed { change, outcome } => {
                self.on_changed(id, change, outcome, effects);
                (1, 0)
            }
            Fate::Deleted { account, outcome } => {
                self.on_deleted(id, (account, outcome), now, effects);
                (1, 0)
            }
            Fate::Marked(outcome) => {
                if outcome.is_err() {
                    self.on_unmarked(id, now);
                }
                (0, 0)
            }
        }
    }

    fn on_sent(
        &mut self,
        id: SessionId,
        (reference, nonce): (Reference, u64),
        outcome: Result<(Arc<Message>, bool), ErrorCode>,
        effects: &mut Vec<Effect>,
    ) {
        let asked = (!reference.is_of_server()).then_some(reference);
        match outcome {
            Ok((message, is_new)) => {
                self.remember_last(id, nonce, &message);
                if is_new {
                    self.say(id, &message, effects);
                }
                let (room, time) = (message.room, message.time);
                let ack = Event::Accepted { reference: asked, id: message.id, room, time };
                self.tell(id, ack, effects);
                self.tell_if_absent(id, &message, effects);
            }
            Err(code) => {
                let refusal = Refusal { reference: asked, code, detail: None };
                self.tell(id, Event::Refused(refusal), effects);
            }
        }
    }

    /// Delivers a message that is stored now.
    fn say(&mut self, from: SessionId, message: &Arc<Message>, effects: &mut Vec<Effect>) {
        // The sender has not left: leaving waits for its sends. On another server it may have
        // other addresses; it is known by one.
        let address = self.sessions.get(&from).map(|session| Arc::clone(&session.address));
        let address = address.unwrap_or_else(|| self.people.member(message.sender).address);
        let room = self.halls.name(message.room);
        let said = Event::Said { message: Arc::clone(message), address, room };
        let (a, b) = match message.room {
            RoomId::Lobby => return self.tell_all(said, Some(from), effects),
            RoomId::Named(no) => return self.tell_room(no, said, Some(from), effects),
            RoomId::Pair(a, b) => (a, b),
        };
        let event = Arc::new(said);
        let others = if a == b { &[][..] } else { self.people.sessions(b) };
        let sessions: Vec<_> = self.people.sessions(a).iter().chain(others).copied().collect();
        for session in sessions {
            self.tell_one(session, &event, Some(from), effects);
        }
    }

    /// Who may send where.
    pub(super) fn may_send(&self, user: UserId, room: RoomId) -> Result<(), ErrorCode> {
        match room {
            _ if self.stop_at.is_some() => Err(ErrorCode::ShuttingDown),
            RoomId::Pair(..) if user.is_guest() => Err(ErrorCode::AccountNeeded),
            // The session makes the pair of its own account; anything else is a fault of ours.
            RoomId::Pair(..) if room.other(user).is_none() => Err(ErrorCode::Internal),
            RoomId::Named(no) => self.may_say(user, no),
            _ => Ok(()),
        }
    }
}
