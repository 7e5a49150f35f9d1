//! The whole file as records, and records as a whole file.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, Transaction, TransactionBehavior, params};

use super::super::contract::{NOT_EMPTY, new_identity};
use super::super::lines::{deed_text, sanction_text};
use super::super::record::{Record, Referred};
use super::super::{
    Account, Asked, Code, Cursor, Receipts, Records, StoreError, Take, Token, TokenDigest,
};
use super::write::{self, SHARED};
use super::{entry, failed, from_sql, order, read, rooms, to_sql};
use crate::protocol::{
    Deed, Device, MessageId, Millis, NamedRoom, Reference, RoomId, RoomNo, Sanction, UserId,
};

/// Puts a device behind those that are there.
const DEVICE: &str = "
    INSERT INTO devices (account, device, used, since, seen)
    SELECT ?1, ?2, 1 + coalesce(max(used), 0), ?3, ?4 FROM devices WHERE account = ?1";

/// Hands over every record, all as they were at one moment.
pub(super) fn export(
    reader: &Connection,
    file: &Path,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    let moment = reader.unchecked_transaction().map_err(|error| failed(file, &error))?;
    let mut export = Export { reader: &moment, file, take };
    export.counters()?;
    for (no, room, last) in export.rooms()? {
        (export.take)(Ok(Record::Room { room, last }))?;
        export.named(no)?;
        export.messages(no, room)?;
        export.references(no, room)?;
    }
    let mut after = 0;
    while let Some(id) = export.account(after, i64::MAX)? {
        export.belongings(id)?;
        after = id;
    }
    export.order()
}

/// Hands over one account and what it has, as they were at one moment.
pub(super) fn belongings(
    reader: &Connection,
    file: &Path,
    account: UserId,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    let moment = reader.unchecked_transaction().map_err(|error| failed(file, &error))?;
    let mut export = Export { reader: &moment, file, take };
    let before = account.0.saturating_sub(1);
    match export.account(before, account.0)? {
        Some(id) => export.belongings(id),
        None => Ok(()),
    }
}

struct Export<'e, 't> {
    reader: &'e Connection,
    file: &'e Path,
    take: &'e mut Take<'t>,
}

impl Export<'_, '_> {
    fn counters(&mut self) -> Result<(), StoreError> {
        self.each("counters", "SELECT next_user, next_guest, next_room FROM meta", [], |row| {
            let (next_user, next_guest) = (UserId(row.get(0)?), UserId(row.get(1)?));
            let next_room = RoomNo(row.get::<_, i64>(2)?.cast_unsigned());
            Ok(Record::Counters { next_user, next_guest, next_room })
        })?;
        // Below the counter an id is not given again anyway.
        let retired = "SELECT id FROM retired WHERE id >= (SELECT next_user FROM meta) ORDER BY id";
        self.each("retired id", retired, [], |row| Ok(Record::Retired(UserId(row.get(0)?))))?;
        let erasing = "SELECT account FROM erasing ORDER BY account";
        self.each("erasing", erasing, [], |row| Ok(Record::Erasing(UserId(row.get(0)?))))
    }

    /// Their numbers, names and last ids, in the order of rooms.
    fn rooms(&mut self) -> Result<Vec<(i64, RoomId, MessageId)>, StoreError> {
        let mut rooms = Vec::new();
        let sql = "
            SELECT key, no, last_id FROM rooms
            WHERE (last_id > 0 OR EXISTS (SELECT 1 FROM messages WHERE room = no)
                OR EXISTS (SELECT 1 FROM named WHERE room = no))
                AND no NOT IN (SELECT room FROM closed)";
        let read = |row: &Row<'_>| Ok((row.get(1)?, read::room_of(row, 0)?, from_sql(row.get(2)?)));
        for room in self.rows("room", sql, [], read)? {
            match room {
                Ok(room) => rooms.push(room),
                Err(unreadable) => (self.take)(Err(unreadable))?,
            }
        }
        rooms.sort_unstable_by_key(|(_, room, _)| *room);
        Ok(rooms)
    }

