//! What is done to what was said.

use super::Lang;
use crate::protocol::{Message, RoomId, RoomName, Shown, What};

/// Somebody changes, takes back or reacts to something; in a room with a name, or in private,
/// that stands first.
pub fn done(message: &Message, room: Option<&RoomName>, lang: Lang) -> String {
    let (name, text) = (&message.name, message.text.as_str());
    let of = message.about.map_or(0, |about| about.id.0);
    let done = match (lang, message.what()) {
        (Lang::En, Some(What::Edit)) => format!("{name} changed #{of}: {text}"),
        (Lang::Zh, Some(What::Edit)) => format!("{name} 修改了 #{of}：{text}"),
        (Lang::En, Some(What::Delete)) => format!("{name} deleted #{of}"),
        (Lang::Zh, Some(What::Delete)) => format!("{name} 删除了 #{of}"),
        (Lang::En, Some(What::React)) => format!("{name} reacts to #{of}: {text}"),
        (Lang::Zh, Some(What::React)) => format!("{name} 回应 #{of}：{text}"),
        (Lang::En, Some(What::Unreact)) => format!("{name} takes back from #{of}: {text}"),
        (Lang::Zh, Some(What::Unreact)) => format!("{name} 收回了对 #{of} 的回应：{text}"),
        (_, Some(What::Reply) | None) => format!("{name}: {text}"),
    };
    match (message.room, room, lang) {
        (_, Some(room), _) => format!("{room}: {done}"),
        (RoomId::Pair(..), _, Lang::En) => format!("private: {done}"),
        (RoomId::Pair(..), _, Lang::Zh) => format!("私聊：{done}"),
        _ => done,
    }
}

/// What has become of a message, if anything.
pub fn state(shown: &Shown, lang: Lang) -> Option<&'static str> {
    match (shown.is_gone, shown.edited, lang) {
        (true, _, Lang::En) => Some("deleted"),
        (true, _, Lang::Zh) => Some("已删除"),
        (false, Some(_), Lang::En) => Some("edited"),
        (false, Some(_), Lang::Zh) => Some("已修改"),
        (false, None, _) => None,
    }
}
