//! Whom an account ignores: over every front and every store.

use serde_json::{Value, json};

use crate::rooms::frames;
use crate::rooms::lines::{come, until};
use crate::rooms::on_every_store;
use crate::support::peers::{Course, Extended};
use crate::support::server::Server;

/// The next frame of this type. What somebody says may not come before it.
fn heard(peer: &mut Extended, kind: &str) -> Value {
    loop {
        let (found, data) = peer.next(kind);
        if found == kind {
            return data;
        }
        let is_word = ["SmsMes", "SmsPrivateMes", "ReactMes", "TypingMes"].contains(&&*found);
        assert!(!is_word, "{found} {data}, and not {kind}");
    }
}

/// Says it to all; its id.
fn store(peer: &mut Extended, text: &str, reference: &str) -> u64 {
    peer.say(text, reference);
    heard(peer, "AckMes")["id"].as_u64().unwrap()
}

/// A message is left out here: its id.
fn passed_up_to(peer: &mut Extended, room: &str) -> u64 {
    let passed = heard(peer, "PassedMes");
    assert_eq!(passed["room"], room, "{passed}");
    passed["upTo"].as_u64().unwrap()
}

fn history(peer: &mut Extended) -> Vec<String> {
    peer.send("HistoryMes", r#"{"room":"lobby"}"#);
    let page = heard(peer, "HistoryResMes");
    let texts = page["messages"].as_array().unwrap().iter();
    texts.map(|said| said["content"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_ignored_one_is_heard_on_no_device_and_later_only_in_history() {
    on_every_store(|server| {
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let mut phone = Extended::come_back(server.frames(), 300, "phone");
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        Course::join(server.frames(), 200, "bob");
        store(&mut tom, "before", "r1");
        assert_eq!(heard(&mut ann, "SmsMes")["content"], "before");
        assert_eq!(heard(&mut phone, "SmsMes")["content"], "before");

        ann.send("IgnoreMes", r#"{"userName":"Tom"}"#);
        for device in [&mut ann, &mut phone] {
            assert_eq!(heard(device, "IgnoreMes"), json!({"userId": 100, "userName": "tom"}));
        }
        ann.send("IgnoredMes", "{}");
        let people = json!({"people": [{"userId": 100, "userName": "tom"}]});
        assert_eq!(heard(&mut ann, "IgnoredResMes"), people);

        let mut bob = Extended::come_back(server.frames(), 200, "laptop");
        let hers = store(&mut ann, "hers", "r1");
        heard(&mut tom, "SmsMes");
        let unheard = store(&mut tom, "unheard", "r2");
        let react = json!({"room": "lobby", "about": hers, "content": "x", "clientRef": "r3"});
        tom.send("ReactMes", &react.to_string());
        heard(&mut tom, "AckMes");
        tom.send("TypingMes", "{}");
        tom.tell(300, "psst", "r4");
        let ack = heard(&mut tom, "AckMes");
        assert_eq!(ack["code"], "not_taken", "{ack}");
        assert_eq!(ack["error"], "not sent: they do not take your messages");
        assert_eq!(passed_up_to(&mut ann, "lobby"), unheard);
        assert_eq!(passed_up_to(&mut ann, "lobby"), unheard + 1);
        bob.say("bob is heard", "r1");
        while bob.next("the acknowledgement").0 != "AckMes" {}
        for peer in [&mut ann, &mut tom] {
            assert_eq!(heard(peer, "SmsMes")["content"], "bob is heard");
        }
        assert_eq!(history(&mut ann), ["hers", "bob is heard"]);
        assert_eq!(heard(&mut phone, "SmsMes")["content"], "hers");
        assert_eq!(passed_up_to(&mut phone, "lobby"), unheard);
        assert_eq!(passed_up_to(&mut phone, "lobby"), unheard + 1);
        assert_eq!(heard(&mut phone, "SmsMes")["content"], "bob is heard");

        for device in [phone, ann] {
            close(server, device);
        }
        the_same_while_away(server, tom);
    });
}

fn close(server: &Server, device: Extended) {
    let wire = device.course.wire;
    let address = wire.address();
    wire.close();
    server.forget(address);
}

/// The phone has taken nothing, and is told of the gaps when it comes back.
fn the_same_while_away(server: &Server, mut tom: Extended) {
    tom.tell(300, "psst again", "r5");
    assert_eq!(heard(&mut tom, "AckMes")["code"], "not_taken");
    let last = store(&mut tom, "unheard again", "r6");
    let mut phone = Extended::come_back(server.frames(), 300, "phone");
    let mut texts = Vec::new();
    let up_to = loop {
        let (kind, data) = phone.next("what was missed");
        match kind.as_str() {
            "SmsMes" => texts.push(data["content"].as_str().unwrap().to_owned()),
            "PassedMes" if data["upTo"] == last => break last,
            _ => {}
        }
    };
    assert_eq!(texts, ["hers", "bob is heard"], "what it had not said to have taken");
    phone.received("lobby", up_to);
    phone.send("IgnoreMes", r#"{"userId":100,"off":true}"#);
    assert_eq!(heard(&mut phone, "IgnoreMes")["off"], true);
    let all = ["before", "hers", "unheard", "bob is heard", "unheard again"];
    assert_eq!(history(&mut phone), all);
    let back = store(&mut tom, "back", "r7");
    let said = heard(&mut phone, "SmsMes");
    assert_eq!((&said["content"], &said["id"]), (&json!("back"), &json!(back)));
    tom.tell(300, "psst", "r8");
    heard(&mut tom, "AckMes");
    assert_eq!(heard(&mut phone, "SmsPrivateMes")["content"], "psst");
}

#[test]
fn in_rooms_too_and_no_invitation_comes() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let room = frames::create(&mut tom, "hall");
        frames::ask(&mut ann, &json!({"act": "join", "room": room}));
        frames::until(&mut ann, "RoomMes");
        ann.send("IgnoreMes", r#"{"userId":100}"#);
        heard(&mut ann, "IgnoreMes");
        frames::say(&mut tom, &room, "unheard");
        frames::until(&mut tom, "AckMes");
        assert_eq!(passed_up_to(&mut ann, &room), 1);
        let other = frames::create(&mut tom, "den");
        frames::ask(&mut tom, &json!({"act": "invite", "room": other, "whomId": 300}));
        frames::until(&mut tom, "RoomMes");
        ann.send("PingMes", "{}");
        loop {
            let (kind, data) = ann.next("the pong");
            assert_ne!(data["act"], "invited", "{data}");
            if kind == "PongMes" {
                break;
            }
        }
        for (whom, code) in [(300, "not_oneself"), (77, "unknown_user"), (-1, "unknown_user")] {
            ann.send("IgnoreMes", &json!({"userId": whom}).to_string());
            assert_eq!(heard(&mut ann, "ErrorMes")["code"], code);
        }
    });
}

#[test]
fn at_a_terminal_and_for_course_clients_it_is_the_same() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        let mut ann = come(server, 300, "ann");
        until(&mut tom, &format!("[{}]ann: login!!!", ann.me()));
        ann.ask("/ignore", &["* you ignore nobody"]);
        ann.ask("/ignore tom", &["* you ignore tom (100) now; /unignore 100 ends it"]);
        ann.ask("/ignore", &["* you ignore:", "* tom (100)"]);
        ann.ask("/ignore ann", &["* this is yourself: nobody ignores themselves"]);
        tom.tell_all("tom", "unheard");
        tom.ask("/msg ann psst", &["* not sent: they do not take your messages"]);
        ann.tell_all("ann", "still here");
        tom.expect(&format!("[{}]ann: still here", ann.me()));

        // A client of the original has the account's list, too.
        let mut course = Course::come_back(server.frames(), 300);
        // What it has heard one text of is told as it happens, and no longer read from the store.
        ann.tell_all("ann", "is it there");
        tom.expect(&format!("[{}]ann: is it there", ann.me()));
        while !course.next("a text").1.contains("is it there") {}
        tom.tell_all("tom", "unheard, too");
        tom.ask("/unignore tom", &["* this is yourself: nobody ignores themselves"]);
        ann.ask("/unignore tom", &["* you do not ignore tom (100) any more"]);
        tom.tell_all("tom", "heard");
        ann.expect(&format!("[{}]tom: heard", tom.me()));
        loop {
            let (kind, data) = course.next("the words");
            assert!(!data.contains("unheard"), "{data}");
            if kind == "SmsMes" && data.contains("heard") {
                break;
            }
        }
    });
}

#[test]
fn what_is_ignored_outlives_a_kill() {
    let mut server = Server::start_on_disk();
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    Course::join(server.frames(), 100, "tom");
    ann.send("IgnoreMes", r#"{"userId":100}"#);
    heard(&mut ann, "IgnoreMes");
    server.kill_and_start_again();
    let mut ann = Extended::come_back(server.frames(), 300, "laptop");
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    let id = store(&mut tom, "unheard", "r1");
    assert_eq!(passed_up_to(&mut ann, "lobby"), id);
}
