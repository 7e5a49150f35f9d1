//! What several questions to Redis have in common.

use std::collections::BTreeMap;

use redis::cmd;

use super::super::{Account, Marks, PeerMarks, StoreError};
use super::part::Part;
use super::record;
use super::{Redis, keys};
use crate::protocol::{Device, MessageId, RoomId, UserId};

/// A room of an account's, and where somebody is in it.
type Position = (RoomId, MessageId);

impl Redis {
    /// The records of these accounts; what is not there or cannot be read is left out.
    pub(super) fn records(&self, ids: &[UserId]) -> Result<Vec<Account>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let fields: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let records: Vec<Option<Vec<u8>>> =
            self.home().ask(|redis| cmd("HMGET").arg(keys::USERS).arg(fields).query(redis))?;
        let readable = ids.iter().zip(records).filter_map(|(id, record)| {
            let account = record::read(*id, &record?);
            if account.is_none() {
                log::warn!("redis: the record of account {id} cannot be read");
            }
            account
        });
        Ok(readable.collect())
    }

    /// How far an account has read each room it is in, and what others in private rooms show.
    pub(super) fn marks_of(&self, account: UserId) -> Result<Vec<Marks>, StoreError> {
        let mut own = self.parts.gather(|part| part.positions(account, &part.tag.read(account)))?;
        let peers = own.iter().filter_map(|(room, _)| Some((*room, room.other(account)?)));
        let peers: Vec<_> = peers.collect();
        let mut seen_of = BTreeMap::new();
        // What they show stands in the first feed, which is asked once.
        let mut receipts = Vec::new();
        for part in self.parts.iter() {
            let its = peers.iter().filter(|(room, _)| self.parts.of_room(*room).tag == part.tag);
            let its: Vec<_> = its.copied().collect();
            let (shown, marks) = part.marks_of(&peers, &its)?;
            receipts.extend(shown);
            for ((room, _), marks) in its.into_iter().zip(marks) {
                seen_of.insert(room, marks);
            }
        }
        let mut seen: BTreeMap<RoomId, PeerMarks> = BTreeMap::new();
        for ((room, _), receipts) in peers.iter().zip(receipts) {
            let [delivered, read] = seen_of.remove(room).unwrap_or_default();
            seen.insert(*room, record::seen(&[receipts, delivered, read]));
        }
        own.sort_unstable();
        let marks = |(room, read)| Marks { room, read, peer: seen.remove(&room) };
        Ok(own.into_iter().map(marks).collect())
    }
}

impl Redis {
    /// Rooms that are not in the feed they belong to; nobody finds them.
    pub(super) fn astray(&self) -> Result<Vec<String>, StoreError> {
        if self.parts.others().is_empty() {
            return Ok(Vec::new());
        }
        let spread = self.parts.spread();
        self.parts.gather(|part| {
            let ends = part.ends()?.into_iter();
            let astray = ends.filter(|(room, _)| spread.of_room(*room) != part.tag.0);
            let line = |(room, _): Position| {
                let (feed, of) = (part.tag.0, spread.of_room(room));
                format!("{room}: in feed {feed} ({}), and belongs to feed {of}", part.place)
            };
            Ok(astray.map(line).collect())
        })
    }
}

/// How far somebody's shared device is in a room, and how far they have read it.
type PeerPositions = [Option<String>; 2];

impl Part {
    /// The rooms of this feed that an account is in, each with where it is by the positions under
    /// this key.
    pub(super) fn positions(
        &self,
        account: UserId,
        key: &str,
    ) -> Result<Vec<Position>, StoreError> {
        type Positions = BTreeMap<String, u64>;
        let (rooms, taken): (Positions, Positions) = self.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("HGETALL").arg(self.tag.rooms(account));
            ask.cmd("HGETALL").arg(key).query(redis)
        })?;
        let lobby = self.is_home().then(|| ("lobby".to_owned(), 0));
        let mut positions: Vec<_> = lobby
            .into_iter()
            .chain(rooms)
            .filter_map(|(key, since)| {
                let taken = taken.get(&key).copied().unwrap_or_default();
                Some((RoomId::parse(&key)?, MessageId(since.max(taken))))
            })
            .collect();
        positions.sort_unstable();
        Ok(positions)
    }

    /// Where a device is in the rooms of this feed.
    pub(super) fn cursors(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> Result<Vec<Position>, StoreError> {
        let known = match device {
            None => None,
            Some(device) => {
                let (devices, name) = (self.tag.devices(account), device.as_str());
                let score: Option<f64> =
                    self.ask(|redis| cmd("ZSCORE").arg(devices).arg(name).query(redis))?;
                score.and(Some(device))
            }
        };
        self.positions(account, &self.tag.cursors(account, known))
    }

    /// Every room of this feed in which something was ever said, and the last id given there.
    pub(super) fn ends(&self) -> Result<Vec<Position>, StoreError> {
        let last: BTreeMap<String, u64> =
            self.ask(|redis| cmd("HGETALL").arg(self.tag.last()).query(redis))?;
        let ends = last.into_iter();
        Ok(ends.filter_map(|(key, last)| Some((RoomId::parse(&key)?, MessageId(last)))).collect())
    }

    /// What the first feed says that all of these show, and where some of them are in rooms of
    /// this one.
    fn marks_of(
        &self,
        all: &[(RoomId, UserId)],
        its: &[(RoomId, UserId)],
    ) -> Result<(Vec<Option<String>>, Vec<PeerPositions>), StoreError> {
        let mut ask = redis::pipe();
        let shown = if self.is_home() { all } else { &[] };
        for (_, peer) in shown {
            ask.cmd("HGET").arg(self.tag.receipts()).arg(peer.0);
        }
        for (room, peer) in its {
            let room = room.to_string();
            ask.cmd("HGET").arg(self.tag.cursors(*peer, None)).arg(&room);
            ask.cmd("HGET").arg(self.tag.read(*peer)).arg(&room);
        }
        if ask.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut answers: Vec<Option<String>> = self.ask(|redis| ask.query(redis))?;
        let marks = answers.split_off(shown.len().min(answers.len()));
        let (marks, _) = marks.as_chunks::<2>();
        Ok((answers, marks.to_vec()))
    }
}
