//! Records as JSON, one in a line: a header, the records, a footer with their number, by which a
//! file that was cut short is known.

mod order;
mod said;

pub use order::deed_json;
pub(super) use order::{deed_text, read_deed, read_sanction, sanction_text};

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};

use super::contract::{FIRST_ROOM, hex, unhex};
use super::record::Record;
use super::{Account, Asked, Code, Cursor, Receipts, Secret, StoreError, Token, TokenDigest};
use crate::protocol::{
    Device, MessageId, Millis, Name, NamedRoom, Role, RoomId, RoomKind, RoomName, RoomNo, Topic,
    UserId,
};
use crate::texts::harmless_json;

/// The version of the lines; it changes when an older program would read them wrongly. Version
/// 1 had no named rooms, version 2 nothing about keeping order, version 3 no messages about
/// messages, version 4 no invitation codes, version 5 nothing erased; they are read as well.
const VERSION: u32 = 6;

/// Bytes. A text of 8,000 control characters has six times as many in JSON.
const MAX_LINE: u64 = 128 * 1024;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[serde(deny_unknown_fields)]
enum Line {
    Hubbub {
        version: u32,
    },
    Counters {
        next_user: i64,
        next_guest: i64,
        #[serde(default = "first_room")]
        next_room: u64,
    },
    Retired {
        id: i64,
    },
    Erasing {
        account: i64,
    },
    Room {
        room: String,
        last: u64,
    },
    Named {
        room: u64,
        name: String,
        topic: String,
        access: String,
        guests: bool,
    },
    Message(said::Said),
    Reference(said::Sent),
    Account {
        id: i64,
        name: String,
        secret: String,
        show_delivered: bool,
        show_read: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        operator: bool,
    },
    Member {
        account: i64,
        room: String,
        since: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
    },
    Invited {
        account: i64,
        room: u64,
    },
    Device {
        account: i64,
        device: String,
        #[serde(default)]
        since: i64,
        #[serde(default)]
        used: i64,
    },
    Cursor {
        account: i64,
        device: Option<String>,
        room: String,
        up_to: u64,
    },
    Read {
        account: i64,
        room: String,
        up_to: u64,
    },
    Ignored {
        account: i64,
        whom: i64,
    },
    Token {
        account: i64,
        device: Option<String>,
        digest: String,
        expires: i64,
    },
    Code {
        digest: String,
        uses: u32,
        expires: i64,
    },
    Asked {
        id: i64,
        name: String,
        secret: String,
        since: i64,
    },
    Sanction(order::Held),
    Deed(order::Done),
    End {
        records: u64,
    },
}

/// Writes records as lines.
#[derive(Debug)]
pub struct LineWriter<W> {
    out: W,
    n_records: u64,
}

impl<W: io::Write> LineWriter<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// What writing gave.
    pub fn begin(out: W) -> io::Result<Self> {
        let mut lines = Self { out, n_records: 0 };
        lines.put(&Line::Hubbub { version: VERSION })?;
        Ok(lines)
    }

    /// Writes one record.
    ///
    /// # Errors
    /// What writing gave.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.n_records += 1;
        self.put(&line(record))
    }

    /// Ends with the footer; gives back where the lines went, and how many records they were.
    ///
    /// # Errors
    /// What writing gave.
    pub fn end(mut self) -> io::Result<(W, u64)> {
        let n_records = self.finish()?;
        Ok((self.out, n_records))
    }

    /// The same, for who has taken some of the lines on the way ([`LineWriter::out`]).
    ///
    /// # Errors
    /// What writing gave.
    pub fn finish(&mut self) -> io::Result<u64> {
        self.put(&Line::End { records: self.n_records })?;
        self.out.flush()?;
        Ok(self.n_records)
    }

    /// Where the lines go.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    fn put(&mut self, line: &Line) -> io::Result<()> {
        // It may go to a terminal, and people choose their names and words.
        self.out.write_all(harmless_json(&serde_json::to_string(line)?).as_bytes())?;
        self.out.write_all(b"\n")
    }
}

/// Reads lines as records. After an error there is nothing more.
#[derive(Debug)]
pub struct LineReader<R> {
    input: R,
    /// The number of the line that is read next, from 1.
    at: u64,
    is_done: bool,
}

