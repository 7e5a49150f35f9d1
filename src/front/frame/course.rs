//! Events as the original spells them, byte for byte: for clients that did not say hello.
//!
//! Those clients read a body into 8,096 bytes and end at a longer one; they take the first frame
//! after `LoginMes` or `RegisterMes` for its answer, whatever it is; they print what they get as
//! it stands; and they take a short read for a whole frame.

use crate::envelope::Dialect;
use crate::protocol::frame::{COURSE_LIMIT, HEADER, encode};
use crate::protocol::wire::{LoginRes, Notify, Res, Sms, code, kind, status};
use crate::protocol::{
    ErrorCode, Event, Farewell, Member, Message, Refusal, RoomId, UserId, Welcome, What,
};
use crate::texts::{self, Lang};

/// Private text goes out as `SmsPrivateMes`, which an unchanged client does not show.
pub(super) static COURSE: Dialect = Dialect {
    name: "course",
    slot: 0,
    encode: |event, out| spell(event, kind::SMS_PRIVATE, out),
    echo: false,
    rooms: false,
    cut: Some(cut),
};

/// Private text goes out as `SmsMes`: an unchanged client shows it, like a text to all.
pub(super) static COURSE_GROUP: Dialect = Dialect {
    name: "course-group",
    slot: 1,
    encode: |event, out| spell(event, kind::SMS, out),
    echo: false,
    rooms: false,
    cut: Some(cut),
};

/// Beyond the list of a login, and in one summary, so many are told one by one: a storm of logins
/// would cost the square otherwise.
const MAX_NOTIFIED: usize = 1_000;

#[expect(clippy::too_many_lines, reason = "a table")]
fn spell(event: &Event, private: &str, out: &mut Vec<u8>) {
    match event {
        Event::Welcome(welcome) => welcomed(welcome, out),
        Event::LoginRefused(refusal) => login_refused(refusal, out),
        Event::Registered(_) => {
            encode(kind::REGISTER_RES, &Res { code: code::OK, ..Res::default() }, out);
        }
        Event::RegisterRefused(refusal) => register_refused(refusal, out),
        Event::Came(member) => notify(member.id, status::ONLINE, out),
        Event::Left(member, _) => notify(member.id, status::OFFLINE, out),
        Event::Crowd { came, left, .. } => crowd(came, left, out),
        Event::Absent(members) => {
            for member in members.iter().take(MAX_NOTIFIED) {
                let is_there = member.absence.is_none();
                notify(member.id, if is_there { status::ONLINE } else { status::BUSY }, out);
            }
        }
        Event::Said { message, .. } | Event::Replayed { message, .. } => {
            said(message, private, out);
        }
        Event::Refused(refusal) if is_not_stored(refusal.code) => {
            system(&texts::refusal(refusal, Lang::Zh), out);
        }
        Event::Farewell(Farewell::Bye | Farewell::Idle) => {}
        Event::Farewell(why) => system(texts::farewell(*why, Lang::Zh), out),
        // The original has no word for these, and an unchanged client prints a complaint for
        // each frame that it does not know.
        Event::Hello(_)
        | Event::CodeKept
        | Event::Renamed(_)
        | Event::RenameDone(_)
        | Event::AbsenceDone(_)
        | Event::IsAbsent(_)
        | Event::Typing { .. }
        | Event::Ignoring(..)
        | Event::Ignored(_)
        | Event::Exported { .. }
        | Event::Passed { .. }
        | Event::Devices(_)
        | Event::DeviceEnded { .. }
        | Event::PasswdDone
        | Event::Online(_)
        | Event::Listed(_)
        | Event::Skipped { .. }
        | Event::Accepted { .. }
        | Event::Refused(_)
        | Event::Token { .. }
        | Event::Progress(_)
        | Event::Delivered { .. }
        | Event::Read { .. }
        | Event::ReceiptsDone(_)
        | Event::Room(_)
        | Event::Entered { .. }
        | Event::IsIn { .. }
        | Event::MyRooms(_)
        | Event::Sanctions { .. }
        | Event::Deeds(_)
        | Event::Applicants(_)
        | Event::Entry(_)
        | Event::Rooms { .. }
        | Event::Members { .. }
        | Event::Here(_)
        | Event::History { .. }
        | Event::Found { .. }
        | Event::TopicIs(_)
        | Event::Pong
        | Event::Help { .. } => {}
    }
}

fn crowd(came: &[Member], left: &[Member], out: &mut Vec<u8>) {
    let left = left.iter().map(|member| (member.id, status::OFFLINE));
    let came = came.iter().map(|member| (member.id, status::ONLINE));
    for (id, status) in left.chain(came).take(MAX_NOTIFIED) {
        notify(id, status, out);
    }
}

