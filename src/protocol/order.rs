//! Means to keep order: who is banned, muted or slowed, where, for how long and why; and the
//! record that is kept of every such act.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Change, Millis, Name, NameKey, Net, Note, Party, RoomChange, RoomId, RoomNo, UserId, Who,
};

/// What is done to keep order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Measure {
    /// Kept out.
    Ban,
    /// Says nothing.
    Mute,
    /// Says one thing in so many seconds.
    Slow,
}

impl Measure {
    /// Every measure with its stable name.
    pub const NAMES: &[(Self, &str)] =
        &[(Self::Ban, "ban"), (Self::Mute, "mute"), (Self::Slow, "slow")];

    /// The stable name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(measure, _)| *measure == self).map_or("ban", |(_, name)| name)
    }

    /// The measure of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(measure, _)| *measure)
    }
}

/// Names that look like this: `*` stands for any characters, `?` for one. Compared as names are,
/// without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// `None`: longer than a name, or nobody could be called so.
    pub fn new(text: &str) -> Option<Self> {
        let key = NameKey::new(text).filter(|key| key.as_str().len() <= Name::MAX)?;
        Some(Self(key.as_str().into()))
    }

    /// Everybody, those without a name included.
    pub fn everybody() -> Self {
        Self("*".into())
    }

    /// Does somebody of this name look like it? Takes at most the product of both lengths, of 64
    /// bytes each, and does not recurse.
    pub fn fits(&self, name: Option<&NameKey>) -> bool {
        let Some(name) = name else { return &*self.0 == "*" };
        let (pattern, name): (Vec<char>, Vec<char>) =
            (self.0.chars().collect(), name.as_str().chars().collect());
        let (mut at, mut of) = (0, 0);
        // Behind the last star, and how far it reaches by now.
        let mut star = None;
        while let Some(c) = name.get(at) {
            match pattern.get(of) {
                Some('*') => {
                    star = Some((of + 1, at));
                    of += 1;
                }
                Some(p) if *p == '?' || p == c => (at, of) = (at + 1, of + 1),
                _ => match &mut star {
                    Some((behind, reach)) => {
                        *reach += 1;
                        (at, of) = (*reach, *behind);
                    }
                    None => return false,
                },
            }
        }
        pattern.iter().skip(of).all(|p| *p == '*')
    }
}

/// Whom it is against.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Against {
    /// An account, or a guest for as long as they stay.
    One(UserId),
    /// Whoever is called so.
    Names(Pattern),
    /// Whoever comes from there.
    Net(Net),
}

impl Against {
    /// Reads what [`fmt::Display`] wrote, and an address for the network of it alone.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self::One(UserId(id)));
        }
        match text.parse() {
            Ok(net) => Some(Self::Net(net)),
            Err(_no_net) => Pattern::new(text).map(Self::Names),
        }
    }
}

/// An id, a pattern, or a network: no two of them look alike, for no name is digits alone or an
/// address.
impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(id) => id.fmt(f),
            Self::Names(pattern) => f.write_str(&pattern.0),
            Self::Net(net) => net.fmt(f),
        }
    }
}

/// Whom somebody means, before it is known whether a name is an account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// One account, or whoever is called exactly so.
    Who(Who),
    /// As it stands.
    Against(Against),
}

impl Aim {
    /// An id, a name, a pattern (with `*` or `?` in it), an address or a network. `None`: it can
    /// be none of them.
    pub fn parse(text: &str) -> Option<Self> {
        match Against::parse(text)? {
            Against::One(id) => Some(Self::Who(Who::Id(id))),
            Against::Names(_) if !text.contains(['*', '?']) => {
                NameKey::new(text).map(|key| Self::Who(Who::Named(key)))
            }
            against => Some(Self::Against(against)),
        }
    }
}

/// How long and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// With [`Measure::Slow`]: seconds between two messages; 0 otherwise.
    pub every: u32,
    /// Seconds; `None`: until it is lifted.
    pub lasts: Option<u32>,
    /// For people.
    pub reason: Option<Note>,
}

impl Terms {
    /// Seconds that slow mode may want between two messages: an hour.
    pub const MAX_EVERY: u32 = 3_600;
}

