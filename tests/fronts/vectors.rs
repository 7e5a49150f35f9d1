//! The test vectors of docs/protocol.md, read from there: the document cannot go out of date.

use hubbub::protocol::{
    Against, Applicant, Before, Change, Changes, Deed, Device, Edit, EntryNews, ErrorCode, Event,
    Farewell, HelloReply, Knock, Leaving, Measure, MessageId, Millis, NamedRoom, News, Note,
    OwnDevice, Party, Password, Progress, Receipts, Reference, Refusal, Role, RoomChange, RoomId,
    RoomKind, RoomMember, RoomName, RoomNews, RoomNo, Sanction, SanctionKey, Text, Topic, UserId,
    What, frame, shown,
};

use super::{
    PRIVATE, absent, decode, describe, encode, member, message, message_about, said, welcome,
};

const PROTOCOL: &str = include_str!("../../docs/protocol.md");

/// One vector: a direction, a language, what is meant, and the bytes.
pub struct Vector {
    pub from_client: bool,
    pub language: String,
    meaning: String,
    pub bytes: Vec<u8>,
}

/// Blocks fenced as `vectors`: a line `C→S LANGUAGE: MEANING` or `S→C LANGUAGE: MEANING`, then
/// frames (length in hex, blank, body), a hex dump, or lines.
pub fn vectors() -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    let mut inside = false;
    for line in PROTOCOL.lines() {
        if line.starts_with("```") {
            inside = line == "```vectors";
        } else if inside {
            let heading = line.split_once("→").and_then(|(from, rest)| {
                let (language, meaning) = rest.get(2..)?.split_once(": ")?;
                matches!(from, "C" | "S").then(|| (from == "C", language, meaning))
            });
            match (heading, vectors.last_mut()) {
                (Some((from_client, language, meaning)), _) => vectors.push(Vector {
                    from_client,
                    language: language.to_owned(),
                    meaning: meaning.to_owned(),
                    bytes: Vec::new(),
                }),
                (None, Some(vector)) => vector.bytes.extend(bytes_of(&vector.language, line)),
                (None, None) => panic!("a block begins with bytes: {line}"),
            }
        }
    }
    vectors
}

fn bytes_of(language: &str, line: &str) -> Vec<u8> {
    if language.starts_with("line") {
        return [line, "\r\n"].concat().into_bytes();
    }
    match line.split_once(' ') {
        Some((offset, dump)) if offset.len() == 4 => {
            dump.split_whitespace().map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect()
        }
        Some((length, body)) => {
            let length = u32::from_str_radix(length, 16).expect(line);
            [&length.to_be_bytes()[..], body.as_bytes()].concat()
        }
        None => panic!("neither a frame nor a dump: {line}"),
    }
}

#[test]
fn the_vectors_from_clients_are_read_as_the_document_says() {
    let vectors: Vec<Vector> = vectors().into_iter().filter(|vector| vector.from_client).collect();
    assert!(vectors.len() > 20, "only {} vectors found", vectors.len());
    for vector in vectors {
        let (commands, end) = decode(&vector.language, &vector.bytes);
        let commands: Vec<String> = commands.iter().map(describe).collect();
        assert_eq!((commands, end), (vec![vector.meaning], Ok(())));
    }
}

#[test]
fn the_vectors_from_the_server_are_what_it_sends() {
    let vectors: Vec<Vector> = vectors().into_iter().filter(|vector| !vector.from_client).collect();
    assert!(vectors.len() > 30, "only {} vectors found", vectors.len());
    let mut wrong = String::new();
    for vector in vectors {
        let bytes = encode(&vector.language, &event(&vector.meaning));
        if bytes != vector.bytes {
            wrong += &format!("\nS→C {}: {}\n", vector.language, vector.meaning);
            wrong += &spelled(&vector.language, &bytes);
        }
    }
    assert!(wrong.is_empty(), "the server sends instead:{wrong}");
}

