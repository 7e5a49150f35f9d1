//! Being online, and yet not quite there: busy, or away.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Short;

/// What others are told of somebody who is online and may not answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// In what way.
    pub kind: AbsenceKind,
    /// In one's own words.
    pub note: Option<AbsenceNote>,
}

/// Why one may not answer, for people: at most 200 bytes without control characters.
pub type AbsenceNote = Short<200>;

/// In what way somebody is not quite there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbsenceKind {
    /// At the keyboard, with something else.
    Busy,
    /// Not at the keyboard.
    Away,
}

impl AbsenceKind {
    /// Every kind with its stable name on the wire.
    pub const NAMES: &[(Self, &str)] = &[(Self::Busy, "busy"), (Self::Away, "away")];

    /// What stands on the wire for who is back.
    pub const HERE: &str = "here";

    /// The stable name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("away", |(_, name)| name)
    }

    /// The kind of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

impl Absence {
    /// Its words; empty where there are none.
    pub fn words(&self) -> &str {
        self.note.as_ref().map_or("", AbsenceNote::as_str)
    }
}

/// Texts of people never reach a log, so they do not show in `{:?}` either.
impl fmt::Debug for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Absence({} {} bytes)", self.kind.name(), self.words().len())
    }
}
