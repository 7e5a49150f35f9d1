//! A person with `telnet` or `nc`.

use std::net::SocketAddr;

use crate::support::wire::Wire;

/// Types lines and reads lines.
#[derive(Debug)]
pub struct Line {
    pub wire: Wire,
}

impl Line {
    pub fn connect(server: SocketAddr) -> Self {
        Self { wire: Wire::connect(server) }
    }

    /// Comes in by the port for lines and reads the greeting.
    pub fn enter(server: SocketAddr) -> Self {
        Self::over(Wire::connect(server))
    }

    /// Reads the greeting on a connection that is there.
    pub fn over(wire: Wire) -> Self {
        let mut line = Self { wire };
        let greeting = line.notice("login!!!");
        line.expect(&greeting);
        line
    }

    /// The address that others see.
    pub fn me(&self) -> String {
        self.wire.address().to_string()
    }

    /// A notice about this guest.
    pub fn notice(&self, what: &str) -> String {
        format!("[{0}]{0}: {what}", self.me())
    }

    pub fn say(&mut self, line: &str) {
        self.wire.send(format!("{line}\n").as_bytes());
    }

    /// The next line without its line end, which must be CR LF.
    pub fn next(&mut self, what: &str) -> String {
        let end = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let line = String::from_utf8(self.wire.take(what, end)).unwrap();
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("no CR LF: {line:?}")).to_owned()
    }

    pub fn expect(&mut self, expected: &str) {
        assert_eq!(self.next(expected), expected, "heard by {}", self.me());
    }

    /// Says this and reads the lines that answer it.
    pub fn ask(&mut self, line: &str, answer: &[&str]) {
        self.say(line);
        answer.iter().for_each(|expected| self.expect(expected));
    }

    /// Says a text to all and hears it back.
    pub fn tell_all(&mut self, name: &str, text: &str) {
        self.ask(text, &[&format!("[{}]{name}: {text}", self.me())]);
    }

    /// The list of who is online: `ADDRESS:NAME`. What the room was told before comes before it,
    /// so there was nothing more.
    pub fn who(&mut self, n_online: usize) -> Vec<String> {
        self.ask("who", &["online user list: "]);
        (0..n_online).map(|_| self.next("a line of the list")).collect()
    }
}
