//! What append.lua takes for each write, and what it answers to it: a table.

use redis::{Cmd, RedisResult};

use super::super::contract::{Kept, MAX_IGNORED, digest, hex, unhex};
use super::super::lines::sanction_text;
use super::super::{Cursor, Prune, Write, Written};
use super::keys::Tag;
use super::tell::add_tidings;
use super::{entry, erase, order, record, rooms};
use crate::protocol::{Append, Device, ErrorCode, MessageId, Millis, RoomId, UserId};

/// What append.lua takes for one write.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn add_args(call: &mut Cmd, tag: Tag, write: &Write) -> RedisResult<()> {
    let name = |device: &Option<Device>| device.as_ref().map_or("", Device::as_str).to_owned();
    match write {
        Write::Append(append) => add_message(call, tag, append),
        Write::OpenDevice { account, device, time } => {
            call.arg("open").arg(account.0).arg(device.as_str()).arg(time.0);
        }
        Write::Cursor(Cursor { account, device, room, up_to }) => {
            call.arg("cursor").arg(account.0).arg(name(device));
            call.arg(room.to_string()).arg(up_to.0);
        }
        Write::Read { account, room, up_to } => {
            call.arg("read").arg(account.0).arg(room.to_string()).arg(up_to.0);
        }
        Write::Receipts { account, receipts } => {
            call.arg("receipts").arg(account.0).arg(record::receipts(*receipts));
        }
        Write::Token { account, device, digest, expires } => {
            call.arg("token").arg(account.0).arg(name(device));
            call.arg(hex(&digest.0)).arg(expires.0);
        }
        Write::RevokeToken(digest) => {
            call.arg("revoke").arg(hex(&digest.0));
        }
        Write::RevokeDevice { account, device } => {
            call.arg("revoke_device").arg(account.0).arg(name(device));
        }
        Write::RevokeTokens(account) => {
            call.arg("revoke_all").arg(account.0);
        }
        Write::Guests(count) => {
            call.arg("guests").arg(count);
        }
        Write::Room(change) => rooms::add_args(call, change),
        Write::Operator { account, is_operator } => {
            call.arg("operator").arg(account.0).arg(i32::from(*is_operator));
        }
        Write::Ignore { account, whom, is_so } => {
            call.arg("ignore").arg(account.0).arg(whom.0);
            call.arg(i32::from(*is_so)).arg(MAX_IGNORED);
        }
        Write::Erase(_) | Write::Erased(_) => erase::add_args(call, write),
        Write::Sweep(limit) => {
            call.arg("sweep").arg(limit);
        }
        Write::Prune(Prune { room, before, keep, limit }) => {
            call.arg("prune").arg(room.to_string()).arg(before.0).arg(keep).arg(limit);
        }
        Write::MakeCode(_) | Write::EndCode(_) | Write::ForgetApplicants { .. } => {
            entry::add_args(call, write);
        }
        Write::Deed(deed) => {
            call.arg("deed").arg(order::member(deed));
        }
        Write::Expire(sanction) => {
            call.arg("expire").arg(order::field(&sanction.key)).arg(sanction_text(sanction));
        }
        Write::ForgetDeeds { before, limit } => {
            call.arg("forget_deeds").arg(order::end_of(*before)).arg(limit);
        }
        Write::Tell(tidings) => add_tidings(call, tidings)?,
        // References end by themselves, and there is no index.
        Write::Forget { .. } | Write::Index { .. } | Write::Mark => {
            call.arg("nothing");
        }
        // Of an account: `run` lets none of them come here.
        Write::Register { .. }
        | Write::SetSecret { .. }
        | Write::Rename { .. }
        | Write::Delete { .. }
        | Write::Decide(_) => {}
    }
    Ok(())
}

fn add_message(call: &mut Cmd, tag: Tag, append: &Append) {
    let (one, other) = match append.room {
        RoomId::Pair(one, other) => (one.to_string(), other.to_string()),
        RoomId::Lobby | RoomId::Named(_) => (String::new(), String::new()),
    };
    let text = append.text.as_str();
    call.arg("append").arg(append.room.to_string()).arg(one).arg(other);
    call.arg(tag.reference(append));
    call.arg(append.sender.0).arg(&*append.name).arg(append.time.0).arg(text);
    call.arg(append.reference.as_str()).arg(hex(&digest(append))).arg(append.nonce);
    let about = append.about.map(|about| (about.id.0.to_string(), about.what.name()));
    let (about, what) = about.unwrap_or_default();
    call.arg(about).arg(what);
}

/// What append.lua answers to a write; `None`: it does not answer so.
pub(super) fn read_answer(write: &Write, answer: &str) -> Option<Written> {
    match write {
        Write::Append(_) if answer == ErrorCode::UnknownRoom.name() => {
            Some(Written::Refused(ErrorCode::UnknownRoom))
        }
        Write::Append(append) if answer != "unknown" => Some(kept(answer)?.answer(append)),
        Write::Guests(_) => Some(Written::Guests(UserId(answer.parse().ok()?))),
        Write::Erase(_)
        | Write::Prune(_)
        | Write::Sweep(_)
        | Write::Expire(_)
        | Write::ForgetDeeds { .. }
        | Write::ForgetApplicants { .. } => Some(Written::Pruned(answer.parse().ok()?)),
        Write::Forget { .. } => Some(Written::Pruned(0)),
        Write::Index { .. } => Some(Written::Indexed(0)),
        Write::Room(change) => rooms::read_answer(change, answer),
        Write::Ignore { .. } if answer == "full" => {
            Some(Written::Refused(ErrorCode::TooManyIgnored))
        }
        _ if answer == "unknown" => Some(Written::Refused(ErrorCode::UnknownUser)),
        _ => Some(ErrorCode::from_name(answer).map_or(Written::Done, Written::Refused)),
    }
}

pub(super) fn kept(answer: &str) -> Option<Kept> {
    let mut parts = answer.split(' ');
    Some(Kept {
        id: MessageId(parts.next()?.parse().ok()?),
        time: Millis(parts.next()?.parse().ok()?),
        digest: unhex(parts.next()?)?,
        nonce: parts.next()?.parse().ok()?,
    })
}
