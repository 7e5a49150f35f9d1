//! By frames, after hello.

use serde_json::{Value, json};

use super::on_every_store;
use crate::support::peers::Extended;
use crate::support::server::Server;

/// The next frame of this type; those of others that may come in between are passed over.
pub fn until(peer: &mut Extended, kind: &str) -> Value {
    loop {
        let (found, data) = peer.next(kind);
        if found == kind {
            return data;
        }
        let may_come = ["NotifyUserStatusMes", "WhoResMes", "AckMes"];
        let is_news = kind == "AckMes" && found == "RoomMes";
        assert!(is_news || may_come.contains(&found.as_str()), "{found} {data}, and not {kind}");
    }
}

pub fn ask(peer: &mut Extended, data: &Value) {
    peer.send("RoomMes", &data.to_string());
}

pub fn create(peer: &mut Extended, name: &str) -> String {
    ask(peer, &json!({"act": "create", "room": name, "guests": true}));
    let entered = until(peer, "RoomMes");
    assert_eq!((&entered["act"], &entered["role"]), (&json!("entered"), &json!("owner")));
    entered["room"].as_str().unwrap().to_owned()
}

pub fn say(peer: &mut Extended, room: &str, text: &str) {
    let reference = text.split(' ').next();
    peer.send(
        "SmsMes",
        &json!({"content": text, "room": room, "clientRef": reference}).to_string(),
    );
}

fn id_of(said: &Value) -> u64 {
    said["id"].as_u64().unwrap()
}

#[test]
fn a_room_is_made_joined_and_left() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let room = create(&mut tom, "#Rust");
        assert_eq!(room, "!1");
        say(&mut tom, &room, "first");
        until(&mut tom, "AckMes");

        ask(&mut ann, &json!({"act": "join", "room": "rust"}));
        let entered = until(&mut ann, "RoomMes");
        assert_eq!(entered["act"], "entered");
        let first = until(&mut ann, "SmsMes");
        assert_eq!(first["content"], "first");
        assert_eq!(first["roomName"], "#rust");
        assert_eq!(first["replayed"], true);
        let joined = until(&mut tom, "RoomMes");
        assert_eq!((&joined["act"], &joined["userId"]), (&json!("join"), &json!(300)));

        say(&mut ann, "#rust", "second");
        assert_eq!(until(&mut tom, "SmsMes")["content"], "second");
        ask(&mut tom, &json!({"act": "role", "room": room, "whomId": 300, "role": "moderator"}));
        let made = until(&mut ann, "RoomMes");
        assert_eq!((&made["act"], &made["role"]), (&json!("role"), &json!("moderator")));
        ask(&mut ann, &json!({"act": "topic", "room": room, "text": "crabs"}));
        until(&mut tom, "RoomMes");
        assert_eq!(until(&mut tom, "RoomMes")["text"], "crabs");
        tom.send("MembersMes", &json!({"room": room}).to_string());
        let members = until(&mut tom, "MembersResMes");
        let roles: Vec<_> =
            members["members"].as_array().unwrap().iter().map(|m| &m["role"]).collect();
        assert_eq!(roles, ["owner", "moderator"]);
        ask(&mut tom, &json!({"act": "part", "room": room}));
        assert_eq!(until(&mut ann, "RoomMes")["act"], "topic");
        assert_eq!(until(&mut ann, "RoomMes")["act"], "part");
        let heir = until(&mut ann, "RoomMes");
        assert_eq!((&heir["role"], &heir["whomId"]), (&json!("owner"), &json!(300)));
        say(&mut tom, &room, "third");
        let refused = loop {
            let ack = until(&mut tom, "AckMes");
            if ack["clientRef"] == "third" {
                break ack;
            }
        };
        assert_eq!(refused["code"], "not_member");
    });
}

/// Messages are said before, while and after somebody comes in: the last fifty before, and all
/// since, once and in order.
#[test]
fn who_comes_in_has_no_hole_and_no_repeat() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let room = create(&mut tom, "hall");
        for n in 0..150 {
            say(&mut tom, &room, &format!("{n} text"));
            if n == 75 {
                ask(&mut ann, &json!({"act": "join", "room": "#hall"}));
            }
        }
        let mut ids = Vec::new();
        while ids.last() != Some(&150) {
            let (kind, data) = ann.next("what is said");
            if kind == "SmsMes" {
                ids.push(id_of(&data));
            }
        }
        let first = ids[0];
        assert!(ids.iter().copied().eq(first..=150), "{ids:?}");
    });
}

#[test]
fn rooms_outlive_a_kill() {
    let mut server = Server::start_on_disk();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    let room = create(&mut tom, "hall");
    ask(&mut ann, &json!({"act": "join", "room": room}));
    until(&mut ann, "RoomMes");
    ann.course.wire.close();
    say(&mut tom, &room, "meanwhile");
    until(&mut tom, "AckMes");
    server.kill_and_start_again();
    let mut ann = Extended::come_back(server.frames(), 300, "laptop");
    let mine = until(&mut ann, "MyRoomsMes");
    assert_eq!(mine["rooms"][0]["roomName"], "#hall");
    assert_eq!(until(&mut ann, "SmsMes")["content"], "meanwhile");
    ask(&mut ann, &json!({"act": "part", "room": room}));
    assert_eq!(until(&mut ann, "RoomMes")["act"], "part");
}

