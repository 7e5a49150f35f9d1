//! Coming, talking, leaving: the notices of the original, word for word.

use std::time::Duration;

use crate::support::peers::{Course, Line};
use crate::support::server::Server;

/// Sorted, for the order of the list is nobody's business.
fn who(line: &mut Line, n_online: usize) -> Vec<String> {
    let mut list = line.who(n_online);
    list.sort();
    list
}

fn guests(lines: &[&Line]) -> Vec<String> {
    let mut list: Vec<_> = lines.iter().map(|line| format!("{0}:{0}", line.me())).collect();
    list.sort();
    list
}

#[test]
fn who_is_silent_is_greeted_after_a_second_and_on_the_port_for_lines_at_once() {
    let server = Server::start();
    let mut silent = Line::connect(server.any());
    let mut other = Line::enter(server.lines());
    let greeting = silent.notice("login!!!");
    other.expect(&greeting);
    silent.expect(&greeting);
    silent.tell_all(&silent.me(), "hello");
}

#[test]
fn who_leaves_before_the_greeting_was_never_there() {
    let server = Server::start();
    let mut other = Line::enter(server.lines());
    Line::connect(server.any()).wire.close();
    let me = guests(&[&other]);
    assert_eq!(who(&mut other, 1), me);
}

#[test]
fn who_types_at_once_is_not_made_to_wait() {
    let server = Server::start();
    let mut line = Line::connect(server.any());
    line.say("hello");
    let greeting = line.notice("login!!!");
    line.expect(&greeting);
    let echo = line.notice("hello");
    line.expect(&echo);
}

#[test]
fn the_room_is_told_word_for_word() {
    let server = Server::start();
    let mut a = Line::enter(server.lines());
    let mut b = Line::enter(server.lines());
    a.expect(&b.notice("login!!!"));
    b.tell_all(&b.me(), "hello");
    a.expect(&b.notice("hello"));
    let both = guests(&[&a, &b]);
    assert_eq!(who(&mut a, 2), both);

    b.ask("rename|Iron man", &["rename successful!!"]);
    b.tell_all("Iron man", "hi");
    a.expect(&format!("[{}]Iron man: hi", b.me()));
    let mut renamed = vec![format!("{0}:{0}", a.me()), format!("{}:Iron man", b.me())];
    renamed.sort();
    assert_eq!(who(&mut a, 2), renamed);

    let logout = format!("[{}]Iron man: logout", b.me());
    b.wire.close();
    a.expect(&logout);
    let alone = guests(&[&a]);
    assert_eq!(who(&mut a, 1), alone);
}

#[test]
fn who_asks_to_leave_hears_bye() {
    let server = Server::start();
    let mut other = Line::enter(server.lines());
    for word in ["exit", "/quit"] {
        let mut line = Line::enter(server.lines());
        other.expect(&line.notice("login!!!"));
        line.ask(word, &["* bye"]);
        line.wire.expect_end();
        other.expect(&line.notice("logout"));
    }
}

#[test]
fn the_last_words_come_before_the_logout() {
    let server = Server::start();
    let mut other = Line::enter(server.lines());
    for _ in 0..20 {
        let mut line = Line::enter(server.lines());
        let [login, done, logout] = ["login!!!", "done", "logout"].map(|what| line.notice(what));
        line.say("done");
        drop(line);
        [login, done, logout].iter().for_each(|notice| other.expect(notice));
    }
}

#[test]
fn who_closes_the_sending_side_still_gets_the_answers() {
    let server = Server::start();
    let mut other = Line::enter(server.lines());
    let mut line = Line::enter(server.lines());
    other.expect(&line.notice("login!!!"));
    line.wire.send(b"who\nhi, without a line end");
    line.wire.half_close();
    line.expect("online user list: ");
    let mut list = [line.next("the list"), line.next("the list")];
    list.sort();
    assert_eq!(list[..], guests(&[&other, &line]));
    let hi = line.notice("hi, without a line end");
    line.expect(&hi);
    line.wire.expect_end();
    other.expect(&hi);
    other.expect(&line.notice("logout"));
}

