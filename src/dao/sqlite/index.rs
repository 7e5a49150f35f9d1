//! The index of words (FTS5). It is behind the messages: batches of [`Write::Index`] move it on,
//! and each leaves its mark with its own transaction, so a restart goes on where it stopped.
//! Nothing in it is shown to anybody: it names messages, and these are read.
//!
//! FTS5 is given words that are cut already (`protocol::words`), and cuts at blanks only: so the
//! index finds what comparing with the text finds, Chinese without blanks and all other scripts.
//! The texts themselves are not kept a second time (`content=''`).

use std::time::Instant;

use rusqlite::{
    Connection, ErrorCode as SqliteCode, OptionalExtension, Row, TransactionBehavior, params,
};

use super::super::{Hits, Lookup};
use super::{count, from_sql, to_sql};
use crate::clock;
use crate::protocol::{MessageId, UserId, words};

#[cfg(doc)]
use super::super::Write;

/// `place` has a word for the room and one for the sender, so that a search walks over nobody
/// else's messages. Of ASCII, `ascii` takes letters and digits for parts of words, of the rest
/// everything.
const WORDS: &str = "
    CREATE VIRTUAL TABLE words USING fts5(
        place, text, content='', contentless_delete=1, tokenize='ascii'
    )";

/// Steps of SQLite between two looks at the clock: some 0.1 ms.
const STEPS: i32 = 10_000;

/// Makes the index where it is missing; it is filled from the beginning then.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    if exists(connection)? {
        return Ok(());
    }
    let making = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if !exists(&making)? {
        making.execute_batch(WORDS)?;
        making.execute("UPDATE meta SET indexed = 0", [])?;
    }
    making.commit()
}

fn exists(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'words'")?.exists([])
}

/// Is there a message that the index has not looked at?
pub(super) fn is_behind(reader: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM messages WHERE seq > (SELECT indexed FROM meta)";
    reader.prepare_cached(sql)?.exists([])
}

/// Which message is in the index for a row of `messages`: an edit or a deletion changes what is
/// known of another one, a reaction nothing.
const SUBJECT: &str = "CASE
    WHEN new.what IS NULL OR new.what = 'reply' THEN new.seq
    WHEN new.what IN ('edit', 'delete') THEN (
        SELECT its.seq FROM messages AS its WHERE its.room = new.room AND its.id = new.about
    ) END";

/// Does something to the index, or leaves it as it was where it does not work: what is written
/// beside it is worth more than the index, which only says where to look.
///
/// # Errors
/// Those that are not the index's own: the disk is full, say.
fn aside<T>(
    connection: &Connection,
    step: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    connection.execute_batch("SAVEPOINT aside")?;
    let done = match step() {
        Ok(done) => Some(done),
        // SQLITE_ERROR is what a table that is not there says.
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(SqliteCode::DatabaseCorrupt | SqliteCode::Unknown)
            ) =>
        {
            connection.execute_batch("ROLLBACK TO aside")?;
            complain(&error);
            None
        }
        Err(error) => return Err(error),
    };
    connection.execute_batch("RELEASE aside")?;
    Ok(done)
}

/// Takes the next messages in; how many were looked at. `None`: the index does not work.
pub(super) fn advance(connection: &Connection, limit: u32) -> rusqlite::Result<Option<u64>> {
    aside(connection, || take_in(connection, limit))
}

fn take_in(connection: &Connection, limit: u32) -> rusqlite::Result<u64> {
    let sql = format!(
        "SELECT new.seq, {SUBJECT} FROM messages AS new
        WHERE new.seq > (SELECT indexed FROM meta) ORDER BY new.seq LIMIT ?"
    );
    let new = connection
        .prepare_cached(&sql)?
        .query_map([limit], |row| row.try_into())?
        .collect::<rusqlite::Result<Vec<(i64, Option<i64>)>>>()?;
    let Some((last, _)) = new.last() else { return Ok(0) };
    for subject in new.iter().filter_map(|(_, subject)| *subject) {
        refresh(connection, subject)?;
    }
    connection.prepare_cached("UPDATE meta SET indexed = ?")?.execute([last])?;
    Ok(new.len() as u64)
}

