//! What is said, and what is done to what was said. A client that knows nothing of the second
//! skips frames of types that it does not know.

use super::sms;
use crate::protocol::frame::encode;
use crate::protocol::wire::{self, Sms, WordMes, kind};
use crate::protocol::{About, Event, Message, Reaction, RoomName, Shown, What};

/// Nothing else comes here.
pub(super) fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Said { message, room, .. } => told(message, (room.as_ref(), None, None), out),
        Event::Replayed { message, edited, room } => {
            told(message, (room.as_ref(), Some(true), edited.map(|time| time.0)), out);
        }
        _ => {}
    }
}

fn told(
    message: &Message,
    (room, replayed, edited): (Option<&RoomName>, Option<bool>, Option<i64>),
    out: &mut Vec<u8>,
) {
    let room_name = room.map(ToString::to_string);
    match message.about {
        Some(About { id, what }) if what != What::Reply => {
            let (kind, content, off) = match what {
                What::Delete => (kind::DELETE, None, None),
                What::React => (kind::REACT, Some(&message.text), None),
                What::Unreact => (kind::REACT, Some(&message.text), Some(true)),
                What::Edit | What::Reply => (kind::EDIT, Some(&message.text), None),
            };
            let mes = WordMes {
                room: message.room.to_string(),
                about: id.0,
                content: content.map(|text| text.as_str().to_owned()),
                off,
                client_ref: None,
                id: Some(message.id.0),
                user_id: Some(message.sender.0),
                user_name: Some(message.name.to_string()),
                time: Some(message.time.0),
                replayed,
                room_name,
            };
            encode(kind, &mes, out);
        }
        _ => {
            let (kind, sms) = sms(message);
            encode(kind, &Sms { replayed, edited, room_name, ..sms }, out);
        }
    }
}

/// A message of a page, as it is now.
pub(super) fn shown(shown: &Shown) -> Sms {
    let (_, sms) = sms(&shown.message);
    let reactions: Vec<_> = shown.reactions.iter().map(reaction).collect();
    Sms {
        edited: shown.edited.map(|(_, time)| time.0),
        deleted: shown.is_gone.then_some(true),
        reactions: (!reactions.is_empty()).then_some(reactions),
        ..sms
    }
}

fn reaction(reaction: &Reaction) -> wire::Reaction {
    wire::Reaction {
        emoji: reaction.emoji.as_str().to_owned(),
        count: u64::try_from(reaction.count).unwrap_or(u64::MAX),
        user_ids: reaction.by.iter().map(|id| id.0).collect(),
    }
}
