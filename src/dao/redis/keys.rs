//! The names of keys. All but `users`, which is the original's, carry the hash tag of a feed,
//! so that one script may touch them together.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `users` | hash | account id to record (JSON) |
//! | `{f0}meta` | hash | version, epoch, key, next_user, next_guest, next_room; `commits`, how often something was written; `run`, which run of Redis was looked at; `importing` while that is so; `copy` where it is an older copy; of the servers: `feed`, the number of the newest entry; `started`, the newest node; `heard`, when any of them was; `judge`, from when on they may be given up; `mark`, the newest entry of up to a minute ago, and when that was |
//! | `{f0}feed` | stream | what the servers hear of each other; entry `NUMBER-0`, without gaps |
//! | `{f0}looks:RUN` | hash | while servers look at a Redis that has begun anew: who has; expires |
//! | `{f0}nodes` | hash | node to when it was heard of, how far it has read the feed, its name and address |
//! | `{f0}people:NODE` | hash | who is on a server: id to JSON |
//! | `{f0}done:NODE` | string | its last batch and the answers, for its repeat; expires |
//! | `{f0}retired` | set | ids that the counter has not reached and that had an owner |
//! | `{f0}name:KEY` | sorted set | ids of the accounts that bear a name |
//! | `{f0}last` | hash | room to the newest id ever given in it |
//! | `{f0}room:ROOM` | stream | the messages; entry `ID-0` |
//! | `{f0}erased:ROOM` | sorted set | what is left of messages whose words were erased, by id: id, sender, time, reference, about, what and name with 0x1f between |
//! | `{f0}erasing` | set | accounts that are gone and whose words are not yet |
//! | `{f0}changes:ROOM` | hash | `edit ID` or `delete ID` to the message that did it |
//! | `{f0}reactions:ROOM:ID` | hash | `ACCOUNT EMOJI` to the message that did it |
//! | `{f0}ref:...` | string | what a reference stands for; expires |
//! | `{f0}numbers` | hash | name of a room to its number |
//! | `{f0}names` | sorted set | names of rooms, all with score 0 |
//! | `{f0}named:NUMBER` | hash | name, topic, kind, guests, nonce of a named room |
//! | `{f0}closed` | hash | number of a room that was closed, as long as something of it is left, to the attempt that did it |
//! | `{f0}gone:NUMBER`, `{f0}gone_changes:NUMBER`, `{f0}gone_erased:NUMBER` | stream, hash, sorted set | what is left of it |
//! | `{f0}members:NUMBER` | hash | account to its role there: 1 member, 2 moderator, 3 owner |
//! | `{f0}invited:ACCOUNT` | set | numbers of the rooms it is invited to |
//! | `{f0}ignored:ACCOUNT` | set | accounts that it ignores |
//! | `{f0}operators` | set | accounts that may keep order in every room |
//! | `{f0}rooms:ACCOUNT` | hash | private or named room to the last id that was not for this account |
//! | `{f0}codes` | hash | digest of an invitation code to how many uses are left, and its end |
//! | `{f0}applicants` | hash | id of who waits to be let in to since when, a blank, and their record |
//! | `{f0}sanctions` | hash | number of a room or 0, measure, against whom, to the line of an export |
//! | `{f0}deeds` | sorted set | acts that kept order, all with score 0: time and nonce of 20 digits each, a blank, the line of an export |
//! | `{f0}devices:ACCOUNT` | sorted set | devices in the order of their last use |
//! | `{f0}seen:ACCOUNT` | hash | device to when it came first and when it was there last |
//! | `{f0}cursors:ACCOUNT` | hash | room to the last id taken by the shared device |
//! | `{f0}cursors:ACCOUNT:DEVICE` | hash | the same for one device |
//! | `{f0}read:ACCOUNT` | hash | room to the last id read |
//! | `{f0}receipts` | hash | account to what others may see: delivered and read, `1` or `0` each |
//! | `{f0}tokens` | hash | digest of a token to account, end and device |
//! | `{f0}tokens:ACCOUNT` | sorted set | digests of its tokens by their end |

use super::super::record::Referred;
use crate::protocol::{Append, Device, MessageId, NameKey, Reference, RoomId, RoomNo, UserId};

/// Accounts, as the original keeps them.
pub(super) const USERS: &str = "users";

/// The feed of everything that is not in a room. The accounts of the original lie outside of
/// it, so this is for one Redis (with replicas), not for a Redis Cluster.
pub(super) const FEED: &str = "{f0}";

