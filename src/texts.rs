//! The catalogue: everything that people read, in English and Simplified Chinese. What the server
//! says stands here, by part in `texts/`; what only the client says in [`client`] and [`full`], the
//! help of commands and keys in [`help`], [`commands`] and [`keys`]. Options and their help, logs
//! and what `server` prints for its operator are English.
//!
//! **For translators.** A text is a constant, or an arm of a `match`; its languages stand side by
//! side, or in two functions one below the other (`error_en`, `error_zh`). What is in braces is
//! filled in and stays as it is, and every language has the same; words with a slash and
//! `CAPITALS` are typed as they are. Texts of the server begin in lower case and have no final
//! dot, for a detail may follow. Menus and help fit into 80 columns, a Chinese character being
//! two. `cargo test --test tests texts::` checks braces and columns.
//!
//! **Another language** is a variant of [`Lang`], its locale in [`Lang::of_locale`] and its name
//! for `--lang` (`config::language`, `client::settings::LangName`), a field of [`Both`], and a
//! text wherever the compiler then misses one: nothing falls back to English unseen.

pub mod client;
pub mod commands;
mod devices;
mod entry;
pub mod full;
pub mod help;
mod ignore;
mod json;
pub mod keys;
mod order;
mod presence;
mod rooms;
mod words;

pub use devices::{NAMELESS, device_ended, devices};
pub use entry::{applicants, entry_news};
pub use ignore::{ignored, ignoring};
pub use json::harmless_json;
pub use order::{deed_line, deeds, everybody, holds, order_news, sanctions};
pub use presence::{absence, is_absent, own_absence};
pub use rooms::{access, entered, here, members, my_rooms, news, role, rooms, topic};
pub use words::{did, done, state};

use crate::protocol::{Before, ErrorCode, Farewell, Refusal, UserId};

/// A language of texts for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// From a locale such as `zh_CN.UTF-8`, or a language name such as `zh`.
    pub fn of_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// What the environment asks for, in the order of POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`; an
    /// empty one counts as none.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
        set.find(|locale| !locale.is_empty()).map_or(Self::En, |locale| Self::of_locale(&locale))
    }
}

/// A text without gaps, in every language.
#[derive(Clone, Copy, Debug)]
pub struct Both {
    /// English.
    pub en: &'static str,
    /// Simplified Chinese.
    pub zh: &'static str,
}

impl Both {
    /// The text.
    pub fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }
}

/// What the server says to one person, beyond errors and farewells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// A command was not understood; this is its form.
    Usage(&'a str),
    /// The account exists now.
    Registered(UserId),
    /// The invitation code is good; what comes next.
    CodeKept,
    /// One's own new name is accepted.
    Renamed,
    /// One's own password is changed.
    PasswdDone,
    /// So many older messages are not shown.
    Skipped(u64),
    /// There is nothing in this part of the history.
    NothingSaid,
    /// No message has these words.
    NothingFound,
    /// The search can go on here.
    SearchOn(Before),
    /// There is more of the history than this.
    MoreSaid,
    /// So many came and so many left.
    Crowd {
        /// Who came.
        came: usize,
        /// Who left.
        left: usize,
    },
    /// What to do about a command that does not exist.
    HelpHint,
    /// How to talk elsewhere.
    JoinHint,
    /// What to do without an account.
    AccountHint,
    /// Above the list of commands.
    HelpIntro,
    /// Below the list of commands, for who has no account.
    HelpGuest,
}

/// What went wrong, and what to do about it.
pub fn error(code: ErrorCode, lang: Lang) -> &'static str {
    match lang {
        Lang::En => error_en(code),
        Lang::Zh => error_zh(code),
    }
}

