//! The default store: one SQLite file in the user's data folder.
//!
//! Readers come from a pool and see the newest commit; the one write connection is the
//! journal's. Another process may use the file at the same time (`server user add`): SQLite's
//! own locks keep the writers apart, and who waits too long is told that the store is busy.

mod backup;
mod changes;
mod entry;
mod export;
mod ignored;
mod index;
mod order;
mod read;
mod rooms;
mod schema;
mod told;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode as SqliteCode};

use super::contract;
use super::{
    Account, Asked, Claim, Code, Hits, Identity, Lookup, Marks, Receipts, Records, Store,
    StoreError, Take, Token, TokenDigest, Told, Writer,
};
use crate::protocol::{
    Changes, Deed, Device, Message, MessageId, Millis, NameKey, NamedRoom, OwnDevice, Role, RoomId,
    RoomMember, RoomName, RoomNo, Sanction, Standing, UserId,
};

/// How long a call waits for a reader, or for another process's lock. A person who waits
/// longer than this for one answer thinks that it is broken.
const DEADLINE: Duration = Duration::from_secs(2);

/// Readers at most. A history page takes some 30 µs, so few serve a crowd, and each keeps a
/// page cache of 2 MiB.
const MAX_READERS: u32 = 4;

/// Opens or creates the file at this path and brings it to the newest version. Blocks while
/// another process migrates it, at most for the deadline.
///
/// # Errors
/// [`StoreError::Newer`]; [`StoreError::Unreadable`] when the file is something else, and then
/// it is left as it was; [`StoreError::Unavailable`] when it cannot be reached or made.
pub fn open(path: &str) -> Result<Arc<dyn Store>, StoreError> {
    if path.is_empty() {
        return Err(StoreError::Unavailable("sqlite: needs a path behind it".to_owned()));
    }
    // SQLite gives names such as ":memory:" a meaning of their own; absolute ones have none.
    let file = std::path::absolute(path)
        .map_err(|error| StoreError::Unavailable(format!("{path}: {error}")))?;
    let identity = schema::prepare(&file)?;
    let readers = r2d2::Pool::builder()
        .max_size(MAX_READERS)
        .min_idle(Some(0))
        .connection_timeout(DEADLINE)
        .test_on_check_out(false)
        .max_lifetime(None)
        .idle_timeout(None)
        // Whoever waits is told the reason, so it need not be logged as well.
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build_unchecked(Readers { file: file.clone() });
    Ok(Arc::new(Sqlite { identity, place: format!("sqlite:{}", file.display()), file, readers }))
}

/// Is there a file at this path?
pub fn exists(path: &str) -> bool {
    Path::new(path).exists()
}

struct Sqlite {
    identity: Identity,
    place: String,
    file: PathBuf,
    readers: r2d2::Pool<Readers>,
}

/// How the pool makes a reader.
#[derive(Debug)]
struct Readers {
    file: PathBuf,
}

impl r2d2::ManageConnection for Readers {
    type Connection = Connection;
    type Error = rusqlite::Error;

    fn connect(&self) -> rusqlite::Result<Connection> {
        let reader = schema::connect(&self.file)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(reader)
    }

    fn is_valid(&self, _: &mut Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sqlite({})", self.place)
    }
}

impl Sqlite {
    fn reader(&self) -> Result<r2d2::PooledConnection<Readers>, StoreError> {
        self.readers.get().map_err(|error| StoreError::Unavailable(format!("busy: {error}")))
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let reader = self.reader()?;
        query(&reader).map_err(|error| failed(&self.file, &error))
    }
}

impl Store for Sqlite {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn advice(&self) -> Vec<String> {
        Vec::new()
    }

    fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.read(|reader| read::account(reader, id))
    }

    fn named(&self, name: &NameKey) -> Result<Vec<UserId>, StoreError> {
        self.read(|reader| read::named(reader, name))
    }

    fn accounts(&self, after: UserId, limit: usize) -> Result<Vec<Account>, StoreError> {
        self.read(|reader| read::accounts(reader, after, limit))
    }

    fn cursors(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        self.read(|reader| read::cursors(reader, account, device))
    }

    fn token(&self, digest: &TokenDigest) -> Result<Option<Token>, StoreError> {
        self.read(|reader| read::token(reader, digest))
    }

    fn devices(&self, account: UserId) -> Result<Vec<OwnDevice>, StoreError> {
        self.read(|reader| read::devices(reader, account))
    }

    fn receipts(&self, account: UserId) -> Result<Receipts, StoreError> {
        self.read(|reader| read::receipts(reader, account))
    }

    fn marks(&self, account: UserId) -> Result<Vec<Marks>, StoreError> {
        self.read(|reader| read::marks(reader, account))
    }

    fn rooms(&self) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        self.read(read::rooms)
    }

    fn room(&self, no: RoomNo) -> Result<Option<NamedRoom>, StoreError> {
        self.read(|reader| rooms::room(reader, no))
    }

    fn room_named(&self, name: &RoomName) -> Result<Option<NamedRoom>, StoreError> {
        self.read(|reader| rooms::room_named(reader, name))
    }

    fn named_rooms(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<NamedRoom>, StoreError> {
        self.read(|reader| rooms::named_rooms(reader, after, limit))
    }

    fn rooms_of(&self, account: UserId) -> Result<Vec<(NamedRoom, Role)>, StoreError> {
        self.read(|reader| rooms::rooms_of(reader, account))
    }

    fn standing(&self, no: RoomNo, account: UserId) -> Result<Standing, StoreError> {
        self.read(|reader| rooms::standing(reader, no, account))
    }

    fn since(&self, account: UserId, room: RoomId) -> Result<Option<MessageId>, StoreError> {
        self.read(|reader| rooms::since(reader, account, room))
    }

    fn members(
        &self,
        no: RoomNo,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<RoomMember>, StoreError> {
        self.read(|reader| rooms::members(reader, no, after, limit))
    }

    fn is_operator(&self, account: UserId) -> Result<bool, StoreError> {
        self.read(|reader| rooms::is_operator(reader, account))
    }

    fn ignored(&self, account: UserId) -> Result<Vec<UserId>, StoreError> {
        self.read(|reader| ignored::ignored(reader, account))
    }

    fn ignores(&self, account: UserId, whom: UserId) -> Result<bool, StoreError> {
        self.read(|reader| ignored::ignores(reader, account, whom))
    }

    fn erasing(&self) -> Result<Vec<UserId>, StoreError> {
        self.read(read::erasing)
    }

    fn told(&self, after: u64) -> Result<Vec<Told>, StoreError> {
        self.read(|reader| told::after(reader, after))
    }

    fn sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        self.read(order::sanctions)
    }

    fn deeds(&self, before: Option<(Millis, u64)>, limit: usize) -> Result<Vec<Deed>, StoreError> {
        self.read(|reader| order::deeds(reader, before, limit))
    }

    fn codes(&self) -> Result<Vec<Code>, StoreError> {
        self.read(entry::codes)
    }

    fn applicants(&self) -> Result<Vec<Asked>, StoreError> {
        self.read(entry::applicants)
    }

    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        contract::page(room, after, limit, |after, limit| {
            self.read(|reader| read::page(reader, room, after, limit))
        })
    }

    fn changes(
        &self,
        room: RoomId,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, Changes)>, StoreError> {
        self.read(|reader| changes::of(reader, room, ids))
    }

    fn lookup(&self, lookup: &Lookup<'_>) -> Result<Option<Hits>, StoreError> {
        let mut reader = self.reader()?;
        let hits = index::lookup(&mut reader, lookup);
        // What is wrong is told without SQLite's words: they may quote what is looked for.
        Ok(hits.inspect_err(index::complain).ok())
    }

    fn is_index_behind(&self) -> Result<Option<bool>, StoreError> {
        self.read(index::is_behind).map(Some)
    }

    fn last(&self, room: RoomId) -> Result<MessageId, StoreError> {
        self.read(|reader| read::last(reader, room))
    }

    fn export(&self, take: &mut Take<'_>) -> Result<(), StoreError> {
        let reader = self.reader()?;
        export::export(&reader, &self.file, take)
    }

    fn belongings(&self, account: UserId, take: &mut Take<'_>) -> Result<(), StoreError> {
        let reader = self.reader()?;
        export::belongings(&reader, &self.file, account, take)
    }

    fn import(&self, records: &mut Records<'_>) -> Result<(), StoreError> {
        let mut connection =
            schema::connect(&self.file).map_err(|error| failed(&self.file, &error))?;
        export::import(&mut connection, &self.file, records)
    }

    fn backup(&self, to: &Path) -> Result<(), StoreError> {
        backup::backup(&self.file, to)
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.read(backup::check)
    }

    fn renew(&self) -> Result<bool, StoreError> {
        backup::renew(&self.file)
    }

    fn claim(&self) -> Result<Box<dyn Claim>, StoreError> {
        schema::claim(&self.file)
    }

    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(Box::new(write::SqliteWriter::new(self.file.clone())?))
    }
}

/// What an error of SQLite means for the caller.
fn failed(file: &Path, error: &rusqlite::Error) -> StoreError {
    let told = format!("{}: {error}", file.display());
    match error.sqlite_error_code() {
        Some(SqliteCode::NotADatabase | SqliteCode::DatabaseCorrupt) | None => {
            StoreError::Unreadable(told)
        }
        Some(_) => StoreError::Unavailable(told),
    }
}

/// SQLite's integers are signed; ids stay far below the end of either.
fn to_sql(id: MessageId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

/// Nothing we write is negative; by hand anything can be.
fn from_sql(id: i64) -> MessageId {
    MessageId(u64::try_from(id).unwrap_or(0))
}

/// A number of rows; SQLite reads a negative one as "all".
fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
