//! Which devices an account has, logging one out, and the end of an account: over every store, by
//! frames and lines.

use hubbub::dao::STORES;
use serde_json::{Value, json};

use crate::support::peers::{Course, Extended, Line};
use crate::support::program;
use crate::support::redis::Redis;
use crate::support::server::Server;

fn on_every_store(play: fn(&Server)) {
    for kind in STORES {
        let redis = if kind.scheme == "redis" { Redis::start() } else { None };
        let url = match kind.scheme {
            "sqlite" => String::new(),
            "redis" => match &redis {
                Some(redis) => redis.url(),
                None => continue,
            },
            scheme => format!("{scheme}:"),
        };
        println!("stored in {}", kind.scheme);
        play(&Server::start_on(&url, &[]));
    }
}

/// The next frame of this type; others are passed over.
fn until(peer: &mut Extended, kind: &str) -> Value {
    loop {
        let (found, data) = peer.next(kind);
        if found == kind {
            return data;
        }
    }
}

fn devices(peer: &mut Extended) -> Vec<Value> {
    peer.send("DevicesMes", "{}");
    until(peer, "DevicesResMes")["devices"].as_array().unwrap().clone()
}

fn named<'d>(devices: &'d [Value], name: &str) -> &'d Value {
    devices.iter().find(|device| device["device"] == name).unwrap_or_else(|| panic!("{devices:?}"))
}

/// It is told the last word, and then its connection ends.
fn expect_logged_out(mut peer: Extended) {
    let error = until(&mut peer, "ErrorMes");
    assert_eq!((&error["code"], &error["closing"]), (&json!("logged_out"), &json!(true)));
    assert_eq!(peer.course.next_or_end(), None);
}

