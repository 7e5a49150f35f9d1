//! The tables as records, and records as tables.

use super::super::Cursor;
use super::super::record::{Record, Referred};
use super::tables::{Person, Positions, Tables};
use crate::protocol::{Device, UserId};

/// Every record, in order.
pub(super) fn export(tables: &Tables) -> Vec<Record> {
    let (next_user, next_guest) = (tables.next_user, tables.next_guest);
    let mut records = vec![Record::Counters { next_user, next_guest }];
    records.extend(tables.retired.range(next_user..).map(|id| Record::Retired(*id)));
    for (room, about) in &tables.rooms {
        records.push(Record::Room { room: *room, last: about.last });
        records.extend(about.messages.iter().cloned().map(Record::Message));
        let references = tables.references.iter().filter(|((its, ..), _)| its == room);
        records.extend(references.map(|((_, sender, device, reference), kept)| {
            Record::Reference(Referred {
                room: *room,
                sender: *sender,
                device: device.clone(),
                reference: reference.clone(),
                id: kept.id,
                time: kept.time,
                digest: kept.digest,
                nonce: kept.nonce,
            })
        }));
    }
    for (id, person) in &tables.people {
        belongings(*id, person, &mut records);
        let tokens = tables.tokens.iter().filter(|(_, token)| token.account == *id);
        let mut tokens: Vec<_> = tokens.collect();
        tokens.sort_by_key(|(_, token)| token.expires);
        records.extend(
            tokens
                .into_iter()
                .map(|(digest, token)| Record::Token { digest: *digest, token: token.clone() }),
        );
    }
    records
}

fn belongings(account: UserId, person: &Person, records: &mut Vec<Record>) {
    let receipts = person.receipts;
    records.push(Record::Account { account: person.account.clone(), receipts });
    let rooms = person.rooms.iter();
    records.extend(rooms.map(|(room, since)| Record::Member {
        account,
        room: *room,
        since: *since,
    }));
    let devices = person.devices.iter();
    records.extend(devices.map(|(device, _)| Record::Device { account, device: device.clone() }));
    let cursors = |device: Option<&Device>, positions: &Positions| {
        let cursor = |(room, up_to): (&_, &_)| {
            let device = device.cloned();
            Record::Cursor(Cursor { account, device, room: *room, up_to: *up_to })
        };
        positions.iter().map(cursor).collect::<Vec<_>>()
    };
    records.extend(cursors(None, &person.shared));
    let mut devices: Vec<_> = person.devices.iter().collect();
    devices.sort_by_key(|(device, _)| device);
    records.extend(devices.iter().flat_map(|(device, taken)| cursors(Some(device), taken)));
    let read = person.read.iter();
    records.extend(read.map(|(room, up_to)| Record::Read { account, room: *room, up_to: *up_to }));
}

/// Puts one more record into tables that were empty before the first.
pub(super) fn put(tables: &mut Tables, record: Record) {
    match record {
        Record::Counters { next_user, next_guest } => {
            tables.next_user = tables.next_user.max(next_user);
            tables.next_guest = tables.next_guest.min(next_guest);
        }
        Record::Retired(id) => {
            tables.retired.insert(id);
        }
        Record::Room { room, last } => tables.rooms.entry(room).or_default().last = last,
        Record::Message(message) => {
            tables.rooms.entry(message.room).or_default().messages.push_back(message);
        }
        Record::Reference(referred) => {
            let kept = referred.kept();
            let Referred { room, sender, device, reference, .. } = referred;
            tables.references.insert((room, sender, device, reference), kept);
        }
        Record::Account { account, receipts } => {
            tables.people.insert(account.id, Person::new(account, receipts));
        }
        Record::Token { digest, token } => {
            tables.tokens.insert(digest, token);
        }
        Record::Member { account, room, since } => {
            tables.change(account, |person| person.rooms.insert(room, since));
        }
        Record::Device { account, device } => {
            tables.change(account, |person| person.devices.push((device, Positions::new())));
        }
        Record::Cursor(Cursor { account, device, room, up_to }) => {
            tables.change(account, |person| {
                let positions = match &device {
                    None => Some(&mut person.shared),
                    Some(device) => {
                        let its = person.devices.iter_mut().find(|(name, _)| name == device);
                        its.map(|(_, positions)| positions)
                    }
                };
                positions.map(|positions| positions.insert(room, up_to))
            });
        }
        Record::Read { account, room, up_to } => {
            tables.change(account, |person| person.read.insert(room, up_to));
        }
    }
}
