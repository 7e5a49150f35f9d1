//! The typed bodies of frames, in wire order: what goes out of the server and what our own
//! client sends. docs/protocol.md describes them with test vectors.
//!
//! The first block is the original's, key for key (protocol of the Go course project); the
//! second is ours, unknown to unchanged Go clients, which print one line for each and go on.
//! What comes *into* the server is read more leniently: `front::frame`.

mod devices;
pub mod entry;
mod export;
mod ignore;
mod order;
mod presence;
mod rooms;
mod words;

pub use words::{AskSearch, Reaction, WordMes};

pub use devices::{DeleteAccount, Devices, EndDevice, OwnDevice};
pub use entry::{Applicants, EntryMes};
pub use export::{AskExport, Exported};
pub use ignore::{IgnoreMes, Ignored, Passed};
pub use order::{AskAudit, AskSanctions, Audit, Deed, Sanction, Sanctions};
pub use presence::{AwayMes, TypingMes};
pub use rooms::{
    AskHistory, AskMembers, AskRooms, History, Members, Room, RoomMember, RoomMes, Rooms, act,
};

use serde::{Deserialize, Serialize};

/// The outer object of every frame.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Frame {
    /// One of [`kind`]'s names.
    #[serde(rename = "type")]
    pub kind: String,
    /// JSON, as a string.
    pub data: String,
}

/// The names of frame types.
#[expect(missing_docs, reason = "the constants are the names")]
pub mod kind {
    pub const LOGIN: &str = "LoginMes";
    pub const LOGIN_RES: &str = "LoginResMes";
    pub const REGISTER: &str = "RegisterMes";
    pub const REGISTER_RES: &str = "RegisterResMes";
    pub const NOTIFY: &str = "NotifyUserStatusMes";
    pub const CROWD: &str = "CrowdMes";
    pub const SMS: &str = "SmsMes";
    pub const SMS_PRIVATE: &str = "SmsPrivateMes";
    pub const HELLO: &str = "HelloMes";
    pub const HELLO_RES: &str = "HelloResMes";
    pub const ACK: &str = "AckMes";
    pub const PING: &str = "PingMes";
    pub const PONG: &str = "PongMes";
    pub const PASSWD: &str = "PasswdMes";
    pub const WHO: &str = "WhoMes";
    pub const WHO_RES: &str = "WhoResMes";
    pub const RENAME: &str = "RenameMes";
    pub const AWAY: &str = "AwayMes";
    pub const DELETE_ACCOUNT: &str = "DeleteAccountMes";
    /// What is mine?
    pub const EXPORT: &str = "ExportMes";
    /// A page of what is one's own.
    pub const EXPORT_RES: &str = "ExportResMes";
    pub const DEVICES: &str = "DevicesMes";
    pub const DEVICES_RES: &str = "DevicesResMes";
    pub const END_DEVICE: &str = "EndDeviceMes";
    pub const END_DEVICE_RES: &str = "EndDeviceResMes";
    pub const IGNORE: &str = "IgnoreMes";
    pub const IGNORED: &str = "IgnoredMes";
    pub const IGNORED_RES: &str = "IgnoredResMes";
    pub const PASSED: &str = "PassedMes";
    pub const TYPING: &str = "TypingMes";
    pub const RECEIVED: &str = "ReceivedMes";
    pub const TOKEN: &str = "TokenMes";
    pub const RESUME: &str = "ResumeMes";
    pub const PROGRESS: &str = "ProgressMes";
    pub const DELIVERED: &str = "DeliveredMes";
    pub const READ: &str = "ReadMes";
    pub const RECEIPTS: &str = "ReceiptsMes";
    pub const RECEIPTS_RES: &str = "ReceiptsResMes";
    pub const LOGOUT: &str = "LogoutMes";
    pub const ERROR: &str = "ErrorMes";
    pub const PASSWD_RES: &str = "PasswdResMes";
    pub const RENAME_RES: &str = "RenameResMes";
    pub const SKIPPED: &str = "SkippedMes";
    pub const ROOM: &str = "RoomMes";
    pub const ROOMS: &str = "RoomsMes";
    pub const ROOMS_RES: &str = "RoomsResMes";
    pub const MY_ROOMS: &str = "MyRoomsMes";
    pub const MEMBERS: &str = "MembersMes";
    pub const HISTORY: &str = "HistoryMes";
    pub const HISTORY_RES: &str = "HistoryResMes";
    pub const MEMBERS_RES: &str = "MembersResMes";
    pub const SANCTIONS: &str = "SanctionsMes";
    pub const SANCTIONS_RES: &str = "SanctionsResMes";
    pub const AUDIT: &str = "AuditMes";
    pub const AUDIT_RES: &str = "AuditResMes";
    pub const PENDING: &str = "PendingMes";
    pub const PENDING_RES: &str = "PendingResMes";
    pub const ENTRY: &str = "EntryMes";
    pub const EDIT: &str = "EditMes";
    pub const DELETE: &str = "DeleteMes";
    pub const REACT: &str = "ReactMes";
    pub const SEARCH: &str = "SearchMes";
    pub const SEARCH_RES: &str = "SearchResMes";
}

