//! What is typed about whom one ignores.

use super::{Wrong, alone, somebody};
use crate::protocol::Command;

/// Nobody named: the list.
pub(super) fn ignore(arguments: &str) -> Result<Command, Wrong> {
    if arguments.is_empty() { Ok(Command::Ignored) } else { change(arguments, true) }
}

pub(super) fn unignore(arguments: &str) -> Result<Command, Wrong> {
    change(arguments, false)
}

fn change(arguments: &str, is_so: bool) -> Result<Command, Wrong> {
    let (who, rest) = somebody(arguments)?;
    alone(rest, Command::Ignore { who, is_so })
}
