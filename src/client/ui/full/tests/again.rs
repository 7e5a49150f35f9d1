//! Taking back, sending again, being somebody else; and what stands in the way of nothing.

use std::time::Duration;

use super::Positions;
use super::bench::{Bench, EVE, ME, NOW, RUST, member};
use crate::client::ui::command::Line;
use crate::client::ui::full::model::{Do, Mode};
use crate::client::{Ask, Lost, Reason, RoomMes, Unsent, Update};
use crate::protocol::wire::entry::EntryMes;
use crate::protocol::{
    MessageId, Reference, RoomAsk, RoomId, RoomName, RoomRef, Text, UserId, Who,
};

#[test]
fn what_waits_can_be_taken_back_and_what_was_refused_sent_again() {
    let mut bench = Bench::inside(120, 14);
    bench.hear(Update::Disconnected { why: Lost::Silent, retry_in: Some(Duration::from_secs(9)) });
    bench.type_in("/reply 1 first\rsecond\r");
    let references = bench.send();
    let withdrawn = |reference: &Reference, is_done| Update::Withdrawn {
        reference: reference.clone(),
        is_done,
    };
    // The newest one back into the line, where another text was begun.
    bench.type_in("begun\x1bk");
    bench.must_show("Not sent yet.");
    bench.type_in("e");
    assert!(bench.orders().contains(&Do::Withdraw(references[1].clone())));
    bench.must_show("second …");
    bench.hear(withdrawn(&references[1], true));
    assert_eq!(bench.model.input.text(), "second");
    assert!(!bench.shows("second …"));
    bench.type_in("\x1b[A");
    assert_eq!(bench.model.input.text(), "begun", "nothing that was typed is lost");
    // Too late for the other one.
    bench.type_in("\x15\x1bkd");
    assert!(bench.orders().contains(&Do::Withdraw(references[0].clone())));
    bench.hear(withdrawn(&references[0], false));
    bench.must_show("Too late: it is on its way.");
    bench.must_show("first …");
    // Refused, it goes out again as the answer that it was, and only once.
    let unsent = Unsent {
        reference: references[0].clone(),
        to: None,
        room: None,
        text: Text::new("first").unwrap(),
        about: None,
    };
    let why = Reason { code: "muted".into(), text: "you are muted".into(), detail: None };
    bench.hear(Update::NotSent { unsent, why, will_retry: false });
    bench.type_in("\x1bk");
    bench.must_show("s send again");
    bench.type_in("s");
    let orders = bench.orders();
    let [Do::Say { reply_to, text, .. }] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!((*reply_to, text.as_str()), (Some(MessageId(1)), "first"));
    let rows = bench.draw();
    assert_eq!(rows.iter().positions_of("first").len(), 1, "{rows:?}");
}

#[test]
fn what_is_on_the_wire_is_not_offered_to_be_dropped() {
    let mut bench = Bench::inside(120, 14);
    bench.type_in("first\r");
    let reference = bench.send().remove(0);
    bench.type_in("\x1bk");
    bench.must_show("On its way; once stored, it can be changed.");
    bench.type_in("d");
    assert!(bench.orders().is_empty());
    bench.must_show("On its way");
    // It may be stored when the connection breaks, and is on the wire again when another stands.
    bench.hear(Update::Disconnected { why: Lost::Silent, retry_in: None });
    bench.must_show("On its way");
    bench.type_in("\x1b");
    bench.pass();
    bench.type_in("second\r");
    bench.send();
    bench.type_in("\x1bk");
    bench.must_show("Not sent yet.");
    bench.hear(Update::LoggedIn { me: member(ME, "tom"), n_online: 1 });
    bench.must_show("On its way");
    // Refused for the time being it waits here.
    let unsent =
        Unsent { reference, to: None, room: None, text: Text::new("first").unwrap(), about: None };
    let why = Reason { code: "busy".into(), text: String::new(), detail: None };
    bench.hear(Update::NotSent { unsent, why, will_retry: true });
    bench.type_in("\x1b[A");
    bench.must_show("Not sent yet.");
    bench.type_in("d");
    assert!(bench.orders().iter().any(|order| matches!(order, Do::Withdraw(_))));
}

