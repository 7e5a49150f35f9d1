//! The screen as people see it: updates and keys in, a picture out.

mod again;
mod bench;
mod search;

use std::time::Duration;

use proptest::prelude::*;

use super::model::Do;
use crate::client::{Ask, Changed, Doing, Lost, Reason, RoomMes, Seen, Unsent, Update};
use crate::clock;
use crate::protocol::{Leaving, MessageId, RoomId, Span, Text, UserId, Who};
use crate::texts::mark;

use bench::{Bench, EVE, ME, NOW, RUST, member};

#[test]
fn a_first_screen_leads_to_an_account() {
    let mut bench = Bench::new(80, 24);
    bench.must_show("looking for it");
    bench.model.not_there("no server answers at 127.0.0.1:8889: refused".to_owned());
    bench.must_show("no server answers at 127.0.0.1:8889: refused");
    bench.must_show("cargo run --release --bin server");
    bench.type_in("\r");
    assert_eq!(bench.orders(), [Do::Connect("127.0.0.1:8889".to_owned())]);
    bench.hear(Update::Connected { server: "hubbub/1".to_owned() });
    bench.must_show("✓ hubbub/1");
    bench.must_show("are new here");
    // Who types at once, where the first choice is, fills in the name.
    bench.type_in("张三\rgeheim\rgeheimer\r");
    bench.must_show("The two passwords differ.");
    assert!(bench.orders().is_empty());
    bench.type_in("\x15geheim\r");
    assert!(matches!(&bench.orders()[..], [Do::Register { name, .. }] if name.as_str() == "张三"));
    assert!(!bench.shows("geheim"));
    let why = Reason { code: "code_needed".into(), text: String::new(), detail: None };
    bench.hear(Update::Refused { what: Some(Ask::Register), why });
    bench.must_show("› Invitation");
    bench.must_show("need an invitation here");
    bench.type_in("abcde-fghij\r");
    let orders = bench.orders();
    let [Do::Register { code: Some(code), .. }] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!(code.reveal(), "abcde-fghij");
    bench.hear(Update::Registered(UserId(7)));
    assert!(matches!(&bench.orders()[..], [Do::Login { .. }]));
    bench.hear(Update::LoggedIn { me: member(UserId(7), "张三"), n_online: 1 });
    bench.must_show("Your id is 7");
}

#[test]
fn what_is_wrong_with_a_login_is_said_in_words() {
    let mut bench = Bench::new(60, 20);
    bench.hear(Update::Connected { server: "hubbub/1".to_owned() });
    bench.type_in("\x1b[D");
    bench.must_show("have an account here");
    bench.type_in("\r\r\r");
    bench.must_show("A password has 1 to 256 bytes.");
    bench.type_in("x\r");
    bench.must_show("Type the id or the name of your account.");
    bench.type_in("tom\r\r");
    assert!(matches!(&bench.orders()[..], [Do::Login { .. }]));
    let why = Reason {
        code: "wrong_password".into(),
        text: "the password is wrong".into(),
        detail: None,
    };
    bench.hear(Update::Refused { what: Some(Ask::Login), why });
    bench.must_show("the password is wrong");
}

#[test]
fn rooms_people_and_what_is_new_stand_beside_the_talk() {
    let mut bench = Bench::inside(120, 12);
    bench.say(RoomId::Lobby, "hello");
    bench.say(RUST, "in the room");
    bench.say(RUST, "hey Tom, look");
    bench.say(RoomId::pair(ME, EVE), "psst");
    let rows = bench.draw();
    assert!(rows[0].starts_with(" lobby"), "{}", rows[0]);
    assert!(rows[1].starts_with("1 lobby"), "{}", rows[1]);
    assert!(rows[2].starts_with("2 #rust") && rows[2].contains(" 2!"), "{}", rows[2]);
    assert!(rows[3].starts_with("3 ● Eve") && rows[3].contains(" 1"), "{}", rows[3]);
    assert!(rows[1].ends_with("● Eve") && rows[2].ends_with("● tom"), "{rows:?}");
    bench.must_show("07:00          Eve │ hello");
    // The mention first, then the private words, then nothing.
    for (place, text) in [("#rust — Crabs & 螃蟹", "hey Tom"), ("Eve", "psst")] {
        bench.type_in("\x1ba");
        let rows = bench.draw();
        assert!(rows[0].starts_with(&format!(" {place}")), "{}", rows[0]);
        bench.must_show(text);
    }
    bench.type_in("\x1ba");
    bench.must_show("Nothing new.");
}

