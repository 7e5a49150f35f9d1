//! Copies of the file, and whether it is sound.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::StoreError;
use super::super::contract::new_identity;
use super::{failed, schema};

/// Findings of SQLite's own that are told.
const MAX_FINDINGS: u32 = 100;

/// Makes a copy that is marked as one. It has another name until it is whole and on the disk.
pub(super) fn backup(file: &Path, to: &Path) -> Result<(), StoreError> {
    let to = std::path::absolute(to).map_err(|error| unavailable(to, &error))?;
    let mut part: OsString = to.clone().into();
    part.push(".part");
    let part = PathBuf::from(part);
    for path in [&to, &part] {
        if fs::symlink_metadata(path).is_ok() {
            let why = "is there already, and nothing is overwritten";
            return Err(StoreError::Refused(format!("{}: {why}", path.display())));
        }
    }
    // Only the owner may look inside, from the first byte on.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .map_err(|error| unavailable(&part, &error))?;
    let done = copy(file, &part).and_then(|()| settle(&part, &to));
    if done.is_err() {
        // Why there is no copy is told; this is only tidying up.
        fs::remove_file(&part).ok();
    }
    done
}

fn copy(file: &Path, part: &Path) -> Result<(), StoreError> {
    let Some(name) = part.to_str() else {
        let why = "not a name in UTF-8";
        return Err(StoreError::Unavailable(format!("{}: {why}", part.display())));
    };
    let fail = |error: rusqlite::Error| failed(part, &error);
    let source = schema::connect(file).map_err(|error| failed(file, &error))?;
    source.execute("VACUUM INTO ?", [name]).map_err(fail)?;
    let copy = schema::connect(part).map_err(fail)?;
    // The mark must be in the file itself, not in a log beside it.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(fail)?;
    copy.execute("UPDATE meta SET is_copy = 1", []).map_err(fail)?;
    copy.close().map_err(|(_, error)| fail(error))
}

/// SQLite does not wait for the disk when it copies.
fn settle(part: &Path, to: &Path) -> Result<(), StoreError> {
    let settle = || {
        File::open(part)?.sync_all()?;
        fs::rename(part, to)?;
        let folder = to.parent().unwrap_or(Path::new("/"));
        File::open(folder)?.sync_all()
    };
    settle().map_err(|error: io::Error| unavailable(to, &error))
}

/// Ends the mark of a copy with a new epoch; was there one?
pub(super) fn renew(file: &Path) -> Result<bool, StoreError> {
    let fail = |error: rusqlite::Error| failed(file, &error);
    let connection = schema::connect(file).map_err(fail)?;
    // Nothing to do needs no lock.
    let is_copy = connection.query_row("SELECT is_copy FROM meta", [], |row| row.get(0));
    if !is_copy.map_err(fail)? {
        return Ok(false);
    }
    let epoch = new_identity()?.epoch;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    connection
        .execute("UPDATE meta SET epoch = ?, is_copy = 0 WHERE is_copy <> 0", [epoch])
        .map_err(fail)?;
    Ok(true)
}

/// What SQLite finds wrong with the file, and rows that belong to nothing: no walk over rooms and
/// accounts would come by them.
pub(super) fn check(reader: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut findings = reader
        .prepare(&format!("PRAGMA integrity_check({MAX_FINDINGS})"))?
        .query_map([], |row| row.get::<_, String>(0))?
        .filter(|finding| finding.as_ref().is_ok_and(|finding| finding != "ok"))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let no_room = "room NOT IN (SELECT no FROM rooms)";
    let no_account = "account NOT IN (SELECT id FROM users)";
    for (table, is_lost, of) in [
        ("messages", no_room, "rooms"),
        ("refs", no_room, "rooms"),
        ("members", no_account, "accounts"),
        ("devices", no_account, "accounts"),
        ("cursors", no_account, "accounts"),
        ("reads", no_account, "accounts"),
        ("tokens", no_account, "accounts"),
    ] {
        let sql = format!("SELECT count(*) FROM {table} WHERE {is_lost}");
        let n_lost: i64 = reader.query_row(&sql, [], |row| row.get(0))?;
        if n_lost > 0 {
            findings.push(format!("{n_lost} rows in {table} are of {of} that do not exist"));
        }
    }
    Ok(findings)
}

fn unavailable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
