//! An operator lets people in.

use std::time::Duration;

use hubbub::client::{Client, Config, Update};
use hubbub::protocol::{EntryAsk, ErrorCode, Password, UserId, Who};
use serde_json::{Value, json};

use super::with_registration;
use crate::support::peers::{Course, Extended, Line, registration};
use crate::support::program::Ended;
use crate::support::redis::Redis;
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

const WAIT: &str = "* an operator has still to let you in; try again later";
const FOR_OPERATORS: &str = "* this is for operators of the server";

/// An account that keeps order, made from the command line.
fn make_operator(job: &dyn Fn(&[&str]) -> Ended) {
    for words in [["add", "100", "tom"].as_slice(), &["operator", "100"]] {
        assert_eq!(job(words).code, Some(0), "{words:?}");
    }
}

/// It, at a terminal.
fn tom(server: &Server) -> Line {
    let mut tom = Line::enter(server.lines());
    tom.ask("/login 100 secret", &[&format!("[{}]tom: login!!!", tom.me())]);
    tom
}

/// The next line that begins so.
fn until(line: &mut Line, begins: &str) -> String {
    loop {
        let next = line.next(begins);
        if next.starts_with(begins) {
            return next;
        }
    }
}

/// The next frame of this type.
fn frame(peer: &mut Extended, wanted: &str) -> Value {
    loop {
        let (kind, data) = peer.next(wanted);
        if kind == wanted {
            return data;
        }
    }
}

