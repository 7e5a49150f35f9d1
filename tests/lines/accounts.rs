//! Accounts by line: registering, logging in, private messages, names.

use std::time::Duration;

use hubbub::clock;

use crate::support::peers::{Course, Line};
use crate::support::server::Server;

const UNKNOWN: &str = "* unknown id/name or wrong password";
const TAKEN: &str = "* this name is taken; choose another one";

/// A line that logs in with the password that everybody has here.
fn log_in(server: &Server, who: &str, shown: &str) -> Line {
    let mut line = Line::enter(server.lines());
    let welcome = format!("[{}]{shown}: login!!!", line.me());
    line.ask(&format!("/login {who} secret"), &[&welcome]);
    line
}

#[test]
fn an_account_is_made_used_and_given_another_password() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    let registered = "* registered, your id is 100; now: /login 100 PASSWORD";
    line.ask("/register 100 secret Iron man", &[registered]);
    line.ask("/register 100 other", &["* this id is taken; choose another one"]);
    line.ask("/register -1 pw", &["* not an id: take a whole number from 1"]);
    let form = "* not understood; the form is: /register ID PASSWORD [NAME]";
    line.ask("/register 100", &[form]);
    line.ask("/login 100 wrong", &[UNKNOWN]);
    line.ask("/login nobody secret", &[UNKNOWN]);
    let welcome = format!("[{}]Iron man: login!!!", line.me());
    line.ask("/login iron  MAN secret", &[&welcome]);
    let again = "* this connection is logged in already; open another one";
    line.ask("/login 100 secret", &[again]);
    line.ask("/passwd wrong other", &["* the password is wrong"]);
    line.ask("/passwd secret other", &["* password changed"]);
    line.wire.close();
    let mut line = Line::enter(server.lines());
    line.ask("/login 100 secret", &[UNKNOWN]);
    line.ask("/login 100 other", &[&format!("[{}]Iron man: login!!!", line.me())]);
}

#[test]
fn the_server_chooses_an_id_where_none_is_asked_for() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    line.say("/register 0 secret");
    let answer = line.next("the id");
    let id = answer.split("your id is ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    let welcome = format!("[{}]{id}: login!!!", line.me());
    line.ask(&format!("/login {id} secret"), &[&welcome]);
}

#[test]
fn a_private_message_reaches_every_line_of_its_two_and_nobody_else() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    Course::join(server.frames(), 200, "Iron man");
    let mut eve = Line::enter(server.lines());
    let mut jerry = log_in(&server, "200", "Iron man");
    let mut other_jerry = log_in(&server, "200", "Iron man");
    let mut tom = log_in(&server, "tom", "tom");
    let told = format!("[private {}]tom -> 200: psst", tom.me());
    for command in ["/msg 200 psst", "/msg \"iron man\" psst", "/MSG 200   psst"] {
        tom.ask(command, &[&told]);
    }
    for line in [&mut jerry, &mut other_jerry] {
        let first = line.next("a private message");
        // Guests and tom came before.
        let mut first = Some(first);
        while first.as_deref() != Some(&told) {
            first = Some(line.next("a private message"));
        }
        line.expect(&told);
        line.expect(&told);
    }
    tom.ask("/msg 300 psst", &["* no account has this id or name"]);
    tom.ask("/msg 200", &["* not understood; the form is: /msg ID|NAME TEXT"]);
    for _ in 0..5 {
        assert!(eve.next("who came").ends_with(": login!!!"));
    }
    assert_eq!(eve.who(3).len(), 3);
}

#[test]
fn private_messages_need_an_account() {
    let server = Server::start();
    Course::join(server.frames(), 200, "jerry");
    let mut guest = Line::enter(server.lines());
    let answer = [
        "* private messages need an account at both ends",
        "* an account is made by /register ID PASSWORD; then: /login ID PASSWORD",
    ];
    guest.ask("/msg 200 psst", &answer);
    guest.ask("/msg jerry psst", &answer);
}

#[test]
fn accounts_of_one_name_are_shown_with_their_ids() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    Course::join(server.frames(), 200, "Tom");
    let mut tom = log_in(&server, "100", "tom#100");
    let mut guest = Line::enter(server.lines());
    let shared = "* several accounts have this name; use an id: 100, 200";
    guest.ask("/login tom secret", &[shared]);
    tom.expect(&guest.notice("login!!!"));
    tom.ask("/msg TOM psst", &[shared]);
    tom.ask("rename|Tim", &["rename successful!!"]);
    tom.tell_all("Tim", "only I am called so");
}

