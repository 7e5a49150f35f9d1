//! Who is on other servers, too, and what is said there of their names.

use super::{Change, People};
use crate::protocol::{Name, NodeId, Present, Station, UserId};

/// What came of another server's word on somebody's name.
#[derive(Default)]
pub(in crate::state) struct Adopted {
    /// Their word holds; what is to be told of others.
    pub changes: Option<Vec<Change>>,
    /// What is known here is later in something, and they do not know.
    pub insists: bool,
}

impl People {
    /// Their sessions on another server; none: they have left it.
    pub(in crate::state) fn set_elsewhere(
        &mut self,
        id: UserId,
        node: NodeId,
        sessions: Vec<Station>,
    ) {
        let Some(person) = self.persons.get_mut(&id) else { return };
        if sessions.is_empty() {
            person.elsewhere.remove(&node);
        } else {
            person.elsewhere.insert(node, sessions);
        }
    }

    /// By which devices they are on other servers, and from where.
    pub(in crate::state) fn elsewhere(&self, id: UserId) -> impl Iterator<Item = &Station> {
        self.persons.get(&id).into_iter().flat_map(|person| person.elsewhere.values().flatten())
    }

    /// Takes over what another server says of somebody's name, if that is later than what is known
    /// here. Of two that are as late, the greater holds on all servers.
    ///
    /// Where this server insists, what it knows is the later from now on: also for those who are
    /// told only when this server, which may be cut off now, is heard again.
    pub(in crate::state) fn adopt(&mut self, present: &Present) -> Adopted {
        let Some(person) = self.persons.get_mut(&present.user) else { return Adopted::default() };
        let order = |name: &Option<Name>| name.as_ref().map(Name::shown);
        let (known, other) = (order(&person.name), order(&present.name));
        if (present.named, &other) > (person.named, &known) {
            let name = present.name.as_ref();
            let changes = self.call(present.user, name, present.shared, present.named);
            return Adopted { changes: Some(changes), insists: false };
        }
        let is_same = other == known;
        let is_as_late = present.named == person.named;
        let is_news = is_same && present.shared && !person.shared;
        let is_unknown_there = !is_same || (person.shared && !present.shared);
        let becomes_later = if is_same { is_news && !is_as_late } else { is_as_late };
        if becomes_later {
            person.named = person.named.plus(1);
        }
        if is_news {
            person.shared = true;
            self.roster = None;
        }
        let insists = becomes_later || is_unknown_there;
        Adopted { changes: is_news.then(Vec::new), insists }
    }
}
