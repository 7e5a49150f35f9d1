//! The bodies about who is not quite there, and who writes.

use serde::{Deserialize, Serialize};

/// `AwayMes` both ways. Client to server `state` is `away`, `busy` or `here`; to a client it says
/// so of oneself, when it is done, or of the one to whom one has just written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct AwayMes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    pub state: String,
    /// In one's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// `TypingMes` both ways. Client to server it names a room or one person, as `SmsMes` does.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct TypingMes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
}
