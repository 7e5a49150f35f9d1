//! Which feed has what: a pure function of what it is and of how many feeds there are. Where a room
//! belongs is said by [`RoomId::feed`], for good: what stands there already must be found.

use super::super::Write;
use super::super::record::Record;
use crate::protocol::{Change, Place, RoomId, RoomName, RoomNo};

/// How many feeds there are, one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread(pub(super) usize);

/// Whom a write, or a record, is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// One feed.
    One(usize),
    /// Each of them.
    Each,
}

/// That of all that is in no room.
const HOME: Whose = Whose::One(0);

impl Whose {
    pub(super) fn is(self, feed: usize) -> bool {
        match self {
            Self::One(its) => its == feed,
            Self::Each => true,
        }
    }
}

impl Spread {
    pub(super) fn of_room(self, room: RoomId) -> usize {
        room.feed(self.0)
    }

    pub(super) fn of_number(self, no: RoomNo) -> usize {
        RoomId::Named(no).feed(self.0)
    }

    /// Where a name is looked up, and where its room is made.
    pub(super) fn of_name(self, name: &RoomName) -> usize {
        name.feed(self.0)
    }

    fn of_place(self, place: Place) -> Whose {
        Whose::One(place.map_or(0, |no| self.of_number(no)))
    }

    /// The first number from this one on that a feed may give to a room that is made in it.
    pub(super) fn number_from(self, feed: usize, from: RoomNo) -> RoomNo {
        let n_feeds = u64::try_from(self.0).unwrap_or(1);
        let numbers = (from.0.max(1)..).take(self.0);
        let fits = numbers.map(RoomNo).find(|no| self.of_number(*no) == feed);
        fits.unwrap_or(RoomNo(n_feeds))
    }

    /// Which feed does it? What each of them does, each does for its part of the store.
    pub(super) fn of_write(self, write: &Write) -> Whose {
        match write {
            Write::Append(append) => Whose::One(self.of_room(append.room)),
            Write::Cursor(cursor) => Whose::One(self.of_room(cursor.room)),
            Write::Read { room, .. } => Whose::One(self.of_room(*room)),
            Write::Prune(prune) => Whose::One(self.of_room(prune.room)),
            Write::Erase(erase) => Whose::One(self.of_room(erase.room)),
            Write::Expire(sanction) => self.of_place(sanction.key.place),
            Write::Deed(deed) => self.of_place(deed.place),
            Write::Room(change) => match &change.what {
                Change::Create { name, .. } => Whose::One(self.of_name(name)),
                what => self.of_place(what.room()),
            },
            Write::OpenDevice { .. }
            | Write::Erased(_)
            | Write::Sweep(_)
            | Write::ForgetDeeds { .. }
            | Write::Mark => Whose::Each,
            Write::Register { .. }
            | Write::Decide(_)
            | Write::ForgetApplicants { .. }
            | Write::MakeCode(_)
            | Write::EndCode(_)
            | Write::SetSecret { .. }
            | Write::Rename { .. }
            | Write::Delete { .. }
            | Write::Guests(_)
            | Write::Token { .. }
            | Write::RevokeToken(_)
            | Write::RevokeDevice { .. }
            | Write::RevokeTokens(_)
            | Write::Receipts { .. }
            | Write::Ignore { .. }
            | Write::Operator { .. }
            | Write::Forget { .. }
            | Write::Index { .. }
            | Write::Tell(_) => HOME,
        }
    }

    /// Into which feed is it put? The name of a room stands where [`Spread::of_name`] says.
    pub(super) fn of_record(self, record: &Record) -> Whose {
        match record {
            Record::Room { room, .. } | Record::Member { room, .. } | Record::Read { room, .. } => {
                Whose::One(self.of_room(*room))
            }
            Record::Message(message) => Whose::One(self.of_room(message.room)),
            Record::Reference(referred) => Whose::One(self.of_room(referred.room)),
            Record::Cursor(cursor) => Whose::One(self.of_room(cursor.room)),
            Record::Invited { room, .. } => Whose::One(self.of_number(*room)),
            Record::Sanction(sanction) => self.of_place(sanction.key.place),
            Record::Deed(deed) => self.of_place(deed.place),
            Record::Counters { .. }
            | Record::Erasing(_)
            | Record::Device { .. }
            | Record::Named(_) => Whose::Each,
            Record::Retired(_)
            | Record::Account { .. }
            | Record::Ignored { .. }
            | Record::Token { .. }
            | Record::Code(_)
            | Record::Asked(_) => HOME,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::UserId;

    #[test]
    fn one_feed_has_everything_and_numbers_go_up_by_one() {
        for room in [RoomId::Lobby, RoomId::Named(RoomNo(7)), RoomId::pair(UserId(1), UserId(2))] {
            assert_eq!(Spread(1).of_room(room), 0);
        }
        assert_eq!(Spread(1).number_from(0, RoomNo(5)), RoomNo(5));
        let first = |feed| Spread(3).number_from(feed, RoomNo(1)).0;
        assert_eq!([0, 1, 2].map(first), [3, 1, 2]);
        let next = |feed| Spread(3).number_from(feed, RoomNo(5)).0;
        assert_eq!([0, 1, 2].map(next), [6, 7, 5]);
    }
}