impl<R: BufRead> LineReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it is none, [`StoreError::Newer`].
    pub fn begin(input: R) -> Result<Self, StoreError> {
        let mut lines = Self { input, at: 1, is_done: false };
        match lines.line()? {
            Line::Hubbub { version: 1..=VERSION } => Ok(lines),
            Line::Hubbub { version } if version > VERSION => {
                Err(StoreError::Newer { found: version.into(), known: VERSION.into() })
            }
            _ => Err(StoreError::Unreadable("line 1: not the header of an export".to_owned())),
        }
    }

    fn line(&mut self) -> Result<Line, StoreError> {
        let at = self.at;
        let bad = |why: &dyn std::fmt::Display| StoreError::Unreadable(format!("line {at}: {why}"));
        let mut bytes = Vec::new();
        let mut limited = (&mut self.input).take(MAX_LINE);
        limited.read_until(b'\n', &mut bytes).map_err(|error| bad(&error))?;
        if bytes.pop() != Some(b'\n') {
            return Err(bad(&"cut short, or longer than any line of an export"));
        }
        self.at += 1;
        serde_json::from_slice(&bytes).map_err(|error| bad(&error))
    }

    /// `None`: the footer, and nothing behind it.
    fn record(&mut self) -> Result<Option<Record>, StoreError> {
        let at = self.at;
        let bad = |why: &str| StoreError::Unreadable(format!("line {at}: {why}"));
        match self.line()? {
            // The header is no record, and this line is none either.
            Line::End { records } if records == at - 2 => {
                let mut rest = [0; 1];
                match self.input.read(&mut rest) {
                    Ok(0) => Ok(None),
                    _ => Err(bad("something follows the end")),
                }
            }
            Line::End { .. } => Err(bad("some records are missing, or too many")),
            line => record(line).ok_or_else(|| bad("a value that is not a legal one")).map(Some),
        }
    }
}

