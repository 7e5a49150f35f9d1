//! Messages about messages: who may answer, change, take back and react to what.
//!
//! Who may say something in a room may answer and react to what is said there. Only who said
//! something changes it. Who said it takes it back, and in a named room who keeps order there; in
//! the lobby an operator.

use super::State;
use crate::protocol::{
    About, ErrorCode, Message, Original, RoomId, SessionId, Standing, Target, UserId, What,
};

impl State {
    /// What a send is about, if it may be.
    pub(super) fn may_send_about(
        &self,
        id: SessionId,
        room: RoomId,
        target: &Target,
    ) -> Result<About, ErrorCode> {
        let Some(session) = self.sessions.get(&id) else { return Err(ErrorCode::Internal) };
        let (user, what) = (session.user, target.what);
        let allowed = self.may_send(user, room);
        let (about, sender, standing) = match target.of {
            // Nothing is told of what lies where one may not speak.
            Original::Refused(code) => return Err(allowed.err().unwrap_or(code)),
            Original::OwnLast => {
                allowed?;
                let last = session.last_said.filter(|(_, its, _)| *its == room);
                let (.., last) = last.ok_or(ErrorCode::UnknownMessage)?;
                (last, user, Standing::default())
            }
            Original::Found { id, sender, standing } => (id, sender, standing),
        };
        match what {
            What::Delete if sender != user => {
                self.may_delete_of(user, room, (sender, standing), allowed)?;
            }
            What::Edit if sender != user => {
                return Err(allowed.err().unwrap_or(ErrorCode::NotYours));
            }
            _ => allowed?,
        }
        Ok(About { id: about, what })
    }

    fn may_delete_of(
        &self,
        user: UserId,
        room: RoomId,
        whose: (UserId, Standing),
        may_say: Result<(), ErrorCode>,
    ) -> Result<(), ErrorCode> {
        if !self.people.is_operator(user) {
            may_say?;
        }
        match room {
            _ if self.stop_at.is_some() => Err(ErrorCode::ShuttingDown),
            RoomId::Named(no) => self.may_delete(user, no, whose),
            RoomId::Lobby if self.people.is_operator(user) => Ok(()),
            // What two people say to each other is theirs.
            RoomId::Lobby | RoomId::Pair(..) => Err(ErrorCode::NotYours),
        }
    }

    /// What this session said last, for who takes it back without saying which. What was said in
    /// two rooms may be posted in the other order, so the nonce tells.
    pub(super) fn remember_last(&mut self, id: SessionId, nonce: u64, message: &Message) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match message.about {
            Some(About { id, what: What::Delete }) => {
                session.last_said.take_if(|(_, room, last)| (*room, *last) == (message.room, id));
            }
            _ if message.is_said() && session.last_said.is_none_or(|(last, ..)| last < nonce) => {
                session.last_said = Some((nonce, message.room, message.id));
            }
            _ => {}
        }
    }
}