#[test]
fn a_narrow_screen_says_the_same_in_less_room() {
    let mut bench = Bench::inside(40, 10);
    bench.say(RUST, "你好，世界！你好，世界！你好，世界！");
    bench.say(RoomId::pair(ME, EVE), "psst");
    let rows = bench.draw();
    assert!(rows[0].ends_with("Eve 1, #rust 1"), "{}", rows[0]);
    bench.type_in("\x1b2");
    bench.must_show("07:00 Eve: 你好，世界！你好，世界！你");
    bench.must_show("      好，世界！");
    bench.resize(200, 50);
    bench.must_show("│ 你好，世界！你好，世界！你好，世界！");
    bench.resize(10, 3);
    bench.must_show("too small");
}

#[test]
fn own_words_show_how_far_they_came() {
    let mut bench = Bench::inside(120, 12);
    bench.type_in("/query eve\rcoming\r");
    let reference = bench.send().remove(0);
    bench.must_show("coming …");
    bench.must_show("1 waiting to be stored");
    let room = RoomId::pair(ME, EVE);
    bench.hear(Update::Sent { reference, id: MessageId(5), room, time: NOW });
    bench.must_show("coming ✓");
    bench.hear(Update::Seen { room, by: EVE, up_to: MessageId(5), how: Seen::Delivered });
    bench.must_show("coming ✓✓");
    bench.type_in("again\r");
    let reference = bench.send().remove(0);
    let unsent = Unsent {
        reference,
        to: Some(Who::Id(EVE)),
        room: None,
        text: Text::new("again").unwrap(),
        about: None,
    };
    let why = |code: &str| Reason { code: code.into(), text: "not now".into(), detail: None };
    let later = Update::NotSent { unsent: unsent.clone(), why: why("busy"), will_retry: true };
    bench.hear(later);
    bench.must_show("(not yet stored: not now; sent again by itself)");
    bench.hear(Update::NotSent { unsent, why: why("unknown_user"), will_retry: false });
    bench.must_show("(not sent: not now; /resend)");
    bench.type_in("/resend\r");
    assert_eq!(bench.send().len(), 1);
    bench.must_show("again …");
}

#[test]
fn the_marker_stands_where_one_stopped_reading_on_any_device() {
    let mut bench = Bench::inside(80, 14);
    for text in ["one", "two", "three"] {
        bench.say(RUST, text);
    }
    bench.hear(Update::Seen { room: RUST, by: ME, up_to: MessageId(1), how: Seen::Read });
    let rows = bench.draw();
    assert!(rows[2].contains("#rust") && rows[2].contains(" 2"), "{}", rows[2]);
    bench.type_in("\x1b2");
    let rows = bench.draw();
    let at = |text: &str| rows.iter().position(|row| row.contains(text)).unwrap();
    assert!(at("│ one") < at("─ new ─") && at("─ new ─") < at("│ two"), "{rows:?}");
    assert!(bench.orders().contains(&Do::Read(RUST, MessageId(3))));
}

