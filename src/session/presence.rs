//! What a session says of its person that nobody stores: that they write something.

use std::time::{Duration, Instant};

use super::Session;
use crate::clock;
use crate::protocol::{Act, To};

/// Between two words of one session that it writes: what comes sooner is dropped.
const TYPING: Duration = Duration::from_secs(3);

/// When a session said last that it writes.
#[derive(Debug, Default)]
pub(super) struct Typing(Option<Instant>);

impl Session<'_> {
    /// Never answered, whatever becomes of it: it is out of date before an answer could help.
    pub(super) fn typing(&mut self, to: &To) {
        let now = clock::now();
        if self.typing.0.is_some_and(|last| now < last + TYPING) {
            return;
        }
        if let Ok(room) = self.room_of(to, false)
            && self.reserve(0).is_ok()
        {
            self.typing = Typing(Some(now));
            self.acts.push(Act::Typing(room));
        }
    }
}
