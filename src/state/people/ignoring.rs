//! Whom everybody who is online ignores.

use super::People;
use crate::protocol::UserId;

impl People {
    /// Somebody ignores somebody from now on, or no longer.
    pub(in crate::state) fn ignore(&mut self, id: UserId, whom: UserId, is_so: bool) {
        let Some(person) = self.persons.get_mut(&id) else { return };
        if is_so {
            person.ignored.insert(whom);
            self.ignored_by.entry(whom).or_default().insert(id);
        } else {
            person.ignored.remove(&whom);
            self.heed(id, whom);
        }
    }

    pub(super) fn heed(&mut self, id: UserId, whom: UserId) {
        let Some(by) = self.ignored_by.get_mut(&whom) else { return };
        by.remove(&id);
        if by.is_empty() {
            self.ignored_by.remove(&whom);
        }
    }

    /// Does somebody online ignore this one?
    pub(in crate::state) fn ignores(&self, id: UserId, whom: UserId) -> bool {
        self.persons.get(&id).is_some_and(|person| person.ignored.contains(&whom))
    }

    /// Those online who ignore somebody.
    pub(in crate::state) fn ignoring(&self, whom: UserId) -> impl Iterator<Item = UserId> {
        self.ignored_by.get(&whom).into_iter().flatten().copied()
    }
}
