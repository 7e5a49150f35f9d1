//! The bodies about one's account and its devices.

use serde::{Deserialize, Serialize};

/// A device in `DevicesResMes`. Times are ms since 1970; 0 where one is not known.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct OwnDevice {
    /// Empty: what all clients share that give no name.
    pub device: String,
    pub since: i64,
    pub used: i64,
    /// Until then it may come back without the password.
    pub token_until: i64,
    /// From where it is connected now.
    pub online: Vec<String>,
    /// It is the one that asked.
    pub is_this: bool,
}

/// `DevicesResMes`: the answer to `DevicesMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Devices {
    pub devices: Vec<OwnDevice>,
}

/// `EndDeviceMes`, and with `sessions` `EndDeviceResMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct EndDevice {
    pub device: String,
    /// So many connections ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
}

/// `DeleteAccountMes`, client to server.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds a password")]
pub struct DeleteAccount {
    pub user_pwd: String,
    /// What the account said is erased.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erase: bool,
}