impl<R: BufRead> Iterator for LineReader<R> {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let record = self.record().transpose();
        self.is_done = !matches!(record, Some(Ok(_)));
        record
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn line(record: &Record) -> Line {
    match record {
        Record::Counters { next_user, next_guest, next_room } => Line::Counters {
            next_user: next_user.0,
            next_guest: next_guest.0,
            next_room: next_room.0,
        },
        Record::Retired(id) => Line::Retired { id: id.0 },
        Record::Erasing(account) => Line::Erasing { account: account.0 },
        Record::Room { room, last } => Line::Room { room: room.to_string(), last: last.0 },
        Record::Named(room) => Line::Named {
            room: room.no.0,
            name: room.name.to_string(),
            topic: room.topic.as_str().to_owned(),
            access: room.kind.name().to_owned(),
            guests: room.guests,
        },
        Record::Message(message) => Line::Message(said::said(message)),
        Record::Reference(referred) => Line::Reference(said::sent(referred)),
        Record::Account { account, receipts, is_operator } => Line::Account {
            id: account.id.0,
            name: account.name.as_str().to_owned(),
            secret: account.secret.as_stored().to_owned(),
            show_delivered: receipts.delivered,
            show_read: receipts.read,
            operator: *is_operator,
        },
        Record::Member { account, room, since, role } => Line::Member {
            account: account.0,
            room: room.to_string(),
            since: since.0,
            role: role.map(|role| role.name().to_owned()),
        },
        Record::Invited { account, room } => Line::Invited { account: account.0, room: room.0 },
        Record::Device { account, device, since, used } => Line::Device {
            account: account.0,
            device: device.as_str().to_owned(),
            since: since.0,
            used: used.0,
        },
        Record::Cursor(Cursor { account, device, room, up_to }) => Line::Cursor {
            account: account.0,
            device: name(device.as_ref()),
            room: room.to_string(),
            up_to: up_to.0,
        },
        Record::Read { account, room, up_to } => {
            Line::Read { account: account.0, room: room.to_string(), up_to: up_to.0 }
        }
        Record::Ignored { account, whom } => Line::Ignored { account: account.0, whom: whom.0 },
        Record::Code(Code { digest, uses, expires }) => {
            Line::Code { digest: hex(&digest.0), uses: *uses, expires: expires.0 }
        }
        Record::Asked(Asked { account, since }) => Line::Asked {
            id: account.id.0,
            name: account.name.as_str().to_owned(),
            secret: account.secret.as_stored().to_owned(),
            since: since.0,
        },
        Record::Sanction(sanction) => Line::Sanction(order::held(sanction)),
        Record::Deed(deed) => Line::Deed(order::done(deed)),
        Record::Token { digest, token } => Line::Token {
            account: token.account.0,
            device: name(token.device.as_ref()),
            digest: hex(&digest.0),
            expires: token.expires.0,
        },
    }
}

fn name(device: Option<&Device>) -> Option<String> {
    device.map(|device| device.as_str().to_owned())
}

/// Where a version 1 store goes on.
fn first_room() -> u64 {
    FIRST_ROOM.0
}

/// `None`: a value is not a legal one, or this is no record.
#[expect(clippy::too_many_lines, reason = "a table")]
fn record(line: Line) -> Option<Record> {
    Some(match line {
        Line::Hubbub { .. } | Line::End { .. } => return None,
        Line::Counters { next_user, next_guest, next_room } => {
            let (next_user, next_guest) = (UserId(next_user), UserId(next_guest));
            Record::Counters { next_user, next_guest, next_room: RoomNo(next_room) }
        }
        Line::Retired { id } => Record::Retired(UserId(id)),
        Line::Erasing { account } => Record::Erasing(UserId(account)),
        Line::Room { room, last } => {
            Record::Room { room: RoomId::parse(&room)?, last: MessageId(last) }
        }
        Line::Named { room, name, topic, access, guests } => Record::Named(NamedRoom {
            no: RoomNo(room),
            name: RoomName::new(&name).ok()?,
            topic: Topic::new(&topic).ok()?,
            kind: RoomKind::from_name(&access)?,
            guests,
        }),
        Line::Message(message) => Record::Message(said::message(message)?),
        Line::Reference(sent) => Record::Reference(said::referred(sent)?),
        Line::Account { id, name, secret, show_delivered, show_read, operator } => {
            let receipts = Receipts { delivered: show_delivered, read: show_read };
            let account = account(id, &name, secret);
            Record::Account { account, receipts, is_operator: operator }
        }
        Line::Member { account, room, since, role } => Record::Member {
            account: UserId(account),
            room: RoomId::parse(&room)?,
            since: MessageId(since),
            role: role.map_or(Some(None), |role| Role::from_name(&role).map(Some))?,
        },
        Line::Invited { account, room } => {
            Record::Invited { account: UserId(account), room: RoomNo(room) }
        }
        Line::Device { account, device, since, used } => {
            let (since, used) = (Millis(since), Millis(used));
            Record::Device { account: UserId(account), device: Device::new(&device)?, since, used }
        }
        Line::Cursor { account, device: name, room, up_to } => Record::Cursor(Cursor {
            account: UserId(account),
            device: device(name)?,
            room: RoomId::parse(&room)?,
            up_to: MessageId(up_to),
        }),
        Line::Read { account, room, up_to } => Record::Read {
            account: UserId(account),
            room: RoomId::parse(&room)?,
            up_to: MessageId(up_to),
        },
        Line::Ignored { account, whom } => ignored(account, whom),
        Line::Code { digest, uses, expires } => Record::Code(code(&digest, uses, expires)?),
        Line::Asked { id, name, secret, since } => {
            Record::Asked(Asked { account: account(id, &name, secret), since: Millis(since) })
        }
        Line::Sanction(held) => Record::Sanction(order::sanction(held)?),
        Line::Deed(done) => Record::Deed(order::deed(done)?),
        Line::Token { account, device: name, digest, expires } => {
            let (account, device) = (UserId(account), device(name)?);
            let token = Token { account, device, expires: Millis(expires) };
            Record::Token { digest: TokenDigest(unhex(&digest)?), token }
        }
    })
}

fn account(id: i64, name: &str, secret: String) -> Account {
    let id = UserId(id);
    Account { id, name: Name::stored(name, id), secret: Secret::stored(secret) }
}

fn ignored(account: i64, whom: i64) -> Record {
    Record::Ignored { account: UserId(account), whom: UserId(whom) }
}

fn code(digest: &str, uses: u32, expires: i64) -> Option<Code> {
    Some(Code { digest: TokenDigest(unhex(digest)?), uses, expires: Millis(expires) })
}

/// `None`: not the name of a device.
fn device(name: Option<String>) -> Option<Option<Device>> {
    match name {
        Some(name) => Device::new(&name).map(Some),
        None => Some(None),
    }
}
