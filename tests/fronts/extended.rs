//! Clients that said hello. The bytes of each event stand in docs/protocol.md.

use hubbub::protocol::frame::{self, HELLO_LIMIT};
use hubbub::protocol::{Event, Member, RoomId, wire};
use proptest::prelude::*;

use super::{PRIVATE, bodies, body, decode, describe, encode, member, said};

fn hello(data: &str) -> String {
    body(&format!(r#"{{"type":"HelloMes","data":{}}}"#, frame::go_json(&data)))
}

#[test]
fn a_hello_must_be_one_that_can_be_kept() {
    assert_eq!(hello(r#"{"version":2,"features":["x"]}"#), r#"hello client="" device=none"#);
    assert_eq!(hello(r#"{"version":1,"frameLimit":0}"#), r#"hello client="" device=none"#);
    for bad in [
        "{}",
        r#"{"version":0}"#,
        r#"{"version":1,"frameLimit":65535}"#,
        r#"{"version":1,"frameLimit":-1}"#,
        r#"{"version":1,"device":"a\u0007b"}"#,
        r#"{"version":1,"features":"received"}"#,
    ] {
        assert_eq!(hello(bad), "refused bad_request", "{bad}");
    }
    // What a client calls itself ends in the log.
    let client = format!(r#"{{"version":1,"client":"a\n\u001b{}"}}"#, "b".repeat(100));
    assert_eq!(hello(&client), format!("hello client=\"a{}\" device=none", "b".repeat(63)));
}

#[test]
fn a_list_comes_in_as_many_frames_as_it_takes() {
    let name = "<".repeat(64);
    let crowd: Vec<Member> = (1..=4_000).map(|id| member(id, &name)).collect();
    let sent = bodies(&encode("frame", &Event::Listed(crowd.into())));
    let mut known = Vec::new();
    for (at, body) in sent.iter().enumerate() {
        assert!(body.len() <= HELLO_LIMIT);
        let frame: wire::Frame = serde_json::from_str(body).unwrap();
        let page: wire::WhoRes = serde_json::from_str(&frame.data).unwrap();
        assert_eq!(page.more, at + 1 < sent.len());
        known.extend(page.online.iter().map(|person| person.user_id));
    }
    assert_eq!(known, (1..=3_000).collect::<Vec<i64>>(), "after a login a long list is cut");
}

#[test]
fn who_came_and_left_is_named_unless_they_are_very_many() {
    let kinds = |came: i64, left: i64| -> Vec<wire::Frame> {
        let people = |ids: std::ops::Range<i64>| ids.map(|id| member(id, "x")).collect();
        let (came, left) = (people(1..came + 1), people(1_000..1_000 + left));
        let sent = bodies(&encode("frame", &Event::Crowd { came, left, n_online: 9_000 }));
        sent.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    };
    let named = kinds(30, 20);
    assert_eq!(named.len(), 50);
    assert!(named.iter().all(|frame| frame.kind == wire::kind::NOTIFY));
    let [counted] = &*kinds(31, 20) else { panic!("one frame for them all") };
    assert_eq!(counted.kind, wire::kind::CROWD);
    let counted: wire::Crowd = serde_json::from_str(&counted.data).unwrap();
    assert_eq!(counted, wire::Crowd { n_online: 9_000, came: 31, left: 20 });
}

#[test]
fn the_longest_text_is_one_frame() {
    for text in ["<".repeat(8_000), "\u{1}".repeat(8_000)] {
        let sent = bodies(&encode("frame", &said(PRIVATE, &text)));
        assert_eq!(sent.len(), 1);
        assert!(sent[0].len() <= HELLO_LIMIT);
    }
}

proptest! {
    /// What our client writes is what the server reads.
    #[test]
    fn a_send_is_read_as_it_was_written(
        text in "[^\\x00]{1,500}",
        to in prop::option::of(1_i64..),
        reference in prop::option::of("[a-zA-Z0-9-]{1,64}"),
    ) {
        let sms = wire::Sms {
            content: text.clone(),
            to_user_id: to,
            client_ref: reference.clone(),
            ..wire::Sms::default()
        };
        let mut bytes = Vec::new();
        frame::encode(wire::kind::SMS, &sms, &mut bytes);
        let (commands, end) = decode("frame", &bytes);
        prop_assert_eq!(end, Ok(()));
        let to = to.map_or("lobby".to_owned(), |id| format!("id={id}"));
        let reference = reference.map_or(String::new(), |reference| format!(" ref={reference}"));
        prop_assert_eq!(describe(&commands[0]), format!("send {to} {text:?}{reference}"));
    }

    /// What the server writes is what our client reads, text for text.
    #[test]
    fn a_text_arrives_as_it_was_sent(text in "[^\\x00]{1,500}") {
        let sent = bodies(&encode("frame", &said(RoomId::Lobby, &text)));
        let frame: wire::Frame = serde_json::from_str(&sent[0]).unwrap();
        let sms: wire::Sms = serde_json::from_str(&frame.data).unwrap();
        prop_assert_eq!(sms.content, text);
    }
}
