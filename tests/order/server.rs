//! On the whole server, by operators, and from the command line.

use serde_json::json;

use super::{ask_about, expect_about};
use crate::rooms::frames;
use crate::rooms::lines::{come, until};
use crate::support::peers::{Course, Extended, Line};
use crate::support::program;
use crate::support::redis::Redis;
use crate::support::server::Server;

/// Runs a job of the program on the server's store.
fn job(server: &Server, url: &str, words: &[&str]) -> String {
    let (first, others) = words.split_first().unwrap();
    let mut args = vec![*first];
    if !url.is_empty() {
        args.extend(["--store", url]);
    }
    args.extend(others);
    let ended = program::run(program::server(server.home(), &args), "");
    assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.err);
    ended.out
}

/// What is played, with the command line at hand.
type Scene = fn(&Server, &dyn Fn(&[&str]) -> String);

/// On every store that the command line can reach: it makes the operators.
fn with_an_operator(options: &[&str], play: Scene) {
    let redis = Redis::start();
    for url in [Some(String::new()), redis.as_ref().map(Redis::url)].into_iter().flatten() {
        let server = Server::start_on(&url, options);
        Course::join(server.frames(), 100, "tom");
        job(&server, &url, &["user", "operator", "100"]);
        play(&server, &|words| job(&server, &url, words));
    }
}

/// The operator at a terminal.
fn operator(server: &Server) -> Line {
    let mut tom = Line::enter(server.lines());
    tom.say("/login 100 secret");
    tom.expect(&format!("[{}]tom: login!!!", tom.me()));
    tom
}

#[test]
fn a_ban_ends_what_it_hits_and_keeps_it_out_in_every_language() {
    with_an_operator(&[], |server, job| {
        let mut tom = operator(server);
        let mut ann = come(server, 300, "ann");
        until(&mut tom, &format!("[{}]ann: login!!!", ann.me()));
        ann.ask("/ban -server tom", &["* this is for operators of the server"]);
        ann.ask("/audit", &["* this is for operators of the server"]);
        ann.ask("/bans -server", &["* this is for operators of the server"]);
        // Another device, and a client of the course.
        let mut laptop = Extended::come_back(server.frames(), 300, "laptop");
        let mut course = Course::enter(server.frames(), 400, "jerry");
        until(&mut tom, &format!("[{}]jerry: login!!!", course.wire.address()));

        ask_about(
            &mut tom,
            "/ban ann 2h spam",
            ("* server: ann (300) is banned until 20", " UTC: spam (tom)"),
        );
        until_about(&mut ann, "* server: ann (300) is banned until 20");
        expect_about(&mut ann, ("* you are kept out: until 20", " UTC; spam"));
        ann.expect("* you are kept out of this server");
        let last = loop {
            let (kind, data) = laptop.next("the last word");
            if kind == "ErrorMes" && data["closing"] == true {
                break data;
            }
        };
        assert_eq!(last["code"], "banned");
        let left = tom.next("she is gone");
        assert!(left.ends_with("ann: logout"), "{left}");

        is_kept_out_in_every_language(server);

        // A mute of the whole server is told to a client of the course when it speaks.
        let muted = "* server: jerry (400) is muted, without an end: shouting (tom)";
        tom.say("/mute -server jerry shouting");
        until(&mut tom, muted);
        course.say(400, "HELLO");
        let told = loop {
            let (kind, data) = course.next("the refusal");
            if kind == "SmsMes" {
                break data;
            }
        };
        assert!(told.contains("没有发送：你在这里被禁言：shouting"), "{told}");

        is_recorded(job);
        ask_about(&mut tom, "/audit 1", ("* 20", " tom (100) mute server 400: shouting"));
        tom.ask("/unban -server 300", &["* server: 300 may come in again (tom)"]);
        let mut ann = Line::enter(server.lines());
        ann.say("/login 300 secret");
        ann.expect(&format!("[{}]ann: login!!!", ann.me()));
    });
}

