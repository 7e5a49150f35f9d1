//! One line for each thing that happens: the kind of the event, then its fields, parted by tabs.
//! Scripts read these lines, so kinds and fields stay as they are and new fields come at the end.
//! `client --help` lists them.

mod applicants;
mod devices;
mod ignore;
mod presence;
mod rooms;
mod words;

use std::time::Duration;

use crate::client::ui::clean;
use crate::client::ui::export::Outcome;
use crate::client::wording;
use crate::client::{Ask, Lost, Reason, Seen, Unsent, Update};
use crate::protocol::{Leaving, Member};
use crate::texts::Lang;

/// One line: its kind and its fields, each made harmless and whole by escapes.
pub(super) fn line(kind: &str, fields: &[&str]) -> String {
    let mut line = kind.to_owned();
    for field in fields {
        line.push('\t');
        line.push_str(&clean::escaped(field));
    }
    line.push('\n');
    line
}

/// What happened, as lines.
pub(super) fn lines(update: &Update) -> String {
    match update {
        Update::Connected { server } => line("connected", &[server]),
        Update::FirstMet { address, fingerprint } => {
            line("first-met", &[address, &fingerprint.to_string()])
        }
        Update::Disconnected { why, retry_in } => disconnected(why, *retry_in),
        Update::LoggedIn { me, n_online } => {
            line("login", &[&me.id.to_string(), &me.name, &n_online.to_string()])
        }
        Update::Online(online) => {
            let mut lines: String = online.iter().map(|who| member("online", who)).collect();
            lines.push_str(&line("online-end", &[&online.len().to_string()]));
            lines
        }
        // A secret, and kept elsewhere; nothing is taken back here.
        Update::Token { .. } | Update::Withdrawn { .. } => String::new(),
        Update::Registered(id) => line("registered", &[&id.to_string()]),
        Update::RenameDone(name) => line("rename-ok", &[name]),
        Update::PasswdDone => line("passwd-ok", &[]),
        Update::ReceiptsDone(shown) => line("receipts-ok", &[on(shown.delivered), on(shown.read)]),
        Update::Refused { what, why } => {
            let words = wording::reason(why, Lang::En);
            line("refused", &[what.map_or("-", ask), &why.code, &words])
        }
        Update::Unanswered(what) => line("unanswered", &[ask(*what)]),
        Update::Said(said) => words::said(said),
        Update::Changed(changed) => words::changed(changed),
        Update::History { room, messages, more } => words::history(*room, messages, *more),
        Update::Found { within, messages, next } => words::found(*within, messages, *next),
        Update::Sent { reference, id, room, time } => {
            let (room, id, time) = (room.to_string(), id.0.to_string(), time.0.to_string());
            line("sent", &[reference.as_str(), &room, &id, &time])
        }
        Update::NotSent { unsent, why, will_retry } => not_sent(unsent, why, *will_retry),
        Update::Came(_) | Update::Left { .. } | Update::Crowd { .. } | Update::Renamed(_) => {
            come_and_go(update)
        }
        Update::Seen { room, by, up_to, how } => {
            let kind = match how {
                Seen::Delivered => "delivered",
                Seen::Read => "read",
            };
            line(kind, &[&room.to_string(), &by.to_string(), &up_to.0.to_string()])
        }
        // Into a file.
        Update::Exported { .. } => String::new(),
        Update::Applicants(_) | Update::Entry(_) => applicants::lines(update),
        Update::Ignoring(_) | Update::Ignored(_) => ignore::lines(update),
        Update::Devices(_) | Update::DeviceEnded { .. } => devices::lines(update),
        Update::AbsenceDone(_)
        | Update::Absence(_)
        | Update::IsAbsent(_)
        | Update::Typing { .. } => presence::lines(update),
        Update::Room(_)
        | Update::Rooms { .. }
        | Update::Members(_)
        | Update::Sanctions(_)
        | Update::Audit(_) => rooms::lines(update),
        Update::Skipped { room, count } => {
            line("skipped", &[&room.to_string(), &count.to_string()])
        }
    }
}

/// What became of a file.
pub(super) fn download(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Saved(path) => line("exported", &[&path.to_string_lossy()]),
        Outcome::Failed(..) => line("error", &["bad_request", &outcome.words()]),
    }
}

/// Who comes and goes.
fn come_and_go(update: &Update) -> String {
    match update {
        Update::Came(who) => member("came", who),
        Update::Left { who, how } => line("left", &[&who.id.to_string(), &who.name, left(*how)]),
        Update::Crowd { n_online, came, left } => {
            line("crowd", &[&n_online.to_string(), &came.to_string(), &left.to_string()])
        }
        Update::Renamed(who) => line("renamed", &[&who.id.to_string(), &who.name]),
        _ => String::new(),
    }
}

fn disconnected(why: &Lost, retry_in: Option<Duration>) -> String {
    let retry = retry_in.map_or_else(|| "-".to_owned(), |pause| pause.as_millis().to_string());
    line("disconnected", &[&retry, &wording::lost(why, Lang::En)])
}

fn not_sent(unsent: &Unsent, why: &Reason, will_retry: bool) -> String {
    let end = if will_retry { "later" } else { "dropped" };
    let words = wording::reason(why, Lang::En);
    line("not-sent", &[unsent.reference.as_str(), end, &why.code, &words])
}

fn on(shown: bool) -> &'static str {
    if shown { "on" } else { "off" }
}

fn left(how: Leaving) -> &'static str {
    match how {
        Leaving::Logout => "left",
        Leaving::TimedOut => "timeout",
        Leaving::BecameAccount => "login",
    }
}

fn member(kind: &str, who: &Member) -> String {
    let (id, mut fields) = (who.id.to_string(), Vec::new());
    fields.extend([id.as_str(), &who.name, &who.address]);
    // Who is there has the fields that everybody always had.
    fields.extend(presence::fields(who.absence.as_deref()).into_iter().flatten());
    line(kind, &fields)
}

fn ask(ask: Ask) -> &'static str {
    match ask {
        Ask::Login => "login",
        Ask::Register => "register",
        Ask::Rename => "rename",
        Ask::DeleteAccount => "delete-account",
        Ask::Export => "export",
        Ask::Devices => "devices",
        Ask::Ignore => "ignore",
        Ask::Entry => "entry",
        Ask::Absence => "absence",
        Ask::Passwd => "passwd",
        Ask::Who => "who",
        Ask::Room => "room",
        Ask::History => "history",
        Ask::Search => "search",
        Ask::Receipts => "receipts",
    }
}