/// Whoever watches types now and then, or it would time out, too.
#[test]
fn who_is_silent_for_too_long_is_closed_without_a_word() {
    let server = Server::start_with(&["--idle-timeout", "1"]);
    let mut frames = Course::enter(server.any(), 200, "jerry");
    let mut other = Line::enter(server.lines());
    let mut guest = Line::enter(server.lines());
    let mut account = Line::enter(server.lines());
    let welcome = format!("[{}]jerry: login!!!", account.me());
    account.ask("/login 200 secret", &[&welcome]);
    guest.expect(&account.notice("login!!!"));
    other.expect(&guest.notice("login!!!"));
    other.expect(&account.notice("login!!!"));
    while !other.wire.hears_within(Duration::from_millis(200)) {
        other.say("rename|watcher");
        other.expect("rename successful!!");
    }
    guest.wire.expect_end();
    let heard = String::from_utf8(account.wire.drain()).unwrap();
    let left = format!("{}\r\n", guest.notice("time out leaved"));
    assert!(heard.is_empty() || heard == left, "{heard}");
    other.expect(&guest.notice("time out leaved"));
    // The account is still there with its other client, which may be silent.
    other.tell_all("watcher", "still there?");
    let ids = [(-1, 0), (-2, 0), (-3, 0), (-3, 1), (-2, 1)];
    for (id, status) in ids {
        let notice = format!(r#"{{"userId":{id},"status":{status}}}"#);
        frames.expect("NotifyUserStatusMes", &notice);
    }
    frames.expect_said(-1, "watcher", "still there?");
}

#[test]
fn without_guests_a_line_is_nobody_until_it_logs_in() {
    let server = Server::start_with(&["--no-guests"]);
    let mut other = Course::enter(server.any(), 200, "jerry");
    let mut line = Line::connect(server.lines());
    let hint = "* an account is made by /register ID PASSWORD; then: /login ID PASSWORD";
    line.expect("* this server wants an account: log in first");
    line.expect(hint);
    for refused in ["hello", "who", "rename|tom", "/msg 200 psst", "/passwd a b"] {
        line.say(refused);
        let refusal = line.next("a refusal");
        assert!(refusal.starts_with("* ") && !refusal.contains("hello"), "{refusal}");
        line.expect(hint);
    }
    let registered = "* registered, your id is 100; now: /login 100 PASSWORD";
    line.ask("/register 100 secret tom", &[registered]);
    let welcome = format!("[{}]tom: login!!!", line.me());
    line.ask("/login 100 secret", &[&welcome]);
    line.tell_all("tom", "now I am somebody");
    other.expect_came(100);
    other.expect_said(100, "tom", "now I am somebody");
}

#[test]
fn addresses_can_be_hidden() {
    let server = Server::start_with(&["--hide-addresses"]);
    let mut frames = Course::enter(server.any(), 100, "tom");
    let mut a = Line::connect(server.lines());
    let greeting = a.next("the greeting");
    let shown = greeting.strip_suffix(": login!!!").unwrap();
    let (address, name) = shown.strip_prefix('[').unwrap().split_once(']').unwrap();
    let (token, _number) = address.split_once(':').unwrap();
    assert_eq!(address, name);
    assert!(token.starts_with('~') && token.len() == 9, "{token}");
    frames.expect_came(-1);
    let mut b = Line::connect(server.lines());
    let other = b.next("the greeting");
    a.expect(&other);
    assert!(other.starts_with(&format!("[{token}:")), "the same token for the same address");
    assert_ne!(other, greeting, "but told apart");
    frames.expect_came(-2);
    frames.say(100, "hello");
    assert!(a.next("a text").starts_with(&format!("[{token}:")));
    let list = a.who(3).join("\n");
    assert!(!list.contains("127.0.0.1"), "{list}");
}
