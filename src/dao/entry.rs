//! How an account comes to be, where not everybody may make one.

use serde::{Deserialize, Serialize};

use super::{Account, TokenDigest};
use crate::protocol::{Applicant, Deed, Millis, Party, UserId};

/// How a new account is let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// Everybody may, or the operator makes it.
    #[default]
    Open,
    /// By an invitation code that must be good at this moment: one use of it is taken where the
    /// account is made, and only there.
    Code(TokenDigest, Millis),
    /// Asked for at this moment: an operator has to let it in, with [`super::Write::Decide`].
    Asked(Millis),
}

/// Somebody who asked for an account and waits. Nobody else gets the id meanwhile, and it is no
/// account yet: no read but [`super::Store::applicants`] knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The account that it will be.
    pub account: Account,
    /// Since when they wait.
    pub since: Millis,
}

impl Asked {
    /// What operators are shown.
    pub fn shown(&self) -> Applicant {
        let (id, name) = (self.account.id, self.account.name.as_str().into());
        Applicant { who: Party { id, name }, since: self.since }
    }
}

/// What is decided about somebody who waits.
#[derive(Clone, Debug)]
pub struct Decision {
    /// About whom.
    pub whom: UserId,
    /// They have the account now; otherwise the id is free again.
    pub is_let_in: bool,
    /// What is recorded with it.
    pub deed: Deed,
}

/// An invitation code, as a store keeps it: never the code itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// By what it is known again.
    pub digest: TokenDigest,
    /// So many accounts can still be made with it, at least one: used up it is gone.
    pub uses: u32,
    /// From when on it is worth nothing.
    pub expires: Millis,
}