/// `status` of [`Notify`].
pub mod status {
    /// Online.
    pub const ONLINE: i64 = 0;
    /// Offline.
    pub const OFFLINE: i64 = 1;
    /// Busy, or away.
    pub const BUSY: i64 = 2;
}

/// `code` of [`LoginRes`] and [`Res`].
pub mod code {
    /// Good.
    pub const OK: i64 = 200;
    /// Login: the password is wrong.
    pub const WRONG_PASSWORD: i64 = 403;
    /// Login: no such account.
    pub const UNKNOWN_USER: i64 = 500;
    /// Login: anything else. Registration: the id is taken.
    pub const LOGIN_OTHER: i64 = 505;
    /// Registration: the id is taken.
    pub const TAKEN: i64 = 505;
    /// Registration: anything else.
    pub const REGISTER_OTHER: i64 = 506;
}

/// The original's User, as it stands in frames and in Redis.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the original's fields")]
pub struct User {
    pub user_id: i64,
    pub user_pwd: String,
    pub user_name: String,
    pub user_status: i64,
    pub sex: String,
}

/// Never shows the password.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({} {})", self.user_id, self.user_name)
    }
}

/// `LoginMes`, client to server. `userId` 0 with a `userName`: login by name (ours).
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds a password")]
pub struct Login {
    pub user_id: i64,
    pub user_pwd: String,
    pub user_name: String,
}

/// `LoginResMes`. The first three are the original's, the others only for who said hello.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct LoginRes {
    pub code: i64,
    /// No tag in the original, so Go spells it like this. `null` in a refusal.
    #[serde(rename = "UsersId")]
    pub users_id: Option<Vec<i64>>,
    pub error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The store's epoch: a client that sees another one drops its positions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// How many are online; the list itself comes as `WhoResMes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_online: Option<u64>,
    /// The stable name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// `RegisterMes`, client to server. `userId` 0: the server chooses (ours).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Register {
    pub user: User,
    /// An invitation code (ours).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `RegisterResMes`, and with the same shape `PasswdResMes` and `RenameResMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Res {
    pub code: i64,
    pub error: String,
    /// The id the account got, or gets once an operator lets it in; after the name was changed, the
    /// name as others see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// `NotifyUserStatusMes`. The first two are the original's.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Notify {
    pub user_id: i64,
    pub status: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `timeout` where somebody left by silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `busy`, `away`, or `here` for who is back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// In their own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// `CrowdMes`: very many came and left since the last summary, so they are not told one by one.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Crowd {
    /// How many are online now.
    pub n_online: u64,
    /// How many came.
    pub came: u64,
    /// How many left.
    pub left: u64,
}

