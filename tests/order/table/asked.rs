//! What is asked for, as a frame and as it is typed.

use serde_json::{Value, json};

use super::{TARGET, next_mark};

/// What one asks for who wants to find something of a room.
pub fn looks(room: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("HistoryMes", json!({"room": room})),
        ("SearchMes", json!({"room": room, "text": "secret"})),
        ("SmsMes", json!({"room": room, "content": "hi", "replyTo": 1, "clientRef": "look"})),
        ("EditMes", json!({"room": room, "about": 1, "content": "mine", "clientRef": "edit"})),
        ("ReactMes", json!({"room": room, "about": 1, "content": "+", "clientRef": "react"})),
        ("ReadMes", json!({"room": room, "upTo": 1})),
        ("MembersMes", json!({"room": room})),
        ("SanctionsMes", json!({"room": room})),
        ("RoomsMes", json!({})),
    ]
}

/// The act as a frame.
pub fn framed(act: &str, room: &str) -> (&'static str, Value) {
    let plain = json!({"act": act, "room": room});
    let to = |whom: i64, more: Value| {
        let mut all = json!({"act": act, "room": room, "whomId": whom});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("RoomMes", all)
    };
    match act {
        "join" | "part" | "close" => ("RoomMes", plain),
        "say" => ("SmsMes", json!({"room": room, "content": "hi", "clientRef": next_mark()})),
        "members" => ("MembersMes", json!({"room": room})),
        "bans" => ("SanctionsMes", json!({"room": room})),
        "invite" => to(400, json!({})),
        "topic" => ("RoomMes", json!({"act": act, "room": room, "text": "about"})),
        "set" => ("RoomMes", json!({"act": act, "room": room, "access": "invite"})),
        "role" => to(TARGET, json!({"role": "moderator"})),
        "slow" => to(TARGET, json!({"every": 5})),
        "kick" | "ban" | "mute" => to(TARGET, json!({})),
        "server" => ("RoomMes", json!({"act": "mute", "room": "lobby", "against": "nobody?"})),
        "audit" => ("AuditMes", json!({"limit": 1})),
        "approve" => ("PendingMes", json!({})),
        "delete" => ("DeleteMes", json!({"room": room, "about": 1, "clientRef": next_mark()})),
        act => panic!("{act} is a new row: say here how it is asked for"),
    }
}

/// The act as it is typed.
pub fn typed(act: &str, room: &str) -> String {
    match act {
        "join" | "part" | "members" | "close" => format!("/{act} {room}"),
        "say" => "hi".to_owned(),
        "bans" | "audit" => format!("/{act}"),
        "invite" => "/invite 400".to_owned(),
        "topic" => "/topic about".to_owned(),
        "set" => "/access invite".to_owned(),
        "role" => format!("/role {TARGET} moderator"),
        "slow" => format!("/slow 5 {TARGET}"),
        "kick" | "ban" | "mute" => format!("/{act} {TARGET}"),
        "server" => "/mute -server nobody?".to_owned(),
        "approve" => "/pending".to_owned(),
        "delete" => "/delete #1".to_owned(),
        act => panic!("{act} is a new row: say here how it is typed"),
    }
}
