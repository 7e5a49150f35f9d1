//! Busy, away and back, and who writes: told to everybody in the words that they have for it.

use std::time::Duration;

use hubbub::client::{Client, Config, Update, Updates};
use hubbub::protocol::{Absence, AbsenceKind, AbsenceNote, Password, Text, UserId, Who};
use serde_json::{Value, json};

use crate::support::peers::{Course, Extended, Line};
use crate::support::server::Server;

const DEADLINE: Duration = Duration::from_secs(60);

fn away(peer: &mut Extended, state: &str, text: &str) -> Value {
    peer.send("AwayMes", &json!({"state": state, "text": text}).to_string());
    loop {
        let (kind, data) = peer.next("the answer");
        if kind == "AwayMes" {
            return data;
        }
    }
}

/// A line that is logged in.
fn line(server: &Server, id: i64, name: &str) -> Line {
    let mut line = Line::enter(server.lines());
    line.ask(
        &format!("/register {id} secret {name}"),
        &[&format!("* registered, your id is {id}; now: /login {id} PASSWORD")],
    );
    let hello = format!("[{}]{name}: login!!!", line.me());
    line.ask(&format!("/login {id} secret"), &[&hello]);
    line
}

#[test]
fn who_is_away_is_so_for_everybody_until_they_are_back() {
    let server = Server::start();
    let mut ann = line(&server, 300, "ann");
    let mut course = Course::enter(server.frames(), 400, "gopher");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    for id in [100, 200] {
        course.expect_came(id);
    }
    tom.expect("NotifyUserStatusMes");

    let done = away(&mut jerry, "away", "lunch");
    assert_eq!(done, json!({"userId":200,"userName":"jerry","state":"away","text":"lunch"}));
    course.expect("NotifyUserStatusMes", r#"{"userId":200,"status":2}"#);
    let told = tom.expect("NotifyUserStatusMes");
    assert_eq!((&told["status"], &told["state"]), (&json!(2), &json!("away")));
    assert_eq!(told["text"], "lunch");
    tom.send("WhoMes", "{}");
    let list = tom.expect("WhoResMes");
    let of = |id: i64| list["online"].as_array().unwrap().iter().find(|p| p["userId"] == id);
    assert_eq!(of(200).unwrap()["state"], "away");
    assert!(of(100).unwrap().get("state").is_none());

    // A device that comes now is told, and may end it.
    let mut phone = Extended::connect(server.frames(), "phone");
    assert_eq!(phone.log_in(200, "secret")["code"], 200);
    assert!(phone.expect("WhoResMes").to_string().contains("lunch"));
    assert_eq!(away(&mut phone, "here", "")["state"], "here");
    for peer in [&mut tom, &mut jerry] {
        let told = peer.expect("NotifyUserStatusMes");
        assert_eq!((&told["status"], &told["state"]), (&json!(0), &json!("here")));
    }
    course.expect("NotifyUserStatusMes", r#"{"userId":200,"status":0}"#);

    // A person at a line is not told: it stands in `who`.
    for name in ["gopher", "tom", "jerry"] {
        assert!(ann.next("somebody comes").ends_with(&format!("{name}: login!!!")));
    }
    ann.tell_all("ann", "hi");
}

#[test]
fn a_line_says_that_it_is_busy_and_stands_so_in_the_list() {
    let server = Server::start();
    let mut ann = line(&server, 300, "ann");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    ann.next("tom comes");
    ann.ask("/busy the oven", &["* you are busy: the oven; /back ends it"]);
    assert_eq!(tom.expect("NotifyUserStatusMes")["state"], "busy");
    let who = ann.who(2);
    assert!(who.contains(&format!("{}:ann (busy: the oven)", ann.me())), "{who:?}");
    let long = format!("/away {}", "x".repeat(201));
    ann.ask(&long, &["* not a note: at most 200 bytes, no control characters"]);
    ann.ask("/back", &["* you are back"]);
    assert_eq!(tom.expect("NotifyUserStatusMes")["state"], "here");
    assert!(ann.who(2).contains(&format!("{}:ann", ann.me())));
    // It ends with the last connection, too.
    ann.ask("/away", &["* you are back"]);
    tom.expect("NotifyUserStatusMes");
    ann.ask("/away for good", &["* you are away: for good; /back ends it"]);
    tom.expect("NotifyUserStatusMes");
    ann.ask("/quit", &["* bye"]);
    ann.wire.close();
    assert_eq!(tom.expect("NotifyUserStatusMes")["status"], 1);
    let mut again = Line::enter(server.lines());
    again.say("/login 300 secret");
    again.next("the login");
    assert!(again.who(2).contains(&format!("{}:ann", again.me())));
}

#[test]
fn who_writes_to_somebody_away_is_told_once() {
    let server = Server::start();
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut ann = line(&server, 300, "ann");
    away(&mut jerry, "away", "lunch");
    for _ in 0..3 {
        // The guest, ann, and that jerry is away.
        tom.next("somebody comes or goes");
    }
    tom.expect("NotifyUserStatusMes");
    for (round, reference) in ["r1", "r2"].iter().enumerate() {
        tom.tell(200, "there?", reference);
        tom.expect_ack(reference);
        if round == 0 {
            let told = tom.expect("AwayMes");
            assert_eq!((&told["userId"], &told["text"]), (&json!(200), &json!("lunch")));
        }
    }
    let said = format!("[private {}]ann -> 200: hi", ann.me());
    ann.ask("/msg 200 hi", &[&said, "* jerry is away: lunch"]);
    ann.ask("/msg 200 hi", &[&said]);
    // What is said to all, and to who is there, is no occasion.
    tom.store("all", "r3");
    ann.next("all");
    away(&mut jerry, "busy", "");
    tom.expect("NotifyUserStatusMes");
    ann.ask("/msg 200 hi", &[&said, "* jerry is busy"]);
    away(&mut jerry, "here", "");
    ann.ask("/msg 200 hi", &[&said]);
    ann.ask("/msg 100 hi", &[&format!("[private {}]ann -> 100: hi", ann.me())]);
}

#[test]
fn who_writes_is_seen_by_those_who_would_read_it_and_not_too_often() {
    let server = Server::start();
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    jerry.expect("NotifyUserStatusMes");
    // The second comes too soon, and so does the one to all; neither is answered.
    for to in [json!({"toUserId": 200}), json!({"toUserId": 200}), json!({}), json!({"room": 7})] {
        tom.send("TypingMes", &to.to_string());
    }
    tom.expect_error("bad_request");
    tom.tell(200, "hi", "r1");
    assert_eq!(jerry.expect("TypingMes"), json!({"room":"@100,200","userId":100,"userName":"tom"}));
    assert_eq!(jerry.expect_said().text, "hi");
    tom.expect_ack("r1");
    jerry.send("TypingMes", r#"{"toUserId":999}"#);
    jerry.send("TypingMes", r#"{"room":"lobby"}"#);
    jerry.store("all", "r2");
    assert_eq!(tom.expect("TypingMes")["room"], "lobby");
    assert_eq!(tom.expect_said().text, "all");
    for _ in 0..2 {
        ann.expect("NotifyUserStatusMes");
    }
    assert_eq!(ann.expect("TypingMes")["userId"], 200);
    assert_eq!(ann.expect_said().text, "all");
}

#[test]
fn nobody_is_told_who_writes_where_many_are() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    tom.expect("NotifyUserStatusMes");
    let guests: Vec<_> = (0..49).map(|_| Line::enter(server.lines())).collect();
    for _ in &guests {
        tom.expect("NotifyUserStatusMes");
    }
    jerry.send("TypingMes", "{}");
    jerry.say("all", "r1");
    assert_eq!(tom.expect_said().text, "all");
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    tom.expect("NotifyUserStatusMes");
    ann.send("TypingMes", r#"{"toUserId":100}"#);
    assert_eq!(tom.expect("TypingMes")["userId"], 300);
}

/// Logged in by the library.
fn come(server: &Server, id: i64, name: &str) -> (Client, Updates) {
    Course::join(server.frames(), id, name);
    let (client, updates) =
        Client::start(Config::new(server.frames().to_string(), "test/1")).unwrap();
    client.login(Who::Id(UserId(id)), Password::new("secret").unwrap()).unwrap();
    until(&updates, |update| matches!(update, Update::LoggedIn { .. }).then_some(()));
    (client, updates)
}

fn until<T>(updates: &Updates, mut answer: impl FnMut(Update) -> Option<T>) -> T {
    loop {
        let update = updates.next(DEADLINE).expect("an update");
        if let Some(found) = answer(update) {
            return found;
        }
    }
}

#[test]
fn the_library_says_and_hears_who_is_away_and_who_writes() {
    let server = Server::start();
    let (tom, of_tom) = come(&server, 100, "tom");
    let (jerry, of_jerry) = come(&server, 200, "jerry");
    let lunch = Absence { kind: AbsenceKind::Away, note: AbsenceNote::new("lunch") };
    jerry.absence(Some(lunch.clone())).unwrap();
    let done = until(&of_jerry, |update| match update {
        Update::AbsenceDone(absence) => Some(absence),
        _ => None,
    });
    assert_eq!(done.as_ref(), Some(&lunch));
    let told = until(&of_tom, |update| match update {
        Update::Absence(who) => Some((who.id, who.absence)),
        _ => None,
    });
    assert_eq!(told, (UserId(200), Some(lunch.clone().into())));
    // As at every key.
    for _ in 0..20 {
        tom.typing(Some(UserId(200)), None).unwrap();
    }
    tom.send(Some(UserId(200)), Text::new("there?").unwrap()).unwrap();
    let told = until(&of_tom, |update| match update {
        Update::IsAbsent(who) => Some(who.absence),
        _ => None,
    });
    assert_eq!(told, Some(lunch.into()));
    let mut n_typing = 0;
    until(&of_jerry, |update| {
        n_typing += usize::from(matches!(update, Update::Typing { by: UserId(100), .. }));
        matches!(update, Update::Said(_)).then_some(())
    });
    assert_eq!(n_typing, 1);
    jerry.absence(None).unwrap();
    let told = until(&of_tom, |update| match update {
        Update::Absence(who) => Some(who.absence),
        _ => None,
    });
    assert_eq!(told, None);
}
