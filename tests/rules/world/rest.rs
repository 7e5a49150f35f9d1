//! What must hold when nothing is on its way.

use std::collections::BTreeSet;

use hubbub::protocol::{Act, Leaving};
use hubbub::state::Input;

use super::peer::Phase;
use super::{Roster, World};

impl World {
    /// Nothing is on its way: everyone has seen everything, and knows who is there.
    pub fn check_at_rest(&mut self) {
        let who = self.choose(0, |peer| peer.phase == Phase::Live);
        let live = self.peers.values().filter(|peer| peer.phase == Phase::Live);
        let online: BTreeSet<_> = live.map(|peer| peer.user).collect();
        let names: BTreeSet<_> = self.town.values().map(|(name, _)| name.to_lowercase()).collect();
        assert_eq!(names.len(), self.town.len(), "two are shown alike: {names:?}");
        assert!(online.iter().eq(self.town.keys()), "{online:?} and {:?}", self.town);
        if let Some(id) = who {
            self.peer(id).issue(&Act::Who);
            self.apply(Input::Acts { session: id, acts: vec![Act::Who] });
            let differ = difference(&self.peers[&id].answer, &self.town);
            assert!(differ.is_empty(), "the answer to who, and who is there: {differ:?}");
        }
        for (id, peer) in &self.peers {
            if peer.phase == Phase::Live {
                peer.has_seen_all(&self.store);
                let differ = difference(&peer.roster, &self.town);
                assert!(differ.is_empty(), "{id:?} has heard of, and there are: {differ:?}");
                let counted = peer.n_online.unwrap_or(self.town.len());
                assert_eq!(counted, self.town.len(), "{id:?} was told how many there are");
            }
            peer.is_done_with("is at rest");
        }
    }

    /// After a shutdown: it stopped, and when all have left nothing is kept.
    pub fn check_over(&mut self) {
        assert_eq!(self.n_stops, 1, "everybody is told farewell, once");
        while let Some(id) = self.choose(0, |peer| !peer.phase.is_over()) {
            self.leave(id, Leaving::Logout);
        }
        for (id, peer) in &self.peers {
            assert_eq!(peer.phase, Phase::Gone, "{id:?}");
            peer.is_done_with("is gone");
        }
        assert_eq!(self.state.n_sessions(), 0, "somebody is there for ever");
        self.wait(2_000);
        assert!(self.town.is_empty(), "{:?}", self.town);
    }
}

/// One line for each of whom something else was heard than is so.
fn difference(heard: &Roster, real: &Roster) -> Vec<String> {
    let ids: BTreeSet<_> = heard.keys().chain(real.keys()).collect();
    let differing = ids.into_iter().filter(|id| heard.get(id) != real.get(id));
    differing.map(|id| format!("{id}: {:?}, {:?}", heard.get(id), real.get(id))).collect()
}
