//! Invitation codes, and who waits to be let in: what is asked of Redis, and what is told to its scripts.

use std::collections::BTreeMap;

use redis::{Cmd, Pipeline, cmd};

use super::super::contract::MAX_WAITING;
use super::super::contract::{hex, unhex};
use super::super::{Asked, Code, Entry, StoreError, TokenDigest, Write};
use super::keys::Tag;
use super::part::Part;
use super::record;
use crate::protocol::{Millis, UserId};

impl Part {
    /// Every code by its end, and what cannot be read as a line about it.
    pub(super) fn all_codes(&self) -> Result<Vec<Result<Code, String>>, StoreError> {
        let found: BTreeMap<String, String> =
            self.ask(|redis| cmd("HGETALL").arg(self.tag.codes()).query(redis))?;
        let read = |(digest, kept): (String, String)| {
            read(&digest, &kept).ok_or("an invitation code cannot be read".to_owned())
        };
        let mut codes: Vec<_> = found.into_iter().map(read).collect();
        codes.sort_by_key(|code| code.as_ref().ok().map(|code| (code.expires, code.digest)));
        Ok(codes)
    }

    /// Everybody who waits to be let in by when they asked, and what cannot be read as a line
    /// about it.
    pub(super) fn all_applicants(&self) -> Result<Vec<Result<Asked, String>>, StoreError> {
        let found: BTreeMap<i64, Vec<u8>> =
            self.ask(|redis| cmd("HGETALL").arg(self.tag.applicants()).query(redis))?;
        let read = |(id, kept): (i64, Vec<u8>)| {
            read_asked(UserId(id), &kept).ok_or(format!("applicant {id} cannot be read"))
        };
        let mut all: Vec<_> = found.into_iter().map(read).collect();
        all.sort_by_key(|asked| asked.as_ref().ok().map(|asked| (asked.since, asked.account.id)));
        Ok(all)
    }
}

/// Reads what [`put_asked`] and register.lua write.
pub(super) fn read_asked(id: UserId, kept: &[u8]) -> Option<Asked> {
    let at = kept.iter().position(|byte| *byte == b' ')?;
    let (since, rest) = kept.split_at_checked(at)?;
    let since = Millis(std::str::from_utf8(since).ok()?.parse().ok()?);
    Some(Asked { account: record::read(id, rest.get(1..)?)?, since })
}

fn read(digest: &str, kept: &str) -> Option<Code> {
    let (uses, expires) = kept.split_once(' ')?;
    let (digest, expires) = (TokenDigest(unhex(digest)?), Millis(expires.parse().ok()?));
    Some(Code { digest, uses: uses.parse().ok()?, expires })
}

/// What append.lua takes for a code that is made or ended, and of who waits for long.
pub(super) fn add_args(call: &mut Cmd, write: &Write) {
    match write {
        Write::MakeCode(code) => {
            call.arg("make_code").arg(hex(&code.digest.0)).arg(kept(code));
        }
        Write::EndCode(digest) => {
            call.arg("end_code").arg(hex(&digest.0));
        }
        Write::ForgetApplicants { before, limit } => {
            call.arg("forget_applicants").arg(before.0).arg(limit);
        }
        // Nothing else comes here.
        _ => {}
    }
}

/// What stands under a digest.
fn kept(code: &Code) -> String {
    format!("{} {}", code.uses, code.expires.0)
}

/// The code, the moment and how many may wait, as register.lua is told; nothing where none is
/// needed.
pub(super) fn how(entry: Entry) -> (String, i64, String) {
    match entry {
        Entry::Code(digest, now) => (hex(&digest.0), now.0, String::new()),
        Entry::Open => (String::new(), 0, String::new()),
        Entry::Asked(now) => (String::new(), now.0, MAX_WAITING.to_string()),
    }
}

/// Puts a code where it was taken from.
pub(super) fn put_code<'p>(ask: &'p mut Pipeline, code: &Code) -> &'p mut Pipeline {
    ask.cmd("HSET").arg(Tag::HOME.codes()).arg(hex(&code.digest.0)).arg(kept(code))
}

/// Puts who waits where they were taken from.
///
/// # Errors
/// None that is known: strings and numbers are always JSON.
pub(super) fn put_asked<'p>(
    ask: &'p mut Pipeline,
    Asked { account, since }: &Asked,
) -> redis::RedisResult<&'p mut Pipeline> {
    let kept = format!("{} {}", since.0, super::accounts::written_record(account)?);
    Ok(ask.cmd("HSET").arg(Tag::HOME.applicants()).arg(account.id.0).arg(kept))
}
