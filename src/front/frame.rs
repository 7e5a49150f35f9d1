//! The frames of the Go course project, and the same extended for clients that say hello:
//! `docs/protocol.md` describes both.
//!
//! What comes in is read as Go reads it and a little more leniently (`read`); what goes out is
//! canonical (`course`, `extended`).

mod course;
mod extended;
mod read;

use std::fmt;

use super::{Claim, Decoder, Front, Speech};
use crate::envelope::Dialect;
use crate::protocol::frame::{COURSE_LIMIT, Cut, HEADER, HELLO_LIMIT, cut};
use crate::protocol::{Command, Farewell};

/// The row of this front.
pub const FRONT: Front = Front {
    name: "frame",
    about: "JSON frames: our client, and clients of the Go course project",
    // The length of a frame that fits any limit begins with a zero byte; nothing else does.
    claims: |first| if first.first() == Some(&0) { Claim::Yes } else { Claim::No },
    decoder: || Box::new(FrameDecoder { held: Vec::new(), limit: COURSE_LIMIT }),
    dialect,
    admits_guests: false,
    idles: false,
};

fn dialect(speech: Speech) -> &'static Dialect {
    match speech {
        Speech { hello: true, .. } => &extended::FRAME,
        Speech { private_as_group: true, .. } => &course::COURSE_GROUP,
        Speech { .. } => &course::COURSE,
    }
}

/// Cuts the stream into frames.
struct FrameDecoder {
    /// The beginning of one frame, at most; never longer than header and limit.
    held: Vec<u8>,
    /// Bytes of body.
    limit: usize,
}

impl FrameDecoder {
    /// More than this is given back after a frame, so that a thousand idle connections do not
    /// keep a thousand large buffers.
    const KEPT: usize = 1024;

    /// How many bytes are missing to the end of the header, or of the frame whose header is
    /// there.
    fn n_missing(&self) -> usize {
        match self.held.first_chunk::<HEADER>() {
            None => HEADER - self.held.len(),
            Some(header) => {
                let length = usize::try_from(u32::from_be_bytes(*header)).unwrap_or(usize::MAX);
                length.saturating_add(HEADER).saturating_sub(self.held.len())
            }
        }
    }

    fn body(&mut self, commands: &mut Vec<Command>) -> Result<(), Farewell> {
        let command = read::command(self.held.get(HEADER..).unwrap_or_default())?;
        if matches!(command, Command::Hello(_)) {
            self.limit = HELLO_LIMIT;
        }
        commands.push(command);
        self.held.clear();
        self.held.shrink_to(Self::KEPT);
        Ok(())
    }
}

impl Decoder for FrameDecoder {
    fn decode(&mut self, bytes: &[u8], commands: &mut Vec<Command>) -> Result<(), Farewell> {
        let mut rest = bytes;
        loop {
            match cut(&self.held, self.limit) {
                Cut::TooLong(_) => return Err(Farewell::TooLong),
                // An empty body is no JSON; the original closes here too.
                Cut::Whole(0) => return Err(Farewell::BadFraming),
                Cut::Whole(_) => self.body(commands)?,
                Cut::More if rest.is_empty() => return Ok(()),
                Cut::More => {
                    let (now, later) = rest.split_at(self.n_missing().min(rest.len()));
                    self.held.extend_from_slice(now);
                    rest = later;
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

/// What is held may be a password.
impl fmt::Debug for FrameDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameDecoder({} of at most {} bytes held)", self.held.len(), self.limit)
    }
}
