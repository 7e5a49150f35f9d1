//! The model as the terminal sees it: how large it is, what its window is called.

use ratatui_core::layout::Rect;

use crate::client::ui::full::colour::{Depth, Palette};
use crate::client::ui::full::draw;
use crate::client::ui::full::talk::{Ink, Size};
use crate::texts::full::Label;

use super::{Mode, Model};

impl Model {
    /// The screen is this large.
    pub(in super::super) fn fit(&mut self, area: Rect) {
        self.screen = usize::from(area.width);
        let talk = draw::lay_out(self, area).talk;
        self.size = Size { columns: talk.width.into(), rows: talk.height.into() };
        if let Mode::Panel(panel) = &mut self.mode {
            panel.follow(self.size);
        }
    }

    /// For rows that nobody sees.
    pub(in super::super) fn ink(&self) -> Ink {
        Ink {
            palette: Palette(Depth::Mono),
            lang: self.lang,
            offset: self.offset,
            me: self.my_id(),
            columns: self.size.columns,
            picked: None,
        }
    }

    /// The message that stands out: chosen, or found.
    pub(in super::super) fn outstanding(&self) -> Option<u64> {
        self.picked().or(self.found)
    }

    /// Of the window: with what is new.
    pub(in super::super) fn title(&self) -> String {
        let n_urgent = self.places.iter().filter(|place| place.level() > 1).count();
        let n_new = self.places.iter().filter(|place| place.level() == 1).count();
        match (n_urgent, n_new) {
            (0, 0) => "Hubbub".to_owned(),
            (0, n) => format!("Hubbub ({n})"),
            (n, _) => format!("Hubbub ({n}!)"),
        }
    }

    /// The editor could not be used.
    pub(in super::super) fn no_editor(&mut self) {
        self.say_hint(Label::NoEditor.text(self.lang));
    }

    /// The last picture.
    pub(in super::super) fn leaving(&mut self) {
        self.leave_until = None;
        self.mode = Mode::Typing;
        self.say_hint(Label::Leaving.text(self.lang));
    }
}