/// Bytes as they stand in the document.
fn spelled(language: &str, bytes: &[u8]) -> String {
    if language.starts_with("line") {
        return String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    }
    let bodies = super::bodies(bytes);
    bodies.iter().map(|body| format!("{:08x} {body}\n", body.len())).collect()
}

/// The event that the document means.
fn event(meaning: &str) -> Event {
    let (word, rest) = meaning.split_once(' ').unwrap_or((meaning, ""));
    match word {
        "login-refused" => Event::LoginRefused(refusal(rest)),
        "register-refused" => Event::RegisterRefused(refusal(rest)),
        "refused" => Event::Refused(refusal(rest)),
        "farewell" => {
            let why = Farewell::NAMES.iter().find(|(_, name)| *name == rest).expect(rest);
            Event::Farewell(why.0)
        }
        _ => named_event(meaning),
    }
}

fn refusal(words: &str) -> Refusal {
    let (words, detail) = match words.split_once(": ") {
        Some((words, detail)) => (words, Some(detail.to_owned())),
        None => (words, None),
    };
    let (code, reference) = words.split_once(" ref=").unwrap_or((words, ""));
    let code = ErrorCode::from_name(code).expect(code);
    Refusal { reference: Reference::new(reference), code, detail }
}

fn progress() -> Vec<Progress> {
    let none = MessageId(0);
    let private = (MessageId(3), MessageId(7), MessageId(6));
    [(RoomId::Lobby, (MessageId(17), none, none)), (PRIVATE, private)]
        .map(|(room, (read, peer_delivered, peer_read))| Progress {
            room,
            read,
            peer_delivered,
            peer_read,
        })
        .to_vec()
}

fn hello(servers: &[&str]) -> Event {
    Event::Hello(HelloReply {
        server: "hubbub/0.1.0".to_owned(),
        frame_limit: frame::HELLO_LIMIT,
        servers: servers.iter().map(|&server| server.to_owned()).collect(),
    })
}

fn named_event(meaning: &str) -> Event {
    let people = || vec![member(200, "jerry"), member(100, "tom")];
    let accepted = |reference| Event::Accepted {
        reference: Reference::new(reference),
        id: MessageId(7),
        room: RoomId::Lobby,
        time: Millis(1_795_217_831_000),
    };
    match meaning {
        "hello" => hello(&[]),
        "hello-of-two" => hello(&["a.example:8889", "b.example:8889"]),
        "welcome" => welcome(people()),
        "code-kept" => Event::CodeKept,
        "registered" => Event::Registered(UserId(100)),
        "came" => Event::Came(member(200, "jerry")),
        "guest-came" => Event::Came(member(-5, "127.0.0.1:5000")),
        "left" => Event::Left(member(200, "jerry"), Leaving::Logout),
        "timed-out" => Event::Left(member(200, "jerry"), Leaving::TimedOut),
        "became-account" => Event::Left(member(-5, "127.0.0.1:5000"), Leaving::BecameAccount),
        "crowd" => Event::Crowd {
            came: vec![member(200, "jerry"), member(300, "spike")].into(),
            left: vec![member(400, "tyke")].into(),
            n_online: 600,
        },
        "very-many" => Event::Crowd {
            came: vec![member(200, "jerry"); 812].into(),
            left: vec![member(400, "tyke")].into(),
            n_online: 9_000,
        },
        "listed" => Event::Listed(people().into()),
        "renamed" => Event::Renamed(member(200, "Jerry")),
        "rename-done" => Event::RenameDone(member(100, "tom#100")),
        "passwd-done" => Event::PasswdDone,
        "online" => Event::Online(people().into()),
        "said" => said(RoomId::Lobby, "hello<&>你好"),
        "said-private" => said(PRIVATE, "psst"),
        "said-two-lines" => said(RoomId::Lobby, "one\n[127.0.0.1:1]eve: two"),
        "replayed" => super::replayed(message(RoomId::Lobby, "hi")),
        "replayed-private" => super::replayed(message(PRIVATE, "psst")),
        "skipped" => Event::Skipped { room: RoomId::Lobby, count: 12 },
        "accepted" => accepted(""),
        "accepted ref=r1" => accepted("r1"),
        "token" => Event::Token {
            token: Password::new("00ff").unwrap(),
            expires: Millis(1_797_809_831_000),
        },
        "progress" => Event::Progress(progress().into()),
        "read" => Event::Read { room: PRIVATE, by: UserId(200), up_to: MessageId(7) },
        "delivered" => Event::Delivered { room: PRIVATE, by: UserId(200), up_to: MessageId(7) },
        "receipts-done" => Event::ReceiptsDone(Receipts { delivered: true, read: false }),
        "pong" => Event::Pong,
        "help" => Event::Help { guest: true },
        _ => event_of_presence(meaning),
    }
}

