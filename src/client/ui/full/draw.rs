//! The model as a picture: pure, from what is known to cells. Everything that others wrote comes
//! here clean, and is cut to the room there is by what it is wide.

mod form;
mod side;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use ratatui_core::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::colour::{Look, Palette};
use super::input::Input;
use super::model::{Link, Mode, Model, Panel};
use super::talk::{self, Ink, Row, Size};
use super::wrap::{fit, fit_words, width};
use crate::client::ui::clean;
use crate::texts::full::{Label, Tell};

/// Of the lists beside the talk.
const PLACES: u16 = 20;
const PEOPLE: u16 = 18;

/// A screen that is smaller shows only that it is.
const MIN_COLUMNS: u16 = 16;
const MIN_ROWS: u16 = 5;

/// Where what stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) places: Option<Rect>,
    pub(super) people: Option<Rect>,
    pub(super) topic: Rect,
    pub(super) talk: Rect,
    pub(super) state: Rect,
    pub(super) input: Rect,
}

/// Divides the screen.
pub(super) fn lay_out(model: &Model, area: Rect) -> Layout {
    let strip = |y: u16, rows: u16| Rect::new(0, y, area.width, rows);
    let most = (area.height / 3).max(1);
    let rows = input_rows(&model.input, area.width).len();
    let input = u16::try_from(rows).unwrap_or(most).clamp(1, most);
    let rows = area.height.saturating_sub(input + 2);
    let is_narrow = area.width < PLACES + PEOPLE + MIN_COLUMNS;
    let places = talk::shows_places(model).then_some(PLACES.min(area.width / 2));
    let people = talk::shows_people(model) && !(is_narrow && places.is_some());
    let people = people.then_some(PEOPLE.min(area.width / 2));
    let (left, right) = (places.map_or(0, |w| w + 1), people.map_or(0, |w| w + 1));
    let column = |x: u16, columns: u16| Rect::new(x, 1, columns, rows);
    Layout {
        places: places.map(|columns| column(0, columns)),
        people: people.map(|columns| column(area.width - columns, columns)),
        topic: strip(0, 1),
        talk: column(left, area.width.saturating_sub(left + right)),
        state: strip(rows + 1, 1),
        input: strip(rows + 2, input),
    }
}

/// Draws everything. Returns where the cursor belongs.
pub(super) fn draw(model: &Model, palette: Palette, buffer: &mut Buffer) -> Option<Position> {
    let area = buffer.area;
    if area.width < MIN_COLUMNS || area.height < MIN_ROWS {
        put(buffer, (0, 0), area.width, Label::TooSmall.text(model.lang), Style::new());
        return None;
    }
    if let Some(start) = &model.start {
        return form::draw(model, start, palette, buffer);
    }
    let layout = lay_out(model, area);
    topic(model, palette, layout.topic, buffer);
    if let Some(area) = layout.places {
        side::places(model, palette, area, buffer);
        edge(area.right(), area, palette, buffer);
    }
    if let Some(area) = layout.people {
        side::people(model, palette, area, buffer);
        edge(area.x.saturating_sub(1), area, palette, buffer);
    }
    match &model.mode {
        Mode::Panel(shown) => panel(shown, palette, layout.talk, buffer),
        _ => said(model, palette, layout.talk, buffer),
    }
    state(model, palette, layout.state, buffer);
    Some(input(model, layout.input, buffer))
}

/// Puts a clean text into a row, cut to the room. Returns the column behind it.
fn put(buffer: &mut Buffer, (x, y): (u16, u16), columns: u16, text: &str, style: Style) -> u16 {
    let text = fit(text, usize::from(columns));
    buffer.set_stringn(x, y, text, usize::from(columns), style).0
}

fn edge(x: u16, area: Rect, palette: Palette, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        put(buffer, (x, y), 1, "│", palette.look(Look::Faint));
    }
}

