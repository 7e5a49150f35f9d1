//! What is typed where one room is in front of one: commands about rooms mean that one unless
//! they say another, and there are some that only a screen has use for.

use super::{COMMANDS, Line, parse, split, word};
use crate::protocol::{RoomAsk, RoomId, RoomRef};
use crate::texts::Lang;

/// A line that was typed on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client::ui) enum OnScreen {
    /// As everywhere.
    Line(Line),
    /// To the place where one talks with somebody alone.
    Query(String),
    /// To a place in the list.
    Go(String),
    /// The place goes out of the list.
    Close,
    Clear,
    /// What was refused goes out again.
    Resend,
    Mentions,
    Keys,
    /// Something is missing; how it is used.
    Incomplete(String),
}

/// Name, usage, and what its arguments make of it.
type Row = (&'static str, &'static str, fn(&str) -> Option<OnScreen>);

/// What only the screen has, and shorter or better known names.
const ON_SCREEN: &[Row] = &[
    ("query", "/query WHO", |rest| named(rest).map(OnScreen::Query)),
    ("go", "/go PLACE", |rest| named(rest).map(OnScreen::Go)),
    ("close", "/close", |_| Some(OnScreen::Close)),
    ("clear", "/clear", |_| Some(OnScreen::Clear)),
    ("resend", "/resend", |_| Some(OnScreen::Resend)),
    ("mentions", "/mentions", |_| Some(OnScreen::Mentions)),
    ("keys", "/keys", |_| Some(OnScreen::Keys)),
];

/// Names that people know from elsewhere.
const ALIASES: &[(&str, &str)] = &[
    ("buffer", "go"),
    ("leave", "part"),
    ("list", "rooms"),
    ("names", "members"),
    ("nick", "rename"),
    ("q", "query"),
    ("w", "who"),
];

/// Commands whose first word is a room, without which they mean the one in front of one. Not
/// those that lead into another.
fn is_of_room(name: &str, usage: &str) -> bool {
    usage.split(' ').nth(1).is_some_and(|word| word.starts_with("ROOM"))
        && !["create", "join", "say"].contains(&name)
}

/// Reads a line in this place. A command may be cut short as long as it is the only one that
/// begins like that.
pub(in crate::client::ui) fn parse_here(line: &str, here: RoomId) -> OnScreen {
    let command = line.strip_prefix('/').filter(|rest| !rest.starts_with('/'));
    let Some(command) = command else { return OnScreen::Line(parse(line)) };
    let (typed, rest) = split(command);
    let Some(name) = whole(&typed.to_lowercase()) else { return OnScreen::Line(parse(line)) };
    if let Some((_, usage, read)) = ON_SCREEN.iter().find(|(known, ..)| *known == name) {
        return read(rest).unwrap_or_else(|| OnScreen::Incomplete((*usage).to_owned()));
    }
    let of_room =
        COMMANDS.iter().any(|(known, usage, _)| *known == name && is_of_room(name, usage));
    let says_room = ['#', '!'].iter().any(|sign| rest.starts_with(*sign));
    let line = match of_room && !says_room {
        true if name == "topic" && rest.is_empty() => {
            return OnScreen::Line(Line::Room(RoomRef::Id(here), RoomAsk::Topic(None)));
        }
        true if name == "topic" && rest == "-" => format!("/{name} {here}"),
        true => format!("/{name} {here} {rest}"),
        false => format!("/{name} {rest}"),
    };
    match parse(&line) {
        Line::Incomplete(usage) => OnScreen::Incomplete(shown(name, usage)),
        line => OnScreen::Line(line),
    }
}

