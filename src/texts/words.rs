//! What is done to what was said.

use super::Lang;
use crate::protocol::{Message, MessageId, RoomId, RoomName, What};

/// Somebody changes, takes back or reacts to something; in a room with a name, or in private,
/// that stands first.
pub fn done(message: &Message, room: Option<&RoomName>, lang: Lang) -> String {
    let (name, text) = (&message.name, message.text.as_str());
    let of = message.about.map_or(MessageId(0), |about| about.id);
    let done = match message.what() {
        Some(what) => did((name, of, text), what, lang),
        None => format!("{name}: {text}"),
    };
    match (message.room, room, lang) {
        (_, Some(room), _) => format!("{room}: {done}"),
        (RoomId::Pair(..), _, Lang::En) => format!("private: {done}"),
        (RoomId::Pair(..), _, Lang::Zh) => format!("私聊：{done}"),
        _ => done,
    }
}

/// Who did something to which message, and with which text or emoji.
pub fn did((name, of, text): (&str, MessageId, &str), what: What, lang: Lang) -> String {
    let of = of.0;
    match (lang, what) {
        (Lang::En, What::Edit) => format!("{name} changed #{of}: {text}"),
        (Lang::Zh, What::Edit) => format!("{name} 修改了 #{of}：{text}"),
        (Lang::En, What::Delete) => format!("{name} deleted #{of}"),
        (Lang::Zh, What::Delete) => format!("{name} 删除了 #{of}"),
        (Lang::En, What::React) => format!("{name} reacts to #{of}: {text}"),
        (Lang::Zh, What::React) => format!("{name} 回应 #{of}：{text}"),
        (Lang::En, What::Unreact) => format!("{name} takes back from #{of}: {text}"),
        (Lang::Zh, What::Unreact) => format!("{name} 收回了对 #{of} 的回应：{text}"),
        (_, What::Reply) => format!("{name}: {text}"),
    }
}

/// What has become of a message, if anything.
pub fn state(is_gone: bool, is_edited: bool, lang: Lang) -> Option<&'static str> {
    match (is_gone, is_edited, lang) {
        (true, _, Lang::En) => Some("deleted"),
        (true, _, Lang::Zh) => Some("已删除"),
        (false, true, Lang::En) => Some("edited"),
        (false, true, Lang::Zh) => Some("已修改"),
        (false, false, _) => None,
    }
}
