//! `server audit`: what was done to keep order, from the command line.

use std::io;

use crate::clock;
use crate::config::StoreArg;
use crate::dao::{self, Store};
use crate::protocol::{Deed, Millis};
use crate::texts;

/// Acts read at a time.
const PAGE: usize = 500;

/// Shows the acts of the last so many seconds, or all, the oldest first. Blocks on the store.
///
/// # Errors
/// One line for the operator.
pub fn run_audit(
    store: &StoreArg,
    since: Option<u32>,
    json: bool,
    out: &mut dyn io::Write,
) -> Result<(), String> {
    let store = dao::open_existing(&store.url()).map_err(|error| error.to_string())?;
    let from = since.map_or(Millis(i64::MIN), |seconds| {
        clock::now_ms().plus(-i64::from(seconds).saturating_mul(1_000))
    });
    for deed in deeds(&*store, from)?.iter().rev() {
        // Names are those of people: nothing in them may steer a terminal.
        let line = match json {
            true => texts::harmless_json(&dao::lines::deed_json(deed)).into_owned(),
            false => texts::deed_line(deed, clock::utc).chars().map(texts::mark).collect(),
        };
        writeln!(out, "{line}").map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Newest first.
fn deeds(store: &dyn Store, from: Millis) -> Result<Vec<Deed>, String> {
    let mut deeds: Vec<Deed> = Vec::new();
    loop {
        let before = deeds.last().map(Deed::at);
        let page = store.deeds(before, PAGE).map_err(|error| error.to_string())?;
        let n = page.len();
        deeds.extend(page.into_iter().take_while(|deed| deed.time >= from));
        if n < PAGE || deeds.last().map(Deed::at) == before {
            return Ok(deeds);
        }
    }
}
