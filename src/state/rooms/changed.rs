//! What becomes of a change of a room once it is stored: who is in from then on, who is out, and
//! who is told.

use std::sync::Arc;

use super::super::order::refusal_of;
use super::super::replay::Held;
use super::super::{Effect, Joined, State};
use super::Joining;
use crate::protocol::{
    Change, ErrorCode, Event, MessageId, NamedRoom, News, Party, Refusal, Role, RoomChange,
    RoomDone, RoomId, RoomNews, RoomNo, SessionId, UserId,
};

impl State {
    /// A change is stored, or refused.
    pub(in crate::state) fn on_changed(
        &mut self,
        id: SessionId,
        change: RoomChange,
        outcome: Result<RoomDone, ErrorCode>,
        effects: &mut Vec<Effect>,
    ) {
        let RoomChange { by, what, .. } = change;
        let is_join = matches!(what, Change::Enter(_) | Change::Create { .. });
        match outcome {
            Ok(done) => self.apply_change(id, by, (what, done), effects),
            Err(code) => {
                self.tell(id, Event::Refused(Refusal::of(code)), effects);
                if is_join {
                    effects.push(Effect::Joined { session: id, joined: None });
                }
            }
        }
    }

    fn apply_change(
        &mut self,
        id: SessionId,
        by: Party,
        (what, done): (Change, RoomDone),
        effects: &mut Vec<Effect>,
    ) {
        match (what, done) {
            (Change::Create { .. }, RoomDone::Created(room)) => {
                self.halls.hall(room.clone()).is_kept = true;
                self.come_in(id, by.id, (room, Role::Owner, MessageId(0)), effects);
            }
            (Change::Enter(no), RoomDone::Entered { since, role }) => {
                let Some(room) = self.halls.known.get(&no).map(|hall| hall.room.clone()) else {
                    return;
                };
                if let Some(ban) = self.ban_of(by.id, no).cloned() {
                    // While it was written.
                    let refusal = refusal_of(ErrorCode::Banned, &ban);
                    self.tell(id, Event::Refused(refusal), effects);
                    effects.push(Effect::Joined { session: id, joined: None });
                    return self.put_out(no, by, ban.by, effects);
                }
                self.tell_news(no, by.clone(), News::Joined, effects);
                self.come_in(id, by.id, (room, role, since), effects);
            }
            (Change::Leave(no), RoomDone::Left { successor }) => {
                self.tell_news(no, by.clone(), News::Left, effects);
                self.go_out(no, by, successor, effects);
            }
            (Change::Kick(no, whom, note), RoomDone::Left { successor }) => {
                self.tell_news(no, by, News::Kicked(whom.clone(), note), effects);
                self.go_out(no, whom, successor, effects);
            }
            (Change::Invite(no, whom), _) => {
                let name = self.halls.name(RoomId::Named(no));
                let Some(name) = name else { return };
                let mut to = self.people.sessions(whom.id).to_vec();
                to.push(id);
                let news =
                    RoomNews { room: RoomId::Named(no), name, by, what: News::Invited(whom) };
                self.tell_each(&to, Event::Room(Box::new(news)), effects);
            }
            (Change::Role(no, whom, role), _) => {
                self.set_role(no, whom.id, role);
                self.tell_news(no, by, News::Role(whom, role), effects);
            }
            (Change::Topic(no, topic), _) => {
                self.set(no, |room| room.topic = topic.clone());
                self.tell_news(no, by, News::Topic(topic), effects);
            }
            (Change::Set(no, kind, guests), _) => {
                self.set(no, |room| (room.kind, room.guests) = (kind, guests));
                self.tell_news(no, by, News::Set(kind, guests), effects);
            }
            (Change::Close(no, name), RoomDone::Done) => {
                self.on_closed(id, (no, name), by, effects);
            }
            (Change::Sanction(sanction), RoomDone::Left { successor }) => {
                self.sanctioned(id, (*sanction, by), successor, effects);
            }
            (Change::Lift(key), RoomDone::Done) => self.lifted(id, (key, by), effects),
            // No store answers so.
            _ => {}
        }
    }

    fn set(&mut self, no: RoomNo, change: impl FnOnce(&mut NamedRoom)) {
        if let Some(hall) = self.halls.known.get_mut(&no) {
            change(&mut hall.room);
        }
    }

    fn set_role(&mut self, no: RoomNo, user: UserId, role: Role) {
        let hall = self.halls.known.get_mut(&no);
        if let Some(known) = hall.and_then(|hall| hall.people.get_mut(&user)) {
            *known = role;
        }
    }

    /// Somebody is in a room from here on, with all their sessions. For the one that asked, what
    /// is said waits until it has been told what was said before.
    fn come_in(
        &mut self,
        id: SessionId,
        user: UserId,
        (room, role, since): (NamedRoom, Role, MessageId),
        effects: &mut Vec<Effect>,
    ) {
        let no = room.no;
        self.people.come_back(user, no);
        self.halls.let_in(no, user);
        self.people.enter_room(user, no);
        // That they have gone, or come, another feed may have brought sooner, or will bring later.
        if !self.people.sessions(user).is_empty() {
            self.halls.hall(room.clone()).people.insert(user, role);
        }
        self.note_change(user);
        let event = Arc::new(Event::Entered { room: Box::new(room.clone()), role });
        for other in self.people.sessions(user).to_vec() {
            if other != id {
                self.tell_one(other, &event, None, effects);
                self.subscribe(other, no, effects);
            }
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        // Two devices came in at once: this one is in already.
        let is_new = !session.rooms.contains(&no);
        if is_new {
            session.joining = Some(Joining { no, held: Held::default() });
            self.subscribe(id, no, effects);
        }
        let joined = Some(Joined { room, role, since: is_new.then_some(since) });
        effects.push(Effect::Joined { session: id, joined });
    }

    /// Somebody is in a room no longer.
    pub(in crate::state) fn go_out(
        &mut self,
        no: RoomNo,
        who: Party,
        successor: Option<UserId>,
        effects: &mut Vec<Effect>,
    ) {
        if self.people.leave_room(who.id, no) {
            for id in self.people.sessions(who.id).to_vec() {
                self.unsubscribe(id, no, effects);
            }
            self.halls.remove(no, who.id);
            self.note_change(who.id);
        }
        if let Some(successor) = successor {
            self.set_role(no, successor, Role::Owner);
            let what = News::Role(self.party(successor), Role::Owner);
            self.tell_news(no, who, what, effects);
        }
    }

    /// The thread of a session has sent what was said before it came into a room.
    pub(in crate::state) fn joined(
        &mut self,
        id: SessionId,
        taken: &[(RoomId, MessageId)],
        effects: &mut Vec<Effect>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(mut joining) = session.joining.take() else { return };
        if joining.held.must_repeat() {
            session.joining = Some(joining);
            return effects.push(Effect::Caught { session: id, live: false });
        }
        // It may have been put out meanwhile.
        let is_in = session.rooms.contains(&joining.no);
        let taken = taken.iter().copied().collect();
        let news = joining.held.into_news(&taken);
        effects.extend(news.map(|event| Effect::One { session: id, event, own: false }));
        if is_in {
            self.halls.take_apart(joining.no, id);
            self.place(id, joining.no, effects);
        }
        effects.push(Effect::Caught { session: id, live: true });
    }
}
