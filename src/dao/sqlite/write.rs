//! The write side: a batch is one transaction.

mod closing;
mod devices;
mod entry;
mod erase;
mod order;
mod prune;
mod rooms;
mod tokens;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{
    Connection, ErrorCode as SqliteCode, OptionalExtension, TransactionBehavior, params,
};

use super::super::contract::{Doubt, Kept, message};
use super::super::{
    Account, Cursor, Entry, Receipts, Secret, StoreError, Token, Write, Writer, Written,
};
use super::{changes, from_sql, ignored, index, schema, to_sql, told};
use crate::protocol::{
    Append, Device, ErrorCode, Message, MessageId, Millis, Name, RoomId, UserId,
};

/// In tables, the device that clients share which cannot acknowledge; no device's name is empty.
pub(super) const SHARED: &str = "";

/// Pages of 4 KiB that the log may grow to before it is written back into the file: at the
/// default of 1,000 a busy room spends more on that than on its messages.
const CHECKPOINT_PAGES: i64 = 4_000;

#[derive(Debug)]
pub(super) struct SqliteWriter {
    file: PathBuf,
    /// `None` after an error: what state a connection is in then is not worth knowing, and the
    /// next commit makes a new one.
    connection: Option<Connection>,
    doubt: Doubt,
}

impl SqliteWriter {
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened any more.
    pub(super) fn new(file: PathBuf) -> Result<Self, StoreError> {
        let mut writer = Self { file, connection: None, doubt: Doubt::default() };
        writer.connection = Some(writer.connect()?);
        Ok(writer)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let open = || {
            let connection = schema::connect(&self.file)?;
            // Acknowledged means stored, over a power cut too.
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
            Ok(connection)
        };
        open().map_err(|error| self.unavailable(&error))
    }

    fn unavailable(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::Unavailable(format!("{}: {error}", self.file.display()))
    }

    fn attempt(
        &self,
        connection: &mut Option<Connection>,
        batch: &[&Write],
    ) -> Result<Vec<Written>, StoreError> {
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(self.connect()?),
        };
        let fill = |connection| {
            let mut open = Batch { connection, rooms: HashMap::new() };
            let written = batch.iter().map(|write| open.apply(write)).collect::<Result<_, _>>()?;
            open.close()?;
            Ok(written)
        };
        // Immediate: the lock is waited for here, before anything is done, and not in between.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| self.unavailable(&error))?;
        let written = fill(&transaction).map_err(|error| self.unavailable(&error))?;
        match transaction.commit() {
            Ok(()) => Ok(written),
            // The log may hold the whole batch although its fsync failed: after a crash it
            // would be found there and count. Repeating it writes it anew, once.
            Err(error) if error.sqlite_error_code() == Some(SqliteCode::SystemIoFailure) => {
                Err(StoreError::Unknown(format!("{}: {error}", self.file.display())))
            }
            // Full or locked: the last page, which would make the batch count, is not written.
            Err(error) => Err(self.unavailable(&error)),
        }
    }
}

impl Writer for SqliteWriter {
    fn commit(&mut self, batch: &[&Write]) -> Result<Vec<Written>, StoreError> {
        let mut connection = self.connection.take();
        let ended = self.attempt(&mut connection, batch);
        if ended.is_ok() {
            self.connection = connection;
        }
        self.doubt.settle(ended)
    }
}

/// A batch in its transaction.
struct Batch<'c> {
    connection: &'c Connection,
    /// Rooms this batch has touched; their last ids are written back at its end.
    rooms: HashMap<RoomId, Room>,
}

#[derive(Clone, Copy)]
struct Room {
    no: i64,
    last: MessageId,
}

