//! The first screen.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};

use super::put;
use crate::client::ui::full::colour::{Look, Palette};
use crate::client::ui::full::model::{Field, Finding, Model, Start, Wrong};
use crate::client::ui::full::wrap::{pad, width, wrap};
use crate::texts::Lang;
use crate::texts::full::Label;

/// Of the names of fields.
const LABELS: usize = 13;

/// Lines are not longer than this: they are to be read.
const MAX_COLUMNS: u16 = 76;

pub(super) fn draw(
    model: &Model,
    start: &Start,
    palette: Palette,
    buffer: &mut Buffer,
) -> Option<Position> {
    let screen = buffer.area;
    let columns = screen.width.min(MAX_COLUMNS);
    let lang = model.lang;
    let area = Rect::new((screen.width - columns) / 2, 0, columns, screen.height);
    let mut page = Page { area, y: u16::from(screen.height > 16), palette, buffer };
    page.lines(Label::Start.text(lang), Look::Strong);
    page.y += 1;
    let mut cursor = None;
    for field in start.fields() {
        let at = page.field(start, *field, lang);
        if *field == start.field {
            cursor = at;
        }
        if *field == Field::Server {
            match &start.finding {
                Finding::Looking => page.lines(Label::Looking.text(lang), Look::Faint),
                Finding::There(program) => page.lines(&format!("✓ {program}"), Look::Good),
                Finding::NotThere(why) => {
                    page.lines(why, Look::Bad);
                    page.lines(Label::NoServerHint.text(lang), Look::Plain);
                }
            }
            page.y += 1;
        }
    }
    page.y += 1;
    if start.is_asking {
        page.lines(Label::Asking.text(lang), Look::Faint);
    }
    match &start.wrong {
        None => {}
        Some(Wrong::Told(words)) => page.lines(words, Look::Bad),
        Some(Wrong::Who) => page.lines(Label::BadWho.text(lang), Look::Bad),
        Some(Wrong::Name) => page.lines(Label::BadName.text(lang), Look::Bad),
        Some(Wrong::Password) => page.lines(Label::BadPassword.text(lang), Look::Bad),
        Some(Wrong::Differ) => page.lines(Label::Differ.text(lang), Look::Bad),
        Some(Wrong::NoCode) => page.lines(Label::NoCode.text(lang), Look::Bad),
    }
    if model.says_leave() {
        page.lines(Label::LeaveAgain.text(lang), Look::Strong);
    }
    page.lines(Label::StartKeys.text(lang), Look::Faint);
    cursor
}

struct Page<'a> {
    area: Rect,
    y: u16,
    palette: Palette,
    buffer: &'a mut Buffer,
}

impl Page<'_> {
    /// A text as long as it needs.
    fn lines(&mut self, text: &str, look: Look) {
        for line in wrap(text, usize::from(self.area.width).saturating_sub(2)) {
            self.line(&line, look);
        }
    }

    fn line(&mut self, text: &str, look: Look) {
        if self.y < self.area.bottom() {
            let style = self.palette.look(look);
            put(self.buffer, (self.area.x + 1, self.y), self.area.width - 1, text, style);
        }
        self.y += 1;
    }

    fn field(&mut self, start: &Start, field: Field, lang: Lang) -> Option<Position> {
        let (y, is_here) = (self.y, field == start.field);
        let sign = if is_here { "› " } else { "  " };
        let label = format!("{sign}{}", pad(name(field).text(lang), LABELS));
        let Some(input) = start.input(field) else {
            let kind = if start.is_new { Label::IsNew } else { Label::HasAccount };
            self.line(&format!("{label}‹ {} ›", kind.text(lang)), Look::Plain);
            return None;
        };
        let is_secret = matches!(field, Field::Password | Field::Again);
        let shown = |text: &str| match is_secret {
            true => "•".repeat(text.chars().count()),
            false => crate::client::ui::clean::line(text),
        };
        // The end of a long line is what is being typed.
        let room = usize::from(self.area.width).saturating_sub(width(&label) + 2).max(1);
        let (mut before, text) = (shown(input.before()), shown(input.text()));
        let mut text = text;
        while width(&before) >= room {
            let cut = before.chars().next().map_or(0, char::len_utf8);
            before = before.split_off(cut);
            text = text.split_off(cut);
        }
        self.line(&format!("{label}{text}"), Look::Plain);
        let x = 1 + width(&label) + width(&before);
        let x = self.area.x + u16::try_from(x).unwrap_or(0);
        (y < self.area.bottom()).then(|| Position::new(x.min(self.area.right() - 1), y))
    }
}

fn name(field: Field) -> Label {
    match field {
        Field::Server => Label::Server,
        Field::Kind => Label::Kind,
        Field::Who => Label::Who,
        Field::Name => Label::Name,
        Field::Password => Label::Password,
        Field::Again => Label::Again,
        Field::Code => Label::Code,
    }
}
