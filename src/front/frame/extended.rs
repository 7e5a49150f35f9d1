//! Events for clients that said hello: the original's frames with keys after the original's, and
//! types that it does not have.
//!
//! No body is longer than [`HELLO_LIMIT`], which such a client takes. Texts are as they were
//! sent: the client marks what could steer a terminal.

mod devices;
mod entry;
mod export;
mod ignore;
mod order;
mod presence;
mod rooms;
mod words;

use serde::Serialize;

use crate::envelope::Dialect;
use crate::protocol::frame::{HELLO_LIMIT, encode, go_json};
use crate::protocol::wire::{
    self, Ack, Crowd, Empty, ErrorMes, HelloRes, LoginRes, Notify, Person, ProgressMes,
    ReceiptsMes, Rename, Res, Seen, Skipped, Sms, Token, WhoRes, code, kind, status,
};
use crate::protocol::{
    ErrorCode, Event, Farewell, HelloReply, Leaving, Member, Message, MessageId, Millis, Progress,
    Receipts, Reference, Refusal, RoomId, UserId, Welcome,
};
use crate::texts::{self, Lang};

/// The dialect of clients that said hello.
pub(super) static FRAME: Dialect =
    Dialect { name: "frame", slot: 2, encode: spell, echo: false, rooms: true, cut: None };

/// The version of the protocol.
const VERSION: i64 = 1;

/// What the server can do beyond version 1's first words.
const FEATURES: &[&str] = &[
    RECEIVED, "resume", "read", "rooms", "crowd", "away", "typing", "devices", QUIET, "order",
    "words", "ignore", "approval", "close",
];

/// The feature of a client that moves its cursors itself.
pub(super) const RECEIVED: &str = "received";

/// The feature of a client that is not sent what was said while it was away.
pub(super) const QUIET: &str = "quiet";

/// So many are named in one summary. Each is 150 bytes to everybody: a thousand who came within a
/// second would be 1.5 GB to ten thousand.
const MAX_NAMED: usize = 50;

#[expect(clippy::too_many_lines, reason = "a table")]
fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Hello(reply) => encode(kind::HELLO_RES, &hello(reply), out),
        Event::Welcome(welcome) => encode(kind::LOGIN_RES, &welcomed(welcome), out),
        Event::LoginRefused(refusal) => encode(kind::LOGIN_RES, &login_refused(refusal), out),
        Event::Registered(id) => encode(kind::REGISTER_RES, &registered(*id), out),
        Event::RegisterRefused(refusal) => {
            encode(kind::REGISTER_RES, &register_refused(refusal), out);
        }
        Event::Came(member) => came(member, out),
        Event::Left(member, how) => left(member, *how, out),
        Event::Crowd { came, left, n_online } => crowd(came, left, *n_online, out),
        Event::Renamed(member) => renamed(member, out),
        Event::RenameDone(me) => encode(kind::RENAME_RES, &rename_done(me), out),
        Event::PasswdDone => {
            encode(kind::PASSWD_RES, &Res { code: code::OK, ..Res::default() }, out);
        }
        Event::Online(members) => online(members, out),
        Event::Listed(members) => {
            online(members.get(..Welcome::MAX_ONLINE).unwrap_or(members), out);
        }
        Event::Said { .. } | Event::Replayed { .. } => words::spell(event, out),
        Event::Skipped { room, count } => {
            encode(kind::SKIPPED, &Skipped { room: room.to_string(), count: *count }, out);
        }
        // Here the code comes with the registration.
        Event::CodeKept => {}
        // Who gave no reference has nothing to compare it with.
        Event::Accepted { reference: None, .. } => {}
        Event::Accepted { reference: Some(reference), id, room, time } => {
            accepted(reference, *id, (*room, *time), out);
        }
        Event::Refused(refusal) => refused(refusal, out),
        Event::Token { token, expires } => {
            let token = Token { token: token.reveal().to_owned(), expires: expires.0 };
            encode(kind::TOKEN, &token, out);
        }
        Event::Progress(rooms) => progress(rooms, out),
        Event::Delivered { room, by, up_to } => {
            encode(kind::DELIVERED, &seen(*room, *by, *up_to), out);
        }
        Event::Read { room, by, up_to } => encode(kind::READ, &seen(*room, *by, *up_to), out),
        Event::ReceiptsDone(receipts) => encode(kind::RECEIPTS_RES, &shown(*receipts), out),
        Event::Pong => encode(kind::PONG, &Empty {}, out),
        // Help is for people at a terminal; a program has its own.
        Event::Help { .. } => {}
        Event::Farewell(why) => encode(kind::ERROR, &farewell(*why), out),
        Event::Ignoring(..) | Event::Ignored(_) | Event::Passed { .. } => ignore::spell(event, out),
        Event::Exported { text, more } => export::spell(text, *more, out),
        Event::Devices(_) | Event::DeviceEnded { .. } => devices::spell(event, out),
        Event::Absent(_) | Event::AbsenceDone(_) | Event::IsAbsent(_) | Event::Typing { .. } => {
            presence::spell(event, out);
        }
        Event::Applicants(_) | Event::Entry(_) => entry::spell(event, out),
        Event::Sanctions { .. } | Event::Deeds(_) => order::spell(event, out),
        Event::Room(_)
        | Event::Entered { .. }
        | Event::IsIn { .. }
        | Event::MyRooms(_)
        | Event::Rooms { .. }
        | Event::Members { .. }
        | Event::History { .. }
        | Event::Found { .. }
        | Event::Here(_)
        | Event::TopicIs(_) => rooms::spell(event, out),
    }
}

