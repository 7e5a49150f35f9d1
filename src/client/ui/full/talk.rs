//! What was said as rows of the screen, and moving about in it. Pure; nothing is kept of it:
//! only what is shown is ever broken into rows, so the length of a place costs nothing.

use ratatui_core::style::Style;

use crate::client::ui::clean;
use crate::clock;
use crate::protocol::{MessageId, Millis, UserId};
use crate::texts::Lang;

use super::colour::{Look, Palette};
use super::model::{Anchor, Entry, Model, Place, State, What, Words};
use super::wrap::{fit, pad, width, wrap};
use crate::texts::full::{Label, Tell};

/// Of the part of the screen where the talk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// Names have a column of their own from this width on.
const WIDE: usize = 56;

/// Of that column.
const NAME: usize = 12;

/// `12:34 `.
const TIME: usize = 6;

/// Names in a line of who came and who left, at most.
const MAX_NOISE: usize = 5;

/// The lists fit beside the talk from these widths of the screen on.
const FOR_PLACES: usize = 72;
const FOR_PEOPLE: usize = 100;

/// A row: pieces in their styles.
pub(super) type Row = Vec<(String, Style)>;

/// What rows are made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) palette: Palette,
    pub(super) lang: Lang,
    /// Minutes east of UTC.
    pub(super) offset: i64,
    pub(super) me: UserId,
    pub(super) columns: usize,
    /// The message that is chosen.
    pub(super) picked: Option<u64>,
}

pub(super) fn shows_places(model: &Model) -> bool {
    model.shows_places.unwrap_or(model.screen >= FOR_PLACES)
}

pub(super) fn shows_people(model: &Model) -> bool {
    model.shows_people.unwrap_or(model.screen >= FOR_PEOPLE)
}

/// The rows that fit, the lowest last; fewer where there is no more.
pub(super) fn window(place: &Place, rows: usize, ink: Ink) -> Vec<Row> {
    let (mut at, mut cut) = bottom(place);
    let mut window: Vec<Row> = Vec::new();
    while window.len() < rows {
        let Some(entry) = at.checked_sub(1).and_then(|at| place.entries.get(at)) else { break };
        let before = at.checked_sub(2).and_then(|at| place.entries.get(at));
        let mut of_entry = rows_of(place, entry, before, ink);
        of_entry.truncate(of_entry.len().saturating_sub(cut));
        let room = rows - window.len();
        window.extend(of_entry.into_iter().rev().take(room));
        (at, cut) = (at - 1, 0);
    }
    window.reverse();
    window
}

/// Is this entry in the window?
pub(super) fn is_shown(place: &Place, key: u64, rows: usize, ink: Ink) -> bool {
    let Some(wanted) = place.position(key) else { return false };
    let (end, cut) = bottom(place);
    let mut left = rows + cut;
    for at in (wanted..end).rev() {
        let before = at.checked_sub(1).and_then(|at| place.entries.get(at));
        let height =
            place.entries.get(at).map_or(0, |entry| rows_of(place, entry, before, ink).len());
        if height > left {
            return false;
        }
        left -= height;
    }
    wanted < end
}

/// Behind which entry the window ends, and how many rows of the last one are cut off.
fn bottom(place: &Place) -> (usize, usize) {
    let anchor = place.anchor.and_then(|anchor| Some((place.position(anchor.key)?, anchor.cut)));
    anchor.map_or((place.entries.len(), 0), |(at, cut)| (at + 1, cut))
}

/// Moves by so many rows; down where positive. `true`: the beginning is to be seen.
pub(super) fn scroll(place: &mut Place, by: isize, rows: usize, ink: Ink) -> bool {
    let height = |place: &Place, at: usize| {
        let before = at.checked_sub(1).and_then(|at| place.entries.get(at));
        place.entries.get(at).map_or(0, |entry| rows_of(place, entry, before, ink).len())
    };
    let n_entries = place.entries.len();
    let (end, mut cut) = bottom(place);
    let Some(mut at) = end.checked_sub(1) else { return true };
    let mut left = by.unsigned_abs();
    if by < 0 {
        cut = cut.saturating_add(left);
        while cut >= height(place, at) {
            if at == 0 {
                break;
            }
            cut -= height(place, at);
            at -= 1;
        }
        // Not beyond the first row: the window stays full.
        let mut above = height(place, at).saturating_sub(cut);
        let mut first = at;
        while above < rows && first > 0 {
            first -= 1;
            above += height(place, first);
        }
        let is_top = first == 0 && above <= rows;
        set(place, at, cut.min(height(place, at)));
        if above < rows {
            down(place, rows - above, &height);
        }
        return is_top;
    }
    left = left.min(n_entries.saturating_mul(1_000));
    down(place, left, &height);
    false
}