impl Batch<'_> {
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn apply(&mut self, write: &Write) -> rusqlite::Result<Written> {
        match write {
            Write::Append(append) => return self.append(append),
            Write::Register { id, name, secret, entry } => {
                return self.register((*id, name.as_ref()), secret, *entry);
            }
            Write::MakeCode(code) => self.make_code(code)?,
            Write::EndCode(digest) => self.end_code(digest)?,
            Write::Decide(decision) => return self.decide(decision),
            Write::ForgetApplicants { before, limit } => {
                return self.forget_applicants(*before, *limit);
            }
            Write::SetSecret { account, secret } => {
                self.revoke_all(*account)?;
                let sql = "UPDATE users SET secret = ?2 WHERE id = ?1";
                return self.change(sql, params![account.0, secret]);
            }
            Write::Rename { account, name } => {
                let sql = "UPDATE users SET name = ?2, name_key = ?3 WHERE id = ?1";
                return self.change(sql, params![account.0, name.as_str(), name.key().as_str()]);
            }
            Write::Receipts { account, receipts: Receipts { delivered, read } } => {
                let sql = "UPDATE users SET show_delivered = ?2, show_read = ?3 WHERE id = ?1";
                return self.change(sql, params![account.0, delivered, read]);
            }
            Write::Delete { account, erase } => return self.delete(*account, *erase),
            Write::Guests(count) => return self.guests(*count),
            Write::Token { account, device, digest, expires } => {
                let token = Token { account: *account, device: device.clone(), expires: *expires };
                return self.give(digest, &token);
            }
            Write::Room(change) => return self.change_room(change),
            Write::Operator { account, is_operator } => {
                let sql = "UPDATE users SET is_operator = ?2 WHERE id = ?1";
                return self.change(sql, params![account.0, is_operator]);
            }
            Write::Ignore { account, whom, is_so } => {
                return ignored::ignore(self.connection, *account, *whom, *is_so);
            }
            Write::Deed(deed) => self.deed(deed)?,
            Write::Expire(sanction) => return self.expire(sanction),
            Write::ForgetDeeds { before, limit } => return self.forget_deeds(*before, *limit),
            Write::Erase(erase) => return self.erase(erase),
            Write::Erased(account) => self.erased(*account)?,
            Write::Sweep(limit) => return self.sweep(*limit),
            Write::Prune(prune) => return self.prune(prune),
            Write::Forget { before, limit } => return self.forget(*before, *limit),
            Write::Index { limit } => {
                let n_taken = index::advance(self.connection, *limit)?;
                return Ok(n_taken.map_or(Written::Refused(ErrorCode::Internal), Written::Indexed));
            }
            Write::RevokeToken(digest) => self.revoke(digest)?,
            Write::RevokeTokens(account) => self.revoke_all(*account)?,
            Write::RevokeDevice { account, device } => {
                self.revoke_device(*account, device.as_ref())?;
            }
            Write::OpenDevice { account, device, time } => {
                self.open_device(*account, device)?;
                self.see(*account, device, *time)?;
            }
            Write::Cursor(cursor) => self.advance(cursor)?,
            Write::Read { account, room, up_to } => self.read(*account, *room, *up_to)?,
            Write::Tell(tidings) => told::tell(self.connection, tidings)?,
            Write::Mark => {}
        }
        Ok(Written::Done)
    }

    /// The last ids of rooms are written once per batch, not once per message.
    fn close(self) -> rusqlite::Result<()> {
        let sql = "UPDATE rooms SET last_id = ?2 WHERE no = ?1 AND last_id <> ?2";
        let mut update = self.connection.prepare_cached(sql)?;
        for room in self.rooms.values() {
            update.execute([room.no, to_sql(room.last)])?;
        }
        Ok(())
    }

    fn append(&mut self, append: &Append) -> rusqlite::Result<Written> {
        let Some(room) = self.room_to_write(append.room)? else {
            return Ok(Written::Refused(ErrorCode::UnknownRoom));
        };
        let id = MessageId(room.last.0 + 1);
        let kept = Kept::new(append, id);
        let device = append.device.as_ref().map_or(SHARED, Device::as_str);
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO refs SELECT ?, ?2, ?, ?, ?, ?, ?, ?
                WHERE NOT EXISTS (SELECT 1 FROM erasing WHERE account = ?2)
                ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                room.no,
                append.sender.0,
                device,
                append.reference.as_str(),
                to_sql(id),
                append.time.0,
                kept.digest,
                kept.nonce.cast_signed(),
            ])?;
        if added == 0 {
            let kept = self.kept(room, append, device)?;
            let is_gone = Written::Refused(ErrorCode::UnknownUser);
            return Ok(kept.map_or(is_gone, |kept| kept.answer(append)));
        }
        let message = message(append, id, append.time);
        insert_message(self.connection, room.no, &message)?;
        if let RoomId::Pair(one, other) = append.room {
            self.join(one, room)?;
            self.join(other, room)?;
        }
        self.rooms.insert(append.room, Room { last: id, ..room });
        Ok(Written::Stored { message: Arc::new(message), fresh: true })
    }

    fn kept(&self, room: Room, append: &Append, device: &str) -> rusqlite::Result<Option<Kept>> {
        let sql = "
            SELECT id, time, digest, nonce FROM refs
            WHERE room = ? AND sender = ? AND device = ? AND reference = ?";
        let key = params![room.no, append.sender.0, device, append.reference.as_str()];
        let mut kept = self.connection.prepare_cached(sql)?;
        let found = kept.query_row(key, |row| {
            let nonce: i64 = row.get(3)?;
            Ok(Kept {
                id: from_sql(row.get(0)?),
                time: Millis(row.get(1)?),
                digest: row.get(2)?,
                nonce: nonce.cast_unsigned(),
            })
        });
        found.optional()
    }

    /// Makes a private room known to an account. `room` is as it was before the message that
    /// brings the account in: what it held then was said to another owner of the id.
    fn join(&self, account: UserId, room: Room) -> rusqlite::Result<()> {
        let sql = "
            INSERT OR IGNORE INTO members (account, room, since)
            SELECT id, ?, ? FROM users WHERE id = ?";
        let mut insert = self.connection.prepare_cached(sql)?;
        insert.execute([room.no, to_sql(room.last), account.0])?;
        Ok(())
    }

    fn room(&mut self, room: RoomId) -> rusqlite::Result<Option<Room>> {
        if let Some(known) = self.rooms.get(&room) {
            return Ok(Some(*known));
        }
        let found = self
            .connection
            .prepare_cached("SELECT no, last_id FROM rooms WHERE key = ?")?
            .query_row([room.to_string()], |row| {
                Ok(Room { no: row.get(0)?, last: from_sql(row.get(1)?) })
            })
            .optional()?;
        if let Some(found) = found {
            self.rooms.insert(room, found);
        }
        Ok(found)
    }

    fn open_room(&mut self, room: RoomId) -> rusqlite::Result<Room> {
        if let Some(known) = self.room(room)? {
            return Ok(known);
        }
        self.connection
            .prepare_cached("INSERT INTO rooms (key, last_id) VALUES (?, 0)")?
            .execute([room.to_string()])?;
        let new = Room { no: self.connection.last_insert_rowid(), last: MessageId(0) };
        self.rooms.insert(room, new);
        Ok(new)
    }

    fn register(
        &mut self,
        (id, name): (Option<UserId>, Option<&Name>),
        secret: &str,
        entry: Entry,
    ) -> rusqlite::Result<Written> {
        let id = match id {
            Some(id) if id.0 <= 0 => return Ok(Written::Refused(ErrorCode::BadId)),
            Some(id) if self.is_erasing(id)? => return Ok(Written::Refused(ErrorCode::IdTaken)),
            Some(id) => id,
            None => self.free_id()?,
        };
        if self.is_taken(id)? {
            return Ok(Written::Refused(ErrorCode::IdTaken));
        }
        if !self.let_in(entry)? {
            return Ok(Written::Refused(ErrorCode::BadCode));
        }
        let name = name.cloned().unwrap_or_else(|| Name::of_id(id));
        let account = Account { id, name, secret: Secret::Hash(secret.to_owned()) };
        match entry {
            Entry::Asked(since) => self.ask(&account, since),
            Entry::Open | Entry::Code(..) => self.add(&account),
        }
    }

    fn add(&mut self, account: &Account) -> rusqlite::Result<Written> {
        let Account { id, name, secret } = account;
        let id = *id;
        let sql = "INSERT INTO users (id, name, name_key, secret) VALUES (?, ?, ?, ?)";
        let values = params![id.0, name.as_str(), name.key().as_str(), secret.as_stored()];
        self.connection.prepare_cached(sql)?.execute(values)?;
        let lobby = self.open_room(RoomId::Lobby)?;
        self.move_to(id, SHARED, lobby, lobby.last)?;
        self.mark_read(id, lobby, lobby.last)?;
        Ok(Written::Registered(id))
    }

    /// Changes the row of one account.
    fn change(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<Written> {
        match self.connection.prepare_cached(sql)?.execute(values)? {
            0 => Ok(Written::Refused(ErrorCode::UnknownUser)),
            _ => Ok(Written::Done),
        }
    }

    fn delete(&self, account: UserId, erase: bool) -> rusqlite::Result<Written> {
        let written = self.change("DELETE FROM users WHERE id = ?", params![account.0])?;
        if written == Written::Done {
            self.leave_all(account)?;
            for sql in [
                "DELETE FROM invitations WHERE account = ?",
                "DELETE FROM cursors WHERE account = ?",
                "DELETE FROM devices WHERE account = ?",
                "DELETE FROM ignored WHERE account = ?",
                "DELETE FROM members WHERE account = ?",
                "DELETE FROM reads WHERE account = ?",
                "DELETE FROM tokens WHERE account = ?",
                "INSERT OR IGNORE INTO retired SELECT ?1 FROM meta WHERE ?1 >= next_user",
            ] {
                self.connection.prepare_cached(sql)?.execute([account.0])?;
            }
            if erase {
                self.remember_to_erase(account)?;
            }
        }
        Ok(written)
    }

    fn guests(&self, count: u32) -> rusqlite::Result<Written> {
        let sql = "UPDATE meta SET next_guest = next_guest - ?1 RETURNING next_guest + ?1";
        let first = self.connection.prepare_cached(sql)?.query_row([count], |row| row.get(0))?;
        Ok(Written::Guests(UserId(first)))
    }

    /// A room, if it is there and an account is in it.
    fn room_of(&mut self, account: UserId, room: RoomId) -> rusqlite::Result<Option<Room>> {
        let Some(room) = self.room(room)? else { return Ok(None) };
        // Room 1 is the lobby, where every account is.
        let is_in = "
            SELECT 1 FROM users WHERE id = ?1 AND (?2 = 1
                OR EXISTS (SELECT 1 FROM members WHERE account = ?1 AND room = ?2))";
        let is_in = self.connection.prepare_cached(is_in)?.exists([account.0, room.no])?;
        Ok(is_in.then_some(room))
    }

    fn read(&mut self, account: UserId, room: RoomId, up_to: MessageId) -> rusqlite::Result<()> {
        match self.room_of(account, room)? {
            Some(room) => self.mark_read(account, room, up_to.min(room.last)),
            None => Ok(()),
        }
    }

    fn mark_read(&self, account: UserId, room: Room, up_to: MessageId) -> rusqlite::Result<()> {
        let sql = "
            INSERT INTO reads (account, room, up_to) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET up_to = max(up_to, excluded.up_to)";
        self.connection.prepare_cached(sql)?.execute([account.0, room.no, to_sql(up_to)])?;
        Ok(())
    }

    fn advance(&mut self, cursor: &Cursor) -> rusqlite::Result<()> {
        let Some(room) = self.room_of(cursor.account, cursor.room)? else { return Ok(()) };
        let up_to = cursor.up_to.min(room.last);
        if let Some(device) = &cursor.device {
            self.open_device(cursor.account, device)?;
            self.move_to(cursor.account, device.as_str(), room, up_to)?;
        }
        self.move_to(cursor.account, SHARED, room, up_to)
    }

    fn move_to(
        &self,
        account: UserId,
        device: &str,
        room: Room,
        up_to: MessageId,
    ) -> rusqlite::Result<()> {
        let sql = "
            INSERT INTO cursors (account, device, room, up_to) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET up_to = max(up_to, excluded.up_to)";
        let position = params![account.0, device, room.no, to_sql(up_to)];
        self.connection.prepare_cached(sql)?.execute(position)?;
        Ok(())
    }
}

/// A message of a room with this number, and what it does to another one.
pub(super) fn insert_message(
    connection: &Connection,
    room: i64,
    message: &Message,
) -> rusqlite::Result<()> {
    let sql = "
        INSERT INTO messages (room, id, sender, name, time, text, reference, about, what)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![
        room,
        to_sql(message.id),
        message.sender.0,
        message.name,
        message.time.0,
        message.text.as_str(),
        message.reference.as_str(),
        message.about.map(|about| to_sql(about.id)),
        message.about.map(|about| about.what.name()),
    ])?;
    changes::note(connection, room, message)
}
