//! Without a connection: what is given up, and when the next one is tried.

use std::time::Instant;

use super::{Conversation, MAX_RETRY, RETRY, Stage};
use crate::client::{Lost, Update};
use crate::protocol::Farewell;

impl Conversation {
    /// The connection is gone, or could not be made. `random` spreads the clients of a server
    /// that was away, so that they do not all come back at once.
    pub(in crate::client) fn lost(&mut self, why: Lost, random: u32, now: Instant) {
        if matches!(self.stage, Stage::Leaving { .. }) {
            self.stage = Stage::Over;
            return;
        }
        self.bytes.clear();
        self.online.clear();
        self.page.clear();
        self.pending.lost();
        let waiting: Vec<_> = self.waiting.drain(..).filter_map(|order| order.ask()).collect();
        for ask in self.asked.split_off(0).into_iter().chain(waiting) {
            self.hand_on(Update::Unanswered(ask));
        }
        if matches!(why.farewell(), Some(Farewell::LoggedOut | Farewell::Deleted)) {
            // Somebody wants it so: it does not come back by itself.
            (self.account.credentials, self.account.token) = (None, None);
        }
        let retry_in = self.account.is_wanted().then(|| {
            let pause = self.retry.map_or(RETRY, |last| (last * 2).min(MAX_RETRY));
            self.retry = Some(pause);
            pause.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0)
        });
        self.stage = Stage::Away { retry_at: retry_in.map(|pause| now + pause) };
        self.hand_on(Update::Disconnected { why, retry_in });
    }
}
