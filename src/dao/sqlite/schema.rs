//! The file: how it is made, what is in it, and how it gets from one version to the next.

use std::fmt;
use std::fs::{DirBuilder, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::super::contract::{FIRST_GUEST, FIRST_USER, new_identity};
use super::super::{Claim, Identity, StoreError};
use super::{DEADLINE, count, failed, index};

/// `Hubb`: marks the file as ours, so that another program's database is not taken for an
/// empty store.
const APPLICATION: i64 = 0x4875_6262;

/// The steps from nothing to the newest version; the version of a file is how many it has
/// taken. Steps that were released are never changed, only followed by new ones.
const MIGRATIONS: &[&str] = &[
    include_str!("1.sql"),
    include_str!("2.sql"),
    include_str!("3.sql"),
    include_str!("4.sql"),
    include_str!("5.sql"),
    include_str!("6.sql"),
    include_str!("7.sql"),
    include_str!("8.sql"),
    include_str!("9.sql"),
    include_str!("10.sql"),
    include_str!("11.sql"),
    include_str!("12.sql"),
    include_str!("13.sql"),
    include_str!("14.sql"),
];

/// Makes the file if it is not there, checks that it is ours, brings it to the newest version.
///
/// # Errors
/// As [`super::open`].
pub(super) fn prepare(file: &Path) -> Result<Identity, StoreError> {
    create(file).map_err(|error| unavailable(file, &error))?;
    let mut connection = connect(file).map_err(|error| failed(file, &error))?;
    let taken = check(file, &connection)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(|error| failed(file, &error))?;
    if mode != "wal" {
        let reason = format!("{}: no write-ahead log on this file system", file.display());
        return Err(StoreError::Unavailable(reason));
    }
    // Nothing to do needs no lock: another process may be writing for long.
    if taken < MIGRATIONS.len() {
        migrate(file, &mut connection)?;
    }
    index::prepare(&mut connection).map_err(|error| failed(file, &error))?;
    identity(&connection).map_err(|error| failed(file, &error))
}

/// A connection to a file that exists, as every reader and the writer begin.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    // Without CREATE: a file that vanished under a running server must not come back empty.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(DEADLINE)?;
    // Or statements are prepared anew for other values: 15 % of a storm's CPU.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Only the owner may look inside: the folder is 0700, the file 0600, and SQLite gives the
/// files beside it the same rights.
fn create(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// How many migrations the file has taken. Nothing is changed before this has passed.
/// SQLite itself looks at the file: to open and close it here would take the locks from another
/// store of this process.
fn check(file: &Path, connection: &Connection) -> Result<usize, StoreError> {
    let look = || {
        let count = "SELECT count(*) FROM sqlite_schema";
        Ok((
            version(connection)?,
            connection.query_row("PRAGMA application_id", [], |row| row.get(0))?,
            connection.query_row(count, [], |row| row.get(0))?,
        ))
    };
    let (found, application, tables): (i64, i64, i64) =
        look().map_err(|error| failed(file, &error))?;
    let ours = application == APPLICATION || (application == 0 && tables == 0);
    if !ours {
        let reason = format!("{} is the database of another program", file.display());
        return Err(StoreError::Unreadable(reason));
    }
    steps_taken(found)
}

/// How many migrations a file of this version has taken.
fn steps_taken(found: i64) -> Result<usize, StoreError> {
    match usize::try_from(found) {
        Ok(taken) if taken <= MIGRATIONS.len() => Ok(taken),
        _ => Err(StoreError::Newer { found, known: count(MIGRATIONS.len()) }),
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// All steps in one transaction. The version is read again inside it, for another process may
/// have been faster.
fn migrate(file: &Path, connection: &mut Connection) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| failed(file, &error);
    let steps =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    let taken = steps_taken(version(&steps).map_err(fail)?)?;
    for step in MIGRATIONS.iter().skip(taken) {
        steps.execute_batch(step).map_err(fail)?;
    }
    if taken == 0 {
        let identity = new_identity()?;
        insert_meta(&steps, &identity).map_err(fail)?;
    }
    steps.pragma_update(None, "application_id", APPLICATION).map_err(fail)?;
    steps.pragma_update(None, "user_version", count(MIGRATIONS.len())).map_err(fail)?;
    steps.commit().map_err(fail)
}

fn insert_meta(steps: &Transaction<'_>, identity: &Identity) -> rusqlite::Result<()> {
    steps.execute(
        "INSERT INTO meta (epoch, key, next_user, next_guest) VALUES (?, ?, ?, ?)",
        params![identity.epoch, identity.key, FIRST_USER.0, FIRST_GUEST.0],
    )?;
    Ok(())
}

fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    connection.query_row("SELECT epoch, key FROM meta", [], |row| {
        Ok(Identity { epoch: row.get(0)?, key: row.get(1)? })
    })
}

fn unavailable(file: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", file.display()))
}

/// Locks a file beside the store's: the kernel lets go of it when the process ends, also by a
/// kill. The store's own file is not locked, for other programs may use it meanwhile.
pub(super) fn claim(file: &Path) -> Result<Box<dyn Claim>, StoreError> {
    let mut path = file.as_os_str().to_owned();
    path.push(".server");
    let path = PathBuf::from(path);
    let said = |reason: &dyn fmt::Display| {
        StoreError::Unavailable(format!("{}: {reason}", path.display()))
    };
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let lock = options.open(&path).map_err(|error| said(&error))?;
    match lock.try_lock() {
        Ok(()) => Ok(Box::new(lock)),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Refused(format!("another server serves from {}", file.display())))
        }
        Err(TryLockError::Error(error)) => Err(said(&error)),
    }
}
