//! The servers of one chat, and which of them is tried next. A client that is told of others goes
//! to one of them when its own ends.

use std::time::{Duration, Instant};

use crate::clock;
use crate::tls::Greeter;

use super::ConnectError;
use super::link::{self, Link};

/// Servers that are remembered, at most; a list from the network is cut.
const MAX_SERVERS: usize = 64;

/// For one server, where there are others to try.
const TRY_WAIT: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub(super) struct Servers {
    /// As the program was told, in its order.
    given: Vec<String>,
    /// As the last server said.
    told: Vec<String>,
    /// The one that was tried last.
    current: String,
    greeter: Option<Greeter>,
}

impl Servers {
    /// From `HOST:PORT`, or several of them with commas between.
    pub(super) fn new(addresses: &str, greeter: Option<Greeter>) -> Self {
        let given = addresses.split(',').map(str::trim).filter(|address| !address.is_empty());
        let given: Vec<String> = given.take(MAX_SERVERS).map(str::to_owned).collect();
        let current = given.first().cloned().unwrap_or_default();
        Self { given, told: Vec::new(), current, greeter }
    }

    /// The one that was tried last.
    pub(super) fn current(&self) -> &str {
        &self.current
    }

    /// What a server says of itself and others.
    pub(super) fn learn(&mut self, told: &[String]) {
        if !told.is_empty() {
            self.told = told.iter().take(MAX_SERVERS).cloned().collect();
        }
    }

    /// Blocks until one of them is reached, the first one first, or by then.
    ///
    /// # Errors
    /// Of the last one that was tried.
    pub(super) fn connect(&mut self, wait: Duration) -> Result<Link, ConnectError> {
        let candidates = self.candidates();
        self.reach(candidates, clock::now() + wait)
    }

    /// Connects to another one, or to the same one where there is no other. `choice` spreads those
    /// who must go over those who stay.
    ///
    /// # Errors
    /// As [`Servers::connect`].
    pub(super) fn move_on(&mut self, choice: u32, wait: Duration) -> Result<Link, ConnectError> {
        let mut candidates = self.candidates();
        candidates.retain(|address| *address != self.current);
        if !candidates.is_empty() {
            let n = candidates.len();
            candidates.rotate_left(usize::try_from(choice).unwrap_or(0) % n);
        }
        if !self.current.is_empty() {
            candidates.push(self.current.clone());
        }
        self.reach(candidates, clock::now() + wait)
    }

    /// The one that was tried last, then the others.
    fn candidates(&self) -> Vec<String> {
        let mut all = Vec::new();
        for address in std::iter::once(&self.current).chain(&self.told).chain(&self.given) {
            if !address.is_empty() && !all.contains(address) {
                all.push(address.clone());
            }
        }
        all
    }

    fn reach(&mut self, candidates: Vec<String>, by: Instant) -> Result<Link, ConnectError> {
        let has_others = candidates.len() > 1;
        let mut failure = None;
        for address in candidates {
            let left = by.saturating_duration_since(clock::now());
            if left.is_zero() && failure.is_some() {
                break;
            }
            let left = if has_others { left.min(TRY_WAIT) } else { left };
            let link = link::connect(&address, self.greeter.as_ref(), left);
            self.current = address;
            match link {
                Ok(link) => return Ok(link),
                Err(error) => failure = Some(error),
            }
        }
        let nowhere = || std::io::Error::new(std::io::ErrorKind::NotFound, "no server is given");
        Err(failure.unwrap_or_else(|| nowhere().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_is_tried_first_then_those_that_are_told_of() {
        let mut servers = Servers::new("a:1, b:2,,a:1", None);
        assert_eq!(servers.candidates(), ["a:1", "b:2"]);
        servers.learn(&["c:3".to_owned(), "b:2".to_owned()]);
        assert_eq!(servers.candidates(), ["a:1", "c:3", "b:2"]);
        // Where nothing is told, what was told before holds.
        servers.learn(&[]);
        servers.current = "c:3".to_owned();
        assert_eq!(servers.candidates(), ["c:3", "b:2", "a:1"]);
    }

    #[test]
    fn a_long_list_is_cut() {
        let mut servers = Servers::new("a:1", None);
        servers.learn(&(0..10_000).map(|n| format!("host-{n}:1")).collect::<Vec<_>>());
        assert_eq!(servers.candidates().len(), MAX_SERVERS + 1);
    }

    #[test]
    fn no_server_is_an_error_and_not_a_wait() {
        let mut servers = Servers::new("", None);
        assert!(servers.connect(Duration::from_secs(1)).is_err());
    }
}
