//! What happens, as people read it in a terminal.

use std::collections::VecDeque;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::client::wording;
use crate::client::{Ask, Changed, IgnoreMes, Lost, Reason, RoomMes, Said, Unsent, Update};
use crate::clock;
use crate::protocol::{ErrorCode, Farewell, Leaving, Member, Millis, Party, RoomId, UserId};
use crate::texts::Lang;
use crate::texts::client::{Fixed, Notice};

use super::directory::Directory;
use super::export::Downloads;
use super::listing::Listing;
use super::progress::{Progress, Step};
use super::{applicants, clean, news};

/// Messages that can be looked at again.
const MAX_AWAY: usize = 1_000;

/// What the shower and the menu share.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) lang: Lang,
    /// Of the terminal, as the menu saw it last.
    pub(super) columns: AtomicUsize,
    pub(super) is_logged_in: AtomicBool,
    /// Minutes east of UTC.
    offset: i64,
    /// Who is called what; nothing waits while it is held.
    directory: Mutex<Directory>,
    /// How far one's own words have come; nothing waits while it is held.
    progress: Mutex<Progress>,
    /// What came while one was away, ready to be shown again.
    away: Mutex<VecDeque<String>>,
    /// The loss of the connection was told.
    is_down: AtomicBool,
    pub(super) downloads: Downloads,
}

impl Screen {
    pub(super) fn new(lang: Lang) -> Self {
        Self {
            lang,
            columns: AtomicUsize::new(80),
            is_logged_in: AtomicBool::new(false),
            offset: utc_offset().unwrap_or(0),
            directory: Mutex::default(),
            progress: Mutex::default(),
            away: Mutex::default(),
            downloads: Downloads::default(),
            is_down: AtomicBool::new(false),
        }
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came while one was away.
    pub(super) fn away(&self) -> Vec<String> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// A person in one line.
    pub(super) fn member(&self, who: &Member) -> String {
        let (name, address) = (clean::line(&who.name), clean::line(&who.address));
        let absence = who.absence.as_deref().map_or(String::new(), |absence| {
            format!("  ({})", clean::line(&crate::texts::absence(absence, self.lang)))
        });
        format!("{:>8}  {name}  {address}{absence}", who.id).trim_end().to_owned()
    }

    /// Learns from what happened and says what to show, without the last line end. Answers to
    /// what the menu asked are shown by the menu.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub(super) fn show(&self, update: &Update) -> Option<String> {
        self.directory().learn(update);
        if let Some(outcome) = self.downloads.hear(update) {
            return Some(outcome.text(self.lang));
        }
        let step = self.progress().learn(update);
        let notice = |notice: Notice<'_>| Some(notice.text(self.lang));
        match update {
            Update::Said(said) => Some(self.said(said)),
            Update::Changed(changed) => Some(self.changed(changed)),
            Update::History { messages, .. } => Some(self.history(messages)),
            Update::Found { within, messages, .. } => Some(self.found(*within, messages)),
            Update::Disconnected { why, retry_in } => self.disconnected(why, retry_in.is_some()),
            Update::LoggedIn { me, n_online } => {
                notice(self.logged_in(&clean::line(&me.name), *n_online))
            }
            Update::Refused { what, why } => Some(self.refused(*what, why)),
            Update::NotSent { unsent, why, will_retry } => {
                Some(self.not_sent(unsent, why, *will_retry))
            }
            Update::Unanswered(_) => notice(Notice::MayHaveWorked),
            Update::Registered(id) => notice(Notice::Registered { id: id.0 }),
            Update::RenameDone(_) => Some(Fixed::RenameDone.text(self.lang).to_owned()),
            Update::PasswdDone => Some(Fixed::PasswdDone.text(self.lang).to_owned()),
            Update::Came(who) => notice(Notice::Came { name: &clean::line(&who.name) }),
            Update::Crowd { n_online, came, left } => {
                notice(Notice::Crowd { n_online: *n_online, came: *came, left: *left })
            }
            Update::Left { who, how } => self.left(who, *how),
            Update::Renamed(who) => {
                notice(Notice::Renamed { id: who.id.0, name: &clean::line(&who.name) })
            }
            Update::Skipped { count, .. } => notice(Notice::Skipped { count: *count }),
            Update::ReceiptsDone(shown) => {
                notice(Notice::ReceiptsDone { delivered: shown.delivered, read: shown.read })
            }
            Update::Seen { .. } | Update::Sent { .. } => step.map(|step| self.came(step)),
            Update::Token { .. } => None,
            Update::FirstMet { address, fingerprint } => {
                let (address, fingerprint) = (&clean::line(address), &fingerprint.to_string());
                notice(Notice::FirstMet { address, fingerprint })
            }
            Update::Absence(who) | Update::IsAbsent(who) => {
                Some(clean::line(&crate::texts::is_absent(who, self.lang)))
            }
            Update::Room(mes) => Some(self.room(mes)),
            Update::Rooms { own: false, .. }
            | Update::Members(_)
            | Update::Sanctions(_)
            | Update::Audit(_)
            | Update::Devices(_) => {
                let list = Listing::of(update, self.offset, self.lang);
                list.map(|list| list.text(self.columns.load(Ordering::Relaxed)))
            }
            Update::Ignoring(_) | Update::Ignored(_) => {
                let lines = ignored_lines(update, self.lang);
                Some(lines.iter().map(|line| clean::line(line)).collect::<Vec<_>>().join("\n"))
            }
            Update::Applicants(_) | Update::Entry(_) => {
                let lines = applicants::lines(update, self.lang);
                Some(lines.iter().map(|line| clean::line(line)).collect::<Vec<_>>().join("\n"))
            }
            Update::DeviceEnded { device, sessions } => {
                let name = Some(device.as_str()).filter(|name| !name.is_empty());
                let n = usize::try_from(*sessions).unwrap_or(usize::MAX);
                Some(clean::line(&crate::texts::device_ended(name, n, self.lang)))
            }
            Update::AbsenceDone(own) => {
                Some(clean::line(&crate::texts::own_absence(own.as_ref(), self.lang)))
            }
            Update::Exported { .. } => None,
            // The menus have no place for these.
            Update::Connected { .. }
            | Update::Rooms { .. }
            | Update::Typing { .. }
            | Update::Withdrawn { .. }
            | Update::Online(_) => None,
        }
    }

