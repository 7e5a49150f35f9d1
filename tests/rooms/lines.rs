//! At a terminal.

use super::on_every_store;
use crate::support::peers::{Course, Line};
use crate::support::server::Server;

/// A new account at a terminal. The notices of its coming are read by nobody but itself.
pub fn come(server: &Server, id: i64, name: &str) -> Line {
    Course::join(server.frames(), id, name);
    let mut line = Line::enter(server.lines());
    line.say(&format!("/login {id} secret"));
    line.expect(&format!("[{}]{name}: login!!!", line.me()));
    line
}

/// Behind every word that one is not in a room.
pub const JOIN_HINT: &str = "* to talk to all: /join lobby; in a room: /join ROOM";

/// Passes over notices of who comes and goes, and what a room says on coming in.
pub fn until(line: &mut Line, expected: &str) {
    loop {
        let next = line.next(expected);
        if next == expected {
            return;
        }
        let notices = ["login!!!", "logout"];
        let is_notice = notices.iter().any(|notice| next.ends_with(notice));
        assert!(is_notice || next.starts_with("* you are in"), "{next}, and not: {expected}");
    }
}

#[test]
fn a_room_has_its_own_talk() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        let mut ann = come(server, 300, "ann");
        until(&mut tom, &format!("[{}]ann: login!!!", ann.me()));
        tom.ask(
            "/create #Rust",
            &[
                "* you are in #rust now, as owner (open to everybody)",
                "* what you type goes to #rust now",
            ],
        );
        tom.ask("first", &[&format!("[#rust {}]tom: first", tom.me())]);
        tom.ask("/topic crabs", &["* #rust: tom changed the topic: crabs"]);
        ann.say("to all");
        let to_all = format!("[{}]ann: to all", ann.me());
        until(&mut ann, &to_all);
        until(&mut tom, &to_all);

        ann.say("/join rust");
        ann.expect("* you are in #rust now, as member (open to everybody): crabs");
        let first = ann.next("what was said before");
        assert!(first.starts_with("[#rust 20") && first.ends_with("]tom: first"), "{first}");
        ann.expect("* what you type goes to #rust now");
        tom.expect("* #rust: ann joined");
        ann.ask("second", &[&format!("[#rust {}]ann: second", ann.me())]);
        tom.expect(&format!("[#rust {}]ann: second", ann.me()));

        tom.say("/history 1");
        let last = tom.next("the last message");
        assert!(last.starts_with("[#rust 20") && last.ends_with("]ann: second"), "{last}");
        tom.expect("* this is not all that was said");
        tom.ask("/since 2099-01-01 00:00", &["* nothing was said there"]);
        tom.ask("/members", &["* members of #rust:", "* tom (100): owner, online"]);
        tom.expect("* ann (300): member, online");
        tom.ask("/rooms", &["* #rust (open to everybody, 2 online) crabs"]);
        ann.ask("/topic mine", &["* you may not do this in this room"]);
        ann.ask("/join lobby", &["* what you type goes to the lobby now"]);
        ann.ask("out", &[&format!("[{}]ann: out", ann.me())]);
        tom.expect(&format!("[{}]ann: out", ann.me()));
        ann.ask("/part #rust", &["* #rust: ann left"]);
        tom.expect("* #rust: ann left");
        tom.ask("alone", &[&format!("[#rust {}]tom: alone", tom.me())]);
        ann.ask("/part #rust", &["* you are not in this room", JOIN_HINT]);
        ann.ask(
            "/msg 100 still there?",
            &[&format!("[private {}]ann -> 100: still there?", ann.me())],
        );
    });
}

#[test]
fn who_is_not_invited_does_not_hear_of_a_hidden_room() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        let mut ann = come(server, 300, "ann");
        until(&mut tom, &format!("[{}]ann: login!!!", ann.me()));
        tom.ask(
            "/create secret hidden",
            &[
                "* you are in #secret now, as owner (hidden, by invitation)",
                "* what you type goes to #secret now",
            ],
        );
        let unknown = "* there is no such room; /create makes one";
        for line in ["/join secret", "/members secret", "/part secret"] {
            ann.ask(line, &[unknown]);
        }
        ann.ask("/rooms", &["* there are no rooms; /create makes one"]);
        ann.ask("/create secret", &["* there is a room of this name already"]);
        let invited = "* #secret: tom invites ann; to come in: /join #secret";
        tom.ask("/invite ann", &[invited]);
        ann.expect(invited);
        ann.ask(
            "/join #secret",
            &[
                "* you are in #secret now, as member (hidden, by invitation)",
                "* what you type goes to #secret now",
            ],
        );
        tom.expect("* #secret: ann joined");
        tom.ask("/kick ann too loud", &["* #secret: tom put ann out: too loud"]);
        ann.expect("* #secret: tom put ann out: too loud");
        ann.ask("hello?", &["* you are not in this room", JOIN_HINT]);
        ann.ask("/join #secret", &[unknown]);
    });
}

