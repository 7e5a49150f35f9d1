//! A model with a picture of it, without terminal and connection.

use ratatui_core::backend::TestBackend;
use ratatui_core::buffer::Cell;
use ratatui_core::layout::Rect;
use ratatui_core::terminal::Terminal;

use crate::client::ui::full::colour::{Depth, Palette};
use crate::client::ui::full::draw;
use crate::client::ui::full::keys::Decoder;
use crate::client::ui::full::model::{Do, Model, Setup};
use crate::client::ui::full::wrap;
use crate::client::{Room, Said, Update};
use crate::clock;
use crate::protocol::{Member, MessageId, Millis, Reference, RoomId, RoomNo, UserId};
use crate::texts::Lang;

pub(super) const ME: UserId = UserId(100);
pub(super) const EVE: UserId = UserId(200);
pub(super) const RUST: RoomId = RoomId::Named(RoomNo(7));
/// 2026-11-21 06:00 UTC.
pub(super) const NOW: Millis = Millis(1_795_240_800_000);

pub(super) struct Bench {
    pub(super) model: Model,
    terminal: Terminal<TestBackend>,
    pub(super) decoder: Decoder,
    /// The last id that was used.
    pub(super) id: u64,
}

impl Bench {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        let setup = Setup {
            lang: Lang::En,
            offset: 60,
            address: "127.0.0.1:8889".to_owned(),
            user: None,
            is_ready: false,
            rings: false,
        };
        let terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut bench =
            Self { model: Model::new(setup, NOW), terminal, decoder: Decoder::default(), id: 0 };
        bench.draw();
        bench.model.take_orders();
        bench
    }

    /// Logged in, with another one online.
    pub(super) fn inside(columns: u16, rows: u16) -> Self {
        let mut bench = Self::new(columns, rows);
        bench.hear(Update::Connected { server: "hubbub/1".to_owned() });
        bench.hear(Update::LoggedIn { me: member(ME, "tom"), n_online: 2 });
        bench.hear(Update::Online(vec![member(ME, "tom"), member(EVE, "Eve")]));
        let room = Room {
            room: RUST.to_string(),
            room_name: "#rust".to_owned(),
            topic: "Crabs & 螃蟹".to_owned(),
            ..Room::default()
        };
        bench.hear(Update::Rooms { rooms: vec![room], more: false, own: true });
        bench.answer_past();
        bench
    }

    /// The server has nothing to tell of before.
    pub(super) fn answer_past(&mut self) {
        loop {
            self.model.tick(NOW);
            let asked = self.orders().into_iter().find_map(|order| match order {
                Do::History(room, _) => Some(room),
                _ => None,
            });
            let Some(room) = asked else { return };
            self.hear(Update::History { room, messages: Vec::new(), more: false });
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "made where it is heard")]
    pub(super) fn hear(&mut self, update: Update) {
        self.model.hear(&update);
    }

    pub(super) fn said(
        &self,
        room: RoomId,
        id: u64,
        (sender, name): (UserId, &str),
        text: &str,
    ) -> Said {
        Said {
            room,
            id: MessageId(id),
            room_name: (room == RUST).then(|| "#rust".to_owned()),
            peer: room.other(ME),
            sender,
            name: name.to_owned(),
            time: NOW,
            text: text.to_owned(),
            replayed: false,
            reply_to: None,
            edited: None,
            is_deleted: false,
            reactions: Vec::new(),
        }
    }

    /// Eve says something.
    pub(super) fn say(&mut self, room: RoomId, text: &str) {
        self.id += 1;
        let said = self.said(room, self.id, (EVE, "Eve"), text);
        self.hear(Update::Said(said));
    }

    pub(super) fn type_in(&mut self, text: &str) {
        for typed in self.decoder.feed(text.as_bytes(), clock::now()) {
            self.model.typed(typed);
        }
    }

    /// A moment without keys: a lone escape is one.
    pub(super) fn pass(&mut self) {
        let later = clock::now() + std::time::Duration::from_secs(1);
        for typed in self.decoder.flush(later) {
            self.model.typed(typed);
        }
    }

    pub(super) fn orders(&mut self) -> Vec<Do> {
        self.model.tick(NOW);
        self.model.take_orders()
    }

    /// What was said gets names, as the library gives them.
    pub(super) fn send(&mut self) -> Vec<Reference> {
        let mut references = Vec::new();
        for order in self.orders() {
            if let Do::Say { key, room, .. } = order {
                let reference = Reference::new(&format!("r{key}")).unwrap();
                self.model.named((room, key), Ok(reference.clone()));
                references.push(reference);
            }
        }
        references
    }

    pub(super) fn draw(&mut self) -> Vec<String> {
        let model = &mut self.model;
        self.terminal
            .draw(|frame| {
                model.fit(frame.area());
                let cursor = draw::draw(model, Palette(Depth::Mono), frame.buffer_mut());
                cursor.into_iter().for_each(|cursor| frame.set_cursor_position(cursor));
            })
            .unwrap();
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        buffer.content.chunks(width).map(row).collect()
    }

    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        self.terminal.backend_mut().resize(columns, rows);
        self.terminal.resize(Rect::new(0, 0, columns, rows)).unwrap();
    }

    pub(super) fn shows(&mut self, text: &str) -> bool {
        self.draw().iter().any(|row| row.contains(text))
    }

    #[track_caller]
    pub(super) fn must_show(&mut self, text: &str) {
        let rows = self.draw();
        assert!(rows.iter().any(|row| row.contains(text)), "no {text:?} in\n{}", rows.join("\n"));
    }
}

/// The cells of a row without those that a wide character covers.
fn row(cells: &[Cell]) -> String {
    let (mut text, mut covered) = (String::new(), 0);
    for cell in cells {
        if covered > 0 {
            covered -= 1;
            continue;
        }
        text.push_str(cell.symbol());
        covered = wrap::width(cell.symbol()).saturating_sub(1);
    }
    text.trim_end().to_owned()
}

pub(super) fn member(id: UserId, name: &str) -> Member {
    Member { id, name: name.into(), address: "".into(), absence: None }
}
