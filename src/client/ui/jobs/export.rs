//! `client export`: what is one's own, into a file.

use std::io;
use std::path::{Path, PathBuf};

use super::out;
use super::visit::{Role, Visit};
use crate::client::ui::export::{Download, Outcome};
use crate::client::ui::{Ending, Options, complain};
use crate::client::{Ask, Update};

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// A new file, which only its owner can read; nothing is overwritten. -: standard output
    #[arg(value_name = "FILE")]
    path: PathBuf,
}

pub(super) fn run(export: &Export, options: &Options) -> Result<Ending, Ending> {
    let path = &export.path;
    let failed = |error: io::Error| {
        complain(&Outcome::Failed(path.clone(), error).text(options.lang));
        Ending::NotStored
    };
    let mut file = match path == Path::new("-") {
        true => None,
        false => Some(Download::begin(path).map_err(failed)?),
    };
    let mut visit = Visit::begin(options, Role::script(options)?)?;
    visit.client.export().map_err(|_closed| Ending::Lost)?;
    loop {
        let (text, more) = visit.answer(Ask::Export, |update| match update {
            Update::Exported { text, more } => Some((text, more)),
            _ => None,
        })?;
        match &mut file {
            Some(file) => drop(file.add(&text, more).map_err(failed)?),
            None => out::json_lines(&text).map_err(failed)?,
        }
        if !more {
            return Ok(visit.end());
        }
    }
}
