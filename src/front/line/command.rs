//! A line to a command. The commands are rows of one table, from which the help is made, too.

mod entry;
mod order;
mod presence;
mod rooms;
#[cfg(test)]
mod tests;
mod words;

use crate::protocol::{Command, ErrorCode, Name, NameKey, Refusal, RoomRef, Text, To, UserId, Who};
use crate::texts::Lang;

/// A command that people type.
pub(super) struct Row {
    /// `/word`; `word|`, whose argument follows at once; or `word`, alone on its line.
    word: &'static str,
    /// What follows, in capitals.
    arguments: &'static str,
    help_en: &'static str,
    help_zh: &'static str,
    parse: fn(&str) -> Result<Command, Wrong>,
    /// How a bad one is answered.
    refused: fn(Refusal) -> Command,
}

/// What is wrong with what follows a command.
enum Wrong {
    /// The person is told the form of the command.
    Form,
    /// The form is good, an argument is not.
    Because(ErrorCode),
}

impl From<ErrorCode> for Wrong {
    fn from(code: ErrorCode) -> Self {
        Self::Because(code)
    }
}

/// All of them, in the order of the help. The last three are the original's.
pub(super) const COMMANDS: &[Row] = &[
    Row {
        word: "/help",
        arguments: "",
        help_en: "this list",
        help_zh: "显示这个列表",
        parse: |_| Ok(Command::Help),
        refused: Command::Bad,
    },
    Row {
        word: "/register",
        arguments: "ID PASSWORD [NAME]",
        help_en: "a new account; with 0 as the ID you are given one",
        help_zh: "注册账号；ID 填 0 则由服务器分配",
        parse: entry::register,
        refused: Command::BadRegister,
    },
    Row {
        word: "/code",
        arguments: "CODE",
        help_en: "your invitation code, before /register, where one is needed",
        help_zh: "邀请码；需要时在 /register 之前输入",
        parse: entry::code,
        refused: Command::Bad,
    },
    Row {
        word: "/login",
        arguments: "ID|NAME PASSWORD",
        help_en: "log in",
        help_zh: "登录",
        parse: entry::login,
        refused: Command::BadLogin,
    },
    Row {
        word: "/msg",
        arguments: "ID|NAME TEXT",
        help_en: "say it to one alone; a name with blanks in \"quotes\"",
        help_zh: "私聊；名字中有空格时请加 \"引号\"",
        parse: msg,
        refused: Command::Bad,
    },
    Row {
        word: "/who",
        arguments: "",
        help_en: "who is online",
        help_zh: "显示在线用户列表",
        parse: |arguments| alone(arguments, Command::Who),
        refused: Command::Bad,
    },
    Row {
        word: "/create",
        arguments: "ROOM [open|invite|hidden] [no-guests]",
        help_en: "a new room; it is yours",
        help_zh: "新建房间，你是房主",
        parse: rooms::create,
        refused: Command::Bad,
    },
    Row {
        word: "/join",
        arguments: "ROOM|lobby",
        help_en: "come into a room, and talk there from now on",
        help_zh: "进入房间，之后在那里说话",
        parse: rooms::join,
        refused: Command::Bad,
    },
    Row {
        word: "/part",
        arguments: "[ROOM]",
        help_en: "leave the room you talk in, or this one",
        help_zh: "退出当前房间或指定的房间",
        parse: rooms::part,
        refused: Command::Bad,
    },
    Row {
        word: "/rooms",
        arguments: "[AFTER]",
        help_en: "which rooms there are",
        help_zh: "列出房间",
        parse: rooms::rooms,
        refused: Command::Bad,
    },
    Row {
        word: "/members",
        arguments: "[ROOM] [AFTER]",
        help_en: "who is in the room",
        help_zh: "列出房间成员",
        parse: rooms::members,
        refused: Command::Bad,
    },
    Row {
        word: "/topic",
        arguments: "[TEXT]",
        help_en: "what the room is about, or say what",
        help_zh: "查看或设置房间主题",
        parse: rooms::topic,
        refused: Command::Bad,
    },
    words::EDIT,
    words::DELETE,
    words::REPLY,
    words::REACT,
    words::UNREACT,
    Row {
        word: "/history",
        arguments: "[N]",
        help_en: "the last N messages where you talk, 20 without a number, with their #ID",
        help_zh: "显示当前房间最近 N 条消息和编号，默认 20 条",
        parse: rooms::history,
        refused: Command::Bad,
    },
    Row {
        word: "/since",
        arguments: "[YYYY-MM-DD] HH:MM",
        help_en: "what was said where you talk since then (UTC)",
        help_zh: "显示当前房间从该时间（UTC）以来的消息",
        parse: rooms::since,
        refused: Command::Bad,
    },
    Row {
        word: "/invite",
        arguments: "ID|NAME",
        help_en: "let somebody into the room you talk in",
        help_zh: "邀请某人进入当前房间",
        parse: rooms::invite,
        refused: Command::Bad,
    },
    Row {
        word: "/kick",
        arguments: "ID|NAME [WHY]",
        help_en: "put somebody out of the room you talk in",
        help_zh: "把某人请出当前房间",
        parse: rooms::kick,
        refused: Command::Bad,
    },
    Row {
        word: "/role",
        arguments: "ID|NAME member|moderator|owner",
        help_en: "make somebody something else in the room you talk in",
        help_zh: "更改某人在当前房间的身份",
        parse: rooms::role,
        refused: Command::Bad,
    },
    Row {
        word: "/access",
        arguments: "open|invite|hidden [no-guests]",
        help_en: "who may come into the room you talk in",
        help_zh: "设置谁可以进入当前房间",
        parse: rooms::access,
        refused: Command::Bad,
    },
    Row {
        word: "/away",
        arguments: "[TEXT]",
        help_en: "you are away; without a text: back",
        help_zh: "设为离开；不带文字则恢复在线",
        parse: presence::away,
        refused: Command::Bad,
    },
    Row {
        word: "/busy",
        arguments: "[TEXT]",
        help_en: "you are busy",
        help_zh: "设为忙碌",
        parse: presence::busy,
        refused: Command::Bad,
    },
    Row {
        word: "/back",
        arguments: "",
        help_en: "you are neither any more",
        help_zh: "恢复在线",
        parse: |arguments| alone(arguments, Command::Absence(None)),
        refused: Command::Bad,
    },
    Row {
        word: "/devices",
        arguments: "",
        help_en: "the devices of your account",
        help_zh: "列出你的账号的设备",
        parse: |arguments| alone(arguments, Command::Devices),
        refused: Command::Bad,
    },
    Row {
        word: "/logout",
        arguments: "DEVICE",
        help_en: "log one of them out; - for all that have no name",
        help_zh: "让其中一台设备退出登录；- 表示所有没有名字的设备",
        parse: presence::logout,
        refused: Command::Bad,
    },
    Row {
        word: "/ban",
        arguments: "[-server] WHO [TIME] [WHY]",
        help_en: "keep out an ID, a NAME, names like SPAM*, or an address, for 30m, 2h, 7d",
        help_zh: "封禁：id、名字、SPAM* 这样的名字或地址；可加时间 30m、2h、7d",
        parse: order::ban,
        refused: Command::Bad,
    },
    Row {
        word: "/unban",
        arguments: "[-server] WHO",
        help_en: "let them come in again",
        help_zh: "解除封禁",
        parse: order::unban,
        refused: Command::Bad,
    },
    Row {
        word: "/mute",
        arguments: "[-server] WHO [TIME] [WHY]",
        help_en: "have them say nothing",
        help_zh: "禁言",
        parse: order::mute,
        refused: Command::Bad,
    },
    Row {
        word: "/unmute",
        arguments: "[-server] WHO",
        help_en: "let them speak again",
        help_zh: "解除禁言",
        parse: order::unmute,
        refused: Command::Bad,
    },
    Row {
        word: "/slow",
        arguments: "[-server] SECONDS [WHO] [TIME] [WHY]",
        help_en: "one message in so many seconds, for all or for one; 0 ends it",
        help_zh: "慢速模式：每人每隔若干秒一条消息；0 为关闭",
        parse: order::slow,
        refused: Command::Bad,
    },
    Row {
        word: "/bans",
        arguments: "[-server]",
        help_en: "who is banned, muted or slowed",
        help_zh: "列出封禁、禁言和限速",
        parse: order::bans,
        refused: Command::Bad,
    },
    Row {
        word: "/audit",
        arguments: "[N]",
        help_en: "what was done to keep order, for operators",
        help_zh: "管理记录（仅服务器管理员）",
        parse: order::audit,
        refused: Command::Bad,
    },
    Row {
        word: "/passwd",
        arguments: "OLD NEW",
        help_en: "change your password",
        help_zh: "更改密码",
        parse: entry::passwd,
        refused: Command::Bad,
    },
    Row {
        word: "/delete-account",
        arguments: "PASSWORD",
        help_en: "your account is no more; your messages stay",
        help_zh: "删除你的账号，发过的消息仍会保留",
        parse: entry::delete_account,
        refused: Command::Bad,
    },
    Row {
        word: "/quit",
        arguments: "",
        help_en: "leave",
        help_zh: "退出",
        parse: |_| Ok(Command::Logout),
        refused: Command::Bad,
    },
    Row {
        word: "who",
        arguments: "",
        help_en: "as /who",
        help_zh: "同 /who",
        parse: |_| Ok(Command::Who),
        refused: Command::Bad,
    },
    Row {
        word: "rename|",
        arguments: "NAME",
        help_en: "another name for you",
        help_zh: "改名",
        parse: rename,
        refused: Command::Bad,
    },
    Row {
        word: "exit",
        arguments: "",
        help_en: "as /quit",
        help_zh: "同 /quit",
        parse: |_| Ok(Command::Logout),
        refused: Command::Bad,
    },
];