    fn logged_in<'n>(&self, name: &'n str, n_online: u64) -> Notice<'n> {
        let was_logged_in = self.is_logged_in.swap(true, Ordering::AcqRel);
        match self.is_down.swap(false, Ordering::AcqRel) && was_logged_in {
            true => Notice::BackAgain,
            false => Notice::LoggedIn { name, n_online },
        }
    }

    /// What happens in a room, the coming and going of members too.
    fn room(&self, mes: &RoomMes) -> String {
        let (room, now) = (clean::line(&mes.room_name), clock::now_ms());
        let head = format!("[{room} {}] ", self.time(now));
        let columns = self.columns.load(Ordering::Relaxed);
        clean::paragraph(&head, &news::line(mes, self.lang), columns)
    }

    fn not_sent(&self, unsent: &Unsent, why: &Reason, will_retry: bool) -> String {
        let why = &clean::line(&wording::reason(why, self.lang));
        let text = &clean::line(unsent.text.as_str());
        let notice = match will_retry {
            true => Notice::SentLater { text, why },
            false => Notice::NotSent { text, why },
        };
        notice.text(self.lang)
    }

    fn left(&self, who: &Member, how: Leaving) -> Option<String> {
        let name = &clean::line(&who.name);
        let notice = match how {
            Leaving::Logout => Notice::Left { name },
            Leaving::TimedOut => Notice::TimedOut { name },
            // Not gone: the account is told to come.
            Leaving::BecameAccount => return None,
        };
        Some(notice.text(self.lang))
    }

    fn refused(&self, what: Option<Ask>, why: &Reason) -> String {
        let words = match what {
            Some(Ask::Login | Ask::Register) => wording::entry_reason(why, self.lang),
            _ => wording::reason(why, self.lang),
        };
        let has_asked = why.known() == Some(ErrorCode::NotLetIn);
        let why = &clean::line(&words);
        let notice = match what {
            Some(Ask::Login) => {
                self.is_logged_in.store(false, Ordering::Release);
                Notice::LoginRefused { why }
            }
            Some(Ask::Register) if has_asked => Notice::Asked { words: why },
            Some(Ask::Register) => Notice::RegisterRefused { why },
            _ => Notice::Refused { why },
        };
        notice.text(self.lang)
    }

    /// How far one's own private words have come.
    fn came(&self, (to, step): (UserId, Step)) -> String {
        let name = &clean::line(&self.directory().name(to));
        let notice = match step {
            Step::Stored => Notice::Stored { name },
            Step::Delivered => Notice::Delivered { name },
            Step::Read => Notice::Read { name },
        };
        notice.text(self.lang)
    }

    fn said(&self, said: &Said) -> String {
        let name = clean::line(&said.name);
        let private = Fixed::Private.text(self.lang);
        let who = match said.peer {
            None => name,
            Some(peer) if peer == said.sender => format!("{name} {private}"),
            // Not the other one of the two: oneself, on another device.
            Some(peer) => {
                let peer = clean::line(&self.directory().name(peer));
                format!("{name} -> {peer} {private}")
            }
        };
        let room = said
            .room_name
            .as_deref()
            .map_or(String::new(), |room| format!("{} ", clean::line(room)));
        let head = format!("[{room}{}] {who}: ", self.time(said.time));
        let columns = self.columns.load(Ordering::Relaxed);
        let shown = clean::paragraph(&head, &said.text, columns);
        if said.replayed {
            let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
            if away.len() == MAX_AWAY {
                away.pop_front();
            }
            away.push_back(shown.clone());
        }
        shown
    }

    fn changed(&self, changed: &Changed) -> String {
        let name = clean::line(&changed.name);
        let room = changed.room_name.as_deref().or(changed.peer.map(|_| ""));
        let room = room.map(|room| match room {
            "" => Fixed::Private.text(self.lang).to_owned(),
            room => clean::line(room),
        });
        let room = room.map_or(String::new(), |room| format!("{room} "));
        let head = format!("[{room}{}] ", self.time(changed.time));
        let done = wording::changed(changed, &name, self.lang);
        clean::paragraph(&head, &done, self.columns.load(Ordering::Relaxed))
    }

    /// With the numbers by which messages are meant.
    fn history(&self, messages: &[Said]) -> String {
        messages.iter().map(|said| self.numbered("", said)).collect::<Vec<_>>().join("\n")
    }

    fn found(&self, within: Option<RoomId>, messages: &[Said]) -> String {
        if messages.is_empty() {
            return Fixed::NothingFound.text(self.lang).to_owned();
        }
        let line = |said: &Said| match (within, &said.room_name) {
            (Some(_), _) => self.numbered("", said),
            (None, Some(name)) => self.numbered(&format!("{} ", clean::line(name)), said),
            (None, None) => self.numbered(&format!("{} ", said.room), said),
        };
        messages.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn numbered(&self, place: &str, said: &Said) -> String {
        let state = wording::state(said, self.lang);
        let reactions: Vec<_> =
            said.reactions.iter().map(|its| format!("{} {}", its.emoji, its.count)).collect();
        let (name, reactions) = (clean::line(&said.name), clean::line(&reactions.join(" ")));
        let head = format!("{place}#{} [{}{state}] {name}: ", said.id.0, self.time(said.time));
        let columns = self.columns.load(Ordering::Relaxed);
        let text = clean::paragraph(&head, &said.text, columns);
        if reactions.is_empty() { text } else { format!("{text}  ({reactions})") }
    }

    /// Told once, until the connection is back; and not at all where nobody is logged in and the
    /// server only tidies up.
    fn disconnected(&self, why: &Lost, will_retry: bool) -> Option<String> {
        let is_tidying = matches!(why.farewell(), Some(Farewell::LoginTimeout | Farewell::Idle));
        if (is_tidying && !will_retry) || self.is_down.swap(will_retry, Ordering::AcqRel) {
            return None;
        }
        let why = clean::line(&wording::lost(why, self.lang));
        Some(Notice::Disconnected { why: &why, will_retry }.text(self.lang))
    }

    /// `12:34`, or `11-20 12:34` for another day.
    fn time(&self, time: Millis) -> String {
        let local = |time: Millis| clock::utc(time.plus(self.offset * 60_000));
        let (then, now) = (local(time), local(clock::now_ms()));
        let is_today = then.get(..10) == now.get(..10);
        then.get(if is_today { 11..16 } else { 5..16 }).unwrap_or_default().to_owned()
    }
}

/// What is shown of whom one ignores, not yet made harmless.
pub(super) fn ignored_lines(update: &Update, lang: Lang) -> Vec<String> {
    match update {
        Update::Ignoring(mes) => {
            vec![crate::texts::ignoring(&party(mes), mes.off != Some(true), lang)]
        }
        Update::Ignored(told) => {
            let people: Vec<_> = told.people.iter().map(party).collect();
            crate::texts::ignored(&people, lang)
        }
        _ => Vec::new(),
    }
}

fn party(mes: &IgnoreMes) -> Party {
    let name = mes.user_name.as_deref().unwrap_or_default().into();
    Party { id: UserId(mes.user_id), name }
}

/// Minutes east of UTC, from `date`: std knows no time zones, and POSIX has the program.
pub(super) fn utc_offset() -> Option<i64> {
    let output = Command::new("date").arg("+%z").output().ok()?.stdout;
    let text = String::from_utf8(output).ok()?;
    let (hours, minutes) = text.trim().split_at_checked(3)?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(if text.starts_with('-') { hours * 60 - minutes } else { hours * 60 + minutes })
}
