//! Asking a store's index for words. What an index names is a hint: the message may have been
//! changed, taken back or removed since. Who asks reads it and looks, so an index that lags or
//! still holds what is gone shows nobody anything.

use std::time::Instant;

use crate::protocol::{MessageId, Query, RoomId, UserId};

/// What an index is asked.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'q> {
    /// In which room.
    pub room: RoomId,
    /// Which words.
    pub query: &'q Query,
    /// Said by whom; `None`: by anybody.
    pub from: Option<UserId>,
    /// Between these, both left out.
    pub between: (MessageId, MessageId),
    /// How many at most, at least 1.
    pub limit: usize,
    /// When to give up.
    pub deadline: Instant,
}

/// What an index knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Which messages may have the words, the newest first.
    pub ids: Vec<MessageId>,
    /// The index has all messages of the room up to this one; those behind it are to be read.
    pub indexed: MessageId,
    /// Those up to this one were not looked at, for there were too many.
    pub left: MessageId,
}
