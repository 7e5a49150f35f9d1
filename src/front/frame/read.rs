//! A frame's body to a command, as leniently as Go reads and as the forks of the course project
//! need: keys and types without regard to case, their other names, any order, unknown keys
//! skipped, `null` for nothing.
//!
//! Never into `serde_json::Value`, and never deeper than `frame::MAX_DEPTH`: reading recurses,
//! and these stacks are small.

mod entry;
mod fields;
mod ignore;
mod order;
mod presence;
mod progress;
mod recipient;
mod rooms;
mod words;

use fields::{Fields, Key, Keys, USER, fields};

use crate::protocol::wire::kind;
use crate::protocol::{
    Command, Device, EntryAsk, ErrorCode, Farewell, MessageId, NameKey, Receipts, Reference,
    Refusal, Text, To, What, Which, Who,
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
        keys: entry::DELETE_ACCOUNT,
        command: entry::delete_account,
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::EXPORT],
        keys: entry::MORE,
        command: entry::export,
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
        names: &[kind::PENDING],
        keys: &[],
        command: |_| Ok(Command::Entry(EntryAsk::Pending)),
        refused: Command::Bad,
    },
    Kind {
        names: &[kind::ENTRY],
        keys: &[("act", Key::Act), ("whomId", Key::WhomId), ("text", Key::Content)],
        command: entry::decide,
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
        names: &[kind::SEARCH],
        keys: words::SEARCH,
        command: words::search,
        refused: Command::Bad,
    },
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

const ENVELOPE: Keys = &[("type", Key::Kind), ("data", Key::Data)];

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
    optional_or(ErrorCode::BadRequest, text, new)
}

/// The same, and who sent a bad one is told this.
fn optional_or<T>(
    code: ErrorCode,
    text: &str,
    new: fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    match text {
        "" => Ok(None),
        text => new(text).map(Some).ok_or_else(|| Refusal::of(code)),
    }
}
