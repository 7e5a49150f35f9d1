//! Lines: what a person with `telnet` or `nc` types and reads. The raw room of the original with
//! its framing mended, and `/commands` for what it did not have.

mod command;
mod show;

use std::fmt;

use super::{Claim, Decoder, Front, Speech};
use crate::envelope::Dialect;
use crate::protocol::{Command, Farewell};
use crate::texts::Lang;

/// The row of this front.
pub const FRONT: Front = Front {
    name: "line",
    about: "plain lines: telnet, nc",
    claims,
    decoder: || Box::new(LineDecoder::default()),
    dialect,
    admits_guests: true,
    idles: true,
};

/// Bytes of a line, without its line end: a text of full length and a command before it.
const MAX_LINE: usize = 8 * 1024;

fn dialect(speech: Speech) -> &'static Dialect {
    match speech.lang {
        Lang::En => &show::LINE_EN,
        Lang::Zh => &show::LINE_ZH,
    }
}

/// A person begins with a text in UTF-8, with a key pressed by mistake (arrow, backspace, return)
/// or with the negotiation of a telnet client.
fn claims(first: &[u8]) -> Claim {
    match first {
        [0x20..=0x7f | b'\t' | b'\n' | b'\r' | 0x08 | 0x1b | 0xc2..=0xf4, ..] => Claim::Yes,
        [telnet::IAC] => Claim::More,
        [telnet::IAC, telnet::NOP..=telnet::DONT, ..] => Claim::Yes,
        _ => Claim::No,
    }
}

/// The bytes of telnet that are not text (RFC 854).
mod telnet {
    /// "Interpret as command": what follows is not text.
    pub(super) const IAC: u8 = 255;
    /// The first of the commands of two bytes: end of file (RFC 1184).
    pub(super) const EOF: u8 = 236;
    /// End of a subnegotiation.
    pub(super) const SE: u8 = 240;
    /// No operation; the commands up to [`GA`] stand alone, too.
    pub(super) const NOP: u8 = 241;
    /// Go ahead: the last of the commands of two bytes.
    pub(super) const GA: u8 = 249;
    /// Begin of a subnegotiation.
    pub(super) const SB: u8 = 250;
    /// The first of the negotiations, which an option follows.
    pub(super) const WILL: u8 = 251;
    /// The last of them.
    pub(super) const DONT: u8 = 254;
}

/// Cuts the stream into lines and takes telnet's own words out.
#[derive(Default)]
struct LineDecoder {
    /// The beginning of a line; never longer than [`MAX_LINE`].
    held: Vec<u8>,
    state: State,
    /// Bytes of the subnegotiation that is going on: it must end somewhere.
    n_negotiated: usize,
    /// A line was read: what follows is no request line of HTTP.
    begun: bool,
}

/// Where in telnet's language the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After a CR, which a NUL may follow.
    AfterCr,
    /// After IAC.
    Command,
    /// After WILL, WONT, DO or DONT: the option follows.
    Option,
    /// After IAC SB.
    Negotiation,
    /// In it, after IAC.
    NegotiationCommand,
}

impl LineDecoder {
    /// More than this is given back after a line.
    const KEPT: usize = 256;

    fn byte(&mut self, byte: u8, commands: &mut Vec<Command>) -> Result<(), Farewell> {
        self.state = match (self.state, byte) {
            (State::Text | State::AfterCr, telnet::IAC) => State::Command,
            // Telnet's return key without a line feed (RFC 854, "CR NUL").
            (State::AfterCr, 0) => return self.end_line(commands),
            (State::Text | State::AfterCr, _) => return self.text(byte, commands),
            (State::Command, telnet::WILL..=telnet::DONT) => State::Option,
            (State::Command, telnet::SB) => State::Negotiation,
            (State::Command, telnet::EOF..=telnet::GA) | (State::Option, _) => State::Text,
            (State::Command, telnet::IAC) => return self.text(telnet::IAC, commands),
            // No telnet but text in another encoding: kept, so that its sender is told.
            (State::Command, _) => {
                self.push(telnet::IAC)?;
                return self.text(byte, commands);
            }
            (State::Negotiation, telnet::IAC) => State::NegotiationCommand,
            (State::NegotiationCommand, telnet::SE) => State::Text,
            (State::Negotiation | State::NegotiationCommand, _) => State::Negotiation,
        };
        let negotiates = matches!(self.state, State::Negotiation | State::NegotiationCommand);
        self.n_negotiated = if negotiates { self.n_negotiated + 1 } else { 0 };
        if self.n_negotiated > MAX_LINE { Err(Farewell::TooLong) } else { Ok(()) }
    }

