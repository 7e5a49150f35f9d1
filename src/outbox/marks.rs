//! What a peer that cannot acknowledge has taken, counted by bytes: a mark says "who has the
//! bytes up to here has this room up to there".

use std::collections::VecDeque;

use crate::protocol::{MessageId, RoomId};

/// A room and the last id of it that the bytes before complete. Opaque to the byte path.
pub type Mark = (RoomId, MessageId);

/// Bytes that both kernels may still hold of what was sent: our send buffer (256 KiB) and the
/// peer's receive buffer, which grows to tcp_rmem's maximum (6 MiB by default; a peer that never
/// read took 1.8 MB in a check). Counting too many as held repeats messages after a cut, at most
/// the newest 200 of a room that is not private; counting too few would lose them.
pub const HELD_BY_KERNELS: u64 = 32 * 1024 * 1024;

/// Marks of one room in one stretch of this length are joined, so that a session keeps some
/// 128 of them however many messages pass.
const GRAIN: u64 = 256 * 1024;

/// The marks of one outbox, by position, oldest first.
#[derive(Debug, Default)]
pub(super) struct Marks {
    by_position: VecDeque<(u64, Mark)>,
}

impl Marks {
    /// Adds marks at position `end` and takes out those whose bytes have left the kernels.
    pub(super) fn add_and_pass(&mut self, marks: &[Mark], end: u64, sent: u64) -> Vec<Mark> {
        for mark in marks {
            self.add(*mark, end);
        }
        self.pass(sent)
    }

    /// Takes out the marks whose bytes have left the kernels.
    pub(super) fn pass(&mut self, sent: u64) -> Vec<Mark> {
        let passed = |(end, _): &(u64, Mark)| end + HELD_BY_KERNELS <= sent;
        let n_passed = self.by_position.iter().take_while(|mark| passed(mark)).count();
        self.by_position.drain(..n_passed).map(|(_, mark)| mark).collect()
    }

    /// Takes out all.
    pub(super) fn all(&mut self) -> Vec<Mark> {
        self.by_position.drain(..).map(|(_, mark)| mark).collect()
    }

    /// Bytes that were never sent complete nothing.
    pub(super) fn forget_unsent(&mut self, sent: u64) {
        self.by_position.retain(|(end, _)| *end <= sent);
    }

    /// Queued bytes were dropped: positions are not to be trusted any more.
    pub(super) fn forget(&mut self) {
        self.by_position.clear();
    }

    /// Joining moves a mark to a later position, never to an earlier one: what counts as taken
    /// was taken. Joined are marks of one stretch only, or a steady stream would never pass.
    fn add(&mut self, mark: Mark, end: u64) {
        let last = self.by_position.iter().rposition(|(_, (room, _))| *room == mark.0);
        let same_stretch = |at: &usize| {
            self.by_position.get(*at).is_some_and(|(position, _)| position / GRAIN == end / GRAIN)
        };
        if let Some(at) = last.filter(same_stretch) {
            self.by_position.remove(at);
        }
        self.by_position.push_back((end, mark));
    }
}
