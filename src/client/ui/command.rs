//! What one typed line means.

mod order;
mod rooms;
pub(super) mod words;

use std::path::PathBuf;

use crate::protocol::{
    Absence, AbsenceKind, AbsenceNote, Device, EntryAsk, Name, NameKey, Password, Receipts,
    RoomAsk, RoomKind, RoomName, RoomRef, UserId, Who,
};

use crate::texts::NAMELESS;

pub(super) mod here;

/// A line that was typed, or came through a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing in it.
    Empty,
    /// Something to say. Whether it can be said is checked when it is.
    Say(String),
    /// To one.
    Msg {
        who: String,
        text: String,
    },
    /// To a room.
    SayIn {
        room: RoomRef,
        text: String,
    },
    CreateRoom {
        name: RoomName,
        kind: RoomKind,
        guests: bool,
    },
    Room(RoomRef, RoomAsk),
    Rooms(Option<RoomName>),
    Sanctions(RoomRef),
    Audit(u32),
    Entry(EntryAsk),
    Members(RoomRef, Option<UserId>),
    /// So many of the last messages.
    History(RoomRef, usize),
    /// Something about what was said.
    Words(words::Words),
    Who,
    Rename(Name),
    DeleteAccount {
        password: Password,
        erase: bool,
    },
    Export(PathBuf),
    Devices,
    EndDevice(Option<Device>),
    Ignore {
        who: Who,
        is_so: bool,
    },
    Ignored,
    Absence(Option<Absence>),
    Passwd {
        old: Password,
        new: Password,
    },
    Receipts(Receipts),
    Login {
        who: Who,
        password: Password,
    },
    Register {
        id: Option<UserId>,
        password: Password,
        name: Option<Name>,
    },
    /// The invitation code for a registration to come.
    Code(Password),
    Help,
    Quit,
    /// A command that does not exist: never sent as a text.
    Unknown(String),
    /// A command that lacks something; how it is used.
    Incomplete(&'static str),
}

/// Name, usage, and what its arguments make of it.
type Row = (&'static str, &'static str, fn(&str) -> Option<Line>);

