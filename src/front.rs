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
use crate::tls;

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

    /// The peer has ended its stream in an orderly way: what is held may count as complete.
    /// `printf hi | nc` says hi, though no line end came. Not called when a connection is cut.
    fn finish(&mut self, _commands: &mut Vec<Command>) {}

    /// Nothing of an incomplete command is held: a good moment to shrink buffers.
    fn is_empty(&self) -> bool;
}

/// Every front there is. A new one is a file, a `mod` line and a row.
pub const FRONTS: &[Front] = &[frame::FRONT, line::FRONT];

/// The front of this name.
pub fn named(name: &str) -> Option<&'static Front> {
    FRONTS.iter().find(|front| front.name == name)
}

/// The front of who has said nothing for a second: a person who waits for a greeting.
pub fn silent() -> &'static Front {
    FRONTS.iter().find(|front| front.admits_guests).unwrap_or(&line::FRONT)
}

/// What to do with a connection whose first bytes have arrived.
#[derive(Debug)]
pub enum Sniff {
    /// It speaks this.
    Front(&'static Front),
    /// It wants TLS: look again inside.
    Tls,
    /// Wait for more bytes; after a second of silence it is a line.
    More,
    /// Something we know and do not speak: say this and close.
    Refuse(&'static [u8]),
    /// Nobody's: close without a word.
    Unknown,
}

/// Who speaks, judged by the first bytes of a connection. Strangers are asked before fronts, for
/// their words are text too: a web page must not be able to make a browser chat. A dozen bytes
/// always suffice to tell.
pub fn sniff(first: &[u8]) -> Sniff {
    if first.is_empty() {
        return Sniff::More;
    }
    let strangers =
        STRANGERS.iter().map(|stranger| ((stranger.claims)(first), Sniff::Refuse(stranger.answer)));
    let fronts = FRONTS.iter().map(|front| ((front.claims)(first), Sniff::Front(front)));
    let tls = [(opens_with(first, tls::OPENING), Sniff::Tls)];
    for (claim, speaker) in tls.into_iter().chain(strangers).chain(fronts) {
        match claim {
            Claim::Yes => return speaker,
            Claim::More => return Sniff::More,
            Claim::No => {}
        }
    }
    Sniff::Unknown
}

/// A language that has no front yet, known well enough to be refused in its own words.
struct Stranger {
    claims: fn(&[u8]) -> Claim,
    answer: &'static [u8],
}

const STRANGERS: &[Stranger] = &[
    Stranger {
        claims: is_http,
        answer:
            b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
                  This is a chat server, not a web server. Use telnet or a chat client.\r\n",
    },
    Stranger {
        claims: |first| opens_with_any(first, &["CAP ", "NICK ", "USER ", "PASS "]),
        answer: b"ERROR :This server does not speak IRC. Use telnet or a chat client.\r\n",
    },
];

/// A request line begins with a method, a blank, and a target in one of the four forms of
/// RFC 9112 section 3.2. Only the beginning counts, for the rest may be long in coming; who types
/// `GET some milk` goes on as a line.
fn is_http(first: &[u8]) -> Claim {
    let forms = ["/", "*", "http"];
    let methods =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PRI", "PROPFIND"];
    let openings = methods.iter().flat_map(|method| forms.map(|form| format!("{method} {form}")));
    openings
        .chain(["CONNECT ".to_owned()])
        .map(|opening| opens_with(first, opening.as_bytes()))
        .fold(Claim::No, either)
}

fn opens_with_any(first: &[u8], openings: &[&str]) -> Claim {
    openings.iter().map(|opening| opens_with(first, opening.as_bytes())).fold(Claim::No, either)
}

/// Do these bytes begin so, or could they yet?
fn opens_with(first: &[u8], opening: &[u8]) -> Claim {
    if first.starts_with(opening) {
        Claim::Yes
    } else if opening.starts_with(first) {
        Claim::More
    } else {
        Claim::No
    }
}

fn either(one: Claim, other: Claim) -> Claim {
    match (one, other) {
        (Claim::Yes, _) | (_, Claim::Yes) => Claim::Yes,
        (Claim::More, _) | (_, Claim::More) => Claim::More,
        (Claim::No, Claim::No) => Claim::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(first: &[u8]) -> String {
        match sniff(first) {
            Sniff::Front(front) => front.name.to_owned(),
            Sniff::More => "more".to_owned(),
            Sniff::Tls => "tls".to_owned(),
            Sniff::Refuse(answer) => String::from_utf8_lossy(answer).chars().take(5).collect(),
            Sniff::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn every_dialect_has_a_slot_of_its_own() {
        let mut slots = Vec::new();
        for (front, hello, lang, private_as_group) in FRONTS.iter().flat_map(|front| {
            (0..8).map(move |bits| {
                let lang = if bits & 2 == 0 { Lang::En } else { Lang::Zh };
                (front, bits & 1 == 0, lang, bits & 4 == 0)
            })
        }) {
            let dialect = (front.dialect)(Speech { hello, lang, private_as_group });
            slots.push((dialect.slot, dialect.name));
        }
        slots.sort_unstable();
        slots.dedup();
        let numbers: Vec<usize> = slots.iter().map(|(slot, _)| *slot).collect();
        assert_eq!(numbers, (0..Dialect::SLOTS).collect::<Vec<_>>(), "{slots:?}");
    }

    #[test]
    fn the_first_bytes_choose_the_language() {
        for (first, chosen) in [
            (&b""[..], "more"),
            (b"\0", "frame"),
            (b"\0\0\0\x56{", "frame"),
            (b"\x16", "more"),
            (b"\x16\x03\x01", "tls"),
            (b"\x16\x04", "unknown"),
            (b"hello\r\n", "line"),
            ("你好".as_bytes(), "line"),
            (b"\r\n", "line"),
            (b"\xff", "more"),
            (b"\xff\xfb\x1f", "line"),
            (b"\xff\xff", "unknown"),
            (b"\x80", "unknown"),
            (b"\x01", "unknown"),
        ] {
            assert_eq!(choice(first), chosen, "{first:?}");
        }
    }

    #[test]
    fn strangers_are_refused_in_their_own_words_and_people_are_not() {
        for (first, chosen) in [
            ("GET / HTTP/1.1\r\n", "HTTP/"),
            ("POST /x HTTP/1.1\r\n", "HTTP/"),
            ("OPTIONS * HTTP/1.1\r\n", "HTTP/"),
            ("CONNECT a:80 HTTP/1.1\r\n", "HTTP/"),
            ("GET http://a/ HTTP/1.1\r\n", "HTTP/"),
            ("PRI * HTTP/2.0\r\n", "HTTP/"),
            ("P", "more"),
            ("GET ", "more"),
            ("GET some milk\n", "line"),
            ("Post it\n", "line"),
            ("CAP LS 302\r\n", "ERROR"),
            ("NICK tom\r\n", "ERROR"),
            ("CA", "more"),
            ("CAPITAL\n", "line"),
            ("user friendly\n", "line"),
        ] {
            assert_eq!(choice(first.as_bytes()), chosen, "{first}");
        }
    }

    #[test]
    fn fronts_are_found_by_name_and_the_silent_get_lines() {
        assert_eq!(named("frame").map(|front| front.name), Some("frame"));
        assert!(named("gopher").is_none());
        assert_eq!(silent().name, "line");
    }
}