#[test]
fn guests_come_into_open_rooms_and_leave_with_their_connection() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        tom.say("/create hall");
        until(&mut tom, "* what you type goes to #hall now");
        let mut guest = Line::enter(server.lines());
        until(&mut tom, &guest.notice("login!!!"));
        guest.say("/join hall");
        guest.expect("* you are in #hall now, as member (open to everybody)");
        guest.expect("* what you type goes to #hall now");
        tom.expect(&format!("* #hall: {} joined", guest.me()));
        guest.ask("hi", &[&format!("[#hall {0}]{0}: hi", guest.me())]);
        tom.expect(&format!("[#hall {0}]{0}: hi", guest.me()));
        let (left, logout) = (format!("* #hall: {} left", guest.me()), guest.notice("logout"));
        guest.wire.close();
        tom.expect(&left);
        tom.expect(&logout);
        tom.ask("/access open no-guests", &["* #hall: open to accounts (tom)"]);
        let mut other = Line::enter(server.lines());
        until(&mut tom, &other.notice("login!!!"));
        other.ask("/join hall", &["* guests are not let into this room"]);
        other.ask(
            "/create mine",
            &[
                "* private messages need an account at both ends",
                "* an account is made by /register ID PASSWORD; then: /login ID PASSWORD",
            ],
        );
    });
}

#[test]
fn clients_of_the_course_hear_nothing_of_other_rooms() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        tom.say("/create hall");
        until(&mut tom, "* what you type goes to #hall now");
        let mut course = Course::enter(server.frames(), 200, "jerry");
        until(&mut tom, &format!("[{}]jerry: login!!!", course.wire.address()));
        tom.ask("in the hall", &[&format!("[#hall {}]tom: in the hall", tom.me())]);
        tom.ask("/join lobby", &["* what you type goes to the lobby now"]);
        tom.ask("in the lobby", &[&format!("[{}]tom: in the lobby", tom.me())]);
        let (kind, data) = course.next("the lobby's text");
        assert_eq!(kind, "SmsMes");
        assert!(data.contains("in the lobby"), "{data}");
    });
}

#[test]
fn what_was_said_in_a_room_meanwhile_waits() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        let mut ann = come(server, 300, "ann");
        tom.say("/create hall");
        until(&mut tom, "* what you type goes to #hall now");
        ann.say("/join hall");
        until(&mut ann, "* what you type goes to #hall now");
        tom.expect("* #hall: ann joined");
        ann.ask("/quit", &["* bye"]);
        let address = ann.wire.address();
        ann.wire.close();
        server.forget(address);
        tom.say("meanwhile");
        let meanwhile = format!("[#hall {}]tom: meanwhile", tom.me());
        until(&mut tom, &meanwhile);
        let mut ann = Line::enter(server.lines());
        ann.say("/login 300 secret");
        ann.expect(&format!("[{}]ann: login!!!", ann.me()));
        ann.expect("* you are in #hall; to talk there: /join ROOM");
        let missed = ann.next("what was missed");
        assert!(missed.starts_with("[#hall 20") && missed.ends_with("]tom: meanwhile"), "{missed}");
        ann.ask("/join hall", &["* what you type goes to #hall now"]);
        ann.ask("back", &[&format!("[#hall {}]ann: back", ann.me())]);
    });
}

#[test]
fn who_makes_too_many_rooms_waits_unless_exempt() {
    for (exempt, is_throttled) in [("10.0.0.0/8", true), ("127.0.0.0/8", false)] {
        let server = Server::start_with(&["--exempt", exempt]);
        let mut tom = come(&server, 100, "tom");
        for n in 0..20 {
            tom.ask(
                &format!("/create n{n}"),
                &[
                    &format!("* you are in #n{n} now, as owner (open to everybody)"),
                    &format!("* what you type goes to #n{n} now"),
                ],
            );
        }
        tom.say("/create one-more");
        let answer = tom.next("the answer to the 21st");
        assert_eq!(answer == "* too many attempts; wait a little and try again", is_throttled);
        // It is the account that waits, not the address.
        let mut ann = come(&server, 300, "ann");
        ann.say("/create hers");
        until(&mut ann, "* what you type goes to #hers now");
    }
}
