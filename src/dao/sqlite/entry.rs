//! Invitation codes: reading.

use rusqlite::{Connection, Row};

use super::super::{Code, TokenDigest};
use crate::protocol::Millis;

/// By their ends.
pub(super) const CODES: &str = "SELECT digest, uses, expires FROM codes ORDER BY expires, digest";

pub(super) fn codes(reader: &Connection) -> rusqlite::Result<Vec<Code>> {
    reader.prepare_cached(CODES)?.query_map([], code_of)?.collect()
}

pub(super) fn code_of(row: &Row<'_>) -> rusqlite::Result<Code> {
    let (digest, expires) = (TokenDigest(row.get(0)?), Millis(row.get(2)?));
    Ok(Code { digest, uses: row.get(1)?, expires })
}