#[test]
fn who_scrolls_up_stays_there_and_hears_of_what_is_below() {
    let mut bench = Bench::inside(80, 10);
    for n in 0..40 {
        bench.say(RoomId::Lobby, &format!("line {n}"));
    }
    bench.orders();
    bench.type_in("\x1b[5~");
    let talk = |rows: Vec<String>| {
        let rows = rows[1..7].iter();
        rows.map(|row| row.split_once('│').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let before = talk(bench.draw());
    assert!(!bench.shows("line 39"));
    bench.say(RoomId::Lobby, "the newest");
    assert_eq!(talk(bench.draw()), before);
    bench.must_show("↓ 1 new below");
    assert!(!bench.orders().iter().any(|order| matches!(order, Do::Read(..))));
    bench.type_in("\x1b[6~\x1b[6~");
    bench.must_show("the newest");
    assert!(bench.orders().contains(&Do::Read(RoomId::Lobby, MessageId(41))));
}

#[test]
fn the_past_is_fetched_by_looking_for_it() {
    let mut bench = Bench::new(80, 10);
    bench.hear(Update::LoggedIn { me: member(ME, "tom"), n_online: 1 });
    let page = |bench: &Bench, ids: std::ops::Range<u64>| {
        ids.map(|id| bench.said(RoomId::Lobby, id, (EVE, "Eve"), &format!("old {id}"))).collect()
    };
    let messages = page(&bench, 20..40);
    bench.hear(Update::History { room: RoomId::Lobby, messages, more: true });
    bench.draw();
    bench.orders();
    bench.type_in("\x1b[1;5H");
    bench.must_show("old 20");
    let asked = bench.orders();
    let before = Span::Before(MessageId(20));
    assert!(asked.contains(&Do::History(RoomId::Lobby, before)), "{asked:?}");
    let messages = page(&bench, 1..20);
    bench.hear(Update::History { room: RoomId::Lobby, messages, more: false });
    bench.must_show("old 20");
    bench.type_in("\x1b[5~");
    bench.must_show("old 15");
}

#[test]
fn a_long_paste_is_asked_about_and_none_of_it_is_lost() {
    let mut bench = Bench::inside(80, 12);
    bench.type_in("\x1b[200~a\rb\rc\rd\re\rf\r\x1b[201~");
    bench.must_show("6 lines: s send, e edit, Esc drop them (11 bytes pasted)");
    bench.type_in("x\r");
    assert_eq!(bench.model.input.text(), "a\nb\nc\nd\ne\nf");
    bench.type_in("\r");
    let said = bench.orders();
    assert!(matches!(&said[..], [Do::Say { text, .. }] if text.as_str() == "a\nb\nc\nd\ne\nf"));
    bench.type_in("\x1b[200~one\rtwo\x1b[201~");
    assert_eq!(bench.model.input.text(), "one\ntwo");
}

#[test]
fn commands_names_and_rooms_are_completed() {
    let mut bench = Bench::inside(80, 12);
    bench.id = 0;
    bench.hear(Update::Came(member(UserId(300), "Iron man")));
    for (typed, completed) in [
        ("/mem\t", "/members "),
        ("e\t", "Eve: "),
        ("hi e\t", "hi Eve "),
        ("/say #r\t", "/say #rust "),
        ("/msg iron\t", "/msg \"Iron man\" "),
        ("/msg\t \t", "/msg  "),
    ] {
        bench.type_in(typed);
        assert_eq!(bench.model.input.text(), completed, "{typed}");
        bench.type_in("\x15");
    }
    let ernie = bench.said(RoomId::Lobby, 9, (UserId(9), "[ernie]"), "hi");
    bench.hear(Update::Said(ernie));
    bench.type_in("e\t");
    assert_eq!(bench.model.input.text(), "[ernie]: ");
    bench.type_in("\t");
    assert_eq!(bench.model.input.text(), "Eve: ");
}

#[test]
fn a_draft_stays_where_it_was_begun_and_a_command_is_none() {
    let mut bench = Bench::inside(80, 12);
    bench.type_in("/query eve\r");
    bench.type_in("for Eve\x1b1");
    assert_eq!(bench.model.input.text(), "");
    bench.type_in("for all\x1b3");
    assert_eq!(bench.model.input.text(), "for Eve");
    bench.type_in("\x1b1");
    assert_eq!(bench.model.input.text(), "for all");
}

#[test]
fn an_unknown_command_is_never_said() {
    let mut bench = Bench::inside(80, 12);
    bench.type_in("/loginn 100 secret\r");
    assert!(bench.orders().is_empty());
    bench.must_show("There is no command /loginn; nothing was sent");
    assert_eq!(bench.model.input.text(), "/loginn 100 secret");
    bench.type_in("\x15//etc\r");
    assert!(matches!(&bench.orders()[..], [Do::Say { text, .. }] if text.as_str() == "/etc"));
    bench.type_in("/passwd old new\r\x1b[A");
    assert_eq!(bench.model.input.text(), "//etc", "a password is not kept");
}

#[test]
fn one_ctrl_c_leaves_nothing_and_two_leave() {
    let mut bench = Bench::inside(80, 12);
    bench.type_in("half\x03");
    assert_eq!(bench.model.input.text(), "");
    bench.type_in("\x03");
    bench.must_show("Press Ctrl-C again to leave.");
    assert!(!bench.orders().contains(&Do::Leave));
    bench.type_in("\x03");
    assert!(bench.orders().contains(&Do::Leave));
}

#[test]
fn a_lost_connection_and_a_revoked_login_are_said() {
    let mut bench = Bench::inside(100, 16);
    bench.type_in("wait\r");
    bench.send();
    let retry_in = Some(Duration::from_secs(4));
    bench.hear(Update::Disconnected { why: Lost::Closed, retry_in });
    bench.must_show("no connection: the server closed it; next try in 4 s");
    bench.must_show("1 waiting to be stored");
    let why = Reason {
        code: "bad_token".into(),
        text: "this token is no longer good; log in with your password".into(),
        detail: None,
    };
    bench.hear(Update::Refused { what: Some(Ask::Login), why });
    bench.must_show("log in with your password");
    bench.type_in("secret\r");
    assert!(matches!(&bench.orders()[..], [Do::Login { .. }]));
}

#[test]
fn who_comes_and_goes_makes_one_line_and_only_of_those_who_spoke() {
    let mut bench = Bench::inside(80, 12);
    bench.hear(Update::Came(member(UserId(300), "stranger")));
    bench.say(RoomId::Lobby, "hi");
    let left = |who| Update::Left { who, how: Leaving::Logout };
    bench.hear(left(member(EVE, "Eve")));
    bench.hear(Update::Came(member(EVE, "Eve")));
    bench.hear(left(member(EVE, "Eve")));
    bench.must_show("· Eve left");
    assert!(!bench.shows("stranger"), "only in the list, which is not shown at this width");
}

#[test]
fn what_was_said_is_found_again() {
    let mut bench = Bench::inside(80, 8);
    bench.say(RoomId::Lobby, "the needle");
    for n in 0..30 {
        bench.say(RoomId::Lobby, &format!("hay {n}"));
    }
    bench.draw();
    bench.type_in("\x13NEEDLE");
    bench.must_show("the needle");
    bench.must_show("find here: NEEDLE");
    bench.type_in("\x1b[20~\x07");
    bench.say(RUST, "hey tom");
    bench.type_in("\x15/mentions\r");
    bench.must_show("#rust  Eve: hey tom");
    bench.type_in("\r");
    let rows = bench.draw();
    assert!(rows[0].starts_with(" #rust"), "{}", rows[0]);
}

#[test]
fn messages_are_answered_changed_taken_back_and_reacted_to() {
    let mut bench = Bench::inside(100, 14);
    bench.say(RUST, "soup?");
    bench.type_in("\x1b2/reply 1 yes!\r");
    assert!(matches!(
        &bench.model.take_orders()[..],
        [.., Do::Say { reply_to: Some(MessageId(1)), .. }]
    ));
    bench.must_show("↪ Eve: soup?");
    let done = |about, what| {
        Update::Changed(Changed {
            room: RUST,
            about: MessageId(about),
            id: MessageId(9),
            room_name: None,
            peer: None,
            by: EVE,
            name: "Eve".to_owned(),
            time: NOW,
            what,
            replayed: false,
        })
    };
    for _ in 0..2 {
        bench.hear(done(1, Doing::Edit("stew?\u{1b}[2J".to_owned())));
        bench.hear(done(1, Doing::React("🍲".to_owned())));
    }
    bench.must_show("stew?␛[2J (changed)");
    bench.must_show("🍲 1");
    bench.hear(done(1, Doing::Unreact("🍲".to_owned())));
    assert!(!bench.shows("🍲"));
    bench.hear(done(1, Doing::Delete));
    bench.must_show("(taken back)");
    assert!(!bench.shows("stew"));
    bench.say(RUST, "more");
    bench.type_in("/delete 2\r");
    let orders = bench.orders();
    let mut changes = orders.iter().filter_map(|order| match order {
        Do::Change(change) => Some(change.clone()),
        _ => None,
    });
    let change = changes.next_back().expect("a change");
    let reference = crate::protocol::Reference::new("c1").unwrap();
    bench.model.changing(reference.clone(), change);
    assert!(bench.shows("more"), "not before the server has it");
    bench.hear(Update::Sent { reference, id: MessageId(10), room: RUST, time: NOW });
    assert!(!bench.shows("more"));
}

#[test]
fn a_message_is_chosen_to_do_something_with_it() {
    let mut bench = Bench::inside(80, 8);
    for n in 1..30 {
        bench.say(RUST, &format!("message {n}"));
    }
    bench.type_in("\x1b2\x1bk");
    bench.must_show("r answer");
    bench.type_in(&"\x1b[A".repeat(20));
    bench.must_show("message 9");
    bench.type_in("e");
    assert_eq!(bench.model.input.text(), "/edit 9 message 9");
    bench.type_in("\x15\x1bk\x1b[B+");
    assert!(bench.model.input.text().starts_with("/react "));
    bench.type_in("\x15\x1bk\x1b");
    bench.pass();
    assert_eq!(bench.model.picked(), None);
}

#[test]
fn a_message_that_was_stored_twice_over_stands_once_in_its_place() {
    let mut bench = Bench::inside(80, 12);
    bench.type_in("mine\r");
    let reference = bench.send().remove(0);
    let other = bench.said(RoomId::Lobby, 2, (EVE, "Eve"), "theirs");
    bench.hear(Update::Said(other.clone()));
    let room = RoomId::Lobby;
    bench.hear(Update::Sent { reference, id: MessageId(1), room, time: NOW });
    bench.hear(Update::History { room, messages: vec![other], more: false });
    let rows = bench.draw();
    let of = |text: &str| rows.iter().positions_of(text);
    assert_eq!((of("mine").len(), of("theirs").len()), (1, 1));
    assert!(of("mine")[0] < of("theirs")[0]);
}

trait Positions {
    fn positions_of(self, text: &str) -> Vec<usize>;
}

impl<'a, I: Iterator<Item = &'a String>> Positions for I {
    fn positions_of(self, text: &str) -> Vec<usize> {
        self.enumerate().filter(|(_, row)| row.contains(text)).map(|(at, _)| at).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever people are called and say, on a screen of any size: no panic, no control
    /// character, no row that is wider than the screen, and nothing but one's own client ever
    /// begins a row at the left.
    #[test]
    fn nobody_steers_the_screen(
        names in prop::collection::vec("\\PC{0,20}|.{0,12}|\u{1b}\\[2J|你好{1,9}|e\u{301}{1,20}", 1..6),
        texts in prop::collection::vec("(\\PC|.|\n|[\u{0}-\u{9f}]|\u{202e}|👩\u{200d}👩\u{200d}👧|你){0,60}", 1..8),
        typed in prop::collection::vec(any::<u8>(), 0..60),
        columns in 1_u16..130,
        rows in 1_u16..30,
    ) {
        let mut bench = Bench::inside(columns, rows);
        for ((n, text), id) in texts.iter().enumerate().zip(0..) {
            let name = &names[n % names.len()];
            let room = [RoomId::Lobby, RUST, RoomId::pair(ME, EVE)][n % 3];
            let said = bench.said(room, n as u64 + 1, (EVE, name), text);
            bench.hear(Update::Said(said));
            bench.hear(Update::Came(member(UserId(400 + id), name)));
            let topic = RoomMes {
                act: "topic".to_owned(),
                room: RUST.to_string(),
                user_name: Some(name.clone()),
                text: Some(text.clone()),
                ..Default::default()
            };
            bench.hear(Update::Room(Box::new(topic)));
        }
        for typed in bench.decoder.feed(&typed, clock::now()) {
            bench.model.typed(typed);
            for row in bench.draw() {
                prop_assert!(row.chars().all(|c| !c.is_control() && mark(c) == c), "{row:?}");
            }
        }
        bench.resize(rows.max(16) * 2, columns.clamp(5, 40));
        bench.draw();
    }
}

#[test]
fn a_renamed_peer_is_called_by_the_new_name() {
    let mut bench = Bench::inside(100, 12);
    bench.say(RoomId::pair(ME, EVE), "psst");
    bench.hear(Update::Renamed(member(EVE, "Eva")));
    assert!(bench.draw()[3].starts_with("3 ● Eva"));
}
