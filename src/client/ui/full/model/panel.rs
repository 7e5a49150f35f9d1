//! Something long that stands over the talk: lists, help, what was found.

use crate::client::ui::clean;
use crate::client::{Audit, Members, OwnDevice, Room, Said, Sanctions};
use crate::clock;
use crate::protocol::{MessageId, Millis, RoomId};
use crate::texts::{Lang, commands};

use super::People;
use crate::client::ui::command::here;
use crate::client::ui::full::keymap::{self, KEYS};
use crate::texts::full::{Label, Tell};

/// People in a list of who is online, at most: nobody reads on.
const MAX_LISTED: usize = 2_000;

/// Where a line of a panel leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Goal {
    None,
    /// Into a room by its name.
    Join(String),
    /// To talk with somebody.
    Talk(crate::protocol::UserId),
    /// To something that was said.
    Message(RoomId, MessageId),
}

#[derive(Debug)]
pub(in super::super) struct Panel {
    pub(in super::super) title: String,
    /// Clean lines, and where Enter leads from each.
    pub(in super::super) lines: Vec<(String, Goal)>,
    /// The chosen line.
    pub(in super::super) at: usize,
}

impl Panel {
    pub(super) fn new(title: String, lines: Vec<(String, Goal)>) -> Self {
        Self { title, lines, at: 0 }
    }

    pub(super) fn rooms(rooms: &[Room], more: bool, lang: Lang) -> Self {
        let line = |room: &Room| {
            let name = clean::line(&room.room_name);
            let online = room.online.unwrap_or_default();
            let text = format!("{name:<24} {online:>5}  {}", clean::line(&room.topic));
            (text, Goal::Join(name))
        };
        let mut lines: Vec<_> = rooms.iter().map(line).collect();
        if let Some(last) = rooms.last().filter(|_| more) {
            let after = clean::line(&last.room_name);
            lines.push((Tell::MoreRooms { after: &after }.text(lang), Goal::None));
        }
        if lines.is_empty() {
            lines.push((Label::NoRooms.text(lang).to_owned(), Goal::None));
        }
        Self::new(Label::Rooms.text(lang).to_owned(), lines)
    }

    pub(super) fn members(members: &Members, lang: Lang) -> Self {
        let line = |member: &crate::protocol::wire::RoomMember| {
            let online = if member.online { "●" } else { "·" };
            let (id, name) = (member.user_id, clean::line(&member.user_name));
            (format!("{online} {id:>8}  {name}  {}", clean::line(&member.role)), id)
        };
        let lines = members.members.iter().map(line);
        let lines = lines.map(|(text, id)| (text, Goal::Talk(crate::protocol::UserId(id))));
        let mut lines: Vec<_> = lines.collect();
        if members.more {
            lines.push((Label::MoreMembers.text(lang).to_owned(), Goal::None));
        }
        Self::new(clean::line(&members.room_name), lines)
    }

    pub(super) fn online(people: &People, lang: Lang) -> Self {
        let line = |(id, name): (crate::protocol::UserId, &std::sync::Arc<str>)| {
            (format!("{id:>8}  {}", clean::line(name)), Goal::Talk(id))
        };
        let lines = people.online().take(MAX_LISTED).map(line).collect();
        Self::new(Tell::Online { count: people.n_online() }.text(lang), lines)
    }

    /// Who is banned, muted or slowed. A page that is continued shows its last part.
    pub(super) fn sanctions(told: &Sanctions, offset: i64, lang: Lang) -> Self {
        let line = |one: &crate::protocol::wire::Sanction| {
            let until = one.until.map_or(String::new(), |until| minute(until, offset));
            let every = one.every.map_or(String::new(), |every| format!("{every} s"));
            let text = one.text.as_deref().unwrap_or_default();
            let parts = [&one.measure, &one.against, &every, &until, &one.user_name, text];
            (joined(&parts), Goal::None)
        };
        let mut lines: Vec<_> = told.sanctions.iter().map(line).collect();
        if lines.is_empty() {
            lines.push((Label::Nobody.text(lang).to_owned(), Goal::None));
        }
        Self::new(Label::Sanctions.text(lang).to_owned(), lines)
    }