    fn named(&mut self, no: i64) -> Result<(), StoreError> {
        let sql = "SELECT number, name, topic, kind, guests FROM named WHERE room = ?";
        self.each("named room", sql, [no], |row| rooms::room_of(row).map(Record::Named))
    }

    fn messages(&mut self, no: i64, room: RoomId) -> Result<(), StoreError> {
        let sql = "
            SELECT id, sender, name, time, text, reference, about, what FROM messages
            WHERE room = ? ORDER BY id";
        self.each(&format!("{room}: message"), sql, [no], |row| {
            read::message_of(room, row).map(Record::Message)
        })
    }

    fn references(&mut self, no: i64, room: RoomId) -> Result<(), StoreError> {
        let sql = "
            SELECT reference, sender, device, id, time, digest, nonce FROM refs
            WHERE room = ? ORDER BY sender, device, reference";
        self.each(&format!("{room}: reference"), sql, [no], |row| {
            let reference: String = row.get(0)?;
            let nonce: i64 = row.get(6)?;
            Ok(Record::Reference(Referred {
                room,
                sender: UserId(row.get(1)?),
                device: read::device_of(row, 2)?,
                reference: Reference::new(&reference).ok_or_else(|| read::invalid(0))?,
                id: from_sql(row.get(3)?),
                time: Millis(row.get(4)?),
                digest: row.get(5)?,
                nonce: nonce.cast_unsigned(),
            }))
        })
    }

    fn order(&mut self) -> Result<(), StoreError> {
        self.each("invitation code", entry::CODES, [], |row| {
            entry::code_of(row).map(Record::Code)
        })?;
        self.each("applicant", entry::APPLICANTS, [], |row| {
            entry::asked_of(row).map(Record::Asked)
        })?;
        let sql = "SELECT record FROM sanctions";
        let mut found = self.rows("sanction", sql, [], order::sanction_of)?;
        found.sort_by(|a, b| match (a, b) {
            (Ok(a), Ok(b)) => a.key.cmp(&b.key),
            (a, b) => a.is_ok().cmp(&b.is_ok()),
        });
        for sanction in found {
            (self.take)(sanction.map(Record::Sanction))?;
        }
        let sql = "SELECT record FROM deeds ORDER BY time, nonce";
        self.each("act", sql, [], |row| order::deed_of(row).map(Record::Deed))
    }

    /// The next account; its id.
    fn account(&mut self, after: i64, up_to: i64) -> Result<Option<i64>, StoreError> {
        let mut found = None;
        let sql = "
            SELECT id, name, secret, show_delivered, show_read, is_operator FROM users
            WHERE id > ? AND id <= ? ORDER BY id LIMIT 1";
        self.each("account", sql, [after, up_to], |row| {
            found = Some(row.get(0)?);
            let receipts = Receipts { delivered: row.get(3)?, read: row.get(4)? };
            let (account, is_operator) = (read::account_of(row)?, row.get(5)?);
            Ok(Record::Account { account, receipts, is_operator })
        })?;
        Ok(found)
    }

