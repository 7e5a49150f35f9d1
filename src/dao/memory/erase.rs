//! What an account said is erased after it is gone.

use super::tables::{Room, Tables};
use crate::dao::{Erase, Written};
use crate::protocol::{Changes, MessageId, Text, UserId, What};

impl Tables {
    pub(super) fn erase(&mut self, erase: &Erase) -> Written {
        let Some(room) = self.rooms.get_mut(&erase.room) else { return Written::Pruned(0) };
        let n_erased = erase.ids.iter().filter(|id| room.erase(erase.account, **id)).count();
        Written::Pruned(n_erased as u64)
    }

    pub(super) fn erased(&mut self, account: UserId) -> Written {
        self.erasing.remove(&account);
        Written::Done
    }
}

impl Room {
    fn erase(&mut self, account: UserId, id: MessageId) -> bool {
        let Ok(at) = self.messages.binary_search_by_key(&id, |message| message.id) else {
            return false;
        };
        let Some(message) = self.messages.get_mut(at) else { return false };
        let is_meant = message.sender == account && What::has_words(message.what());
        if !is_meant || message.is_erased() {
            return false;
        }
        message.text = Text::nothing();
        let about = message.about.map(|about| about.id);
        if let Some(changes) = about.and_then(|about| self.changes.get_mut(&about)) {
            changes.edit.take_if(|edit| edit.id == id);
            if *changes == Changes::default() {
                about.and_then(|about| self.changes.remove(&about));
            }
        }
        true
    }
}
