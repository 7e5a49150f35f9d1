//! The tables as records, and records as tables.

use super::super::Cursor;
use super::super::record::{Record, Referred};
use super::tables::{Person, Positions, Tables};
use crate::protocol::{Device, MessageId, RoomId, UserId};

/// Every record, in order.
pub(super) fn export(tables: &Tables) -> Vec<Record> {
    let (next_user, next_guest) = (tables.next_user, tables.next_guest);
    let next_room = tables.next_room;
    let mut records = vec![Record::Counters { next_user, next_guest, next_room }];
    records.extend(tables.retired.range(next_user..).map(|id| Record::Retired(*id)));
    records.extend(tables.erasing.iter().map(|id| Record::Erasing(*id)));
    for (room, about) in &tables.rooms {
        records.push(Record::Room { room: *room, last: about.last });
        if let RoomId::Named(no) = room {
            let named = tables.named.get(no);
            records.extend(named.map(|named| Record::Named(named.room.clone())));
        }
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
    for id in tables.people.keys() {
        records.extend(belongings(tables, *id));
    }
    records.extend(tables.codes().into_iter().map(Record::Code));
    records.extend(tables.applicants().into_iter().map(Record::Asked));
    records.extend(tables.sanctions.values().cloned().map(Record::Sanction));
    records.extend(tables.deeds.values().cloned().map(Record::Deed));
    records
}

/// An account and all it has, if it is there.
pub(super) fn belongings(tables: &Tables, id: UserId) -> Vec<Record> {
    let mut records = Vec::new();
    if let Some(person) = tables.people.get(&id) {
        its_own(id, person, tables, &mut records);
        let tokens = tables.tokens.iter().filter(|(_, token)| token.account == id);
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

fn its_own(account: UserId, person: &Person, tables: &Tables, records: &mut Vec<Record>) {
    let (receipts, is_operator) = (person.receipts, person.is_operator);
    records.push(Record::Account { account: person.account.clone(), receipts, is_operator });
    let role = |room: &RoomId| match room {
        RoomId::Named(no) => tables.named.get(no)?.members.get(&account).copied(),
        _ => None,
    };
    let member = |(room, since): (&RoomId, &MessageId)| Record::Member {
        account,
        room: *room,
        since: *since,
        role: role(room),
    };
    records.extend(person.rooms.iter().map(member));
    let invited = person.invited.iter();
    records.extend(invited.map(|room| Record::Invited { account, room: *room }));
    let devices = person.devices.iter();
    records.extend(devices.map(|(device, _)| {
        let (since, used) = person.times(device);
        Record::Device { account, device: device.clone(), since, used }
    }));
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
    let ignored = person.ignored.iter();
    records.extend(ignored.map(|whom| Record::Ignored { account, whom: *whom }));
}

/// Puts one more record into tables that were empty before the first.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn put(tables: &mut Tables, record: Record) {
    match record {
        Record::Counters { next_user, next_guest, next_room } => {
            tables.next_room = tables.next_room.max(next_room);
            tables.next_user = tables.next_user.max(next_user);
            tables.next_guest = tables.next_guest.min(next_guest);
        }
        Record::Retired(id) => {
            tables.retired.insert(id);
        }
        Record::Erasing(id) => {
            tables.erasing.insert(id);
        }
        Record::Room { room, last } => tables.rooms.entry(room).or_default().last = last,
        Record::Named(room) => tables.put_room(room, 0),
        Record::Message(message) => {
            tables.rooms.entry(message.room).or_default().push(message);
        }
        Record::Reference(referred) => {
            let kept = referred.kept();
            let Referred { room, sender, device, reference, .. } = referred;
            tables.references.insert((room, sender, device, reference), kept);
        }
        Record::Account { account, receipts, is_operator } => {
            let person = Person { is_operator, ..Person::new(account.clone(), receipts) };
            tables.people.insert(account.id, person);
        }
        Record::Code(code) => {
            tables.codes.insert(code.digest, code);
        }
        Record::Asked(asked) => {
            tables.applicants.insert(asked.account.id, asked);
        }
        Record::Sanction(sanction) => {
            tables.sanctions.insert(sanction.key.clone(), sanction);
        }
        Record::Deed(deed) => drop(tables.deed(&deed)),
        Record::Token { digest, token } => {
            tables.tokens.insert(digest, token);
        }
        Record::Member { account, room, since, role } => {
            tables.change(account, |person| person.rooms.insert(room, since));
            if let (RoomId::Named(no), Some(role)) = (room, role)
                && let Some(named) = tables.named.get_mut(&no)
            {
                named.members.insert(account, role);
            }
        }
        Record::Invited { account, room } => {
            tables.change(account, |person| person.invited.insert(room));
        }
        Record::Ignored { account, whom } => {
            tables.change(account, |person| person.ignored.insert(whom));
        }
        Record::Device { account, device, since, used } => {
            tables.change(account, |person| {
                person.seen.insert(device.clone(), (since, used));
                person.devices.push((device, Positions::new()));
            });
        }
        Record::Cursor(cursor) => put_cursor(tables, cursor),
        Record::Read { account, room, up_to } => {
            tables.change(account, |person| person.read.insert(room, up_to));
        }
    }
}

fn put_cursor(tables: &mut Tables, Cursor { account, device, room, up_to }: Cursor) {
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
