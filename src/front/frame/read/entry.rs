//! Frames by which a client becomes somebody.

use super::{Fields, Key, optional, rooms};
use crate::front::frame::extended;
use crate::protocol::frame::HELLO_LIMIT;
use crate::protocol::wire::entry;
use crate::protocol::{
    Command, Device, EntryAsk, ErrorCode, Hello, MessageId, Name, NameKey, Password, Refusal,
    RoomId, UserId, Who,
};

pub(super) fn login(fields: &Fields) -> Result<Command, Refusal> {
    let unknown = || Refusal::of(ErrorCode::UnknownUser);
    let who = match (fields.user_id, fields.user_name.as_str()) {
        (0, name) if !name.is_empty() => Who::Named(NameKey::new(name).ok_or_else(unknown)?),
        (id, _) => Who::Id(UserId(id)),
    };
    // What cannot be a password is a wrong one.
    let wrong = |_code| Refusal::of(ErrorCode::WrongPassword);
    let password = Password::new(&fields.password).map_err(wrong)?;
    Ok(Command::Login { who, password })
}

pub(super) fn register(fields: &Fields) -> Result<Command, Refusal> {
    let id = match fields.user_id {
        0 => None,
        id if id > 0 => Some(UserId(id)),
        _ => return Err(Refusal::of(ErrorCode::BadId)),
    };
    let is_id = id.is_some_and(|id| id.to_string() == fields.user_name);
    let name =
        if fields.user_name.is_empty() || is_id { None } else { Some(named(&fields.user_name)?) };
    let password = Password::new(&fields.password).map_err(Refusal::of)?;
    let bad = |_code| Refusal::of(ErrorCode::BadCode);
    let code = match fields.code.as_str() {
        "" => None,
        code => Some(Password::new(code).map_err(bad)?),
    };
    Ok(Command::Register { id, password, name, code })
}

pub(super) fn hello(fields: &Fields) -> Result<Command, Refusal> {
    /// The log shows this much of what a client calls itself.
    const MAX_CLIENT: usize = 64;
    let least = u64::try_from(HELLO_LIMIT).unwrap_or(u64::MAX);
    if fields.version < 1 || (1..least).contains(&fields.frame_limit) {
        return Err(Refusal::of(ErrorCode::BadRequest));
    }
    let device = optional(&fields.device, Device::new)?;
    let client = fields.client.chars().filter(|c| !c.is_control()).take(MAX_CLIENT).collect();
    let has = |feature: &str| fields.words.iter().any(|word| word == feature);
    let (receipts, quiet) = (has(extended::RECEIVED), has(extended::QUIET));
    Ok(Command::Hello(Hello { client, device, receipts, quiet }))
}

pub(super) fn passwd(fields: &Fields) -> Result<Command, Refusal> {
    let wrong = |_code| Refusal::of(ErrorCode::WrongPassword);
    let old = Password::new(&fields.old_password).map_err(wrong)?;
    let new = Password::new(&fields.password).map_err(Refusal::of)?;
    Ok(Command::Passwd { old, new })
}

pub(super) fn resume(fields: &Fields) -> Result<Command, Refusal> {
    let bad = |_code| Refusal::of(ErrorCode::BadToken);
    let token = Password::new(&fields.password).map_err(bad)?;
    // A position that cannot be read costs a repetition, no more.
    let position = |text: &String| {
        let (room, id) = text.rsplit_once(':')?;
        Some((RoomId::parse(room)?, MessageId(id.parse().ok()?)))
    };
    let positions = fields.words.iter().filter_map(position).collect();
    Ok(Command::Resume { token, epoch: fields.epoch.clone(), positions })
}

pub(super) const DELETE_ACCOUNT: &[(&str, Key)] =
    &[("userPwd", Key::Password), ("erase", Key::Erase)];

pub(super) fn delete_account(fields: &Fields) -> Result<Command, Refusal> {
    let wrong = |_code| Refusal::of(ErrorCode::WrongPassword);
    let password = Password::new(&fields.password).map_err(wrong)?;
    Ok(Command::DeleteAccount { password, erase: fields.erase })
}

pub(super) const MORE: &[(&str, Key)] = &[("more", Key::More)];

pub(super) fn export(fields: &Fields) -> Result<Command, Refusal> {
    Ok(Command::Export { goes_on: fields.more })
}

pub(super) fn decide(fields: &Fields) -> Result<Command, Refusal> {
    let whom = UserId(fields.whom_id);
    match fields.act.as_str() {
        entry::APPROVE => Ok(Command::Entry(EntryAsk::Approve(whom))),
        entry::REJECT => Ok(Command::Entry(EntryAsk::Reject(whom, rooms::note(fields)?))),
        _ => Err(Refusal::of(ErrorCode::BadRequest)),
    }
}

pub(super) fn rename(fields: &Fields) -> Result<Command, Refusal> {
    named(&fields.user_name).map(Command::Rename)
}

fn named(text: &str) -> Result<Name, Refusal> {
    Name::new(text).map_err(|_what| Refusal::of(ErrorCode::BadName))
}
