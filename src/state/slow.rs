//! Slow mode: who has said something lately, where that counts.
//!
//! Each server counts what its own sessions say when it is accepted, and what is said on others
//! when it hears of it: who speaks on two at the same instant may be heard twice.

use std::collections::HashMap;

use super::{Fate, Moment, State};
use crate::protocol::{Millis, Place, RoomId, Terms, UserId, What};

/// People whose last word in slow mode is remembered before those are forgotten who may speak
/// again anyway.
const MAX_SPOKEN: usize = 10_000;

/// When somebody last said something in slow mode, on the clock of `Moment::tick`.
#[derive(Debug, Default)]
pub(super) struct Spoken(HashMap<(Place, UserId), Millis>);

impl Spoken {
    /// There is no such place any more.
    pub(super) fn forget(&mut self, place: Place) {
        self.0.retain(|(of, _), _| *of != place);
    }

    /// Seconds until somebody may speak who may do so once in `every` seconds; none: they speak
    /// now.
    pub(super) fn wait(
        &mut self,
        place: Place,
        user: UserId,
        every: u32,
        tick: Millis,
    ) -> Option<u32> {
        if let Some(spoken) = self.0.get(&(place, user)) {
            let left = spoken.0 + i64::from(every) * 1_000 - tick.0;
            if left > 0 {
                return Some(u32::try_from((left + 999) / 1_000).unwrap_or(every));
            }
        }
        self.note(place, user, tick);
        None
    }

    /// Somebody speaks now.
    fn note(&mut self, place: Place, user: UserId, tick: Millis) {
        if self.0.len() >= MAX_SPOKEN {
            let oldest = tick.0 - i64::from(Terms::MAX_EVERY) * 1_000;
            self.0.retain(|_, spoken| spoken.0 > oldest);
            if self.0.len() >= MAX_SPOKEN {
                // So many in an hour: some may speak once more too soon.
                self.0.clear();
            }
        }
        self.0.insert((place, user), tick);
    }
}

/// Where it counts that something is said in a room: who talks to one alone disturbs nobody.
pub(super) fn slow_places(room: RoomId) -> Vec<Place> {
    match room {
        RoomId::Named(no) => vec![None, Some(no)],
        RoomId::Lobby => vec![None],
        RoomId::Pair(..) => Vec::new(),
    }
}

impl State {
    /// What became of a send on another server: where it is new, it counts here, too.
    pub(super) fn note_spoken(&mut self, fate: &Fate, now: Moment) {
        let Fate::Sent { outcome: Ok((message, true)), .. } = fate else { return };
        // Taking something back is always free.
        if message.about.is_some_and(|about| about.what == What::Delete) {
            return;
        }
        for place in slow_places(message.room) {
            if self.orders.may_be_slow(place, message.sender) {
                self.orders.spoken.note(place, message.sender, now.tick);
            }
        }
    }
}