/// What went wrong with a login or a registration, where that is said in other words.
pub fn entry_error(code: ErrorCode, lang: Lang) -> &'static str {
    let (en, zh) = match code {
        // They read the same: nobody learns who has an account.
        ErrorCode::UnknownUser | ErrorCode::WrongPassword => {
            ("unknown id/name or wrong password", "用户不存在或密码不正确")
        }
        ErrorCode::Busy => ("the server is busy; try again", "服务器繁忙，请重试"),
        ErrorCode::StoreUnavailable => (
            "the server cannot reach its store now; try again later",
            "服务器暂时无法读取数据，请稍后再试",
        ),
        ErrorCode::ShuttingDown => {
            ("the server is going down; try again later", "服务器正在关闭，请稍后再试")
        }
        code => return error(code, lang),
    };
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// The error of a refusal, and its detail where it has one. The detail of a
/// [`ErrorCode::BadRequest`] is the form of the command.
pub fn refusal(refusal: &Refusal, lang: Lang) -> String {
    detailed(error(refusal.code, lang), refusal, lang)
}

/// The same for a refused login or registration.
pub fn entry_refusal(refusal: &Refusal, lang: Lang) -> String {
    detailed(entry_error(refusal.code, lang), refusal, lang)
}

fn detailed(error: &str, refusal: &Refusal, lang: Lang) -> String {
    match (refusal.code, refusal.detail.as_deref()) {
        (_, None) => error.to_owned(),
        (ErrorCode::BadRequest, Some(form)) => reply(Reply::Usage(form), lang),
        (ErrorCode::NotLetIn, Some(id)) => entry::asked(id, lang),
        (ErrorCode::Banned | ErrorCode::Muted, Some(detail)) if lang == Lang::Zh => {
            match detail.strip_prefix("until ") {
                Some(rest) => format!("{error}，直到 {rest}"),
                None => format!("{error}：{detail}"),
            }
        }
        (_, Some(detail)) => format!("{error}: {detail}"),
    }
}

/// Why the connection is closed.
pub fn farewell(why: Farewell, lang: Lang) -> &'static str {
    match lang {
        Lang::En => farewell_en(why),
        Lang::Zh => farewell_zh(why),
    }
}

/// The words of a reply.
pub fn reply(reply: Reply<'_>, lang: Lang) -> String {
    match lang {
        Lang::En => reply_en(reply),
        Lang::Zh => reply_zh(reply),
    }
}

