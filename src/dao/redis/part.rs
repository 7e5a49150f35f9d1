//! The parts of the store: each feed with all that belongs to its rooms, on a Redis of its own or
//! beside others.

use std::fmt;

use redis::{ConnectionLike, ErrorKind, RedisError, RedisResult};

use super::super::StoreError;
use super::guard::Guard;
use super::keys::Tag;
use super::manager::Pool;
use super::spread::Spread;
use crate::protocol::{NodeId, RoomId, RoomNo};

/// One feed, and where it lies.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) tag: Tag,
    /// For people; without a password.
    pub(super) place: String,
    pub(super) pool: Pool,
    /// What has been seen of it since it was opened.
    pub(super) guard: Guard,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.tag, self.place)
    }
}

impl Part {
    /// Is it the feed in which is everything that is not in a room?
    pub(super) fn is_home(&self) -> bool {
        self.tag == Tag::HOME
    }

    pub(super) fn unavailable(&self, error: &dyn fmt::Display) -> StoreError {
        super::unavailable(&self.place, error)
    }

    /// Asks its Redis, on a connection of the pool.
    pub(super) fn ask<T>(
        &self,
        query: impl FnOnce(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.pool.get().map_err(|error| self.unavailable(&error))?;
        query(&mut connection).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &RedisError) -> StoreError {
        match error.kind() {
            ErrorKind::UnexpectedReturnType => {
                StoreError::Unreadable(format!("{}: {error}", self.place))
            }
            _ => self.unavailable(error),
        }
    }
}

/// All of them, in order; there is one at least.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    home: Part,
    others: Vec<Part>,
}

impl Parts {
    /// `None` without any.
    pub(super) fn new(parts: Vec<Part>) -> Option<Self> {
        let mut parts = parts.into_iter();
        Some(Self { home: parts.next()?, others: parts.collect() })
    }

    pub(super) fn home(&self) -> &Part {
        &self.home
    }

    /// All but the first.
    pub(super) fn others(&self) -> &[Part] {
        &self.others
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.home).chain(&self.others)
    }

    pub(super) fn spread(&self) -> Spread {
        Spread(1 + self.others.len())
    }

    /// That of a feed; one that is not there is the first.
    pub(super) fn get(&self, feed: usize) -> &Part {
        let other = feed.checked_sub(1).and_then(|n| self.others.get(n));
        other.unwrap_or(&self.home)
    }

    pub(super) fn of_room(&self, room: RoomId) -> &Part {
        self.get(self.spread().of_room(room))
    }

    pub(super) fn of_number(&self, no: RoomNo) -> &Part {
        self.get(self.spread().of_number(no))
    }

    /// The same, for a server that has a place.
    pub(super) fn of(&self, node: NodeId) -> Self {
        let of = |part: &Part| Part { guard: part.guard.of(node), ..part.clone() };
        Self { home: of(&self.home), others: self.others.iter().map(of).collect() }
    }

    /// What each says, one after the other.
    pub(super) fn gather<T>(
        &self,
        ask: impl Fn(&Part) -> Result<Vec<T>, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = ask(&self.home)?;
        for part in &self.others {
            all.extend(ask(part)?);
        }
        Ok(all)
    }
}