/// What somebody asks for to keep order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub measure: Measure,
    /// Against whom.
    pub aim: Aim,
    /// On which terms; `None`: it ends.
    pub terms: Option<Terms>,
}

/// Where something is done: in one room, or, `None`, on the whole server.
pub type Place = Option<RoomNo>;

/// What there is at most one of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SanctionKey {
    /// Where.
    pub place: Place,
    /// What.
    pub measure: Measure,
    /// Against whom.
    pub against: Against,
}

/// Something that holds against somebody, as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sanction {
    /// Where, what, against whom.
    pub key: SanctionKey,
    /// With [`Measure::Slow`]: seconds between two messages.
    pub every: u32,
    /// Why.
    pub reason: Option<Note>,
    /// Who did it.
    pub by: Party,
    /// Since when.
    pub since: Millis,
    /// Until when; `None`: until it is lifted.
    pub until: Option<Millis>,
}

impl Sanction {
    /// Does it hold at this moment?
    pub fn holds(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Somebody who might be meant.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Account or guest.
    pub id: UserId,
    /// As names are compared; none: a guest without one.
    pub name: Option<&'a NameKey>,
    /// From where; none: an address that no ban by address touches.
    pub ip: Option<IpAddr>,
    /// Keeps order here: only what is against them in person holds.
    pub keeps_order: bool,
}

impl Against {
    /// Is this somebody whom it is against?
    pub fn hits(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::One(id) => *id == subject.id,
            Self::Names(_) | Self::Net(_) if subject.keeps_order => false,
            Self::Names(pattern) => pattern.fits(subject.name),
            Self::Net(net) => subject.ip.is_some_and(|ip| net.contains(ip)),
        }
    }
}

/// A record of an act that keeps order, for those who answer for the server. Never a text that
/// somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub time: Millis,
    /// Tells acts of one moment apart, and an attempt that is repeated from another one.
    pub nonce: u64,
    /// Who; [`Deed::CONSOLE`]: the command line.
    pub by: Party,
    /// What: a word of [`Deed::ACTS`].
    pub act: &'static str,
    /// Where; `None`: on the whole server.
    pub place: Place,
    /// To whom.
    pub whom: Option<Arc<str>>,
    /// How: a role, who may come in, until when.
    pub how: Option<Arc<str>>,
    /// Why.
    pub reason: Option<Note>,
}

impl Deed {
    /// Who acts from the command line.
    pub const CONSOLE: UserId = UserId(0);

    /// What can be done.
    pub const ACTS: &[&str] = &[
        "kick",
        "role",
        "set",
        "ban",
        "mute",
        "slow",
        "unban",
        "unmute",
        "unslow",
        "operator",
        "no-operator",
        "close",
        "approve",
        "reject",
    ];

    /// Bytes of what stands in `whom` and `how`: a name with an id.
    pub const MAX_WORD: usize = 200;

    /// The act of this name.
    pub fn act(name: &str) -> Option<&'static str> {
        Self::ACTS.iter().find(|act| **act == name).copied()
    }

    /// Its place among the others.
    pub fn at(&self) -> (Millis, u64) {
        (self.time, self.nonce)
    }
}

impl RoomChange {
    /// What is to be remembered of it: `None`, where it is none of others' business.
    pub fn deed(&self) -> Option<Deed> {
        let act = |act, place| Deed {
            time: self.time,
            nonce: self.nonce,
            by: self.by.clone(),
            act,
            place,
            whom: None,
            how: None,
            reason: None,
        };
        let named = |party: &Party| Some(format!("{} ({})", party.id, party.name).into());
        Some(match &self.what {
            Change::Kick(no, whom, reason) => {
                Deed { whom: named(whom), reason: reason.clone(), ..act("kick", Some(*no)) }
            }
            Change::Role(no, whom, role) => {
                Deed { whom: named(whom), how: Some(role.name().into()), ..act("role", Some(*no)) }
            }
            Change::Set(no, kind, guests) => {
                let guests = if *guests { "guests" } else { "no-guests" };
                let how = Some(format!("{} {guests}", kind.name()).into());
                Deed { how, ..act("set", Some(*no)) }
            }
            Change::Close(no, name) => {
                Deed { how: Some(name.as_str().into()), ..act("close", Some(*no)) }
            }
            Change::Sanction(sanction) => {
                let key = &sanction.key;
                let whom = Some(key.against.to_string().into());
                let (how, reason) = (sanction.terms(), sanction.reason.clone());
                Deed { whom, how, reason, ..act(key.measure.name(), key.place) }
            }
            Change::Lift(key) => {
                let lifted = match key.measure {
                    Measure::Ban => "unban",
                    Measure::Mute => "unmute",
                    Measure::Slow => "unslow",
                };
                Deed { whom: Some(key.against.to_string().into()), ..act(lifted, key.place) }
            }
            _ => return None,
        })
    }
}

