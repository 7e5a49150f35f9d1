//! `client who` and `client rooms`.

use super::out::Out;
use super::visit::{Role, Visit};
use crate::client::ui::{Ending, Options, unprinted};
use crate::client::{Ask, Update};
use crate::protocol::{RoomName, RoomRef, UserId};
use crate::texts::Lang;

/// Who is there.
#[derive(Debug, clap::Args)]
pub struct Present {
    /// Who is in this room, online or not; else everybody who is online
    #[arg(long, value_name = "#ROOM", value_parser = room)]
    room: Option<RoomRef>,
    #[command(flatten)]
    out: Out,
}

/// Which rooms there are.
#[derive(Debug, clap::Args)]
pub struct Rooms {
    #[command(flatten)]
    out: Out,
}

fn room(text: &str) -> Result<RoomRef, String> {
    RoomRef::parse(text).map_err(|_bad| "not the name of a room".to_owned())
}

pub(super) fn who(present: &Present, options: &Options) -> Result<Ending, Ending> {
    let mut visit = Visit::begin(options, Role::script(options)?)?;
    if let Some(room) = &present.room {
        return members(visit, room, present.out, options.lang);
    }
    visit.client.who().map_err(|_closed| Ending::Lost)?;
    let mut online = visit.answer(Ask::Who, |update| match update {
        Update::Online(online) => Some(online),
        _ => None,
    })?;
    visit.end();
    online.sort_by_key(|who| who.id);
    let printed = online.iter().try_for_each(|who| present.out.person(who));
    printed.map(|()| Ending::Fine).map_err(|error| unprinted(&error, options.lang))
}

fn members(mut visit: Visit, room: &RoomRef, out: Out, lang: Lang) -> Result<Ending, Ending> {
    let mut after = None;
    loop {
        visit.client.members(room.clone(), after).map_err(|_closed| Ending::Lost)?;
        let page = visit.answer(Ask::Room, |update| match update {
            Update::Members(members) => Some(members),
            _ => None,
        })?;
        let printed = page.members.iter().try_for_each(|who| out.member(who));
        after = page.members.last().map(|last| UserId(last.user_id));
        if printed.is_err() || !page.more || after.is_none() {
            return visit.end_with(printed.map_err(|error| unprinted(&error, lang)));
        }
    }
}

pub(super) fn rooms(rooms: &Rooms, options: &Options) -> Result<Ending, Ending> {
    let mut visit = Visit::begin(options, Role::script(options)?)?;
    let mut after = None;
    loop {
        visit.client.rooms(after.take()).map_err(|_closed| Ending::Lost)?;
        let (page, more) = visit.answer(Ask::Room, |update| match update {
            Update::Rooms { rooms, more, own: false } => Some((rooms, more)),
            _ => None,
        })?;
        let printed = page.iter().try_for_each(|room| rooms.out.room(room));
        after = page.last().and_then(|last| RoomName::new(&last.room_name).ok());
        if printed.is_err() || !more || after.is_none() {
            return visit.end_with(printed.map_err(|error| unprinted(&error, options.lang)));
        }
    }
}
