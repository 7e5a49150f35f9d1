//! The menus, on a terminal of their own.

use std::process::Command;
use std::rc::Rc;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Eof, Expect};
use hubbub::clock;
use hubbub::protocol::ErrorCode;
use hubbub::protocol::wire::{self, kind};
use tempfile::TempDir;

use super::fake::{DEADLINE, FakeServer, Peer};

struct Terminal {
    session: OsSession,
    /// Everything that was on the screen until now.
    screen: Vec<u8>,
    _state: Rc<TempDir>,
}

impl Terminal {
    fn start(address: &str, args: &[&str]) -> Self {
        let state = Rc::new(tempfile::tempdir().unwrap());
        Self::start_with(&state, &[&["--addr", address], args].concat())
    }

    /// The same with a state folder that others have used.
    fn start_with(state: &Rc<TempDir>, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_client"));
        command
            .arg("--menu")
            .args(args)
            .env("XDG_STATE_HOME", state.path())
            .env("XDG_CONFIG_HOME", state.path())
            .env_remove("HUBBUB_ADDR")
            .env("TERM", "xterm")
            .env_remove("HUBBUB_USER")
            .env_remove("HUBBUB_PASSWORD");
        let mut session = OsSession::spawn(command).unwrap();
        session.set_expect_timeout(Some(DEADLINE));
        Self { session, screen: Vec::new(), _state: Rc::clone(state) }
    }

    fn wait_for(&mut self, text: &str) {
        match self.session.expect(text) {
            Ok(found) => self.screen.extend_from_slice(found.as_bytes()),
            Err(error) => panic!("no {text:?} on the screen: {error}\n{}", self.shown()),
        }
    }

    fn answer(&mut self, prompt: &str, line: &str) {
        self.wait_for(prompt);
        self.session.send(format!("{line}\r")).unwrap();
    }

    /// Blocks until the terminal does not show what is typed.
    fn wait_until_dark(&self) {
        let by = clock::now() + DEADLINE;
        while self.session.get_process().get_echo().unwrap() {
            assert!(clock::now() < by, "a password would be shown");
            std::thread::yield_now();
        }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen).into_owned()
    }

    fn exit_code(mut self) -> i32 {
        self.session.expect(Eof).unwrap();
        match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("not an exit: {other:?}"),
        }
    }
}

/// Takes the goodbye.
fn see_off(mut peer: Peer) {
    while peer.read().is_some_and(|(kind, _)| kind != kind::LOGOUT) {}
}

#[test]
fn messages_appear_while_one_types_and_a_password_never() {
    let server = FakeServer::start();
    let mut terminal = Terminal::start(&server.address(), &["--lang", "zh", "--wait", "1"]);
    let mut peer = server.accept();
    peer.greet();
    terminal.wait_for("----------------欢迎登陆多人聊天系统------------\r\n");
    terminal.wait_for("                 1 登陆聊天室\r\n");
    terminal.answer("请选择(1-3): ", "1");
    terminal.answer("请输入用户id或名字: ", "100");
    terminal.wait_for("请输入密码: ");
    terminal.wait_until_dark();
    terminal.session.send("geheim\r").unwrap();
    assert_eq!(peer.expect::<wire::Login>(kind::LOGIN).user_pwd, "geheim");
    peer.accept_login(100, "one");
    terminal.answer("请选择(1-5): ", "2");
    terminal.wait_for("大家> ");
    terminal.session.send("half a ").unwrap();
    terminal.wait_for("half a ");
    peer.said(1, 200, "one\nforged\u{1b}[2J");
    terminal.wait_for("user 200: one\r\n    forged␛[2J");
    terminal.wait_for("half a ");
    terminal.session.send("line\r").unwrap();
    assert_eq!(peer.expect::<wire::Sms>(kind::SMS).content, "half a line");
    terminal.answer("大家> ", "");
    terminal.answer("请选择(1-5): ", "5");
    terminal.wait_for("你退出了系统");
    assert!(!terminal.shown().contains("geheim"));
    drop(peer);
    drop(server);
    assert_eq!(terminal.exit_code(), 1, "nobody has acknowledged the line");
}

