//! The bodies about named rooms.

use serde::{Deserialize, Serialize};

use super::Sms;

/// What is done in a room, and `act` of [`RoomMes`].
#[expect(missing_docs, reason = "the constants are the names")]
pub mod act {
    use crate::protocol::Measure;

    pub const CREATE: &str = "create";
    pub const JOIN: &str = "join";
    pub const PART: &str = "part";
    pub const TOPIC: &str = "topic";
    pub const INVITE: &str = "invite";
    pub const KICK: &str = "kick";
    pub const ROLE: &str = "role";
    pub const SET: &str = "set";
    pub const CLOSE: &str = "close";
    /// Server to client: one is in this room now.
    pub const ENTERED: &str = "entered";
    /// What keeps order: which measure, and whether it begins or ends.
    pub const ORDERS: &[(&str, (Measure, bool))] = &[
        ("ban", (Measure::Ban, true)),
        ("unban", (Measure::Ban, false)),
        ("mute", (Measure::Mute, true)),
        ("unmute", (Measure::Mute, false)),
        ("slow", (Measure::Slow, true)),
        ("unslow", (Measure::Slow, false)),
    ];

    /// The name of an order.
    pub fn order(measure: Measure, is_set: bool) -> &'static str {
        let meant = ORDERS.iter().find(|(_, order)| *order == (measure, is_set));
        meant.map_or("", |(name, _)| name)
    }
}

/// `RoomMes`, both ways: do this; this was done. What an act does not need is left out.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct RoomMes {
    /// One of [`act`]'s names.
    pub act: String,
    /// Its key, `!17`. Client to server also its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// Its name, `#rust`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room_name: String,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whom_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whom_name: Option<String>,
    /// A topic, or why somebody is put out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `member`, `moderator`, `owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `open`, `invite`, `hidden`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guests: Option<bool>,
    /// Against whom order is kept: an id, a pattern of names, a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Client to server: for how long; without it until it is lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Slow mode: seconds between two messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// Server to client: until when, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// A room in `RoomsResMes` and `MyRoomsMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Room {
    pub room: String,
    pub room_name: String,
    pub topic: String,
    pub access: String,
    pub guests: bool,
    /// How many of its members are online, in `RoomsResMes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<u64>,
    /// What one is there, in `MyRoomsMes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// `RoomsResMes`: a page of the rooms there are; and `MyRoomsMes`, those one is in.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Rooms {
    pub rooms: Vec<Room>,
    /// There are others behind them, or another frame of the same list follows.
    pub more: bool,
}

/// `RoomsMes`, client to server: the rooms behind this name.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct AskRooms {
    pub after: String,
}

/// `MembersMes`, client to server: the members of a room behind this id.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct AskMembers {
    pub room: String,
    pub after_id: i64,
}

/// A member in [`Members`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct RoomMember {
    pub user_id: i64,
    pub user_name: String,
    pub role: String,
    pub online: bool,
}

/// `MembersResMes`: a page of the members of a room.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Members {
    pub room: String,
    pub room_name: String,
    pub members: Vec<RoomMember>,
    pub more: bool,
}

/// `HistoryMes`, client to server: what was said in a room. Of `before`, `after` and `since` one
/// is given, or none: the last messages.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct AskHistory {
    pub room: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    pub limit: u64,
}

/// `HistoryResMes`: a page of what was said; `SearchResMes`: what was found, the newest first.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds texts")]
pub struct History {
    pub room: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_name: Option<String>,
    /// In order.
    pub messages: Vec<Sms>,
    /// There is more in the direction that was asked for.
    pub more: bool,
    /// Another frame of the same page follows.
    pub part: bool,
    /// In `SearchResMes`: where the search can go on; of several rooms, all three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_time: Option<i64>,
}