#[test]
fn what_is_said_to_oneself_rings_once_where_it_is_not_seen() {
    let mut bench = Bench::inside(120, 14);
    bench.model.rings = true;
    let rings =
        |bench: &mut Bench| bench.orders().iter().filter(|order| **order == Do::Bell).count();
    bench.say(RoomId::Lobby, "tom, look here");
    bench.say(RUST, "not for you");
    assert_eq!(rings(&mut bench), 0, "one is seen, one is not for tom");
    bench.say(RUST, "tom!");
    bench.say(RoomId::pair(ME, EVE), "psst");
    assert_eq!(rings(&mut bench), 1);
    let own = bench.said(RUST, 900, (ME, "tom"), "tom said this on another device");
    bench.hear(Update::Said(own));
    assert_eq!(rings(&mut bench), 0);
    // Another window has the keys.
    bench.type_in("\x1b[O");
    bench.say(RoomId::Lobby, "Tom?");
    assert_eq!(rings(&mut bench), 1);
    bench.model.rings = false;
    bench.say(RoomId::pair(ME, EVE), "psst");
    assert_eq!(rings(&mut bench), 0);
}

#[test]
fn in_a_narrow_terminal_what_can_be_done_is_said_in_whole_words() {
    let mut bench = Bench::inside(40, 12);
    bench.say(RoomId::Lobby, "hello");
    bench.type_in("\x1bk");
    bench.must_show(" r answer, e change, d delete, + react…");
    bench.type_in("\x1b");
    bench.pass();
    bench.type_in("/keys\r");
    bench.must_show(" Enter goes there, Esc back; Up/Down…");
    bench.type_in("\x1b");
    bench.pass();
    bench.type_in("\x1b[200~a\rb\rc\rd\re\rf\r\x1b[201~");
    bench.must_show(" 6 lines: s send, e edit, Esc drop…");
}

#[test]
fn another_account_is_asked_for_when_nothing_waits_any_more() {
    let mut bench = Bench::inside(100, 20);
    bench.say(RUST, "of the first account");
    bench.type_in("wait\r");
    let reference = bench.send().remove(0);
    bench.type_in("/login 300 geheim\r");
    bench.must_show("First what waits has to be stored");
    assert_eq!(bench.model.input.text(), "/login 300 geheim");
    let room = RoomId::Lobby;
    bench.hear(Update::Sent { reference, id: MessageId(90), room, time: NOW });
    bench.type_in("\r");
    assert_eq!(bench.orders(), [Do::Connect("127.0.0.1:8889".to_owned())]);
    bench.hear(Update::Connected { server: "hubbub/1".to_owned() });
    let orders = bench.orders();
    let [Do::Login { who, password }] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!((who, password.reveal()), (&Who::Id(UserId(300)), "geheim"));
    bench.hear(Update::LoggedIn { me: member(UserId(300), "third"), n_online: 1 });
    bench.must_show("Welcome, third.");
    assert!(!bench.shows("#rust") && !bench.shows("wait"));
    // Another server: the same number is somebody else there.
    bench.say(RoomId::Lobby, "of the first server");
    bench.type_in("/connect other:1\r");
    assert!(bench.orders().contains(&Do::Connect("other:1".to_owned())));
    bench.hear(Update::Connected { server: "hubbub/1".to_owned() });
    bench.hear(Update::LoggedIn { me: member(UserId(300), "another"), n_online: 1 });
    bench.must_show("Welcome, another.");
    assert!(!bench.shows("of the first server"));
}

#[test]
fn who_waits_for_an_operator_logs_in_later_and_does_not_ask_twice() {
    let mut bench = Bench::new(100, 20);
    bench.hear(Update::Connected { server: "hubbub/1".to_owned() });
    bench.type_in("\rjerry\rgeheim\rgeheim\r");
    assert!(matches!(&bench.orders()[..], [Do::Register { .. }]));
    let why =
        |detail| Reason { code: "not_let_in".into(), text: "you have to wait".into(), detail };
    let what = Some(Ask::Register);
    bench.hear(Update::Refused { what, why: why(Some("10002".to_owned())) });
    bench.must_show("your id is 10002, and an operator has still to let you in");
    bench.must_show("have an account here");
    for _ in 0..2 {
        bench.type_in("\r");
        let orders = bench.orders();
        let [Do::Login { who, password }] = &orders[..] else { panic!("{orders:?}") };
        assert_eq!((who, password.reveal()), (&Who::Id(UserId(10_002)), "geheim"));
        bench.hear(Update::Refused { what: Some(Ask::Login), why: why(None) });
        bench.must_show("you have to wait");
    }
}

