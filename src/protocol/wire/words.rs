//! The bodies about messages about messages.

use serde::{Deserialize, Serialize};

/// `EditMes`, `DeleteMes` and `ReactMes`, both ways: do this to a message; this was done.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds a text")]
pub struct WordMes {
    /// Its key; client to server also its name.
    pub room: String,
    /// The message that it is about.
    pub about: u64,
    /// The new text, or the emoji.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// `true`: the emoji is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<bool>,
    /// Client to server: the name of this send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ref: Option<String>,
    /// Its own place in the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// `true`: done while this device was away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<bool>,
    /// `#rust`, where the room has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_name: Option<String>,
}

/// An emoji of a message in `HistoryResMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Reaction {
    pub emoji: String,
    /// How many people.
    pub count: u64,
    /// The first ten of them, by id.
    pub user_ids: Vec<i64>,
}

/// `SearchMes`, client to server: which messages have these words?
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds a text")]
pub struct AskSearch {
    /// None: in all that one may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    pub text: String,
    /// Said by this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    /// Where it goes on; in several rooms all three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_time: Option<i64>,
    pub limit: u64,
}
