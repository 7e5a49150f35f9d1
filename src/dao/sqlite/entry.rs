//! Invitation codes, and who waits to be let in: reading.

use rusqlite::{Connection, Row};

use super::super::{Account, Asked, Code, Secret, TokenDigest};
use crate::protocol::{Millis, Name, UserId};

/// By their ends.
pub(super) const CODES: &str = "SELECT digest, uses, expires FROM codes ORDER BY expires, digest";

pub(super) fn codes(reader: &Connection) -> rusqlite::Result<Vec<Code>> {
    reader.prepare_cached(CODES)?.query_map([], code_of)?.collect()
}

pub(super) fn code_of(row: &Row<'_>) -> rusqlite::Result<Code> {
    let (digest, expires) = (TokenDigest(row.get(0)?), Millis(row.get(2)?));
    Ok(Code { digest, uses: row.get(1)?, expires })
}

/// By when they asked.
pub(super) const APPLICANTS: &str =
    "SELECT id, name, secret, since FROM applicants ORDER BY since, id";

pub(super) fn applicants(reader: &Connection) -> rusqlite::Result<Vec<Asked>> {
    reader.prepare_cached(APPLICANTS)?.query_map([], asked_of)?.collect()
}

pub(super) fn asked_of(row: &Row<'_>) -> rusqlite::Result<Asked> {
    let (id, name): (_, String) = (UserId(row.get(0)?), row.get(1)?);
    let (name, secret) = (Name::stored(&name, id), Secret::stored(row.get(2)?));
    Ok(Asked { account: Account { id, name, secret }, since: Millis(row.get(3)?) })
}