    fn belongings(&mut self, id: i64) -> Result<(), StoreError> {
        let account = UserId(id);
        let sql = "
            SELECT coalesce(key, 'none of number ' || room), since, role FROM members
            LEFT JOIN rooms ON no = room WHERE account = ?";
        self.in_order(&format!("account {id}: room"), sql, id, |row| {
            let (room, since) = (read::room_of(row, 0)?, from_sql(row.get(1)?));
            let has_role = row.get::<_, Option<i64>>(2)?.is_some();
            let role = has_role.then(|| rooms::role_of(row, 2)).transpose()?;
            Ok(Record::Member { account, room, since, role })
        })?;
        let sql = "
            SELECT number FROM invitations JOIN named ON named.room = invitations.room
            WHERE account = ? ORDER BY number";
        self.each(&format!("account {id}: invitation"), sql, [id], |row| {
            let room = RoomNo(row.get::<_, i64>(0)?.cast_unsigned());
            Ok(Record::Invited { account, room })
        })?;
        let sql = "SELECT device, since, seen FROM devices WHERE account = ? ORDER BY used, device";
        self.each(&format!("account {id}: device"), sql, [id], |row| {
            let device = read::device_of(row, 0)?.ok_or_else(|| read::invalid(0))?;
            let (since, used) = (Millis(row.get(1)?), Millis(row.get(2)?));
            Ok(Record::Device { account, device, since, used })
        })?;
        let sql = "
            SELECT coalesce(key, 'none of number ' || room), device, up_to FROM cursors
            LEFT JOIN rooms ON no = room WHERE account = ?";
        self.in_order(&format!("account {id}: cursor"), sql, id, |row| {
            let (room, device) = (read::room_of(row, 0)?, read::device_of(row, 1)?);
            Ok(Record::Cursor(Cursor { account, device, room, up_to: from_sql(row.get(2)?) }))
        })?;
        let sql = "
            SELECT coalesce(key, 'none of number ' || room), up_to FROM reads
            LEFT JOIN rooms ON no = room WHERE account = ?";
        self.in_order(&format!("account {id}: read mark"), sql, id, |row| {
            let room = read::room_of(row, 0)?;
            Ok(Record::Read { account, room, up_to: from_sql(row.get(1)?) })
        })?;
        let sql = "SELECT whom FROM ignored WHERE account = ? ORDER BY whom";
        self.each(&format!("account {id}: ignored"), sql, [id], |row| {
            Ok(Record::Ignored { account, whom: UserId(row.get(0)?) })
        })?;
        let sql = "
            SELECT account, device, expires, digest FROM tokens
            WHERE account = ? ORDER BY expires, digest";
        self.each(&format!("account {id}: token"), sql, [id], |row| {
            let digest = TokenDigest(row.get(3)?);
            Ok(Record::Token { digest, token: read::token_of(row)? })
        })
    }

    /// Hands over what a query finds, as it comes.
    fn each(
        &mut self,
        what: &str,
        sql: &str,
        values: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<Record>,
    ) -> Result<(), StoreError> {
        let fail = |error: rusqlite::Error| failed(self.file, &error);
        let mut query = self.reader.prepare_cached(sql).map_err(fail)?;
        let mut rows = query.query(values).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            (self.take)(read(row).map_err(|error| unreadable(what, row, &error)))?;
        }
        Ok(())
    }

    /// Hands over what a query finds of an account, by device and room.
    fn in_order(
        &mut self,
        what: &str,
        sql: &str,
        account: i64,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<Record>,
    ) -> Result<(), StoreError> {
        let mut found = self.rows(what, sql, [account], read)?;
        found.sort_by_key(|record| match record {
            Ok(Record::Cursor(cursor)) => (cursor.device.clone(), Some(cursor.room)),
            Ok(Record::Member { room, .. } | Record::Read { room, .. }) => (None, Some(*room)),
            _ => (None, None),
        });
        found.into_iter().try_for_each(|record| (self.take)(record))
    }

    /// All that a query finds, what cannot be read as a line about it.
    fn rows<T>(
        &self,
        what: &str,
        sql: &str,
        values: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<Result<T, String>>, StoreError> {
        let fail = |error: rusqlite::Error| failed(self.file, &error);
        let mut query = self.reader.prepare_cached(sql).map_err(fail)?;
        let rows = query
            .query_map(values, |row| Ok(read(row).map_err(|error| unreadable(what, row, &error))))
            .map_err(fail)?;
        rows.collect::<Result<_, _>>().map_err(fail)
    }
}

