//! Named rooms: what is asked about them, and what is heard.

use super::{Conversation, Order};
use crate::client::{Ask, Update};
use crate::protocol::wire::{self, act, kind};
use crate::protocol::{self, Aim, RoomAsk, RoomRef, Span, UserId, Who};

/// How a room is named on the wire.
pub(super) fn spelled(room: &RoomRef) -> String {
    match room {
        RoomRef::Id(id) => id.to_string(),
        RoomRef::Name(name) => name.to_string(),
        // A client has no room that it is in at the moment: its texts go where they say.
        RoomRef::Here => "lobby".to_owned(),
    }
}

impl Conversation {
    pub(super) fn ask_about_rooms(&mut self, order: &Order) {
        match order {
            Order::CreateRoom { name, kind, guests } => {
                let mes = wire::RoomMes {
                    act: act::CREATE.to_owned(),
                    room: name.to_string(),
                    access: Some(kind.name().to_owned()),
                    guests: Some(*guests),
                    ..wire::RoomMes::default()
                };
                self.write(kind::ROOM, &mes);
            }
            Order::Sanctions(room) => {
                self.write(kind::SANCTIONS, &wire::AskSanctions { room: spelled(room) });
            }
            Order::Audit(limit) => {
                self.write(kind::AUDIT, &wire::AskAudit { limit: u64::from(*limit) });
            }
            Order::Room(room, ask) => self.write(kind::ROOM, &asked(room, ask)),
            Order::Rooms(after) => {
                let after = after.as_ref().map_or_else(String::new, ToString::to_string);
                self.write(kind::ROOMS, &wire::AskRooms { after });
            }
            Order::Members(room, after) => {
                let after_id = after.map_or(0, |UserId(id)| id);
                let ask = wire::AskMembers { room: spelled(room), after_id };
                self.write(kind::MEMBERS, &ask);
            }
            _ => {}
        }
    }

    pub(super) fn room_told(&mut self, mes: wire::RoomMes) {
        let me = self.account.me.map(|me| me.0);
        if mes.act == act::ENTERED || mes.user_id.is_none() || mes.user_id == me {
            self.answered(Ask::Room);
        }
        self.hand_on(Update::Room(Box::new(mes)));
    }

    pub(super) fn rooms_told(&mut self, told: wire::Rooms, own: bool) {
        if !own {
            self.answered(Ask::Room);
        }
        self.hand_on(Update::Rooms { rooms: told.rooms, more: told.more, own });
    }

    pub(super) fn ask_history(&mut self, room: &RoomRef, span: Span, limit: usize) {
        let (before, after, since) = match span {
            Span::Last => (None, None, None),
            Span::Before(id) => (Some(id.0), None, None),
            Span::After(id) => (None, Some(id.0), None),
            Span::Since(time) => (None, None, Some(time.0)),
        };
        let limit = limit as u64;
        let ask = wire::AskHistory { room: spelled(room), before, after, since, limit };
        self.write(kind::HISTORY, &ask);
    }

    pub(super) fn sanctions_told(&mut self, sanctions: wire::Sanctions) {
        if !sanctions.more {
            self.answered(Ask::Room);
        }
        self.hand_on(Update::Sanctions(sanctions));
    }

    pub(super) fn audit_told(&mut self, audit: wire::Audit) {
        if !audit.more {
            self.answered(Ask::Room);
        }
        self.hand_on(Update::Audit(audit));
    }

    pub(super) fn members_told(&mut self, members: wire::Members) {
        self.answered(Ask::Room);
        self.hand_on(Update::Members(members));
    }
}

fn asked(room: &RoomRef, ask: &RoomAsk) -> wire::RoomMes {
    let plain = |act: &str| wire::RoomMes {
        act: act.to_owned(),
        room: spelled(room),
        ..wire::RoomMes::default()
    };
    let to = |act: &str, who: &Who| match who {
        Who::Id(id) => wire::RoomMes { whom_id: Some(id.0), ..plain(act) },
        Who::Named(key) => wire::RoomMes { whom_name: Some(key.as_str().to_owned()), ..plain(act) },
    };
    match ask {
        RoomAsk::Join => plain(act::JOIN),
        RoomAsk::Part => plain(act::PART),
        RoomAsk::Close => plain(act::CLOSE),
        RoomAsk::Topic(topic) => {
            let text = topic.as_ref().map(|topic| topic.as_str().to_owned());
            wire::RoomMes { text, ..plain(act::TOPIC) }
        }
        RoomAsk::Invite(who) => to(act::INVITE, who),
        RoomAsk::Kick(who, note) => {
            let text = note.as_ref().map(|note| note.as_str().to_owned());
            wire::RoomMes { text, ..to(act::KICK, who) }
        }
        RoomAsk::Role(who, role) => {
            wire::RoomMes { role: Some(role.name().to_owned()), ..to(act::ROLE, who) }
        }
        RoomAsk::Set(kind, guests) => {
            let (access, guests) = (Some(kind.name().to_owned()), Some(*guests));
            wire::RoomMes { access, guests, ..plain(act::SET) }
        }
        RoomAsk::Order(order) => ordered(room, order),
    }
}

fn ordered(room: &RoomRef, order: &protocol::Order) -> wire::RoomMes {
    let plain = wire::RoomMes {
        act: act::order(order.measure, order.terms.is_some()).to_owned(),
        room: spelled(room),
        ..wire::RoomMes::default()
    };
    let aimed = match &order.aim {
        Aim::Who(Who::Id(id)) => wire::RoomMes { whom_id: Some(id.0), ..plain },
        Aim::Who(Who::Named(key)) => {
            wire::RoomMes { whom_name: Some(key.as_str().to_owned()), ..plain }
        }
        Aim::Against(against) => wire::RoomMes { against: Some(against.to_string()), ..plain },
    };
    let Some(terms) = &order.terms else { return aimed };
    wire::RoomMes {
        seconds: terms.lasts,
        every: (terms.every > 0).then_some(terms.every),
        text: terms.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        ..aimed
    }
}
