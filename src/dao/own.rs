//! What is an account's own, as lines: itself without its password, where it is a member, its
//! devices, how far it has read, whom it ignores, and what it said in the lobby and in rooms where
//! it is. Nothing that others said, and that goes for an earlier owner of its id, too: but for the
//! lobby, which everybody may read, only what lies behind its coming is its own.
//!
//! It is read piece by piece, so that whoever asks decides how much at a time; what is said
//! meanwhile is not in it.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::time::Instant;

use super::lines::LineWriter;
use super::record::Record;
use super::{Account, Secret, Store, StoreError};
use crate::clock;
use crate::protocol::{MessageId, RoomId, UserId};

/// Messages read at a time.
const PAGE: usize = 200;

/// On the way through a store.
#[derive(Debug)]
pub struct Own {
    me: UserId,
    /// What is still to be read.
    rooms: VecDeque<Reading>,
    /// What comes behind that, once it is read.
    rest: Option<VecDeque<Record>>,
    /// What was found and not taken yet.
    lines: LineWriter<Vec<u8>>,
}

/// A room: how far it is read, and where it ended at the start.
#[derive(Clone, Copy, Debug)]
struct Reading {
    room: RoomId,
    after: MessageId,
    last: MessageId,
}

/// Whole lines.
#[derive(Debug)]
pub struct Piece {
    /// Each with its line feed.
    pub lines: Vec<u8>,
    /// With the last piece: how many records there were in all.
    pub records: Option<u64>,
}

impl Own {
    /// Begins at the first room. Blocks on the store.
    ///
    /// # Errors
    /// What reading the store gave.
    pub fn begin(store: &dyn Store, me: UserId) -> Result<Self, StoreError> {
        let member: HashSet<_> = store.rooms_of(me)?.iter().map(|(room, _)| room.id()).collect();
        let mut rooms = VecDeque::new();
        for (room, last) in store.rooms()? {
            let since = match room {
                RoomId::Lobby => Some(MessageId(0)),
                RoomId::Pair(..) if room.other(me).is_some() => store.since(me, room)?,
                RoomId::Named(_) if member.contains(&room) => store.since(me, room)?,
                RoomId::Pair(..) | RoomId::Named(_) => None,
            };
            rooms.extend(since.map(|after| Reading { room, after, last }));
        }
        let lines = LineWriter::begin(Vec::new()).map_err(|error| unwritable(&error))?;
        Ok(Self { me, rooms, rest: None, lines })
    }

    /// The next piece: ends when it has at least so many bytes, or when it is this late, and may
    /// be empty then. Not to be asked again after the last one. Blocks on the store.
    ///
    /// # Errors
    /// What reading the store gave; nothing is lost by it.
    pub fn next(
        &mut self,
        store: &dyn Store,
        (bytes, by): (usize, Option<Instant>),
    ) -> Result<Piece, StoreError> {
        while let Some(reading) = self.rooms.front().copied() {
            let is_late = by.is_some_and(|by| clock::now() >= by);
            if is_late || self.lines.out().len() >= bytes {
                return Ok(Piece { lines: std::mem::take(self.lines.out()), records: None });
            }
            self.read(store, reading, bytes)?;
        }
        let mut rest = match self.rest.take() {
            Some(rest) => rest,
            None => self.belongings(store)?,
        };
        while self.lines.out().len() < bytes
            && let Some(record) = rest.pop_front()
        {
            self.lines.write(&record).map_err(|error| unwritable(&error))?;
        }
        if !rest.is_empty() {
            self.rest = Some(rest);
            return Ok(Piece { lines: std::mem::take(self.lines.out()), records: None });
        }
        let records = Some(self.lines.finish().map_err(|error| unwritable(&error))?);
        Ok(Piece { lines: std::mem::take(self.lines.out()), records })
    }

    /// The next page of a room, or as much of it as is enough.
    fn read(
        &mut self,
        store: &dyn Store,
        reading: Reading,
        enough: usize,
    ) -> Result<(), StoreError> {
        let Reading { room, mut after, last } = reading;
        let page = store.page(room, after, PAGE)?;
        let is_end = page.is_empty();
        for message in page {
            after = message.id;
            if message.sender == self.me && message.id <= last {
                let record = Record::Message(message);
                self.lines.write(&record).map_err(|error| unwritable(&error))?;
            }
            if self.lines.out().len() >= enough {
                break;
            }
        }
        self.rooms.pop_front();
        if !is_end && after < last {
            self.rooms.push_front(Reading { room, after, last });
        }
        Ok(())
    }

    /// All but what it said.
    fn belongings(&self, store: &dyn Store) -> Result<VecDeque<Record>, StoreError> {
        let mut found = VecDeque::new();
        store.belongings(self.me, &mut |record| {
            found.extend(without_secrets(record.map_err(StoreError::Unreadable)?));
            Ok(())
        })?;
        Ok(found)
    }
}

/// Its cursors and tokens are the server's, and a token lets somebody in.
fn without_secrets(record: Record) -> Option<Record> {
    match record {
        Record::Account { account, receipts, is_operator } => {
            let account = Account { secret: Secret::Clear(String::new()), ..account };
            Some(Record::Account { account, receipts, is_operator })
        }
        Record::Cursor(_) | Record::Token { .. } => None,
        other => Some(other),
    }
}

/// Memory takes everything; this is what the type asks for.
fn unwritable(error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("cannot write: {error}"))
}