/// A visible mark in place of a character that could steer a terminal: controls show as their
/// pictures (ESC as `␛`), and what turns the direction of reading, breaks a line or cannot be
/// seen at all as U+FFFD. A tab shows as a blank: it does no harm but moves the cursor.
pub fn mark(c: char) -> char {
    match c {
        '\t' => ' ',
        '\0'..='\u{1f}' => char::from_u32(u32::from(c) + 0x2400).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, line and paragraph separators, embeddings, overrides and isolates.
        '\u{80}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => '\u{fffd}',
        // Marks of direction, the byte order mark, annotations and tags.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
        '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        c => c,
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn error_en(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => "not understood",
        ErrorCode::UnknownCommand => "no such command",
        ErrorCode::HelloTooLate => "say hello before the login",
        ErrorCode::NotLoggedIn => "log in first",
        ErrorCode::AlreadyLoggedIn => "this connection is logged in already; open another one",
        ErrorCode::UnknownUser => "no account has this id or name",
        ErrorCode::UnknownDevice => "your account has no such device; /devices lists them",
        ErrorCode::WrongPassword => "the password is wrong",
        ErrorCode::BadToken => "this token is no longer good; log in with your password",
        ErrorCode::Throttled => "too many attempts; wait a little and try again",
        ErrorCode::IdTaken => "this id is taken; choose another one",
        ErrorCode::NameTaken => "this name is taken; choose another one",
        ErrorCode::NameShared => "several accounts have this name; use an id",
        ErrorCode::BadName => {
            "not a name: take 1 to 64 bytes without control characters, not digits alone, \
             no address, no #digits at the end"
        }
        ErrorCode::BadId => "not an id: take a whole number from 1",
        ErrorCode::BadPassword => "not a password: take 1 to 256 bytes",
        ErrorCode::RegistrationClosed => "nobody can register here; ask the operator",
        ErrorCode::CodeNeeded => {
            "registering here takes an invitation code: /code CODE, then register again"
        }
        ErrorCode::BadCode => "this invitation code is not good, or not any more",
        ErrorCode::NotLetIn => "an operator has still to let you in; try again later",
        ErrorCode::TooManyWaiting => "too many ask for an account already; try again later",
        ErrorCode::NobodyWaits => "nobody of this id asks for an account; /pending lists them",
        ErrorCode::NoGuests => "this server wants an account: log in first",
        ErrorCode::AccountNeeded => "private messages need an account at both ends",
        ErrorCode::ClientNeeded => "this needs the client: client export FILE; or ask the operator",
        ErrorCode::EmptyText => "there is nothing in this message",
        ErrorCode::TextTooLong => "this message is too long; a message has at most 8000 bytes",
        ErrorCode::BadText => "not sent: a message is UTF-8 text without NUL characters",
        ErrorCode::ReferenceReused => "this reference was used for another message",
        ErrorCode::BadQuery => "search for words: letters or digits, at most 400 bytes",
        ErrorCode::UnknownMessage => "there is no such message here; /history shows the numbers",
        ErrorCode::NotYours => "somebody else said this",
        ErrorCode::BadReaction => "not a reaction: at most 48 bytes without blanks",
        ErrorCode::TooManyReactions => "this message has as many reactions as one can have",
        ErrorCode::UnknownRoom => "there is no such room; /create makes one",
        ErrorCode::RoomTaken => "there is a room of this name already",
        ErrorCode::BadRoomName => {
            "not a name for a room: letters and digits, no blanks or commas, at most 63 bytes"
        }
        ErrorCode::BadTopic => "not a topic: at most 400 bytes, no control characters",
        ErrorCode::BadNote => "not a note: at most 200 bytes, no control characters",
        ErrorCode::NotInLobby => "not in the lobby: name a room",
        ErrorCode::NotMember => "you are not in this room",
        ErrorCode::NotThere => "they are not in this room",
        ErrorCode::InviteOnly => "this room is for those who are invited",
        ErrorCode::NoGuestsHere => "guests are not let into this room",
        ErrorCode::NotAllowed => "you may not do this in this room",
        ErrorCode::OperatorsOnly => "this is for operators of the server",
        ErrorCode::Banned => "you are kept out",
        ErrorCode::Muted => "not sent: you may not speak here",
        ErrorCode::SlowMode => "not sent: slow mode is on",
        ErrorCode::NoSanction => "nobody is banned, muted or slowed so",
        ErrorCode::TooManySanctions => "there are as many bans and mutes as can be; end some",
        ErrorCode::TooManyRooms => "you are in as many rooms as one can be; leave one",
        ErrorCode::NotTaken => "not sent: they do not take your messages",
        ErrorCode::NotOneself => "this is yourself: nobody ignores themselves",
        ErrorCode::TooManyIgnored => "you ignore as many as one can (500); /unignore somebody",
        ErrorCode::Busy => "not stored, the server is busy; try again",
        ErrorCode::StoreUnavailable => "not stored, the server cannot store now; try again later",
        ErrorCode::ShuttingDown => "not stored, the server is going down; try again later",
        ErrorCode::Internal => "a fault of the server; tell the operator",
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn error_zh(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => "看不懂",
        ErrorCode::UnknownCommand => "没有这个命令",
        ErrorCode::HelloTooLate => "HelloMes 要在登录之前发送",
        ErrorCode::NotLoggedIn => "请先登录",
        ErrorCode::AlreadyLoggedIn => "这个连接已经登录，请另开一个连接",
        ErrorCode::UnknownUser => "没有这个用户",
        ErrorCode::UnknownDevice => "你的账号没有这个设备；/devices 列出所有设备",
        ErrorCode::WrongPassword => "密码不正确",
        ErrorCode::BadToken => "令牌已失效，请用密码重新登录",
        ErrorCode::Throttled => "尝试次数太多，请稍后再试",
        ErrorCode::IdTaken => "这个 id 已被使用，请换一个",
        ErrorCode::NameTaken => "这个名字已被使用，请换一个",
        ErrorCode::NameShared => "有几个账号用这个名字，请改用 id",
        ErrorCode::BadName => {
            "名字不合规：1 到 64 字节，不含控制字符，不能只是数字或地址，结尾不能是 #数字"
        }
        ErrorCode::BadId => "id 不合规：请用从 1 开始的整数",
        ErrorCode::BadPassword => "密码不合规：请用 1 到 256 字节",
        ErrorCode::RegistrationClosed => "这里不开放注册，请联系管理员",
        ErrorCode::CodeNeeded => "这里注册需要邀请码：请先输入 /code 邀请码，再注册",
        ErrorCode::BadCode => "邀请码不正确或已失效",
        ErrorCode::NotLetIn => "管理员还没有批准你的账号，请稍后再试",
        ErrorCode::TooManyWaiting => "等待批准的账号太多，请稍后再试",
        ErrorCode::NobodyWaits => "没有这个 id 的申请；/pending 列出所有申请",
        ErrorCode::NoGuests => "本服务器需要账号，请先登录",
        ErrorCode::AccountNeeded => "私聊双方都要有账号",
        ErrorCode::ClientNeeded => "请使用客户端：client export FILE，或联系管理员",
        ErrorCode::EmptyText => "消息是空的",
        ErrorCode::TextTooLong => "消息太长，最多 8000 字节",
        ErrorCode::BadText => "没有发送：消息必须是不含 NUL 的 UTF-8 文本",
        ErrorCode::ReferenceReused => "这个编号已用于另一条消息",
        ErrorCode::BadQuery => "请输入要搜索的字词，最多 400 字节",
        ErrorCode::UnknownMessage => "这里没有这条消息；/history 会显示编号",
        ErrorCode::NotYours => "这是别人说的",
        ErrorCode::BadReaction => "回应不合规：最多 48 字节，不含空格",
        ErrorCode::TooManyReactions => "这条消息的回应已经太多",
        ErrorCode::UnknownRoom => "没有这个房间；可以用 /create 新建",
        ErrorCode::RoomTaken => "已经有同名的房间",
        ErrorCode::BadRoomName => "房间名不合规：只用文字和数字，不含空格或逗号，最多 63 字节",
        ErrorCode::BadTopic => "主题不合规：最多 400 字节，不含控制字符",
        ErrorCode::BadNote => "说明不合规：最多 200 字节，不含控制字符",
        ErrorCode::NotInLobby => "大厅里不能这样做，请指明房间",
        ErrorCode::NotMember => "你不在这个房间里",
        ErrorCode::NotThere => "对方不在这个房间里",
        ErrorCode::InviteOnly => "这个房间只有受邀的人才能进",
        ErrorCode::NoGuestsHere => "这个房间不让游客进",
        ErrorCode::NotAllowed => "你在这个房间里没有这个权限",
        ErrorCode::OperatorsOnly => "只有服务器管理员可以这样做",
        ErrorCode::Banned => "你已被封禁",
        ErrorCode::Muted => "没有发送：你在这里被禁言",
        ErrorCode::SlowMode => "没有发送：慢速模式已开启",
        ErrorCode::NoSanction => "没有这样的封禁、禁言或限速",
        ErrorCode::TooManySanctions => "封禁和禁言已经太多，请先解除一些",
        ErrorCode::TooManyRooms => "你加入的房间已经太多，请先退出一个",
        ErrorCode::NotTaken => "没有发送：对方不接收你的消息",
        ErrorCode::NotOneself => "这是你自己，不能屏蔽自己",
        ErrorCode::TooManyIgnored => "你屏蔽的人已达上限（500 人），请先用 /unignore 解除一些",
        ErrorCode::Busy => "没有保存，服务器繁忙，请重试",
        ErrorCode::StoreUnavailable => "没有保存，服务器暂时无法保存，请稍后再试",
        ErrorCode::ShuttingDown => "没有保存，服务器正在关闭，请稍后再试",
        ErrorCode::Internal => "服务器内部错误，请告诉管理员",
    }
}

fn farewell_en(why: Farewell) -> &'static str {
    match why {
        Farewell::Bye => "bye",
        Farewell::Deleted => "your account is deleted",
        Farewell::LoggedOut => "logged out from another device of yours; log in again to go on",
        Farewell::ShuttingDown => "the server is going down; what was accepted is stored",
        Farewell::TooSlow => {
            "you did not read what was sent; what waits for you comes at your next login"
        }
        Farewell::Idle => "nothing was heard for too long",
        Farewell::LoginTimeout => "no login in time; connect again",
        Farewell::TooLong => "longer than this server takes; send less at once",
        Farewell::BadFraming => "these bytes make no sense here",
        Farewell::ServerFull => "the server is full; try again later",
        Farewell::TooManyFromAddress => "too many connections from your address; close some",
        Farewell::StoreUnavailable => {
            "the server's store does not answer; nothing is lost, connect again later"
        }
        Farewell::WrongLanguage => "this is a chat server and does not speak this protocol",
        Farewell::Banned => "you are kept out of this server",
        Farewell::TlsNeeded => "here everything is encrypted; connect with TLS",
    }
}

fn farewell_zh(why: Farewell) -> &'static str {
    match why {
        Farewell::Bye => "再见",
        Farewell::Deleted => "你的账号已删除",
        Farewell::LoggedOut => "已被你的另一台设备退出登录，请重新登录",
        Farewell::ShuttingDown => "服务器正在关闭，已接收的消息都已保存",
        Farewell::TooSlow => "你没有接收发来的内容，剩下的消息下次登录时再发给你",
        Farewell::Idle => "太久没有动静",
        Farewell::LoginTimeout => "登录超时，请重新连接",
        Farewell::TooLong => "内容太长，服务器无法接收，请分开发送",
        Farewell::BadFraming => "收到的数据无法识别",
        Farewell::ServerFull => "服务器已满，请稍后再试",
        Farewell::TooManyFromAddress => "来自你的地址的连接太多，请关闭一些",
        Farewell::StoreUnavailable => "服务器的存储暂时没有响应，消息不会丢失，请稍后再连接",
        Farewell::WrongLanguage => "这是聊天服务器，不支持这种协议",
        Farewell::Banned => "你已被这个服务器封禁",
        Farewell::TlsNeeded => "这里只接受加密连接，请使用 TLS",
    }
}

