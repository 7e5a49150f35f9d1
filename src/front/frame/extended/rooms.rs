//! Events of named rooms. A list comes in as many frames as it takes.

use super::{order, width_in_body, words};
use crate::protocol::frame::{HELLO_LIMIT, encode};
use crate::protocol::wire::{
    History, Members, Room, RoomMember as Wire, RoomMes, Rooms, Sms, act, kind,
};
use crate::protocol::{Event, NamedRoom, News, Party, Role, RoomId, RoomMember, RoomNews, Shown};

/// A room takes at most some 700 bytes, escaped: so many stay below the limit of a frame.
const ROOMS: usize = 50;

/// A member takes some 200 bytes.
const MEMBERS: usize = 200;

/// Everything else is spelled elsewhere.
pub(super) fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Room(about) => news(about, out),
        Event::Entered { room, role } | Event::IsIn { room, role } => entered(room, *role, out),
        Event::MyRooms(rooms) => mine(rooms, out),
        Event::Rooms { rooms, more } => listed(rooms, *more, out),
        Event::Members { room, members: these, more } => members(room, these, *more, out),
        Event::TopicIs(room) => topic(room, out),
        Event::History { room, name, messages, more } => {
            let about = History {
                room: room.to_string(),
                room_name: name.as_ref().map(ToString::to_string),
                ..History::default()
            };
            history(kind::HISTORY_RES, (&about, *more), messages, |_| None, out);
        }
        Event::Found { within, names, messages, next } => {
            let name_of = |room| {
                names.iter().find(|(named, _)| *named == room).map(|(_, name)| name.to_string())
            };
            let about = History {
                room: within.map_or(String::new(), |room| room.to_string()),
                room_name: within.and_then(name_of),
                before: next.map(|before| before.id.0),
                before_room: next.and_then(|before| Some(before.among?.1.to_string())),
                before_time: next.and_then(|before| Some(before.among?.0.0)),
                ..History::default()
            };
            // Where all are of one room, its name is said once.
            let each = |room| if within.is_none() { name_of(room) } else { None };
            history(kind::SEARCH_RES, (&about, next.is_some()), messages, each, out);
        }
        // Where plain text goes is a matter of lines: frames say it each time.
        _ => {}
    }
}

fn news(news: &RoomNews, out: &mut Vec<u8>) {
    let about = RoomMes {
        room: news.room.to_string(),
        room_name: news.name.to_string(),
        user_id: Some(news.by.id.0),
        user_name: Some(news.by.name.to_string()),
        ..RoomMes::default()
    };
    let to = |act: &str, whom: &Party| RoomMes {
        act: act.to_owned(),
        whom_id: Some(whom.id.0),
        whom_name: Some(whom.name.to_string()),
        ..about.clone()
    };
    let plain = |act: &str| RoomMes { act: act.to_owned(), ..about.clone() };
    let mes = match &news.what {
        News::Joined => plain(act::JOIN),
        News::Left => plain(act::PART),
        News::Closed => plain(act::CLOSE),
        News::Kicked(whom, note) => {
            let text = note.as_ref().map(|note| note.as_str().to_owned());
            RoomMes { text, ..to(act::KICK, whom) }
        }
        News::Invited(whom) => to(act::INVITE, whom),
        News::Role(whom, role) => {
            RoomMes { role: Some(role.name().to_owned()), ..to(act::ROLE, whom) }
        }
        News::Topic(topic) => {
            RoomMes { text: Some(topic.as_str().to_owned()), ..plain(act::TOPIC) }
        }
        News::Set(kind, guests) => {
            let access = Some(kind.name().to_owned());
            RoomMes { access, guests: Some(*guests), ..plain(act::SET) }
        }
        News::Sanctioned(sanction, who) => order::sanctioned(&with(about, who), sanction),
        News::Lifted(key, who) => order::lifted(&with(about, who), key),
    };
    encode(kind::ROOM, &mes, out);
}

fn with(about: RoomMes, whom: &Option<Party>) -> RoomMes {
    RoomMes {
        whom_id: whom.as_ref().map(|whom| whom.id.0),
        whom_name: whom.as_ref().map(|whom| whom.name.to_string()),
        ..about
    }
}

