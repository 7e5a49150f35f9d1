//! The wire languages: bytes in and commands out, events in and bytes out.
//! `vectors` are those of docs/protocol.md, `course` what unchanged course clients and their forks
//! send and can take, `extended` what is only for clients that said hello, `lines` what meets a
//! terminal, `any_bytes` what holds for every input.

mod any_bytes;
mod course;
mod extended;
mod lines;
pub mod vectors;

use std::sync::Arc;

use hubbub::envelope::Dialect;
use hubbub::front::{self, Speech};
use hubbub::protocol::{
    About, Absence, AbsenceKind, AbsenceNote, Aim, Command, EntryAsk, Event, Farewell, Member,
    Message, MessageId, Millis, Order, Reference, RoomAsk, RoomId, RoomRef, Search, Span, Text, To,
    UserId, Welcome, What, Which, Who, frame,
};
use hubbub::texts::Lang;

/// What a fresh decoder of a front makes of these bytes, and how it ends.
fn decode(front: &str, bytes: &[u8]) -> (Vec<Command>, Result<(), Farewell>) {
    let mut decoder = (front::named(front).unwrap().decoder)();
    let mut commands = Vec::new();
    let end = decoder.decode(bytes, &mut commands);
    (commands, end)
}

/// The one command of a frame with this body, described.
fn body(body: &str) -> String {
    match decode("frame", &framed(body)) {
        (commands, Ok(())) if commands.len() == 1 => describe(&commands[0]),
        other => format!("{other:?}"),
    }
}

fn framed(body: &str) -> Vec<u8> {
    let header = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&header[..], body.as_bytes()].concat()
}

/// Every dialect there is.
fn dialects() -> Vec<&'static Dialect> {
    let speech = |hello, lang, private_as_group| Speech { hello, lang, private_as_group };
    let (frame, line) = (front::named("frame").unwrap(), front::named("line").unwrap());
    vec![
        (frame.dialect)(speech(false, Lang::En, false)),
        (frame.dialect)(speech(false, Lang::En, true)),
        (frame.dialect)(speech(true, Lang::En, false)),
        (line.dialect)(speech(false, Lang::En, false)),
        (line.dialect)(speech(false, Lang::Zh, false)),
    ]
}

fn dialect(name: &str) -> &'static Dialect {
    dialects().into_iter().find(|dialect| dialect.name == name).expect(name)
}

fn encode(dialect_name: &str, event: &Event) -> Vec<u8> {
    dialect(dialect_name).bytes(event).to_vec()
}

/// What a line dialect says.
fn shown(event: &Event) -> String {
    String::from_utf8(encode("line-en", event)).unwrap()
}

/// The bodies of a row of frames.
fn bodies(mut bytes: &[u8]) -> Vec<String> {
    let mut bodies = Vec::new();
    while !bytes.is_empty() {
        let frame::Cut::Whole(length) = frame::cut(bytes, usize::MAX) else {
            panic!("no whole frame: {bytes:?}");
        };
        let (body, rest) = bytes[frame::HEADER..].split_at(length);
        bodies.push(String::from_utf8(body.to_vec()).unwrap());
        bytes = rest;
    }
    bodies
}