#[test]
fn who_registers_waits_over_every_front_until_an_operator_says_so() {
    with_registration("approval", |server, job| {
        make_operator(job);
        let mut tom = tom(server);
        let mut laptop = Extended::come_back(server.frames(), 100, "laptop");

        // A line, a frame that said hello, and a client of the course.
        let mut jerry = Line::enter(server.lines());
        let asked = "* asked for; your id is 200, and an operator has still to let you in";
        jerry.ask("/register 200 secret jerry", &[asked]);
        let ask = "* jerry (200) asks for an account: /approve 200, or /reject 200 [WHY]";
        assert_eq!(until(&mut tom, "* jerry"), ask);
        let waits = json!({"act": "wait", "whomId": 200, "whomName": "jerry"});
        assert_eq!(frame(&mut laptop, "EntryMes"), waits);
        jerry.ask("/login 200 secret", &[WAIT]);
        jerry.ask("/login jerry secret", &[WAIT]);
        jerry.ask("/login 200 wrong", &["* unknown id/name or wrong password"]);
        let mut ann = Extended::connect(server.frames(), "phone");
        ann.send("RegisterMes", r#"{"user":{"userId":300,"userPwd":"secret","userName":"ann"}}"#);
        let refused = ann.expect("RegisterResMes");
        assert_eq!((&refused["code"], &refused["errorCode"]), (&json!(506), &json!("not_let_in")));
        assert_eq!(refused["userId"], 300);
        assert_eq!(ann.log_in(300, "secret")["errorCode"], "not_let_in");
        let mut eve = Course::connect(server.frames());
        eve.send("RegisterMes", &registration(400, "secret", "eve"));
        let asked = "申请已收到，你的 id 是 400，请等待管理员批准";
        eve.expect("RegisterResMes", &format!(r#"{{"code":506,"error":"{asked}"}}"#));
        eve.log_in(400, "secret");
        let error = "管理员还没有批准你的账号，请稍后再试";
        eve.expect("LoginResMes", &format!(r#"{{"code":505,"UsersId":null,"error":"{error}"}}"#));

        // They are nobody so far, and their ids are nobody else's.
        tom.say("/msg 200 hi");
        until(&mut tom, "* no account has this id or name");
        jerry.ask("/register 300 other", &["* this id is taken; choose another one"]);

        tom.say("/pending");
        for who in ["* 200 jerry, since 20", "* 300 ann, since 20", "* 400 eve, since 20"] {
            assert!(until(&mut tom, "* ").starts_with(who), "{who}");
        }
        tom.say("/approve 200");
        until(&mut tom, "* jerry (200) is let in (tom)");
        laptop.send("EntryMes", r#"{"act":"reject","whomId":300,"text":"no robots"}"#);
        until(&mut tom, "* ann (300) does not get an account (tom): no robots");
        assert_eq!(job(&["approve", "400"]).out, "400 (eve) has an account now\n");
        until(&mut tom, "* eve (400) is let in (command line)");

        jerry.ask("/login jerry secret", &[&format!("[{}]jerry: login!!!", jerry.me())]);
        assert_eq!(ann.log_in(300, "secret")["code"], 500);
        eve.log_in(400, "secret");
        assert_eq!(eve.next("the answer").1.get(..11), Some("{\"code\":200"));
        tom.say("/audit");
        until(&mut tom, "* 20");
        for who in ["tom (100) reject server 300 (ann): no robots", "tom (100) approve server 200"]
        {
            assert!(until(&mut tom, "* 20").contains(who), "{who}");
        }
    });
}

#[test]
fn the_command_line_lists_who_waits_and_decides() {
    with_registration("approval", |server, job| {
        let mut line = Line::enter(server.lines());
        line.say("/register 0 secret jerry");
        let asked = line.next("that it waits");
        assert!(asked.contains("your id is 10001"), "{asked}");
        let listed = job(&["pending"]).out;
        assert!(listed.starts_with("10001\tjerry\tsince 20"), "{listed}");
        let nobody = job(&["approve", "7"]);
        let why = "server: nobody asks for an account 7; `server user pending` lists them\n";
        assert_eq!((nobody.code, nobody.err.as_str()), (Some(1), why));
        let rejected = job(&["reject", "10001", "no robots"]);
        assert_eq!(rejected.out, "10001 (jerry) does not get an account\n");
        assert_eq!(job(&["pending"]).out, "");
        line.ask("/login 10001 secret", &["* unknown id/name or wrong password"]);
        // Who was rejected may ask again, under an id that was never an account's.
        line.say("/register 10001 secret jerry");
        line.next("that it waits");
        assert_eq!(job(&["approve", "10001"]).code, Some(0));
        line.ask("/login 10001 secret", &[&format!("[{}]jerry: login!!!", line.me())]);
    });
}

#[test]
fn operators_decide_and_nobody_else_learns_who_waits() {
    with_registration("approval", |server, job| {
        make_operator(job);
        assert_eq!(job(&["add", "500", "bob"]).code, Some(0));
        let mut bob = Extended::come_back(server.frames(), 500, "laptop");
        let mut line = Line::enter(server.lines());
        line.say("/register 200 secret jerry");
        line.next("that it waits");
        for typed in ["/pending", "/approve 200", "/reject 200", "/approve 7"] {
            line.ask(typed, &[FOR_OPERATORS]);
        }
        for (kind, data) in [
            ("PendingMes", "{}"),
            ("EntryMes", r#"{"act":"approve","whomId":200}"#),
            ("EntryMes", r#"{"act":"reject","whomId":200}"#),
        ] {
            bob.send(kind, data);
            // Nothing of who asks was told before.
            loop {
                let (kind, data) = bob.next("the refusal");
                assert_ne!(kind, "EntryMes", "{data}");
                if kind == "ErrorMes" {
                    assert_eq!(data["code"], "operators_only");
                    break;
                }
            }
        }
        assert!(job(&["pending"]).out.starts_with("200\tjerry"));
        let mut tom = tom(server);
        tom.ask("/approve 7", &["* nobody of this id asks for an account; /pending lists them"]);
        tom.ask("/approve jerry", &["* not understood; the form is: /approve ID"]);
    });
}

#[test]
fn the_library_decides_and_is_told() {
    with_registration("approval", |server, job| {
        make_operator(job);
        let address = server.frames().to_string();
        let (client, updates) = Client::start(Config::new(address, "test/1")).unwrap();
        let password = || Password::new("secret").unwrap();
        let wait = |wanted: &dyn Fn(&Update) -> bool| loop {
            let update = updates.next(DEADLINE).expect("an update");
            if wanted(&update) {
                return update;
            }
        };
        client.register(Some(UserId(200)), password(), None).unwrap();
        let refused = wait(&|update| matches!(update, Update::Refused { .. }));
        let Update::Refused { why, .. } = refused else { panic!() };
        assert_eq!(why.known(), Some(ErrorCode::NotLetIn));
        client.login(Who::Id(UserId(100)), password()).unwrap();
        wait(&|update| matches!(update, Update::LoggedIn { .. }));
        client.entry(EntryAsk::Pending).unwrap();
        let told = wait(&|update| matches!(update, Update::Applicants(_)));
        let Update::Applicants(told) = told else { panic!() };
        assert_eq!(told.applicants[0].user_id, 200);
        client.entry(EntryAsk::Approve(UserId(200))).unwrap();
        let told = wait(&|update| matches!(update, Update::Entry(_)));
        let Update::Entry(told) = told else { panic!() };
        assert_eq!((told.act.as_str(), told.whom_id, told.user_id), ("approve", 200, Some(100)));
        drop(client.close(Duration::ZERO));
    });
}

#[test]
fn operators_on_every_server_are_told_and_an_approval_is_known_on_all() {
    let Some(redis) = Redis::start() else { return };
    let options = ["--registration", "approval"];
    let nodes = [0, 1].map(|_| Server::start_on(&redis.url(), &options));
    make_operator(&|words| super::job(&nodes[0], &redis.url(), words));
    let mut tom = tom(&nodes[0]);
    let mut jerry = Line::enter(nodes[1].lines());
    jerry.say("/register 200 secret jerry");
    until(&mut jerry, "* asked for");
    until(&mut tom, "* jerry (200) asks for an account");
    tom.say("/approve 200");
    until(&mut tom, "* jerry (200) is let in (tom)");
    jerry.say("/login 200 secret");
    let is_in = format!("[{}]jerry: login!!!", jerry.me());
    until(&mut jerry, &is_in);
}