/// As many ids as fit into one body; the others as if they came after it. Both end in the same
/// list of the client.
fn welcomed(welcome: &Welcome, out: &mut Vec<u8>) {
    let reply =
        |ids: Vec<i64>| LoginRes { code: code::OK, users_id: Some(ids), ..LoginRes::default() };
    let mut room = COURSE_LIMIT.saturating_sub(body_len(kind::LOGIN_RES, &reply(Vec::new())));
    let listed = welcome.online.get(..Welcome::MAX_ONLINE).unwrap_or(&welcome.online);
    // In a crowd one is not on the list yet; these clients find themselves on it.
    let is_there = listed.iter().any(|member| member.id == welcome.me.id);
    let me = (!is_there).then_some(welcome.me.id);
    let mut ids = me.into_iter().chain(listed.iter().map(|member| member.id));
    let mut listed = Vec::new();
    let mut first_beyond = None;
    for id in ids.by_ref() {
        // One more for the comma; the first has none, which wastes a byte at most.
        let width = id.to_string().len() + 1;
        if width > room {
            first_beyond = Some(id);
            break;
        }
        room -= width;
        listed.push(id.0);
    }
    encode(kind::LOGIN_RES, &reply(listed), out);
    for id in first_beyond.into_iter().chain(ids).take(MAX_NOTIFIED) {
        notify(id, status::ONLINE, out);
    }
}

/// Three codes, as the original has them; the text of the last says more than the original's
/// where there is more to say.
fn login_refused(refusal: &Refusal, out: &mut Vec<u8>) {
    let (code, error) = match refusal.code {
        ErrorCode::UnknownUser => (code::UNKNOWN_USER, "用户不存在..".to_owned()),
        ErrorCode::WrongPassword => (code::WRONG_PASSWORD, "密码不正确".to_owned()),
        ErrorCode::Internal => (code::LOGIN_OTHER, "服务器内部错误...".to_owned()),
        _ => (code::LOGIN_OTHER, texts::entry_refusal(refusal, Lang::Zh)),
    };
    encode(kind::LOGIN_RES, &LoginRes { code, error, ..LoginRes::default() }, out);
}

fn register_refused(refusal: &Refusal, out: &mut Vec<u8>) {
    let (code, error) = match refusal.code {
        ErrorCode::IdTaken => (code::TAKEN, "用户已经存在...".to_owned()),
        ErrorCode::Internal => (code::REGISTER_OTHER, "注册发生未知错误...".to_owned()),
        _ => (code::REGISTER_OTHER, texts::entry_refusal(refusal, Lang::Zh)),
    };
    encode(kind::REGISTER_RES, &Res { code, error, ..Res::default() }, out);
}

fn notify(id: UserId, status: i64, out: &mut Vec<u8>) {
    encode(kind::NOTIFY, &Notify { user_id: id.0, status, ..Notify::default() }, out);
}

/// A send is lost unless it is repeated: the one refusal that a person must hear of even where
/// the original has no word for it. It cannot come before the login.
fn is_not_stored(code: ErrorCode) -> bool {
    use ErrorCode::{Banned, Busy, Muted, NotTaken, ShuttingDown, SlowMode, StoreUnavailable};
    matches!(code, NotTaken | Busy | StoreUnavailable | ShuttingDown | Banned | Muted | SlowMode)
}

/// The server speaks, in a text that an unchanged client prints.
///
/// A client that waits for the answer to its login or registration takes a last word for that
/// answer: it finds no `code` in it, so 0, which is not 200, prints the `error` it does not find
/// either, and ends. It cannot take it for success, and was to be closed anyway.
fn system(words: &str, out: &mut Vec<u8>) {
    let sms = Sms { content: words.to_owned(), user_name: "系统".to_owned(), ..Sms::default() };
    encode(kind::SMS, &sms, out);
}

fn said(message: &Message, private: &str, out: &mut Vec<u8>) {
    let kind = match message.room {
        RoomId::Lobby => kind::SMS,
        RoomId::Pair(..) => private,
        // Nothing of other rooms is for these clients.
        RoomId::Named(_) => return,
    };
    let to_user_id = message.room.other(message.sender).filter(|_| kind != kind::SMS);
    let text = tame(message.text.as_str());
    let text = match message.what() {
        None | Some(What::Reply) => text,
        // As people do it who cannot change what they said.
        Some(What::Edit) => format!("* {text}"),
        Some(What::Delete | What::React | What::Unreact) => return,
    };
    let mut sms = Sms {
        user_id: message.sender.0,
        user_name: tame(&message.name),
        to_user_id: to_user_id.map(|id| id.0),
        ..Sms::default()
    };
    let width = text.chars().map(width_in_body).sum::<usize>();
    let mut room = COURSE_LIMIT.saturating_sub(body_len(kind, &sms));
    if width > room {
        let name = std::mem::take(&mut sms.user_name);
        let nameless = COURSE_LIMIT.saturating_sub(body_len(kind, &sms));
        // Only where leaving the name out makes one frame of it is it left out; a name that takes
        // half of every frame is no name of ours.
        if width <= nameless || room < COURSE_LIMIT / 2 {
            room = nameless;
        } else {
            sms.user_name = name;
        }
    }
    for piece in pieces(&text, room) {
        sms.content = piece.to_owned();
        encode(kind, &sms, out);
    }
}

