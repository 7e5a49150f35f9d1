//! By invitation code.

use std::time::Duration;

use hubbub::client::{Client, Config, Update, Updates};
use hubbub::protocol::{ErrorCode, Password, UserId};

use super::with_registration;
use crate::support::peers::{Course, Extended, Line, registration};
use crate::support::program::Ended;
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

const NEEDED: &str = "* registering here takes an invitation code: /code CODE, then register again";
const BAD: &str = "* this invitation code is not good, or not any more";
const GOOD: &str = "* this code is good; now: /register ID PASSWORD [NAME]";

/// A code for so many accounts.
fn invite(job: &dyn Fn(&[&str]) -> Ended, uses: &str) -> String {
    let made = job(&["invite", "--uses", uses, "--days", "2"]);
    let (code, about) = made.out.split_once('\n').unwrap_or_else(|| panic!("{made:?}"));
    let n = if uses == "1" { "1 account".to_owned() } else { format!("{uses} accounts") };
    let begins = format!("good for {n} until 20");
    assert!(about.starts_with(&begins) && about.ends_with("not shown again\n"), "{about}");
    code.to_owned()
}

#[test]
fn a_line_gives_its_code_and_then_registers() {
    with_registration("code", |server, job| {
        let code = invite(job, "1");
        let mut line = Line::enter(server.lines());
        line.ask("/register 100 secret", &[NEEDED]);
        line.ask("/code", &["* not understood; the form is: /code CODE"]);
        line.ask("/code abcde-fghij-kmnpq-rstuv", &[BAD]);
        line.ask("/register 100 secret", &[NEEDED]);
        // However it is typed.
        line.ask(&format!("/code {}", code.to_uppercase().replace('-', " ")), &[GOOD]);
        let registered = "* registered, your id is 100; now: /login 100 PASSWORD";
        line.ask("/register 100 secret", &[registered]);
        line.ask("/register 200 secret", &[BAD]);
        assert_eq!(job(&["invites"]).out, "");
        line.ask("/login 100 secret", &[&format!("[{}]100: login!!!", line.me())]);
    });
}

#[test]
fn frames_carry_the_code_and_the_course_is_told_in_its_own_words() {
    with_registration("code", |server, job| {
        let code = invite(job, "2");
        let mut course = Course::connect(server.frames());
        course.send("RegisterMes", &registration(200, "secret", "jerry"));
        let error = "这里注册需要邀请码：请先输入 /code 邀请码，再注册";
        course.expect("RegisterResMes", &format!(r#"{{"code":506,"error":"{error}"}}"#));
        let mut tom = Extended::connect(server.frames(), "laptop");
        let user = |id: i64| format!(r#""user":{{"userId":{id},"userPwd":"secret"}}"#);
        let refused = |tom: &mut Extended, data: &str, code: &str| {
            tom.send("RegisterMes", data);
            assert_eq!(tom.expect("RegisterResMes")["errorCode"], code, "{data}");
        };
        refused(&mut tom, &format!("{{{}}}", user(100)), "code_needed");
        refused(&mut tom, &format!(r#"{{{},"code":"wrong"}}"#, user(100)), "bad_code");
        // Keys have no order.
        for (id, data) in [
            (100, format!(r#"{{{},"code":"{code}"}}"#, user(100))),
            (300, format!(r#"{{"code":"{code}",{}}}"#, user(300))),
        ] {
            tom.send("RegisterMes", &data);
            assert_eq!(tom.expect("RegisterResMes")["userId"], id, "{data}");
        }
        refused(&mut tom, &format!(r#"{{{},"code":"{code}"}}"#, user(400)), "bad_code");
    });
}

#[test]
fn the_operator_lists_codes_and_ends_them() {
    with_registration("code", |server, job| {
        let (one, other) = (invite(job, "1"), invite(job, "30"));
        let listed = job(&["invites"]).out;
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!(lines.len(), 2, "{listed}");
        let thirty = lines.iter().find(|line| line.contains("\t30 accounts\tuntil 20")).unwrap();
        assert!(!listed.contains(&one) && !listed.contains(&other), "{listed}");
        let mark = thirty.split('\t').next().unwrap();
        assert_eq!(
            job(&["invites", "--revoke", mark]).out,
            format!("{mark} is worth nothing any more\n")
        );
        assert!(job(&["invites", "--revoke", &one]).out.ends_with("any more\n"));
        let again = job(&["invites", "--revoke", mark]);
        let why =
            format!("server: there is no invitation {mark}; `server user invites` lists them\n");
        assert_eq!((again.code, again.err), (Some(1), why));
        assert_eq!(job(&["invites"]).out, "");
        let mut line = Line::enter(server.lines());
        for code in [one, other] {
            line.ask(&format!("/code {code}"), &[BAD]);
        }
    });
}

#[test]
fn who_guesses_codes_is_throttled_as_who_guesses_passwords() {
    with_registration("code", |server, job| {
        let code = invite(job, "1");
        let mut line = Line::enter(server.lines());
        // Right ones cost nothing.
        for _ in 0..60 {
            line.ask(&format!("/code {code}"), &[GOOD]);
        }
        for n in 0..50 {
            line.ask(&format!("/code wrong{n}"), &[BAD]);
        }
        let throttled = "* too many attempts; wait a little and try again";
        line.ask("/code wrong", &[throttled]);
        line.ask("/register 100 secret", &[throttled]);
    });
}

#[test]
fn where_everybody_may_register_a_code_changes_nothing() {
    let server = Server::start();
    let mut tom = Extended::connect(server.frames(), "laptop");
    tom.send("RegisterMes", r#"{"user":{"userId":100,"userPwd":"secret"},"code":"any"}"#);
    assert_eq!(tom.expect("RegisterResMes")["userId"], 100);
}

#[test]
fn the_library_gives_the_code_with_the_registration() {
    with_registration("code", |server, job| {
        let code = Password::new(&invite(job, "1")).unwrap();
        let (client, updates) =
            Client::start(Config::new(server.frames().to_string(), "test/1")).unwrap();
        let password = || Password::new("secret").unwrap();
        client.register(Some(UserId(100)), password(), None).unwrap();
        assert_eq!(answer(&updates), Err(Some(ErrorCode::CodeNeeded)));
        client.invitation_code(code).unwrap();
        client.register(Some(UserId(100)), password(), None).unwrap();
        assert_eq!(answer(&updates), Ok(UserId(100)));
        drop(client.close(Duration::ZERO));
    });
}

fn answer(updates: &Updates) -> Result<UserId, Option<ErrorCode>> {
    loop {
        match updates.next(DEADLINE).expect("an update") {
            Update::Registered(id) => return Ok(id),
            Update::Refused { why, .. } => return Err(why.known()),
            _ => {}
        }
    }
}
