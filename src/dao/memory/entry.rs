//! Invitation codes, and who waits to be let in.

use super::super::contract::MAX_WAITING;
use super::super::{Account, Asked, Code, Decision, Entry, TokenDigest, Written};
use super::tables::Tables;
use crate::clock;
use crate::protocol::{ErrorCode, Millis};

impl Tables {
    /// Those that are over go.
    pub(super) fn make_code(&mut self, code: Code) -> Written {
        let now = clock::now_ms();
        self.codes.retain(|_, old| old.expires > now);
        self.codes.insert(code.digest, code);
        Written::Done
    }

    pub(super) fn end_code(&mut self, digest: &TokenDigest) -> Written {
        self.codes.remove(digest);
        Written::Done
    }

    /// May an account be made so? A use of a code is taken then.
    pub(super) fn let_in(&mut self, entry: Entry) -> bool {
        let Entry::Code(digest, now) = entry else { return true };
        let Some(code) = self.codes.get_mut(&digest).filter(|code| code.expires > now) else {
            return false;
        };
        code.uses = code.uses.saturating_sub(1);
        if code.uses == 0 {
            self.codes.remove(&digest);
        }
        true
    }

    /// By their ends.
    pub(super) fn codes(&self) -> Vec<Code> {
        let mut codes: Vec<_> = self.codes.values().copied().collect();
        codes.sort_by_key(|code| (code.expires, code.digest));
        codes
    }

    pub(super) fn ask(&mut self, account: Account, since: Millis) -> Written {
        if self.applicants.len() >= MAX_WAITING {
            return Written::Refused(ErrorCode::TooManyWaiting);
        }
        let id = account.id;
        self.applicants.insert(id, Asked { account, since });
        Written::Waits(id)
    }

    pub(super) fn decide(&mut self, decision: &Decision) -> Written {
        let Some(asked) = self.applicants.remove(&decision.whom) else {
            return Written::Refused(ErrorCode::NobodyWaits);
        };
        self.deed(&decision.deed);
        if decision.is_let_in { self.add(asked.account) } else { Written::Done }
    }

    pub(super) fn forget_applicants(&mut self, before: Millis, limit: u32) -> Written {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let old = self.applicants().into_iter().filter(|asked| asked.since < before);
        let old: Vec<_> = old.map(|asked| asked.account.id).take(limit).collect();
        for id in &old {
            self.applicants.remove(id);
        }
        Written::Pruned(old.len() as u64)
    }

    /// By when they asked.
    pub(super) fn applicants(&self) -> Vec<Asked> {
        let mut all: Vec<_> = self.applicants.values().cloned().collect();
        all.sort_by_key(|asked| (asked.since, asked.account.id));
        all
    }
}
