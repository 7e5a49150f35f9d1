//! The lists beside the talk.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::put;
use crate::client::ui::clean;
use crate::client::ui::full::colour::{Look, Palette};
use crate::client::ui::full::model::{Model, Place};
use crate::client::ui::full::wrap::{fit, width};
use crate::protocol::{RoomId, UserId};
use crate::texts::full::Tell;

/// The list of places: number, name, what is new.
pub(super) fn places(model: &Model, palette: Palette, area: Rect, buffer: &mut Buffer) {
    let at = model.places.iter().position(|place| place.id == model.current).unwrap_or(0);
    let room = usize::from(area.height);
    let first = (at + 1).saturating_sub(room);
    let shown = model.places.iter().enumerate().skip(first);
    for ((n, place), y) in shown.zip(area.top()..area.bottom()) {
        let count = count(place);
        let columns = area.width.saturating_sub(u16::try_from(count.len()).unwrap_or(0));
        let number = if n < 10 { format!("{} ", (n + 1) % 10) } else { "  ".to_owned() };
        let faint = palette.look(Look::Faint);
        let x = put(buffer, (area.x, y), area.width, &number, faint);
        let look = match place.level() {
            _ if place.id == model.current => Look::Chosen,
            0 => Look::Plain,
            1 => Look::New,
            _ => Look::Mention,
        };
        let sign = match place.id.other(model.my_id()) {
            Some(peer) => sign(model, peer, model.people.is_online(peer)),
            None => "",
        };
        let name = format!("{sign}{}", place.name);
        put(buffer, (x, y), columns.saturating_sub(x - area.x), &name, palette.look(look));
        put(buffer, (area.x + columns, y), area.width - columns, &count, palette.look(look));
    }
}

/// There, there but perhaps not answering, not there.
fn sign(model: &Model, id: UserId, is_online: bool) -> &'static str {
    match (is_online, model.people.absence(id)) {
        (true, None) => "● ",
        (true, Some(_)) => "◐ ",
        (false, _) => "○ ",
    }
}

/// `3`, or `3!` where one was mentioned.
fn count(place: &Place) -> String {
    match (place.n_unread, place.n_mentions) {
        (0, _) => String::new(),
        (n, 0) => format!(" {n}"),
        (n, _) => format!(" {n}!"),
    }
}

/// What is new elsewhere, the most urgent first, in one line.
pub(super) fn news(model: &Model) -> String {
    let new = model.places.iter().filter(|p| p.id != model.current && p.level() > 0);
    let mut new: Vec<_> = new.collect();
    new.sort_by_key(|place| std::cmp::Reverse(place.level()));
    let parts: Vec<_> = new.iter().map(|place| format!("{}{}", place.name, count(place))).collect();
    parts.join(", ")
}

/// Who is here: in the lobby everybody, in a room its members, in private the other one.
pub(super) fn people(model: &Model, palette: Palette, area: Rect, buffer: &mut Buffer) {
    let Some(here) = model.here() else { return };
    let me = model.my_id();
    let rows = usize::from(area.height);
    let line = |y: u16, sign: &str, name: &str, style, buffer: &mut Buffer| {
        let x = put(buffer, (area.x, y), area.width, sign, palette.look(Look::Faint));
        put(buffer, (x, y), area.right().saturating_sub(x), name, style);
    };
    let mut shown: Vec<(bool, String, _)> = Vec::new();
    let total = match here.id {
        RoomId::Lobby => {
            let online = model.people.online().take(rows);
            shown.extend(online.map(|(id, name)| (true, clean::line(name), id)));
            model.people.n_online()
        }
        RoomId::Named(_) => {
            for wants_online in [true, false] {
                let members = here.members.iter().filter(|(_, who)| who.is_online == wants_online);
                let left = rows.saturating_sub(shown.len());
                let members = members.take(left);
                shown.extend(members.map(|(id, who)| (who.is_online, clean::line(&who.name), *id)));
            }
            here.members.len()
        }
        RoomId::Pair(..) => {
            let peer = here.id.other(me).unwrap_or(me);
            shown.push((model.people.is_online(peer), here.name.clone(), peer));
            1
        }
    };
    // The last line says how many are left out.
    let fits = if total > rows { rows.saturating_sub(1) } else { rows };
    for ((online, name, id), y) in shown.iter().take(fits).zip(area.top()..area.bottom()) {
        line(y, sign(model, *id, *online), name, palette.person(*id, *id == me), buffer);
    }
    if total > rows {
        let more = Tell::More { count: total - fits }.text(model.lang);
        let more = fit(&more, usize::from(area.width));
        debug_assert!(width(&more) <= usize::from(area.width), "cut to the room");
        let y = area.bottom().saturating_sub(1);
        put(buffer, (area.x, y), area.width, &more, palette.look(Look::Faint));
    }
}
