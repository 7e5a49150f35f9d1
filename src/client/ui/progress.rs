//! How far one's own private messages have come, told once for each step.

use std::collections::HashMap;

use crate::client::{Seen, Update};
use crate::protocol::{MessageId, RoomId, UserId};

/// A step, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The server has it.
    Stored,
    /// A device of the other one has it.
    Delivered,
    /// The other one has read it.
    Read,
}

/// The private rooms in which something was said since the program started.
#[derive(Debug, Default)]
pub(super) struct Progress {
    me: Option<UserId>,
    rooms: HashMap<RoomId, Own>,
    /// What others said in private and was shown, not yet called read.
    shown: HashMap<RoomId, MessageId>,
}

/// One's own words in a room.
#[derive(Debug, Default)]
struct Own {
    /// The newest that is stored.
    sent: MessageId,
    delivered: MessageId,
    read: MessageId,
    /// The newest step that was told, and of which message.
    told: Option<(MessageId, Step)>,
}

impl Progress {
    /// Learns from what happened: to whom one's newest words have come how far, if that is news.
    pub(super) fn learn(&mut self, update: &Update) -> Option<(UserId, Step)> {
        let room = match update {
            Update::LoggedIn { me, .. } => {
                if self.me.replace(me.id) != Some(me.id) {
                    self.rooms.clear();
                    self.shown.clear();
                }
                return None;
            }
            Update::Said(said) => {
                if said.peer == Some(said.sender) {
                    self.shown.insert(said.room, said.id);
                }
                return None;
            }
            Update::Sent { room, id, .. } => {
                room.other(self.me?)?;
                self.rooms.entry(*room).or_default().sent = *id;
                *room
            }
            Update::Seen { room, by, up_to, how } => {
                // Of oneself on another device there is nothing to tell.
                room.other(self.me?).filter(|peer| peer == by)?;
                let own = self.rooms.get_mut(room)?;
                let mark = match how {
                    Seen::Delivered => &mut own.delivered,
                    Seen::Read => &mut own.read,
                };
                *mark = (*mark).max(*up_to);
                *room
            }
            _ => return None,
        };
        let step = self.rooms.get_mut(&room)?.news()?;
        Some((room.other(self.me?)?, step))
    }

    /// What was shown since the last time, by room: a person who types has read it.
    pub(super) fn take_shown(&mut self) -> Vec<(RoomId, MessageId)> {
        self.shown.drain().collect()
    }
}

impl Own {
    fn news(&mut self) -> Option<Step> {
        let step = match self.sent {
            sent if self.read >= sent => Step::Read,
            sent if self.delivered >= sent => Step::Delivered,
            _ => Step::Stored,
        };
        let now = (self.sent, step);
        let is_news = self.told.is_none_or(|told| told < now);
        self.told = self.told.max(Some(now));
        is_news.then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Member, Millis, Reference};

    const ME: UserId = UserId(1);
    const PEER: UserId = UserId(2);

    fn sent(id: u64) -> Update {
        let room = RoomId::pair(ME, PEER);
        let reference = Reference::new("r").unwrap();
        Update::Sent { reference, id: MessageId(id), room, time: Millis(0) }
    }

    fn seen(by: UserId, up_to: u64, how: Seen) -> Update {
        Update::Seen { room: RoomId::pair(ME, PEER), by, up_to: MessageId(up_to), how }
    }

    #[test]
    fn each_step_of_the_newest_words_is_told_once() {
        let mut progress = Progress::default();
        let me = Member { id: ME, name: "me".into(), address: "".into(), absence: None };
        progress.learn(&Update::LoggedIn { me, n_online: 1 });
        let (stored, delivered, read) =
            (Some((PEER, Step::Stored)), Some((PEER, Step::Delivered)), Some((PEER, Step::Read)));
        for (update, told) in [
            (seen(PEER, 3, Seen::Read), None),
            (sent(5), stored),
            (seen(PEER, 4, Seen::Delivered), None),
            (seen(ME, 9, Seen::Read), None),
            (sent(6), stored),
            (seen(PEER, 5, Seen::Read), None),
            (seen(PEER, 6, Seen::Delivered), delivered),
            (seen(PEER, 6, Seen::Delivered), None),
            (seen(PEER, 6, Seen::Read), read),
            (seen(PEER, 6, Seen::Delivered), None),
            (sent(7), stored),
            (seen(PEER, 7, Seen::Read), read),
        ] {
            assert_eq!(progress.learn(&update), told, "{update:?}");
        }
    }
}
