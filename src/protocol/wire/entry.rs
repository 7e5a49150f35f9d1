//! The bodies about who asks for an account.

use serde::{Deserialize, Serialize};

/// `EntryMes` is told to operators: somebody asks.
pub const WAITS: &str = "wait";

/// `EntryMes`, both ways: they are let in.
pub const APPROVE: &str = "approve";

/// `EntryMes`, both ways: they are not.
pub const REJECT: &str = "reject";

/// `EntryMes`: what an operator decides, and what operators are told.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct EntryMes {
    pub act: String,
    pub whom_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whom_name: Option<String>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Somebody in [`Applicants`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Applicant {
    pub user_id: i64,
    pub user_name: String,
    pub time: i64,
}

/// `PendingResMes`: who waits, those first who asked first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Applicants {
    pub applicants: Vec<Applicant>,
    /// Another frame follows.
    pub more: bool,
}