/// Every command there is.
const COMMANDS: &[Row] = &[
    ("msg", "/msg WHO TEXT", msg),
    ("say", "/say ROOM TEXT", rooms::say),
    ("create", "/create ROOM [open|invite|hidden] [no-guests]", rooms::create),
    ("join", "/join ROOM", rooms::join),
    ("part", "/part ROOM", rooms::part),
    ("rooms", "/rooms [AFTER]", rooms::rooms),
    ("members", "/members ROOM [AFTER]", rooms::members),
    ("history", "/history ROOM [N]", rooms::history),
    ("topic", "/topic ROOM TEXT", rooms::topic),
    ("invite", "/invite ROOM WHO", rooms::invite),
    ("kick", "/kick ROOM WHO [WHY]", rooms::kick),
    ("role", "/role ROOM WHO member|moderator|owner", rooms::role),
    ("access", "/access ROOM open|invite|hidden [no-guests]", rooms::access),
    ("close", "/close ROOM", rooms::close),
    ("ban", "/ban ROOM|lobby WHO [TIME] [WHY]", order::ban),
    ("unban", "/unban ROOM|lobby WHO", order::unban),
    ("mute", "/mute ROOM|lobby WHO [TIME] [WHY]", order::mute),
    ("unmute", "/unmute ROOM|lobby WHO", order::unmute),
    ("slow", "/slow ROOM|lobby SECONDS [WHO] [TIME] [WHY]", order::slow),
    ("bans", "/bans ROOM|lobby", order::bans),
    ("audit", "/audit [N]", order::audit),
    ("pending", "/pending", |_| Some(Line::Entry(EntryAsk::Pending))),
    ("approve", "/approve ID", order::approve),
    ("reject", "/reject ID [WHY]", order::reject),
    ("reply", "/reply ROOM ID TEXT", words::reply),
    ("edit", "/edit ROOM ID TEXT", words::edit),
    ("delete", "/delete ROOM ID", words::delete),
    ("react", "/react ROOM ID EMOJI", words::react),
    ("unreact", "/unreact ROOM ID EMOJI", words::unreact),
    (
        "search",
        "/search ROOM|* [#ID] WORDS   (with *, ID as the last answer has it)",
        words::search,
    ),
    ("who", "/who", |_| Some(Line::Who)),
    ("rename", "/rename NAME", |name| Name::typed(name).ok().map(Line::Rename)),
    ("away", "/away [TEXT]", |words| absent(AbsenceKind::Away, words)),
    ("busy", "/busy [TEXT]", |words| absent(AbsenceKind::Busy, words)),
    ("back", "/back", |_| Some(Line::Absence(None))),
    ("delete-account", "/delete-account PASSWORD [keep|erase]", delete_account),
    ("export", "/export FILE", |path| {
        (!path.is_empty()).then(|| Line::Export(PathBuf::from(path)))
    }),
    ("devices", "/devices", |_| Some(Line::Devices)),
    ("logout", "/logout DEVICE   (-: all without a name)", logout),
    ("ignore", "/ignore [WHO]", ignore),
    ("unignore", "/unignore WHO", |rest| change_ignored(rest, false)),
    ("passwd", "/passwd OLD NEW", passwd),
    ("receipts", "/receipts on|delivered|off", receipts),
    ("login", "/login ID|NAME PASSWORD", login),
    ("register", "/register ID PASSWORD [NAME]   (ID 0: you get one)", register),
    ("code", "/code CODE   (before /register, where one is needed)", |code| {
        Password::new(code).ok().map(Line::Code)
    }),
    ("help", "/help", |_| Some(Line::Help)),
    ("quit", "/quit", |_| Some(Line::Quit)),
    ("exit", "/exit", |_| Some(Line::Quit)),
];

/// Reads a line without its end.
pub(super) fn parse(line: &str) -> Line {
    if line.trim().is_empty() {
        return Line::Empty;
    }
    let Some(command) = line.strip_prefix('/') else { return Line::Say(line.to_owned()) };
    if command.starts_with('/') {
        return Line::Say(command.to_owned());
    }
    let (name, rest) = split(command);
    match COMMANDS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)) {
        Some((_, usage, read)) => read(rest).unwrap_or(Line::Incomplete(usage)),
        None => Line::Unknown(format!("/{name}")),
    }
}

/// Digits alone always mean an id; anything else a name. `None`: it can be neither.
pub(super) fn who(text: &str) -> Option<Who> {
    match text.parse() {
        Ok(id) => Some(Who::Id(UserId(id))),
        Err(_) => NameKey::new(text).map(Who::Named),
    }
}

fn msg(rest: &str) -> Option<Line> {
    let (who, text) = word(rest)?;
    let text = text.to_owned();
    (!text.is_empty()).then(|| Line::Msg { who: who.to_owned(), text })
}

fn delete_account(rest: &str) -> Option<Line> {
    let (password, how) = split(rest);
    let erase = match how.trim() {
        "" | "keep" => false,
        "erase" => true,
        _ => return None,
    };
    Some(Line::DeleteAccount { password: Password::new(password).ok()?, erase })
}

fn passwd(rest: &str) -> Option<Line> {
    let (old, new) = split(rest);
    Some(Line::Passwd { old: Password::new(old).ok()?, new: Password::new(new).ok()? })
}

/// `/away` alone means that one is back, as in IRC.
fn absent(kind: AbsenceKind, words: &str) -> Option<Line> {
    let note = match (kind, words.trim()) {
        (AbsenceKind::Away, "") => return Some(Line::Absence(None)),
        (_, "") => None,
        (_, words) => Some(AbsenceNote::new(words)?),
    };
    Some(Line::Absence(Some(Absence { kind, note })))
}