fn registered(id: UserId) -> Res {
    Res { code: code::OK, user_id: Some(id.0), ..Res::default() }
}

fn accepted(
    reference: &Reference,
    id: MessageId,
    (room, time): (RoomId, Millis),
    out: &mut Vec<u8>,
) {
    let (id, room, time) = (Some(id.0), Some(room.to_string()), Some(time.0));
    let client_ref = reference.as_str().to_owned();
    encode(kind::ACK, &Ack { client_ref, id, room, time, ..Ack::default() }, out);
}

fn renamed(member: &Member, out: &mut Vec<u8>) {
    let rename = Rename { user_id: member.id.0, user_name: member.name.to_string() };
    encode(kind::RENAME, &rename, out);
}

fn rename_done(me: &Member) -> Res {
    Res { code: code::OK, user_name: Some(me.name.to_string()), ..Res::default() }
}

fn shown(Receipts { delivered, read }: Receipts) -> ReceiptsMes {
    ReceiptsMes { delivered, read }
}

fn seen(room: RoomId, by: UserId, up_to: MessageId) -> Seen {
    Seen { room: room.to_string(), user_id: by.0, up_to: up_to.0 }
}

/// A room takes some 150 bytes: so many stay below [`HELLO_LIMIT`].
fn progress(rooms: &[Progress], out: &mut Vec<u8>) {
    const ROOMS: usize = 200;
    let wire = |progress: &Progress| wire::Progress {
        room: progress.room.to_string(),
        read: progress.read.0,
        peer_delivered: progress.peer_delivered.0,
        peer_read: progress.peer_read.0,
    };
    for rooms in rooms.chunks(ROOMS) {
        encode(kind::PROGRESS, &ProgressMes { rooms: rooms.iter().map(wire).collect() }, out);
    }
}

fn hello(reply: &HelloReply) -> HelloRes {
    HelloRes {
        version: VERSION,
        server: reply.server.clone(),
        frame_limit: u64::try_from(reply.frame_limit).unwrap_or(u64::MAX),
        features: FEATURES.iter().map(|feature| (*feature).to_owned()).collect(),
        servers: reply.servers.to_vec(),
    }
}

fn welcomed(welcome: &Welcome) -> LoginRes {
    LoginRes {
        code: code::OK,
        // The list follows as `WhoResMes`, with names and addresses.
        users_id: Some(Vec::new()),
        user_id: Some(welcome.me.id.0),
        user_name: Some(welcome.me.name.to_string()),
        epoch: Some(welcome.epoch.to_string()),
        n_online: u64::try_from(welcome.n_online).ok(),
        ..LoginRes::default()
    }
}

fn login_refused(refusal: &Refusal) -> LoginRes {
    LoginRes {
        code: match refusal.code {
            ErrorCode::UnknownUser => code::UNKNOWN_USER,
            ErrorCode::WrongPassword => code::WRONG_PASSWORD,
            _ => code::LOGIN_OTHER,
        },
        error: texts::entry_refusal(refusal, Lang::En),
        error_code: Some(refusal.code.name().to_owned()),
        ..LoginRes::default()
    }
}

