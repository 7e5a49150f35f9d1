//! What becomes of news about rooms.

use std::sync::Arc;

use crate::client::ui::command::here::is_secret;
use crate::client::ui::{clean, news};
use crate::client::{Members, Room, RoomMes, Update};
use crate::protocol::wire::act;
use crate::protocol::{RoomId, UserId};

use super::place::Present;
use super::{Entry, Model, What};
use crate::texts::full::Label;

/// Who is banned is put out, too.
const BAN: &str = "ban";

impl Model {
    pub(super) fn my_room(&mut self, room: &Room) {
        let Some(id) = RoomId::parse(&room.room) else { return };
        let topic = clean::line(&room.topic);
        if let Some(place) = self.open(id, Some(&room.room_name)) {
            place.topic = topic;
        }
    }

    pub(super) fn room_told(&mut self, mes: &RoomMes) {
        let Some(id) = RoomId::parse(&mes.room) else { return };
        let me = self.my_id();
        let by = UserId(mes.user_id.unwrap_or_default());
        let whom = mes.whom_id.map(UserId);
        match mes.act.as_str() {
            act::ENTERED => {
                let topic = clean::line(mes.text.as_deref().unwrap_or_default());
                if let Some(place) = self.open(id, Some(&mes.room_name)) {
                    place.topic = topic;
                }
                // Where another device came in, one stays where one is.
                if !std::mem::take(&mut self.is_entering) {
                    return;
                }
                // Whoever asked to come in has typed ahead for here.
                let ahead = self.input.take_draft();
                self.go(id);
                if !ahead.is_empty() {
                    self.begin(&ahead);
                }
                return;
            }
            act::PART if by == me => return self.close(id),
            act::CLOSE => {
                let is_here = self.current == id;
                if is_here {
                    self.go(RoomId::Lobby);
                }
                return self.lose((id, is_here && by != me), mes);
            }
            act::KICK | BAN if whom == Some(me) => {
                return self.lose((id, self.current == id), mes);
            }
            act::INVITE if self.place(id).is_none() => {
                let text = news::line(mes, self.lang);
                return self.notice(text, false);
            }
            act::JOIN | act::PART => return self.present(id, by, mes),
            act::KICK => {
                if let (Some(whom), Some(place)) = (whom, self.place_mut(id)) {
                    place.members.remove(&whom);
                }
            }
            act::TOPIC => {
                let topic = clean::line(mes.text.as_deref().unwrap_or_default());
                if let Some(place) = self.place_mut(id) {
                    place.topic = topic;
                }
            }
            _ => {}
        }
        let text = news::line(mes, self.lang);
        let (key, time) = (self.key(), self.now);
        if let Some(place) = self.place_mut(id) {
            let what = What::Notice { text, is_bad: false };
            place.push(Entry { key, time, what });
        }
    }

    /// The place is gone by what the server says; and was one there, without wanting to leave?
    fn lose(&mut self, (id, is_moved): (RoomId, bool), mes: &RoomMes) {
        self.close(id);
        self.is_moved |= is_moved;
        let text = news::line(mes, self.lang);
        self.notice(text, true);
    }

    /// Somebody else joined a room or left it.
    fn present(&mut self, id: RoomId, by: UserId, mes: &RoomMes) {
        let name: Arc<str> = clean::line(mes.user_name.as_deref().unwrap_or_default()).into();
        let (key, time, came) = (self.key(), self.now, mes.act == act::JOIN);
        let Some(place) = self.place_mut(id) else { return };
        place.noise(key, time, (by, &name), came);
        if came {
            place.members.insert(by, Present { name, is_online: true });
        } else {
            place.members.remove(&by);
        }
    }

    /// The place is left for good. What was begun there is not to be said elsewhere by mistake,
    /// nor lost.
    pub(super) fn close(&mut self, id: RoomId) {
        if self.current == id {
            let to = if self.previous == id { RoomId::Lobby } else { self.previous };
            self.go(to);
            if self.current == id {
                self.go(RoomId::Lobby);
            }
        }
        let here = self.current;
        let draft = self.place_mut(id).filter(|place| place.id != here);
        let draft = draft.map(|place| std::mem::take(&mut place.draft)).unwrap_or_default();
        if !draft.trim().is_empty() && !is_secret(&draft) {
            self.input.remember(&draft);
            self.say_hint(Label::LineKept.text(self.lang));
        }
        self.places.retain(|place| place.id != id || id == RoomId::Lobby);
        self.past_wanted.retain(|wanted| *wanted != id);
    }

    pub(super) fn members_told(&mut self, members: &Members) {
        let Some(id) = RoomId::parse(&members.room) else { return };
        let Some(place) = self.place_mut(id) else { return };
        for member in &members.members {
            let name = clean::line(&member.user_name).into();
            let present = Present { name, is_online: member.online };
            place.members.insert(UserId(member.user_id), present);
        }
        if std::mem::take(&mut self.panel_wanted) {
            self.list(&Update::Members(members.clone()));
        }
    }
}
