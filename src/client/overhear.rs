//! What the client makes of bytes, without a socket: for the fuzz targets, which see only what is
//! public. Knows nothing of threads.

use crate::clock;
use crate::protocol::frame::{self, Cut, HEADER};
use crate::protocol::{Password, Reference, Text, UserId, Who};

use super::conversation::{Conversation, Hello, Order};
use super::{Unsent, Update};

/// What came of it.
#[derive(Debug)]
pub struct Overheard {
    /// What the program is told.
    pub updates: Vec<Update>,
    /// What the server is told.
    pub written: Vec<u8>,
}

/// A client that wants to log in and to say something hears these bytes of a server; at the first
/// that are no frames it ends.
pub fn overhear(bytes: &[u8]) -> Overheard {
    let now = clock::now();
    let mut conversation = Conversation::new(Hello::default(), now);
    conversation.connected(now);
    if let (Ok(password), Some(reference), Ok(text)) =
        (Password::new("secret"), Reference::new("r1"), Text::new("hi"))
    {
        conversation.order(Order::Login { who: Who::Id(UserId(100)), password }, now);
        conversation
            .order(Order::Send(Unsent { to: None, room: None, text, reference, about: None }), now);
    }
    let mut rest = bytes;
    while let Cut::Whole(length) = frame::cut(rest, frame::HELLO_LIMIT) {
        let (whole, later) = rest.split_at(HEADER + length);
        conversation.hear(whole.get(HEADER..).unwrap_or_default(), now);
        if conversation.take_lost().is_some() {
            break;
        }
        rest = later;
    }
    conversation.tick(u64::MAX, now);
    Overheard { updates: conversation.updates.into(), written: conversation.bytes }
}