#[test]
fn a_deleted_account_leads_to_the_first_screen() {
    let mut bench = Bench::inside(100, 20);
    bench.say(RUST, "of the account");
    bench.type_in("/delete-account geheim\r");
    assert!(matches!(&bench.orders()[..], [.., Do::Ask(Line::DeleteAccount { .. })]));
    bench.hear(Update::Unanswered(Ask::DeleteAccount));
    let why = Reason { code: "deleted".into(), text: String::new(), detail: None };
    bench.hear(Update::Disconnected { why: Lost::Told(why), retry_in: None });
    bench.must_show("your account is deleted");
    assert!(!bench.shows("The connection broke"));
    assert_eq!(bench.orders(), [Do::Connect("127.0.0.1:8889".to_owned())]);
    bench.hear(Update::Connected { server: "hubbub/1".to_owned() });
    bench.must_show("your account is deleted");
    bench.type_in("\x1b[D\r300\rgeheim\r");
    assert!(matches!(&bench.orders()[..], [Do::Login { .. }]));
    bench.hear(Update::LoggedIn { me: member(UserId(300), "third"), n_online: 1 });
    bench.must_show("Welcome, third.");
    assert!(!bench.shows("#rust"));
}

#[test]
fn what_was_begun_in_a_room_that_is_closed_is_kept() {
    let mut bench = Bench::inside(100, 12);
    bench.type_in("\x1b2half a line");
    let closed = RoomMes {
        act: "close".to_owned(),
        room: RUST.to_string(),
        room_name: "#rust".to_owned(),
        ..RoomMes::default()
    };
    bench.hear(Update::Room(Box::new(closed)));
    assert!(bench.draw()[0].starts_with(" lobby"));
    bench.must_show("Up brings it back");
    assert_eq!(bench.model.input.text(), "");
    bench.type_in("\x1b[A");
    assert_eq!(bench.model.input.text(), "half a line");
}

/// By a word of the server's: closed, or put out by somebody.
fn lost(act: &str) -> Update {
    Update::Room(Box::new(RoomMes {
        act: act.to_owned(),
        room: RUST.to_string(),
        room_name: "#rust".to_owned(),
        user_id: Some(EVE.0),
        user_name: Some("Eve".to_owned()),
        whom_id: (act != "close").then_some(ME.0),
        ..RoomMes::default()
    }))
}

#[test]
fn what_was_meant_for_a_room_that_is_gone_goes_nowhere_else_at_once() {
    for act in ["close", "kick", "ban"] {
        let mut bench = Bench::inside(100, 12);
        bench.type_in("\x1b2on its way\r");
        let references = bench.send();
        bench.type_in("half");
        bench.hear(lost(act));
        bench.type_in(" a line\r");
        assert_eq!(bench.send(), [], "{act}");
        bench.must_show("Enter once more sends this here");
        assert_eq!(bench.model.input.text(), " a line");
        // What had gone out is refused, and its place is not there to say so.
        let text = Text::new("on its way").unwrap();
        let [reference] = references.try_into().unwrap();
        let unsent = Unsent { reference, to: None, room: None, text, about: None };
        let why = Reason { code: "not_member".into(), text: "no".into(), detail: None };
        bench.hear(Update::NotSent { unsent, why, will_retry: false });
        bench.must_show("The text was: on its way");
        bench.type_in("\r");
        assert!(matches!(&bench.orders()[..], [Do::Say { room: RoomId::Lobby, .. }]));
        // Who goes there on purpose says it at once.
        let mut bench = Bench::inside(100, 12);
        bench.type_in("\x1b2");
        bench.hear(lost(act));
        bench.type_in("\x1b1all\r");
        assert!(matches!(&bench.orders()[..], [.., Do::Say { room: RoomId::Lobby, .. }]));
    }
}

#[test]
fn who_asks_for_an_account_stays_in_the_talk() {
    let mut bench = Bench::inside(100, 12);
    let mes = EntryMes {
        act: "wait".to_owned(),
        whom_id: 300,
        whom_name: Some("jerry".to_owned()),
        ..EntryMes::default()
    };
    bench.hear(Update::Entry(mes));
    bench.model.tick(NOW.plus(60_000));
    bench.must_show("jerry (300) asks for an account: /approve 300");
}

