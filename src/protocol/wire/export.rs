//! What is one's own, for the one who asks.

use serde::{Deserialize, Serialize};

/// `ExportMes`, client to server: what is mine, from the first page on, or the next page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct AskExport {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// `ExportResMes`: the next part of a text of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Exported {
    pub text: String,
    /// Another frame of the same page follows by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub part: bool,
    /// Another page follows when it is asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}