/// Down by so many rows, or to the end.
fn down(place: &mut Place, by: usize, height: &impl Fn(&Place, usize) -> usize) {
    let (end, mut cut) = bottom(place);
    let Some(mut at) = end.checked_sub(1) else { return };
    let mut left = by;
    while left > cut {
        left -= cut;
        if at + 1 >= place.entries.len() {
            place.anchor = None;
            return;
        }
        at += 1;
        cut = height(place, at);
    }
    set(place, at, cut - left);
}

fn set(place: &mut Place, at: usize, cut: usize) {
    let is_end = at + 1 == place.entries.len() && cut == 0;
    let key = place.entries.get(at).map(|entry| entry.key);
    place.anchor = key.filter(|_| !is_end).map(|key| Anchor { key, cut });
}

/// An entry with what stands above it: a new day, the first unread one.
fn rows_of(place: &Place, entry: &Entry, before: Option<&Entry>, ink: Ink) -> Vec<Row> {
    let mut rows = Vec::new();
    let day = |entry: &Entry| local(entry.time, ink.offset).get(..10).map(str::to_owned);
    if before.and_then(day) != day(entry) {
        let date = day(entry).unwrap_or_default();
        rows.push(rule(&date, ink.palette.look(Look::Faint), ink.columns));
    }
    if place.marker.is_some_and(|marker| is_first_unread(place, entry, before, marker, ink.me)) {
        let text = Label::Unread.text(ink.lang);
        rows.push(rule(text, ink.palette.look(Look::Marker), ink.columns));
    }
    match &entry.what {
        What::Said(words) => {
            let first = rows.len();
            said(place, entry.time, words, ink, &mut rows);
            if ink.picked == Some(entry.key) {
                let chosen = ink.palette.look(Look::Chosen);
                let pieces = rows.iter_mut().skip(first).flatten();
                pieces.for_each(|(_, style)| *style = style.patch(chosen));
            }
        }
        What::Notice { text, is_bad } => {
            let look = if *is_bad { Look::Bad } else { Look::Faint };
            told(entry.time, text, ink.palette.look(look), ink, &mut rows);
        }
        What::Noise { came, left } => {
            let text = noise(came, left, ink.lang);
            told(entry.time, &text, ink.palette.look(Look::Faint), ink, &mut rows);
        }
    }
    rows
}

fn is_first_unread(
    place: &Place,
    entry: &Entry,
    before: Option<&Entry>,
    marker: MessageId,
    me: UserId,
) -> bool {
    let is_unread = |entry: &Entry| {
        entry.words().is_some_and(|words| words.id > Some(marker) && words.sender != me)
    };
    is_unread(entry)
        && match before {
            None => true,
            Some(before) if before.id().is_some() => before.id() <= Some(marker),
            // A notice in between: the one before it decides.
            Some(before) => {
                let at = place.position(before.key).unwrap_or(0);
                let last = place.entries.range(..at).rev().find_map(Entry::id);
                last.is_none_or(|last| last <= marker)
            }
        }
}

/// A text in the middle of a line.
fn rule(text: &str, style: Style, columns: usize) -> Row {
    let text = fit(text, columns.saturating_sub(4));
    let dashes = columns.saturating_sub(width(&text) + 2);
    let (left, right) = (dashes / 2, dashes - dashes / 2);
    vec![(format!("{} {text} {}", "─".repeat(left), "─".repeat(right)), style)]
}

fn local(time: Millis, offset: i64) -> String {
    clock::utc(time.plus(offset * 60_000))
}

fn clock_time(time: Millis, ink: Ink) -> (String, Style) {
    let local = local(time, ink.offset);
    let time = local.get(11..16).unwrap_or_default();
    (pad(time, TIME), ink.palette.look(Look::Faint))
}

/// What this program says itself.
fn told(time: Millis, text: &str, style: Style, ink: Ink, rows: &mut Vec<Row>) {
    let indent = TIME + 2;
    for (n, line) in wrap(text, ink.columns.saturating_sub(indent)).into_iter().enumerate() {
        let head = match n {
            0 => vec![clock_time(time, ink), ("· ".to_owned(), style)],
            _ => vec![(" ".repeat(indent), style)],
        };
        rows.push(head.into_iter().chain([(line, style)]).collect());
    }
}

fn noise(came: &[std::sync::Arc<str>], left: &[std::sync::Arc<str>], lang: Lang) -> String {
    let list = |names: &[std::sync::Arc<str>]| {
        let shown: Vec<_> = names.iter().take(MAX_NOISE).map(|name| &**name).collect();
        let more = names.len().saturating_sub(MAX_NOISE);
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        shown.join(", ") + &more
    };
    let mut parts = Vec::new();
    if !came.is_empty() {
        parts.push(Tell::CameAll { names: &list(came) }.text(lang));
    }
    if !left.is_empty() {
        parts.push(Tell::LeftAll { names: &list(left) }.text(lang));
    }
    parts.join("; ")
}