/// The name that is meant by a whole one, another one, or the beginning of one.
fn whole(typed: &str) -> Option<&'static str> {
    let all = || COMMANDS.iter().map(|row| row.0).chain(ON_SCREEN.iter().map(|row| row.0));
    if let Some(name) = all().find(|name| *name == typed) {
        return Some(name);
    }
    if let Some((_, name)) = ALIASES.iter().find(|(alias, _)| *alias == typed) {
        return Some(name);
    }
    // What cannot be undone, or holds a password, is not to be guessed.
    let may_be_short = |name: &&str| !is_secret(&format!("/{name}"));
    let beginning = all().filter(|name| !typed.is_empty() && name.starts_with(typed));
    let mut beginning = beginning.filter(may_be_short);
    let only = beginning.next();
    only.filter(|_| beginning.next().is_none())
}

/// How it is used on the screen.
fn shown(name: &str, usage: &str) -> String {
    match is_of_room(name, usage) {
        true => usage.replacen("ROOM|lobby", "ROOM", 1).replacen("ROOM", "[ROOM]", 1),
        false => usage.to_owned(),
    }
}

/// Every command of the screen, by name, and how it is used.
pub(in crate::client::ui) fn commands() -> Vec<(&'static str, String)> {
    let common = COMMANDS.iter().map(|(name, usage, _)| (*name, shown(name, usage)));
    let own = ON_SCREEN.iter().map(|(name, usage, _)| (*name, (*usage).to_owned()));
    let mut all: Vec<_> = common.chain(own).collect();
    all.sort();
    all
}

/// Holds a password, so that it is not kept among the lines that were typed.
pub(in crate::client::ui) fn is_secret(line: &str) -> bool {
    let command = line.strip_prefix('/').map(|command| split(command).0.to_lowercase());
    let name = command.as_deref().and_then(whole);
    let usage = COMMANDS.iter().find(|row| Some(row.0) == name).map_or("", |row| row.1);
    usage.contains("PASSWORD") || usage.contains("OLD NEW")
}

/// A name by itself, in quotes or not.
fn named(rest: &str) -> Option<String> {
    let rest = rest.trim();
    match word(rest)? {
        (name, "") => Some(name.to_owned()),
        // One without quotes may have blanks where nothing else follows.
        _ => Some(rest.to_owned()),
    }
}

/// What a command does.
pub(in crate::client::ui) fn what(name: &str, lang: Lang) -> &'static str {
    let row = WHAT.iter().find(|(known, ..)| *known == name);
    row.map_or("", |(_, en, zh)| match lang {
        Lang::En => en,
        Lang::Zh => zh,
    })
}