fn reply_en(reply: Reply<'_>) -> String {
    match reply {
        Reply::Usage(form) => format!("not understood; the form is: {form}"),
        Reply::Registered(id) => format!("registered, your id is {id}; now: /login {id} PASSWORD"),
        Reply::CodeKept => "this code is good; now: /register ID PASSWORD [NAME]".to_owned(),
        Reply::Renamed => RENAMED.to_owned(),
        Reply::PasswdDone => "password changed".to_owned(),
        Reply::Skipped(1) => "1 older message is not shown".to_owned(),
        Reply::Skipped(count) => format!("{count} older messages are not shown"),
        Reply::NothingSaid => "nothing was said there".to_owned(),
        Reply::NothingFound => "nothing was found".to_owned(),
        Reply::SearchOn(before) => {
            let star = if before.among.is_some() { "* " } else { "" };
            format!("there may be more: /search {star}#{before} and the words")
        }
        Reply::MoreSaid => "this is not all that was said".to_owned(),
        Reply::Crowd { came, left } => format!("{came} came, {left} left"),
        Reply::HelpHint => {
            "/help lists the commands; a text that begins with / is sent with // instead".to_owned()
        }
        Reply::JoinHint => "to talk to all: /join lobby; in a room: /join ROOM".to_owned(),
        Reply::AccountHint => {
            "an account is made by /register ID PASSWORD; then: /login ID PASSWORD".to_owned()
        }
        Reply::HelpIntro => {
            "what you type goes to everybody, or to the room you joined, a line a message; but:"
                .to_owned()
        }
        Reply::HelpGuest => "you are a guest: an account has private messages, and keeps for you \
                             what is said while you are away"
            .to_owned(),
    }
}

