//! The object of a frame: which keys are read, and what they hold.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};

use super::recipient::Recipient;
use crate::protocol::frame::is_shallow;
use crate::protocol::{ErrorCode, RoomRef, To};

/// Which keys of an object are read, the preferred name of each first. An exact match goes
/// before one that differs in case.
pub(super) type Keys = &'static [(&'static str, Key)];

pub(super) const USER: Keys = &[
    ("userId", Key::UserId),
    ("userPwd", Key::Password),
    ("userPassword", Key::Password),
    ("userpsd", Key::Password),
    ("userName", Key::UserName),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Kind,
    Data,
    User,
    UserId,
    Password,
    UserName,
    Code,
    Content,
    Recipient,
    Reference,
    Version,
    Client,
    Device,
    FrameLimit,
    Words,
    OldPassword,
    Room,
    UpTo,
    Epoch,
    Delivered,
    Read,
    Act,
    WhomId,
    WhomName,
    Role,
    Access,
    Guests,
    Before,
    BeforeRoom,
    BeforeTime,
    After,
    Since,
    Limit,
    Against,
    Seconds,
    Every,
    About,
    Off,
    Erase,
    More,
}

/// What frames hold, each of another part; what a frame does not say is the zero value, as in
/// Go.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) kind: String,
    pub(super) data: String,
    pub(super) user_id: i64,
    pub(super) password: String,
    pub(super) user_name: String,
    /// An invitation code.
    pub(super) code: String,
    pub(super) content: String,
    pub(super) recipient: Recipient,
    pub(super) reference: String,
    pub(super) version: i64,
    pub(super) client: String,
    pub(super) device: String,
    pub(super) frame_limit: u64,
    /// A list of strings: features, positions.
    pub(super) words: Vec<String>,
    pub(super) old_password: String,
    pub(super) room: String,
    pub(super) up_to: u64,
    pub(super) epoch: String,
    pub(super) delivered: bool,
    pub(super) read: bool,
    pub(super) act: String,
    pub(super) whom_id: i64,
    pub(super) whom_name: String,
    pub(super) role: String,
    pub(super) access: String,
    pub(super) guests: bool,
    pub(super) before: Option<u64>,
    pub(super) before_room: String,
    pub(super) before_time: i64,
    pub(super) after: Option<u64>,
    pub(super) since: Option<i64>,
    pub(super) limit: u64,
    pub(super) against: String,
    pub(super) seconds: u32,
    pub(super) every: u32,
    pub(super) about: u64,
    pub(super) off: bool,
    pub(super) erase: bool,
    pub(super) more: bool,
}

impl Fields {
    /// For whom it is.
    pub(super) fn to(&self) -> Result<To, ErrorCode> {
        match self.room.as_str() {
            "" => Ok(self.recipient.to()),
            room => RoomRef::parse(room).map(To::Room),
        }
    }

    fn read<'de, A: MapAccess<'de>>(&mut self, key: Key, map: &mut A) -> Result<(), A::Error> {
        match key {
            Key::Kind => self.kind = value(map)?,
            Key::Data => self.data = value(map)?,
            Key::User => {
                let user = map.next_value_seed(Object(USER))?;
                *self = Self { code: std::mem::take(&mut self.code), ..user };
            }
            Key::Code => self.code = value(map)?,
            Key::UserId => self.user_id = value(map)?,
            Key::Password => self.password = value(map)?,
            Key::UserName => self.user_name = value(map)?,
            Key::Content => self.content = value(map)?,
            Key::Recipient => self.recipient = value(map)?,
            Key::Reference => self.reference = value(map)?,
            Key::Version => self.version = value(map)?,
            Key::Client => self.client = value(map)?,
            Key::Device => self.device = value(map)?,
            Key::FrameLimit => self.frame_limit = value(map)?,
            Key::Words => self.words = value(map)?,
            Key::OldPassword => self.old_password = value(map)?,
            Key::Room => self.room = value(map)?,
            Key::UpTo => self.up_to = value(map)?,
            Key::Epoch => self.epoch = value(map)?,
            Key::Delivered => self.delivered = value(map)?,
            Key::Read => self.read = value(map)?,
            Key::Act => self.act = value(map)?,
            Key::WhomId => self.whom_id = value(map)?,
            Key::WhomName => self.whom_name = value(map)?,
            Key::Role => self.role = value(map)?,
            Key::Access => self.access = value(map)?,
            Key::Guests => self.guests = value(map)?,
            Key::Before => self.before = map.next_value()?,
            Key::BeforeRoom => self.before_room = value(map)?,
            Key::BeforeTime => self.before_time = value(map)?,
            Key::After => self.after = map.next_value()?,
            Key::Since => self.since = map.next_value()?,
            Key::Limit => self.limit = value(map)?,
            Key::Against => self.against = value(map)?,
            Key::Seconds => self.seconds = value(map)?,
            Key::Every => self.every = value(map)?,
            Key::About => self.about = value(map)?,
            Key::Off => self.off = value(map)?,
            Key::Erase => self.erase = value(map)?,
            Key::More => self.more = value(map)?,
        }
        Ok(())
    }
}

/// `null` is the zero value.
fn value<'de, T: Deserialize<'de> + Default, A: MapAccess<'de>>(
    map: &mut A,
) -> Result<T, A::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
}

/// What a text of JSON holds under these keys; `None` where it is none, is nested too deep, or a
/// value is of another kind. The cause is not kept: it could name a password.
pub(super) fn fields(json: &str, keys: Keys) -> Option<Fields> {
    if !is_shallow(json.as_bytes()) {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let fields = Object(keys).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(fields)
}

/// An object of which these keys are read.
#[derive(Clone, Copy)]
struct Object(Keys);

impl Object {
    /// What a key means, and how well it matches: the lower, the better.
    fn find(self, name: &str) -> Option<(Key, usize)> {
        let exact = self.0.iter().position(|(known, _)| *known == name);
        let folded = || self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        let (row, rank) = match exact {
            Some(row) => (row, 2 * row),
            None => folded().map(|row| (row, 2 * row + 1))?,
        };
        self.0.get(row).map(|(_, key)| (*key, rank))
    }
}

/// The name of a value, looked up where it stands.
struct Name(Object);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<(Key, usize)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<(Key, usize)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}

impl<'de> DeserializeSeed<'de> for Object {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Fields, E> {
        Ok(Fields::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        let mut taken: Vec<(Key, usize)> = Vec::new();
        while let Some(found) = map.next_key_seed(Name(self))? {
            let Some((key, rank)) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if taken.iter().any(|(other, better)| *other == key && *better < rank) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            taken.retain(|(other, _)| *other != key);
            taken.push((key, rank));
            fields.read(key, &mut map)?;
        }
        Ok(fields)
    }
}
