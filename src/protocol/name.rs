//! Display names: the Nickname profile of PRECIS (RFC 8266), and what we refuse beyond it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use precis_profiles::Nickname;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use serde::{Deserialize, Serialize};

/// A display name that passed the profile: `Iron man`, `张三 <tom>`. Not unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name {
    shown: Arc<str>,
    key: NameKey,
}

/// What names are compared by: the profile's comparison form (RFC 8266 section 2.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(Arc<str>);

/// Why a name was refused; the text is for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing left after trimming.
    #[error("a name needs at least one letter")]
    Empty,
    /// Longer than [`Name::MAX`] bytes.
    #[error("a name has at most 64 bytes")]
    TooLong,
    /// A character that the profile forbids: controls, unassigned code points.
    #[error("a name may not hold control or unassigned characters")]
    Forbidden,
    /// Digits alone mean an id, `name#12` is how shared names are shown, and addresses name
    /// guests.
    #[error("this could be taken for an id or an address")]
    Misleading,
}

impl Name {
    /// Bytes, after the profile was applied: some twenty Chinese characters.
    pub const MAX: usize = 64;

    /// Applies the profile: blanks are trimmed and joined, compatibility forms folded.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, NameError> {
        // The profile works on the whole string several times over: bound it before.
        if text.len() > 4 * Self::MAX {
            return Err(NameError::TooLong);
        }
        if text.trim().is_empty() {
            return Err(NameError::Empty);
        }
        let shown = Nickname::enforce(text).map_err(|_cause| NameError::Forbidden)?;
        let key = NameKey::new(&shown).ok_or(NameError::Forbidden)?;
        match shown.len() {
            n if n > Self::MAX => Err(NameError::TooLong),
            _ if is_misleading(&shown) => Err(NameError::Misleading),
            _ => Ok(Self { shown: shown.into(), key }),
        }
    }

    /// A name that somebody types up to the end of a line: it needs no quotes there, and means
    /// the same in some, as where it stands in the middle.
    ///
    /// # Errors
    /// As [`Name::new`].
    pub fn typed(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Self::new(quoted.unwrap_or(text))
    }

    /// The name of somebody who gave none: the id in digits. Only its owner can bear it, for
    /// [`Name::new`] refuses digits.
    pub fn of_id(id: super::UserId) -> Self {
        let shown: Arc<str> = id.to_string().into();
        Self { key: NameKey(Arc::clone(&shown)), shown }
    }

    /// A name as a store gives it back: taken as it stands where the profile refuses it, for
    /// others write to the store too.
    pub fn stored(text: &str, id: super::UserId) -> Self {
        Self::new(text).unwrap_or_else(|_refused| Self::of_id(id))
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// As it is shown, shared.
    pub fn shown(&self) -> Arc<str> {
        Arc::clone(&self.shown)
    }

    /// As it is compared.
    pub fn key(&self) -> &NameKey {
        &self.key
    }
}

impl NameKey {
    /// The comparison form of any text; `None` where it could be nobody's name.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > 4 * Name::MAX {
            return None;
        }
        // RFC 8266 section 2.4: the comparison form is the enforced one in lower case.
        let lower = Nickname::enforce(text).ok()?.to_lowercase();
        let key = Nickname::enforce(lower.as_str()).ok()?;
        Some(Self(key.into()))
    }

    /// The comparison form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

fn is_misleading(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(char::is_numeric);
    let signed = name.strip_prefix('-').unwrap_or(name);
    let shared = name.rsplit_once('#').is_some_and(|(_, id)| digits(id));
    let address = name.parse::<SocketAddr>().is_ok() || name.parse::<IpAddr>().is_ok();
    digits(signed) || shared || address || name.starts_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_joined_and_compared_without_regard_to_case() {
        let name = Name::new("  Iron   man ").unwrap();
        assert_eq!(name.as_str(), "Iron man");
        assert_eq!(NameKey::new("iRON MAN").as_ref(), Some(name.key()));
        assert_eq!(Name::new("张三 <tom>").unwrap().as_str(), "张三 <tom>");
    }

    #[test]
    fn a_name_that_could_mean_something_else_is_refused() {
        for text in ["100", "-100", "１００", "tom#100", "127.0.0.1:80", "::1", "~abc:1"] {
            assert_eq!(Name::new(text), Err(NameError::Misleading), "{text}");
        }
        assert_eq!(Name::new(" \u{3000} "), Err(NameError::Empty));
        assert_eq!(Name::new("a\u{1b}[2J"), Err(NameError::Forbidden));
        assert_eq!(Name::new(&"x".repeat(65)), Err(NameError::TooLong));
        assert_eq!(Name::new(&"x".repeat(100_000)), Err(NameError::TooLong));
    }
}
