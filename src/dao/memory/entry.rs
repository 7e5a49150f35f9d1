//! Invitation codes.

use super::super::{Code, Entry, TokenDigest, Written};
use super::tables::Tables;
use crate::clock;

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
}
