//! Events to bytes and bytes to commands, in every dialect; and one event for a whole room.

use std::hint::black_box;
use std::sync::Arc;

use hubbub::envelope::{Dialect, Envelope};
use hubbub::front::{self, Speech};
use hubbub::protocol::{Event, Message, MessageId, Millis, Reference, RoomId, Text, UserId};
use hubbub::texts::Lang;

use crate::harness::measure;

/// 100 bytes, some of which JSON has to escape.
pub fn text() -> Text {
    let text = "Nice <name>. Soup? \"Yes\" & thanks; a text as people write it, of one hundred bytes and no more!!!!!!";
    assert_eq!(text.len(), 100);
    Text::new(text).unwrap()
}

fn said() -> Event {
    let message = Message {
        id: MessageId(123_456),
        room: RoomId::Lobby,
        sender: UserId(100),
        name: "tom".into(),
        time: Millis(1_795_217_831_000),
        text: text(),
        reference: Reference::new("r1").unwrap(),
        about: None,
    };
    Event::Said { message: Arc::new(message), address: "127.0.0.1:5000".into(), room: None }
}

fn dialects() -> Vec<&'static Dialect> {
    let dialect = |name, hello| {
        let speech = Speech { hello, lang: Lang::En, private_as_group: false };
        (front::named(name).unwrap().dialect)(speech)
    };
    vec![dialect("frame", false), dialect("frame", true), dialect("line", false)]
}

pub fn run() {
    let event = said();
    for dialect in dialects() {
        let mut bytes = Vec::new();
        measure(&format!("codec: a message as {}", dialect.name), 1, || {
            bytes.clear();
            (dialect.encode)(black_box(&event), &mut bytes);
        });
    }
    let content = "x".repeat(100);
    let body = format!(
        r#"{{"type":"SmsMes","data":"{{\"content\":\"{content}\",\"userId\":0,\"userPwd\":\"\",\"userName\":\"\",\"userStatus\":0,\"sex\":\"\",\"clientRef\":\"r1\"}}"}}"#
    );
    let frame = [&(body.len() as u32).to_be_bytes()[..], body.as_bytes()].concat();
    decode("frame", &frame);
    decode("line", format!("{content}\n").as_bytes());
}

/// 64 commands in one read.
fn decode(name: &str, command: &[u8]) {
    let bytes = command.repeat(64);
    let mut decoder = (front::named(name).unwrap().decoder)();
    let mut commands = Vec::new();
    measure(&format!("codec: a text read from a {name}"), 64, || {
        commands.clear();
        decoder.decode(black_box(&bytes), &mut commands).unwrap();
        assert_eq!(commands.len(), 64);
    });
}

/// The first to need the bytes makes them; for all others it is a reference.
pub fn envelope() {
    let event = Arc::new(said());
    let dialect = dialects()[1];
    measure("envelope: for the first", 1, || {
        black_box(Envelope::new(Arc::clone(&event)).bytes(dialect));
    });
    let envelope = Envelope::new(event);
    measure("envelope: for each after it", 1, || {
        black_box(envelope.bytes(dialect));
    });
}