fn history(peer: &mut Extended, ask: &Value) -> (Vec<u64>, bool) {
    peer.send("HistoryMes", &ask.to_string());
    let mut ids = Vec::new();
    loop {
        let page = until(peer, "HistoryResMes");
        ids.extend(page["messages"].as_array().unwrap().iter().map(id_of));
        if page["part"] == false {
            return (ids, page["more"] == true);
        }
    }
}

#[test]
fn history_goes_back_and_forth_in_pages_and_is_its_members_alone() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let room = create(&mut tom, "hall");
        for n in 0..30 {
            // Long ones take several frames.
            say(&mut tom, &room, &format!("{n} {}", "<".repeat(if n > 25 { 7_000 } else { 1 })));
        }
        let mut n_stored = 0;
        while n_stored < 30 {
            n_stored += usize::from(until(&mut tom, "AckMes")["id"].is_u64());
        }
        let range = |first: u64, last: u64| (first..=last).collect::<Vec<_>>();
        let mut ask = |more: Value| {
            let mut all = json!({"room": room});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            history(&mut tom, &all)
        };
        assert_eq!(ask(json!({"limit": 5})), (range(26, 30), true));
        assert_eq!(ask(json!({"limit": 100})), (range(1, 30), false));
        assert_eq!(ask(json!({"before": 11, "limit": 4})), (range(7, 10), true));
        assert_eq!(ask(json!({"before": 4, "limit": 9})), (range(1, 3), false));
        assert_eq!(ask(json!({"after": 10, "limit": 4})), (range(11, 14), true));
        assert_eq!(ask(json!({"after": 27, "limit": 9})), (range(28, 30), false));
        assert_eq!(ask(json!({"since": 0, "limit": 2})), (range(1, 2), true));
        assert_eq!(ask(json!({"since": i64::MAX})), (vec![], false));
        assert_eq!(ask(json!({"before": 0})), (vec![], false));
        assert_eq!(ask(json!({"after": u64::MAX})), (vec![], false));
        for room in [room.as_str(), "@100,200"] {
            ann.send("HistoryMes", &json!({"room": room}).to_string());
            assert_eq!(until(&mut ann, "ErrorMes")["code"], "not_member");
        }
    });
}

/// Neither by talking into it nor by its history.
#[test]
fn a_hidden_room_answers_as_one_that_is_not_there() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        ask(&mut tom, &json!({"act": "create", "room": "secret", "access": "hidden"}));
        let secret = until(&mut tom, "RoomMes")["room"].as_str().unwrap().to_owned();
        for room in ["#secret", "#nothing", &secret, "!99"] {
            say(&mut ann, room, "hello");
            assert_eq!(until(&mut ann, "AckMes")["code"], "not_member", "{room}");
            ann.send("HistoryMes", &json!({"room": room}).to_string());
            assert_eq!(until(&mut ann, "ErrorMes")["code"], "not_member", "{room}");
            for act in ["join", "part", "topic", "set"] {
                ask(&mut ann, &json!({"act": act, "room": room}));
                assert_eq!(until(&mut ann, "ErrorMes")["code"], "unknown_room", "{act} {room}");
            }
            ann.send("MembersMes", &json!({"room": room}).to_string());
            assert_eq!(until(&mut ann, "ErrorMes")["code"], "unknown_room", "{room}");
        }
    });
}

/// Whatever else is wrong with a question, its answer does not tell a hidden room from none.
#[test]
fn no_question_finds_a_hidden_room() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        ask(&mut tom, &json!({"act": "create", "room": "#den", "access": "hidden"}));
        until(&mut tom, "RoomMes");
        let room_mes = |room: &str| {
            let about = |mes: Value| ("RoomMes", mes);
            vec![
                about(json!({"act": "join", "room": room})),
                about(json!({"act": "kick", "room": room, "whomName": "nosuch"})),
                about(json!({"act": "invite", "room": room, "whomId": 999})),
                about(json!({"act": "role", "room": room, "whomName": "nosuch", "role": "owner"})),
                about(json!({"act": "ban", "room": room, "whomId": 999})),
                ("SanctionsMes", json!({"room": room})),
                ("MembersMes", json!({"room": room})),
                ("HistoryMes", json!({"room": room})),
                ("SearchMes", json!({"room": room, "text": "x"})),
            ]
        };
        let stranger = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let nobody = Extended::connect(server.frames(), "laptop");
        for mut peer in [stranger, nobody] {
            for ((kind, there), (_, nowhere)) in room_mes("#den").into_iter().zip(room_mes("#no")) {
                let mut answer = |data: &Value| {
                    peer.send(kind, &data.to_string());
                    until(&mut peer, "ErrorMes")["code"].clone()
                };
                assert_eq!(answer(&there), answer(&nowhere), "{kind} {there}");
            }
        }
        // Who is in it hears what is wrong.
        ask(&mut tom, &json!({"act": "kick", "room": "#den", "whomName": "nosuch"}));
        assert_eq!(until(&mut tom, "ErrorMes")["code"], "unknown_user");
    });
}