fn entered(room: &NamedRoom, role: Role, out: &mut Vec<u8>) {
    let mes = RoomMes {
        act: act::ENTERED.to_owned(),
        room: room.id().to_string(),
        room_name: room.name.to_string(),
        text: Some(room.topic.as_str().to_owned()),
        role: Some(role.name().to_owned()),
        access: Some(room.kind.name().to_owned()),
        guests: Some(room.guests),
        ..RoomMes::default()
    };
    encode(kind::ROOM, &mes, out);
}

fn topic(room: &NamedRoom, out: &mut Vec<u8>) {
    let mes = RoomMes {
        act: act::TOPIC.to_owned(),
        room: room.id().to_string(),
        room_name: room.name.to_string(),
        text: Some(room.topic.as_str().to_owned()),
        ..RoomMes::default()
    };
    encode(kind::ROOM, &mes, out);
}

fn mine(rooms: &[(NamedRoom, Role)], out: &mut Vec<u8>) {
    let wire = |(room, role): &(NamedRoom, Role)| Room {
        role: Some(role.name().to_owned()),
        ..about(room)
    };
    pages(kind::MY_ROOMS, rooms.iter().map(wire).collect(), false, out);
}

fn listed(rooms: &[(NamedRoom, usize)], more: bool, out: &mut Vec<u8>) {
    let wire = |(room, online): &(NamedRoom, usize)| Room {
        online: u64::try_from(*online).ok(),
        ..about(room)
    };
    pages(kind::ROOMS_RES, rooms.iter().map(wire).collect(), more, out);
}

fn pages(kind: &str, rooms: Vec<Room>, more: bool, out: &mut Vec<u8>) {
    if rooms.is_empty() {
        return encode(kind, &Rooms { rooms, more }, out);
    }
    let n_pages = rooms.len().div_ceil(ROOMS);
    for (at, page) in rooms.chunks(ROOMS).enumerate() {
        let more = more || at + 1 < n_pages;
        encode(kind, &Rooms { rooms: page.to_vec(), more }, out);
    }
}

fn about(room: &NamedRoom) -> Room {
    Room {
        room: room.id().to_string(),
        room_name: room.name.to_string(),
        topic: room.topic.as_str().to_owned(),
        access: room.kind.name().to_owned(),
        guests: room.guests,
        ..Room::default()
    }
}

/// A page in as many frames as it takes; `more` within a page, too.
fn history(
    kind: &str,
    (about, more): (&History, bool),
    messages: &[Shown],
    name_of: impl Fn(RoomId) -> Option<String>,
    out: &mut Vec<u8>,
) {
    /// What a body holds beside the messages, and some.
    const AROUND: usize = 512;
    let mut frame = about.clone();
    let mut width = AROUND;
    for message in messages {
        let sms = Sms { room_name: name_of(message.message.room), ..words::shown(message) };
        let wider = width_in_body(&sms) + 1;
        if width + wider > HELLO_LIMIT {
            frame.part = true;
            encode(kind, &frame, out);
            frame = about.clone();
            width = AROUND;
        }
        width += wider;
        frame.messages.push(sms);
    }
    frame.more = more;
    encode(kind, &frame, out);
}

fn members(room: &NamedRoom, members: &[RoomMember], more: bool, out: &mut Vec<u8>) {
    let wire = |member: &RoomMember| Wire {
        user_id: member.who.id.0,
        user_name: member.who.name.to_string(),
        role: member.role.name().to_owned(),
        online: member.online,
    };
    let mut pages: Vec<_> = members.chunks(MEMBERS).collect();
    if pages.is_empty() {
        pages.push(&[]);
    }
    let n_pages = pages.len();
    for (at, page) in pages.into_iter().enumerate() {
        let mes = Members {
            room: room.id().to_string(),
            room_name: room.name.to_string(),
            members: page.iter().map(wire).collect(),
            more: more || at + 1 < n_pages,
        };
        encode(kind::MEMBERS_RES, &mes, out);
    }
}
