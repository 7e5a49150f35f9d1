//! Clients that did not say hello: unchanged ones of the Go course project, and its forks.

use hubbub::protocol::frame::{COURSE_LIMIT, HEADER, HELLO_LIMIT, MAX_DEPTH};
use hubbub::protocol::{Event, Farewell, Member, Refusal, RoomId, UserId, wire};
use proptest::prelude::*;

use super::{
    PRIVATE, bodies, body, decode, describe, dialect, encode, framed, member, message, said,
    welcome,
};

#[test]
fn the_private_texts_of_the_forks_are_read() {
    let to_one = "send id=200 \"p\"";
    for (sent, read) in [
        // KevinJosephDavis
        (
            r#"{"type":"SmsPrivateMes","data":"{\"content\":\"p\",\"sender\":{\"userId\":100,\"userPwd\":\"\",\"userName\":\"tom\",\"userStatus\":0,\"gender\":\"\"},\"receiverID\":200}"}"#,
            to_one,
        ),
        // liwilljinx
        (
            r#"{"type":"SmsMes","data":"{\"content\":\"p\",\"user\":{\"userId\":100,\"userPwd\":\"\",\"userName\":\"tom\",\"userStatus\":1},\"type\":\"Private\",\"recUserId\":200}"}"#,
            to_one,
        ),
        // MoroCore
        (r#"{"type":"SmsMesOne","data":"{\"context\":\"p\",\"toUserId\":200}"}"#, to_one),
        // qianlicao51
        (r#"{"type":"SmsPrivateMes","data":"{\"content\":\"p\",\"chatUserID\":200}"}"#, to_one),
        (r#"{"type":"SmsOneMes","data":"{\"content\":\"p\",\"receiveUserId\":200}"}"#, to_one),
        (r#"{"type":"PrivateMes","data":"{\"content\":\"p\",\"TargetId\":200}"}"#, to_one),
        // Nobody named: to all, but never where the type says private.
        (r#"{"type":"SmsMes","data":"{\"content\":\"p\",\"toUserId\":0}"}"#, "send lobby \"p\""),
        (r#"{"type":"SmsMes","data":"{\"content\":\"p\",\"toUserId\":null}"}"#, "send lobby \"p\""),
        (r#"{"type":"SmsMes","data":"{\"content\":\"p\",\"toUserId\":\"\"}"}"#, "send lobby \"p\""),
        (r#"{"type":"SmsPrivateMes","data":"{\"content\":\"p\"}"}"#, "refused bad_request"),
    ] {
        assert_eq!(body(sent), read, "{sent}");
    }
}

#[test]
fn keys_types_and_logins_of_the_forks_are_read() {
    let login = "login id=100 password=x";
    for (sent, read) in [
        (r#"{"data":"{\"userPwd\":\"x\",\"userId\":100}","type":"LoginMes"}"#, login),
        (r#"{"Type":"LoginMes","DATA":"{\"UserID\":100,\"userpsd\":\"x\"}"}"#, login),
        (
            r#" {"type" : "Loginmes", "data" : " {\"userid\":100, \"userPassword\":\"x\"} "} "#,
            login,
        ),
        (
            r#"{"type":"LoginMesType","data":"{\"userId\":100,\"userPwd\":\"x\",\"userName\":null}"}"#,
            login,
        ),
        // An exact match goes before one that differs in case, a canonical key before others.
        (
            r#"{"type":"LoginMes","data":"{\"userId\":100,\"USERID\":7,\"userpsd\":\"y\",\"userPwd\":\"x\",\"userPassword\":\"z\"}"}"#,
            login,
        ),
        (
            r#"{"type":"LoginMes","data":"{\"userId\":9223372036854775807,\"userPwd\":\"x\"}"}"#,
            "login id=9223372036854775807 password=x",
        ),
        (
            r#"{"type":"LoginMes","data":"{\"userId\":-5,\"userPwd\":\"x\"}"}"#,
            "login id=-5 password=x",
        ),
        (
            r#"{"type":"LoginMes","data":"{\"userId\":100,\"userPwd\":\"\"}"}"#,
            "login-refused wrong_password",
        ),
        (r#"{"type":"LoginMes","data":"null"}"#, "login-refused wrong_password"),
        (r#"{"type":"LoginMes","data":"{\"userId\":\"100\"}"}"#, "login-refused bad_request"),
        (r#"{"type":"LoginMes","data":"{\"userId\":1.0}"}"#, "login-refused bad_request"),
        (
            r#"{"type":"LoginMes","data":"{\"userId\":9223372036854775808}"}"#,
            "login-refused bad_request",
        ),
        (r#"{"type":"LoginMes","data":"[]"}"#, "login-refused bad_request"),
        (r#"{"type":"LoginMes","data":"{} x"}"#, "login-refused bad_request"),
        (r#"{"type":"LoginMes"}"#, "login-refused bad_request"),
        (
            r#"{"type":"RegisterMesType","data":"{\"User\":{\"userId\":100,\"userPwd\":\"x\",\"userName\":\"100\"}}"}"#,
            "register id=100 password=x name=none",
        ),
        (
            r#"{"type":"RegisterMes","data":"{\"user\":{\"userId\":100,\"userPwd\":\"x\",\"userName\":\"101\"}}"}"#,
            "register-refused bad_name",
        ),
        (
            r#"{"type":"RegisterMes","data":"{\"user\":{\"userId\":100}}"}"#,
            "register-refused bad_password",
        ),
        (r#"{"type":"RegisterMes","data":"{\"user\":7}"}"#, "register-refused bad_request"),
        (r#"{"type":"SignOutMes","data":""}"#, "logout"),
        (r#"{"type":"LogoutMes","data":"{\"userId\":100}"}"#, "logout"),
        ("{}", "refused unknown_command"),
        ("null", "refused unknown_command"),
    ] {
        assert_eq!(body(sent), read, "{sent}");
    }
}

#[test]
fn a_reference_is_kept_where_a_send_is_refused_and_must_be_good() {
    let sms = |content: &str, reference: &str| {
        body(&format!(
            r#"{{"type":"SmsMes","data":"{{\"content\":\"{content}\",\"clientRef\":\"{reference}\"}}"}}"#
        ))
    };
    assert_eq!(sms("hi", "r1"), "send lobby \"hi\" ref=r1");
    assert_eq!(sms("hi", ""), "send lobby \"hi\"");
    assert_eq!(sms("", "r1"), "refused empty_text ref=r1");
    assert_eq!(sms("\\\\u0000", "r1"), "refused bad_text ref=r1");
    assert_eq!(sms(&"x".repeat(8_001), "r1"), "refused text_too_long ref=r1".to_owned());
    assert_eq!(sms("hi", &"r".repeat(65)), "refused bad_request");
    assert_eq!(sms("hi", "\\\\u0001"), "refused bad_request");
}

#[test]
fn what_is_no_envelope_ends_the_connection() {
    for body in ["[]", "7", "{", "{}{}", r#"{"type":7}"#, r#"{"type":"LoginMes","data":{}}"#] {
        let (commands, end) = decode("frame", &framed(body));
        assert_eq!((commands, end), (vec![], Err(Farewell::BadFraming)), "{body}");
    }
    assert_eq!(decode("frame", &[0; HEADER]).1, Err(Farewell::BadFraming));
}

#[test]
fn a_body_has_a_limit_that_a_hello_lifts() {
    let longest = |limit: usize| {
        let around = framed(r#"{"type":"WhoMes","data":""}"#).len() - HEADER;
        framed(&format!(r#"{{"type":"WhoMes","data":"{}"}}"#, "x".repeat(limit - around)))
    };
    let described = |bytes: &[u8]| {
        let (commands, end) = decode("frame", bytes);
        (commands.iter().map(describe).collect::<Vec<_>>().join(", "), end)
    };
    assert_eq!(described(&longest(COURSE_LIMIT)), ("who".to_owned(), Ok(())));
    assert_eq!(described(&longest(COURSE_LIMIT + 1)), (String::new(), Err(Farewell::TooLong)));
    let hello = framed(r#"{"type":"HelloMes","data":"{\"version\":1}"}"#);
    let greeted = |limit: usize| described(&[hello.clone(), longest(limit)].concat());
    let greeting = "hello client=\"\" device=none".to_owned();
    assert_eq!(greeted(HELLO_LIMIT), (format!("{greeting}, who"), Ok(())));
    assert_eq!(greeted(HELLO_LIMIT + 1), (greeting, Err(Farewell::TooLong)));
    let bad_hello = framed(r#"{"type":"HelloMes","data":"{\"version\":0}"}"#);
    let refused = described(&[bad_hello, longest(COURSE_LIMIT + 1)].concat());
    assert_eq!(refused, ("refused bad_request".to_owned(), Err(Farewell::TooLong)));
}

/// Runs on a stack as small as a connection's.
#[test]
fn nesting_is_refused_before_it_is_read() {
    let refuse = || {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let hello = framed(r#"{"type":"HelloMes","data":"{\"version\":1}"}"#);
        let in_body = |levels| {
            let body = format!(r#"{{"x":{},"type":"WhoMes"}}"#, deep(levels));
            decode("frame", &[hello.clone(), framed(&body)].concat())
        };
        let in_data = |levels| {
            body(&format!(
                r#"{{"type":"SmsMes","data":"{{\"x\":{},\"content\":\"a\"}}"}}"#,
                deep(levels)
            ))
        };
        assert_eq!(in_body(MAX_DEPTH - 1).1, Ok(()));
        assert_eq!(in_body(MAX_DEPTH).1, Err(Farewell::BadFraming));
        assert_eq!(in_body(30_000).1, Err(Farewell::BadFraming));
        assert_eq!(in_body(100_000).1, Err(Farewell::TooLong));
        assert_eq!(in_data(MAX_DEPTH - 1), "send lobby \"a\"");
        assert_eq!(in_data(MAX_DEPTH), "refused bad_request");
        assert_eq!(in_data(4_000), "refused bad_request");
    };
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    #[expect(clippy::disallowed_methods, reason = "the stack shall be as small as a connection's")]
    let thread = small.spawn(refuse).unwrap();
    thread.join().unwrap();
}

/// What went out, read back: the fields of each `SmsMes`.
fn texts(bytes: &[u8]) -> Vec<wire::Sms> {
    bodies(bytes)
        .iter()
        .inspect(|body| assert!(body.len() <= COURSE_LIMIT, "{} bytes of body", body.len()))
        .map(|body| serde_json::from_str::<wire::Frame>(body).unwrap())
        .map(|frame| serde_json::from_str(&frame.data).unwrap())
        .collect()
}

#[test]
fn the_longest_texts_fit_in_pieces() {
    for text in ["<".repeat(8_000), "\"".repeat(8_000), "你".repeat(2_666), "\u{1b}".repeat(8_000)]
    {
        for room in [RoomId::Lobby, PRIVATE] {
            let sent = texts(&encode("course", &said(room, &text)));
            let joined: String = sent.iter().map(|sms| sms.content.as_str()).collect();
            assert_eq!(joined, text.replace('\u{1b}', "\u{fffd}"));
            assert!(sent.iter().all(|sms| sms.user_id == 100 && sms.user_name == "tom"));
        }
    }
}

#[test]
fn the_name_is_left_out_only_where_that_makes_one_frame_of_two() {
    let fits = |text_len: usize| {
        let sent = texts(&encode("course", &said(RoomId::Lobby, &"x".repeat(text_len))));
        let names: Vec<String> = sent.into_iter().map(|sms| sms.user_name).collect();
        names.join(",")
    };
    let around = encode("course", &said(RoomId::Lobby, "x")).len() - HEADER - 1;
    let longest = COURSE_LIMIT - around;
    assert_eq!(fits(longest), "tom");
    assert_eq!(fits(longest + 1), "");
    assert_eq!(fits(longest + 3), "");
    assert_eq!(fits(longest + 4), "tom,tom");
}

#[test]
fn a_long_list_is_cut_at_the_limit_and_continued() {
    let crowd: Vec<Member> = (0..3_000).map(|n| member(1_000_000_000 + n, "x")).collect();
    let sent = bodies(&encode("course", &welcome(crowd)));
    assert!(sent[0].len() <= COURSE_LIMIT && sent[0].len() > COURSE_LIMIT - 12);
    let reply: wire::Frame = serde_json::from_str(&sent[0]).unwrap();
    let reply: wire::LoginRes = serde_json::from_str(&reply.data).unwrap();
    let mut known = reply.users_id.unwrap();
    assert_eq!(known.remove(0), 100, "oneself, who is not on the list yet");
    assert_eq!(sent.len(), 1 + 1_000);
    for body in &sent[1..] {
        let frame: wire::Frame = serde_json::from_str(body).unwrap();
        let notify: wire::Notify = serde_json::from_str(&frame.data).unwrap();
        assert_eq!((frame.kind.as_str(), notify.status), ("NotifyUserStatusMes", 0));
        known.push(notify.user_id);
    }
    let first: Vec<i64> = (0..).map(|n| 1_000_000_000 + n).take(known.len()).collect();
    assert_eq!(known, first);
}

#[test]
fn a_summary_is_told_one_by_one_up_to_a_thousand() {
    let many: Vec<Member> = (1..=2_000).map(|n| member(n, "x")).collect();
    let crowd = Event::Crowd { came: many.into(), left: vec![].into(), n_online: 2_000 };
    assert_eq!(bodies(&encode("course", &crowd)).len(), 1_000);
}

/// What a Go client that waits for `LoginResMes` makes of a last word: no `code`, so 0.
#[test]
fn a_last_word_is_never_taken_for_a_good_login() {
    for (why, _) in Farewell::NAMES {
        for body in bodies(&encode("course", &Event::Farewell(*why))) {
            let frame: wire::Frame = serde_json::from_str(&body).unwrap();
            let read: wire::LoginRes = serde_json::from_str(&frame.data).unwrap();
            assert_eq!((read.code, read.user_name.as_deref()), (0, Some("系统")), "{why:?}");
        }
    }
}

#[test]
fn what_the_original_does_not_know_is_not_said() {
    let refused = Event::Refused(Refusal::of(hubbub::protocol::ErrorCode::BadRequest));
    for event in [refused, Event::Pong, Event::PasswdDone, Event::Online(vec![].into())] {
        for name in ["course", "course-group"] {
            assert!(encode(name, &event).is_empty(), "{event:?}");
        }
    }
}

#[test]
fn control_sequences_of_terminals_are_taken_out_and_line_breaks_are_not() {
    let mut told = (*message(RoomId::Lobby, "a\u{1b}[2J\u{9b}\n\t\u{7f}b")).clone();
    told.name = "t\u{1b}m".into();
    let sent = texts(&encode("course", &super::replayed(told.into())));
    assert_eq!(sent[0].content, "a\u{fffd}[2J\u{fffd}\n\t\u{7f}b");
    assert_eq!(sent[0].user_name, "t\u{fffd}m");
}

proptest! {
    /// Whatever is said: no body above the limit, nothing lost, nothing added.
    #[test]
    fn a_text_goes_out_whole(
        text in "[\\x01-\\x7f你<>&\"\\\\\u{80}-\u{a0}\u{2028}😀]{1,2000}",
        name in "[a-z<\"你]{1,30}",
        private in any::<bool>(),
    ) {
        let room = if private { PRIVATE } else { RoomId::Lobby };
        let mut told = (*message(room, &text)).clone();
        told.name = name.as_str().into();
        told.sender = UserId(100);
        let bytes = encode("course", &super::replayed(told.into()));
        let sent = texts(&bytes);
        let joined: String = sent.iter().map(|sms| sms.content.as_str()).collect();
        let marked = |c| matches!(c, '\u{1b}' | '\u{80}'..='\u{9f}');
        let expected: String =
            text.chars().map(|c| if marked(c) { '\u{fffd}' } else { c }).collect();
        prop_assert_eq!(joined, expected);
        prop_assert!(sent.len() == 1 || sent.iter().all(|sms| sms.user_name == name));
    }

    /// Whatever the segment size: writes end at frame borders, hold as many frames as fit, and
    /// together are all bytes.
    #[test]
    fn writes_end_where_frames_end(
        lengths in prop::collection::vec(1_usize..3_000, 1..20),
        segment in 1_usize..4_000,
    ) {
        let frames: Vec<Vec<u8>> = lengths.iter().map(|n| framed(&"x".repeat(*n))).collect();
        let bytes = frames.concat();
        let cut = dialect("course").cut.unwrap();
        let (mut rest, mut frames) = (&bytes[..], frames.iter().peekable());
        while !rest.is_empty() {
            let (write, later) = rest.split_at(cut(rest, segment));
            let mut filled = frames.next().unwrap().len();
            while let Some(frame) = frames.next_if(|frame| filled + frame.len() <= segment) {
                filled += frame.len();
            }
            prop_assert_eq!(write.len(), filled);
            rest = later;
        }
    }
}