/// A command in the words of docs/protocol.md.
#[expect(clippy::too_many_lines, reason = "a table")]
fn describe(command: &Command) -> String {
    let refusal = |what: &str, refusal: &hubbub::protocol::Refusal| {
        let reference = refusal
            .reference
            .as_ref()
            .map_or(String::new(), |reference| format!(" ref={}", reference.as_str()));
        let detail = refusal.detail.as_ref().map_or(String::new(), |detail| format!(": {detail}"));
        format!("{what} {}{reference}{detail}", refusal.code.name())
    };
    match command {
        Command::Hello(hello) => {
            let device = hello.device.as_ref().map_or("none", |device| device.as_str());
            let receipts = if hello.receipts { " receipts" } else { "" };
            let quiet = if hello.quiet { " quiet" } else { "" };
            format!("hello client={:?} device={device}{receipts}{quiet}", hello.client)
        }
        Command::Code(code) => format!("code {}", code.reveal()),
        Command::Register { id, password, name, code } => {
            let id = id.map_or("any".to_owned(), |id| id.to_string());
            let name =
                name.as_ref().map_or("none".to_owned(), |name| format!("{:?}", name.as_str()));
            let code =
                code.as_ref().map_or(String::new(), |code| format!(" code={}", code.reveal()));
            format!("register id={id} password={} name={name}{code}", password.reveal())
        }
        Command::Login { who: account, password } => {
            format!("login {} password={}", who(account), password.reveal())
        }
        Command::Passwd { old, new } => format!("passwd {} {}", old.reveal(), new.reveal()),
        Command::Send { .. } => describe_send(command),
        Command::Who => "who".to_owned(),
        Command::DeleteAccount { password, erase } => {
            let how = if *erase { " erase" } else { "" };
            format!("delete-account {}{how}", password.reveal())
        }
        Command::Export { goes_on } => format!("export{}", if *goes_on { " more" } else { "" }),
        Command::Devices => "devices".to_owned(),
        Command::EndDevice(None) => "end-device nameless".to_owned(),
        Command::EndDevice(Some(device)) => format!("end-device {:?}", device.as_str()),
        Command::Absence(None) => "here".to_owned(),
        Command::Absence(Some(absence)) => {
            format!("{} {:?}", absence.kind.name(), absence.words())
        }
        Command::Ignore { who: whom, is_so: true } => format!("ignore {}", who(whom)),
        Command::Ignore { who: whom, is_so: false } => format!("unignore {}", who(whom)),
        Command::Ignored => "ignored".to_owned(),
        Command::Typing(to) => format!("typing {}", place(to)),
        Command::Rename(name) => format!("rename {:?}", name.as_str()),
        Command::Resume { token, epoch, positions } => {
            let held: Vec<_> =
                positions.iter().map(|(room, id)| format!("{room}:{}", id.0)).collect();
            format!("resume {} epoch={epoch} held={}", token.reveal(), held.join(" "))
        }
        Command::Read { room, up_to } => format!("read {room} {}", up_to.0),
        Command::Receipts(shown) => {
            format!("receipts delivered={} read={}", shown.delivered, shown.read)
        }
        Command::Received { room, up_to } => format!("received {room} {}", up_to.0),
        Command::Ping => "ping".to_owned(),
        Command::Help => "help".to_owned(),
        Command::Logout => "logout".to_owned(),
        Command::Bad(bad) => refusal("refused", bad),
        Command::BadLogin(bad) => refusal("login-refused", bad),
        Command::BadRegister(bad) => refusal("register-refused", bad),
        other => describe_room(other),
    }
}

fn describe_send(command: &Command) -> String {
    let Command::Send { to, text, reference, about } = command else { panic!("{command:?}") };
    let to = place(to);
    let reference = reference.as_ref().map_or(String::new(), |r| format!(" ref={}", r.as_str()));
    let (what, aim) = match about {
        None => ("send", String::new()),
        Some((what, Which::Id(id))) => (what.name(), format!(" #{}", id.0)),
        Some((what, Which::OwnLast)) => (what.name(), " last".to_owned()),
    };
    format!("{what} {to}{aim} {:?}{reference}", text.as_str())
}

fn describe_room(command: &Command) -> String {
    match command {
        Command::Create { name, kind, guests } => {
            format!("create {name} {} guests={guests}", kind.name())
        }
        Command::Room(place, ask) => format!("{} {}", describe_ask(ask), room(place)),
        Command::Sanctions(place) => format!("sanctions {}", room(place)),
        Command::Deeds(limit) => format!("deeds {limit}"),
        Command::Entry(EntryAsk::Pending) => "pending".to_owned(),
        Command::Entry(EntryAsk::Approve(whom)) => format!("approve {whom}"),
        Command::Entry(EntryAsk::Reject(whom, why)) => {
            let why = why.as_ref().map_or(String::new(), |why| format!(" {:?}", why.as_str()));
            format!("reject {whom}{why}")
        }
        Command::Rooms(after) => {
            format!("rooms after={}", after.as_ref().map_or("", |name| name.as_str()))
        }
        Command::History { room: place, span, limit } => {
            let span = match span {
                Span::Last => "last".to_owned(),
                Span::Before(id) => format!("before {}", id.0),
                Span::After(id) => format!("after {}", id.0),
                Span::Since(time) => format!("since {}", time.0),
            };
            format!("history {} {span} limit={limit}", room(place))
        }
        Command::Search(Search { within, query, from, before, limit }) => {
            let before = before.map_or(String::new(), |before| format!(" before {before}"));
            let from = from.map_or(String::new(), |from| format!(" from {from}"));
            let within = within.as_ref().map_or("everywhere".to_owned(), room);
            format!("search {within} {:?}{from}{before} limit={limit}", query.as_str())
        }
        Command::Members(place, after) => {
            format!("members {} after={}", room(place), after.map_or(0, |id| id.0))
        }
        other => panic!("{other:?} is not about rooms"),
    }
}