#[test]
fn who_was_here_comes_in_at_once_until_the_login_is_revoked() {
    let server = FakeServer::start();
    let state = Rc::new(tempfile::tempdir().unwrap());
    let args = ["--addr", &server.address(), "--lang", "en"];
    let mut terminal = Terminal::start_with(&state, &args);
    let mut peer = server.accept();
    peer.greet();
    terminal.answer("Choose (1-3): ", "1");
    terminal.answer("User id or name: ", "100");
    terminal.wait_for("Password: ");
    terminal.wait_until_dark();
    terminal.session.send("secret\r").unwrap();
    peer.expect::<wire::Login>(kind::LOGIN);
    peer.accept_login(100, "one");
    peer.say(kind::TOKEN, &wire::Token { token: "00ff".into(), expires: i64::MAX });
    terminal.answer("Choose (1-5): ", "5");
    see_off(peer);
    assert_eq!(terminal.exit_code(), 0);

    let mut terminal = Terminal::start_with(&state, &["--lang", "en"]);
    let mut peer = server.accept();
    peer.greet();
    assert_eq!(peer.expect::<wire::Resume>(kind::RESUME).token, "00ff");
    peer.accept_login(100, "one");
    terminal.answer("Choose (1-5): ", "5");
    see_off(peer);
    assert_eq!(terminal.exit_code(), 0);

    let mut terminal = Terminal::start_with(&state, &["--lang", "en"]);
    let mut peer = server.accept();
    peer.greet();
    peer.expect::<wire::Resume>(kind::RESUME);
    let bad = Some("bad_token".to_owned());
    peer.say(kind::LOGIN_RES, &wire::LoginRes { code: 505, error_code: bad, ..Default::default() });
    terminal.wait_for("this token is no longer good; log in with your password");
    terminal.wait_for("Password: ");
    terminal.wait_until_dark();
    terminal.session.send("secret\r").unwrap();
    assert_eq!(peer.expect::<wire::Login>(kind::LOGIN).user_pwd, "secret");
    peer.accept_login(100, "one");
    terminal.answer("Choose (1-5): ", "5");
    see_off(peer);
    assert_eq!(terminal.exit_code(), 0);
}

/// The server wants a code, and the menu asks for it.
fn refuse_without_code(register: &wire::Register, peer: &mut Peer, terminal: &mut Terminal) {
    assert_eq!(register.code, None);
    let code = Some("code_needed".into());
    peer.say(kind::REGISTER_RES, &wire::Res { code: 506, error_code: code, ..Default::default() });
    terminal.wait_for("takes an invitation code");
    terminal.answer("Invitation code (empty: none): ", " abcde-fghij ");
}

