//! The client's program in a pipe, as scripts use it.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use hubbub::protocol::ErrorCode;
use hubbub::protocol::wire::{self, kind};
use tempfile::TempDir;

use super::fake::FakeServer;

/// The program, its output line by line, and the folder where it keeps its state.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _state: TempDir,
}

impl Program {
    fn start(address: &str, args: &[&str]) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
            .args(["--addr", address])
            .args(args)
            .env("XDG_STATE_HOME", state.path())
            .env("HUBBUB_PASSWORD", "secret")
            .env_remove("HUBBUB_USER")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, _state: state }
    }

    fn type_in(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn end_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// The next line of this kind; others are passed over.
    fn line(&mut self, kind: &str) -> Vec<String> {
        let line = self.lines.by_ref().map(Result::unwrap).find(|line| line.starts_with(kind));
        let line = line.unwrap_or_else(|| panic!("the output ended without {kind}"));
        line.split('\t').map(str::to_owned).collect()
    }

    fn exit_code(mut self) -> i32 {
        self.end_input();
        self.lines.by_ref().for_each(drop);
        self.child.wait().unwrap().code().unwrap()
    }
}

#[test]
fn a_script_says_something_and_ends_when_it_is_stored() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &["--user", "100"]);
    program.type_in("hi\n//slash\n\n/msg 200 psst\n/nonsense\n");
    let mut peer = server.accept();
    peer.let_in(100, "one");
    let contents: Vec<_> = (1..=2)
        .map(|id| {
            let sms: wire::Sms = peer.expect(kind::SMS);
            peer.ack(&sms.client_ref.unwrap(), id);
            sms.content
        })
        .collect();
    assert_eq!(contents, ["hi", "/slash"]);
    let private: wire::Sms = peer.expect(kind::SMS_PRIVATE);
    peer.ack(&private.client_ref.unwrap(), 3);
    peer.said(4, 200, "two\nlines\u{1b}[2J");
    let said = program.line("said");
    assert_eq!(said[1..3], ["lobby", "4"]);
    assert_eq!(said[4..], ["200", "user 200", "two\\nlines\\u{1b}[2J"]);
    drop(peer);
    assert_eq!(program.exit_code(), 1, "an unknown command was not sent");
}

#[test]
fn everything_stored_is_success_and_a_refused_text_is_not() {
    for (refuse, code) in [(false, 0), (true, 1)] {
        let server = FakeServer::start();
        let mut program = Program::start(&server.address(), &["--user", "100"]);
        program.type_in("hi\n");
        program.end_input();
        let mut peer = server.accept();
        peer.let_in(100, "one");
        let reference = peer.expect::<wire::Sms>(kind::SMS).client_ref.unwrap();
        if refuse {
            peer.refuse(&reference, ErrorCode::TextTooLong);
            assert_eq!(program.line("not-sent")[1..4], [&reference, "dropped", "text_too_long"]);
        } else {
            peer.ack(&reference, 1);
            assert_eq!(program.line("sent")[1..4], [&reference, "lobby", "1"]);
        }
        while peer.read().is_some_and(|(kind, _)| kind != kind::LOGOUT) {}
        drop(peer);
        assert_eq!(program.exit_code(), code);
    }
}

#[test]
fn what_is_for_a_room_that_was_closed_is_refused_and_goes_nowhere_else() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &["--user", "100"]);
    let mut peer = server.accept();
    peer.let_in(100, "one");
    let closed = wire::RoomMes {
        act: "close".to_owned(),
        room: "!7".to_owned(),
        room_name: "#rust".to_owned(),
        user_id: Some(200),
        ..Default::default()
    };
    peer.say(kind::ROOM, &closed);
    program.line("room");
    program.type_in("/say #rust for rust alone\n");
    let sms: wire::Sms = peer.expect(kind::SMS);
    assert_eq!(sms.room.as_deref(), Some("#rust"));
    let reference = sms.client_ref.unwrap();
    peer.refuse(&reference, ErrorCode::NotMember);
    assert_eq!(program.line("not-sent")[1..4], [&reference, "dropped", "not_member"]);
    program.end_input();
    while peer.read().is_some_and(|(kind, _)| kind != kind::LOGOUT) {}
    drop(peer);
    assert_eq!(program.exit_code(), 1);
}