fn said(place: &Place, time: Millis, words: &Words, ink: Ink, rows: &mut Vec<Row>) {
    let is_me = words.sender == ink.me;
    let name = clean::line(&words.name);
    let style = ink.palette.person(words.sender, is_me);
    let plain = ink.palette.look(if words.is_mention { Look::Mention } else { Look::Plain });
    let (head, indent) = if ink.columns >= WIDE {
        let name = fit(&name, NAME);
        let blanks = " ".repeat(NAME.saturating_sub(width(&name)));
        let bar = ink.palette.look(Look::Faint);
        let head =
            vec![clock_time(time, ink), (blanks, style), (name, style), (" │ ".to_owned(), bar)];
        (head, TIME + NAME + 3)
    } else {
        let name = fit(&name, ink.columns.saturating_sub(TIME + 4).min(NAME * 2));
        (vec![clock_time(time, ink), (format!("{name}: "), style)], TIME)
    };
    let used: usize = head.iter().map(|(text, _)| width(text)).sum();
    let state = if is_me { state_of(place, words, ink) } else { None };
    let room = ink.columns.saturating_sub(indent).max(2);
    // The first row begins further right where the name stands in it: blanks take its place.
    let lead = used.saturating_sub(indent).min(room.saturating_sub(2));
    if let Some(answered) = words.reply_to {
        rows.push(answers(place, answered, ink, indent));
    }
    let (said, plain) = match words.is_deleted {
        true => (Label::Deleted.text(ink.lang), ink.palette.look(Look::Faint)),
        false => (&*words.text, plain),
    };
    let text = format!("{}{said}", "\u{a0}".repeat(lead));
    let mut lines = wrap(&text, room).into_iter();
    let first = lines.next().unwrap_or_default();
    let first: String = first.chars().skip(lead).collect();
    rows.push(head.into_iter().chain([(first, plain)]).collect());
    let bar = (indent > TIME).then(|| (" │ ".to_owned(), ink.palette.look(Look::Faint)));
    for line in lines {
        let blanks = indent - bar.as_ref().map_or(0, |_| 3);
        let mut row = vec![(" ".repeat(blanks), plain)];
        row.extend(bar.clone());
        row.push((line, plain));
        rows.push(row);
    }
    let faint = ink.palette.look(Look::Faint);
    if words.is_edited && !words.is_deleted {
        behind(rows, Label::Edited.text(ink.lang), faint, ink, indent);
    }
    if !words.reactions.is_empty() {
        let all = words.reactions.iter().map(|its| format!("{} {}", its.emoji, its.count));
        let all = fit(&all.collect::<Vec<_>>().join("  "), ink.columns.saturating_sub(indent));
        rows.push(vec![(" ".repeat(indent), plain), (all, faint)]);
    }
    if let Some((text, style)) = state {
        behind(rows, &text, style, ink, indent);
    }
}

/// What is answered, in one row.
fn answers(place: &Place, id: MessageId, ink: Ink, indent: usize) -> Row {
    let answered = place.entries.iter().rev().find(|entry| entry.id() == Some(id));
    let (name, text) = match answered.and_then(Entry::words) {
        Some(words) => (clean::line(&words.name), clean::line(&words.text)),
        // Older than what is here.
        None => (format!("#{}", id.0), "…".to_owned()),
    };
    let text = Tell::Answers { name: &name, text: &text }.text(ink.lang);
    let text = fit(&text, ink.columns.saturating_sub(indent));
    vec![(" ".repeat(indent), Style::new()), (text, ink.palette.look(Look::Faint))]
}

/// Puts a state behind the last row, or below it.
fn behind(rows: &mut Vec<Row>, text: &str, style: Style, ink: Ink, indent: usize) {
    let used = rows.last().map_or(0, |row| row.iter().map(|(text, _)| width(text)).sum::<usize>());
    if used + width(text) < ink.columns {
        if let Some(row) = rows.last_mut() {
            row.push((format!(" {text}"), style));
        }
        return;
    }
    for line in wrap(text, ink.columns.saturating_sub(indent)) {
        rows.push(vec![(" ".repeat(indent), style), (line, style)]);
    }
}

/// How far one's own words have come, in a sign or in words.
fn state_of(place: &Place, words: &Words, ink: Ink) -> Option<(String, Style)> {
    let faint = ink.palette.look(Look::Faint);
    let told = match &words.state {
        State::Waiting => ("…".to_owned(), faint),
        State::Later(why) => (Tell::Later { why }.text(ink.lang), ink.palette.look(Look::Marker)),
        State::Refused(why) => (Tell::Refused { why }.text(ink.lang), ink.palette.look(Look::Bad)),
        State::Stored if !place.is_private() => ("✓".to_owned(), faint),
        State::Stored if words.id <= Some(place.peer_read) => {
            ("✓✓".to_owned(), ink.palette.look(Look::Good))
        }
        State::Stored if words.id <= Some(place.delivered) => ("✓✓".to_owned(), faint),
        State::Stored => ("✓".to_owned(), faint),
    };
    Some(told)
}