impl Sanction {
    /// How long, in seconds from its beginning, and how slow: `for 3600 s`, `one in 30 s`.
    fn terms(&self) -> Option<Arc<str>> {
        let lasts = self.until.map(|until| {
            let ms = until.0.saturating_sub(self.since.0);
            format!("for {} s", ms / 1000)
        });
        let slow = (self.every > 0).then(|| format!("one in {} s", self.every));
        let terms: Vec<_> = slow.into_iter().chain(lasts).collect();
        (!terms.is_empty()).then(|| terms.join(", ").into())
    }
}

/// Seconds: `45s`, `30m`, `2h`, `7d`. `None`: no such word, nothing, or more than ten years.
pub fn lasting(word: &str) -> Option<u32> {
    const MOST: u32 = 10 * 366 * 86_400;
    let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: u32 = number.parse::<u32>().ok()?.checked_mul(unit)?;
    (1..=MOST).contains(&seconds).then_some(seconds)
}

/// Where somebody is meant by a room: the lobby stands for the whole server, for everybody is in
/// it.
pub fn place_of(room: RoomId) -> Place {
    match room {
        RoomId::Named(no) => Some(no),
        RoomId::Lobby | RoomId::Pair(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_names_without_regard_to_case() {
        let fits = |pattern: &str, name: &str| {
            Pattern::new(pattern).unwrap().fits(NameKey::new(name).as_ref())
        };
        for (pattern, name) in [
            ("spam*", "Spam"),
            ("SPAM*bot", "spam my bot"),
            ("?om", "Tom"),
            ("张*", "张三"),
            ("*", "x"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("spam*", "no spam"), ("?om", "om"), ("a*b*c", "acb"), ("tom", "tomi")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(Pattern::everybody().fits(None));
        assert!(!Pattern::new("?*").unwrap().fits(None), "who has no name is called nothing");
        assert_eq!(Pattern::new(&"*".repeat(65)), None);
        assert!(!fits(&"*a".repeat(32), &"a".repeat(31)), "the longest is done with at once");
    }

    #[test]
    fn whom_it_is_against_is_read_as_it_is_written() {
        for text in ["100", "-3", "spam*", "10.0.0.0/8", "fd00::/8", "1.2.3.4/32", "iron man"] {
            assert_eq!(Against::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Against::parse(""), None);
        let named = |name| NameKey::new(name).map(|key| Aim::Who(Who::Named(key)));
        assert_eq!(Aim::parse("Tom"), named("tom"));
        assert_eq!(Aim::parse("100"), Some(Aim::Who(Who::Id(UserId(100)))));
        assert!(matches!(Aim::parse("1.2.3.4"), Some(Aim::Against(Against::Net(_)))));
        assert!(matches!(Aim::parse("a*"), Some(Aim::Against(Against::Names(_)))));
    }

    #[test]
    fn times_are_a_number_and_a_unit() {
        for (word, seconds) in [("45s", 45), ("30m", 1_800), ("2h", 7_200), ("7d", 604_800)] {
            assert_eq!(lasting(word), Some(seconds));
        }
        for word in ["", "s", "0s", "1w", "+1s", "-1s", "99999999999d", "4294967295d", "10", "1天"]
        {
            assert_eq!(lasting(word), None, "{word}");
        }
    }
}
