//! An operator lets somebody in who asked for an account, or does not.

use redis::{RedisResult, cmd};

use super::super::{Decision, Written};
use super::accounts::written_record;
use super::write::{Links, MAX_ATTEMPTS, RedisWriter};
use super::{entry, keys, order};
use crate::protocol::ErrorCode;

impl RedisWriter {
    /// Reads who waits, and hands them to a script that does nothing, and says so, when they have
    /// changed since.
    pub(super) fn decide(
        &mut self,
        links: &mut Links,
        decision: &Decision,
    ) -> RedisResult<Written> {
        let (id, deed) = (decision.whom, order::member(&decision.deed));
        let number = match decision.is_let_in {
            true => self.make_way(links, id)?,
            false => String::new(),
        };
        let home = self.parts.home();
        for _ in 0..MAX_ATTEMPTS {
            let kept: Option<Vec<u8>> =
                cmd("HGET").arg(home.tag.applicants()).arg(id.0).query(links.to(home)?)?;
            let Some(kept) = kept else { return self.decided(links, decision, &deed) };
            let Some(asked) = entry::read_asked(id, &kept) else {
                return Ok(Written::Refused(ErrorCode::Internal));
            };
            let record = match decision.is_let_in {
                true => written_record(&asked.account)?,
                false => String::new(),
            };
            let mut script = self.scripts.decide.key(home.tag.to_string());
            script.key(keys::USERS).key(home.tag.name(asked.account.name.key()));
            script.arg(id.0).arg(kept).arg(record).arg(&deed).arg(&number);
            match home.guard.invoke(links.to(home)?, &mut script)? {
                0 => {}
                1 => return Ok(done(decision)),
                _ => return Ok(Written::Refused(ErrorCode::IdTaken)),
            }
        }
        Ok(Written::Refused(ErrorCode::Busy))
    }

    /// Nobody waits: an earlier attempt may have come through, and then its act is recorded.
    fn decided(&self, links: &mut Links, decision: &Decision, deed: &str) -> RedisResult<Written> {
        if !self.doubt.is_open() {
            return Ok(Written::Refused(ErrorCode::NobodyWaits));
        }
        let home = self.parts.home();
        let mut ask = cmd("ZSCORE");
        ask.arg(home.tag.deeds()).arg(deed);
        let recorded: Option<f64> = ask.query(links.to(home)?)?;
        Ok(recorded.map_or(Written::Refused(ErrorCode::NobodyWaits), |_| done(decision)))
    }
}

fn done(decision: &Decision) -> Written {
    if decision.is_let_in { Written::Registered(decision.whom) } else { Written::Done }
}
