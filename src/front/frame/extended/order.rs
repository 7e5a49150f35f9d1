//! Events about keeping order. A list comes in as many frames as it takes.

use crate::protocol::frame::encode;
use crate::protocol::wire::{
    Audit, Deed as WireDeed, RoomMes, Sanction as Wire, Sanctions, act, kind,
};
use crate::protocol::{Deed, Event, RoomId, RoomName, Sanction, SanctionKey};

/// A sanction or an act takes at most some 900 bytes, escaped: so many stay below the limit of a
/// frame.
const PAGE: usize = 50;

/// Everything else is spelled elsewhere.
pub(super) fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Sanctions { room, name, sanctions } => listed(*room, name, sanctions, out),
        Event::Deeds(deeds) => done(deeds, out),
        _ => {}
    }
}

/// What `RoomMes` says of somebody who is banned, muted or slowed from now on.
pub(super) fn sanctioned(about: &RoomMes, sanction: &Sanction) -> RoomMes {
    RoomMes {
        act: act::order(sanction.key.measure, true).to_owned(),
        against: Some(sanction.key.against.to_string()),
        every: (sanction.every > 0).then_some(sanction.every),
        until: sanction.until.map(|until| until.0),
        text: sanction.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        ..about.clone()
    }
}

/// And of somebody who is so no longer.
pub(super) fn lifted(about: &RoomMes, key: &SanctionKey) -> RoomMes {
    RoomMes {
        act: act::order(key.measure, false).to_owned(),
        against: Some(key.against.to_string()),
        ..about.clone()
    }
}

fn listed(room: RoomId, name: &RoomName, all: &[Sanction], out: &mut Vec<u8>) {
    let wire = |sanction: &Sanction| Wire {
        measure: sanction.key.measure.name().to_owned(),
        against: sanction.key.against.to_string(),
        every: (sanction.every > 0).then_some(sanction.every),
        text: sanction.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        user_id: sanction.by.id.0,
        user_name: sanction.by.name.to_string(),
        since: sanction.since.0,
        until: sanction.until.map(|until| until.0),
    };
    for (page, more) in pages(all) {
        let sanctions = Sanctions {
            room: room.to_string(),
            room_name: name.to_string(),
            sanctions: page.iter().map(wire).collect(),
            more,
        };
        encode(kind::SANCTIONS_RES, &sanctions, out);
    }
}

fn done(all: &[Deed], out: &mut Vec<u8>) {
    let wire = |deed: &Deed| WireDeed {
        time: deed.time.0,
        user_id: deed.by.id.0,
        user_name: deed.by.name.to_string(),
        act: deed.act.to_owned(),
        room: deed.place.map(|no| RoomId::Named(no).to_string()),
        whom: deed.whom.as_ref().map(ToString::to_string),
        how: deed.how.as_ref().map(ToString::to_string),
        text: deed.reason.as_ref().map(|reason| reason.as_str().to_owned()),
    };
    for (page, more) in pages(all) {
        let audit = Audit { deeds: page.iter().map(wire).collect(), more };
        encode(kind::AUDIT_RES, &audit, out);
    }
}

/// At least one, if only an empty one; and whether another follows.
pub(super) fn pages<T>(all: &[T]) -> Vec<(&[T], bool)> {
    if all.is_empty() {
        return vec![(all, false)];
    }
    let n_pages = all.len().div_ceil(PAGE);
    all.chunks(PAGE).enumerate().map(|(at, page)| (page, at + 1 < n_pages)).collect()
}
