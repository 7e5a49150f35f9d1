//! `client history`: what was said in one room, page by page.

use std::collections::VecDeque;

use super::moment;
use super::out::Out;
use super::target::Target;
use super::visit::{Role, Visit};
use crate::client::ui::{Ending, Options, clean, complain, directory::Directory, unprinted};
use crate::client::{Ask, Said, Update};
use crate::protocol::{Millis, RoomId, RoomRef, Span, Who};
use crate::texts::Lang;
use crate::texts::client::Notice;

/// The most that the server sends at once.
const PAGE: usize = 100;

/// What to print.
#[derive(Debug, clap::Args)]
pub struct History {
    #[command(flatten)]
    pub(super) past: Past,
    #[command(flatten)]
    out: Out,
}

/// A part of what was said in a room.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Past {
    /// Where: lobby, a #ROOM that the account is in, or whom it talked to in private
    #[arg(long, value_name = "#ROOM|ID|NAME")]
    pub(super) room: Option<Target>,
    /// So many of the last messages
    #[arg(short = 'n', value_name = "N", conflicts_with = "since",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) number: Option<u32>,
    /// From this moment on: 30m, 2h, 7d ago, or 23:37, 2026-11-20, 2026-11-20 23:37 (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub(super) since: Option<Millis>,
}

/// Messages that are printed where nothing else is said: what fits a screen.
const DEFAULT_NUMBER: u32 = 20;

pub(super) fn run(history: &History, options: &Options) -> Result<Ending, Ending> {
    let mut visit = Visit::begin(options, Role::script(options)?)?;
    let room = history.past.place(&mut visit, options.lang)?;
    let lang = options.lang;
    let printed = history.past.read(&mut visit, &room, |said| {
        history.out.said(said, lang).map_err(|error| unprinted(&error, lang))
    });
    visit.end_with(printed)
}

impl Past {
    /// The room that is meant. A name of somebody is looked for among those online.
    pub(super) fn place(&self, visit: &mut Visit, lang: Lang) -> Result<RoomRef, Ending> {
        let who = match &self.room {
            None => return Ok(RoomRef::Id(RoomId::Lobby)),
            Some(Target::Room(room)) => return Ok(room.clone()),
            Some(Target::One(Who::Id(id))) => {
                return Ok(RoomRef::Id(RoomId::pair(visit.me.id, *id)));
            }
            Some(Target::One(Who::Named(key))) => key.as_str(),
        };
        visit.client.who().map_err(|_closed| Ending::Lost)?;
        let mut directory = Directory::default();
        visit.answer(Ask::Who, |update| {
            directory.learn(&update);
            matches!(update, Update::Online(_)).then_some(())
        })?;
        match directory.resolve(who) {
            Ok(id) => Ok(RoomRef::Id(RoomId::pair(visit.me.id, id))),
            Err(_nobody_or_several) => {
                complain(&Notice::NobodyOnline { name: &clean::line(who) }.text(lang));
                Err(Ending::NotStored)
            }
        }
    }

    /// Hands on every message, oldest first, until `show` ends the job.
    pub(super) fn read(
        &self,
        visit: &mut Visit,
        room: &RoomRef,
        mut show: impl FnMut(&Said) -> Result<(), Ending>,
    ) -> Result<(), Ending> {
        let Some(time) = self.since else {
            let number = self.number.unwrap_or(DEFAULT_NUMBER);
            let last = last(visit, room, usize::try_from(number).unwrap_or(usize::MAX))?;
            return last.iter().try_for_each(&mut show);
        };
        let mut span = Span::Since(time);
        loop {
            let (page, more) = page(visit, room, span, PAGE)?;
            page.iter().try_for_each(&mut show)?;
            match page.last() {
                Some(last) if more => span = Span::After(last.id),
                _ => return Ok(()),
            }
        }
    }
}

/// The last so many, from the newest page backwards.
fn last(visit: &mut Visit, room: &RoomRef, number: usize) -> Result<VecDeque<Said>, Ending> {
    let (mut found, mut span) = (VecDeque::new(), Span::Last);
    loop {
        let (page, more) = page(visit, room, span, PAGE.min(number - found.len()))?;
        let first = page.first().map(|said| said.id);
        page.into_iter().rev().for_each(|said| found.push_front(said));
        match first {
            Some(first) if more && found.len() < number => span = Span::Before(first),
            _ => return Ok(found),
        }
    }
}

/// Which room this is, for one that may be read.
pub(super) fn known(visit: &mut Visit, room: RoomRef) -> Result<RoomId, Ending> {
    visit.client.history(room, Span::Last, 1).map_err(|_closed| Ending::Lost)?;
    visit.answer(Ask::History, |update| match update {
        Update::History { room, .. } => Some(room),
        _ => None,
    })
}

fn page(
    visit: &mut Visit,
    room: &RoomRef,
    span: Span,
    limit: usize,
) -> Result<(Vec<Said>, bool), Ending> {
    visit.client.history(room.clone(), span, limit).map_err(|_closed| Ending::Lost)?;
    visit.answer(Ask::History, |update| match update {
        Update::History { messages, more, .. } => Some((messages, more)),
        _ => None,
    })
}
