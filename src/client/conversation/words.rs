//! What is said, what is done to what was said, and what was said before: as it is written, and as
//! it is heard.

use super::{Conversation, Stage, order, rooms};
use crate::client::{Ask, Changed, Doing, Said, Unsent, Update};
use crate::protocol::wire::{self, Sms, WordMes, kind};
use crate::protocol::{
    About, Before, MessageId, Millis, RoomId, RoomName, RoomRef, Search, UserId, What, frame,
};

/// Messages of one page, at most: the server sends no more than a hundred.
const MAX_PAGE: usize = 1_000;

/// Writes a send.
pub(super) fn write(unsent: &Unsent, out: &mut Vec<u8>) {
    let client_ref = Some(unsent.reference.as_str().to_owned());
    let content = unsent.text.as_str().to_owned();
    let room = unsent.room.as_ref().map(rooms::spelled);
    let (about, what) = match unsent.about {
        Some(About { id, what }) => (id.0, what),
        None => (0, What::Reply),
    };
    if what == What::Reply {
        let (kind, sms) = order::sms(unsent);
        let sms = Sms { reply_to: (about > 0).then_some(about), ..sms };
        return frame::encode(kind, &sms, out);
    }
    let (kind, content, off) = match what {
        What::Delete => (kind::DELETE, None, None),
        What::React => (kind::REACT, Some(content), None),
        What::Unreact => (kind::REACT, Some(content), Some(true)),
        What::Edit | What::Reply => (kind::EDIT, Some(content), None),
    };
    let room = room.unwrap_or_default();
    frame::encode(
        kind,
        &WordMes { room, about, content, off, client_ref, ..WordMes::default() },
        out,
    );
}

impl Conversation {
    pub(super) fn said(&mut self, sms: Sms) {
        let Some(me) = self.account.me.filter(|_| self.listens()) else { return };
        let reference = sms.client_ref.clone();
        let Some(said) = said(me, sms) else { return };
        let about = said.reply_to.map(|id| About { id, what: What::Reply });
        if self.is_new(&said, about, reference.as_deref()) {
            self.hand_on(Update::Said(said));
        }
    }

    /// Something is done to what was said.
    pub(super) fn changed(&mut self, kind: &str, mes: WordMes) {
        let Some(me) = self.account.me.filter(|_| self.listens()) else { return };
        let (what, text) = (what(kind, &mes), mes.content.clone().unwrap_or_default());
        // It has a place among what is said, and is repeated like it.
        let sms = Sms {
            content: text.clone(),
            user_id: mes.user_id.unwrap_or_default(),
            user_name: mes.user_name.unwrap_or_default(),
            id: mes.id,
            room: Some(mes.room),
            time: mes.time,
            replayed: mes.replayed,
            room_name: mes.room_name,
            ..Sms::default()
        };
        let Some(said) = said(me, sms) else { return };
        let about = MessageId(mes.about);
        if !self.is_new(&said, Some(About { id: about, what }), mes.client_ref.as_deref()) {
            return;
        }
        let Said { room, id, room_name, peer, sender: by, name, time, replayed, .. } = said;
        let what = match what {
            What::Edit | What::Reply => Doing::Edit(text),
            What::Delete => Doing::Delete,
            What::React => Doing::React(text),
            What::Unreact => Doing::Unreact(text),
        };
        let changed = Changed { room, about, id, room_name, peer, by, name, time, what, replayed };
        self.hand_on(Update::Changed(changed));
    }

    pub(super) fn ask_search(&mut self, search: &Search) {
        let among = search.before.and_then(|before| before.among);
        let ask = wire::AskSearch {
            room: search.within.as_ref().map(rooms::spelled),
            text: search.query.as_str().to_owned(),
            user_id: search.from.map(|from| from.0),
            before: search.before.map(|before| before.id.0),
            before_room: among.map(|(_, room)| room.to_string()),
            before_time: among.map(|(time, _)| time.0),
            limit: search.limit as u64,
        };
        self.write(kind::SEARCH, &ask);
    }

    /// A part of a page, or of what was found: the last one hands it on.
    pub(super) fn page_told(&mut self, kind: &str, told: wire::History) {
        let (Some(me), room) = (self.account.me, RoomId::parse(&told.room)) else { return };
        let left = MAX_PAGE.saturating_sub(self.page.len());
        let room_name = &told.room_name;
        let past = |sms: Sms| {
            let room_name = room_name.clone().or(sms.room_name);
            let said = said(me, Sms { room_name, ..sms })?;
            Some(Said { replayed: true, ..said })
        };
        self.page.extend(told.messages.into_iter().take(left).filter_map(past));
        if !told.part {
            let messages = std::mem::take(&mut self.page);
            match (kind, room) {
                (kind::SEARCH_RES, within) => {
                    self.answered(Ask::Search);
                    let among = told.before_room.as_deref().and_then(RoomId::parse);
                    let among = told.before_time.map(Millis).zip(among);
                    let next = told.before.map(|id| Before { id: MessageId(id), among });
                    self.hand_on(Update::Found { within, messages, next });
                }
                (_, Some(room)) => {
                    self.answered(Ask::History);
                    self.hand_on(Update::History { room, messages, more: told.more });
                }
                _ => {}
            }
        }
    }

    /// What others say now is for this time.
    pub(super) fn listens(&self) -> bool {
        self.stage == Stage::In && !self.is_mute
    }

    /// Takes note of a message; is it one that the program has not had? Not one that it sent
    /// itself, stored before the connection broke.
    fn is_new(&mut self, said: &Said, about: Option<About>, reference: Option<&str>) -> bool {
        let names = match said.room {
            RoomId::Lobby | RoomId::Pair(..) if about.is_none() => Vec::new(),
            room => {
                let name = said.room_name.as_deref().and_then(|name| RoomName::new(name).ok());
                let name = name.map(RoomRef::Name);
                std::iter::once(RoomRef::Id(room)).chain(name).collect()
            }
        };
        let is_echo = Some(said.sender) == self.account.me
            && self.pending.is_own_echo(reference, (said.peer, &names), (about, &said.text));
        let update = self.n_updates + u64::from(!is_echo);
        self.positions.take(said.room, said.id, update) && !is_echo
    }
}

fn what(kind: &str, mes: &WordMes) -> What {
    match (kind, mes.off) {
        (kind::DELETE, _) => What::Delete,
        (kind::REACT, Some(true)) => What::Unreact,
        (kind::REACT, _) => What::React,
        _ => What::Edit,
    }
}

/// What somebody says, as `me` sees it. `None`: it has no place in a room.
fn said(me: UserId, sms: Sms) -> Option<Said> {
    let room = sms.room.as_deref().map_or(Some(RoomId::Lobby), RoomId::parse)?;
    Some(Said {
        room,
        id: MessageId(sms.id?),
        room_name: sms.room_name,
        peer: room.other(me),
        sender: UserId(sms.user_id),
        name: sms.user_name,
        time: Millis(sms.time.unwrap_or_default()),
        text: sms.content,
        replayed: sms.replayed.unwrap_or_default(),
        reply_to: sms.reply_to.map(MessageId),
        edited: sms.edited.map(Millis),
        is_deleted: sms.deleted.unwrap_or_default(),
        reactions: sms.reactions.unwrap_or_default(),
    })
}
