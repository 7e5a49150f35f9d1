//! Accounts that people ask for and that an operator has to let in.

use serde::{Deserialize, Serialize};

use super::{Millis, Note, Party, UserId};

/// Somebody who asked for an account and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// The id that is kept for them, and how they want to be called.
    pub who: Party,
    /// Since when they wait.
    pub since: Millis,
}

/// What an operator asks about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryAsk {
    /// Who waits?
    Pending,
    /// Let this one in.
    Approve(UserId),
    /// Do not, for this reason; the id is free again.
    Reject(UserId, Option<Note>),
}

/// What operators are told about them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryNews {
    /// About whom.
    pub whom: Party,
    /// What.
    pub what: Knock,
}

/// What became of somebody who asked for an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Knock {
    /// They ask.
    Waits,
    /// They have it.
    LetIn(Party),
    /// They do not get it.
    Rejected(Party, Option<Note>),
}