#[test]
fn who_has_to_wait_for_an_operator_is_not_refused() {
    let server = FakeServer::start();
    let mut terminal = Terminal::start(&server.address(), &["--lang", "en", "--wait", "5"]);
    let mut peer = server.accept();
    peer.greet();
    for (prompt, answer) in [
        ("Choose (1-3): ", "2"),
        ("you get one): ", "100"),
        ("Name to be shown", "Tom"),
        ("Choose a password: ", "geheim"),
        ("password again: ", "geheim"),
    ] {
        terminal.answer(prompt, answer);
    }
    peer.expect::<wire::Register>(kind::REGISTER);
    let asked = wire::Res {
        code: 506,
        user_id: Some(100),
        error: "asked for; your id is 100, and an operator has still to let you in".into(),
        error_code: Some("not_let_in".into()),
        ..Default::default()
    };
    peer.say(kind::REGISTER_RES, &asked);
    terminal.wait_for("Registration: asked for; your id is 100");
    assert!(!terminal.shown().contains("refused"), "{}", terminal.shown());
    terminal.answer("Choose (1-3): ", "3");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn one_registers_lists_who_is_online_and_what_came() {
    let server = FakeServer::start();
    let mut terminal = Terminal::start(&server.address(), &["--lang", "en", "--wait", "5"]);
    let mut peer = server.accept();
    peer.greet();
    terminal.answer("Choose (1-3): ", "2");
    terminal.answer("you get one): ", "100");
    terminal.answer("Name to be shown", "Tom");
    for prompt in ["Choose a password: ", "password again: "] {
        terminal.answer(prompt, "geheim");
    }
    let register: wire::Register = peer.expect(kind::REGISTER);
    refuse_without_code(&register, &mut peer, &mut terminal);
    let register: wire::Register = peer.expect(kind::REGISTER);
    assert_eq!(register.code.as_deref(), Some("abcde-fghij"));
    assert_eq!((register.user.user_id, register.user.user_name.as_str()), (100, "Tom"));
    let res = wire::Res { code: 200, user_id: Some(100), ..Default::default() };
    peer.say(kind::REGISTER_RES, &res);
    terminal.wait_for("Your user id is 100");
    terminal.answer("Choose (1-3): ", "1");
    terminal.answer("User id or name: ", "100");
    terminal.answer("Password: ", "geheim");
    peer.expect::<wire::Login>(kind::LOGIN);
    peer.accept_login(100, "one");
    let waited = wire::Sms {
        content: "you were away".into(),
        user_id: 200,
        user_name: "Eve".into(),
        id: Some(1),
        room: Some("@100,200".into()),
        replayed: Some(true),
        ..Default::default()
    };
    peer.say(kind::SMS_PRIVATE, &waited);
    terminal.wait_for("Eve (private): you were away");
    terminal.answer("Choose (1-5): ", "1");
    until::<wire::Empty>(&mut peer, kind::WHO);
    let (user_name, address) = ("Eve".into(), "127.0.0.1:9".into());
    let eve = wire::Person { user_id: 200, user_name, address, ..Default::default() };
    peer.say(kind::WHO_RES, &wire::WhoRes { online: vec![eve], more: false });
    terminal.wait_for("200  Eve  127.0.0.1:9");
    terminal.answer("Choose (1-5): ", "4");
    terminal.wait_for("Eve (private): you were away");
    terminal.answer("Choose (1-5): ", "3");
    terminal.answer("To whom (id or name): ", "eve");
    terminal.answer("Eve> ", "hello");
    loop {
        let (kind, data) = peer.read().expect("a private text");
        if kind == kind::SMS_PRIVATE {
            let sms: wire::Sms = serde_json::from_str(&data).unwrap();
            assert_eq!((sms.to_user_id, sms.content.as_str()), (Some(200), "hello"));
            peer.ack(&sms.client_ref.unwrap(), 2);
            break;
        }
    }
    terminal.answer("Eve> ", "/quit");
    terminal.wait_for("Goodbye.");
    see_off(peer);
    assert_eq!(terminal.exit_code(), 0);
}

/// Logged in, at the menu of those who are.
fn enter() -> (FakeServer, Terminal, Peer) {
    let server = FakeServer::start();
    let args = ["--lang", "en", "--wait", "1"];
    let mut terminal = Terminal::start(&server.address(), &args);
    let mut peer = server.accept();
    peer.greet();
    terminal.answer("Choose (1-3): ", "1");
    terminal.answer("User id or name: ", "100");
    terminal.wait_for("Password: ");
    terminal.wait_until_dark();
    terminal.session.send("secret\r").unwrap();
    peer.expect::<wire::Login>(kind::LOGIN);
    peer.accept_login(100, "one");
    (server, terminal, peer)
}

#[test]
fn who_joins_and_leaves_rooms_and_what_was_asked_for_is_shown() {
    let (_server, mut terminal, mut peer) = enter();
    terminal.answer("Choose (1-5): ", "2");
    terminal.wait_for("all> ");
    let news = |act: &str, text: &str| wire::RoomMes {
        act: act.to_owned(),
        room: "!7".to_owned(),
        room_name: "#rust".to_owned(),
        user_id: Some(200),
        user_name: Some("Eve\u{1b}[2J".to_owned()),
        text: Some(text.to_owned()),
        ..Default::default()
    };
    for (act, shown) in [("join", "joined"), ("part", "left")] {
        peer.say(kind::ROOM, &news(act, ""));
        terminal.wait_for("[#rust ");
        terminal.wait_for(&format!("Eve\u{241b}[2J {shown}\r\n"));
    }
    peer.say(kind::ROOM, &news("topic", "crabs"));
    terminal.wait_for("changed the topic: crabs\r\n");
    terminal.session.send("/rooms\r").unwrap();
    until::<serde_json::Value>(&mut peer, kind::ROOMS);
    let room = wire::Room {
        room_name: "#rust".to_owned(),
        topic: "crabs".to_owned(),
        online: Some(3),
        ..Default::default()
    };
    peer.say(kind::ROOMS_RES, &wire::Rooms { rooms: vec![room], ..Default::default() });
    terminal.wait_for("Rooms, and how many are there\r\n");
    terminal.wait_for("  #rust      3  crabs\r\n");
    // What is for a room says so, whatever became of it.
    peer.say(kind::ROOM, &news("close", ""));
    terminal.wait_for("closed #rust; it is no more\r\n");
    terminal.session.send("/say #rust for rust alone\r").unwrap();
    let sms: wire::Sms = until(&mut peer, kind::SMS);
    assert_eq!(sms.room.as_deref(), Some("#rust"));
    peer.refuse(&sms.client_ref.unwrap(), ErrorCode::NotMember);
    terminal.wait_for("The text was: for rust alone");
    terminal.session.send("/quit\r").unwrap();
    see_off(peer);
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn one_sees_how_far_private_words_come_and_may_hide_it_of_oneself() {
    let (_server, mut terminal, mut peer) = enter();
    terminal.answer("Choose (1-5): ", "3");
    terminal.answer("To whom (id or name): ", "200");
    terminal.answer("200> ", "hello");
    let sms: wire::Sms = peer.expect(kind::SMS_PRIVATE);
    let room = "@100,200".to_owned();
    let ack = wire::Ack {
        client_ref: sms.client_ref.unwrap(),
        id: Some(7),
        room: Some(room.clone()),
        time: Some(0),
        ..Default::default()
    };
    peer.say(kind::ACK, &ack);
    terminal.wait_for("(to 200: stored)");
    let seen = wire::Seen { room: room.clone(), user_id: 200, up_to: 7 };
    peer.say(kind::DELIVERED, &seen);
    terminal.wait_for("(to 200: delivered)");
    peer.say(kind::READ, &seen);
    terminal.wait_for("(to 200: read)");
    let answer = wire::Sms {
        content: "hi".into(),
        user_id: 200,
        user_name: "Eve".into(),
        id: Some(8),
        room: Some(room),
        time: Some(0),
        ..Default::default()
    };
    peer.say(kind::SMS_PRIVATE, &answer);
    terminal.wait_for("Eve (private): hi");
    // Whoever types has read it.
    terminal.session.send("/receipts off\r").unwrap();
    let read: wire::Seen = until(&mut peer, kind::READ);
    assert_eq!((read.room.as_str(), read.up_to), ("@100,200", 8));
    let off: wire::ReceiptsMes = until(&mut peer, kind::RECEIPTS);
    assert_eq!(off, wire::ReceiptsMes { delivered: false, read: false });
    peer.say(kind::RECEIPTS_RES, &off);
    terminal.wait_for("Others see neither what reached you nor what you have read.");
    terminal.session.send("/quit\r").unwrap();
    see_off(peer);
    terminal.wait_for("Goodbye.");
    assert_eq!(terminal.exit_code(), 0);
}

/// The next frame of this type; receipts come when they like.
fn until<T: serde::de::DeserializeOwned>(peer: &mut Peer, wanted: &str) -> T {
    loop {
        let (kind, data) = peer.read().expect("a frame, not the end");
        if kind == wanted {
            return serde_json::from_str(&data).unwrap();
        }
        assert!([kind::RECEIVED, kind::READ].contains(&kind.as_str()), "{kind} {data}");
    }
}

#[test]
fn ctrl_c_leaves_only_when_pressed_twice() {
    let server = FakeServer::start();
    let mut terminal = Terminal::start(&server.address(), &["--lang", "en"]);
    let mut peer = server.accept();
    peer.greet();
    terminal.wait_for("Choose (1-3): ");
    terminal.session.send("\u{3}").unwrap();
    terminal.wait_for("Press Ctrl-C again to leave.");
    terminal.wait_for("Choose (1-3): ");
    terminal.session.send("\u{3}").unwrap();
    terminal.wait_for("Goodbye.");
    see_off(peer);
    assert_eq!(terminal.exit_code(), 0);
}
