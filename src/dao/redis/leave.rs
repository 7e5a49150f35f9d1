//! What is about several feeds and cannot be done in one script: an account leaves all of them,
//! and a name that one feed holds for a room of another becomes free.
//!
//! What is to be done is marked in the same script as what makes it necessary, each step may be
//! repeated, and who was killed in between leaves the mark: the next [`Write::Sweep`] goes on.
//!
//! [`Write::Sweep`]: super::super::Write::Sweep

use std::collections::BTreeMap;

use redis::{RedisResult, cmd};

use super::write::{Links, RedisWriter};
use crate::protocol::{RoomName, UserId};

/// Who has an id when the other feeds have forgotten it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Somebody,
    Nobody,
}

impl RedisWriter {
    /// Before an id is somebody's: the other feeds forget what they have of it.
    /// The answer is the number under which it is theirs to register; nothing with one feed, 0
    /// where the id is taken.
    ///
    /// Of two servers that do so at once the later number counts, here and in each feed: a step
    /// that comes late does nothing to who has the id by then.
    pub(super) fn make_way(&self, links: &mut Links, id: UserId) -> RedisResult<String> {
        match self.parts.others().is_empty() {
            true => Ok(String::new()),
            false => self.clear(links, id, For::Somebody).map(|number| number.to_string()),
        }
    }

    fn clear(&self, links: &mut Links, id: UserId, whom: For) -> RedisResult<u64> {
        let home = self.parts.home();
        let mut claim = self.scripts.claim.key(home.tag.to_string());
        claim.key(super::keys::USERS).arg(id.0).arg(i32::from(whom == For::Somebody));
        let (number, is_erased): (u64, u8) = home.guard.invoke(links.to(home)?, &mut claim)?;
        if number > 0 {
            for part in self.parts.others() {
                let mut clear = self.scripts.clear.key(part.tag.to_string());
                clear.arg(id.0).arg(number).arg(is_erased);
                let _: u8 = part.guard.invoke(links.to(part)?, &mut clear)?;
            }
        }
        Ok(number)
    }

    /// An account that is gone leaves the other feeds.
    pub(super) fn leave_all(&self, links: &mut Links, id: UserId) -> RedisResult<()> {
        let (home, number) = (self.parts.home(), self.clear(links, id, For::Nobody)?);
        let mut cleared = self.scripts.cleared.key(home.tag.to_string());
        let _: u8 = home.guard.invoke(links.to(home)?, cleared.arg(id.0).arg(number))?;
        Ok(())
    }

    /// What servers that ended in between have left.
    pub(super) fn finish_leaving(&self, links: &mut Links) -> RedisResult<()> {
        if self.parts.others().is_empty() {
            return Ok(());
        }
        let home = self.parts.home();
        let mut left = cmd("ZRANGE");
        left.arg(home.tag.leaving()).arg(0).arg(-1);
        let left: Vec<i64> = left.query(links.to(home)?)?;
        left.into_iter().try_for_each(|id| self.leave_all(links, UserId(id)))?;
        self.finish_names(links)
    }

    /// Names of closed rooms become free where they are looked up. Only an import puts a room into
    /// another feed than its name.
    pub(super) fn finish_names(&self, links: &mut Links) -> RedisResult<()> {
        if self.parts.others().is_empty() {
            return Ok(());
        }
        let spread = self.parts.spread();
        for part in self.parts.iter() {
            let unnamed = part.tag.unnamed();
            let found: BTreeMap<String, u64> =
                cmd("HGETALL").arg(&unnamed).query(links.to(part)?)?;
            for (name, no) in found {
                if let Ok(known) = RoomName::new(&name) {
                    let of_name = self.parts.get(spread.of_name(&known));
                    let mut script = self.scripts.unname.key(of_name.tag.to_string());
                    script.arg(&name).arg(no);
                    let _: u8 = of_name.guard.invoke(links.to(of_name)?, &mut script)?;
                }
                cmd("HDEL").arg(&unnamed).arg(&name).exec(links.to(part)?)?;
            }
        }
        Ok(())
    }
}