/// A text in pieces, none wider than so much in a body; cut between characters.
fn pieces(text: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut rest, mut width) = (text, 0);
    let mut at = 0;
    for c in text.chars() {
        let more = width_in_body(c);
        if width + more > room && at > 0 {
            let (piece, later) = rest.split_at(at);
            pieces.push(piece);
            (rest, width, at) = (later, 0, 0);
        }
        width += more;
        at += c.len_utf8();
    }
    pieces.push(rest);
    pieces
}

/// Bytes that a character of `content` takes in a body: it is escaped as JSON twice, first in
/// `data`, then with `data` as a string.
fn width_in_body(c: char) -> usize {
    match c {
        '"' | '\\' => 4,
        '\n' | '\r' | '\t' => 3,
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 7,
        _ => c.len_utf8(),
    }
}

fn body_len<T: serde::Serialize>(kind: &str, data: &T) -> usize {
    let mut frame = Vec::new();
    encode(kind, data, &mut frame);
    frame.len().saturating_sub(HEADER)
}

/// These clients print what they get: what begins a command to a terminal is taken out. Line
/// breaks, tabs and all else stay as they were sent.
fn tame(text: &str) -> String {
    let steers = |c| matches!(c, '\u{1b}' | '\u{80}'..='\u{9f}');
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// As many whole frames as one segment takes, at least one: these clients take what one read
/// gives them for a whole frame, so a write ends where a frame ends.
fn cut(bytes: &[u8], segment: usize) -> usize {
    let mut end = 0;
    while let Some(header) = bytes.get(end..).and_then(|rest| rest.first_chunk::<HEADER>()) {
        let length = usize::try_from(u32::from_be_bytes(*header)).unwrap_or(usize::MAX);
        let next = length.saturating_add(HEADER).saturating_add(end).min(bytes.len());
        if next > segment && end > 0 {
            break;
        }
        end = next;
    }
    if end == 0 { bytes.len() } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_of_every_character_is_what_encoding_it_takes() {
        let sms = |content: String| Sms { content, ..Sms::default() };
        let empty = body_len(kind::SMS, &sms(String::new()));
        for c in (0..0x3000).chain([0xffff, 0x1_f600]).filter_map(char::from_u32) {
            let len = body_len(kind::SMS, &sms(c.to_string()));
            assert_eq!(len - empty, width_in_body(c), "{c:?}");
        }
    }

    #[test]
    fn who_left_and_came_back_within_one_summary_is_there() {
        let (id, name, address) = (UserId(7), "x".into(), "-".into());
        let me = Member { id, name, address, absence: None };
        let mut told = Vec::new();
        let (came, left) = ([me.clone()].into(), [me].into());
        spell(&Event::Crowd { came, left, n_online: 600 }, kind::SMS_PRIVATE, &mut told);
        let mut expected = Vec::new();
        notify(UserId(7), status::OFFLINE, &mut expected);
        notify(UserId(7), status::ONLINE, &mut expected);
        assert_eq!(told, expected);
    }

    #[test]
    fn pieces_are_as_wide_as_allowed_and_hold_all() {
        assert_eq!(pieces("abcde", 2), ["ab", "cd", "e"]);
        assert_eq!(pieces("你好", 3), ["你", "好"]);
        assert_eq!(pieces("a<b", 7), ["a", "<", "b"]);
        assert_eq!(pieces("abc", 3), ["abc"]);
    }

    #[test]
    fn a_write_ends_where_a_frame_ends() {
        let frames = [&[0, 0, 0, 2, 1, 1][..], &[0, 0, 0, 1, 2], &[0, 0, 0, 9], &[3; 9]].concat();
        assert_eq!(cut(&frames, 1), 6);
        assert_eq!(cut(&frames, 10), 6);
        assert_eq!(cut(&frames, 11), 11);
        assert_eq!(cut(&frames, 23), 11);
        assert_eq!(cut(&frames, 24), 24);
        assert_eq!(cut(&frames[11..], 5), 13);
    }
}