/// `SmsMes` and `SmsPrivateMes`, both ways. The sender's User is flat in it.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds a text")]
pub struct Sms {
    pub content: String,
    pub user_id: i64,
    /// Always empty: passwords are never relayed.
    pub user_pwd: String,
    pub user_name: String,
    pub user_status: i64,
    pub sex: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<i64>,
    /// Client to server: to the one of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_user_name: Option<String>,
    /// Client to server: the name of this send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ref: Option<String>,
    /// Its place in the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// `lobby`, `@100,200`, `!17`. Client to server also a name: `#rust`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// `true`: said while this device was away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<bool>,
    /// `#rust`, where the room has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_name: Option<String>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// Milliseconds since 1970: when it got the text it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<i64>,
    /// `true`: what it said is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// Who reacts with what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Vec<Reaction>>,
}

/// `HelloMes`: the first frame of a client that speaks the extended protocol.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hello {
    /// Of this protocol: 1.
    pub version: i64,
    /// Program and version, for the server's log.
    pub client: String,
    /// The name of this device: its cursors are kept under it. Empty: the shared ones.
    pub device: String,
    /// The longest body this client takes: at least 65,536.
    pub frame_limit: u64,
    /// `received`: moves its cursors itself, by `ReceivedMes`. `quiet`: is not sent what it missed.
    pub features: Vec<String>,
}

/// `HelloResMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelloRes {
    /// Of this protocol: 1.
    pub version: i64,
    /// Program and version.
    pub server: String,
    /// The longest body the server takes.
    pub frame_limit: u64,
    /// What it can do beyond version 1.
    pub features: Vec<String>,
    /// `HOST:PORT` of every server that serves the same people, this one included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
}

/// `AckMes`: a send is stored (`id`, `room`, `time`), or refused (`code`, `error`).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Ack {
    pub client_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// The stable name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `PasswdMes`, client to server.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds passwords")]
pub struct Passwd {
    pub old_pwd: String,
    pub new_pwd: String,
}

/// A person in `WhoResMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Person {
    pub user_id: i64,
    pub user_name: String,
    pub address: String,
    /// `busy` or `away`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// In their own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// `WhoResMes`: the answer to `WhoMes`, in as many frames as it takes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct WhoRes {
    /// Who is online.
    pub online: Vec<Person>,
    /// Another frame of the same list follows.
    pub more: bool,
}

/// `RenameMes`. Client to server `userId` is 0; to others it says who has which name now.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Rename {
    pub user_id: i64,
    pub user_name: String,
}

/// `ReceivedMes`, client to server: this device has this room up to here.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Received {
    pub room: String,
    pub up_to: u64,
}

/// `TokenMes`: by this one can resume.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds a token")]
pub struct Token {
    pub token: String,
    /// Milliseconds since 1970.
    pub expires: i64,
}

/// `ResumeMes`, client to server, instead of `LoginMes`; answered by `LoginResMes`.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, missing_debug_implementations, reason = "wire fields; holds a token")]
pub struct Resume {
    pub token: String,
    /// The epoch that the positions are of.
    pub epoch: String,
    /// What the client holds, as `ROOM:ID`: `lobby:17`, `@100,200:3`.
    pub positions: Vec<String>,
}

/// One room in `ProgressMes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Progress {
    pub room: String,
    pub read: u64,
    pub peer_delivered: u64,
    pub peer_read: u64,
}

/// `ProgressMes`: how far one is in each room, after a login, in as many frames as it takes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct ProgressMes {
    pub rooms: Vec<Progress>,
}

/// `DeliveredMes`, and with the same shape `ReadMes` both ways (client to server `userId` is 0).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Seen {
    pub room: String,
    pub user_id: i64,
    pub up_to: u64,
}

/// `ReceiptsMes` both ways: what others may see; `ReceiptsResMes` says it back when it is stored.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct ReceiptsMes {
    pub delivered: bool,
    pub read: bool,
}

/// `ErrorMes`: something was refused, or the server closes the connection.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct ErrorMes {
    /// The stable name of the error or of the reason.
    pub code: String,
    /// For people.
    pub error: String,
    /// What in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// `true`: this is the last frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<bool>,
}

/// `SkippedMes`: so many messages of a room lie before those replayed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "wire fields")]
pub struct Skipped {
    pub room: String,
    pub count: u64,
}

/// A body without fields: `WhoMes`, `PingMes`, `PongMes`, `LogoutMes`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Empty {}