/// Which row it is: the first column says it.
fn unreadable(what: &str, row: &Row<'_>, error: &rusqlite::Error) -> String {
    let which = match row.get_ref(0) {
        Ok(ValueRef::Integer(number)) => number.to_string(),
        Ok(ValueRef::Text(text)) => format!("{:?}", String::from_utf8_lossy(text)),
        _ => "?".to_owned(),
    };
    format!("{what} {which}: {error}")
}

/// Fills an empty store, in one transaction.
pub(super) fn import(
    connection: &mut Connection,
    file: &Path,
    records: &mut Records<'_>,
) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| failed(file, &error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    let is_empty = "
        SELECT NOT EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 FROM messages)
            AND NOT EXISTS (SELECT 1 FROM rooms WHERE last_id > 0)
            AND NOT EXISTS (SELECT 1 FROM named)";
    if !transaction.query_row(is_empty, [], |row| row.get(0)).map_err(fail)? {
        return Err(StoreError::Refused(format!("{}: {NOT_EMPTY}", file.display())));
    }
    let mut import = Import { transaction: &transaction, numbers: HashMap::new() };
    for record in records {
        import.put(&record?).map_err(fail)?;
    }
    let epoch = new_identity()?.epoch;
    transaction.execute("UPDATE meta SET epoch = ?, is_copy = 0", [epoch]).map_err(fail)?;
    transaction.commit().map_err(fail)
}

struct Import<'c> {
    transaction: &'c Transaction<'c>,
    /// The numbers of the rooms.
    numbers: HashMap<RoomId, i64>,
}

