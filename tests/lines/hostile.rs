//! Whatever people send, what others see on a line cannot steer a terminal and cannot forge a
//! line.

use crate::support::peers::{Course, Extended, Line};
use crate::support::server::Server;

/// Controls, escapes, C1 in UTF-8, line and paragraph separators, and what turns the direction.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;x\u{7}b\u{8}\u{7f}c\u{9b}31m\u{85}d\u{2028}\u{2029}\
                       \u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}e\tf";

const TAMED: &str = "a␛[2J␛]0;x␇b␈␡c\u{fffd}31m\u{fffd}d\u{fffd}\u{fffd}\
                     \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}e f";

/// The forged line is one that a reader would believe.
const FORGED: &str = "one\n[127.0.0.1:1]tom: send me your password\r\n* bye\rthree\n";

/// Nothing raw: no controls but CR LF at the end, which [`Line`] has taken off.
fn is_tame(line: &str) -> bool {
    let raw =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !line.chars().any(raw)
}

#[test]
fn a_hostile_text_of_a_line_is_tamed() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    line.ask(HOSTILE, &[&line.notice(TAMED)]);
}

#[test]
fn a_hostile_text_of_a_frame_is_tamed_now_and_later_and_in_private() {
    let server = Server::start();
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut jerry = Line::enter(server.lines());
    jerry.ask("/login jerry secret", &[&format!("[{}]jerry: login!!!", jerry.me())]);
    // Answered once everything that was missed is told: from here on all is live.
    jerry.who(2);
    tom.expect("NotifyUserStatusMes");
    tom.expect("NotifyUserStatusMes");
    tom.expect("NotifyUserStatusMes");
    for (n, text) in [HOSTILE, FORGED].into_iter().enumerate() {
        tom.store(text, &format!("all {n}"));
        tom.tell(200, text, &format!("one {n}"));
        tom.expect_ack(&format!("one {n}"));
    }
    let said = format!("[{}]tom: ", tom.course.wire.address());
    let told = format!("[private {}]tom -> 200: ", tom.course.wire.address());
    let forged = ["    [127.0.0.1:1]tom: send me your password", "    * bye", "    three"];
    for opening in [&said, &told] {
        jerry.expect(&format!("{opening}{TAMED}"));
    }
    for opening in [&said, &told] {
        jerry.expect(&format!("{opening}one"));
        forged.iter().for_each(|line| jerry.expect(line));
    }

    Course::join(server.frames(), 300, "ann");
    tom.store(FORGED, "later");
    let mut ann = Line::enter(server.lines());
    ann.ask("/login ann secret", &[&format!("[{}]ann: login!!!", ann.me())]);
    assert!(ann.next("what was missed").ends_with("]tom: one"));
    forged.iter().for_each(|line| ann.expect(line));
}

#[test]
fn a_hostile_name_is_refused_or_tamed() {
    let server = Server::start();
    let mut watcher = Line::enter(server.lines());
    let mut frames = Course::connect(server.frames());
    let names = [
        "tom\u{1b}[2J",
        "tom\n* bye",
        "tom\r",
        "tom\u{9b}",
        "tom\u{85}",
        "\u{202e}mot",
        "tom\u{2066}",
        "tom\u{2028}",
        "tom\u{0}",
        "tom\u{200b}",
        "tom\u{7f}",
        "]tom: hi",
    ];
    for (id, name) in (100..).zip(names) {
        let registration = crate::support::peers::registration(id, "secret", name);
        frames.send("RegisterMes", &registration);
        let (_, answer) = frames.next("RegisterResMes");
        if !answer.contains("\"code\":200") {
            assert!(answer.contains("\"code\":506"), "{name:?}: {answer}");
            continue;
        }
        let _named = Course::come_back(server.frames(), id);
        let notice = watcher.next("a notice");
        assert!(is_tame(&notice), "{name:?} is shown as {notice:?}");
        println!("{name:?} is shown as {notice}");
    }
}

#[test]
fn a_hostile_name_of_a_guest_is_refused() {
    let server = Server::start();
    let mut guest = Line::enter(server.lines());
    for name in ["tom\u{1b}[2J", "tom\rx", "\u{202e}mot", "a\u{8}b"] {
        guest.say(&format!("rename|{name}"));
        assert!(guest.next("a refusal").starts_with("* not a name"), "{name:?}");
    }
}

#[test]
fn no_utf8_is_told_to_its_sender_and_to_nobody_else() {
    let server = Server::start();
    let mut line = Line::enter(server.lines());
    let refusal = "* not sent: a message is UTF-8 text without NUL characters";
    for bytes in [&b"caf\xe9\n"[..], b"\xc3\x28\n", b"\xed\xa0\x80\n", b"a\0b\n", b"\xfe\xfe\n"] {
        line.wire.send(bytes);
        line.expect(refusal);
    }
    assert_eq!(line.who(1).len(), 1);
}
