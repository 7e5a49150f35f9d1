//! Sanctions, and the acts that kept order.

use std::ops::Bound;

use super::super::{Write, Written};
use super::tables::Tables;
use crate::protocol::{Against, Deed, Measure, Millis, RoomDone, Sanction, SanctionKey};

impl Tables {
    /// What is written of the record of acts, and of sanctions that are over.
    pub(super) fn keep(&mut self, write: &Write) -> Written {
        match write {
            Write::Deed(deed) => self.deed(deed),
            Write::Expire(sanction) => self.expire(sanction),
            Write::ForgetDeeds { before, limit } => self.forget_deeds(*before, *limit),
            // Nothing else comes here.
            _ => Written::Done,
        }
    }

    /// Whom a room bans in person is no member any more.
    pub(super) fn sanction(&mut self, sanction: &Sanction) -> RoomDone {
        self.sanctions.insert(sanction.key.clone(), sanction.clone());
        match &sanction.key {
            SanctionKey { place: Some(no), measure: Measure::Ban, against: Against::One(id) } => {
                self.leave(*no, *id)
            }
            _ => RoomDone::Left { successor: None },
        }
    }

    pub(super) fn lift(&mut self, key: &SanctionKey) -> RoomDone {
        self.sanctions.remove(key);
        RoomDone::Done
    }

    /// If it is still this very one.
    fn expire(&mut self, sanction: &Sanction) -> Written {
        let is_there = self.sanctions.get(&sanction.key) == Some(sanction);
        if is_there {
            self.sanctions.remove(&sanction.key);
        }
        Written::Pruned(u64::from(is_there))
    }

    pub(super) fn deed(&mut self, deed: &Deed) -> Written {
        self.deeds.insert(deed.at(), deed.clone());
        Written::Done
    }

    pub(super) fn deeds(&self, before: Option<(Millis, u64)>, limit: usize) -> Vec<Deed> {
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let earlier = self.deeds.range((Bound::Unbounded, end)).rev();
        earlier.take(limit).map(|(_, deed)| deed.clone()).collect()
    }

    fn forget_deeds(&mut self, before: Millis, limit: u32) -> Written {
        let old = self.deeds.range(..(before, 0)).map(|(at, _)| *at);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let old: Vec<_> = old.take(limit).collect();
        for at in &old {
            self.deeds.remove(at);
        }
        Written::Pruned(old.len() as u64)
    }
}
