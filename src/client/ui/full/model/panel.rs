//! Something long that stands over the talk: lists, help, what was found.

use crate::client::ui::clean;
use crate::client::ui::command::here;
use crate::client::ui::full::keymap;
use crate::client::ui::full::talk::Size;
use crate::client::ui::full::wrap::{pad, width, wrap};
use crate::client::ui::listing::{Goal, Listing, Row};
use crate::texts::full::{Label, Tell};
use crate::texts::{Lang, commands};

use super::People;

/// People in a list of who is online, at most: nobody reads on.
const MAX_LISTED: usize = 2_000;

/// By how much the rest of a row without a head is moved in.
const HANG: usize = 2;

/// A list, and what of it is looked at.
#[derive(Debug)]
pub(in super::super) struct Panel {
    pub(in super::super) list: Listing,
    /// The chosen row.
    at: usize,
    /// The first row that is shown.
    top: usize,
}

impl Panel {
    pub(super) fn new(list: Listing) -> Self {
        Self { list, at: 0, top: 0 }
    }

    pub(super) fn online(people: &People, lang: Lang) -> Self {
        let online = people.online().take(MAX_LISTED);
        let rows = online.map(|(id, name)| {
            Row::new("", format!("{id:>8}  {}", clean::line(name)), Goal::Talk(id))
        });
        let title = Tell::Online { count: people.n_online() }.text(lang);
        Self::new(Listing::new(title, rows.collect()))
    }

    /// Commands: choosing one begins it.
    pub(super) fn help(lang: Lang) -> Self {
        let mut rows = vec![Row::alone(Label::HelpIntro.text(lang))];
        rows.extend(here::commands().into_iter().map(|(name, usage)| {
            let begun = Goal::Type(format!("/{name} "));
            Row::new(usage, commands::what(name, lang), begun)
        }));
        Self::new(Listing::new(Label::Help.text(lang), rows))
    }

    pub(super) fn keys(lang: Lang) -> Self {
        let keys = keymap::listed(lang).into_iter();
        let mut rows: Vec<_> = keys.map(|(keys, what)| Row::new(keys, what, Goal::None)).collect();
        rows.push(Row::alone(Label::States.text(lang)));
        Self::new(Listing::new(Label::Keys.text(lang), rows))
    }

    /// Up or down by so many rows.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.list.rows.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    /// A page down, or up.
    pub(super) fn turn(&mut self, down: bool, size: Size) {
        let room = room(size);
        let (mut used, mut next) = (0, self.top);
        let last = self.list.rows.len().saturating_sub(1);
        if down {
            while next <= last && used + self.height(next, size) <= room {
                used += self.height(next, size);
                next += 1;
            }
            self.at = next.max(self.top + 1).min(last);
            self.top = if next > last { self.top } else { self.at };
        } else {
            while next > 0 && used + self.height(next - 1, size) <= room {
                next -= 1;
                used += self.height(next, size);
            }
            self.top = next.min(self.top.saturating_sub(1));
            self.at = self.top;
        }
    }

    /// The chosen row is to be seen, as a whole where it fits, and nothing below the last row.
    pub(super) fn follow(&mut self, size: Size) {
        let last = self.list.rows.len().saturating_sub(1);
        let (first, most) = (self.highest(self.at, size), self.highest(last, size));
        self.top = self.top.clamp(first, self.at).min(most);
    }

    /// The first row that can be shown when this one is to be seen as a whole.
    fn highest(&self, at: usize, size: Size) -> usize {
        let mut left = room(size).saturating_sub(self.height(at, size));
        let mut first = at;
        while let Some(above) = first.checked_sub(1) {
            let Some(rest) = left.checked_sub(self.height(above, size)) else { break };
            (left, first) = (rest, above);
        }
        first
    }

    /// Lines that fit below the title, and whether each belongs to the chosen row.
    pub(in super::super) fn window(&self, size: Size) -> Vec<(bool, String)> {
        let rows = self.list.rows.iter().enumerate().skip(self.top);
        let column = self.column(size.columns);
        let lines = rows.flat_map(|(at, row)| {
            let lines = broken(row, size.columns, column).into_iter();
            lines.map(move |line| (at == self.at, line))
        });
        lines.take(room(size)).collect()
    }

    pub(super) fn goal(&self) -> Goal {
        self.list.rows.get(self.at).map_or(Goal::None, |row| row.goal.clone())
    }

    #[cfg(test)]
    pub(in super::super) fn leads_to(&self, line: &str) -> bool {
        self.goal() == Goal::Type(line.to_owned())
    }

    fn height(&self, at: usize, size: Size) -> usize {
        let column = self.column(size.columns);
        self.list.rows.get(at).map_or(0, |row| broken(row, size.columns, column).len())
    }

    /// Where the texts begin behind their heads: heads that are longer have lines of their own.
    fn column(&self, columns: usize) -> usize {
        let widest = self.list.rows.iter().map(|row| width(&row.head)).max().unwrap_or(0);
        (widest + HANG).min(columns * 2 / 5)
    }
}

/// Lines below the title.
fn room(size: Size) -> usize {
    size.rows.saturating_sub(1).max(1)
}

/// A row as lines of at most `columns`, its text from `column` on.
fn broken(row: &Row, columns: usize, column: usize) -> Vec<String> {
    let indented = |by: usize| {
        let lines = wrap(&row.text, columns.saturating_sub(by)).into_iter();
        lines.map(move |line| format!("{}{line}", " ".repeat(by))).collect::<Vec<_>>()
    };
    if row.head.is_empty() {
        let mut lines = indented(HANG);
        if let Some(first) = lines.first_mut() {
            first.drain(..HANG);
        }
        return lines;
    }
    let mut lines = indented(column);
    if width(&row.head) + HANG > column {
        drop(lines.splice(..0, wrap(&row.head, columns)));
    } else if let Some(first) = lines.first_mut() {
        first.replace_range(..column, &pad(&row.head, column));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without blanks, which a line break may take.
    fn bare(text: &str) -> String {
        text.split_whitespace().collect()
    }

    /// Rows of the panel with nothing in them.
    fn left(panel: &Panel, size: Size) -> usize {
        room(size) - panel.window(size).len()
    }

    #[test]
    fn pages_show_every_row_whole_and_lead_back() {
        for (columns, rows) in [(40, 9), (60, 19), (120, 40)] {
            let size = Size { columns, rows };
            let mut panel = Panel::help(Lang::En);
            let mut pages = Vec::new();
            for _ in 0..100 {
                panel.follow(size);
                let page: Vec<_> = panel.window(size).into_iter().map(|(_, line)| line).collect();
                assert!(page.len() < rows && page.iter().all(|line| width(line) <= columns));
                pages.push(bare(&page.concat()));
                panel.turn(true, size);
            }
            // The last page is a full one.
            let last = panel.list.rows.len() - 1;
            assert_eq!((panel.at, panel.top), (last, panel.highest(last, size)));
            assert!(panel.top == 0 || panel.height(panel.top - 1, size) > left(&panel, size));
            for row in &panel.list.rows {
                let text = bare(&row.head) + &bare(&row.text);
                assert!(pages.iter().any(|page| page.contains(&text)), "{text} at {columns}");
            }
            (0..100).for_each(|_| panel.turn(false, size));
            panel.follow(size);
            assert_eq!((panel.at, panel.top), (0, 0));
        }
    }
}
