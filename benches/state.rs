//! The rules: a text to a room of so many, from the act to the last effect.

use std::hint::black_box;
use std::sync::Arc;

use hubbub::protocol::{Act, Message, MessageId, Receipts, RoomId, SessionId, UserId};
use hubbub::state::{Attach, Effect, Fate, Input, Moment, Posted, State};

use crate::codec::text;
use crate::harness::measure;

pub fn run() {
    for n in [10, 1_000, 10_000] {
        let mut room = Room::of(n);
        measure(&format!("state: a text in a room of {n}"), 1, || room.say());
    }
}

struct Room {
    state: State,
    effects: Vec<Effect>,
    last: u64,
}

impl Room {
    /// Guests: they are live at once.
    fn of(n: u64) -> Self {
        let mut state = State::new("epoch".into(), 1);
        let mut effects = Vec::new();
        for id in 1..=n {
            let attach = Attach {
                ip: None,
                ignored: Vec::new(),
                session: SessionId(id),
                user: UserId(-(id as i64)),
                name: None,
                shared: false,
                address: format!("10.0.0.1:{id}").into(),
                device: None,
                called: None,
                receipts: Receipts::default(),
                rooms: true,
                operator: false,
            };
            state.apply(Input::Attach(Box::new(attach)), Moment::default(), &mut effects);
            effects.clear();
        }
        Self { state, effects, last: 0 }
    }

    /// The act, the append that it leads to, and the word that it is stored.
    fn say(&mut self) {
        let act = Act::Send { room: RoomId::Lobby, text: text(), reference: None, about: None };
        let acts = Input::Acts { session: SessionId(1), acts: vec![act] };
        self.state.apply(acts, Moment::default(), &mut self.effects);
        let appended = self.effects.drain(..).find_map(|effect| match effect {
            Effect::Append { session, append } => Some((session, append)),
            _ => None,
        });
        let (session, append) = appended.expect("a guest may speak");
        self.last += 1;
        let (bytes, nonce) = (append.text.as_str().len(), append.nonce);
        let message = Message {
            id: MessageId(self.last),
            room: append.room,
            sender: append.sender,
            name: append.name,
            time: append.time,
            text: append.text,
            reference: append.reference.clone(),
            about: append.about,
        };
        let outcome = Ok((Arc::new(message), true));
        let fate = Fate::Sent { reference: append.reference, nonce, bytes, outcome };
        let posted = Posted { session, fate };
        self.state.apply(Input::Posted(vec![posted]), Moment::default(), &mut self.effects);
        black_box(&self.effects);
        self.effects.clear();
    }
}
