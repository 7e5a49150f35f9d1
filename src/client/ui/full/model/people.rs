//! Who is there: names by id, and who is online in the order of their names. Both are kept as
//! people come and go, so that a crowd costs nothing when the screen is drawn.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::client::ui::directory::{Directory, Unresolved};
use crate::client::{Said, Update};
use crate::protocol::{Absence, Member, UserId};

#[derive(Debug, Default)]
pub(in super::super) struct People {
    directory: Directory,
    online: BTreeMap<(String, UserId), Arc<str>>,
    /// Under what somebody stands in the list.
    places: HashMap<UserId, String>,
    /// As the server counts: a crowd is not told one by one.
    n_online: u64,
    /// Who is online and may not answer.
    absent: HashMap<UserId, Arc<Absence>>,
}

impl People {
    /// Learns from what happens.
    pub(super) fn learn(&mut self, update: &Update) {
        self.directory.learn(update);
        match update {
            Update::Online(online) => {
                self.online.clear();
                self.places.clear();
                self.absent.clear();
                online.iter().for_each(|who| self.came(who));
                self.n_online = self.n_online.max(online.len() as u64);
            }
            Update::LoggedIn { me, n_online } => {
                self.came(me);
                self.n_online = *n_online;
            }
            Update::Crowd { n_online, .. } => self.n_online = *n_online,
            Update::Came(who) => {
                self.n_online += u64::from(!self.is_online(who.id));
                self.came(who);
            }
            Update::Renamed(who) if self.is_online(who.id) => {
                self.left(who.id);
                self.came(who);
            }
            Update::Absence(who) => self.set_absence(who),
            Update::Left { who, .. } => {
                self.n_online = self.n_online.saturating_sub(1);
                self.left(who.id);
            }
            Update::Disconnected { .. } => {
                self.online.clear();
                self.places.clear();
            }
            _ => {}
        }
    }

    /// Somebody said something at some time, online or not.
    pub(super) fn heard(&mut self, said: &Said) {
        self.directory.learn(&Update::Said(said.clone()));
    }

    fn set_absence(&mut self, who: &Member) {
        match &who.absence {
            Some(absence) => drop(self.absent.insert(who.id, Arc::clone(absence))),
            None => drop(self.absent.remove(&who.id)),
        }
    }

    /// In what way somebody may not answer.
    pub(in super::super) fn absence(&self, id: UserId) -> Option<&Absence> {
        self.absent.get(&id).map(|absence| &**absence)
    }

    fn came(&mut self, who: &Member) {
        self.set_absence(who);
        let place = who.name.to_lowercase();
        if let Some(before) = self.places.insert(who.id, place.clone()) {
            self.online.remove(&(before, who.id));
        }
        self.online.insert((place, who.id), Arc::clone(&who.name));
    }

    fn left(&mut self, id: UserId) {
        self.absent.remove(&id);
        if let Some(place) = self.places.remove(&id) {
            self.online.remove(&(place, id));
        }
    }

    pub(in super::super) fn is_online(&self, id: UserId) -> bool {
        self.places.contains_key(&id)
    }

    pub(in super::super) fn n_online(&self) -> usize {
        usize::try_from(self.n_online).unwrap_or(usize::MAX).max(self.online.len())
    }

    /// By name.
    pub(in super::super) fn online(&self) -> impl Iterator<Item = (UserId, &Arc<str>)> {
        self.online.iter().map(|((_, id), name)| (*id, name))
    }

    /// Those whose names begin with this, small letters, by name.
    pub(in super::super) fn beginning_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a Arc<str>> {
        let from = (prefix.to_owned(), UserId(i64::MIN));
        let with = self.online.range(from..);
        with.take_while(move |((name, _), _)| name.starts_with(prefix)).map(|(_, name)| name)
    }

    pub(in super::super) fn name(&self, id: UserId) -> Arc<str> {
        self.directory.name(id)
    }

    pub(in super::super) fn resolve(&self, text: &str) -> Result<UserId, Unresolved> {
        self.directory.resolve(text)
    }
}
