//! Where this device is in every room: what it has been handed, so that nothing is handed on
//! twice, and what the server is to be told.
//!
//! Ids increase within a room, and the server sends a room's messages in that order; but one's
//! own messages are not sent, they come as acknowledgements, which may run ahead of or behind
//! the messages of others. So an own id never moves the position past an id that may still come.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::protocol::{MessageId, RoomId};

/// Own ids ahead of a room's position that are remembered: they only serve to hide a message
/// that the server replays although this device sent it, and the oldest are the first to go.
const MAX_OWN: usize = 4_096;

/// Rooms that the server is told of when this device comes back. Each takes up to 70 bytes of a
/// frame, which the server bounds; what comes again from others is not handed on again.
const MAX_HELD: usize = 800;

#[derive(Debug, Default)]
pub(super) struct Positions {
    rooms: HashMap<RoomId, Position>,
    /// What the server is to be told, in the order of the updates that must be dealt with before.
    due: VecDeque<Due>,
    /// The server is told of this room alone.
    only: Option<RoomId>,
    /// Something was taken that the program never saw: the server is told nothing any more.
    deaf: bool,
}

#[derive(Debug, Default)]
struct Position {
    /// The last id taken; 0: none yet.
    last: u64,
    /// Own ids above it.
    own: BTreeSet<u64>,
}

#[derive(Debug)]
struct Due {
    /// The number of the update that hands the message on.
    update: u64,
    room: RoomId,
    id: u64,
}

impl Positions {
    /// A message came: is it new? If so it counts as taken once update number `update` is dealt
    /// with.
    pub(super) fn take(&mut self, room: RoomId, id: MessageId, update: u64) -> bool {
        let position = self.rooms.entry(room).or_default();
        if id.0 <= position.last {
            return false;
        }
        // Its own acknowledgement came first.
        let is_new = !position.own.contains(&id.0);
        position.last = id.0;
        position.join_own();
        let id = position.last;
        self.tell(Due { update, room, id });
        is_new
    }

    /// A send of this device has this place. `update` as above.
    pub(super) fn own(&mut self, room: RoomId, id: MessageId, update: u64) {
        let position = self.rooms.entry(room).or_default();
        if id.0 <= position.last {
            return;
        }
        position.own.insert(id.0);
        if position.own.len() > MAX_OWN {
            position.own.pop_first();
        }
        let before = position.last;
        position.join_own();
        let id = position.last;
        if id > before {
            self.tell(Due { update, room, id });
        }
    }

    /// Something waits to be told.
    pub(super) fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Something waits that the program, with `handled` updates dealt with, has not yet seen.
    pub(super) fn is_ahead_of(&self, handled: u64) -> bool {
        self.due.back().is_some_and(|due| due.update > handled)
    }

    /// What to tell, at most one per room: everything whose update is among the first `handled`.
    pub(super) fn receipts(&mut self, handled: u64) -> BTreeMap<RoomId, u64> {
        let mut receipts = BTreeMap::new();
        while let Some(due) = self.due.pop_front_if(|due| due.update <= handled) {
            if self.only.is_none_or(|only| only == due.room) {
                receipts.insert(due.room, due.id);
            }
        }
        receipts
    }

    /// The server is told of this room alone from now on; `None`: of every room.
    pub(super) fn count_only(&mut self, room: Option<RoomId>) {
        self.only = room;
    }

    /// What this device holds in [`MAX_HELD`] rooms at most, as the server is to be told when it
    /// comes back: not to be sent again.
    pub(super) fn held(&self) -> Vec<String> {
        let taken = self.rooms.iter().filter(|(_, position)| position.last > 0).take(MAX_HELD);
        taken.map(|(room, position)| format!("{room}:{}", position.last)).collect()
    }

    /// Another epoch or another account: the ids that were known mean nothing now.
    pub(super) fn forget(&mut self) {
        self.rooms.clear();
        self.due.clear();
    }

    /// An update could not be handed on, so from here on nothing is known to be seen.
    pub(super) fn stop_receipts(&mut self) {
        self.deaf = true;
        self.due.clear();
    }

    fn tell(&mut self, due: Due) {
        if self.deaf {
            return;
        }
        // Bounded by the updates that wait, and one per room for those already dealt with.
        match self.due.back_mut() {
            Some(back) if back.room == due.room && back.update == due.update => back.id = due.id,
            _ => self.due.push_back(due),
        }
    }
}

impl Position {
    /// Own ids that follow without a gap are taken too: nothing can lie between.
    fn join_own(&mut self) {
        while let Some(first) = self.own.pop_first() {
            if first > self.last + 1 {
                self.own.insert(first);
                return;
            }
            self.last = self.last.max(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::UserId;

    const LOBBY: RoomId = RoomId::Lobby;

    #[test]
    fn an_own_id_never_hides_a_message_that_may_still_come() {
        let mut positions = Positions::default();
        assert!(positions.take(LOBBY, MessageId(4), 1));
        positions.own(LOBBY, MessageId(6), 1);
        assert_eq!(positions.receipts(9), BTreeMap::from([(LOBBY, 4)]));
        assert!(positions.take(LOBBY, MessageId(5), 2));
        assert_eq!(positions.receipts(9), BTreeMap::from([(LOBBY, 6)]));
        assert!(!positions.take(LOBBY, MessageId(6), 2), "a replay of one's own words");
        assert!(positions.take(LOBBY, MessageId(7), 3));
        assert!(!positions.take(LOBBY, MessageId(7), 4));
    }

    #[test]
    fn of_rooms_that_do_not_count_the_server_is_told_nothing() {
        let mut positions = Positions::default();
        let pair = RoomId::pair(UserId(100), UserId(200));
        positions.count_only(Some(pair));
        positions.take(LOBBY, MessageId(1), 1);
        positions.take(pair, MessageId(1), 2);
        positions.take(LOBBY, MessageId(2), 3);
        assert_eq!(positions.receipts(9), BTreeMap::from([(pair, 1)]));
        assert!(!positions.is_due());
    }

    #[test]
    fn the_server_is_told_only_what_the_program_has_dealt_with() {
        let mut positions = Positions::default();
        positions.take(LOBBY, MessageId(1), 1);
        positions.take(LOBBY, MessageId(2), 2);
        assert_eq!(positions.receipts(0), BTreeMap::new());
        assert_eq!(positions.receipts(1), BTreeMap::from([(LOBBY, 1)]));
        assert!(positions.is_due());
        positions.stop_receipts();
        assert_eq!(positions.receipts(2), BTreeMap::new());
    }
}