fn event_of_presence(meaning: &str) -> Event {
    match meaning {
        "online away" => {
            let members = [absent(200, "jerry", "away", "lunch"), member(100, "tom")];
            Event::Online(members.into())
        }
        "absent" => Event::Absent([absent(200, "jerry", "away", "lunch")].into()),
        "busy" => Event::Absent([absent(200, "jerry", "busy", "")].into()),
        "back" => Event::Absent([member(200, "jerry")].into()),
        "absence-done" => Event::AbsenceDone(absent(100, "tom", "busy", "")),
        "absence-over" => Event::AbsenceDone(member(100, "tom")),
        "is-absent" => Event::IsAbsent(absent(200, "jerry", "away", "lunch")),
        "ignoring" => Event::Ignoring(jerry(), true),
        "ignoring-no-more" => Event::Ignoring(jerry(), false),
        "ignored" => Event::Ignored([jerry()].into()),
        "ignored-nobody" => Event::Ignored([].into()),
        "passed" => Event::Passed { room: RoomId::Lobby, up_to: MessageId(7) },
        "exported" => exported(true),
        "exported-last" => exported(false),
        "devices" => Event::Devices([phone(), nameless()].into()),
        "device-ended" => Event::DeviceEnded { device: Device::new("phone"), sessions: 2 },
        "typing" => Event::Typing { room: PRIVATE, who: jerry() },
        _ => event_about_words(meaning),
    }
}

fn event_about_words(meaning: &str) -> Event {
    let about = |what, text| Event::Said {
        message: message_about(what, RoomId::Lobby, text),
        address: "127.0.0.1:5000".into(),
        room: None,
    };
    match meaning {
        "replied" => about(What::Reply, "yes"),
        "edited" => about(What::Edit, "hello"),
        "edited-in-room" => Event::Said {
            message: message_about(What::Edit, rust().id(), "hello"),
            address: "127.0.0.1:5000".into(),
            room: Some(rust().name),
        },
        "edited-private" => Event::Said {
            message: message_about(What::Edit, PRIVATE, "hello"),
            address: "127.0.0.1:5000".into(),
            room: None,
        },
        "deleted" => about(What::Delete, ""),
        "reacted" => about(What::React, "👍"),
        "unreacted" => about(What::Unreact, "👍"),
        "replayed-edited" => {
            let edited = Some(Millis(1_795_217_840_000));
            Event::Replayed { message: message(RoomId::Lobby, "hi"), edited, room: None }
        }
        "replayed-edit" => super::replayed(message_about(What::Edit, RoomId::Lobby, "hello")),
        "replayed-delete" => super::replayed(message_about(What::Delete, RoomId::Lobby, "")),
        "history-changed" => history_changed(),
        "found" => Event::Found {
            within: Some(rust().id()),
            names: [(rust().id(), rust().name)].into(),
            messages: [shown((*message(rust().id(), "hi")).clone(), None)].into(),
            next: Some(Before::id(MessageId(7))),
        },
        "found everywhere" => Event::Found {
            within: None,
            names: [(rust().id(), rust().name)].into(),
            messages: [
                shown((*message(rust().id(), "hi")).clone(), None),
                shown((*message(RoomId::Lobby, "hello")).clone(), None),
            ]
            .into(),
            next: Some(Before {
                id: MessageId(7),
                among: Some((Millis(1_795_217_831_000), RoomId::Lobby)),
            }),
        },
        "found nothing" => {
            let (names, messages) = (Vec::new().into(), Vec::new().into());
            Event::Found { within: Some(RoomId::Lobby), names, messages, next: None }
        }
        _ => event_of_a_room(meaning),
    }
}

