//! Guessing passwords: five for an account, then one per ten seconds; the first from an address
//! is always looked at, so nobody can lock an owner out.

use serde_json::Value;

use crate::support::peers::Course;
use crate::support::server::Server;
use crate::support::wire::Wire;

const STRICT: [&str; 2] = ["--exempt", "10.255.0.0/16"];

const GUESSER: [u8; 4] = [127, 0, 0, 66];

/// What a login from this address is answered: the code, and the words.
fn log_in(server: &Server, from: [u8; 4], id: i64, password: &str) -> (i64, String) {
    let mut course = Course::over(Wire::connect_from(server.frames(), from));
    course.log_in(id, password);
    let (kind, data) = course.next("the answer to the login");
    assert_eq!(kind, "LoginResMes");
    let data: Value = serde_json::from_str(&data).unwrap();
    (data["code"].as_i64().unwrap(), data["error"].as_str().unwrap().to_owned())
}

#[test]
fn five_wrong_passwords_then_no_more_but_the_owner_is_not_locked_out() {
    let server = Server::start_with(&STRICT);
    Course::join(server.frames(), 100, "tom");
    for n in 0..5 {
        let answer = log_in(&server, GUESSER, 100, &format!("guess {n}"));
        assert_eq!(answer, (403, "密码不正确".to_owned()));
    }
    let throttled = (505, "尝试次数太多，请稍后再试".to_owned());
    assert_eq!(log_in(&server, GUESSER, 100, "guess 6"), throttled);
    // Not even the right one: who guesses must not learn that it was.
    assert_eq!(log_in(&server, GUESSER, 100, "secret"), throttled);
    // Another account from there is not concerned.
    Course::join(server.frames(), 200, "jerry");
    assert_eq!(log_in(&server, GUESSER, 200, "secret").0, 200);
    // The owner comes from elsewhere.
    assert_eq!(log_in(&server, [127, 0, 0, 7], 100, "secret").0, 200);
}

#[test]
fn guessing_who_there_is_costs_the_same() {
    let server = Server::start_with(&STRICT);
    for n in 0..5 {
        assert_eq!(log_in(&server, GUESSER, 4_711, &format!("guess {n}")).0, 500);
    }
    assert_eq!(log_in(&server, GUESSER, 4_711, "guess 6").0, 505);
}

#[test]
fn right_passwords_are_not_counted() {
    let server = Server::start_with(&STRICT);
    Course::join(server.frames(), 100, "tom");
    for _ in 0..12 {
        assert_eq!(log_in(&server, GUESSER, 100, "secret").0, 200);
    }
}

#[test]
fn fifty_wrong_passwords_from_an_address_then_no_more_whoever_is_meant() {
    let server = Server::start_with(&STRICT);
    Course::join(server.frames(), 100, "tom");
    let codes: Vec<_> = (0..60).map(|n| log_in(&server, GUESSER, 5_000 + n, "guess").0).collect();
    let n_looked_at = codes.iter().take_while(|code| **code == 500).count();
    // One more for each ten seconds that this took.
    assert!((50..56).contains(&n_looked_at), "{codes:?}");
    assert!(codes.iter().skip(n_looked_at).any(|code| *code == 505), "{codes:?}");
    assert_eq!(log_in(&server, [127, 0, 0, 7], 100, "secret").0, 200);
}

#[test]
fn what_an_address_may_not_is_not_counted_against_the_account() {
    let server = Server::start_with(&STRICT);
    Course::join(server.frames(), 100, "tom");
    let is_throttled = |id| log_in(&server, GUESSER, id, "guess").0 == 505;
    assert!((1_000..1_060).any(is_throttled), "an address may guess without end");
    for _ in 0..6 {
        assert_eq!(log_in(&server, GUESSER, 100, "secret").0, 505);
    }
    // From elsewhere: one wrong, so that it is not the first from there, and then the right one.
    let elsewhere = [127, 0, 0, 7];
    assert_eq!(log_in(&server, elsewhere, 100, "guess").0, 403);
    assert_eq!(log_in(&server, elsewhere, 100, "secret").0, 200);
}
