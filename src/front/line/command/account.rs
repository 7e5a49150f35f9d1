//! What is typed about one's account.

use super::{Wrong, alone, somebody, split_word};
use crate::protocol::{Command, ErrorCode, Password};

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

pub(super) fn passwd(arguments: &str) -> Result<Command, Wrong> {
    let (old, new) = split_word(arguments);
    if new.is_empty() || new.contains(char::is_whitespace) {
        return Err(Wrong::Form);
    }
    let old = Password::new(old).map_err(|_code| ErrorCode::WrongPassword)?;
    Ok(Command::Passwd { old, new: Password::new(new)? })
}

pub(super) fn delete_account(password: &str) -> Result<Command, Wrong> {
    if password.is_empty() || password.contains(char::is_whitespace) {
        return Err(Wrong::Form);
    }
    let password = Password::new(password).map_err(|_code| ErrorCode::WrongPassword)?;
    Ok(Command::DeleteAccount { password })
}
