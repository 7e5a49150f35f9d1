//! What an account said is erased after it was deleted, room by room in small writes. Every pass
//! begins anew and does nothing to what is erased already, so it may end anywhere.

use std::time::Duration;

use super::super::clerk::Halt;
use super::{Keeping, PAUSE};
use crate::dao::{Erase, Write};
use crate::protocol::{MessageId, RoomId, UserId, What};

/// Messages read at a time, and erased in one write at most.
const PAGE: usize = 200;

/// After a page without any of the account's words: a million messages take half a minute.
const READ_PAUSE: Duration = Duration::from_millis(5);

impl Keeping {
    /// All that is to be erased now. What fails is tried again at the next look.
    pub(super) fn erase(&self) -> Result<(), Halt> {
        let accounts = match self.clerk.store.erasing() {
            Ok(accounts) => accounts,
            Err(error) => {
                // Others say that the store is away.
                log::debug!("nothing is known of what is to be erased: {error}");
                return Ok(());
            }
        };
        match accounts.into_iter().try_for_each(|account| self.erase_all_of(account)) {
            Err(Halt::Failed(why)) => {
                log::warn!("what a deleted account said is not erased yet: {why}");
                Ok(())
            }
            ended => ended,
        }
    }

    fn erase_all_of(&self, account: UserId) -> Result<(), Halt> {
        let n_erased = self.erase_of(account)?;
        self.clerk.write(Write::Erased(account))?;
        log::info!("{n_erased} texts of {account} are erased");
        Ok(())
    }

    fn erase_of(&self, account: UserId) -> Result<u64, Halt> {
        let mut n_erased = 0;
        for (room, last) in self.clerk.store.rooms()? {
            let is_open = match room {
                RoomId::Pair(one, other) => [one, other].contains(&account),
                RoomId::Lobby | RoomId::Named(_) => true,
            };
            if is_open {
                n_erased += self.erase_in(account, room, last)?;
            }
        }
        Ok(n_erased)
    }

    fn erase_in(&self, account: UserId, room: RoomId, last: MessageId) -> Result<u64, Halt> {
        let (mut n_erased, mut after) = (0, MessageId(0));
        while after < last {
            self.hear()?;
            let page = self.clerk.store.page(room, after, PAGE)?;
            let Some(newest) = page.last() else { break };
            after = newest.id;
            let its = page.iter().filter(|message| {
                message.sender == account && What::has_words(message.what()) && !message.is_erased()
            });
            let ids: Vec<_> = its.map(|message| message.id).collect();
            if ids.is_empty() {
                self.clerk.pause(READ_PAUSE)?;
                continue;
            }
            n_erased += self.clerk.write(Write::Erase(Erase { account, room, ids }))?;
            self.clerk.pause(PAUSE)?;
        }
        Ok(n_erased)
    }
}
