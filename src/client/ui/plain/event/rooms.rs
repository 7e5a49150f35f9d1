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
        Update::Sanctions(told) => sanctions(told),
        Update::Audit(told) => audit(told),
        _ => String::new(),
    }
}

/// `sanction`: where, what, against whom, seconds of slow mode, until when, by whom, why.
fn sanctions(told: &wire::Sanctions) -> String {
    let sanction = |sanction: &wire::Sanction| {
        let until = sanction.until.map_or_else(String::new, |until| until.to_string());
        let every = sanction.every.map_or_else(String::new, |every| every.to_string());
        let (by, text) = (sanction.user_id.to_string(), sanction.text.clone().unwrap_or_default());
        let (measure, against) = (&sanction.measure, &sanction.against);
        line("sanction", &[&told.room, measure, against, &every, &until, &by, &text])
    };
    let mut lines: String = told.sanctions.iter().map(sanction).collect();
    if !told.more {
        lines.push_str(&line("sanctions-end", &[&told.room]));
    }
    lines
}

/// `deed`: when, by whom, what, where, to whom, how, why.
fn audit(told: &wire::Audit) -> String {
    let deed = |deed: &wire::Deed| {
        let (time, by) = (deed.time.to_string(), deed.user_id.to_string());
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (room, whom, how) = (text(&deed.room), text(&deed.whom), text(&deed.how));
        line("deed", &[&time, &by, &deed.act, &room, &whom, &how, &text(&deed.text)])
    };
    let mut lines: String = told.deeds.iter().map(deed).collect();
    if !told.more {
        lines.push_str(&line("audit-end", &[]));
    }
    lines
}

/// `room-join`, `room-kick`: where, by whom, to whom, and what goes with it.
fn room(mes: &RoomMes) -> String {
    let id = |id: Option<i64>| id.map_or_else(String::new, |id| id.to_string());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let guests = mes.guests.map_or("", |guests| if guests { "guests" } else { "no-guests" });
    let number = |number: Option<String>| number.unwrap_or_default();
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
        text(&mes.against),
        number(mes.every.map(|every| every.to_string())),
        number(mes.until.map(|until| until.to_string())),
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
