//! What is typed to become somebody, and about one's account.

use super::{Wrong, meant, split_word};
use crate::protocol::{Command, EntryAsk, ErrorCode, Name, Note, Password, UserId};

pub(super) fn register(arguments: &str) -> Result<Command, Wrong> {
    let (id, rest) = split_word(arguments);
    let (password, name) = split_word(rest);
    if password.is_empty() {
        return Err(Wrong::Form);
    }
    let id = match id.parse() {
        Ok(0) => None,
        Ok(id) if id > 0 => Some(UserId(id)),
        _ => return Err(ErrorCode::BadId.into()),
    };
    let is_id = id.is_some_and(|id| id.to_string() == name);
    let name = if name.is_empty() || is_id {
        None
    } else {
        Some(Name::typed(name).map_err(|_what| ErrorCode::BadName)?)
    };
    Ok(Command::Register { id, password: Password::new(password)?, name, code: None })
}

/// However it is typed, also in several words.
pub(super) fn code(code: &str) -> Result<Command, Wrong> {
    match code {
        "" => Err(Wrong::Form),
        code => Ok(Command::Code(Password::new(code).map_err(|_code| ErrorCode::BadCode)?)),
    }
}

pub(super) fn approve(id: &str) -> Result<Command, Wrong> {
    Ok(Command::Entry(EntryAsk::Approve(id.parse().map(UserId).map_err(|_no_id| Wrong::Form)?)))
}

pub(super) fn reject(arguments: &str) -> Result<Command, Wrong> {
    let (id, why) = split_word(arguments);
    let id = id.parse().map(UserId).map_err(|_no_id| Wrong::Form)?;
    let why = match why {
        "" => None,
        why => Some(Note::new(why).ok_or(ErrorCode::BadNote)?),
    };
    Ok(Command::Entry(EntryAsk::Reject(id, why)))
}

/// A name may have blanks in it, so the last word is the password.
pub(super) fn login(arguments: &str) -> Result<Command, Wrong> {
    let (who, password) = arguments.rsplit_once(char::is_whitespace).ok_or(Wrong::Form)?;
    let who = who.trim();
    let name = who.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(who);
    let password = Password::new(password).map_err(|_code| ErrorCode::WrongPassword)?;
    Ok(Command::Login { who: meant(name)?, password })
}

pub(super) fn passwd(arguments: &str) -> Result<Command, Wrong> {
    let (old, new) = split_word(arguments);
    if new.is_empty() || new.contains(char::is_whitespace) {
        return Err(Wrong::Form);
    }
    let old = Password::new(old).map_err(|_code| ErrorCode::WrongPassword)?;
    Ok(Command::Passwd { old, new: Password::new(new)? })
}

pub(super) fn delete_account(arguments: &str) -> Result<Command, Wrong> {
    let (password, how) = split_word(arguments);
    let erase = match (password, how) {
        ("", _) => return Err(Wrong::Form),
        (_, "" | "keep") => false,
        (_, "erase") => true,
        _ => return Err(Wrong::Form),
    };
    let password = Password::new(password).map_err(|_code| ErrorCode::WrongPassword)?;
    Ok(Command::DeleteAccount { password, erase })
}
