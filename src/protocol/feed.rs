//! Over which of several feeds a room is spread. Pure, and the same for every version and machine:
//! what a store has put somewhere must be found there.

use super::{RoomId, RoomName};

/// FNV-1a of 64 bits: the offset basis and the prime of its authors.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl RoomId {
    /// The feed that this room belongs to, of so many: below `n`, and 0 where there is one. What
    /// concerns all people, and not one room, belongs to feed 0, as the lobby does.
    pub fn feed(self, n: usize) -> usize {
        match self {
            Self::Lobby => 0,
            Self::Named(no) => of(no.0, n),
            Self::Pair(a, b) => of(hash(a.0.to_be_bytes().into_iter().chain(b.0.to_be_bytes())), n),
        }
    }
}

impl RoomName {
    /// The feed in which a room of this name is made, of so many. It gives the room a number that
    /// leads back to it ([`RoomId::feed`]).
    pub fn feed(&self, n: usize) -> usize {
        of(hash(self.as_str().bytes()), n)
    }
}

/// The lowest bit of FNV-1a is the parity of its input's lowest bits, so both halves count.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    let hash = bytes.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    hash ^ (hash >> 32)
}

fn of(value: u64, n: usize) -> usize {
    let rest = u64::try_from(n).ok().and_then(|n| value.checked_rem(n));
    rest.and_then(|rest| usize::try_from(rest).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{RoomNo, UserId};

    /// Of 1, 2, 3, 4 and 7 feeds.
    fn feeds(feed: impl Fn(usize) -> usize) -> [usize; 5] {
        [1, 2, 3, 4, 7].map(feed)
    }

    /// These values are promised: a change of them loses what stores have.
    #[test]
    fn a_room_stays_where_it_is() {
        let pair = |a, b| feeds(|n| RoomId::pair(UserId(a), UserId(b)).feed(n));
        let name = |name| feeds(|n| RoomName::new(name).unwrap().feed(n));
        assert_eq!(feeds(|n| RoomId::Lobby.feed(n)), [0; 5]);
        assert_eq!(feeds(|n| RoomId::Named(RoomNo(17)).feed(n)), [0, 1, 2, 1, 3]);
        assert_eq!(pair(100, 200), [0, 0, 1, 0, 5]);
        assert_eq!(pair(200, 100), pair(100, 200));
        assert_eq!(pair(1, i64::MAX), [0, 0, 2, 2, 3]);
        assert_eq!(name("#rust"), [0, 0, 2, 0, 1]);
        assert_eq!(name("#Rust"), name("rust"));
        assert_eq!(name("#聊天"), [0, 1, 2, 1, 6]);
    }

    #[test]
    fn rooms_are_spread_evenly() {
        for n in [2, 3, 4, 7] {
            let mut counts = vec![0; n];
            for a in 0..70 {
                for b in a..70 {
                    counts[RoomId::pair(UserId(100 + a), UserId(100 + b)).feed(n)] += 1;
                }
            }
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most * 3 < least * 4, "{counts:?}");
        }
    }
}
