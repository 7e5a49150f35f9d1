//! Messages, and what sends are known again by, as lines.

use serde::{Deserialize, Serialize};

use super::{device, name};
use crate::dao::contract::{hex, unhex};
use crate::dao::record::Referred;
use crate::protocol::{About, Message, MessageId, Millis, Reference, RoomId, Text, UserId, What};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    room: String,
    id: u64,
    sender: i64,
    name: String,
    time: i64,
    text: String,
    reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    what: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    room: String,
    sender: i64,
    device: Option<String>,
    reference: String,
    id: u64,
    time: i64,
    digest: String,
    nonce: u64,
}

pub(super) fn said(message: &Message) -> Said {
    Said {
        room: message.room.to_string(),
        id: message.id.0,
        sender: message.sender.0,
        name: message.name.to_string(),
        time: message.time.0,
        text: message.text.as_str().to_owned(),
        reference: message.reference.as_str().to_owned(),
        about: message.about.map(|about| about.id.0),
        what: message.about.map(|about| about.what.name().to_owned()),
    }
}

pub(super) fn sent(referred: &Referred) -> Sent {
    Sent {
        room: referred.room.to_string(),
        sender: referred.sender.0,
        device: name(referred.device.as_ref()),
        reference: referred.reference.as_str().to_owned(),
        id: referred.id.0,
        time: referred.time.0,
        digest: hex(&referred.digest),
        nonce: referred.nonce,
    }
}

pub(super) fn message(said: Said) -> Option<Message> {
    let about = match (said.about, said.what) {
        (Some(id), Some(what)) => Some(About { id: MessageId(id), what: What::from_name(&what)? }),
        (None, None) => None,
        _ => return None,
    };
    Some(Message {
        id: MessageId(said.id),
        room: RoomId::parse(&said.room)?,
        sender: UserId(said.sender),
        name: said.name.into(),
        time: Millis(said.time),
        text: Text::stored(about.map(|about| about.what), &said.text).ok()?,
        reference: Reference::new(&said.reference)?,
        about,
    })
}

pub(super) fn referred(sent: Sent) -> Option<Referred> {
    Some(Referred {
        room: RoomId::parse(&sent.room)?,
        sender: UserId(sent.sender),
        device: device(sent.device)?,
        reference: Reference::new(&sent.reference)?,
        id: MessageId(sent.id),
        time: Millis(sent.time),
        digest: unhex(&sent.digest)?,
        nonce: sent.nonce,
    })
}
