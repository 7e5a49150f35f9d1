//! How the vocabulary is carried from one server to another: what is checked when it comes from a
//! person is checked again when it comes from another server, which may be of another version.

use super::{
    Against, ErrorCode, Name, NameError, RoomId, RoomName, Short, Text, Topic, UserId, What,
};

/// Not something that a server of ours writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of a room, a reference, a device or whom a sanction is against")]
pub struct NotCarried;

impl<const MAX: usize> TryFrom<String> for Short<MAX> {
    type Error = NotCarried;

    fn try_from(text: String) -> Result<Self, NotCarried> {
        Self::new(&text).ok_or(NotCarried)
    }
}

impl<const MAX: usize> From<Short<MAX>> for String {
    fn from(short: Short<MAX>) -> Self {
        short.as_str().to_owned()
    }
}

impl TryFrom<String> for Text {
    type Error = ErrorCode;

    fn try_from(text: String) -> Result<Self, ErrorCode> {
        // What a message is about is carried beside it: one that deletes another has no text.
        let what = text.is_empty().then_some(What::Delete);
        Self::of(what, &text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl TryFrom<String> for Topic {
    type Error = ErrorCode;

    fn try_from(text: String) -> Result<Self, ErrorCode> {
        Self::new(&text)
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.as_str().to_owned()
    }
}

impl TryFrom<String> for RoomName {
    type Error = ErrorCode;

    fn try_from(text: String) -> Result<Self, ErrorCode> {
        Self::new(&text)
    }
}

impl From<RoomName> for String {
    fn from(name: RoomName) -> Self {
        name.as_str().to_owned()
    }
}

/// The name of who gave none is the id in digits, which nobody can choose.
impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        match text.parse() {
            Ok(id) => Ok(Self::of_id(UserId(id))),
            Err(_no_id) => Self::new(&text),
        }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl TryFrom<String> for Against {
    type Error = NotCarried;

    fn try_from(text: String) -> Result<Self, NotCarried> {
        Self::parse(&text).ok_or(NotCarried)
    }
}

impl From<Against> for String {
    fn from(against: Against) -> Self {
        against.to_string()
    }
}

impl TryFrom<String> for RoomId {
    type Error = NotCarried;

    fn try_from(key: String) -> Result<Self, NotCarried> {
        Self::parse(&key).ok_or(NotCarried)
    }
}

impl From<RoomId> for String {
    fn from(room: RoomId) -> Self {
        room.to_string()
    }
}
