//! Events as lines that people read, ended by CR LF.
//!
//! Who may begin a line how is what makes it trustworthy. Everything that people say begins
//! with `[`, and what stands in the brackets is the server's; what the server says to one person
//! begins with `* `; a line break within a text begins a continuation of four blanks. So nobody
//! can forge another's line, nor the server's.

mod words;

use super::command::COMMANDS;
use crate::clock;
use crate::envelope::Dialect;
use crate::protocol::{Device, ErrorCode, Event, Farewell, Leaving, Member, Message, RoomName};
use crate::texts::{self, Lang, Reply};

/// Lines with the server's words in English.
pub(super) static LINE_EN: Dialect = Dialect {
    name: "line-en",
    slot: 3,
    encode: |event, out| spell(event, Lang::En, out),
    echo: true,
    rooms: true,
    cut: None,
};

/// Lines with the server's words in Chinese. The original's notices are English in both.
pub(super) static LINE_ZH: Dialect = Dialect {
    name: "line-zh",
    slot: 4,
    encode: |event, out| spell(event, Lang::Zh, out),
    echo: true,
    rooms: true,
    cut: None,
};

const LINE_END: &str = "\r\n";

fn spell(event: &Event, lang: Lang, out: &mut Vec<u8>) {
    let lines = match event {
        Event::Welcome(welcome) => notice(&welcome.me, "login!!!"),
        Event::Came(member) => notice(member, "login!!!"),
        Event::Left(member, Leaving::Logout) => notice(member, "logout"),
        Event::Left(member, Leaving::TimedOut) => notice(member, "time out leaved"),
        Event::Crowd { came, left, .. } => {
            told(Reply::Crowd { came: came.len(), left: left.len() }, lang)
        }
        Event::RenameDone(_) => line(&texts::reply(Reply::Renamed, lang)),
        Event::AbsenceDone(me) => server(&texts::own_absence(me.absence.as_deref(), lang)),
        Event::IsAbsent(member) => server(&texts::is_absent(member, lang)),
        Event::Devices(devices) => listed(&texts::devices(devices, lang, clock::minute)),
        Event::DeviceEnded { device, sessions } => device_ended(device.as_ref(), *sessions, lang),
        Event::Ignoring(whom, is_so) => server(&texts::ignoring(whom, *is_so, lang)),
        Event::Ignored(people) => listed(&texts::ignored(people, lang)),
        Event::PasswdDone => told(Reply::PasswdDone, lang),
        Event::CodeKept => told(Reply::CodeKept, lang),
        Event::Registered(id) => told(Reply::Registered(*id), lang),
        Event::LoginRefused(refusal) | Event::RegisterRefused(refusal) => {
            refused(refusal.code, &texts::entry_refusal(refusal, lang), lang)
        }
        Event::Refused(refusal) => refused(refusal.code, &texts::refusal(refusal, lang), lang),
        Event::Online(members) => online(members, lang),
        Event::Said { .. }
        | Event::Replayed { .. }
        | Event::History { .. }
        | Event::Found { .. } => words::spell(event, lang),
        Event::Room(_) | Event::Sanctions { .. } | Event::Deeds(_) => order(event, lang),
        Event::Applicants(all) => listed(&texts::applicants(all, lang, clock::utc)),
        Event::Entry(news) => server(&texts::entry_news(news, lang)),
        Event::Entered { room, role } => server(&texts::entered(room, *role, lang)),
        Event::MyRooms(rooms) => server(&texts::my_rooms(rooms, lang)),
        Event::Rooms { rooms, more } => listed(&texts::rooms(rooms, *more, lang)),
        Event::Members { room, members, more } => {
            listed(&texts::members(room, members, *more, lang))
        }
        Event::Here(room) => server(&texts::here(room.as_deref(), lang)),
        Event::TopicIs(room) => server(&texts::topic(room, lang)),
        Event::Skipped { count, .. } => told(Reply::Skipped(*count), lang),
        Event::Help { guest } => help(*guest, lang),
        Event::Farewell(why) if *why != Farewell::Idle => server(texts::farewell(*why, lang)),
        // The original tells nobody of a new name, nor who is busy, and closes an idle connection
        // without a word; who logs in is seen to come as who they are, and sees in the room what
        // was accepted.
        Event::Renamed(_)
        | Event::Absent(_)
        | Event::Typing { .. }
        | Event::Passed { .. }
        // Where one talks now is told in any case.
        | Event::IsIn { .. }
        | Event::Left(_, Leaving::BecameAccount)
        | Event::Farewell(_)
        | Event::Accepted { .. }
        | Event::Hello(_)
        | Event::Listed(_)
        | Event::Token { .. }
        | Event::Progress(_)
        | Event::Delivered { .. }
        | Event::Read { .. }
        | Event::ReceiptsDone(_)
        // Lines cannot ask for it.
        | Event::Exported { .. }
        | Event::Pong => String::new(),
    };
    out.extend_from_slice(lines.as_bytes());
}

