//! A frame's body to a command, as leniently as Go reads and as the forks of the course project
//! need: keys and types without regard to case, their other names, any order, unknown keys
//! skipped, `null` for nothing.
//!
//! Never into `serde_json::Value`, and never deeper than `frame::MAX_DEPTH`: reading recurses,
//! and these stacks are small.

mod entry;
mod ignore;
mod order;
mod presence;
mod progress;
mod recipient;
mod rooms;
mod words;

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};

use recipient::Recipient;

use crate::protocol::frame::is_shallow;
use crate::protocol::wire::kind;
use crate::protocol::{
    Command, Device, ErrorCode, Farewell, MessageId, NameKey, Receipts, Reference, Refusal,
    RoomRef, Text, To, What, Which, Who,
};

/// The command of one body.
///
/// # Errors
/// [`Farewell::BadFraming`]: the envelope itself is no JSON of ours. The original closes too:
/// who cannot write an envelope has lost its place in the stream.
pub(super) fn command(body: &[u8]) -> Result<Command, Farewell> {
    // Go takes bad UTF-8 for U+FFFD.
    let body = String::from_utf8_lossy(body);
    let envelope = fields(&body, ENVELOPE).ok_or(Farewell::BadFraming)?;
    let is_meant = |name: &&str| name.eq_ignore_ascii_case(&envelope.kind);
    let Some(row) = KINDS.iter().find(|row| row.names.iter().any(is_meant)) else {
        return Ok(Command::Bad(Refusal::of(ErrorCode::UnknownCommand)));
    };
    // Where nothing is needed, nothing can be wrong: `LogoutMes` comes with any data or none.
    let data = match row.keys {
        [] => Some(Fields::default()),
        keys => fields(&envelope.data, keys),
    };
    let command = match data {
        Some(data) => (row.command)(&data),
        None => Err(Refusal::of(ErrorCode::BadRequest)),
    };
    Ok(command.unwrap_or_else(row.refused))
}

/// A type of frame that clients send.
struct Kind {
    /// The canonical name, then what forks call it.
    names: &'static [&'static str],
    /// What is read of its data.
    keys: Keys,
    /// The command in it.
    command: fn(&Fields) -> Result<Command, Refusal>,
    /// How a bad one is answered: who waits for a certain answer gets that one.
    refused: fn(Refusal) -> Command,
}

const KINDS: &[Kind] = &[
    Kind {
        names: &[kind::LOGIN, "LoginMesType"],
        keys: USER,
        command: entry::login,
        refused: Command::BadLogin,
    },
    Kind {
        names: &[kind::REGISTER, "RegisterMesType"],
        keys: &[("user", Key::User), ("code", Key::Code)],
        command: entry::register,
        refused: Command::BadRegister,
    },
    Kind { names: &[kind::SMS, "SmsMesType"], keys: SMS, command: say, refused: Command::Bad },
    Kind {
        names: &[kind::SMS_PRIVATE, "SmsOneMes", "SmsMesOne", "PrivateMes"],
        keys: SMS,
        command: say_to_one,
        refused: Command::Bad,
    },
    Kind { names: &[kind::HELLO], keys: HELLO, command: entry::hello, refused: Command::Bad },
    Kind {
        names: &[kind::LOGOUT, "SignOutMes"],
        keys: &[],
        command: |_| Ok(Command::Logout),
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::DELETE_ACCOUNT],
        keys: &[("userPwd", Key::Password)],
        command: entry::delete_account,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::DEVICES],
        keys: &[],
        command: |_| Ok(Command::Devices),
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::END_DEVICE],
        keys: &[("device", Key::Device)],
        command: |fields| optional(&fields.device, Device::new).map(Command::EndDevice),
        refused: Command::Bad,
    },
    Kind { names: &[kind::WHO], keys: &[], command: |_| Ok(Command::Who), refused: Command::Bad },
    Kind { names: &[kind::PING], keys: &[], command: |_| Ok(Command::Ping), refused: Command::Bad },
    Kind {
        names: &[kind::PASSWD],
        keys: &[("oldPwd", Key::OldPassword), ("newPwd", Key::Password)],
        command: entry::passwd,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::RENAME],
        keys: &[("userName", Key::UserName)],
        command: entry::rename,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::AWAY],
        keys: presence::AWAY,
        command: presence::away,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::IGNORE],
        keys: ignore::IGNORE,
        command: ignore::ignore,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::IGNORED],
        keys: &[],
        command: |_| Ok(Command::Ignored),
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::TYPING],
        keys: presence::TYPING,
        command: presence::typing,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::RESUME],
        keys: &[("token", Key::Password), ("epoch", Key::Epoch), ("positions", Key::Words)],
        command: entry::resume,
        refused: Command::BadLogin,
    },
    Kind {
        names: &[kind::READ],
        keys: &[("room", Key::Room), ("upTo", Key::UpTo)],
        command: progress::read,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::RECEIPTS],
        keys: &[("delivered", Key::Delivered), ("read", Key::Read)],
        command: |fields| {
            let (delivered, read) = (fields.delivered, fields.read);
            Ok(Command::Receipts(Receipts { delivered, read }))
        },
        refused: Command::Bad,
    },
    Kind { names: &[kind::ROOM], keys: rooms::ROOM, command: rooms::room, refused: Command::Bad },
    Kind {
        names: &[kind::SANCTIONS],
        keys: &[("room", Key::Room)],
        command: order::sanctions,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::AUDIT],
        keys: &[("limit", Key::Limit)],
        command: order::deeds,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::ROOMS],
        keys: &[("after", Key::Room)],
        command: rooms::rooms,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::HISTORY],
        keys: rooms::HISTORY,
        command: rooms::history,
        refused: Command::Bad,
    },
    Kind { names: &[kind::EDIT], keys: words::KEYS, command: words::edit, refused: Command::Bad },
    Kind {
        names: &[kind::DELETE],
        keys: words::KEYS,
        command: words::delete,
        refused: Command::Bad,
    },
    Kind { names: &[kind::REACT], keys: words::KEYS, command: words::react, refused: Command::Bad },
    Kind {
        names: &[kind::MEMBERS],
        keys: &[("room", Key::Room), ("afterId", Key::UserId)],
        command: rooms::members,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::RECEIVED],
        keys: &[("room", Key::Room), ("upTo", Key::UpTo)],
        command: progress::received,
        refused: Command::Bad,
    },
];