#[test]
fn what_the_program_says_itself_comes_behind_the_connection() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &[]);
    program.type_in("/nonsense\n");
    let mut peer = server.accept();
    peer.greet();
    let first: Vec<_> = program.lines.by_ref().take(2).map(Result::unwrap).collect();
    assert_eq!(first, ["connected\tfake", "error\tunknown_command\t/nonsense"]);
    drop(peer);
    assert_eq!(program.exit_code(), 1);
}

#[test]
fn a_script_is_told_how_many_came_and_left() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &["--user", "100"]);
    let mut peer = server.accept();
    peer.let_in(100, "one");
    peer.say(kind::CROWD, &wire::Crowd { n_online: 9_000, came: 812, left: 3 });
    assert_eq!(program.line("crowd")[1..], ["9000", "812", "3"]);
    program.end_input();
    while peer.read().is_some_and(|(kind, _)| kind != kind::LOGOUT) {}
    drop(peer);
    assert_eq!(program.exit_code(), 0);
}

#[test]
fn a_script_may_hide_how_far_it_is() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &["--user", "100"]);
    program.type_in("/receipts delivered\n");
    program.end_input();
    let mut peer = server.accept();
    peer.let_in(100, "one");
    let asked: wire::ReceiptsMes = peer.expect(kind::RECEIPTS);
    assert_eq!(asked, wire::ReceiptsMes { delivered: true, read: false });
    peer.say(kind::RECEIPTS_RES, &asked);
    assert_eq!(program.line("receipts-ok")[1..], ["on", "off"]);
    while peer.read().is_some_and(|(kind, _)| kind != kind::LOGOUT) {}
    drop(peer);
    assert_eq!(program.exit_code(), 0);
}

#[test]
fn a_refused_login_ends_the_program_though_the_input_goes_on() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &[]);
    program.type_in("/login 100 wrong\nhi\n");
    let mut peer = server.accept();
    peer.greet();
    peer.expect::<wire::Login>(kind::LOGIN);
    peer.say(kind::LOGIN_RES, &wire::LoginRes { code: 403, ..Default::default() });
    assert_eq!(program.line("refused")[1..3], ["login", "wrong_password"]);
    drop(peer);
    program.lines.by_ref().for_each(drop);
    assert_eq!(program.child.wait().unwrap().code(), Some(4));
}

#[test]
fn no_server_is_said_in_clear_words() {
    let address = FakeServer::start().address();
    let mut program = Program::start(&address, &["--lang", "zh"]);
    program.end_input();
    let mut words = String::new();
    std::io::Read::read_to_string(&mut program.child.stderr.take().unwrap(), &mut words).unwrap();
    assert!(words.contains("连接不上服务器") && words.contains(&address), "{words}");
    assert_eq!(program.exit_code(), 3);
}

#[test]
fn a_user_without_a_password_is_a_mistake_of_the_script() {
    let args = ["--addr", "127.0.0.1:1", "--plain", "--user", "100"];
    let client = Command::new(env!("CARGO_BIN_EXE_client"))
        .args(args)
        .env_remove("HUBBUB_PASSWORD")
        .output()
        .unwrap();
    assert_eq!(client.status.code(), Some(2));
}

#[test]
fn a_server_that_goes_away_for_good_is_a_code_of_its_own() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &["--user", "100", "--wait", "1"]);
    program.type_in("hi\n");
    let mut peer = server.accept();
    peer.let_in(100, "one");
    peer.expect::<wire::Sms>(kind::SMS);
    drop(server);
    drop(peer);
    assert_eq!(program.line("disconnected").len(), 3);
    assert_eq!(program.exit_code(), 5);
}

#[test]
fn a_registration_goes_with_the_code_that_was_typed_before_it() {
    let server = FakeServer::start();
    let mut program = Program::start(&server.address(), &[]);
    program.type_in("/code abcde-fghij\n/register 7 pw\n");
    let mut peer = server.accept();
    peer.greet();
    let register: wire::Register = peer.expect(kind::REGISTER);
    assert_eq!((register.user.user_id, register.code.as_deref()), (7, Some("abcde-fghij")));
}
