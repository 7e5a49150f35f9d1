//! Sanctions, and the acts that kept order: what is asked of Redis, and what append.lua is told.

use std::collections::BTreeMap;

use redis::{Cmd, Pipeline, cmd};

use super::super::StoreError;
use super::super::lines::{deed_text, read_deed, read_sanction, sanction_text};
use super::Redis;
use super::keys::Tag;
use super::part::Part;
use crate::protocol::{Against, Deed, Measure, Millis, Place, RoomChange, Sanction, SanctionKey};

impl Part {
    /// Each sanction of its rooms: its field and its line.
    fn sanctions(&self) -> Result<Vec<(String, String)>, StoreError> {
        let found: BTreeMap<String, String> =
            self.ask(|redis| cmd("HGETALL").arg(self.tag.sanctions()).query(redis))?;
        Ok(found.into_iter().collect())
    }

    /// A page of acts as they stand there, newest first.
    fn deeds(&self, from: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.ask(|redis| {
            let mut range = cmd("ZREVRANGEBYLEX");
            range.arg(self.tag.deeds()).arg(from).arg("-").arg("LIMIT").arg(0).arg(limit);
            range.query(redis)
        })
    }
}

impl Redis {
    /// Every sanction, and what cannot be read as a line about it, in the order of keys.
    pub(super) fn all_sanctions(&self) -> Result<Vec<Result<Sanction, String>>, StoreError> {
        let read = |(name, record): (String, String)| {
            read_sanction(&record).ok_or(format!("the sanction {name:?} cannot be read"))
        };
        let found = self.parts.gather(Part::sanctions)?;
        let mut all: Vec<_> = found.into_iter().map(read).collect();
        all.sort_by(|a, b| match (a, b) {
            (Ok(a), Ok(b)) => a.key.cmp(&b.key),
            (a, b) => a.is_ok().cmp(&b.is_ok()),
        });
        Ok(all)
    }

    /// A page of acts, newest first, those that cannot be read as lines about them.
    pub(super) fn page_of_deeds(
        &self,
        before: Option<(Millis, u64)>,
        limit: usize,
    ) -> Result<Vec<Result<Deed, String>>, StoreError> {
        let from = before.map_or("+".to_owned(), |at| format!("({}", place_in_time(at)));
        let mut found = self.parts.gather(|part| part.deeds(&from, limit))?;
        if !self.parts.others().is_empty() {
            found.sort_unstable_by(|a, b| b.cmp(a));
            found.truncate(limit);
        }
        let read = |member: String| {
            let record = member.split_once(' ').and_then(|(_, record)| read_deed(record));
            record.ok_or(format!("the act {member:?} cannot be read"))
        };
        Ok(found.into_iter().map(read).collect())
    }
}

/// The field of a sanction: the room's number or 0, the measure, and against whom.
pub(super) fn field(key: &SanctionKey) -> String {
    let number = |place: Place| place.map_or(0, |no| no.0);
    format!("{} {} {}", number(key.place), key.measure.name(), key.against)
}

/// What a member of the set of acts begins with, so that their order is that of time.
fn place_in_time((time, nonce): (Millis, u64)) -> String {
    format!("{:020}{nonce:020}", time.0.max(0))
}

/// A member of the set of acts.
pub(super) fn member(deed: &Deed) -> String {
    format!("{} {}", place_in_time(deed.at()), deed_text(deed))
}

/// Before this every older act stands.
pub(super) fn end_of(before: Millis) -> String {
    format!("({:020}", before.0.max(0))
}

pub(super) fn add_sanction(call: &mut Cmd, sanction: &Sanction) {
    let key = &sanction.key;
    let (room, whom) = match key {
        SanctionKey { place: Some(no), measure: Measure::Ban, against: Against::One(id) } => {
            (no.0.to_string(), id.to_string())
        }
        _ => (key.place.map_or(String::new(), |no| no.0.to_string()), String::new()),
    };
    call.arg("sanction").arg(field(key)).arg(sanction_text(sanction)).arg(room).arg(whom);
}

/// The act that goes with a change; it is done where the change is.
pub(super) fn add_deed(call: &mut Cmd, change: &RoomChange) {
    call.arg(change.deed().map_or(String::new(), |deed| member(&deed)));
}

/// Puts a sanction where it was taken from.
pub(super) fn put_sanction<'p>(
    ask: &'p mut Pipeline,
    tag: Tag,
    sanction: &Sanction,
) -> &'p mut Pipeline {
    let field = field(&sanction.key);
    ask.cmd("HSET").arg(tag.sanctions()).arg(field).arg(sanction_text(sanction))
}

/// Puts an act where it was taken from.
pub(super) fn put_deed<'p>(ask: &'p mut Pipeline, tag: Tag, deed: &Deed) -> &'p mut Pipeline {
    ask.cmd("ZADD").arg(tag.deeds()).arg(0).arg(member(deed))
}