fn is_kept_out_in_every_language(server: &Server) {
    let mut ann = Line::enter(server.lines());
    ann.say("/login 300 secret");
    expect_about(&mut ann, ("* you are kept out: until 20", " UTC; spam"));
    let mut laptop = Extended::connect(server.frames(), "laptop");
    laptop.send("LoginMes", r#"{"userId":300,"userPwd":"secret"}"#);
    let refused = laptop.expect("LoginResMes");
    assert_eq!((&refused["code"], &refused["errorCode"]), (&json!(505), &json!("banned")));
    let mut unchanged = Course::connect(server.frames());
    unchanged.log_in(300, "secret");
    let (kind, data) = unchanged.next("the refusal");
    assert_eq!(kind, "LoginResMes");
    assert!(data.contains("505") && data.contains("你已被封禁，直到 20"), "{data}");
}

fn is_recorded(job: &dyn Fn(&[&str]) -> String) {
    let audit = job(&["audit", "--since", "1h"]);
    let lines: Vec<_> = audit.lines().map(|line| &line[20..]).collect();
    assert_eq!(
        lines,
        [
            "command line operator server 100 (tom)",
            "tom (100) ban server 300 for 7200 s: spam",
            "tom (100) mute server 400: shouting",
        ]
    );
    let json = job(&["audit", "--json"]);
    assert_eq!(json.lines().count(), 3);
    assert!(json.contains(r#""act":"ban""#), "{json}");
    assert!(job(&["verify"]).contains("2 sanction"), "{}", job(&["verify"]));
}

fn until_about(line: &mut Line, begins: &str) {
    while !line.next(begins).starts_with(begins) {}
}

#[test]
fn addresses_are_kept_out_unless_they_are_exempt() {
    with_an_operator(&["--exempt", "10.0.0.0/8"], |server, _| {
        let mut tom = operator(server);
        let mut guest = Line::enter(server.lines());
        until(&mut tom, &guest.notice("login!!!"));
        // An operator is never hit.
        tom.say("/ban -server 127.0.0.0/8 10m flood");
        expect_about(&mut tom, ("* server: 127.0.0.0/8 is banned until 20", " UTC: flood (tom)"));
        expect_about(&mut guest, ("* you are kept out: until 20", " UTC; flood"));
        guest.expect("* you are kept out of this server");
        until(&mut tom, &guest.notice("logout"));
        let mut next = Line::connect(server.lines());
        expect_about(&mut next, ("* you are kept out: until 20", " UTC; flood"));
        next.expect("* you are kept out of this server");
        let mut new = Extended::connect(server.frames(), "laptop");
        new.send("RegisterMes", r#"{"user":{"userId":500,"userPwd":"secret"}}"#);
        let refused = new.expect("RegisterResMes");
        assert_eq!(refused["errorCode"], "banned", "{refused}");
        let mut ann = Extended::connect(server.frames(), "laptop");
        ann.send("LoginMes", r#"{"userId":100,"userPwd":"secret"}"#);
        assert_eq!(ann.expect("LoginResMes")["code"], 200, "operators come from anywhere");
    });
}

#[test]
fn exempt_addresses_are_not_touched_by_a_ban() {
    with_an_operator(&[], |server, _| {
        let mut tom = operator(server);
        let mut guest = Line::enter(server.lines());
        until(&mut tom, &guest.notice("login!!!"));
        tom.ask(
            "/ban -server 127.0.0.1",
            &["* server: 127.0.0.1/32 is banned, without an end (tom)"],
        );
        guest.ask("still here", &[&format!("[{0}]{0}: still here", guest.me())]);
    });
}

/// Nobody finds by keeping order what the table denies them.
#[test]
fn who_may_not_keep_order_learns_nothing_from_trying() {
    crate::rooms::on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        frames::ask(&mut tom, &json!({"act": "create", "room": "secret", "access": "hidden"}));
        let secret = frames::until(&mut tom, "RoomMes")["room"].as_str().unwrap().to_owned();
        for room in ["#secret", "#nothing", &secret, "!99"] {
            for act in ["ban", "unban", "mute", "unmute", "slow", "unslow"] {
                let ask = json!({"act": act, "room": room, "whomId": 100, "every": 5});
                frames::ask(&mut ann, &ask);
                let refused = frames::until(&mut ann, "ErrorMes");
                assert_eq!(refused["code"], "unknown_room", "{act} {room}");
            }
            ann.send("SanctionsMes", &json!({"room": room}).to_string());
            assert_eq!(frames::until(&mut ann, "ErrorMes")["code"], "unknown_room", "{room}");
        }
        for (kind, ask) in [
            ("SanctionsMes", json!({})),
            ("AuditMes", json!({})),
            ("RoomMes", json!({"act": "ban", "room": "lobby", "whomId": 100})),
        ] {
            ann.send(kind, &ask.to_string());
            assert_eq!(frames::until(&mut ann, "ErrorMes")["code"], "operators_only", "{kind}");
        }
    });
}