#[test]
fn a_room_is_closed_only_by_its_name_and_a_place_is_hidden() {
    let mut bench = Bench::inside(100, 12);
    bench.say(RUST, "in the room");
    bench.say(RoomId::pair(ME, EVE), "psst");
    bench.type_in("\x1b2/close\r");
    bench.must_show("/close ROOM");
    assert!(!bench.orders().iter().any(|order| matches!(order, Do::Ask(_))));
    assert_eq!(bench.model.input.text(), "/close");
    bench.type_in("\x15/close #rust\r");
    let room = RoomRef::Name(RoomName::new("#rust").unwrap());
    let close = Do::Ask(Line::Room(room, RoomAsk::Close));
    assert!(bench.orders().contains(&close));
    bench.type_in("\x1b3");
    assert!(bench.draw()[0].starts_with(" Eve"));
    bench.type_in("/hide\r");
    assert!(bench.draw()[0].starts_with(" #rust"));
    assert!(bench.model.place(RoomId::pair(ME, EVE)).is_none());
    bench.type_in("/hide\r");
    bench.must_show("/part leaves it for good");
}

#[test]
fn hints_hide_nothing_for_long() {
    let mut bench = Bench::inside(100, 6);
    for n in 1..30 {
        bench.say(RoomId::Lobby, &format!("message {n}"));
    }
    bench.type_in("\x1b[5~");
    bench.hear(Update::PasswdDone);
    bench.must_show("Your password is changed.");
    bench.say(RoomId::Lobby, "one more");
    bench.must_show("↓ 1 new below");
    bench.type_in("\x13");
    bench.must_show("find here: ");
    assert!(!bench.shows("Your password is changed."));
}

#[test]
fn help_is_whole_at_sixty_columns_and_begins_a_command() {
    let mut bench = Bench::inside(60, 40);
    bench.type_in("/help\r");
    bench.must_show("/create ROOM [open|invite|hidden] [no-guests]");
    let rows = bench.draw();
    assert!(rows[2..].iter().all(|row| !row.contains('…')), "{rows:?}");
    while !matches!(&bench.model.mode, Mode::Panel(panel) if panel.leads_to("/kick ")) {
        bench.type_in("\x1b[B");
    }
    bench.type_in("\r");
    assert_eq!(bench.model.input.text(), "/kick ");
}

#[test]
fn what_is_typed_ahead_is_not_said_in_another_room() {
    let mut bench = Bench::inside(100, 12);
    let says = |bench: &mut Bench| bench.orders().iter().any(|o| matches!(o, Do::Say { .. }));
    bench.type_in("/join #secret\rfor the few\r");
    assert!(!says(&mut bench));
    bench.must_show("You are not in the room yet");
    let entered = RoomMes {
        act: "entered".to_owned(),
        room: "!9".to_owned(),
        room_name: "#secret".to_owned(),
        ..RoomMes::default()
    };
    bench.hear(Update::Room(Box::new(entered)));
    assert!(bench.draw()[0].starts_with(" #secret"));
    assert_eq!(bench.model.input.text(), "for the few");
    bench.type_in("\r");
    let orders = bench.orders();
    let is_said_there =
        |order: &Do| matches!(order, Do::Say { room, .. } if *room == RoomId::parse("!9").unwrap());
    assert!(orders.iter().any(is_said_there), "{orders:?}");
    // Another device comes into a room: it is in the list, and one stays where one is.
    bench.type_in("begun");
    let elsewhere = RoomMes {
        act: "entered".to_owned(),
        room: "!8".to_owned(),
        room_name: "#other".to_owned(),
        ..RoomMes::default()
    };
    bench.hear(Update::Room(Box::new(elsewhere)));
    assert!(bench.draw()[0].starts_with(" #secret"));
    assert_eq!(bench.model.input.text(), "begun");
    assert!(bench.shows("#other"));
    bench.type_in("\x15");
    // Refused, one is where one was.
    bench.type_in("/join #none\r");
    let why = Reason { code: "no_such_room".into(), text: "no room".into(), detail: None };
    bench.hear(Update::Refused { what: Some(Ask::Room), why });
    bench.type_in("here\r");
    assert!(says(&mut bench));
}