/// Takes note that a text was changed in the store itself, where the index has come by it.
pub(super) fn renew(connection: &Connection, room: i64, id: MessageId) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT {SUBJECT} FROM messages AS new
        WHERE new.room = ? AND new.id = ? AND new.seq <= (SELECT indexed FROM meta)"
    );
    let subject = connection
        .prepare_cached(&sql)?
        .query_row([room, to_sql(id)], |row| row.get::<_, Option<i64>>(0))
        .optional()?;
    match subject.flatten() {
        Some(subject) => aside(connection, || refresh(connection, subject)).map(drop),
        None => Ok(()),
    }
}

/// Puts a message into the index as it is now, in the place of what was known of it.
fn refresh(connection: &Connection, seq: i64) -> rusqlite::Result<()> {
    let sql = "
        SELECT said.room, said.sender, coalesce(edited.text, said.text), EXISTS (
            SELECT 1 FROM changes AS gone
            WHERE gone.room = said.room AND gone.id = said.id AND gone.what = 'delete'
        ) FROM messages AS said
        LEFT JOIN changes
            ON changes.room = said.room AND changes.id = said.id AND changes.what = 'edit'
        LEFT JOIN messages AS edited ON edited.room = said.room AND edited.id = changes.by
        WHERE said.seq = ?";
    // What cannot be read has no words.
    let now = connection.prepare_cached(sql)?.query_row([seq], |row| Ok(now(row).ok().flatten()));
    let Some((place, text)) = now.optional()?.flatten() else { return forget(connection, seq) };
    let sql = "INSERT OR REPLACE INTO words (rowid, place, text) VALUES (?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![seq, place, text])?;
    Ok(())
}

/// Where and by whom, and the words; nothing where it is gone.
fn now(row: &Row<'_>) -> rusqlite::Result<Option<(String, String)>> {
    let (room, sender) = (row.get(0)?, UserId(row.get(1)?));
    let (text, is_gone): (String, bool) = (row.get(2)?, row.get(3)?);
    Ok((!is_gone).then(|| (place(room, sender), words(&text).join(" "))))
}

/// Takes a message, by its `seq`, out of the index.
pub(super) fn forget(connection: &Connection, seq: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM words WHERE rowid = ?")?.execute([seq])?;
    Ok(())
}

/// Takes the oldest messages of a room out of the index, before they go.
pub(super) fn prune(connection: &Connection, room: i64, up_to: MessageId) -> rusqlite::Result<()> {
    let sql = "SELECT seq FROM messages WHERE room = ? AND id <= ?";
    let mut going = connection.prepare_cached(sql)?;
    let going = going.query_map([room, to_sql(up_to)], |row| row.get(0))?;
    let going = going.collect::<rusqlite::Result<Vec<_>>>()?;
    aside(connection, || going.into_iter().try_for_each(|seq| forget(connection, seq))).map(drop)
}

/// The words of a room and of a sender; no guest's is an account's.
fn place(room: i64, sender: UserId) -> String {
    format!("{} {}", room_word(room), sender_word(sender))
}

fn room_word(room: i64) -> String {
    format!("r{room}")
}

fn sender_word(sender: UserId) -> String {
    let kind = if sender.is_guest() { 'g' } else { 'u' };
    format!("{kind}{}", sender.0.unsigned_abs())
}

/// What may have the words, and how far that is known; all of one moment.
pub(super) fn lookup(reader: &mut Connection, lookup: &Lookup<'_>) -> rusqlite::Result<Hits> {
    let deadline = lookup.deadline;
    reader.progress_handler(STEPS, Some(move || is_over(deadline)))?;
    let hits = lookup_in_time(reader, lookup);
    reader.progress_handler(0, None::<fn() -> bool>)?;
    hits
}

fn is_over(deadline: Instant) -> bool {
    clock::now() >= deadline
}