const WHAT: &[(&str, &str, &str)] = &[
    ("msg", "says it to one alone", "私聊"),
    ("say", "says it in another room", "在另一个房间发言"),
    ("create", "makes a room", "新建房间"),
    ("join", "comes into a room", "加入房间"),
    ("part", "leaves the room for good", "退出房间"),
    ("rooms", "which rooms there are", "房间列表"),
    ("members", "who belongs to the room", "房间成员"),
    ("history", "what was said last", "最近的消息"),
    ("topic", "what the room is about; - takes it away", "房间话题；- 清除"),
    ("invite", "lets somebody into the room", "邀请加入房间"),
    ("kick", "puts somebody out of the room", "移出房间"),
    ("role", "makes somebody something else here", "修改成员身份"),
    ("access", "who may come into the room", "谁可以加入房间"),
    ("away", "tells others that you are away", "设为离开"),
    ("busy", "tells others that you are busy", "设为忙碌"),
    ("back", "ends away and busy", "恢复在线"),
    ("devices", "the devices of your account", "账号的设备"),
    ("logout", "logs a device of yours out", "让设备退出登录"),
    ("login", "logs in", "登录"),
    ("register", "makes another account", "注册另一个账号"),
    ("code", "your invitation code, before /register", "邀请码，在 /register 之前输入"),
    ("who", "who is online", "在线用户"),
    ("rename", "another name for you", "修改名字"),
    ("passwd", "another password", "修改密码"),
    ("receipts", "whether others see how far you have read", "对方能否看到送达和已读"),
    ("delete-account", "deletes your account, for good", "永久删除账号"),
    ("ban", "keeps somebody out of the room", "禁止某人进入房间"),
    ("unban", "ends a ban", "解除禁入"),
    ("mute", "lets somebody say nothing in the room", "禁言"),
    ("unmute", "ends a mute", "解除禁言"),
    ("slow", "how many seconds between two messages of one person", "慢速模式：每人发言间隔秒数"),
    ("bans", "who is banned, muted or slowed", "禁入、禁言和慢速列表"),
    ("audit", "what was done to keep order", "管理记录"),
    ("reply", "answers a message (Alt-K chooses one)", "回复一条消息（Alt-K 选择）"),
    ("edit", "gives a message of yours another text", "修改自己的消息"),
    ("delete", "takes a message back", "撤回消息"),
    ("react", "reacts to a message with an emoji", "用表情回应消息"),
    ("unreact", "takes a reaction back", "取消回应"),
    ("search", "finds what was said, here or everywhere", "搜索消息"),
    ("ignore", "shows nothing of somebody any more", "屏蔽某人"),
    ("unignore", "ends that", "取消屏蔽"),
    ("ignored", "whom you ignore", "屏蔽列表"),
    ("help", "this list", "本列表"),
    ("quit", "leaves the program", "退出程序"),
    ("exit", "leaves the program", "退出程序"),
    ("query", "to talk with one alone", "与某人私聊"),
    ("go", "to a place in the list, by a part of its name", "前往列表中的房间或联系人"),
    ("close", "takes a conversation out of the list", "从列表中移除对话"),
    ("clear", "an empty place; older messages are fetched again", "清空显示"),
    ("resend", "sends again what was refused here", "重发被拒绝的消息"),
    ("mentions", "where your name was said", "提到你的消息"),
    ("keys", "what the keys do", "按键说明"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::RoomNo;

    const HERE: RoomId = RoomId::Named(RoomNo(7));

    #[test]
    fn every_command_says_what_it_does_in_both_languages() {
        for (name, _) in commands() {
            for lang in [Lang::En, Lang::Zh] {
                assert_ne!(what(name, lang), "", "a row in WHAT for {name}");
            }
        }
    }

    #[test]
    fn a_room_that_is_not_said_is_the_one_in_front() {
        let members = |room: &str| parse(&format!("/members {room}"));
        for (line, room) in [("/members", "!7"), ("/names #rust", "#rust"), ("/MEM !3", "!3")] {
            assert_eq!(parse_here(line, HERE), OnScreen::Line(members(room)), "{line}");
        }
        let topic = parse("/topic !7 soup and more");
        assert_eq!(parse_here("/topic soup and more", HERE), OnScreen::Line(topic));
        let asked = Line::Room(RoomRef::Id(HERE), RoomAsk::Topic(None));
        assert_eq!(parse_here("/topic", HERE), OnScreen::Line(asked));
        assert_eq!(parse_here("/topic -", HERE), OnScreen::Line(parse("/topic !7")));
        let usage = "/kick [ROOM] WHO [WHY]".to_owned();
        assert_eq!(parse_here("/kick", HERE), OnScreen::Incomplete(usage));
    }

    #[test]
    fn what_is_no_command_is_never_a_text_and_two_slashes_are_one() {
        for line in ["/", "/x", "/re", "/whoo", "/ who", "/delete-acc pw"] {
            let read = parse_here(line, HERE);
            assert!(matches!(read, OnScreen::Line(Line::Unknown(_))), "{line}: {read:?}");
        }
        assert_eq!(parse_here("//who", HERE), OnScreen::Line(Line::Say("/who".to_owned())));
        assert_eq!(parse_here("hi", HERE), OnScreen::Line(Line::Say("hi".to_owned())));
        assert_eq!(parse_here("/q Iron man", HERE), OnScreen::Query("Iron man".to_owned()));
        assert!(is_secret("/passwd a b") && is_secret("/LOGIN 100 x") && !is_secret("/who"));
    }
}
