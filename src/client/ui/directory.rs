//! Who is called what, as far as this program has heard: the protocol addresses people by id,
//! people address each other by name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::client::Update;
use crate::protocol::{Member, NameKey, UserId, Who};

use super::command;

/// Names that are remembered, at most.
const MAX_NAMES: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Directory {
    names: HashMap<UserId, Arc<str>>,
}

/// Why a name stands for nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    Nobody,
    Several(Vec<UserId>),
}

impl Directory {
    /// Learns from whatever happens.
    pub(super) fn learn(&mut self, update: &Update) {
        match update {
            Update::LoggedIn { me, .. } => self.add(me),
            Update::Online(online) => online.iter().for_each(|member| self.add(member)),
            Update::Came(who) | Update::Renamed(who) => self.add(who),
            Update::Said(said) => self.insert(said.sender, said.name.as_str().into()),
            _ => {}
        }
    }

    /// The name of an id, or the id itself.
    pub(super) fn name(&self, id: UserId) -> Arc<str> {
        self.names.get(&id).map_or_else(|| id.to_string().into(), Arc::clone)
    }

    /// Whom a typed word means: an id, a name, or a name as it is shown for one of several.
    pub(super) fn resolve(&self, text: &str) -> Result<UserId, Unresolved> {
        let text = text.trim();
        let key = match command::who(text) {
            Some(Who::Id(id)) => return Ok(id),
            Some(Who::Named(key)) => key,
            None => return Err(Unresolved::Nobody),
        };
        let called = |name: &str| NameKey::new(name).as_ref() == Some(&key);
        let bare = |name: &str, id: UserId| name.strip_suffix(&format!("#{id}")).map(called);
        let mut ids: Vec<_> = self
            .names
            .iter()
            .filter(|(id, name)| called(name) || bare(name, **id) == Some(true))
            .map(|(id, _)| *id)
            .collect();
        ids.sort();
        match ids.as_slice() {
            [] => Err(Unresolved::Nobody),
            [id] => Ok(*id),
            _ => Err(Unresolved::Several(ids)),
        }
    }

    fn add(&mut self, member: &Member) {
        self.insert(member.id, Arc::clone(&member.name));
    }

    fn insert(&mut self, id: UserId, name: Arc<str>) {
        if self.names.len() < MAX_NAMES || self.names.contains_key(&id) {
            self.names.insert(id, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_ids_and_a_shared_name_lists_them() {
        let member = |id, name: &str| Member {
            id: UserId(id),
            name: name.into(),
            address: "".into(),
            absence: None,
        };
        let mut directory = Directory::default();
        directory.learn(&Update::Online(vec![member(1, "Tom"), member(2, "Eve#2")]));
        directory.learn(&Update::Came(member(3, "eve#3")));
        assert_eq!(directory.resolve(" tom "), Ok(UserId(1)));
        assert_eq!(directory.resolve("eve#3"), Ok(UserId(3)));
        assert_eq!(directory.resolve("EVE"), Err(Unresolved::Several(vec![UserId(2), UserId(3)])));
        assert_eq!(directory.resolve("999"), Ok(UserId(999)));
        assert_eq!(directory.resolve("bob"), Err(Unresolved::Nobody));
    }
}
