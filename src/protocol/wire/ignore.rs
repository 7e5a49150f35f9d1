//! The bodies about whom one ignores.

use serde::{Deserialize, Serialize};

/// `IgnoreMes` both ways, and one of the people in `IgnoredResMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct IgnoreMes {
    /// Client to server 0 where the name says who is meant.
    pub user_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// No longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<bool>,
}

/// `IgnoredResMes`: the answer to `IgnoredMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Ignored {
    pub people: Vec<IgnoreMes>,
    /// Another one with more of them follows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// `PassedMes`: what is left out for the one who gets it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Passed {
    pub room: String,
    pub up_to: u64,
}