impl Row {
    /// How it is typed: `/login ID|NAME PASSWORD`.
    pub(super) fn form(&self) -> String {
        let blank = if self.arguments.is_empty() || self.word.ends_with('|') { "" } else { " " };
        [self.word, blank, self.arguments].concat()
    }

    /// What it is good for.
    pub(super) fn help(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.help_en,
            Lang::Zh => self.help_zh,
        }
    }

    /// What follows the word, if the line is this command.
    fn arguments<'a>(&self, line: &'a str) -> Option<&'a str> {
        if self.word.starts_with('/') {
            let (word, rest) = split_word(line.trim_start());
            word.eq_ignore_ascii_case(self.word).then(|| rest.trim())
        } else if self.word.ends_with('|') {
            line.strip_prefix(self.word)
        } else {
            (line == self.word).then_some("")
        }
    }

    fn command(&self, arguments: &str) -> Command {
        (self.parse)(arguments).unwrap_or_else(|wrong| {
            (self.refused)(match wrong {
                Wrong::Because(code) => Refusal::of(code),
                Wrong::Form => {
                    Refusal { detail: Some(self.form()), ..Refusal::of(ErrorCode::BadRequest) }
                }
            })
        })
    }
}

/// What a line without its line end asks; nothing, where there is nothing to see in it.
pub(super) fn read(line: &[u8]) -> Option<Command> {
    let Ok(line) = str::from_utf8(line) else {
        return Some(Command::Bad(Refusal::of(ErrorCode::BadText)));
    };
    if line.trim().is_empty() {
        return None;
    }
    if let Some(text) = line.strip_prefix('/').filter(|text| text.starts_with('/')) {
        return Some(say(HERE, text).unwrap_or_else(refused));
    }
    let known = COMMANDS.iter().find_map(|row| Some(row.command(row.arguments(line)?)));
    // A mistyped `/login` must not tell everybody the password; nor must a blank before it.
    let unknown = || {
        line.trim_start()
            .starts_with('/')
            .then(|| Command::Bad(Refusal::of(ErrorCode::UnknownCommand)))
    };
    known.or_else(unknown).or_else(|| Some(say(HERE, line).unwrap_or_else(refused)))
}

