//! How a session ends: others are told, what is queued is sent, and what the peer is known to
//! have taken is kept.

use std::time::{Duration, Instant};

use super::{ACKNOWLEDGE_TIME, End, HUB_TIME, Line, Session};
use crate::hub::Signal;
use crate::outbox::FAREWELL_TIME;
use crate::protocol::{Event, Leaving};
use crate::state::Input;
use crate::transport::{self, Heard, Reader};
use crate::{clock, limits};

/// `printf '/login ...' | nc` has ended its side and still reads what waits for it: over a slow
/// line that takes longer than a farewell.
const READING_TIME: Duration = Duration::from_secs(30);

impl Session<'_> {
    /// The end: others are told, what is queued is sent, and if the peer closed in order, what
    /// it was sent counts as taken.
    pub(super) fn end(&mut self, end: End) {
        self.detach(end.why);
        let farewell = end.farewell.map(|why| self.dialect.bytes(&Event::Farewell(why)));
        let patience = if end.line == Line::Ended { READING_TIME } else { FAREWELL_TIME };
        self.outbox.finish_within(patience, &farewell.unwrap_or_else(|| [].into()));
        let deadline = clock::now() + patience;
        let is_orderly = match end.line {
            Line::Broken => false,
            Line::Ended => self.outbox.wait_shut(deadline) && self.is_acknowledged(),
            Line::Open => {
                self.outbox.wait_shut(deadline)
                    && hears_end(&mut self.reader, deadline)
                    && self.is_acknowledged()
            }
        };
        if let Some(account) = self.account() {
            self.note_use(account);
        }
        if let (Some(account), true) = (self.account(), self.shares_cursor()) {
            self.host.write_cursors(account, self.outbox.taken(is_orderly));
        }
        self.outbox.cut();
        log::debug!("ended ({:?})", end.why);
    }

    /// Leaves the hub and waits until it has nothing more for this session.
    fn detach(&mut self, why: Leaving) {
        if self.is_detached {
            return;
        }
        self.is_detached = true;
        self.enter(Input::Detach { session: self.id, why });
        let deadline = clock::now() + HUB_TIME;
        while let Ok(signal) = self.signals.1.recv_deadline(deadline) {
            if matches!(signal, Signal::Detached) {
                return;
            }
        }
    }

    /// Waits until the peer's kernel has everything. The wait has no event; on a healthy path it
    /// takes one round trip.
    fn is_acknowledged(&self) -> bool {
        let deadline = clock::now() + ACKNOWLEDGE_TIME;
        let mut pause = Duration::from_millis(1);
        while clock::now() < deadline {
            if let Some(answer) = transport::is_all_acknowledged(self.reader.stream()) {
                return answer;
            }
            limits::pause(pause);
            pause *= 2;
        }
        false
    }
}

/// After our farewell: discards what the peer still says, until its FIN.
pub(super) fn hears_end(reader: &mut Reader, deadline: Instant) -> bool {
    loop {
        let patience = deadline.saturating_duration_since(clock::now());
        match reader.hear(Some(patience)) {
            Heard::Bytes(_) if clock::now() < deadline => {}
            Heard::End | Heard::Unfinished => return true,
            _ => return false,
        }
    }
}