fn device_ended(device: Option<&Device>, sessions: usize, lang: Lang) -> String {
    server(&texts::device_ended(device.map(Device::as_str), sessions, lang))
}

/// What happens in a room, and lists of what keeps order there.
fn order(event: &Event, lang: Lang) -> String {
    match event {
        Event::Room(news) => {
            let order = texts::order_news(news, lang, clock::utc);
            server(&order.unwrap_or_else(|| texts::news(news, lang)))
        }
        Event::Sanctions { room, name, sanctions } => {
            listed(&texts::sanctions((*room, name), sanctions, lang, clock::utc))
        }
        Event::Deeds(deeds) => listed(&texts::deeds(deeds, lang, clock::utc)),
        _ => String::new(),
    }
}

fn line(text: &str) -> String {
    [text, LINE_END].concat()
}

/// What the server says to one person.
fn server(text: &str) -> String {
    format!("* {}{LINE_END}", marked(text))
}

fn told(reply: Reply<'_>, lang: Lang) -> String {
    server(&texts::reply(reply, lang))
}

/// What was wrong, and where a command helps, which one.
fn refused(code: ErrorCode, why: &str, lang: Lang) -> String {
    let hint = match code {
        ErrorCode::UnknownCommand => told(Reply::HelpHint, lang),
        ErrorCode::NotLoggedIn | ErrorCode::NoGuests | ErrorCode::AccountNeeded => {
            told(Reply::AccountHint, lang)
        }
        ErrorCode::NotMember => told(Reply::JoinHint, lang),
        _ => String::new(),
    };
    server(why) + &hint
}

fn notice(member: &Member, what: &str) -> String {
    format!("[{}]{}: {what}{LINE_END}", marked(&member.address), marked(&member.name))
}

fn listed(lines: &[String]) -> String {
    lines.iter().map(|line| server(line)).collect()
}

/// The brackets hold the room, if it has a name, and the sender's address, or the time where the
/// message is an old one.
fn said(message: &Message, bracket: &str, room: Option<&RoomName>) -> String {
    let name = marked(&message.name);
    let text = continued(message.text.as_str());
    let room = room.map_or(String::new(), |room| format!("{} ", marked(room.as_str())));
    let bracket = room + &marked(bracket);
    match message.room.other(message.sender) {
        None => format!("[{bracket}]{name}: {text}{LINE_END}"),
        Some(to) => format!("[private {bracket}]{name} -> {to}: {text}{LINE_END}"),
    }
}

/// The blank before the first line end is the original's. Of who is there, nothing is added.
fn online(members: &[Member], lang: Lang) -> String {
    let mut lines = line("online user list: ");
    for member in members {
        let absence = member.absence.as_deref();
        let absence = absence.map(|absence| format!(" ({})", texts::absence(absence, lang)));
        let absence = marked(&absence.unwrap_or_default());
        let (address, name) = (marked(&member.address), marked(&member.name));
        lines.push_str(&line(&format!("{address}:{name}{absence}")));
    }
    lines
}

fn help(guest: bool, lang: Lang) -> String {
    let width = COMMANDS.iter().map(|row| row.form().len()).max().unwrap_or_default();
    let mut lines = told(Reply::HelpIntro, lang);
    for row in COMMANDS {
        lines.push_str(&server(&format!("{:width$}  {}", row.form(), row.help(lang))));
    }
    if guest {
        lines.push_str(&told(Reply::HelpGuest, lang));
    }
    lines
}

/// A text of which each line but the first is seen to be a continuation. Line breaks at its end
/// would show nothing.
fn continued(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']).replace("\r\n", "\n");
    let lines: Vec<String> = text.split(['\n', '\r']).map(marked).collect();
    lines.join("\r\n    ")
}

/// A text on one line, in which nothing steers a terminal.
fn marked(text: &str) -> String {
    text.chars().map(texts::mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(marked("a\u{1b}[2J\u{7f}\u{9b}\t\u{202e}你好"), "a␛[2J␡\u{fffd} \u{fffd}你好");
    }

    #[test]
    fn a_line_break_begins_a_continuation() {
        assert_eq!(continued("a\nb\r\nc\rd\r\n\n"), "a\r\n    b\r\n    c\r\n    d");
        assert_eq!(continued("\n* bye"), "\r\n    * bye");
    }

    #[test]
    fn the_help_names_every_command() {
        for lang in [Lang::En, Lang::Zh] {
            let help = help(true, lang);
            assert_eq!(help.lines().count(), COMMANDS.len() + 2);
            assert!(help.lines().all(|line| line.starts_with("* ")));
        }
    }
}
