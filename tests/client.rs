//! The connection library against a server that the test plays by hand, frame by frame.

mod fake;
mod full;
mod menu;
mod plain;

use std::time::Duration;

use hubbub::client::{Ask, Client, Config, ConnectError, Lost, OrderError, Update, Updates};
use hubbub::clock;
use hubbub::protocol::wire::{self, kind};
use hubbub::protocol::{Device, ErrorCode, MessageId, Password, RoomId, Text, UserId, Who};

use fake::{DEADLINE, FakeServer, Peer};

const ME: i64 = 100;

fn start(server: &FakeServer) -> (Client, Updates) {
    let mut config = Config::new(server.address(), "test/1");
    config.device = Device::new("desk");
    Client::start(config).unwrap()
}

/// A client that is logged in, and the server's end of its connection.
fn logged_in(server: &FakeServer) -> (Client, Updates, Peer) {
    let (client, updates) = start(server);
    client.login(Who::Id(UserId(ME)), Password::new("secret").unwrap()).unwrap();
    let mut peer = server.accept();
    peer.let_in(ME, "one");
    assert!(matches!(next(&updates), Update::Connected { .. }));
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));
    (client, updates, peer)
}

fn next(updates: &Updates) -> Update {
    updates.next(DEADLINE).expect("an update within the deadline")
}

fn send(client: &Client, text: &str) -> String {
    client.send(None, Text::new(text).unwrap()).unwrap().as_str().to_owned()
}

fn said_id(update: Update) -> u64 {
    match update {
        Update::Said(said) => said.id.0,
        other => panic!("not said: {other:?}"),
    }
}

#[test]
fn a_client_says_hello_logs_in_sends_and_is_told_that_it_is_stored() {
    let server = FakeServer::start();
    let (client, updates) = start(&server);
    client.login(Who::Id(UserId(ME)), Password::new("secret").unwrap()).unwrap();
    let mut peer = server.accept();
    let hello: wire::Hello = peer.expect(kind::HELLO);
    assert_eq!((hello.version, hello.device.as_str(), hello.frame_limit), (1, "desk", 65_536));
    assert_eq!(hello.features, ["received"]);
    peer.say(kind::HELLO_RES, &wire::HelloRes { server: "fake".into(), ..Default::default() });
    let login: wire::Login = peer.expect(kind::LOGIN);
    assert_eq!((login.user_id, login.user_pwd.as_str()), (ME, "secret"));
    peer.accept_login(ME, "one");
    assert_eq!(next(&updates), Update::Connected { server: "fake".into() });
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));

    let reference = send(&client, "hi");
    let sms: wire::Sms = peer.expect(kind::SMS);
    assert_eq!((sms.content.as_str(), sms.client_ref.as_deref()), ("hi", Some(&*reference)));
    peer.ack(&reference, 7);
    match next(&updates) {
        Update::Sent { reference: sent, id: MessageId(7), room: RoomId::Lobby, .. } => {
            assert_eq!(sent.as_str(), reference);
        }
        other => panic!("{other:?}"),
    }

    let private = client.send(Some(UserId(200)), Text::new("psst").unwrap()).unwrap();
    let sms: wire::Sms = peer.expect(kind::SMS_PRIVATE);
    assert_eq!((sms.to_user_id, sms.client_ref), (Some(200), Some(private.as_str().to_owned())));
    assert!(private.as_str() > reference.as_str(), "references increase");
}

#[test]
fn a_send_is_repeated_under_its_reference_after_a_cut() {
    let server = FakeServer::start();
    let (client, updates, mut peer) = logged_in(&server);
    let (first, second) = (send(&client, "one"), send(&client, "two"));
    assert_eq!(peer.expect::<wire::Sms>(kind::SMS).client_ref.as_ref(), Some(&first));
    drop(peer);
    assert!(matches!(next(&updates), Update::Disconnected { retry_in: Some(_), .. }));
    let third = send(&client, "three");
    let mut peer = server.accept();
    peer.let_in(ME, "one");
    for reference in [&first, &second, &third] {
        assert_eq!(peer.expect::<wire::Sms>(kind::SMS).client_ref.as_ref(), Some(reference));
    }
    peer.ack(&first, 1);
    peer.ack(&first, 1);
    peer.ack(&second, 2);
    assert!(matches!(next(&updates), Update::Connected { .. }));
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));
    for id in [1, 2] {
        assert!(matches!(next(&updates), Update::Sent { id: MessageId(n), .. } if n == id));
    }
    let unsent = client.close(Duration::ZERO).unwrap();
    assert_eq!(unsent[0].reference.as_str(), third);
}

