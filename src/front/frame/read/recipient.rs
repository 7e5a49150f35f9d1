//! For whom a text is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::protocol::{To, UserId, Who};

/// An id, or 0: everybody. Forks say everybody by an empty string, too.
#[derive(Clone, Copy, Default)]
pub(super) struct Recipient(pub(super) i64);

impl Recipient {
    pub(super) fn to(self) -> To {
        match self.0 {
            0 => To::Lobby,
            id => To::One(Who::Id(UserId(id))),
        }
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdOrNothing;

        impl Visitor<'_> for IdOrNothing {
            type Value = Recipient;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_i64<E: Error>(self, id: i64) -> Result<Recipient, E> {
                Ok(Recipient(id))
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<Recipient, E> {
                i64::try_from(id).map(Recipient).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Recipient, E> {
                match text {
                    "" => Ok(Recipient(0)),
                    _ => Err(E::custom("ids are integers")),
                }
            }
        }

        deserializer.deserialize_any(IdOrNothing)
    }
}