fn topic(model: &Model, palette: Palette, area: Rect, buffer: &mut Buffer) {
    let bar = palette.look(Look::Bar);
    buffer.set_style(area, bar);
    let Some(here) = model.here() else { return };
    let name = match here.topic.as_str() {
        "" => format!(" {}", here.name),
        topic => format!(" {} — {topic}", here.name),
    };
    // Where the list is not shown, what is new elsewhere stands here.
    let news = if talk::shows_places(model) { String::new() } else { side::news(model) };
    let room = usize::from(area.width).saturating_sub(width(&news) + 1);
    let room = u16::try_from(room).unwrap_or(area.width);
    let x = put(buffer, (area.x, area.y), room.max(area.width / 2), &name, bar);
    if !news.is_empty() {
        let left = area.right().saturating_sub(x + 1);
        let news = fit(&news, usize::from(left));
        let at = area.right().saturating_sub(u16::try_from(width(&news)).unwrap_or(left));
        put(buffer, (at, area.y), left, &news, bar);
    }
}

fn said(model: &Model, palette: Palette, area: Rect, buffer: &mut Buffer) {
    let Some(here) = model.here() else { return };
    let ink = Ink {
        palette,
        lang: model.lang,
        offset: model.offset,
        me: model.my_id(),
        columns: usize::from(area.width),
        picked: model.outstanding(),
    };
    let window = talk::window(here, usize::from(area.height), ink);
    rows(&window, area, buffer);
}

/// Rows at the bottom of an area.
fn rows(rows: &[Row], area: Rect, buffer: &mut Buffer) {
    let n_rows = u16::try_from(rows.len()).unwrap_or(area.height).min(area.height);
    for (y, row) in (area.bottom() - n_rows..area.bottom()).zip(rows) {
        let mut x = area.x;
        for (text, style) in row {
            let left = area.right().saturating_sub(x);
            x = buffer.set_stringn(x, y, text, usize::from(left), *style).0;
        }
    }
}

fn panel(panel: &Panel, palette: Palette, area: Rect, buffer: &mut Buffer) {
    put(buffer, (area.x, area.y), area.width, &panel.list.title, palette.look(Look::Strong));
    let size = Size { columns: area.width.into(), rows: area.height.into() };
    for ((is_chosen, line), y) in panel.window(size).iter().zip(area.y + 1..area.bottom()) {
        let look = if *is_chosen { Look::Chosen } else { Look::Plain };
        put(buffer, (area.x, y), area.width, line, palette.look(look));
    }
}

/// What goes on, and what the keys mean.
fn state(model: &Model, palette: Palette, area: Rect, buffer: &mut Buffer) {
    let bar = palette.look(Look::Bar);
    buffer.set_style(area, bar);
    let (doing, mut right) = (format!(" {}", doing(model)), standing(model));
    let beside = |right: &str| usize::from(area.width).saturating_sub(width(right) + 1);
    // What is said for a moment, and what is asked, goes before what always stands there.
    let is_brief = model.hint().is_some() || !matches!(model.mode, Mode::Typing);
    if is_brief && width(&doing) > beside(&right) {
        right.clear();
    }
    let left = u16::try_from(beside(&right)).unwrap_or(area.width).max(area.width / 2);
    let doing = fit_words(&doing, usize::from(left));
    let x = put(buffer, (area.x, area.y), left, &doing, bar);
    let free = area.right().saturating_sub(x + 1);
    let right = fit(&right, usize::from(free));
    let at = area.right().saturating_sub(u16::try_from(width(&right)).unwrap_or(free));
    put(buffer, (at, area.y), free, &right, bar);
}

/// The most pressing thing to say.
fn doing(model: &Model) -> String {
    let lang = model.lang;
    if model.says_leave() {
        return Label::LeaveAgain.text(lang).to_owned();
    }
    match &model.mode {
        Mode::Pasted(text) => {
            let (lines, bytes) = (text.lines().count(), text.len());
            return Tell::Pasted { lines, bytes }.text(lang);
        }
        Mode::FindTyped { part, .. } => {
            let found = model.found_typed().unwrap_or_default();
            let label = Label::FindTyped.text(lang);
            return format!("{label}: {} → {}", clean::line(part), clean::line(found));
        }
        Mode::FindText { part } if model.hint().is_none() => {
            return Tell::FindText { part: &clean::line(part) }.text(lang);
        }
        Mode::Panel(_) => return Label::PanelKeys.text(lang).to_owned(),
        Mode::Pick { .. } => return model.pick_keys().to_owned(),
        _ => {}
    }
    if let Some(completion) = model.completion().filter(|completion| completion.offered.len() > 1) {
        let shown = completion.offered.iter().enumerate().map(|(at, text)| {
            let text = clean::line(text.trim_end());
            if at == completion.at { format!("[{text}]") } else { text }
        });
        return shown.skip(completion.at.saturating_sub(2)).collect::<Vec<_>>().join(" ");
    }
    if let Some(hint) = model.hint() {
        return hint.to_owned();
    }
    link(model)
}

