//! Who is told how far somebody has come: the sender of a private message, where the reader lets
//! it be seen, and the reader's own other devices.

use std::sync::Arc;

use super::{Effect, State};
use crate::protocol::{Event, MessageId, RoomId, SessionId, Tiding, UserId};

impl State {
    /// A device of `by` has a private room up to here: the other one may be told.
    pub(super) fn tell_delivered(
        &mut self,
        by: UserId,
        room: RoomId,
        up_to: MessageId,
        effects: &mut Vec<Effect>,
    ) {
        let peer = room.other(by).filter(|peer| *peer != by);
        if let Some(peer) = peer.filter(|_| self.people.receipts(by).delivered) {
            self.pass_delivered(by, room, up_to, effects);
            if self.is_elsewhere(peer) {
                self.tell_others(Tiding::Delivered(by, room, up_to), effects);
            }
        }
    }

    /// The account of this session has read a room up to here: its other devices are told, and
    /// in a private room the other one may be.
    pub(super) fn tell_read(
        &mut self,
        session: SessionId,
        room: RoomId,
        up_to: MessageId,
        effects: &mut Vec<Effect>,
    ) {
        let Some(by) = self.sessions.get(&session).map(|session| session.user) else { return };
        let seen = self.people.receipts(by).read;
        self.pass_read(Some(session), by, (room, up_to, seen), effects);
        let peer = room.other(by).filter(|_| seen);
        if self.is_elsewhere(by) || peer.is_some_and(|peer| self.is_elsewhere(peer)) {
            self.tell_others(Tiding::Read(by, room, up_to, seen), effects);
        }
    }

    /// The same, to those who are here; `seen`: the other one of a private room may know.
    pub(super) fn pass_read(
        &mut self,
        from: Option<SessionId>,
        by: UserId,
        (room, up_to, seen): (RoomId, MessageId, bool),
        effects: &mut Vec<Effect>,
    ) {
        let mut to = self.people.sessions(by).to_vec();
        to.retain(|other| Some(*other) != from);
        if let Some(peer) = room.other(by).filter(|peer| *peer != by && seen) {
            to.extend_from_slice(self.people.sessions(peer));
        }
        self.tell_each(&to, Event::Read { room, by, up_to }, effects);
    }

    pub(super) fn tell_each(&mut self, to: &[SessionId], event: Event, effects: &mut Vec<Effect>) {
        let event = Arc::new(event);
        for id in to {
            self.tell_one(*id, &event, None, effects);
        }
    }
}
