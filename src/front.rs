//! The wire languages: one row and one file per language, and the choice by the first bytes.
//!
//! A front turns bytes into commands ([`Decoder`]) and events into bytes ([`Dialect`]).
//! Used by `session`, in the connection's own thread. Knows nothing of the hub and of stores.

pub mod frame;
pub mod line;

use std::fmt;

use crate::envelope::Dialect;
use crate::protocol::{Command, Farewell};
use crate::texts::Lang;

/// One wire language.
#[derive(Debug)]
pub struct Front {
    /// As in `--listen NAME=ADDR`.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// Does a connection that begins with these bytes (at least one) speak this language?
    pub claims: fn(&[u8]) -> Claim,
    /// A fresh decoder for one connection.
    pub decoder: fn() -> Box<dyn Decoder>,
    /// How events are spelled for a connection with these wishes.
    pub dialect: fn(Speech) -> &'static Dialect,
    /// Who connects is in the lobby at once, as a guest, and is greeted; a connection that is
    /// silent for a second is of the first front that says so.
    pub admits_guests: bool,
    /// `--idle-timeout` applies: people who type. Others are found dead by keepalive.
    pub idles: bool,
}

/// What decides between the dialects of one front.
#[derive(Clone, Copy, Debug, Default)]
pub struct Speech {
    /// The client said hello.
    pub hello: bool,
    /// The language of texts for people.
    pub lang: Lang,
    /// `--course-private group`: private text as group text for clients that did not say hello.
    pub private_as_group: bool,
}

/// What a front thinks of the first bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Mine.
    Yes,
    /// Not mine, whatever follows.
    No,
    /// Cannot say yet.
    More,
}

/// Bytes to commands, for one connection. Holds what is not complete yet, within its limit.
pub trait Decoder: Send + fmt::Debug {
    /// Appends the commands that these bytes complete. Never blocks, never panics, whatever the
    /// bytes are and however they are cut.
    ///
    /// # Errors
    /// The connection cannot go on: say this farewell and close. What was appended before
    /// counts.
    fn decode(&mut self, bytes: &[u8], commands: &mut Vec<Command>) -> Result<(), Farewell>;

    /// Nothing of an incomplete command is held: a good moment to shrink buffers.
    fn is_empty(&self) -> bool;
}

/// Every front there is. A new one is a file, a `mod` line and a row.
pub const FRONTS: &[Front] = &[frame::FRONT, line::FRONT];

/// What to do with a connection whose first bytes have arrived.
#[derive(Debug)]
pub enum Sniff {
    /// It speaks this.
    Front(&'static Front),
    /// Wait for more bytes; after a second of silence it is a line.
    More,
    /// Something we know and do not speak: say this and close.
    Refuse(&'static [u8]),
    /// Nobody's: close without a word.
    Unknown,
}