impl Import<'_> {
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn put(&mut self, record: &Record) -> rusqlite::Result<()> {
        match record {
            Record::Counters { next_user, next_guest, next_room } => {
                let sql = "
                    UPDATE meta SET next_user = max(next_user, ?), next_guest = min(next_guest, ?),
                        next_room = max(next_room, ?)";
                self.insert(sql, [next_user.0, next_guest.0, rooms::to_sql(*next_room)])
            }
            Record::Retired(id) => self.insert("INSERT INTO retired VALUES (?)", [id.0]),
            Record::Erasing(id) => self.insert("INSERT INTO erasing VALUES (?)", [id.0]),
            Record::Room { room, last } => {
                let sql = "
                    INSERT INTO rooms (key, last_id) VALUES (?, ?)
                    ON CONFLICT (key) DO UPDATE SET last_id = excluded.last_id";
                self.insert(sql, params![room.to_string(), to_sql(*last)])
            }
            Record::Named(room) => self.put_named(room),
            Record::Message(message) => {
                let room = self.number(message.room)?;
                write::insert_message(self.transaction, room, message)
            }
            Record::Reference(referred) => self.put_reference(referred),
            Record::Account { account, receipts, is_operator } => {
                self.put_account(account, *receipts, *is_operator)
            }
            Record::Member { account, room, since, role } => {
                let sql = "INSERT INTO members (account, room, since, role) VALUES (?, ?, ?, ?)";
                let (room, role) = (self.number(*room)?, role.map(rooms::role));
                self.insert(sql, params![account.0, room, to_sql(*since), role])
            }
            Record::Invited { account, room } => {
                let sql = "INSERT INTO invitations (account, room) VALUES (?, ?)";
                let room = self.number(RoomId::Named(*room))?;
                self.insert(sql, [account.0, room])
            }
            Record::Ignored { account, whom } => {
                let sql = "INSERT INTO ignored (account, whom) VALUES (?, ?)";
                self.insert(sql, [account.0, whom.0])
            }
            Record::Device { account, device, since, used } => {
                self.insert(DEVICE, params![account.0, device.as_str(), since.0, used.0])
            }
            Record::Cursor(Cursor { account, device, room, up_to }) => {
                let sql = "INSERT INTO cursors VALUES (?, ?, ?, ?)";
                let room = self.number(*room)?;
                self.insert(sql, params![account.0, name(device.as_ref()), room, to_sql(*up_to)])
            }
            Record::Read { account, room, up_to } => {
                let sql = "INSERT INTO reads VALUES (?, ?, ?)";
                let room = self.number(*room)?;
                self.insert(sql, [account.0, room, to_sql(*up_to)])
            }
            Record::Code(Code { digest, uses, expires }) => self
                .insert("INSERT INTO codes VALUES (?, ?, ?)", params![digest.0, uses, expires.0]),
            Record::Asked(Asked { account, since }) => {
                let (id, name) = (account.id.0, account.name.as_str());
                let sql = "INSERT INTO applicants VALUES (?, ?, ?, ?)";
                self.insert(sql, params![id, name, account.secret.as_stored(), since.0])
            }
            Record::Sanction(sanction) => self.put_sanction(sanction),
            Record::Deed(deed) => self.put_deed(deed),
            Record::Token { digest, token: Token { account, device, expires } } => {
                let sql = "INSERT INTO tokens VALUES (?, ?, ?, ?)";
                let device = name(device.as_ref());
                self.insert(sql, params![digest.0, account.0, device, expires.0])
            }
        }
    }

    fn put_sanction(&self, sanction: &Sanction) -> rusqlite::Result<()> {
        let (room, name) = order::place_of(&sanction.key);
        let sql = "INSERT INTO sanctions VALUES (?, ?, ?)";
        self.insert(sql, params![room, name, sanction_text(sanction)])
    }

    fn put_deed(&self, deed: &Deed) -> rusqlite::Result<()> {
        let sql = "INSERT INTO deeds VALUES (?, ?, ?)";
        self.insert(sql, params![deed.time.0, deed.nonce.cast_signed(), deed_text(deed)])
    }

    fn put_named(&mut self, room: &NamedRoom) -> rusqlite::Result<()> {
        let sql = "
            INSERT INTO named (room, number, name, topic, kind, guests, nonce)
            VALUES (?, ?, ?, ?, ?, ?, 0)";
        let (no, number) = (self.number(room.id())?, rooms::to_sql(room.no));
        let (name, topic) = (room.name.as_str(), room.topic.as_str());
        self.insert(sql, params![no, number, name, topic, room.kind.name(), room.guests])
    }

    fn put_account(
        &self,
        account: &Account,
        Receipts { delivered, read }: Receipts,
        is_operator: bool,
    ) -> rusqlite::Result<()> {
        let sql = "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)";
        let (name, key) = (account.name.as_str(), account.name.key().as_str());
        let (id, secret) = (account.id.0, account.secret.as_stored());
        self.insert(sql, params![id, name, key, secret, delivered, read, is_operator])
    }

    fn put_reference(&mut self, referred: &Referred) -> rusqlite::Result<()> {
        let sql = "INSERT INTO refs VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let (room, id) = (self.number(referred.room)?, to_sql(referred.id));
        let device = name(referred.device.as_ref());
        let reference = referred.reference.as_str();
        let (sender, time) = (referred.sender.0, referred.time.0);
        let nonce = referred.nonce.cast_signed();
        let values = params![room, sender, device, reference, id, time, referred.digest, nonce];
        self.insert(sql, values)
    }

    fn insert(&self, sql: &str, values: impl Params) -> rusqlite::Result<()> {
        self.transaction.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn number(&mut self, room: RoomId) -> rusqlite::Result<i64> {
        if let Some(number) = self.numbers.get(&room) {
            return Ok(*number);
        }
        // The lobby is always there, also where nothing was said in it.
        let number = self
            .transaction
            .prepare_cached("SELECT no FROM rooms WHERE key = ?")?
            .query_row([room.to_string()], |row| row.get(0))?;
        self.numbers.insert(room, number);
        Ok(number)
    }
}

fn name(device: Option<&Device>) -> &str {
    device.map_or(SHARED, Device::as_str)
}
