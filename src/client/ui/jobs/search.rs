//! `client search`: what was said with all these words, in one room or in all.

use super::history::Past;
use super::out::Out;
use super::target::Target;
use super::visit::{Role, Visit};
use crate::client::ui::{Ending, Options, complain, unprinted};
use crate::client::{Ask, Said, Update};
use crate::protocol::{self, Before, Query, RoomRef};
use crate::texts;

/// Messages that are printed where nothing else is said.
const DEFAULT_NUMBER: u32 = 20;

/// The most that the server finds at once.
const PAGE: usize = 50;

/// What to look for.
#[derive(Debug, clap::Args)]
pub struct Search {
    /// Where: lobby, a #ROOM that the account is in, or whom it talked to in private
    #[arg(long, value_name = "#ROOM|ID|NAME")]
    room: Option<Target>,
    /// In everything that the account may read
    #[arg(long, conflicts_with = "room")]
    all: bool,
    /// So many messages, the newest of those that are found
    #[arg(short = 'n', value_name = "N", default_value_t = DEFAULT_NUMBER,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    number: u32,
    #[command(flatten)]
    out: Out,
    /// All of them have to be in a message; "quoted" ones side by side
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
}

pub(super) fn run(search: &Search, options: &Options) -> Result<Ending, Ending> {
    let query = Query::new(&search.words.join(" ")).map_err(|code| {
        complain(texts::error(code, options.lang));
        Ending::NotStored
    })?;
    let mut visit = Visit::begin(options, Role::script(options)?)?;
    let within = match search.all {
        true => None,
        false => {
            let past = Past { room: search.room.clone(), number: None, since: None };
            Some(past.place(&mut visit, options.lang)?)
        }
    };
    let (mut left, mut before) = (usize::try_from(search.number).unwrap_or(usize::MAX), None);
    loop {
        let (found, next) = page(&mut visit, within.as_ref(), &query, (before, left.min(PAGE)))?;
        let mut wanted = found.iter().take(left);
        if let Err(error) = wanted.try_for_each(|said| search.out.said(said, options.lang)) {
            return visit.end_with(Err(unprinted(&error, options.lang)));
        }
        left = left.saturating_sub(found.len());
        match next {
            Some(next) if left > 0 => before = Some(next),
            _ => return Ok(visit.end()),
        }
    }
}

fn page(
    visit: &mut Visit,
    within: Option<&RoomRef>,
    query: &Query,
    (before, limit): (Option<Before>, usize),
) -> Result<(Vec<Said>, Option<Before>), Ending> {
    let (within, query, from) = (within.cloned(), query.clone(), None);
    let search = protocol::Search { within, query, from, before, limit };
    visit.client.search(search).map_err(|_closed| Ending::Lost)?;
    visit.answer(Ask::Search, |update| match update {
        Update::Found { messages, next, .. } => Some((messages, next)),
        _ => None,
    })
}
