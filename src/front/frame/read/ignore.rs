//! Frames about whom one ignores.

use super::{Fields, Key, Keys};
use crate::protocol::{Command, ErrorCode, NameKey, Refusal, UserId, Who};

pub(super) const IGNORE: Keys =
    &[("userId", Key::UserId), ("userName", Key::UserName), ("off", Key::Off)];

/// The id goes before the name.
pub(super) fn ignore(fields: &Fields) -> Result<Command, Refusal> {
    let who = match (fields.user_id, fields.user_name.as_str()) {
        (0, "") => return Err(ErrorCode::BadRequest.into()),
        (0, name) => NameKey::new(name).map(Who::Named).ok_or(ErrorCode::UnknownUser)?,
        (id, _) => Who::Id(UserId(id)),
    };
    Ok(Command::Ignore { who, is_so: !fields.off })
}