#[test]
fn a_message_is_handed_on_once_over_a_cut_and_told_to_the_server_when_dealt_with() {
    let server = FakeServer::start();
    let (_client, updates, mut peer) = logged_in(&server);
    (1..=2).for_each(|id| peer.said(id, 200, "x"));
    assert_eq!(said_id(next(&updates)), 1);
    assert_eq!(said_id(next(&updates)), 2);
    // The second one is in hand, not yet dealt with.
    assert_eq!(peer.expect::<wire::Received>(kind::RECEIVED).up_to, 1);
    drop(peer);
    assert!(matches!(next(&updates), Update::Disconnected { .. }));
    let mut peer = server.accept();
    peer.let_in(ME, "one");
    (2..=3).for_each(|id| peer.said(id, 200, "x"));
    assert!(matches!(next(&updates), Update::Connected { .. }));
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));
    assert_eq!(said_id(next(&updates)), 3);
    assert_eq!(peer.expect::<wire::Received>(kind::RECEIVED).up_to, 2);
}

#[test]
fn another_epoch_makes_ids_new_again() {
    let server = FakeServer::start();
    let (_client, updates, mut peer) = logged_in(&server);
    peer.said(9, 200, "x");
    assert_eq!(said_id(next(&updates)), 9);
    drop(peer);
    let mut peer = server.accept();
    peer.let_in(ME, "two");
    peer.said(3, 200, "y");
    assert!(matches!(next(&updates), Update::Disconnected { .. }));
    assert!(matches!(next(&updates), Update::Connected { .. }));
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));
    assert_eq!(said_id(next(&updates)), 3);
}