/// A message that was changed and has reactions, its answer, and one that is gone.
fn history_changed() -> Event {
    let text = Text::new("hello").unwrap();
    let edit = Some(Edit { id: MessageId(8), time: Millis(1_795_217_840_000), text });
    let emoji = Text::new("👍").unwrap();
    let reactions = vec![(emoji.clone(), UserId(100)), (emoji, UserId(200))];
    let changed = Changes { edit, reactions, ..Changes::default() };
    let gone = Changes { is_deleted: true, ..Changes::default() };
    let plain = (*message(RoomId::Lobby, "hi")).clone();
    let reply = (*message_about(What::Reply, RoomId::Lobby, "yes")).clone();
    let messages =
        vec![shown(plain.clone(), Some(&changed)), shown(reply, None), shown(plain, Some(&gone))];
    Event::History { room: RoomId::Lobby, name: None, messages: messages.into(), more: false }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn event_of_a_room(meaning: &str) -> Event {
    match meaning {
        "said-in-room" => Event::Said {
            message: message(rust().id(), "hi"),
            address: "127.0.0.1:5000".into(),
            room: Some(rust().name),
        },
        "replayed-in-room" => {
            let (message, room) = (message(rust().id(), "hi"), Some(rust().name));
            Event::Replayed { message, edited: None, room }
        }
        "entered" => Event::Entered { room: Box::new(rust()), role: Role::Owner },
        "my-rooms" => Event::MyRooms(vec![(rust(), Role::Owner)].into()),
        "rooms" => Event::Rooms { rooms: vec![(rust(), 3)].into(), more: true },
        "members" => Event::Members {
            room: Box::new(rust()),
            members: vec![
                RoomMember { who: tom(), role: Role::Owner, online: true },
                RoomMember { who: jerry(), role: Role::Member, online: false },
            ]
            .into(),
            more: false,
        },
        "history" => Event::History {
            room: rust().id(),
            name: Some(rust().name),
            messages: vec![shown((*message(rust().id(), "hi")).clone(), None)].into(),
            more: true,
        },
        "topic-is" => Event::TopicIs(Box::new(rust())),
        "here" => Event::Here(Some(Box::new(rust()))),
        "here lobby" => Event::Here(None),
        "joined" => news(News::Joined),
        "parted" => news(News::Left),
        "kicked" => news(News::Kicked(jerry(), Note::new("spam"))),
        "invited" => news(News::Invited(jerry())),
        "made" => news(News::Role(jerry(), Role::Moderator)),
        "topic" => news(News::Topic(Topic::new("crabs").unwrap())),
        "closed" => news(News::Closed),
        "set" => news(News::Set(RoomKind::Invite, false)),
        "banned" => news(News::Sanctioned(Box::new(banned()), Some(jerry()))),
        "slowed" => {
            let (room, name) = (RoomId::Lobby, RoomName::lobby());
            let what = News::Sanctioned(Box::new(slowed()), None);
            Event::Room(Box::new(RoomNews { room, name, by: tom(), what }))
        }
        "unmuted" => news(News::Lifted(key(Measure::Mute, "spam*"), None)),
        "sanctions" => Event::Sanctions {
            room: rust().id(),
            name: rust().name,
            sanctions: vec![banned(), slowed()].into(),
        },
        "applicants" => {
            let all = vec![Applicant { who: jerry(), since: banned().since }];
            Event::Applicants(all.into())
        }
        "entry-waits" => entry(Knock::Waits),
        "entry-let-in" => entry(Knock::LetIn(tom())),
        "entry-rejected" => entry(Knock::Rejected(tom(), Note::new("spam"))),
        "deeds" => Event::Deeds(vec![deed(), console()].into()),
        _ => panic!("the document means an event that is not known here: {meaning}"),
    }
}

fn phone() -> OwnDevice {
    OwnDevice {
        name: Device::new("phone"),
        since: Millis(1_795_131_431_000),
        used: Millis(1_795_217_831_000),
        token_until: Millis(1_797_809_831_000),
        online: vec!["127.0.0.1:5000".into()],
        is_this: true,
    }
}

fn nameless() -> OwnDevice {
    OwnDevice { online: vec!["127.0.0.1:5000".into()], ..OwnDevice::default() }
}

fn key(measure: Measure, against: &str) -> SanctionKey {
    SanctionKey { place: Some(RoomNo(17)), measure, against: Against::parse(against).unwrap() }
}

fn banned() -> Sanction {
    Sanction {
        key: key(Measure::Ban, "200"),
        every: 0,
        reason: Note::new("spam"),
        by: tom(),
        since: Millis(1_795_131_000_000),
        until: Some(Millis(1_795_217_831_000)),
    }
}

fn slowed() -> Sanction {
    Sanction { key: key(Measure::Slow, "*"), every: 30, reason: None, until: None, ..banned() }
}

/// What banning left behind.
fn deed() -> Deed {
    let (time, what) = (banned().since, Change::Sanction(Box::new(banned())));
    RoomChange { by: tom(), nonce: 7, time, what }.deed().unwrap()
}

fn console() -> Deed {
    Deed {
        by: Party { id: Deed::CONSOLE, name: "command line".into() },
        act: "operator",
        place: None,
        whom: Some("100 (tom)".into()),
        how: None,
        reason: None,
        ..deed()
    }
}

/// Room 17, called `#rust`.
fn rust() -> NamedRoom {
    NamedRoom {
        no: RoomNo(17),
        name: RoomName::new("rust").unwrap(),
        topic: Topic::new("crabs").unwrap(),
        kind: RoomKind::Open,
        guests: true,
    }
}

fn tom() -> Party {
    Party { id: UserId(100), name: "tom".into() }
}

fn jerry() -> Party {
    Party { id: UserId(200), name: "jerry".into() }
}

fn entry(what: Knock) -> Event {
    Event::Entry(Box::new(EntryNews { whom: jerry(), what }))
}

/// By tom, in the room.
fn news(what: News) -> Event {
    let (room, name) = (rust().id(), rust().name);
    Event::Room(Box::new(RoomNews { room, name, by: tom(), what }))
}

#[test]
fn every_error_and_every_last_word_stands_in_the_document() {
    let names = ErrorCode::NAMES.iter().map(|(_, name)| name);
    let names = names.chain(Farewell::NAMES.iter().map(|(_, name)| name));
    for name in names {
        assert!(PROTOCOL.contains(&format!("| `{name}` |")), "{name} has no row");
    }
}

#[test]
fn every_type_of_frame_stands_in_the_document() {
    let source = include_str!("../../src/protocol/wire.rs");
    let types = source.lines().filter_map(|line| line.trim().strip_prefix("pub const "));
    let types =
        types.filter_map(|line| Some(line.split_once(": &str = \"")?.1.trim_end_matches("\";")));
    let missing: Vec<&str> =
        types.filter(|name| !PROTOCOL.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn exported(more: bool) -> Event {
    Event::Exported { text: "{\"kind\":\"hubbub\",\"version\":6}\n".into(), more }
}