    fn text(&mut self, byte: u8, commands: &mut Vec<Command>) -> Result<(), Farewell> {
        self.state = if byte == b'\r' { State::AfterCr } else { State::Text };
        if byte == b'\n' { self.end_line(commands) } else { self.push(byte) }
    }

    fn push(&mut self, byte: u8) -> Result<(), Farewell> {
        if self.held.len() >= MAX_LINE {
            return Err(Farewell::TooLong);
        }
        self.held.push(byte);
        Ok(())
    }

    fn end_line(&mut self, commands: &mut Vec<Command>) -> Result<(), Farewell> {
        self.state = State::Text;
        let line = self.held.strip_suffix(b"\r").unwrap_or(&self.held);
        // A browser may open a connection early and ask later, when silence has made it a line.
        if !self.begun && is_http(line) {
            return Err(Farewell::WrongLanguage);
        }
        self.begun = true;
        commands.extend(command::read(line));
        self.held.clear();
        self.held.shrink_to(Self::KEPT);
        Ok(())
    }
}

/// The end of a request line (RFC 9112 section 3): ` HTTP/1.1`.
fn is_http(line: &[u8]) -> bool {
    line.rsplit(|byte| *byte == b' ').next().is_some_and(|last| last.starts_with(b"HTTP/"))
}

impl Decoder for LineDecoder {
    fn decode(&mut self, bytes: &[u8], commands: &mut Vec<Command>) -> Result<(), Farewell> {
        bytes.iter().try_for_each(|byte| self.byte(*byte, commands))
    }

    fn finish(&mut self, commands: &mut Vec<Command>) {
        // Bytes that must not be read are not made readable by the end of the stream.
        let _too_late_for_a_farewell = self.end_line(commands);
    }

    fn is_empty(&self) -> bool {
        self.held.is_empty() && matches!(self.state, State::Text | State::AfterCr)
    }
}

/// What is held may be a password.
impl fmt::Debug for LineDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineDecoder({} bytes held, {:?})", self.held.len(), self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ErrorCode, Refusal, RoomRef, Text, To};

    fn decode(bytes: &[u8]) -> Result<Vec<Command>, Farewell> {
        let mut commands = Vec::new();
        LineDecoder::default().decode(bytes, &mut commands).map(|()| commands)
    }

    fn say(text: &str) -> Command {
        let to = To::Room(RoomRef::Here);
        Command::Send { to, text: Text::new(text).unwrap(), reference: None, about: None }
    }

    #[test]
    fn a_line_ends_with_lf_crlf_or_crnul() {
        assert_eq!(decode(b"a\nb\r\nc\r\0d"), Ok(vec![say("a"), say("b"), say("c")]));
        assert_eq!(decode(b"a\r\r\n\n\r\n  \t\n"), Ok(vec![say("a\r")]));
    }

    #[test]
    fn telnet_is_taken_out_of_the_text() {
        let typed = b"\xff\xfb\x1fa\xff\xf1b\xff\xfa\x18\0xterm\n\xff\xff\xf0\xff\xf0c\xff\xfd\n\n";
        assert_eq!(decode(typed), Ok(vec![say("abc")]));
    }

    #[test]
    fn another_encoding_is_told_and_not_taken_for_telnet() {
        let bad = || Command::Bad(Refusal::of(ErrorCode::BadText));
        assert_eq!(decode(b"ma\xff\nna\xefve\n"), Ok(vec![bad(), bad()]));
        assert_eq!(decode(b"\xff\xff\n"), Ok(vec![bad()]));
    }

    #[test]
    fn a_line_and_a_negotiation_have_an_end() {
        let mut line = vec![b'x'; MAX_LINE];
        line.push(b'\n');
        assert_eq!(decode(&line), Ok(vec![Command::Bad(Refusal::of(ErrorCode::TextTooLong))]));
        assert_eq!(decode(&[b'x'; MAX_LINE + 1]), Err(Farewell::TooLong));
        assert_eq!(decode(&[&b"\xff\xfa"[..], &[b'x'; MAX_LINE]].concat()), Err(Farewell::TooLong));
    }

    #[test]
    fn a_request_line_that_comes_late_is_refused_and_later_lines_are_free() {
        assert_eq!(decode(b"POST /say HTTP/1.1\r\n"), Err(Farewell::WrongLanguage));
        let quoted = "GET / HTTP/1.1";
        assert_eq!(decode(b"a\nGET / HTTP/1.1\n"), Ok(vec![say("a"), say(quoted)]));
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let (mut decoder, mut commands) = (LineDecoder::default(), Vec::new());
        assert_eq!(decoder.decode(b"hi", &mut commands), Ok(()));
        assert!(!decoder.is_empty());
        decoder.finish(&mut commands);
        decoder.finish(&mut commands);
        assert_eq!(commands, [say("hi")]);
        assert!(decoder.is_empty());
    }
}
