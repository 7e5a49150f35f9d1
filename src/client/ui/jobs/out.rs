//! What jobs print: lines for people, made harmless, or one JSON object in each line. Scripts
//! read the latter, so their keys stay as they are (docs/scripting.md); new ones may come.

use std::io::{self, Write};

use serde::Serialize;

use crate::client::ui::clean;
use crate::client::{Room, Said, wording};
use crate::clock;
use crate::protocol::wire::RoomMember;
use crate::protocol::{AbsenceNote, Member, MessageId, Millis, Reference, RoomId};
use crate::texts::{Lang, harmless_json};

/// Where it fails, a job ends: as [`crate::client::ui::unprinted`] says.
pub(super) type Printed = io::Result<()>;

/// The form of what is printed.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Out {
    /// One JSON object in each line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SaidLine<'a> {
    room: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<i64>,
    id: u64,
    time: i64,
    user_id: i64,
    user_name: &'a str,
    text: &'a str,
    replayed: bool,
    #[serde(skip_serializing_if = "is_false")]
    edited: bool,
    #[serde(skip_serializing_if = "is_false")]
    deleted: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SentLine<'a> {
    reference: &'a str,
    room: String,
    id: u64,
    time: i64,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonLine<'a> {
    user_id: i64,
    user_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    /// `busy` or `away`.
    #[serde(skip_serializing_if = "Option::is_none")]
    absence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomLine<'a> {
    room: &'a str,
    room_name: &'a str,
    access: &'a str,
    guests: bool,
    online: u64,
    topic: &'a str,
}

impl Out {
    /// A message. Blocks while nobody reads.
    pub(super) fn said(self, said: &Said, lang: Lang) -> Printed {
        if self.json {
            return object(&SaidLine {
                room: said.room.to_string(),
                room_name: said.room_name.as_deref(),
                peer: said.peer.map(|id| id.0),
                id: said.id.0,
                time: said.time.0,
                user_id: said.sender.0,
                user_name: &said.name,
                text: &said.text,
                replayed: said.replayed,
                edited: said.edited.is_some() && !said.is_deleted,
                deleted: said.is_deleted,
            });
        }
        let place = match (&said.room_name, said.peer) {
            (Some(name), _) => clean::line(name),
            (None, Some(peer)) => format!("@{peer}"),
            (None, None) => said.room.to_string(),
        };
        let (name, state) = (clean::line(&said.name), wording::state(said, lang));
        let head = format!("{} {place} {name}{state}: ", clock::utc(said.time));
        line(&clean::paragraph(&head, &said.text, usize::MAX))
    }

    /// A send that is stored: its exit code says so to people.
    pub(super) fn sent(
        self,
        reference: &Reference,
        room: RoomId,
        at: (MessageId, Millis),
    ) -> Printed {
        if !self.json {
            return Ok(());
        }
        let (MessageId(id), Millis(time)) = at;
        object(&SentLine { reference: reference.as_str(), room: room.to_string(), id, time })
    }

    /// Somebody who is online.
    pub(super) fn person(self, who: &Member) -> Printed {
        let address = Some(&*who.address).filter(|at| !at.is_empty());
        let absence = who.absence.as_deref().map(|absence| absence.kind.name());
        let note = who.absence.as_deref().and_then(|absence| absence.note.as_ref());
        let note = note.map(AbsenceNote::as_str);
        let (user_id, user_name) = (who.id.0, &*who.name);
        let line = PersonLine { user_id, user_name, address, absence, note, ..Default::default() };
        let fields = [address, absence, note].map(Option::unwrap_or_default);
        let [address, absence, note] = fields;
        self.fields(&line, &[&user_id.to_string(), user_name, address, absence, note])
    }

    /// Somebody who is in a room.
    pub(super) fn member(self, who: &RoomMember) -> Printed {
        let line = PersonLine {
            user_id: who.user_id,
            user_name: &who.user_name,
            role: Some(&who.role),
            online: Some(who.online),
            ..Default::default()
        };
        let online = if who.online { "online" } else { "" };
        self.fields(&line, &[&who.user_id.to_string(), &who.user_name, &who.role, online])
    }

    /// A room.
    pub(super) fn room(self, room: &Room) -> Printed {
        let line = RoomLine {
            room: &room.room,
            room_name: &room.room_name,
            access: &room.access,
            guests: room.guests,
            online: room.online.unwrap_or_default(),
            topic: &room.topic,
        };
        self.fields(&line, &[&room.room_name, &room.access, &line.online.to_string(), &room.topic])
    }

    fn fields<T: Serialize>(self, json: &T, fields: &[&str]) -> Printed {
        if self.json {
            return object(json);
        }
        let fields: Vec<_> = fields.iter().map(|field| clean::escaped(field)).collect();
        line(fields.join("\t").trim_end_matches('\t'))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(is_so: &bool) -> bool {
    !is_so
}

fn line(text: &str) -> Printed {
    let mut out = io::stdout().lock();
    out.write_all(format!("{text}\n").as_bytes())?;
    out.flush()
}

fn object<T: Serialize>(value: &T) -> Printed {
    line(&harmless_json(&serde_json::to_string(value)?))
}

/// Lines of JSON, or parts of them, with nothing in them that can steer a terminal. Blocks while
/// nobody reads.
pub(super) fn json_lines(text: &str) -> Printed {
    let mut out = io::stdout().lock();
    let lines: Vec<_> = text.split('\n').map(harmless_json).collect();
    out.write_all(lines.join("\n").as_bytes())?;
    out.flush()
}