fn reply_zh(reply: Reply<'_>) -> String {
    match reply {
        Reply::Usage(form) => format!("格式不对，请用：{form}"),
        Reply::Registered(id) => format!("注册成功，你的 id 是 {id}；现在请输入：/login {id} 密码"),
        Reply::CodeKept => "邀请码有效；现在请输入：/register ID 密码 [名字]".to_owned(),
        Reply::Renamed => RENAMED.to_owned(),
        Reply::PasswdDone => "密码已更改".to_owned(),
        Reply::Skipped(count) => format!("还有 {count} 条更早的消息没有显示"),
        Reply::NothingSaid => "没有消息".to_owned(),
        Reply::NothingFound => "没有找到".to_owned(),
        Reply::SearchOn(before) => {
            let star = if before.among.is_some() { "* " } else { "" };
            format!("可能还有更多：/search {star}#{before} 加上要找的字词")
        }
        Reply::MoreSaid => "还有更多消息没有显示".to_owned(),
        Reply::Crowd { came, left } => format!("来了 {came} 人，走了 {left} 人"),
        Reply::JoinHint => "在大厅说话：/join lobby；在房间里说话：/join 房间".to_owned(),
        Reply::HelpHint => "/help 列出所有命令；以 / 开头的内容请用 // 发送".to_owned(),
        Reply::AccountHint => "注册账号：/register ID 密码；然后登录：/login ID 密码".to_owned(),
        Reply::HelpIntro => "你输入的每一行都会发给所有人，或发到你进入的房间；例外：".to_owned(),
        Reply::HelpGuest => "你是游客：有了账号才能私聊，离开时的消息也会为你保留".to_owned(),
    }
}

