//! Lists for people, from answers of the server: a panel of the full screen shows them, the menus
//! print them. Everything in them is clean.

use crate::client::{Audit, Members, OwnDevice, Room, Said, Sanctions, Update};
use crate::clock;
use crate::protocol::wire::{Deed, RoomMember, Sanction};
use crate::protocol::{Before, MessageId, Millis, RoomId, UserId};
use crate::texts::Lang;
use crate::texts::full::{Label, Tell};

use super::clean;

/// Where a row leads, for who chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    None,
    /// What this command does.
    Do(String),
    /// To talk with somebody.
    Talk(UserId),
    /// To something that was said.
    Message(RoomId, MessageId),
    /// To what else is found there, or in all rooms, before this message.
    SearchOn(Option<RoomId>, Before),
    /// A command that is begun with this.
    Type(String),
}

/// What it is about, and what there is to say of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Empty: the text stands alone.
    pub(super) head: String,
    pub(super) text: String,
    pub(super) goal: Goal,
}

impl Row {
    pub(super) fn new(head: impl Into<String>, text: impl Into<String>, goal: Goal) -> Self {
        Self { head: head.into(), text: text.into(), goal }
    }

    /// Without a head, leading nowhere.
    pub(super) fn alone(text: impl Into<String>) -> Self {
        Self::new("", text, Goal::None)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

impl Listing {
    pub(super) fn new(title: impl Into<String>, rows: Vec<Row>) -> Self {
        Self { title: title.into(), rows }
    }

    /// What was asked for, where a list answers it. Times are `offset` minutes east of UTC.
    pub(super) fn of(update: &Update, offset: i64, lang: Lang) -> Option<Self> {
        match update {
            Update::Rooms { rooms, more, own: false } => Some(Self::rooms(rooms, *more, lang)),
            Update::Members(members) => Some(Self::members(members, lang)),
            Update::Sanctions(told) => Some(Self::sanctions(told, offset, lang)),
            Update::Audit(told) => Some(Self::audit(told, offset, lang)),
            Update::Devices(devices) => Some(Self::devices(devices, offset, lang)),
            _ => None,
        }
    }

    fn rooms(rooms: &[Room], more: bool, lang: Lang) -> Self {
        let row = |room: &Room| {
            let name = clean::line(&room.room_name);
            let online = room.online.unwrap_or_default();
            let text = format!("{online:>5}  {}", clean::line(&room.topic));
            let goal = Goal::Do(format!("/join {name}"));
            Row::new(name, text.trim_end(), goal)
        };
        let mut rows: Vec<_> = rooms.iter().map(row).collect();
        if let Some(last) = rooms.last().filter(|_| more) {
            let after = &clean::line(&last.room_name);
            rows.push(Row::alone(Tell::MoreRooms { after }.text(lang)));
        }
        Self::new(Label::Rooms.text(lang), or(rows, Label::NoRooms, lang))
    }

    fn members(members: &Members, lang: Lang) -> Self {
        let row = |member: &RoomMember| {
            let online = if member.online { "●" } else { "·" };
            let (id, name) = (member.user_id, clean::line(&member.user_name));
            let text = format!("{online} {id:>8}  {name}  {}", clean::line(&member.role));
            Row::new("", text, Goal::Talk(UserId(id)))
        };
        let mut rows: Vec<_> = members.members.iter().map(row).collect();
        if members.more {
            rows.push(Row::alone(Label::MoreMembers.text(lang)));
        }
        Self::new(clean::line(&members.room_name), rows)
    }

    /// Who is banned, muted or slowed. A page that is continued shows its last part.
    fn sanctions(told: &Sanctions, offset: i64, lang: Lang) -> Self {
        let row = |one: &Sanction| {
            let until = one.until.map_or(String::new(), |until| minute(until, offset));
            let every = one.every.map_or(String::new(), |every| format!("{every} s"));
            let text = one.text.as_deref().unwrap_or_default();
            let parts = [&one.measure, &one.against, &every, &until, &one.user_name, text];
            Row::alone(joined(&parts))
        };
        let rows = told.sanctions.iter().map(row).collect();
        Self::new(Label::Sanctions.text(lang), or(rows, Label::Nobody, lang))
    }

    /// What was done to keep order.
    fn audit(told: &Audit, offset: i64, lang: Lang) -> Self {
        let row = |deed: &Deed| {
            let part = |text: &Option<String>| text.clone().unwrap_or_default();
            let (time, how) = (minute(deed.time, offset), part(&deed.how));
            let (room, whom, text) = (part(&deed.room), part(&deed.whom), part(&deed.text));
            let parts = [&time, &deed.user_name, &deed.act, &whom, &how, &room, &text];
            Row::alone(joined(&parts.map(String::as_str)))
        };
        let rows = told.deeds.iter().map(row).collect();
        Self::new(Label::Audit.text(lang), or(rows, Label::Nobody, lang))
    }

    /// What was found by these words, the newest first.
    pub(super) fn found(update: &Update, words: &str, (offset, lang): (i64, Lang)) -> Option<Self> {
        let Update::Found { within, messages, next } = update else { return None };
        let row = |said: &Said| {
            let goal = Goal::Message(said.room, said.id);
            // In which of all rooms, where all were searched.
            let place = match (within, &said.room_name) {
                (Some(_), _) => String::new(),
                (None, Some(name)) => clean::line(name) + " ",
                (None, None) => format!("{} ", said.room),
            };
            let (time, name) = (minute(said.time.0, offset), clean::line(&said.name));
            let head = format!("{place}{time} {name}");
            Row::new(head, clean::line(&said.text), goal)
        };
        let mut rows: Vec<_> = messages.iter().map(row).collect();
        if let Some(before) = next {
            let goal = Goal::SearchOn(*within, *before);
            rows.push(Row::new("", Label::SearchOn.text(lang), goal));
        }
        let title = Tell::Found { words: &clean::line(words) }.text(lang);
        Some(Self::new(title, or(rows, Label::NothingFound, lang)))
    }

    /// Of one's own account.
    fn devices(devices: &[OwnDevice], offset: i64, lang: Lang) -> Self {
        let row = |device: &OwnDevice| {
            let name = match device.device.as_str() {
                "" => "-".to_owned(),
                name => clean::line(name),
            };
            let this = if device.is_this { "*" } else { " " };
            let online = clean::line(&device.online.join(", "));
            let text = format!("{}  {online}", minute(device.used, offset));
            let goal = Goal::Type(format!("/logout {name}"));
            Row::new(format!("{this} {name}"), text.trim_end(), goal)
        };
        Self::new(Label::Devices.text(lang), devices.iter().map(row).collect())
    }

    /// As text, one row below the other.
    pub(super) fn text(&self, columns: usize) -> String {
        let row = |row: &Row| {
            let head = if row.head.is_empty() { String::new() } else { row.head.clone() + "  " };
            clean::paragraph(&format!("  {head}"), &row.text, columns)
        };
        let rows = std::iter::once(self.title.clone()).chain(self.rows.iter().map(row));
        rows.collect::<Vec<_>>().join("\n")
    }
}

/// Rows, or why there are none.
fn or(rows: Vec<Row>, none: Label, lang: Lang) -> Vec<Row> {
    if rows.is_empty() { vec![Row::alone(none.text(lang))] } else { rows }
}

/// Until the minute, as the person's clock has it.
pub(super) fn minute(ms: i64, offset: i64) -> String {
    clock::utc(Millis(ms).plus(offset * 60_000)).get(..16).unwrap_or_default().to_owned()
}

/// What is there of these, clean, with room between.
fn joined(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty()).map(|part| clean::line(part));
    parts.collect::<Vec<_>>().join("  ")
}
