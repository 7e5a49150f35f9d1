//! What a line is, however its bytes arrive.

use crate::support::peers::Line;
use crate::support::server::Server;

fn heard(line: &mut Line, texts: &[&str]) {
    for text in texts {
        let notice = line.notice(text);
        line.expect(&notice);
    }
}

#[test]
fn lines_end_as_they_like_and_empty_ones_are_nothing() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    line.wire.send(b"\n\r\n  \t\r\none\ntwo\r\nthree\r\0four\n\n");
    heard(&mut line, &["one", "two", "three", "four"]);
    assert_eq!(line.who(1).len(), 1);
}

#[test]
fn a_burst_in_one_segment_stays_in_order() {
    let server = Server::start();
    let mut other = Line::enter(server.lines());
    let mut line = Line::enter(server.lines());
    other.expect(&line.notice("login!!!"));
    line.wire
        .send(b"one\ntwo\nrename|tom\nthree\n/lgoin 100 secret\nrename|Tom\nfour\nexit\nfive\n");
    // What is refused is answered at once; what is said comes back when it is stored.
    let all: Vec<_> = (0..8).map(|_| line.next("an answer")).collect();
    let (refusal, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|l| l.starts_with("* "));
    assert_eq!(refusal.len(), 2, "{refusal:?}");
    let [one, two] = ["one", "two"].map(|text| line.notice(text));
    let [three, four] = ["tom: three", "Tom: four"].map(|said| format!("[{}]{said}", line.me()));
    let renamed = "rename successful!!";
    assert_eq!(rest, [&one, &two, renamed, &three, renamed, &four]);
    line.expect("* bye");
    line.wire.expect_end();
    [one, two, three, four].iter().for_each(|said| other.expect(said));
    other.expect(&format!("[{}]Tom: logout", line.me()));
}

#[test]
fn a_line_in_pieces_is_one_line() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    for byte in "你好, world\r\nwho".bytes() {
        line.wire.send(&[byte]);
    }
    heard(&mut line, &["你好, world"]);
    line.wire.send(b"ever\n");
    heard(&mut line, &["whoever"]);
}

#[test]
fn what_telnet_negotiates_is_no_text() {
    let server = Server::start();
    let mut line = Line::connect(server.any());
    line.wire.send(b"\xff\xfd\x03\xff\xfb\x18");
    heard(&mut line, &["login!!!"]);
    line.wire.send(b"he\xff\xf1llo\r\n");
    heard(&mut line, &["hello"]);
}

#[test]
fn a_text_has_8000_bytes_and_a_line_8192() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    let longest = "x".repeat(8_000);
    line.tell_all(&line.me(), &longest);
    let too_long = "* this message is too long; a message has at most 8000 bytes";
    line.ask(&format!("{longest}x"), &[too_long]);
    line.ask(&"x".repeat(8_192), &[too_long]);
    line.ask(&"x".repeat(8_193), &["* longer than this server takes; send less at once"]);
    line.wire.expect_end();
}

#[test]
fn only_the_exact_words_of_the_original_are_commands() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    for text in ["whoever", "Who", " who", "exit now", "rename me", "Exit"] {
        line.tell_all(&line.me(), text);
    }
    line.ask("//etc/passwd", &[&line.notice("/etc/passwd")]);
    line.ask("rename|Iron man|x", &["rename successful!!"]);
    line.tell_all("Iron man", "hi");
}

#[test]
fn a_mistyped_command_reaches_nobody() {
    let server = Server::start();
    let mut other = Line::enter(server.lines());
    let mut line = Line::enter(server.lines());
    other.expect(&line.notice("login!!!"));
    let hint = "* /help lists the commands; a text that begins with / is sent with // instead";
    for mistyped in ["/lgoin 100 secret", "  /logn 100 secret", "/"] {
        line.ask(mistyped, &["* no such command", hint]);
    }
    assert_eq!(other.who(2).len(), 2);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_help_lists_every_command() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    line.ask(
        "/help",
        &["* what you type goes to everybody, or to the room you joined, a line a message; but:"],
    );
    let commands = [
        "/help",
        "/register",
        "/code",
        "/login",
        "/msg",
        "/who",
        "/create",
        "/join",
        "/part",
        "/rooms",
        "/members",
        "/topic",
        "/edit",
        "/delete",
        "/reply",
        "/react",
        "/unreact",
        "/search",
        "/history",
        "/since",
        "/invite",
        "/kick",
        "/role",
        "/access",
        "/close",
        "/away",
        "/busy",
        "/back",
        "/devices",
        "/logout",
        "/ignore",
        "/unignore",
        "/ban",
        "/unban",
        "/mute",
        "/unmute",
        "/slow",
        "/bans",
        "/audit",
        "/pending",
        "/approve",
        "/reject",
        "/passwd",
        "/export",
        "/delete-account",
        "/quit",
        "who",
        "rename|",
        "exit",
    ];
    for command in commands {
        let row = line.next(command);
        assert!(row.starts_with(&format!("* {command}")), "{row}");
    }
    assert!(line.next("what a guest is").starts_with("* you are a guest"));
    assert_eq!(line.who(1).len(), 1);
}