fn lookup_in_time(reader: &Connection, lookup: &Lookup<'_>) -> rusqlite::Result<Hits> {
    let moment = reader.unchecked_transaction()?;
    let sql = "SELECT no FROM rooms WHERE key = ?";
    let room = moment
        .prepare_cached(sql)?
        .query_row([lookup.room.to_string()], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(room) = room else { return Ok(Hits::default()) };
    let sql = "
        SELECT id FROM messages WHERE room = ? AND seq <= (SELECT indexed FROM meta)
        ORDER BY id DESC LIMIT 1";
    let indexed = moment.prepare_cached(sql)?.query_row([room], |row| row.get(0)).optional()?;
    let indexed = indexed.map(from_sql).unwrap_or_default();
    let mut ids = matching(&moment, room, lookup)?;
    let edited = edited_behind(&moment, (room, indexed), lookup)?;
    // Where one of the two was cut short, nothing older is certain.
    let cut = |ids: &[MessageId]| match ids.get(lookup.limit.saturating_sub(1)) {
        Some(last) => MessageId(last.0.saturating_sub(1)),
        None => lookup.between.0,
    };
    let left = cut(&ids).max(cut(&edited));
    ids.extend(edited);
    ids.retain(|id| *id > left);
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.dedup();
    Ok(Hits { ids, indexed, left })
}

/// What the index has, the newest first.
fn matching(
    reader: &Connection,
    room: i64,
    lookup: &Lookup<'_>,
) -> rusqlite::Result<Vec<MessageId>> {
    // In a room, seq increases with the id.
    let sql = "
        SELECT messages.id FROM words CROSS JOIN messages ON messages.seq = words.rowid
        WHERE words MATCH ?1 AND messages.room = ?2
            AND words.rowid > coalesce((
                SELECT seq FROM messages WHERE room = ?2 AND id <= ?3 ORDER BY id DESC LIMIT 1
            ), 0)
            AND words.rowid < coalesce((
                SELECT seq FROM messages WHERE room = ?2 AND id >= ?4 ORDER BY id LIMIT 1
            ), 0x7fffffffffffffff)
        ORDER BY words.rowid DESC LIMIT ?5";
    let (after, before) = lookup.between;
    let values =
        params![expression(room, lookup), room, to_sql(after), to_sql(before), count(lookup.limit)];
    let id = |row: &Row<'_>| Ok(from_sql(row.get(0)?));
    reader.prepare_cached(sql)?.query_map(values, id)?.collect()
}

/// What was edited since the index came by, the newest first: it may have the words now.
fn edited_behind(
    reader: &Connection,
    (room, indexed): (i64, MessageId),
    lookup: &Lookup<'_>,
) -> rusqlite::Result<Vec<MessageId>> {
    let sql = "
        SELECT DISTINCT about FROM messages
        WHERE room = ?1 AND what = 'edit' AND id > ?2 AND about > ?3 AND about < ?4
            AND about <= ?2
        ORDER BY about DESC LIMIT ?5";
    let (after, before) = lookup.between;
    let values = params![room, to_sql(indexed), to_sql(after), to_sql(before), count(lookup.limit)];
    let id = |row: &Row<'_>| Ok(from_sql(row.get(0)?));
    reader.prepare_cached(sql)?.query_map(values, id)?.collect()
}

/// What is looked for in the language of FTS5. Words are letters and digits, so in quotes they
/// are nothing but words.
fn expression(room: i64, lookup: &Lookup<'_>) -> String {
    let mut parts = vec![format!("place:\"{}\"", room_word(room))];
    parts.extend(lookup.from.map(|from| format!("place:\"{}\"", sender_word(from))));
    let phrases = lookup.query.phrases().iter();
    parts.extend(phrases.map(|phrase| format!("text:\"{}\"", phrase.join(" "))));
    parts.join(" AND ")
}

/// Says in the log that the index did not help.
pub(super) fn complain(error: &rusqlite::Error) {
    match error.sqlite_error_code() {
        Some(SqliteCode::OperationInterrupted) => log::debug!("a search took too long"),
        code => log::warn!("the index of words does not work ({code:?}); searches read the rooms"),
    }
}
