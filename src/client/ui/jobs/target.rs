//! Where something is said: to everybody, in a room, to somebody.

use std::str::FromStr;

use crate::client::ui::command;
use crate::protocol::{RoomId, RoomRef, To, Who};

/// As it is typed: `lobby`, `#rust`, `200`, `tom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A room, the lobby too.
    Room(RoomRef),
    /// Somebody.
    One(Who),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_key = matches!(RoomId::parse(text), Some(RoomId::Named(_)));
        let is_room = is_key || text.eq_ignore_ascii_case("lobby") || text.starts_with('#');
        let target = match is_room {
            true => RoomRef::parse(text).ok().map(Self::Room),
            false => command::who(text).map(Self::One),
        };
        target.ok_or_else(|| "neither lobby, a #ROOM, an id nor a name".to_owned())
    }
}

impl Target {
    /// For a send.
    pub(super) fn to(&self) -> To {
        match self {
            Self::Room(RoomRef::Id(RoomId::Lobby)) => To::Lobby,
            Self::Room(room) => To::Room(room.clone()),
            Self::One(who) => To::One(who.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{RoomName, UserId};

    #[test]
    fn a_room_bears_its_mark_and_everything_else_is_somebody() {
        let to = |text: &str| text.parse::<Target>().unwrap().to();
        assert_eq!(to("Lobby"), To::Lobby);
        assert_eq!(to("#rust"), To::Room(RoomRef::Name(RoomName::new("#rust").unwrap())));
        assert_eq!(to("200"), To::One(Who::Id(UserId(200))));
        for name in ["Iron man", "!x"] {
            assert!(matches!(to(name), To::One(Who::Named(_))));
        }
        assert!(matches!(to("!17"), To::Room(RoomRef::Id(RoomId::Named(_)))));
        for bad in ["", "#", "#a b"] {
            assert!(bad.parse::<Target>().is_err(), "{bad:?}");
        }
    }
}
