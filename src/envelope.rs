//! An event and its bytes, made at most once per dialect and shared by all who receive it.
//!
//! A [`Dialect`] is a row: how events are spelled, and what the byte path must know of the
//! spelling. Fronts define the rows; the hub makes the envelopes, in its own thread.
//! Knows nothing of recipients.

use std::sync::{Arc, OnceLock};

use crate::protocol::Event;

/// Bytes that many outboxes share.
pub type Bytes = Arc<[u8]>;

/// One way to spell events. Two dialects with the same `slot` would share bytes: each has its
/// own, below [`Dialect::SLOTS`]; `front::FRONTS` is checked for that by a test.
#[derive(Debug)]
pub struct Dialect {
    /// Stable name, for logs and tests.
    pub name: &'static str,
    /// Where an envelope keeps this dialect's bytes.
    pub slot: usize,
    /// Appends the spelling of an event; an event this dialect has no word for appends nothing.
    /// Never fails, never looks at who receives.
    pub encode: fn(&Event, &mut Vec<u8>),
    /// The sender's own session gets its messages back like everybody (lines); otherwise it is
    /// told only that they are stored.
    pub echo: bool,
    /// It has words for rooms other than the lobby and private ones; who speaks a dialect without
    /// gets nothing of them, and nothing of them counts as taken.
    pub rooms: bool,
    /// For peers that take a short read for a whole frame: how many of these bytes one write may
    /// hold, given the connection's segment size. The bytes begin at a frame's first byte.
    /// `None`: the stream may be cut anywhere.
    pub cut: Option<fn(&[u8], usize) -> usize>,
}

impl Dialect {
    /// How many dialects there can be.
    pub const SLOTS: usize = 5;

    /// The bytes of one event, for one recipient.
    pub fn bytes(&self, event: &Event) -> Bytes {
        let mut bytes = Vec::new();
        (self.encode)(event, &mut bytes);
        bytes.into()
    }
}

/// An event with its bytes.
#[derive(Debug)]
pub struct Envelope {
    event: Arc<Event>,
    bytes: [OnceLock<Bytes>; Dialect::SLOTS],
}

impl Envelope {
    /// Nothing is encoded before somebody needs it.
    pub fn new(event: Arc<Event>) -> Self {
        Self { event, bytes: [const { OnceLock::new() }; Dialect::SLOTS] }
    }

    /// Is it about this very event?
    pub fn is_of(&self, event: &Arc<Event>) -> bool {
        Arc::ptr_eq(&self.event, event)
    }

    /// What happened.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// How this dialect says it; empty where it has no word for it.
    pub fn bytes(&self, dialect: &Dialect) -> Bytes {
        match self.bytes.get(dialect.slot) {
            Some(slot) => Arc::clone(slot.get_or_init(|| dialect.bytes(&self.event))),
            None => dialect.bytes(&self.event),
        }
    }
}