#[test]
fn a_temporary_refusal_is_told_and_the_send_repeated() {
    let server = FakeServer::start();
    let (client, updates, mut peer) = logged_in(&server);
    let reference = send(&client, "hi");
    peer.expect::<wire::Sms>(kind::SMS);
    peer.refuse(&reference, ErrorCode::StoreUnavailable);
    match next(&updates) {
        Update::NotSent { unsent, why, will_retry: true } => {
            assert_eq!(unsent.reference.as_str(), reference);
            assert_eq!(why.known(), Some(ErrorCode::StoreUnavailable));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(peer.expect::<wire::Sms>(kind::SMS).client_ref, Some(reference.clone()));
    peer.ack(&reference, 1);
    assert!(matches!(next(&updates), Update::Sent { .. }));
}

#[test]
fn a_permanent_refusal_ends_a_send() {
    let server = FakeServer::start();
    let (client, updates, mut peer) = logged_in(&server);
    let reference = send(&client, "hi");
    peer.expect::<wire::Sms>(kind::SMS);
    peer.refuse(&reference, ErrorCode::UnknownUser);
    assert!(matches!(next(&updates), Update::NotSent { will_retry: false, .. }));
    let closing = hubbub::threads::spawn("closing", || client.close(DEADLINE)).unwrap();
    peer.expect::<wire::Empty>(kind::LOGOUT);
    drop(peer);
    assert_eq!(closing.join().unwrap(), Some(Vec::new()));
}

#[test]
fn leaving_waits_for_acknowledgements_and_tells_what_was_received() {
    let server = FakeServer::start();
    let (client, updates, mut peer) = logged_in(&server);
    peer.said(4, 200, "x");
    assert_eq!(said_id(next(&updates)), 4);
    let reference = send(&client, "last words");
    let closing = hubbub::threads::spawn("closing", || client.close(DEADLINE)).unwrap();
    peer.expect::<wire::Sms>(kind::SMS);
    peer.ack(&reference, 5);
    assert!(matches!(next(&updates), Update::Sent { .. }));
    assert!(updates.next(DEADLINE).is_err());
    let mut up_to = 0;
    while let Some(received) = peer.read_until::<wire::Received>(kind::RECEIVED, kind::LOGOUT) {
        up_to = received.up_to;
    }
    assert_eq!(up_to, 5, "one's own message directly behind it is taken too");
    drop(peer);
    assert_eq!(closing.join().unwrap(), Some(Vec::new()));
}

#[test]
fn who_pauses_says_no_goodbye_and_comes_back_by_the_token() {
    let server = FakeServer::start();
    let (client, updates, mut peer) = logged_in(&server);
    peer.say(kind::TOKEN, &wire::Token { token: "00ff".into(), expires: 9 });
    let Update::Token { token, expires } = next(&updates) else { panic!("no token") };
    assert_eq!((token.reveal(), expires.0), ("00ff", 9));
    peer.said(4, 200, "x");
    assert_eq!(said_id(next(&updates)), 4);
    let reference = send(&client, "last words");
    let closing = hubbub::threads::spawn("closing", || client.pause(DEADLINE)).unwrap();
    peer.expect::<wire::Sms>(kind::SMS);
    peer.ack(&reference, 5);
    assert!(matches!(next(&updates), Update::Sent { .. }));
    assert!(updates.next(DEADLINE).is_err());
    let mut last = String::new();
    while let Some((kind, _)) = peer.read() {
        assert_ne!(kind, kind::LOGOUT);
        last = kind;
    }
    assert_eq!(last, kind::RECEIVED, "what was received is told before");
    drop(peer);
    assert_eq!(closing.join().unwrap(), Some(Vec::new()));

    let (client, updates) = start(&server);
    client.resume(token, None).unwrap();
    let mut peer = server.accept();
    peer.greet();
    assert_eq!(peer.expect::<wire::Resume>(kind::RESUME).token, "00ff");
    peer.accept_login(ME, "one");
    assert!(matches!(next(&updates), Update::Connected { .. }));
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));
    // It is good for a break, too, until it is refused.
    drop(peer);
    assert!(matches!(next(&updates), Update::Disconnected { retry_in: Some(_), .. }));
    let mut peer = server.accept();
    peer.greet();
    peer.expect::<wire::Resume>(kind::RESUME);
    let bad = Some("bad_token".to_owned());
    peer.say(kind::LOGIN_RES, &wire::LoginRes { code: 505, error_code: bad, ..Default::default() });
    assert!(matches!(next(&updates), Update::Connected { .. }));
    match next(&updates) {
        Update::Refused { what: Some(Ask::Login), why } => {
            assert_eq!(why.known(), Some(ErrorCode::BadToken));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_that_is_no_longer_good_gives_way_to_the_password() {
    let server = FakeServer::start();
    let (client, updates) = start(&server);
    let password = Password::new("secret").unwrap();
    client.resume(Password::new("00ff").unwrap(), Some((Who::Id(UserId(ME)), password))).unwrap();
    let mut peer = server.accept();
    peer.greet();
    peer.expect::<wire::Resume>(kind::RESUME);
    let bad = Some("bad_token".to_owned());
    peer.say(kind::LOGIN_RES, &wire::LoginRes { code: 505, error_code: bad, ..Default::default() });
    assert_eq!(peer.expect::<wire::Login>(kind::LOGIN).user_pwd, "secret");
    peer.accept_login(ME, "one");
    assert!(matches!(next(&updates), Update::Connected { .. }));
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));
}

#[test]
fn what_one_said_before_a_cut_is_not_shown_as_news() {
    let server = FakeServer::start();
    let (client, updates, mut peer) = logged_in(&server);
    let reference = send(&client, "mine");
    peer.expect::<wire::Sms>(kind::SMS);
    drop(peer);
    let mut peer = server.accept();
    peer.let_in(ME, "one");
    peer.said(1, ME, "mine");
    peer.said(2, ME, "from another device");
    peer.expect::<wire::Sms>(kind::SMS);
    peer.ack(&reference, 1);
    assert!(matches!(next(&updates), Update::Disconnected { .. }));
    assert!(matches!(next(&updates), Update::Connected { .. }));
    assert!(matches!(next(&updates), Update::LoggedIn { .. }));
    assert_eq!(said_id(next(&updates)), 2);
    assert!(matches!(next(&updates), Update::Sent { id: MessageId(1), .. }));
}

#[test]
fn a_refused_login_is_told_and_not_repeated_and_the_connection_stays() {
    let server = FakeServer::start();
    let (client, updates) = start(&server);
    client.login(Who::Id(UserId(ME)), Password::new("bad").unwrap()).unwrap();
    let reference = send(&client, "too early");
    let mut peer = server.accept();
    peer.greet();
    peer.expect::<wire::Login>(kind::LOGIN);
    peer.say(kind::LOGIN_RES, &wire::LoginRes { code: 403, ..Default::default() });
    assert!(matches!(next(&updates), Update::Connected { .. }));
    match next(&updates) {
        Update::Refused { what: Some(Ask::Login), why } => {
            assert_eq!(why.known(), Some(ErrorCode::WrongPassword));
        }
        other => panic!("{other:?}"),
    }
    match next(&updates) {
        Update::NotSent { unsent, will_retry: false, .. } => {
            assert_eq!(unsent.reference.as_str(), reference);
        }
        other => panic!("{other:?}"),
    }
    client.login(Who::Id(UserId(ME)), Password::new("good").unwrap()).unwrap();
    assert_eq!(peer.expect::<wire::Login>(kind::LOGIN).user_pwd, "good");
}

#[test]
fn the_servers_last_word_is_the_reason() {
    let server = FakeServer::start();
    let (_client, updates, mut peer) = logged_in(&server);
    let last =
        wire::ErrorMes { code: "too_slow".into(), closing: Some(true), ..Default::default() };
    peer.say(kind::ERROR, &last);
    match next(&updates) {
        Update::Disconnected { why: Lost::Told(reason), retry_in: Some(_) } => {
            assert_eq!(reason.code, "too_slow");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_that_cannot_be_read_end_nothing_but_the_connection() {
    let server = FakeServer::start();
    let (_client, updates, mut peer) = logged_in(&server);
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for (kind, data) in [("NewMes", "{}"), (kind::SMS, &deep), (kind::ACK, "7"), (kind::SMS, "")] {
        peer.say_raw(kind, data);
    }
    peer.said(1, 200, "still here");
    assert_eq!(said_id(next(&updates)), 1);
    for bytes in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x02{]", b"HTTP/1.1 400 Bad Request\r\n"] {
        peer.write(bytes);
        match next(&updates) {
            Update::Disconnected { why, .. } => assert_eq!(why, Lost::Garbled),
            other => panic!("{other:?}"),
        }
        peer = server.accept();
        peer.let_in(ME, "one");
        assert!(matches!(next(&updates), Update::Connected { .. }));
        assert!(matches!(next(&updates), Update::LoggedIn { .. }));
    }
}

#[test]
fn a_full_queue_refuses_and_says_so() {
    let server = FakeServer::start();
    let (client, _updates) = start(&server);
    for _ in 0..hubbub::client::MAX_PENDING {
        send(&client, "x");
    }
    let refused = client.send(None, Text::new("x").unwrap());
    assert_eq!(refused, Err(OrderError::Full));
}

#[test]
fn a_send_that_is_not_taken_takes_no_place() {
    let server = FakeServer::start();
    let (client, updates, mut peer) = logged_in(&server);
    // A program that does not look at its updates stops the thread; then orders pile up.
    let crowd = wire::Crowd { n_online: 1, came: 1, left: 0 };
    let n_said = 2_000;
    (0..n_said).for_each(|_| peer.say(kind::CROWD, &crowd));
    let by = clock::now() + DEADLINE;
    while client.who().is_ok() {
        assert!(clock::now() < by, "everything is taken");
    }
    for _ in 0..hubbub::client::MAX_PENDING {
        assert_eq!(client.send(None, Text::new("x").unwrap()), Err(OrderError::Full));
    }
    for _ in 0..n_said {
        assert!(matches!(next(&updates), Update::Crowd { .. }));
    }
    let sent = client.send_within(None, Text::new("x").unwrap(), DEADLINE);
    assert!(sent.is_ok(), "{sent:?}");
}

#[test]
fn nobody_listening_is_an_error_at_once() {
    let address = FakeServer::start().address();
    let error = Client::start(Config::new(address, "test/1")).unwrap_err();
    let ConnectError::NotThere(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}
