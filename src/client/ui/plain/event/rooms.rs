//! What happens in rooms, line by line.

use super::line;
use crate::client::{Room, RoomMes, Update};
use crate::protocol::wire;

/// Nothing else comes here.
pub(super) fn lines(update: &Update) -> String {
    match update {
        Update::Room(mes) => room(mes),
        Update::Rooms { rooms, more, own } => {
            let kind = if *own { "my-room" } else { "room" };
            let mut lines: String = rooms.iter().map(|room| listed(kind, room)).collect();
            lines.push_str(&line(&format!("{kind}s-end"), &[if *more { "more" } else { "" }]));
            lines
        }
        Update::Members(members) => {
            let member = |member: &wire::RoomMember| {
                let online = if member.online { "online" } else { "" };
                let (id, name) = (member.user_id.to_string(), &member.user_name);
                line(
                    "member",
                    &[&members.room, &members.room_name, &id, name, &member.role, online],
                )
            };
            let mut lines: String = members.members.iter().map(member).collect();
            let more = if members.more { "more" } else { "" };
            lines.push_str(&line("members-end", &[&members.room, more]));
            lines
        }
        _ => String::new(),
    }
}

/// `room-join`, `room-kick`: where, by whom, to whom, and what goes with it.
fn room(mes: &RoomMes) -> String {
    let id = |id: Option<i64>| id.map_or_else(String::new, |id| id.to_string());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let guests = mes.guests.map_or("", |guests| if guests { "guests" } else { "no-guests" });
    let fields = [
        mes.room.clone(),
        mes.room_name.clone(),
        id(mes.user_id),
        text(&mes.user_name),
        id(mes.whom_id),
        text(&mes.whom_name),
        text(&mes.role),
        text(&mes.access),
        guests.to_owned(),
        text(&mes.text),
    ];
    line(&format!("room-{}", mes.act), &fields.each_ref().map(String::as_str))
}

fn listed(kind: &str, room: &Room) -> String {
    let guests = if room.guests { "guests" } else { "no-guests" };
    let last = match (&room.role, room.online) {
        (Some(role), _) => role.clone(),
        (None, online) => online.unwrap_or_default().to_string(),
    };
    line(kind, &[&room.room, &room.room_name, &room.access, guests, &last, &room.topic])
}