fn room(room: &RoomRef) -> String {
    match room {
        RoomRef::Here => "here".to_owned(),
        RoomRef::Id(id) => id.to_string(),
        RoomRef::Name(name) => name.to_string(),
    }
}

fn who(who: &Who) -> String {
    match who {
        Who::Id(id) => format!("id={id}"),
        Who::Named(key) => format!("name={:?}", key.as_str()),
    }
}

fn place(to: &To) -> String {
    match to {
        To::Lobby => "lobby".to_owned(),
        To::One(one) => who(one),
        To::Room(place) => room(place),
    }
}

fn describe_ask(ask: &RoomAsk) -> String {
    match ask {
        RoomAsk::Join => "join".to_owned(),
        RoomAsk::Part => "part".to_owned(),
        RoomAsk::Close => "close".to_owned(),
        RoomAsk::Topic(None) => "topic?".to_owned(),
        RoomAsk::Topic(Some(topic)) => format!("topic {:?}", topic.as_str()),
        RoomAsk::Invite(whom) => format!("invite {}", who(whom)),
        RoomAsk::Kick(whom, None) => format!("kick {}", who(whom)),
        RoomAsk::Kick(whom, Some(why)) => format!("kick {} {:?}", who(whom), why.as_str()),
        RoomAsk::Role(whom, role) => format!("role {} {}", who(whom), role.name()),
        RoomAsk::Set(kind, guests) => format!("set {} guests={guests}", kind.name()),
        RoomAsk::Order(order) => describe_order(order),
    }
}

fn describe_order(order: &Order) -> String {
    let aim = match &order.aim {
        Aim::Who(Who::Id(id)) => format!("id={id}"),
        Aim::Who(Who::Named(key)) => format!("name={:?}", key.as_str()),
        Aim::Against(against) => format!("against={against}"),
    };
    let measure = order.measure.name();
    let Some(terms) = &order.terms else { return format!("un{measure} {aim}") };
    let every = (terms.every > 0).then(|| format!(" every={}", terms.every));
    let lasts = terms.lasts.map(|seconds| format!(" for={seconds}"));
    let reason = terms.reason.as_ref().map(|reason| format!(" {:?}", reason.as_str()));
    let rest: String = [every, lasts, reason].into_iter().flatten().collect();
    format!("{measure} {aim}{rest}")
}

fn member(id: i64, name: &str) -> Member {
    let (id, name) = (UserId(id), name.into());
    Member { id, name, address: "127.0.0.1:5000".into(), absence: None }
}

/// Busy or away, by its name, with these words.
fn absent(id: i64, name: &str, kind: &str, words: &str) -> Member {
    let kind = AbsenceKind::from_name(kind).unwrap();
    let absence = Absence { kind, note: AbsenceNote::new(words) };
    Member { absence: Some(Arc::new(absence)), ..member(id, name) }
}

fn welcome(online: Vec<Member>) -> Event {
    Event::Welcome(Welcome {
        me: member(100, "tom"),
        n_online: online.len(),
        online: online.into(),
        epoch: "01JD".into(),
    })
}

/// Of 100, called tom, at 2026-11-20 23:37:11.
fn message(room: RoomId, text: &str) -> Arc<Message> {
    Arc::new(Message {
        id: MessageId(7),
        room,
        sender: UserId(100),
        name: "tom".into(),
        time: Millis(1_795_217_831_000),
        text: Text::new(text).unwrap(),
        reference: Reference::new("r1").unwrap(),
        about: None,
    })
}

/// The same message, about message 5.
fn message_about(what: What, room: RoomId, text: &str) -> Arc<Message> {
    let about = Some(About { id: MessageId(5), what });
    let text = Text::of(Some(what), text).unwrap();
    Arc::new(Message { about, text, ..(*message(room, "-")).clone() })
}

fn said(room: RoomId, text: &str) -> Event {
    Event::Said { message: message(room, text), address: "127.0.0.1:5000".into(), room: None }
}

fn replayed(message: Arc<Message>) -> Event {
    Event::Replayed { message, edited: None, room: None }
}

const PRIVATE: RoomId = RoomId::Pair(UserId(100), UserId(200));