/// Where plain text goes.
const HERE: To = To::Room(RoomRef::Here);

fn refused(code: ErrorCode) -> Command {
    Command::Bad(Refusal::of(code))
}

fn say(to: To, text: &str) -> Result<Command, ErrorCode> {
    Ok(Command::Send { to, text: Text::new(text)?, reference: None, about: None })
}

fn alone(arguments: &str, command: Command) -> Result<Command, Wrong> {
    if arguments.is_empty() { Ok(command) } else { Err(Wrong::Form) }
}

fn msg(arguments: &str) -> Result<Command, Wrong> {
    let (who, text) = somebody(arguments)?;
    if text.is_empty() {
        return Err(Wrong::Form);
    }
    Ok(say(To::One(who), text)?)
}

/// An id, a name of one word or a name in quotes; and what follows it.
fn somebody(arguments: &str) -> Result<(Who, &str), Wrong> {
    let (name, rest) = match arguments.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(Wrong::Form)?,
        None => split_word(arguments),
    };
    if name.is_empty() { Err(Wrong::Form) } else { Ok((meant(name)?, rest.trim_start())) }
}

/// As in the original, a second `|` ends the name.
fn rename(arguments: &str) -> Result<Command, Wrong> {
    let name = arguments.split('|').next().unwrap_or_default();
    Ok(Command::Rename(named(name)?))
}

fn named(text: &str) -> Result<Name, ErrorCode> {
    Name::new(text).map_err(|_what| ErrorCode::BadName)
}

/// Digits alone always mean an id. What can be neither is unknown.
fn meant(who: &str) -> Result<Who, ErrorCode> {
    if who.bytes().all(|byte| byte.is_ascii_digit()) {
        let id = who.parse().map_err(|_beyond_i64| ErrorCode::UnknownUser)?;
        return Ok(Who::Id(UserId(id)));
    }
    NameKey::new(who).map(Who::Named).ok_or(ErrorCode::UnknownUser)
}

/// The first word, and what follows it without the blanks between.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}
