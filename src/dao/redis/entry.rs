//! Invitation codes: what is asked of Redis, and what is told to its scripts.

use std::collections::BTreeMap;

use redis::{Pipeline, ScriptInvocation, cmd};

use super::super::{Code, Entry, StoreError, TokenDigest, Write};
use super::{Redis, hex, keys, unhex};
use crate::protocol::Millis;

impl Redis {
    /// Every code by its end, and what cannot be read as a line about it.
    pub(super) fn all_codes(&self) -> Result<Vec<Result<Code, String>>, StoreError> {
        let found: BTreeMap<String, String> =
            self.ask(|redis| cmd("HGETALL").arg(keys::codes()).query(redis))?;
        let read = |(digest, kept): (String, String)| {
            read(&digest, &kept).ok_or("an invitation code cannot be read".to_owned())
        };
        let mut codes: Vec<_> = found.into_iter().map(read).collect();
        codes.sort_by_key(|code| code.as_ref().ok().map(|code| (code.expires, code.digest)));
        Ok(codes)
    }
}

fn read(digest: &str, kept: &str) -> Option<Code> {
    let (uses, expires) = kept.split_once(' ')?;
    let (digest, expires) = (TokenDigest(unhex(digest)?), Millis(expires.parse().ok()?));
    Some(Code { digest, uses: uses.parse().ok()?, expires })
}

/// What append.lua takes for a code that is made or ended.
pub(super) fn add_args(script: &mut ScriptInvocation<'_>, write: &Write) {
    match write {
        Write::MakeCode(code) => {
            script.arg("make_code").arg(hex(&code.digest.0)).arg(kept(code));
        }
        Write::EndCode(digest) => {
            script.arg("end_code").arg(hex(&digest.0));
        }
        // Nothing else comes here.
        _ => {}
    }
}

/// What stands under a digest.
fn kept(code: &Code) -> String {
    format!("{} {}", code.uses, code.expires.0)
}

/// The code and the moment that register.lua is told; nothing where none is needed.
pub(super) fn by_code(entry: Entry) -> (String, i64) {
    match entry {
        Entry::Code(digest, now) => (hex(&digest.0), now.0),
        Entry::Open => (String::new(), 0),
    }
}

/// Puts a code where it was taken from.
pub(super) fn put_code<'p>(ask: &'p mut Pipeline, code: &Code) -> &'p mut Pipeline {
    ask.cmd("HSET").arg(keys::codes()).arg(hex(&code.digest.0)).arg(kept(code))
}
