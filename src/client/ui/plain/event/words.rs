//! What is said, what is done to what was said, and what was said before, line by line.

use super::line;
use crate::client::{Changed, Doing, Said};
use crate::protocol::{Before, RoomId};

pub(super) fn said(said: &Said) -> String {
    told(if said.replayed { "replayed" } else { "said" }, said)
}

/// A page, as it is now.
pub(super) fn history(room: RoomId, messages: &[Said], more: bool) -> String {
    let mut lines: String = messages.iter().map(|said| told("history", said)).collect();
    lines.push_str(&line("history-end", &[&room.to_string(), if more { "more" } else { "" }]));
    lines
}

/// What was found, the newest first.
pub(super) fn found(within: Option<RoomId>, messages: &[Said], next: Option<Before>) -> String {
    let mut lines: String = messages.iter().map(|said| told("found", said)).collect();
    let within = within.map_or_else(|| "*".to_owned(), |room| room.to_string());
    let next = next.map_or_else(String::new, |before| before.to_string());
    lines.push_str(&line("found-end", &[&within, &next]));
    lines
}

/// What is said in the lobby and in private has the fields it always had; others follow where
/// there is something to say: the room's name, what it answers, what became of it.
fn told(kind: &str, said: &Said) -> String {
    let reactions = said.reactions.iter();
    let reactions: Vec<_> = reactions.map(|its| format!("{} {}", its.emoji, its.count)).collect();
    let state = match (said.is_deleted, said.edited) {
        (true, _) => "deleted",
        (false, Some(_)) => "edited",
        (false, None) => "",
    };
    let mut fields = vec![
        said.room.to_string(),
        said.id.0.to_string(),
        said.time.0.to_string(),
        said.sender.to_string(),
        said.name.clone(),
        said.text.clone(),
    ];
    let n_always = fields.len();
    fields.extend([
        said.room_name.clone().unwrap_or_default(),
        said.reply_to.map_or_else(String::new, |id| id.0.to_string()),
        state.to_owned(),
        reactions.join(" "),
    ]);
    let n_said = fields.iter().rposition(|field| !field.is_empty()).map_or(0, |at| at + 1);
    fields.truncate(n_said.max(n_always));
    spelled(kind, &fields)
}

/// `edited`, `deleted`, `reacted`, `unreacted`: as `said`, with the message it is about behind the
/// name, then the text or the emoji, then the room's name.
pub(super) fn changed(changed: &Changed) -> String {
    let (kind, text) = match &changed.what {
        Doing::Edit(text) => ("edited", text.as_str()),
        Doing::Delete => ("deleted", ""),
        Doing::React(emoji) => ("reacted", emoji.as_str()),
        Doing::Unreact(emoji) => ("unreacted", emoji.as_str()),
    };
    let fields = [
        changed.room.to_string(),
        changed.id.0.to_string(),
        changed.time.0.to_string(),
        changed.by.to_string(),
        changed.name.clone(),
        changed.about.0.to_string(),
        text.to_owned(),
        changed.room_name.clone().unwrap_or_default(),
    ];
    spelled(kind, &fields)
}

fn spelled(kind: &str, fields: &[String]) -> String {
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    line(kind, &fields)
}
