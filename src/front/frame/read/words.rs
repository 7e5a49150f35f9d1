//! Frames about what was said.

use super::{Fields, Key, Keys, optional};
use crate::protocol::{
    Before, Command, ErrorCode, MessageId, Millis, Query, Reference, Refusal, RoomId, RoomRef,
    Search, Text, To, UserId, What, Which,
};

pub(super) const KEYS: Keys = &[
    ("room", Key::Room),
    ("about", Key::About),
    ("content", Key::Content),
    ("off", Key::Off),
    ("clientRef", Key::Reference),
];

pub(super) fn edit(fields: &Fields) -> Result<Command, Refusal> {
    about(What::Edit, fields)
}

pub(super) fn delete(fields: &Fields) -> Result<Command, Refusal> {
    about(What::Delete, fields)
}

pub(super) fn react(fields: &Fields) -> Result<Command, Refusal> {
    about(if fields.off { What::Unreact } else { What::React }, fields)
}

fn about(what: What, fields: &Fields) -> Result<Command, Refusal> {
    let reference = optional(&fields.reference, Reference::new)?;
    let refuse = |code| Refusal { reference: reference.clone(), code, detail: None };
    if fields.about == 0 {
        return Err(refuse(ErrorCode::BadRequest));
    }
    // What a deletion says besides is not read.
    let text = if what == What::Delete { "" } else { &fields.content };
    let text = Text::of(Some(what), text).map_err(refuse)?;
    let to = To::Room(RoomRef::parse(&fields.room).map_err(refuse)?);
    let about = Some((what, Which::Id(MessageId(fields.about))));
    Ok(Command::Send { to, text, reference, about })
}

/// Who said it is called `userId`, as in what is found; `from`, too.
pub(super) const SEARCH: Keys = &[
    ("room", Key::Room),
    ("text", Key::Content),
    ("userId", Key::UserId),
    ("from", Key::UserId),
    ("before", Key::Before),
    ("beforeRoom", Key::BeforeRoom),
    ("beforeTime", Key::BeforeTime),
    ("limit", Key::Limit),
];

/// Messages of an answer where none are asked for.
const FOUND: usize = 20;

pub(super) fn search(fields: &Fields) -> Result<Command, Refusal> {
    let within = match fields.room.as_str() {
        "" => None,
        room => Some(RoomRef::parse(room).map_err(Refusal::of)?),
    };
    let query = Query::new(&fields.content).map_err(Refusal::of)?;
    let from = (fields.user_id != 0).then_some(UserId(fields.user_id));
    let among = optional(&fields.before_room, RoomId::parse)?;
    let among = among.map(|room| (Millis(fields.before_time), room));
    let before = fields.before.map(|id| Before { id: MessageId(id), among });
    let limit = usize::try_from(fields.limit).ok().filter(|n| *n > 0).unwrap_or(FOUND);
    Ok(Command::Search(Search { within, query, from, before, limit }))
}