#[test]
fn a_device_is_listed_and_logged_out() {
    on_every_store(|server| {
        let mut laptop = Extended::enter(server.frames(), (100, "tom"), "laptop");
        laptop.expect_token();
        let mut phone = Extended::come_back(server.frames(), 100, "phone");
        let token = phone.expect_token();
        let course = Course::come_back(server.frames(), 100);
        let all = devices(&mut laptop);
        assert_eq!(all.len(), 3, "{all:?}");
        let its = named(&all, "laptop");
        assert_eq!((&its["isThis"], its["online"].as_array().unwrap().len()), (&json!(true), 1));
        let its = named(&all, "phone");
        assert_eq!(its["online"], json!([phone.course.wire.address().to_string()]));
        for time in ["since", "used", "tokenUntil"] {
            assert!(its[time].as_i64().unwrap() > 1_700_000_000_000, "{time} {its}");
        }
        assert_eq!(named(&all, "")["online"], json!([course.wire.address().to_string()]));

        laptop.send("EndDeviceMes", r#"{"device":"tablet"}"#);
        assert_eq!(until(&mut laptop, "ErrorMes")["code"], "unknown_device");
        laptop.send("EndDeviceMes", r#"{"device":"phone"}"#);
        assert_eq!(until(&mut laptop, "EndDeviceResMes"), json!({"device":"phone","sessions":1}));
        expect_logged_out(phone);
        let mut phone = Extended::connect(server.frames(), "phone");
        assert_eq!(phone.resume(&token, "", &[])["errorCode"], "bad_token");
        let all = devices(&mut laptop);
        let its = named(&all, "phone");
        assert_eq!((&its["online"], &its["tokenUntil"]), (&json!([]), &json!(0)));
        // With the password it comes in again.
        assert_eq!(phone.log_in(100, "secret")["code"], 200);

        laptop.send("EndDeviceMes", "{}");
        assert_eq!(until(&mut laptop, "EndDeviceResMes"), json!({"device":"","sessions":1}));
        let mut course = course;
        while let Some((kind, data)) = course.next_or_end() {
            let is_last = data.contains("退出登录");
            assert!(kind == "NotifyUserStatusMes" || is_last, "{kind} {data}");
        }
        // One's own connection is not spared.
        laptop.send("EndDeviceMes", r#"{"device":"laptop"}"#);
        until(&mut laptop, "EndDeviceResMes");
        expect_logged_out(laptop);
    });
}

#[test]
fn nothing_is_taken_from_who_was_logged_out() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut phone = Extended::come_back(server.frames(), 100, "phone");
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    tom.send("EndDeviceMes", r#"{"device":"phone"}"#);
    until(&mut tom, "EndDeviceResMes");
    // It has not read its last word yet, and goes on talking.
    phone.say("too late", "r1");
    phone.send("RenameMes", r#"{"userName":"thief"}"#);
    phone.send("PasswdMes", r#"{"oldPwd":"secret","newPwd":"mine"}"#);
    tom.store("in time", "r2");
    assert_eq!(until(&mut ann, "SmsMes")["content"], "in time");
    assert_eq!(ann.who()[&100], "tom");
    assert_eq!(Extended::connect(server.frames(), "x").log_in(100, "secret")["code"], 200);
}

#[test]
fn a_new_password_ends_all_other_connections() {
    let server = Server::start();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let phone = Extended::come_back(server.frames(), 100, "phone");
    let twin = Extended::come_back(server.frames(), 100, "laptop");
    tom.send("PasswdMes", r#"{"oldPwd":"secret","newPwd":"other"}"#);
    until(&mut tom, "PasswdResMes");
    expect_logged_out(phone);
    expect_logged_out(twin);
    tom.store("still here", "r1");
}

#[test]
fn lines_list_devices_and_log_them_out() {
    let server = Server::start();
    let phone = Extended::enter(server.frames(), (100, "tom"), "my phone");
    let mut line = Line::enter(server.lines());
    line.ask(
        "/devices",
        &[
            "* log in first",
            "* an account is made by /register ID PASSWORD; then: /login ID PASSWORD",
        ],
    );
    let hello = format!("[{}]tom: login!!!", phone.course.wire.address());
    line.say("/login 100 secret");
    assert_ne!(line.next("the greeting"), hello);
    line.say("/devices");
    let first = line.next("a device");
    assert!(
        first.starts_with(&format!(
            "* my phone: here from {}; since 20",
            phone.course.wire.address()
        )),
        "{first}"
    );
    assert!(first.ends_with("; needs no password"), "{first}");
    line.expect(&format!("* -: this one; here from {}", line.me()));
    line.ask("/logout tablet", &["* your account has no such device; /devices lists them"]);
    line.ask("/logout my phone", &["* my phone is logged out; 1 connection ended"]);
    expect_logged_out(phone);
    line.ask(
        "/logout -",
        &[
            "* - is logged out; 1 connection ended",
            "* logged out from another device of yours; log in again to go on",
        ],
    );
}

fn room(peer: &mut Extended, data: &Value) {
    peer.send("RoomMes", &data.to_string());
    until(peer, "RoomMes");
}

#[test]
fn an_account_is_deleted_by_who_knows_its_password() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let phone = Extended::come_back(server.frames(), 100, "phone");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        room(&mut tom, &json!({"act": "create", "room": "hall"}));
        room(&mut ann, &json!({"act": "join", "room": "hall"}));
        until(&mut tom, "RoomMes");
        tom.store("my words stay", "r1");
        tom.send("DeleteAccountMes", r#"{"userPwd":"guessed"}"#);
        assert_eq!(until(&mut tom, "ErrorMes")["code"], "wrong_password");
        let token = tom.expect_token();
        tom.send("DeleteAccountMes", r#"{"userPwd":"secret"}"#);
        for mut peer in [tom, phone] {
            let error = until(&mut peer, "ErrorMes");
            assert_eq!((&error["code"], &error["closing"]), (&json!("deleted"), &json!(true)));
        }
        // Others see it leave, and who owns its room now.
        let left = until(&mut ann, "RoomMes");
        assert_eq!((&left["act"], &left["userId"]), (&json!("part"), &json!(100)));
        let owner = until(&mut ann, "RoomMes");
        assert_eq!((&owner["role"], &owner["whomId"]), (&json!("owner"), &json!(300)));
        let gone = until(&mut ann, "NotifyUserStatusMes");
        assert_eq!((&gone["userId"], &gone["status"]), (&json!(100), &json!(1)));
        room(&mut ann, &json!({"act": "set", "room": "hall", "access": "invite"}));
        let mut again = Extended::connect(server.frames(), "laptop");
        assert_eq!(again.resume(&token, "", &[])["errorCode"], "bad_token");
        assert_eq!(again.log_in(100, "secret")["errorCode"], "unknown_user");
        ann.send("HistoryMes", r#"{"room":"lobby"}"#);
        let page = until(&mut ann, "HistoryResMes");
        assert_eq!(page["messages"][0]["content"], "my words stay");
        assert_eq!(page["messages"][0]["userName"], "tom");
    });
}

#[test]
fn a_line_deletes_its_account() {
    const FORM: &str = "* not understood; the form is: /delete-account PASSWORD [keep|erase]";
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    let mut line = Line::enter(server.lines());
    line.say("/login 100 secret");
    line.next("the login");
    line.ask("/delete-account", &[FORM]);
    line.ask("/delete-account guessed", &["* the password is wrong"]);
    line.ask("/delete-account secret erased", &[FORM]);
    line.ask("/delete-account secret erase", &["* your account is deleted"]);
    let mut again = Line::enter(server.lines());
    again.ask("/login 100 secret", &["* unknown id/name or wrong password"]);
}

#[test]
fn the_operator_gives_somebody_what_is_theirs_and_nothing_that_others_said() {
    let server = Server::start_on_disk();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "tablet");
    room(&mut tom, &json!({"act": "create", "room": "hall"}));
    tom.store("to all", "r1");
    tom.tell(300, "to ann alone", "r2");
    until(&mut tom, "AckMes");
    ann.tell(100, "the secret of ann", "r3");
    until(&mut ann, "AckMes");
    let words = ["user", "export", "100"];
    let lines = program::run(program::server(server.home(), &words), "");
    assert_eq!(lines.code, Some(0), "{lines:?}");
    let kinds = |kind: &str| lines.out.matches(&format!("{{\"kind\":\"{kind}\"")).count();
    assert_eq!((kinds("account"), kinds("message"), kinds("device")), (1, 2, 1), "{}", lines.out);
    assert_eq!(kinds("member"), 2);
    assert!(lines.out.contains("to ann alone") && lines.out.contains(r#""secret":"""#));
    assert!(!lines.out.contains("the secret of ann") && !lines.out.contains("tablet"));
}
