//! The bodies about keeping order.

use serde::{Deserialize, Serialize};

/// `SanctionsMes`, client to server: who is banned, muted or slowed in this room?
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct AskSanctions {
    pub room: String,
}

/// A sanction in [`Sanctions`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Sanction {
    pub measure: String,
    pub against: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub user_id: i64,
    pub user_name: String,
    pub since: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// `SanctionsResMes`: who is banned, muted or slowed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Sanctions {
    pub room: String,
    pub room_name: String,
    pub sanctions: Vec<Sanction>,
    /// Another frame follows.
    pub more: bool,
}

/// `AuditMes`, client to server: the last acts that kept order.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct AskAudit {
    pub limit: u64,
}

/// An act in [`Audit`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Deed {
    pub time: i64,
    pub user_id: i64,
    pub user_name: String,
    pub act: String,
    /// The room's key; none: the whole server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whom: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// `AuditResMes`: what was done to keep order, newest first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Audit {
    pub deeds: Vec<Deed>,
    /// Another frame follows.
    pub more: bool,
}