/// Which keys of an object are read, the preferred name of each first. An exact match goes
/// before one that differs in case.
type Keys = &'static [(&'static str, Key)];

const ENVELOPE: Keys = &[("type", Key::Kind), ("data", Key::Data)];

const USER: Keys = &[
    ("userId", Key::UserId),
    ("userPwd", Key::Password),
    ("userPassword", Key::Password),
    ("userpsd", Key::Password),
    ("userName", Key::UserName),
];

/// The sender in it, flat or nested, is not read: the sender is who logged in.
const SMS: Keys = &[
    ("content", Key::Content),
    ("context", Key::Content),
    ("toUserId", Key::Recipient),
    ("receiverId", Key::Recipient),
    ("chatUserId", Key::Recipient),
    ("recUserId", Key::Recipient),
    ("receiveUserId", Key::Recipient),
    ("targetId", Key::Recipient),
    ("toUserName", Key::WhomName),
    ("clientRef", Key::Reference),
    ("room", Key::Room),
    ("replyTo", Key::About),
];

const HELLO: Keys = &[
    ("version", Key::Version),
    ("client", Key::Client),
    ("device", Key::Device),
    ("frameLimit", Key::FrameLimit),
    ("features", Key::Words),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
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
    After,
    Since,
    Limit,
    Against,
    Seconds,
    Every,
    About,
    Off,
}

/// What frames hold, each of another part; what a frame does not say is the zero value, as in
/// Go.
#[derive(Default)]
struct Fields {
    kind: String,
    data: String,
    user_id: i64,
    password: String,
    user_name: String,
    /// An invitation code.
    code: String,
    content: String,
    recipient: Recipient,
    reference: String,
    version: i64,
    client: String,
    device: String,
    frame_limit: u64,
    /// A list of strings: features, positions.
    words: Vec<String>,
    old_password: String,
    room: String,
    up_to: u64,
    epoch: String,
    delivered: bool,
    read: bool,
    act: String,
    whom_id: i64,
    whom_name: String,
    role: String,
    access: String,
    guests: bool,
    before: Option<u64>,
    after: Option<u64>,
    since: Option<i64>,
    limit: u64,
    against: String,
    seconds: u32,
    every: u32,
    about: u64,
    off: bool,
}

impl Fields {
    /// For whom it is.
    fn to(&self) -> Result<To, ErrorCode> {
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
            Key::After => self.after = map.next_value()?,
            Key::Since => self.since = map.next_value()?,
            Key::Limit => self.limit = value(map)?,
            Key::Against => self.against = value(map)?,
            Key::Seconds => self.seconds = value(map)?,
            Key::Every => self.every = value(map)?,
            Key::About => self.about = value(map)?,
            Key::Off => self.off = value(map)?,
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
fn fields(json: &str, keys: Keys) -> Option<Fields> {
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
        while let Some(name) = map.next_key::<String>()? {
            let Some((key, rank)) = self.find(&name) else {
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

fn say(fields: &Fields) -> Result<Command, Refusal> {
    let reference = optional(&fields.reference, Reference::new)?;
    let refuse = |code| Refusal { reference: reference.clone(), code, detail: None };
    let text = Text::new(&fields.content).map_err(refuse)?;
    let about = (fields.about > 0).then_some((What::Reply, Which::Id(MessageId(fields.about))));
    Ok(Command::Send { to: fields.to().map_err(refuse)?, text, reference, about })
}

/// A private text whose recipient is missing must not become a public one.
fn say_to_one(fields: &Fields) -> Result<Command, Refusal> {
    let named = NameKey::new(&fields.whom_name).map(|key| To::One(Who::Named(key)));
    match say(fields)? {
        Command::Send { to: To::Lobby, text, reference, about } => match named {
            Some(to) => Ok(Command::Send { to, text, reference, about }),
            None => Err(Refusal { reference, code: ErrorCode::BadRequest, detail: None }),
        },
        command => Ok(command),
    }
}

/// Empty is absent; what is there must be good.
fn optional<T>(text: &str, new: fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
    match text {
        "" => Ok(None),
        text => new(text).map(Some).ok_or_else(|| Refusal::of(ErrorCode::BadRequest)),
    }
}
