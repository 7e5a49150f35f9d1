//! A line to a command. The commands are rows of one table, from which the help is made, too.

mod entry;
mod ignore;
mod order;
mod presence;
mod rooms;
#[cfg(test)]
mod tests;
mod words;

use crate::protocol::{
    Command, EntryAsk, ErrorCode, Name, NameKey, Refusal, RoomRef, Text, To, UserId, Who,
};
use crate::texts::{Both, Lang, help};

/// A command that people type.
pub(super) struct Row {
    /// `/word`; `word|`, whose argument follows at once; or `word`, alone on its line.
    word: &'static str,
    /// What follows, in capitals.
    arguments: &'static str,
    help: Both,
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
        help: help::HELP,
        parse: |_| Ok(Command::Help),
        refused: Command::Bad,
    },
    Row {
        word: "/register",
        arguments: "ID PASSWORD [NAME]",
        help: help::REGISTER,
        parse: entry::register,
        refused: Command::BadRegister,
    },
    Row {
        word: "/code",
        arguments: "CODE",
        help: help::CODE,
        parse: entry::code,
        refused: Command::Bad,
    },
    Row {
        word: "/login",
        arguments: "ID|NAME PASSWORD",
        help: help::LOGIN,
        parse: entry::login,
        refused: Command::BadLogin,
    },
    Row {
        word: "/msg",
        arguments: "ID|NAME TEXT",
        help: help::MSG,
        parse: msg,
        refused: Command::Bad,
    },
    Row {
        word: "/who",
        arguments: "",
        help: help::WHO,
        parse: |arguments| alone(arguments, Command::Who),
        refused: Command::Bad,
    },
    Row {
        word: "/create",
        arguments: "ROOM [open|invite|hidden] [no-guests]",
        help: help::CREATE,
        parse: rooms::create,
        refused: Command::Bad,
    },
    Row {
        word: "/join",
        arguments: "ROOM|lobby",
        help: help::JOIN,
        parse: rooms::join,
        refused: Command::Bad,
    },
    Row {
        word: "/part",
        arguments: "[ROOM]",
        help: help::PART,
        parse: rooms::part,
        refused: Command::Bad,
    },
    Row {
        word: "/rooms",
        arguments: "[AFTER]",
        help: help::ROOMS,
        parse: rooms::rooms,
        refused: Command::Bad,
    },
    Row {
        word: "/members",
        arguments: "[ROOM] [AFTER]",
        help: help::MEMBERS,
        parse: rooms::members,
        refused: Command::Bad,
    },
    Row {
        word: "/topic",
        arguments: "[TEXT]",
        help: help::TOPIC,
        parse: rooms::topic,
        refused: Command::Bad,
    },
    words::EDIT,
    words::DELETE,
    words::REPLY,
    words::REACT,
    words::UNREACT,
    words::SEARCH,
    Row {
        word: "/history",
        arguments: "[N]",
        help: help::HISTORY,
        parse: rooms::history,
        refused: Command::Bad,
    },
    Row {
        word: "/since",
        arguments: "[YYYY-MM-DD] HH:MM",
        help: help::SINCE,
        parse: rooms::since,
        refused: Command::Bad,
    },
    Row {
        word: "/invite",
        arguments: "ID|NAME",
        help: help::INVITE,
        parse: rooms::invite,
        refused: Command::Bad,
    },
    Row {
        word: "/kick",
        arguments: "ID|NAME [WHY]",
        help: help::KICK,
        parse: rooms::kick,
        refused: Command::Bad,
    },
    Row {
        word: "/role",
        arguments: "ID|NAME member|moderator|owner",
        help: help::ROLE,
        parse: rooms::role,
        refused: Command::Bad,
    },
    Row {
        word: "/access",
        arguments: "open|invite|hidden [no-guests]",
        help: help::ACCESS,
        parse: rooms::access,
        refused: Command::Bad,
    },
    Row {
        word: "/close",
        arguments: "[ROOM]",
        help: help::CLOSE,
        parse: rooms::close,
        refused: Command::Bad,
    },
    Row {
        word: "/away",
        arguments: "[TEXT]",
        help: help::AWAY,
        parse: presence::away,
        refused: Command::Bad,
    },
    Row {
        word: "/busy",
        arguments: "[TEXT]",
        help: help::BUSY,
        parse: presence::busy,
        refused: Command::Bad,
    },
    Row {
        word: "/back",
        arguments: "",
        help: help::BACK,
        parse: |arguments| alone(arguments, Command::Absence(None)),
        refused: Command::Bad,
    },
    Row {
        word: "/devices",
        arguments: "",
        help: help::DEVICES,
        parse: |arguments| alone(arguments, Command::Devices),
        refused: Command::Bad,
    },
    Row {
        word: "/logout",
        arguments: "DEVICE",
        help: help::LOGOUT,
        parse: presence::logout,
        refused: Command::Bad,
    },
    Row {
        word: "/ignore",
        arguments: "[ID|NAME]",
        help: help::IGNORE,
        parse: ignore::ignore,
        refused: Command::Bad,
    },
    Row {
        word: "/unignore",
        arguments: "ID|NAME",
        help: help::UNIGNORE,
        parse: ignore::unignore,
        refused: Command::Bad,
    },
    Row {
        word: "/ban",
        arguments: "[-server] WHO [TIME] [WHY]",
        help: help::BAN,
        parse: order::ban,
        refused: Command::Bad,
    },
    Row {
        word: "/unban",
        arguments: "[-server] WHO",
        help: help::UNBAN,
        parse: order::unban,
        refused: Command::Bad,
    },
    Row {
        word: "/mute",
        arguments: "[-server] WHO [TIME] [WHY]",
        help: help::MUTE,
        parse: order::mute,
        refused: Command::Bad,
    },
    Row {
        word: "/unmute",
        arguments: "[-server] WHO",
        help: help::UNMUTE,
        parse: order::unmute,
        refused: Command::Bad,
    },
    Row {
        word: "/slow",
        arguments: "[-server] SECONDS [WHO] [TIME] [WHY]",
        help: help::SLOW,
        parse: order::slow,
        refused: Command::Bad,
    },
    Row {
        word: "/bans",
        arguments: "[-server]",
        help: help::BANS,
        parse: order::bans,
        refused: Command::Bad,
    },
    Row {
        word: "/audit",
        arguments: "[N]",
        help: help::AUDIT,
        parse: order::audit,
        refused: Command::Bad,
    },
    Row {
        word: "/pending",
        arguments: "",
        help: help::PENDING,
        parse: |_| Ok(Command::Entry(EntryAsk::Pending)),
        refused: Command::Bad,
    },
    Row {
        word: "/approve",
        arguments: "ID",
        help: help::APPROVE,
        parse: entry::approve,
        refused: Command::Bad,
    },
    Row {
        word: "/reject",
        arguments: "ID [WHY]",
        help: help::REJECT,
        parse: entry::reject,
        refused: Command::Bad,
    },
    Row {
        word: "/passwd",
        arguments: "OLD NEW",
        help: help::PASSWD,
        parse: entry::passwd,
        refused: Command::Bad,
    },
    Row {
        word: "/export",
        arguments: "",
        help: help::EXPORT,
        parse: |_| Err(ErrorCode::ClientNeeded.into()),
        refused: Command::Bad,
    },
    Row {
        word: "/delete-account",
        arguments: "PASSWORD [keep|erase]",
        help: help::DELETE_ACCOUNT,
        parse: entry::delete_account,
        refused: Command::Bad,
    },
    Row {
        word: "/quit",
        arguments: "",
        help: help::QUIT,
        parse: |_| Ok(Command::Logout),
        refused: Command::Bad,
    },
    Row {
        word: "who",
        arguments: "",
        help: help::WHO_BARE,
        parse: |_| Ok(Command::Who),
        refused: Command::Bad,
    },
    Row {
        word: "rename|",
        arguments: "NAME",
        help: help::RENAME_BARE,
        parse: rename,
        refused: Command::Bad,
    },
    Row {
        word: "exit",
        arguments: "",
        help: help::EXIT_BARE,
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
        self.help.of(lang)
    }

    /// What follows the word, if the line is this command.
    fn arguments<'a>(&self, line: &'a str) -> Option<&'a str> {
        if self.word.starts_with('/') {
            let line = line.trim_start();
            // Nearly all lines are texts, and long ones: no word is looked for in those.
            let (word, rest) = line.starts_with('/').then(|| split_word(line))?;
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
