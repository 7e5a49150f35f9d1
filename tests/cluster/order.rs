//! What keeps order, or peace, holds on every server, whichever it was asked for on.

use serde_json::{Value, json};

use super::{Cluster, is_kind, next_said, store, until, until_status};
use crate::support::peers::Extended;
use crate::support::program::{run, server};

/// `server user` on the store of a cluster, which is to be done.
fn user(cluster: &Cluster, args: &[&str], input: &str) {
    let url = cluster.redis.url();
    let all = [&["user", "--store", &url], args].concat();
    let ended = run(server(cluster.nodes[0].home(), &all), input);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
}

/// A change of a room, or of everywhere.
fn ask(peer: &mut Extended, data: &Value) {
    peer.send("RoomMes", &data.to_string());
}

fn act(act: &'static str) -> impl Fn(&str, &Value) -> bool {
    move |kind, data| kind == "RoomMes" && data["act"] == act
}

/// Says something in a room: the answer.
fn say(peer: &mut Extended, room: &str, reference: &str) -> Value {
    let say = json!({"content": reference, "room": room, "clientRef": reference});
    peer.send("SmsMes", &say.to_string());
    let is_ack = |kind: &str, data: &Value| kind == "AckMes" && data["clientRef"] == reference;
    until(peer, "an answer", is_ack)
}

/// Its connection is over, with this as the last word.
fn until_over(peer: &mut Extended, word: &str) {
    assert_eq!(until(peer, "the last word", is_kind("ErrorMes"))["code"], word);
}

#[test]
fn what_the_operator_does_to_an_account_ends_it_on_every_node() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    let mut laptop = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut phone = Extended::come_back(cluster.frames(1), 100, "phone");
    user(&cluster, &["passwd", "100"], "other\n");
    until_over(&mut laptop, "logged_out");
    until_over(&mut phone, "logged_out");
    until_status(&mut jerry, 100, 1);
    let mut phone = Extended::connect(cluster.frames(1), "phone");
    assert_eq!(phone.log_in(100, "other")["code"], 200);
    user(&cluster, &["logout", "100"], "");
    until_over(&mut phone, "logged_out");
    // Where that was heard: the other one may still have to hear it.
    let mut tablet = Extended::connect(cluster.frames(1), "tablet");
    assert_eq!(tablet.log_in(100, "other")["code"], 200);
    user(&cluster, &["delete", "100"], "");
    until_over(&mut tablet, "deleted");
    // Nobody else has felt anything.
    store(&mut jerry, "still here", "r1");
}

#[test]
fn who_is_ignored_on_one_node_is_on_all() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut laptop = Extended::enter(cluster.frames(0), (300, "ann"), "laptop");
    let mut phone = Extended::come_back(cluster.frames(1), 300, "phone");
    let mut tom = Extended::enter(cluster.frames(1), (100, "tom"), "laptop");
    until_status(&mut laptop, 100, 0);
    laptop.send("IgnoreMes", r#"{"userId":100}"#);
    for device in [&mut laptop, &mut phone] {
        assert_eq!(until(device, "the list", is_kind("IgnoreMes"))["userId"], 100);
    }
    store(&mut tom, "unheard", "r1");
    for device in [&mut laptop, &mut phone] {
        let is_it = |kind: &str, _: &Value| ["SmsMes", "PassedMes"].contains(&kind);
        assert_eq!(until(device, "that it is passed", is_it)["upTo"], 1);
    }
    tom.tell(300, "psst", "r2");
    assert_eq!(until(&mut tom, "a refusal", is_kind("AckMes"))["code"], "not_taken");
    phone.send("IgnoreMes", r#"{"userId":100,"off":true}"#);
    for device in [&mut phone, &mut laptop] {
        assert_eq!(until(device, "the list", is_kind("IgnoreMes"))["off"], true);
    }
    store(&mut tom, "heard", "r3");
    assert_eq!(next_said(&mut laptop).text, "heard");
    assert_eq!(next_said(&mut phone).text, "heard");
}

#[test]
fn muted_slowed_and_banned_is_so_on_every_node() {
    let Some(cluster) = Cluster::start(2) else { return };
    Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    user(&cluster, &["operator", "100"], "");
    let mut tom = Extended::come_back(cluster.frames(0), 100, "laptop");
    let mut laptop = Extended::enter(cluster.frames(0), (300, "ann"), "laptop");
    let mut phone = Extended::come_back(cluster.frames(1), 300, "phone");
    ask(&mut tom, &json!({"act": "create", "room": "#hall"}));
    let room = until(&mut tom, "the room", act("entered"))["room"].as_str().unwrap().to_owned();
    ask(&mut phone, &json!({"act": "join", "room": "#hall"}));
    for device in [&mut phone, &mut laptop] {
        until(device, "in the room", act("entered"));
    }

    ask(&mut tom, &json!({"act": "mute", "room": room, "whomId": 300}));
    for device in [&mut phone, &mut laptop] {
        until(device, "muted", act("mute"));
        assert_eq!(say(device, &room, "r1")["code"], "muted");
    }
    ask(&mut tom, &json!({"act": "unmute", "room": room, "whomId": 300}));
    for device in [&mut phone, &mut laptop] {
        until(device, "free", act("unmute"));
    }

    // What is said on one node counts on the other.
    ask(&mut tom, &json!({"act": "slow", "room": room, "against": "*", "every": 3600}));
    for device in [&mut phone, &mut laptop] {
        until(device, "slowed", act("slow"));
    }
    assert!(say(&mut phone, &room, "r2")["id"].is_u64());
    assert_eq!(next_said(&mut laptop).text, "r2");
    for device in [&mut laptop, &mut phone] {
        assert_eq!(say(device, &room, "r3")["code"], "slow_mode");
    }

    ask(&mut tom, &json!({"act": "ban", "room": "lobby", "whomId": 300}));
    for device in [&mut phone, &mut laptop] {
        until_over(device, "banned");
    }
    let mut again = Extended::connect(cluster.frames(1), "phone");
    assert_eq!(again.log_in(300, "secret")["code"], 505);
}