/// The feed that a room belongs to; there is one so far.
pub(super) fn tag(_: RoomId) -> &'static str {
    FEED
}

pub(super) fn meta() -> String {
    format!("{FEED}meta")
}

/// What the servers hear of each other.
pub(super) fn feed() -> String {
    format!("{FEED}feed")
}

pub(super) fn name(key: &NameKey) -> String {
    format!("{FEED}name:{}", key.as_str())
}

pub(super) fn last(room: RoomId) -> String {
    format!("{}last", tag(room))
}

pub(super) fn room(room: RoomId) -> String {
    format!("{}room:{room}", tag(room))
}

/// What is left of messages whose words were erased.
pub(super) fn erased(room: RoomId) -> String {
    format!("{}erased:{room}", tag(room))
}

pub(super) fn nodes() -> String {
    format!("{FEED}nodes")
}

pub(super) fn erasing() -> String {
    format!("{FEED}erasing")
}

pub(super) fn changes(room: RoomId) -> String {
    format!("{}changes:{room}", tag(room))
}

pub(super) fn reactions(room: RoomId, id: MessageId) -> String {
    format!("{}reactions:{room}:{}", tag(room), id.0)
}

/// What the keys of all references begin with.
pub(super) const REFERENCES: &str = "{f0}ref:";

/// Between the parts of a reference's key: neither a device nor a reference can hold it.
pub(super) const SEPARATOR: char = '\u{1f}';

pub(super) fn reference(append: &Append) -> String {
    let Append { room, sender, device, reference, .. } = append;
    reference_of(*room, *sender, device.as_ref(), reference)
}

pub(super) fn referred(referred: &Referred) -> String {
    let Referred { room, sender, device, reference, .. } = referred;
    reference_of(*room, *sender, device.as_ref(), reference)
}

fn reference_of(
    room: RoomId,
    sender: UserId,
    device: Option<&Device>,
    reference: &Reference,
) -> String {
    let (device, reference) = (device.map_or("", Device::as_str), reference.as_str());
    format!("{REFERENCES}{room}{SEPARATOR}{sender}{SEPARATOR}{device}{SEPARATOR}{reference}")
}

pub(super) fn rooms(account: UserId) -> String {
    format!("{FEED}rooms:{account}")
}

pub(super) fn numbers() -> String {
    format!("{FEED}numbers")
}

pub(super) fn names() -> String {
    format!("{FEED}names")
}

pub(super) fn named(no: RoomNo) -> String {
    format!("{}named:{}", tag(RoomId::Named(no)), no.0)
}

pub(super) fn members(no: RoomNo) -> String {
    format!("{}members:{}", tag(RoomId::Named(no)), no.0)
}

pub(super) fn invited(account: UserId) -> String {
    format!("{FEED}invited:{account}")
}

pub(super) fn ignored(account: UserId) -> String {
    format!("{FEED}ignored:{account}")
}

pub(super) fn operators() -> String {
    format!("{FEED}operators")
}

pub(super) fn codes() -> String {
    format!("{FEED}codes")
}

pub(super) fn applicants() -> String {
    format!("{FEED}applicants")
}

pub(super) fn sanctions() -> String {
    format!("{FEED}sanctions")
}

pub(super) fn deeds() -> String {
    format!("{FEED}deeds")
}

pub(super) fn devices(account: UserId) -> String {
    format!("{FEED}devices:{account}")
}

pub(super) fn seen(account: UserId) -> String {
    format!("{FEED}seen:{account}")
}

pub(super) fn cursors(account: UserId, device: Option<&Device>) -> String {
    match device {
        Some(device) => format!("{FEED}cursors:{account}:{}", device.as_str()),
        None => format!("{FEED}cursors:{account}"),
    }
}

pub(super) fn read(account: UserId) -> String {
    format!("{FEED}read:{account}")
}

pub(super) fn receipts() -> String {
    format!("{FEED}receipts")
}

pub(super) fn tokens() -> String {
    format!("{FEED}tokens")
}

pub(super) fn tokens_of(account: UserId) -> String {
    format!("{FEED}tokens:{account}")
}

pub(super) fn retired() -> String {
    format!("{FEED}retired")
}

/// A pattern for the keys of all references.
pub(super) fn any_reference() -> String {
    format!("{REFERENCES}*")
}

/// A pattern for all keys but `users`.
pub(super) fn anything() -> String {
    format!("{FEED}*")
}
