//! Named rooms and their members: writing.

use rusqlite::{OptionalExtension, params};

use super::super::super::Written;
use super::super::rooms::{role, role_of, room_of, to_sql};
use super::super::{from_sql, to_sql as id_to_sql};
use super::Batch;
use crate::protocol::{
    Change, ErrorCode, NamedRoom, Role, RoomChange, RoomDone, RoomId, RoomKind, RoomName, RoomNo,
    Topic, UserId,
};

type Done = Result<RoomDone, ErrorCode>;

impl Batch<'_> {
    pub(super) fn change_room(&mut self, change: &RoomChange) -> rusqlite::Result<Written> {
        let by = change.by.id;
        if let Some(no) = change.what.room()
            && self.room(RoomId::Named(no))?.is_none()
        {
            return Ok(Written::Refused(ErrorCode::UnknownRoom));
        }
        let done = match &change.what {
            Change::Create { name, kind, guests } => self.create(change, name, *kind, *guests)?,
            Change::Enter(no) => Ok(self.enter(*no, by)?),
            Change::Leave(no) => Ok(self.leave(*no, by)?),
            Change::Kick(no, whom, _) => Ok(self.leave(*no, whom.id)?),
            Change::Invite(no, whom) => self.invite(*no, whom.id)?,
            Change::Role(no, whom, role) => self.give_role(*no, whom.id, *role)?,
            Change::Topic(no, topic) => {
                let sql = "UPDATE named SET topic = ?2 WHERE number = ?1";
                self.set(sql, params![to_sql(*no), topic.as_str()])?
            }
            Change::Set(no, kind, guests) => {
                let sql = "UPDATE named SET kind = ?2, guests = ?3 WHERE number = ?1";
                self.set(sql, params![to_sql(*no), kind.name(), guests])?
            }
            Change::Close(no, _) => Ok(self.close_room(*no)?),
            Change::Sanction(sanction) => Ok(self.sanction(sanction)?),
            Change::Lift(key) => Ok(self.lift(key)?),
        };
        if let (Ok(_), Some(deed)) = (&done, change.deed()) {
            self.deed(&deed)?;
        }
        Ok(done.map_or_else(Written::Refused, Written::Room))
    }

    fn create(
        &mut self,
        RoomChange { by, nonce, .. }: &RoomChange,
        name: &RoomName,
        kind: RoomKind,
        guests: bool,
    ) -> rusqlite::Result<Done> {
        let (owner, nonce) = (by.id, nonce.cast_signed());
        if !self.has("SELECT 1 FROM users WHERE id = ?", params![owner.0])? {
            return Ok(Err(ErrorCode::UnknownUser));
        }
        let sql = "SELECT number, name, topic, kind, guests, nonce FROM named WHERE name = ?";
        let taken = self
            .connection
            .prepare_cached(sql)?
            .query_row([name.as_str()], |row| Ok((room_of(row)?, row.get::<_, i64>(5)?)))
            .optional()?;
        match taken {
            Some((room, by)) if by == nonce => return Ok(Ok(RoomDone::Created(room))),
            Some(_) => return Ok(Err(ErrorCode::RoomTaken)),
            None => {}
        }
        let next = "UPDATE meta SET next_room = next_room + 1 RETURNING next_room - 1";
        let no: i64 = self.connection.prepare_cached(next)?.query_row([], |row| row.get(0))?;
        let no = RoomNo(no.cast_unsigned());
        let room = self.open_room(RoomId::Named(no))?.no;
        let sql = "INSERT INTO named (room, number, name, topic, kind, guests, nonce)
            VALUES (?, ?, ?, '', ?, ?, ?)";
        let values = params![room, to_sql(no), name.as_str(), kind.name(), guests, nonce];
        self.connection.prepare_cached(sql)?.execute(values)?;
        self.enter(no, owner)?;
        let (name, topic) = (name.clone(), Topic::default());
        Ok(Ok(RoomDone::Created(NamedRoom { no, name, topic, kind, guests })))
    }

    fn enter(&mut self, no: RoomNo, account: UserId) -> rusqlite::Result<RoomDone> {
        let room = self.open_room(RoomId::Named(no))?;
        let sql = "
            INSERT OR IGNORE INTO members (account, room, since, role)
            SELECT id, ?2, ?3, CASE
                WHEN EXISTS (SELECT 1 FROM members WHERE room = ?2 AND role IS NOT NULL) THEN 1
                ELSE 3 END
            FROM users WHERE id = ?1";
        let values = [account.0, room.no, id_to_sql(room.last)];
        self.connection.prepare_cached(sql)?.execute(values)?;
        self.uninvite(account, room.no)?;
        let sql = "SELECT since, role FROM members WHERE account = ? AND room = ?";
        let kept = self
            .connection
            .prepare_cached(sql)?
            .query_row([account.0, room.no], |row| {
                Ok(RoomDone::Entered { since: from_sql(row.get(0)?), role: role_of(row, 1)? })
            })
            .optional()?;
        // Whoever has no account passes through.
        Ok(kept.unwrap_or(RoomDone::Entered { since: room.last, role: Role::Member }))
    }

    pub(super) fn leave(&mut self, no: RoomNo, account: UserId) -> rusqlite::Result<RoomDone> {
        let room = self.open_room(RoomId::Named(no))?.no;
        self.leave_room(room, account)
    }

    /// Leaves the room of this number in `rooms`.
    pub(super) fn leave_room(&self, room: i64, account: UserId) -> rusqlite::Result<RoomDone> {
        self.uninvite(account, room)?;
        let sql = "DELETE FROM members WHERE account = ? AND room = ? RETURNING role";
        let was = self
            .connection
            .prepare_cached(sql)?
            .query_row([account.0, room], |row| role_of(row, 0))
            .optional()?;
        for table in ["cursors", "reads"] {
            let sql = format!("DELETE FROM {table} WHERE account = ? AND room = ?");
            self.connection.prepare_cached(&sql)?.execute([account.0, room])?;
        }
        let another = "SELECT 1 FROM members WHERE room = ? AND role = 3";
        if was != Some(Role::Owner) || self.has(another, params![room])? {
            return Ok(RoomDone::Left { successor: None });
        }
        let follow = "
            UPDATE members SET role = 3 WHERE room = ?1 AND account = (
                SELECT account FROM members WHERE room = ?1 AND role IS NOT NULL
                ORDER BY role DESC, account LIMIT 1)
            RETURNING account";
        let mut follow = self.connection.prepare_cached(follow)?;
        let successor = follow.query_row([room], |row| Ok(UserId(row.get(0)?))).optional()?;
        Ok(RoomDone::Left { successor })
    }

    /// Leaves every named room.
    pub(super) fn leave_all(&self, account: UserId) -> rusqlite::Result<()> {
        let sql = "SELECT room FROM members WHERE account = ? AND role IS NOT NULL";
        let rooms = self
            .connection
            .prepare_cached(sql)?
            .query_map([account.0], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        rooms.into_iter().try_for_each(|room| self.leave_room(room, account).map(drop))
    }

    fn uninvite(&self, account: UserId, room: i64) -> rusqlite::Result<()> {
        let sql = "DELETE FROM invitations WHERE account = ? AND room = ?";
        self.connection.prepare_cached(sql)?.execute([account.0, room])?;
        Ok(())
    }

    fn invite(&mut self, no: RoomNo, account: UserId) -> rusqlite::Result<Done> {
        let room = self.open_room(RoomId::Named(no))?.no;
        if !self.has("SELECT 1 FROM users WHERE id = ?", params![account.0])? {
            return Ok(Err(ErrorCode::UnknownUser));
        }
        let sql = "
            INSERT OR IGNORE INTO invitations SELECT ?1, ?2
            WHERE NOT EXISTS (SELECT 1 FROM members WHERE account = ?1 AND room = ?2)";
        self.connection.prepare_cached(sql)?.execute([account.0, room])?;
        Ok(Ok(RoomDone::Done))
    }

    fn give_role(&mut self, no: RoomNo, account: UserId, given: Role) -> rusqlite::Result<Done> {
        let room = self.open_room(RoomId::Named(no))?.no;
        let sql = "UPDATE members SET role = ?3 WHERE account = ?1 AND room = ?2";
        match self.connection.prepare_cached(sql)?.execute([account.0, room, role(given)])? {
            0 => Ok(Err(ErrorCode::NotThere)),
            _ => Ok(Ok(RoomDone::Done)),
        }
    }

    fn set(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<Done> {
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(Ok(RoomDone::Done))
    }

    fn has(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<bool> {
        self.connection.prepare_cached(sql)?.exists(values)
    }
}