fn logout(rest: &str) -> Option<Line> {
    match rest.trim() {
        NAMELESS => Some(Line::EndDevice(None)),
        name => Some(Line::EndDevice(Some(Device::new(name)?))),
    }
}

/// Without anybody: whom one ignores.
fn ignore(rest: &str) -> Option<Line> {
    if rest.trim().is_empty() { Some(Line::Ignored) } else { change_ignored(rest, true) }
}

fn change_ignored(rest: &str, is_so: bool) -> Option<Line> {
    let (name, rest) = word(rest)?;
    let who = who(name)?;
    rest.is_empty().then_some(Line::Ignore { who, is_so })
}

fn receipts(rest: &str) -> Option<Line> {
    let (delivered, read) = match rest.trim() {
        "on" => (true, true),
        "delivered" => (true, false),
        "off" => (false, false),
        _ => return None,
    };
    Some(Line::Receipts(Receipts { delivered, read }))
}

fn login(rest: &str) -> Option<Line> {
    let (text, password) = word(rest)?;
    Some(Line::Login { who: who(text)?, password: Password::new(password).ok()? })
}

fn register(rest: &str) -> Option<Line> {
    let (id, rest) = split(rest);
    let (password, rest) = split(rest);
    let id = id.parse().ok().filter(|id: &i64| *id >= 0)?;
    let name = if rest.is_empty() { None } else { Some(Name::typed(rest).ok()?) };
    let id = (id > 0).then_some(UserId(id));
    Some(Line::Register { id, password: Password::new(password).ok()?, name })
}

/// The first word, which may stand in double quotes, and the rest.
fn word(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(name, rest)| (name, rest.trim_start()))?,
        None => split(text),
    };
    (!first.trim().is_empty()).then_some((first, rest))
}

/// Up to the first blank, and what follows the blanks.
fn split(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first, rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_text_unless_it_begins_with_one_slash() {
        assert_eq!(parse(" hi /who "), Line::Say(" hi /who ".into()));
        assert_eq!(parse("//who"), Line::Say("/who".into()));
        assert_eq!(parse(" \t"), Line::Empty);
        assert_eq!(parse("/WHO"), Line::Who);
        assert_eq!(parse("/whoo x"), Line::Unknown("/whoo".into()));
        assert_eq!(parse("/msg tom"), Line::Incomplete("/msg WHO TEXT"));
        let quiet = Receipts { delivered: false, read: false };
        assert_eq!(parse("/receipts off"), Line::Receipts(quiet));
        let delete = |erase| Line::DeleteAccount { password: Password::new("pw").unwrap(), erase };
        assert_eq!(parse("/delete-account pw "), delete(false));
        assert_eq!(parse("/delete-account pw\terase"), delete(true));
        assert_eq!(parse("/receipts"), Line::Incomplete("/receipts on|delivered|off"));
    }

    #[test]
    fn a_name_with_blanks_stands_in_quotes() {
        let line = Line::Msg { who: "Iron man".into(), text: "a  b".into() };
        assert_eq!(parse("/msg \"Iron man\" a  b"), line);
        let line = Line::Msg { who: "张三".into(), text: "\"hi\"".into() };
        assert_eq!(parse("/msg 张三 \"hi\""), line);
    }

    #[test]
    fn accounts_are_named_by_id_or_name() {
        let password = Password::new("a b").unwrap();
        let login = |who| Line::Login { who, password: password.clone() };
        assert_eq!(parse("/login 100 a b"), login(Who::Id(UserId(100))));
        assert_eq!(parse("/login Tom a b"), login(who("tOM").unwrap()));
        for line in ["/register 0 pw Iron man", "/register 0 pw \"Iron man\""] {
            let name = Some(Name::new("Iron man").unwrap());
            let (id, password) = (None, Password::new("pw").unwrap());
            assert_eq!(parse(line), Line::Register { id, password, name });
        }
        assert_eq!(parse("/rename \"Iron man\""), parse("/rename Iron man"));
    }
}