/// The original's answer to `rename|`, word for word, in both languages.
const RENAMED: &str = "rename successful!!";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_learns_from_a_login_who_has_an_account() {
        for lang in [Lang::En, Lang::Zh] {
            assert_eq!(
                entry_error(ErrorCode::UnknownUser, lang),
                entry_error(ErrorCode::WrongPassword, lang),
                "{lang:?}"
            );
        }
    }

    #[test]
    fn the_environment_names_a_language() {
        // LC_ALL, LC_MESSAGES, LANG; `-` is not set.
        for (variables, lang) in [
            (["-", "-", "-"], Lang::En),
            (["-", "-", "zh_CN.UTF-8"], Lang::Zh),
            (["-", "-", "ZH"], Lang::Zh),
            (["-", "-", "de_DE"], Lang::En),
            (["-", "C", "zh_CN"], Lang::En),
            (["-", "zh_CN", "en_US"], Lang::Zh),
            (["C", "zh_CN", "zh_CN"], Lang::En),
            (["zh_TW", "C", "C"], Lang::Zh),
            (["", "zh_CN", "C"], Lang::Zh),
            (["", "", "zh_CN"], Lang::Zh),
        ] {
            let value = |name: &str| {
                let at = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().position(|its| *its == name)?;
                Some(variables[at].to_owned()).filter(|value| value != "-")
            };
            assert_eq!(Lang::of_environment(value), lang, "{variables:?}");
        }
    }
}
