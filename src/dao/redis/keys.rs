//! The names of keys. All but `users`, which is the original's, carry the hash tag of a feed,
//! so that one script may touch them together.
//!
//! A store has one feed, `{f0}`, or several, `{f0}`, `{f1}` and so on, each on a Redis of its own or
//! beside others. What is of a room, and what accounts have in it, carries the tag of the room's
//! feed (`RoomId::feed`); all else is in the first one. Devices are known in every feed.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `users` | hash | account id to record (JSON) |
//! | `{f0}meta` | hash | version, epoch, key, next_user, next_guest, next_room; `commits`, how often something was written; `run`, which run of Redis was looked at; `importing` while that is so; `copy` where it is an older copy; of the servers: `feed`, the number of the newest entry; `started`, the newest node; `heard`, when any of them was; `judge`, from when on they may be given up; `mark`, the newest entry of up to a minute ago, and when that was; of several feeds: `share`, which of how many this is, and of which store; in the first one `made`, once all were there, and `before`, the epoch before, until all have the new one |
//! | `{f0}leaving` | sorted set | ids that the other feeds are still to forget, by the number under which they do |
//! | `{f1}cleared:ACCOUNT` | string | under which number, and in which epoch, this feed has forgotten an id; expires |
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
//! | `{f0}numbers` | hash | name of a room to its number; in the feed of the name (`RoomName::feed`), which is the room's, but for rooms that were imported |
//! | `{f0}unnamed` | hash | names of rooms that were closed and that another feed still has, to their numbers |
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

use std::fmt;

use super::super::record::Referred;
use crate::protocol::{Append, Device, MessageId, NameKey, Reference, RoomId, RoomNo, UserId};

/// Accounts, as the original keeps them, where the first feed lies.
pub(super) const USERS: &str = "users";

/// Between the parts of a reference's key: neither a device nor a reference can hold it.
pub(super) const SEPARATOR: char = '\u{1f}';

/// What the keys of a feed begin with, and how they are called. `users` of the original lies outside
/// of all feeds, so a feed lies on one Redis (with replicas), not on a Redis Cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(pub(super) usize);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{f{}}}", self.0)
    }
}

impl Tag {
    /// Of the feed in which is everything that is not in a room.
    pub(super) const HOME: Self = Self(0);

    pub(super) fn meta(self) -> String {
        format!("{self}meta")
    }

    /// What the servers hear of each other.
    pub(super) fn feed(self) -> String {
        format!("{self}feed")
    }

    pub(super) fn name(self, key: &NameKey) -> String {
        format!("{self}name:{}", key.as_str())
    }

    pub(super) fn last(self) -> String {
        format!("{self}last")
    }

    pub(super) fn room(self, room: RoomId) -> String {
        format!("{self}room:{room}")
    }

    /// What is left of messages whose words were erased.
    pub(super) fn erased(self, room: RoomId) -> String {
        format!("{self}erased:{room}")
    }

    pub(super) fn nodes(self) -> String {
        format!("{self}nodes")
    }

    pub(super) fn erasing(self) -> String {
        format!("{self}erasing")
    }

    /// Accounts that are still to leave the feeds but this one.
    pub(super) fn leaving(self) -> String {
        format!("{self}leaving")
    }

    /// Names of closed rooms that another feed still has.
    pub(super) fn unnamed(self) -> String {
        format!("{self}unnamed")
    }

    pub(super) fn changes(self, room: RoomId) -> String {
        format!("{self}changes:{room}")
    }

    pub(super) fn reactions(self, room: RoomId, id: MessageId) -> String {
        format!("{self}reactions:{room}:{}", id.0)
    }

    /// What the keys of all references begin with.
    pub(super) fn references(self) -> String {
        format!("{self}ref:")
    }

    pub(super) fn reference(self, append: &Append) -> String {
        let Append { room, sender, device, reference, .. } = append;
        self.reference_of(*room, *sender, device.as_ref(), reference)
    }

    pub(super) fn referred(self, referred: &Referred) -> String {
        let Referred { room, sender, device, reference, .. } = referred;
        self.reference_of(*room, *sender, device.as_ref(), reference)
    }

    fn reference_of(
        self,
        room: RoomId,
        sender: UserId,
        device: Option<&Device>,
        reference: &Reference,
    ) -> String {
        let (device, reference) = (device.map_or("", Device::as_str), reference.as_str());
        format!("{self}ref:{room}{SEPARATOR}{sender}{SEPARATOR}{device}{SEPARATOR}{reference}")
    }

    pub(super) fn rooms(self, account: UserId) -> String {
        format!("{self}rooms:{account}")
    }

    pub(super) fn numbers(self) -> String {
        format!("{self}numbers")
    }

    pub(super) fn names(self) -> String {
        format!("{self}names")
    }

    pub(super) fn named(self, no: RoomNo) -> String {
        format!("{self}named:{}", no.0)
    }

    pub(super) fn members(self, no: RoomNo) -> String {
        format!("{self}members:{}", no.0)
    }

    pub(super) fn invited(self, account: UserId) -> String {
        format!("{self}invited:{account}")
    }

    pub(super) fn ignored(self, account: UserId) -> String {
        format!("{self}ignored:{account}")
    }

    pub(super) fn operators(self) -> String {
        format!("{self}operators")
    }

    pub(super) fn codes(self) -> String {
        format!("{self}codes")
    }

    pub(super) fn applicants(self) -> String {
        format!("{self}applicants")
    }

    pub(super) fn sanctions(self) -> String {
        format!("{self}sanctions")
    }

    pub(super) fn deeds(self) -> String {
        format!("{self}deeds")
    }

    pub(super) fn devices(self, account: UserId) -> String {
        format!("{self}devices:{account}")
    }

    pub(super) fn seen(self, account: UserId) -> String {
        format!("{self}seen:{account}")
    }

    pub(super) fn cursors(self, account: UserId, device: Option<&Device>) -> String {
        match device {
            Some(device) => format!("{self}cursors:{account}:{}", device.as_str()),
            None => format!("{self}cursors:{account}"),
        }
    }

    pub(super) fn read(self, account: UserId) -> String {
        format!("{self}read:{account}")
    }

    pub(super) fn receipts(self) -> String {
        format!("{self}receipts")
    }

    pub(super) fn tokens(self) -> String {
        format!("{self}tokens")
    }

    pub(super) fn tokens_of(self, account: UserId) -> String {
        format!("{self}tokens:{account}")
    }

    pub(super) fn retired(self) -> String {
        format!("{self}retired")
    }

    /// A pattern for all keys but `users`.
    pub(super) fn anything(self) -> String {
        format!("{self}*")
    }
}
