//! What is typed where one room is in front of one: commands about rooms mean that one unless
//! they say another, and there are some that only a screen has use for.

use super::{COMMANDS, Line, parse, split, word};
use crate::protocol::{RoomAsk, RoomId, RoomRef};

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
    Hide,
    Clear,
    /// What was refused goes out again.
    Resend,
    /// Back to the first screen: another account, or another server.
    Connect(Option<String>),
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
    ("hide", "/hide", |_| Some(OnScreen::Hide)),
    ("clear", "/clear", |_| Some(OnScreen::Clear)),
    ("resend", "/resend", |_| Some(OnScreen::Resend)),
    ("connect", "/connect [ADDRESS]", |rest| {
        let address = rest.trim();
        Some(OnScreen::Connect((!address.is_empty()).then(|| address.to_owned())))
    }),
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
/// those that lead into another, nor the one that ends a room for good.
fn is_of_room(name: &str, usage: &str) -> bool {
    usage.split(' ').nth(1).is_some_and(|word| word.starts_with("ROOM"))
        && !["close", "create", "join", "say"].contains(&name)
}

/// Commands that are about a message, or go on at one.
fn takes_message(usage: &str) -> bool {
    usage.split(' ').any(|word| word == "ID" || word == "[#ID]")
}

/// `#7` is a message, as at a line; a room with such a name has to be called by its id.
fn is_message(word: &str) -> bool {
    let digits = word.strip_prefix('#').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
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
    let usage = COMMANDS.iter().find(|(known, ..)| *known == name).map_or("", |row| row.1);
    let of_room = is_of_room(name, usage);
    let first = split(rest).0;
    let says_all = name == "search" && first == "*";
    let says_message = takes_message(usage) && is_message(first);
    let says_room = says_all || (first.starts_with(['#', '!']) && !says_message);
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
    let may_be_short = |name: &&str| *name != "close" && !is_secret(&format!("/{name}"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::RoomNo;
    use crate::texts::Lang;
    use crate::texts::commands::what;

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
    fn a_number_sign_and_digits_are_a_message_where_there_can_be_one() {
        for (line, whole) in [
            ("/search #7 soup", "/search !7 #7 soup"),
            ("/search #7a soup", "/search #7a soup"),
            ("/search #rust #7 soup", "/search #rust #7 soup"),
            ("/search * #7/!7/1795217831000 soup", "/search * #7/!7/1795217831000 soup"),
            ("/search soup #7", "/search !7 soup #7"),
            ("/edit #7 soup", "/edit !7 #7 soup"),
            ("/delete #7", "/delete !7 7"),
            ("/react #rust 7 +1", "/react #rust #7 +1"),
            ("/members #7", "/members #7"),
        ] {
            let OnScreen::Line(read) = parse_here(line, HERE) else { panic!("{line}") };
            assert_eq!(read, parse(whole), "{line}");
            assert!(!matches!(read, Line::Incomplete(_)), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_never_a_text_and_two_slashes_are_one() {
        for line in ["/", "/x", "/re", "/whoo", "/ who", "/delete-acc pw", "/clos #rust"] {
            let read = parse_here(line, HERE);
            assert!(matches!(read, OnScreen::Line(Line::Unknown(_))), "{line}: {read:?}");
        }
        assert_eq!(parse_here("//who", HERE), OnScreen::Line(Line::Say("/who".to_owned())));
        assert_eq!(parse_here("hi", HERE), OnScreen::Line(Line::Say("hi".to_owned())));
        assert_eq!(parse_here("/q Iron man", HERE), OnScreen::Query("Iron man".to_owned()));
        assert!(is_secret("/passwd a b") && is_secret("/LOGIN 100 x") && !is_secret("/who"));
    }
}