    /// What was done to keep order.
    pub(super) fn audit(told: &Audit, offset: i64, lang: Lang) -> Self {
        let line = |deed: &crate::protocol::wire::Deed| {
            let part = |text: &Option<String>| text.clone().unwrap_or_default();
            let (time, how) = (minute(deed.time, offset), part(&deed.how));
            let (room, whom, text) = (part(&deed.room), part(&deed.whom), part(&deed.text));
            let parts = [&time, &deed.user_name, &deed.act, &whom, &how, &room, &text];
            (joined(&parts.map(String::as_str)), Goal::None)
        };
        let lines = told.deeds.iter().map(line).collect();
        Self::new(Label::Audit.text(lang).to_owned(), lines)
    }

    /// What was searched for, the newest first.
    pub(super) fn found(
        messages: &[Said],
        next: Option<MessageId>,
        (offset, lang): (i64, Lang),
    ) -> Self {
        let line = |said: &Said| {
            let id = format!("#{}", said.id.0);
            let parts = [&id, &minute(said.time.0, offset), &said.name, &said.text];
            (joined(&parts.map(String::as_str)), Goal::Message(said.room, said.id))
        };
        let mut lines: Vec<_> = messages.iter().map(line).collect();
        if let Some(MessageId(id)) = next {
            lines.push((Tell::SearchOn { id }.text(lang), Goal::None));
        } else if lines.is_empty() {
            lines.push((Label::NothingFound.text(lang).to_owned(), Goal::None));
        }
        Self::new(Label::Found.text(lang).to_owned(), lines)
    }

    /// Who asks for an account. A page that is continued shows its last part.
    pub(super) fn applicants(lines: &[String], lang: Lang) -> Self {
        let lines = lines.iter().map(|line| (clean::line(line), Goal::None)).collect();
        Self::new(Label::Applicants.text(lang).to_owned(), lines)
    }

    /// Of one's own account.
    pub(super) fn devices(devices: &[OwnDevice], offset: i64, lang: Lang) -> Self {
        let line = |device: &OwnDevice| {
            let used = minute(device.used, offset);
            let name = match device.device.as_str() {
                "" => "-".to_owned(),
                name => clean::line(name),
            };
            let online = clean::line(&device.online.join(", "));
            let this = if device.is_this { "*" } else { " " };
            let text = format!("{this} {name:<24} {}  {online}", used);
            (text.trim_end().to_owned(), Goal::None)
        };
        let lines = devices.iter().map(line).collect();
        Self::new(Label::Devices.text(lang).to_owned(), lines)
    }

    /// Commands and keys.
    pub(super) fn help(lang: Lang) -> Self {
        let mut lines = vec![(Label::HelpIntro.text(lang).to_owned(), Goal::None)];
        for (name, usage) in here::commands() {
            let what = commands::what(name, lang);
            lines.push((format!("{usage:<44} {what}").trim_end().to_owned(), Goal::None));
        }
        Self::new(Label::Help.text(lang).to_owned(), lines)
    }

    pub(super) fn keys(lang: Lang) -> Self {
        let mut lines: Vec<(String, Goal)> = Vec::new();
        let mut last = None;
        for (.., action) in KEYS {
            let what = action.what(lang);
            if last == Some(what) {
                continue;
            }
            last = Some(what);
            let names = keymap::names(*action).join(", ");
            lines.push((format!("{names:<28} {what}"), Goal::None));
        }
        lines.push((Label::States.text(lang).to_owned(), Goal::None));
        Self::new(Label::Keys.text(lang).to_owned(), lines)
    }

    /// Up or down by so many lines.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.lines.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    pub(super) fn goal(&self) -> Goal {
        self.lines.get(self.at).map_or(Goal::None, |(_, goal)| goal.clone())
    }
}

/// Until the minute, as the person's clock has it.
fn minute(ms: i64, offset: i64) -> String {
    clock::utc(Millis(ms).plus(offset * 60_000)).get(..16).unwrap_or_default().to_owned()
}

/// What is there of these, clean, with room between.
fn joined(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty()).map(|part| clean::line(part));
    parts.collect::<Vec<_>>().join("  ")
}
