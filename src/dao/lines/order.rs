//! Sanctions and the acts that kept order as JSON: in an export, and as two of the stores keep
//! them.

use serde::{Deserialize, Serialize};

use crate::protocol::{
    Against, Deed, Measure, Millis, Note, Party, Place, RoomId, Sanction, SanctionKey, UserId,
};

/// A sanction.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    /// Its key; none: the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    measure: String,
    against: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    every: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    by: i64,
    name: String,
    since: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

/// An act.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Done {
    time: i64,
    nonce: u64,
    by: i64,
    name: String,
    act: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    whom: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    how: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// As a store keeps it.
pub(in crate::dao) fn sanction_text(sanction: &Sanction) -> String {
    // Strings and numbers always are JSON.
    serde_json::to_string(&held(sanction)).unwrap_or_default()
}

/// Reads what [`sanction_text`] wrote. `None`: somebody else did.
pub(in crate::dao) fn read_sanction(text: &str) -> Option<Sanction> {
    sanction(serde_json::from_str(text).ok()?)
}

/// As a store keeps it.
pub(in crate::dao) fn deed_text(deed: &Deed) -> String {
    serde_json::to_string(&done(deed)).unwrap_or_default()
}

/// An act as a line of JSON, as `server audit --json` shows it and an export holds it.
pub fn deed_json(deed: &Deed) -> String {
    deed_text(deed)
}

/// Reads what [`deed_text`] wrote. `None`: somebody else did.
pub(in crate::dao) fn read_deed(text: &str) -> Option<Deed> {
    deed(serde_json::from_str(text).ok()?)
}

pub(super) fn held(sanction: &Sanction) -> Held {
    let SanctionKey { place, measure, against } = &sanction.key;
    Held {
        room: key_of(*place),
        measure: measure.name().to_owned(),
        against: against.to_string(),
        every: sanction.every,
        reason: sanction.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        by: sanction.by.id.0,
        name: sanction.by.name.to_string(),
        since: sanction.since.0,
        until: sanction.until.map(|until| until.0),
    }
}

pub(super) fn sanction(held: Held) -> Option<Sanction> {
    let key = SanctionKey {
        place: place(held.room)?,
        measure: Measure::from_name(&held.measure)?,
        against: Against::parse(&held.against)?,
    };
    Some(Sanction {
        key,
        every: held.every,
        reason: note(held.reason)?,
        by: Party { id: UserId(held.by), name: held.name.into() },
        since: Millis(held.since),
        until: held.until.map(Millis),
    })
}

pub(super) fn done(deed: &Deed) -> Done {
    Done {
        time: deed.time.0,
        nonce: deed.nonce,
        by: deed.by.id.0,
        name: deed.by.name.to_string(),
        act: deed.act.to_owned(),
        room: key_of(deed.place),
        whom: deed.whom.as_ref().map(ToString::to_string),
        how: deed.how.as_ref().map(ToString::to_string),
        reason: deed.reason.as_ref().map(|reason| reason.as_str().to_owned()),
    }
}

pub(super) fn deed(done: Done) -> Option<Deed> {
    let is_long =
        |word: &Option<String>| word.as_ref().is_some_and(|word| word.len() > Deed::MAX_WORD);
    if is_long(&done.whom) || is_long(&done.how) {
        return None;
    }
    Some(Deed {
        time: Millis(done.time),
        nonce: done.nonce,
        by: Party { id: UserId(done.by), name: done.name.into() },
        act: Deed::act(&done.act)?,
        place: place(done.room)?,
        whom: done.whom.map(Into::into),
        how: done.how.map(Into::into),
        reason: note(done.reason)?,
    })
}

fn key_of(place: Place) -> Option<String> {
    place.map(|no| RoomId::Named(no).to_string())
}

/// `None`: not a room with a name.
fn place(key: Option<String>) -> Option<Place> {
    let Some(key) = key else { return Some(None) };
    match RoomId::parse(&key)? {
        RoomId::Named(no) => Some(Some(no)),
        RoomId::Lobby | RoomId::Pair(..) => None,
    }
}

fn note(text: Option<String>) -> Option<Option<Note>> {
    text.map_or(Some(None), |text| Note::new(&text).map(Some))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(every: &u32) -> bool {
    *every == 0
}
