//! Messages about messages: what the session's thread finds in the store, and what the rules must
//! not let through.

use hubbub::protocol::{
    About, Act, Append, ErrorCode, Original, Reference, RoomId, Standing, Target, Text, What,
};

use super::World;
use super::halls::number;
use super::peer::Phase;

impl World {
    /// As the session's own thread does it: what it is about is looked up in the store.
    pub fn send_about(
        &self,
        what: What,
        (room, message): (Option<usize>, Option<usize>),
        reference: u8,
    ) -> Act {
        let room = room.map_or(RoomId::Lobby, |n| self.store.halls.room(n).id());
        let found = message.map(|n| self.store.room(room).get(n).filter(|it| it.is_said()));
        let of = match found {
            None => Original::OwnLast,
            Some(None) => Original::Refused(ErrorCode::UnknownMessage),
            Some(Some(it)) => {
                let standing = |no| self.store.halls.standing(no, it.sender);
                let standing = number(room).map_or_else(Standing::default, standing);
                Original::Found { id: it.id, sender: it.sender, standing }
            }
        };
        let text = Text::of(Some(what), if what == What::Delete { "" } else { "+1" }).unwrap();
        let reference = Some(Reference::new(&format!("r{reference}")).unwrap());
        Act::Send { room, text, reference, about: Some(Target { what, of }) }
    }

    /// Nobody changes the words of another, and nobody takes them back who keeps no order there.
    pub fn check_about(&self, append: &Append) {
        let Some(About { id, what }) = append.about else { return };
        let messages = self.store.room(append.room);
        let original = messages.get(id.0 as usize - 1).expect("about something that is there");
        assert!(original.is_said(), "about something that was said");
        let is_own = original.sender == append.sender;
        match what {
            What::Edit => assert!(is_own, "{} changes the words of another", append.sender),
            What::Delete if !is_own => {
                let no = number(append.room).expect("the words of another, outside of a room");
                // That it does so no longer may not have been posted yet.
                let ruled = self.store.halls.ruled.contains(&(no, append.sender));
                assert!(ruled, "{} takes back the words of another", append.sender);
            }
            _ => {}
        }
    }

    /// Does the other one of a private room ignore the sender, as far as it was told?
    pub fn is_refused(&self, append: &Append) -> bool {
        let RoomId::Pair(..) = append.room else { return false };
        let peer = append.room.other(append.sender);
        let here = self.peers.values().filter(|it| Some(it.user) == peer);
        let mut here = here.filter(|it| it.phase != Phase::Gone && it.becomes.is_none());
        here.any(|it| it.ignored.contains(&append.sender))
    }
}