fn link(model: &Model) -> String {
    let lang = model.lang;
    match &model.link {
        Link::In => typing(model),
        Link::None => Label::Connecting.text(lang).to_owned(),
        Link::Met => Label::NotLoggedIn.text(lang).to_owned(),
        Link::Lost { why, retry_at } => {
            let seconds = retry_at.map(|at| ((at.0 - model.now.0 + 999) / 1_000).max(0));
            Tell::Lost { why, seconds }.text(lang)
        }
    }
}

/// Who writes something here.
fn typing(model: &Model) -> String {
    let typing = model.here().map_or(&[][..], |here| &here.typing);
    let names: Vec<_> = typing.iter().map(|(_, name, _)| name.as_str()).collect();
    match names.is_empty() {
        true => String::new(),
        false => Tell::Typing { names: &names.join(", ") }.text(model.lang),
    }
}

/// What waits, what stands below, oneself.
fn standing(model: &Model) -> String {
    let name = model.me.as_ref().map_or(String::new(), |me| clean::line(&me.name));
    let waiting = Some(model.n_waiting()).filter(|count| *count > 0);
    let waiting = waiting.map(|count| Tell::Waiting { count }.text(model.lang));
    let below = model.here().filter(|here| here.anchor.is_some()).map(|here| here.n_unread);
    let below = below.filter(|count| *count > 0);
    let below = below.map(|count| format!("↓ {}", Tell::Below { count }.text(model.lang)));
    let parts = [waiting, below, Some(name)].into_iter().flatten();
    parts.collect::<Vec<_>>().join("  ") + " "
}

const PROMPT: &str = "> ";

/// The line as rows of the screen, and where each begins in bytes.
fn input_rows(input: &Input, columns: u16) -> Vec<(usize, String)> {
    let room = usize::from(columns).saturating_sub(PROMPT.len() + 1).max(2);
    let (mut rows, mut row, mut from, mut used) = (Vec::new(), String::new(), 0, 0);
    for (at, grapheme) in input.text().grapheme_indices(true) {
        if grapheme == "\n" {
            rows.push((from, std::mem::take(&mut row)));
            (from, used) = (at + 1, 0);
            continue;
        }
        let shown = clean::line(grapheme);
        if used + shown.width() > room {
            rows.push((from, std::mem::take(&mut row)));
            (from, used) = (at, 0);
        }
        used += shown.width();
        row.push_str(&shown);
    }
    rows.push((from, row));
    rows
}

fn input(model: &Model, area: Rect, buffer: &mut Buffer) -> Position {
    let rows = input_rows(&model.input, area.width);
    let at = model.input.before().len();
    let line = rows.iter().rposition(|(from, _)| *from <= at).unwrap_or(0);
    let room = usize::from(area.height);
    let first = (line + 1).saturating_sub(room);
    let mut cursor = Position::new(area.x, area.y);
    for ((n, (from, row)), y) in rows.iter().enumerate().skip(first).zip(area.top()..area.bottom())
    {
        let prompt = if n == 0 { PROMPT } else { "  " };
        let x = put(buffer, (area.x, y), area.width, prompt, Style::new());
        put(buffer, (x, y), area.width.saturating_sub(x), row, Style::new());
        if n == line {
            let before = model.input.before().get(*from..).unwrap_or_default();
            let columns = u16::try_from(width(&clean::line(before))).unwrap_or(area.width);
            cursor = Position::new((x + columns).min(area.right().saturating_sub(1)), y);
        }
    }
    cursor
}
