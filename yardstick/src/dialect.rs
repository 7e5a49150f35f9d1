//! The wire languages: how one comes in, how one says something to all or to one. A language is
//! a file and a row in [`DIALECTS`].

mod floor;
mod frames;
mod irc;
mod lines;
mod redis;

pub use frames::{Newcomers, Tokens};

use crate::scan::Framing;
use crate::stamp::Stamp;

/// One of the crowd, as a dialect sees it.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// Its place in the crowd.
    pub index: usize,
    /// Of its account.
    pub id: u64,
    /// Stands for the password.
    pub token: Option<String>,
    /// Speaks, and perhaps does not listen.
    pub is_speaker: bool,
}

impl Who {
    /// A name that is no number, of the same length for all.
    pub fn name(&self) -> String {
        format!("y{:06}", self.index)
    }
}

/// What comes of something heard while coming in.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// More is to come; what was written is sent.
    Wait,
    /// In: from here on stamps are counted.
    In,
    /// The server is busy: connect again in a second.
    Later,
    /// It will not let this one in, and says why.
    Refused(String),
}

/// A wire language.
pub trait Dialect {
    /// How its bytes are cut.
    fn framing(&self) -> Framing;

    /// The first words after connecting.
    fn begin(&mut self, who: &Who, out: &mut Vec<u8>) -> Entry;

    /// The answer to a line or a frame while coming in.
    fn enter(&mut self, who: &Who, unit: &[u8], out: &mut Vec<u8>) -> Entry;

    /// A text of `size` bytes to all.
    fn to_room(&self, who: &Who, stamp: Stamp, size: usize, out: &mut Vec<u8>);

    /// A text of `size` bytes to one.
    fn to_one(&self, pair: (&Who, &Who), stamp: Stamp, size: usize, out: &mut Vec<u8>);

    /// Tells the server that this one has the lobby up to this id, where that can be told.
    fn received(&self, _up_to: u64, _out: &mut Vec<u8>) {}

    /// Who says something hears it, too.
    fn hears_itself(&self) -> bool {
        false
    }

    /// Who speaks hears what others say.
    fn speakers_listen(&self) -> bool {
        true
    }

    /// Each send is acknowledged when it is stored.
    fn acknowledges(&self) -> bool {
        false
    }

    /// How many may be coming in at once, unless the command line says otherwise.
    fn n_at_once(&self) -> usize {
        64
    }
}

/// How clients behave, as the command line says it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// One-to-one: nobody comes into the room.
    pub pairs: bool,
}

/// A row: name, what it is for, how it is made.
pub type Row = (&'static str, &'static str, fn(Manner) -> Box<dyn Dialect>);

/// Every wire language.
pub const DIALECTS: &[Row] = &[
    ("frames", "ours after a hello, by token; acknowledged", |_| {
        Box::new(frames::Frames::extended())
    }),
    ("course", "ours without a hello, by password", |_| Box::new(frames::Frames::course())),
    ("lines", "ours, guests; use a port of --listen line=", |_| Box::new(lines::Lines)),
    ("irc", "ngircd and its kin", |manner| Box::new(irc::Irc { pairs: manner.pairs })),
    ("redis", "publish and subscribe", |manner| Box::new(redis::Redis { pairs: manner.pairs })),
    ("floor", "the program of that name", |_| Box::new(floor::Floor)),
];

/// The dialect of a name.
pub fn named(name: &str, manner: Manner) -> Option<Box<dyn Dialect>> {
    let row = DIALECTS.iter().find(|row| row.0 == name)?;
    Some(row.2(manner))
}
