//! The devices of accounts.

use rusqlite::params;

use super::super::super::contract::MAX_DEVICES;
use super::super::count;
use super::Batch;
use crate::protocol::{Device, Millis, UserId};

impl Batch<'_> {
    /// Marks a device as the one used last, and makes it known where it is new.
    pub(super) fn open_device(&self, account: UserId, device: &Device) -> rusqlite::Result<()> {
        let key = params![account.0, device.as_str()];
        let touch = "
            UPDATE devices SET used = 1 + (SELECT max(used) FROM devices WHERE account = ?1)
            WHERE account = ?1 AND device = ?2";
        if self.connection.prepare_cached(touch)?.execute(key)? == 1 {
            return Ok(());
        }
        let add = "
            INSERT INTO devices (account, device, used)
            SELECT id, ?2, 1 + coalesce((SELECT max(used) FROM devices WHERE account = ?1), 0)
            FROM users WHERE id = ?1";
        if self.connection.prepare_cached(add)?.execute(key)? == 0 {
            return Ok(());
        }
        let start = "
            INSERT OR REPLACE INTO cursors (account, device, room, up_to)
            SELECT account, ?2, room, up_to FROM cursors WHERE account = ?1 AND device = ''";
        self.connection.prepare_cached(start)?.execute(key)?;
        self.forget_devices(account)
    }

    /// A device came, or left.
    pub(super) fn see(
        &self,
        account: UserId,
        device: &Device,
        time: Millis,
    ) -> rusqlite::Result<()> {
        let sql = "
            UPDATE devices SET since = CASE since WHEN 0 THEN ?3 ELSE since END, seen = ?3
            WHERE account = ?1 AND device = ?2";
        let seen = params![account.0, device.as_str(), time.0];
        self.connection.prepare_cached(sql)?.execute(seen)?;
        Ok(())
    }

    /// Keeps the bound on devices: who was used longest ago goes first.
    fn forget_devices(&self, account: UserId) -> rusqlite::Result<()> {
        let oldest = "
            SELECT device FROM devices WHERE account = ?1 ORDER BY used DESC LIMIT -1 OFFSET ?2";
        for table in ["cursors", "devices"] {
            let sql = format!("DELETE FROM {table} WHERE account = ?1 AND device IN ({oldest})");
            self.connection.prepare_cached(&sql)?.execute([account.0, count(MAX_DEVICES)])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::dao::{self, Cursor, Entry, Write};
    use crate::protocol::{Device, MessageId, Millis, RoomId, UserId};

    /// A batch that cannot be written is refused as a whole, with what others say in it.
    #[test]
    fn a_cursor_that_somebody_left_in_the_file_keeps_no_device_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hubbub.db");
        let store = dao::open(&format!("sqlite:{}", file.display())).unwrap();
        let mut writer = store.writer().unwrap();
        let (account, device) = (UserId(100), Device::new("desk").unwrap());
        let secret = "$argon2id$".to_owned();
        let register =
            Write::Register { id: Some(account), name: None, secret, entry: Entry::Open };
        writer.commit(&[&register]).unwrap();
        let left = "INSERT INTO cursors VALUES (100, 'desk', 1, 7)";
        rusqlite::Connection::open(&file).unwrap().execute_batch(left).unwrap();
        let open = Write::OpenDevice { account, device: device.clone(), time: Millis(1) };
        writer.commit(&[&open]).unwrap();
        let cursors = store.cursors(account, Some(&device)).unwrap();
        assert_eq!(cursors, [(RoomId::Lobby, MessageId(0))]);
        let cursor =
            Cursor { account, device: Some(device), room: RoomId::Lobby, up_to: MessageId(0) };
        writer.commit(&[&Write::Cursor(cursor)]).unwrap();
    }
}
