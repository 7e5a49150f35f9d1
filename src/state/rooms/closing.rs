//! A room is closed.

use super::super::{Effect, State};
use crate::protocol::{
    Event, News, Party, RoomId, RoomName, RoomNews, RoomNo, SessionId, place_of,
};

impl State {
    /// All who are in it are told, and who closed it, and are out.
    pub(super) fn on_closed(
        &mut self,
        id: SessionId,
        (no, name): (RoomNo, RoomName),
        by: Party,
        effects: &mut Vec<Effect>,
    ) {
        let room = RoomId::Named(no);
        let news = Event::Room(Box::new(RoomNews { room, name, by, what: News::Closed }));
        let is_told = self.sessions.get(&id).is_some_and(|session| session.rooms.contains(&no));
        self.tell_room(no, news.clone(), None, effects);
        if !is_told {
            self.tell(id, news, effects);
        }
        for user in self.halls.present(no) {
            self.people.leave_room(user, no);
            for session in self.people.sessions(user).to_vec() {
                self.unsubscribe(session, no, effects);
            }
            self.note_change(user);
        }
        self.halls.close(no);
        self.orders.forget(place_of(room));
    }
}