fn register_refused(refusal: &Refusal) -> Res {
    // Who has to wait for an operator has an id all the same.
    let kept = refusal.detail.as_deref().filter(|_| refusal.code == ErrorCode::NotLetIn);
    Res {
        code: match refusal.code {
            ErrorCode::IdTaken => code::TAKEN,
            _ => code::REGISTER_OTHER,
        },
        user_id: kept.and_then(|id| id.parse().ok()),
        error: texts::entry_refusal(refusal, Lang::En),
        error_code: Some(refusal.code.name().to_owned()),
        ..Res::default()
    }
}

fn came(member: &Member, out: &mut Vec<u8>) {
    let notify = Notify {
        user_id: member.id.0,
        status: status::ONLINE,
        user_name: Some(member.name.to_string()),
        address: Some(member.address.to_string()),
        ..Notify::default()
    };
    encode(kind::NOTIFY, &notify, out);
}

fn left(member: &Member, how: Leaving, out: &mut Vec<u8>) {
    let reason = match how {
        Leaving::Logout => None,
        Leaving::TimedOut => Some("timeout"),
        Leaving::BecameAccount => Some("login"),
    };
    let notify = Notify {
        user_id: member.id.0,
        status: status::OFFLINE,
        user_name: Some(member.name.to_string()),
        address: Some(member.address.to_string()),
        reason: reason.map(str::to_owned),
        ..Notify::default()
    };
    encode(kind::NOTIFY, &notify, out);
}

/// Who came and went, one by one; of very many only how many.
fn crowd(these: &[Member], those: &[Member], n_online: usize, out: &mut Vec<u8>) {
    if these.len() + those.len() <= MAX_NAMED {
        those.iter().for_each(|member| left(member, Leaving::Logout, out));
        these.iter().for_each(|member| came(member, out));
        return;
    }
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let (came, left) = (count(these.len()), count(those.len()));
    encode(kind::CROWD, &Crowd { n_online: count(n_online), came, left }, out);
}

/// The list in as many frames as it takes.
fn online(members: &[Member], out: &mut Vec<u8>) {
    let person = |member: &Member| Person {
        user_id: member.id.0,
        user_name: member.name.to_string(),
        address: member.address.to_string(),
        state: presence::state(member).map(str::to_owned),
        text: presence::words(member),
    };
    /// What a body holds beside the people, and some.
    const AROUND: usize = 128;
    let mut page = WhoRes::default();
    let mut width = AROUND;
    for person in members.iter().map(person) {
        let more = width_in_body(&person) + 1;
        if width + more > HELLO_LIMIT {
            page.more = true;
            encode(kind::WHO_RES, &page, out);
            page = WhoRes::default();
            width = AROUND;
        }
        width += more;
        page.online.push(person);
    }
    encode(kind::WHO_RES, &page, out);
}

/// Bytes that a part of `data` takes in a body.
fn width_in_body<T: Serialize>(part: &T) -> usize {
    go_json(&go_json(part)).len()
}

fn sms(message: &Message) -> (&'static str, Sms) {
    let (kind, to) = match message.room {
        RoomId::Lobby | RoomId::Named(_) => (kind::SMS, None),
        RoomId::Pair(..) => (kind::SMS_PRIVATE, message.room.other(message.sender)),
    };
    let sms = Sms {
        content: message.text.as_str().to_owned(),
        user_id: message.sender.0,
        user_name: message.name.to_string(),
        to_user_id: to.map(|id| id.0),
        id: Some(message.id.0),
        room: Some(message.room.to_string()),
        time: Some(message.time.0),
        reply_to: message.about.map(|about| about.id.0),
        ..Sms::default()
    };
    (kind, sms)
}

fn refused(refusal: &Refusal, out: &mut Vec<u8>) {
    let code = refusal.code.name().to_owned();
    match &refusal.reference {
        Some(reference) => {
            let ack = Ack {
                client_ref: reference.as_str().to_owned(),
                code: Some(code),
                error: Some(texts::refusal(refusal, Lang::En)),
                ..Ack::default()
            };
            encode(kind::ACK, &ack, out);
        }
        None => {
            let error = ErrorMes {
                code,
                error: texts::error(refusal.code, Lang::En).to_owned(),
                detail: refusal.detail.clone(),
                closing: None,
            };
            encode(kind::ERROR, &error, out);
        }
    }
}

fn farewell(why: Farewell) -> ErrorMes {
    ErrorMes {
        code: why.name().to_owned(),
        error: texts::farewell(why, Lang::En).to_owned(),
        detail: None,
        closing: Some(true),
    }
}
