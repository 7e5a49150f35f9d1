//! Who asks for an account: operators are told, on every server.

use super::{Effect, State};
use crate::protocol::{EntryNews, Event, SessionId, Tiding};

impl State {
    pub(super) fn on_entry(
        &mut self,
        by: Option<SessionId>,
        news: Box<EntryNews>,
        effects: &mut Vec<Effect>,
    ) {
        self.tell_others(Tiding::Entry(news.clone()), effects);
        self.tell_operators(by, news, effects);
    }

    /// Those who are here, and who decided: who is an operator from the next login on only is
    /// none yet here.
    pub(super) fn tell_operators(
        &mut self,
        by: Option<SessionId>,
        news: Box<EntryNews>,
        effects: &mut Vec<Effect>,
    ) {
        let is_told = |id: SessionId, user| Some(id) == by || self.people.is_operator(user);
        let all = self.sessions.iter().filter(|(id, session)| is_told(**id, session.user));
        let mut told: Vec<_> = all.map(|(id, _)| *id).collect();
        told.sort_unstable();
        self.tell_each(&told, Event::Entry(news), effects);
    }
}