#[test]
fn a_name_that_becomes_shared_is_shown_with_the_id_from_then_on() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    let mut tom = log_in(&server, "tom", "tom");
    tom.tell_all("tom", "one");
    Course::join(server.frames(), 200, "tom");
    let mut other = Course::come_back(server.frames(), 200);
    tom.expect(&format!("[{}]tom#200: login!!!", other.wire.address()));
    tom.tell_all("tom#100", "two");
    other.expect_said(100, "tom#100", "two");
}

#[test]
fn a_guest_cannot_take_the_name_of_an_account_nor_of_a_guest() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    let mut guest = Line::enter(server.lines());
    guest.ask("rename|TOM", &[TAKEN]);
    guest.ask("rename|eve", &["rename successful!!"]);
    let mut other = Line::enter(server.lines());
    other.ask("rename|Eve", &[TAKEN]);
    for bad in ["rename|", "rename|100", "rename|127.0.0.1:80", "rename|tom#100"] {
        other.say(bad);
        assert!(other.next("a refusal").starts_with("* not a name"), "{bad}");
    }
}

#[test]
fn a_guest_loses_a_name_to_an_account() {
    let server = Server::start();
    let mut guest = Line::enter(server.lines());
    guest.ask("rename|jerry", &["rename successful!!"]);
    let jerry = Course::enter(server.frames(), 200, "Jerry");
    guest.expect(TAKEN);
    guest.expect(&format!("[{}]Jerry: login!!!", jerry.wire.address()));
    guest.tell_all(&guest.me(), "who am I?");
}

#[test]
fn what_waited_stands_under_its_time() {
    let server = Server::start();
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Course::enter(server.frames(), 100, "tom");
    let mut other = Line::enter(server.lines());
    tom.tell(100, 200, "psst");
    tom.say(100, "one\ntwo");
    // Who hears a text knows that it is stored, and what was said before it, too.
    other.expect(&format!("[{}]tom: one", tom.wire.address()));
    other.expect("    two");
    let mut jerry = Line::enter(server.lines());
    let welcome = format!("[{}]jerry: login!!!", jerry.me());
    jerry.ask("/login jerry secret", &[&welcome]);
    let mut missed: Vec<_> = (0..3).map(|_| jerry.next("what was missed")).collect();
    missed.sort_by_key(|line| line.starts_with("[private "));
    let year = &clock::utc(clock::now_ms())[..3];
    let is_time = |text: &str| text.starts_with(year) && text.len() == "2026-11-20 23:37:11".len();
    let (time, text) = missed[0].split_once(']').unwrap();
    assert!(is_time(time.strip_prefix('[').unwrap()), "{missed:?}");
    assert_eq!((text, missed[1].as_str()), ("tom: one", "    two"));
    let (time, text) = missed[2].split_once(']').unwrap();
    assert!(is_time(time.strip_prefix("[private ").unwrap()), "{missed:?}");
    assert_eq!(text, "tom -> 200: psst");
}

#[test]
fn of_a_long_absence_the_newest_200_are_shown() {
    let server = Server::start();
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Line::enter(server.lines());
    for n in 1..=203 {
        tom.tell_all(&tom.me(), &format!("text {n}"));
    }
    let mut jerry = Line::enter(server.lines());
    let welcome = format!("[{}]jerry: login!!!", jerry.me());
    jerry.ask("/login jerry secret", &[&welcome, "* 3 older messages are not shown"]);
    for n in 4..=203 {
        let line = jerry.next("what was missed");
        assert!(line.ends_with(&format!("]{}: text {n}", tom.me())), "{line}");
    }
    assert!(!jerry.wire.hears_within(Duration::ZERO));
    assert_eq!(jerry.who(2).len(), 2);
}

#[test]
fn what_was_removed_is_not_counted_as_older() {
    let server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Line::enter(server.lines());
    for n in 1..=223 {
        tom.tell_all(&tom.me(), &format!("text {n}"));
    }
    let store = rusqlite::Connection::open(server.home().join("hubbub/hubbub.db")).unwrap();
    let (three, one) = ("* 3 older messages are not shown", "* 1 older message is not shown");
    for (gone, first, told) in [(20, 24, Some(three)), (22, 24, Some(one)), (60, 61, None)] {
        store.execute("DELETE FROM messages WHERE id <= ?", [gone]).unwrap();
        let mut jerry = Line::enter(server.lines());
        let welcome = format!("[{}]jerry: login!!!", jerry.me());
        let answer: Vec<_> = std::iter::once(welcome.as_str()).chain(told).collect();
        jerry.ask("/login jerry secret", &answer);
        assert!(jerry.next("the first one").ends_with(&format!(": text {first}")));
        // Cut: what was sent does not count as taken.
        jerry.wire.reset();
        while !tom.next("jerry's end").ends_with("jerry: logout") {}
    }
}
