//! Who is there, whichever server they are on.

use std::thread;

use super::{Cluster, is_kind, store, until, until_online, until_pong, until_status};
use crate::support::peers::{Course, Extended, Line, registration};
use crate::support::redis::Redis;
use crate::support::server::Server;

#[test]
fn everybody_sees_everybody() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    assert_eq!(tom.who().into_keys().max(), Some(200));
    // A node that comes later knows who is there.
    let late = Server::start_on(&cluster.redis.url(), &[]);
    let mut ann = Extended::enter(late.frames(), (300, "ann"), "laptop");
    assert_eq!(ann.who().len(), 3);
    drop(jerry);
    until_status(&mut tom, 200, 1);
    until_online(&mut ann, &[100, 300]);
    // A node that ends in order takes its people along at once.
    late.ask_to_stop();
    until_status(&mut tom, 300, 1);
}

/// Two devices of one account on two nodes are one person: it comes once and goes once.
#[test]
fn an_account_on_two_nodes_is_one_person() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let phone = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    let laptop = Extended::come_back(cluster.frames(0), 200, "laptop");
    drop(phone);
    // Something else that comes by the same way, behind the news of that.
    let line = Line::enter(cluster.lines(1));
    let is_guest = |kind: &str, data: &serde_json::Value| {
        assert_ne!(data["userId"], 200, "{kind} {data}");
        kind == "NotifyUserStatusMes"
    };
    until(&mut tom, "a guest", is_guest);
    drop(laptop);
    until_status(&mut tom, 200, 1);
    drop(line);
}

#[test]
fn names_are_the_same_everywhere() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    let mut other = Extended::come_back(cluster.frames(0), 200, "laptop");
    jerry.send("RenameMes", r#"{"userName":"Mouse"}"#);
    let renamed = |kind: &str, data: &serde_json::Value| {
        kind == "RenameMes" && data["userId"] == 200 && data["userName"] == "Mouse"
    };
    until(&mut tom, "a new name", renamed);
    until(&mut other, "a new name", renamed);
    // Two accounts of one name are told apart on both nodes.
    tom.send("RenameMes", r#"{"userName":"Mouse"}"#);
    let shared = |kind: &str, data: &serde_json::Value| {
        kind == "RenameMes" && data["userId"] == 100 && data["userName"] == "Mouse#100"
    };
    until(&mut jerry, "a shared name", shared);
    loop {
        jerry.send("WhoMes", "{}");
        let list = until(&mut jerry, "who is online", |kind, _| kind == "WhoResMes");
        let mut names: Vec<_> =
            list["online"].as_array().unwrap().iter().map(|who| who["userName"].clone()).collect();
        names.sort_by_key(ToString::to_string);
        if names == ["Mouse#100", "Mouse#200"] {
            break;
        }
    }
    // A guest loses the name that an account has, wherever that is.
    let mut line = Line::enter(cluster.lines(0));
    line.ask("rename|Cheese", &["rename successful!!"]);
    let mut ann = Course::enter(cluster.frames(1), 300, "Cheese");
    assert!(line.next("that the name is taken").contains("name"));
    ann.say(300, "mine");
    while !line.next("what ann says").ends_with("]Cheese: mine") {}
}

#[test]
fn readers_are_seen_on_other_nodes() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    tom.tell(200, "read this", "r1");
    let id =
        until(&mut tom, "that it is stored", |kind, _| kind == "AckMes")["id"].as_u64().unwrap();
    super::next_said(&mut jerry);
    jerry.received("@100,200", id);
    until(&mut tom, "that it arrived", |kind, data| kind == "DeliveredMes" && data["upTo"] == id);
    jerry.send("ReadMes", &format!(r#"{{"room":"@100,200","upTo":{id}}}"#));
    until(&mut tom, "that it was read", |kind, data| kind == "ReadMes" && data["upTo"] == id);
}

/// Two ask for one id on two nodes at once, many times: one gets it.
#[test]
fn an_id_registered_twice_at_once_has_one_owner() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut peers = [0, 1].map(|node| Course::connect(cluster.frames(node)));
    for id in 1..=20 {
        for peer in &mut peers {
            let data = registration(id, "secret", "x");
            peer.send("RegisterMes", &data);
        }
        let answers = peers.each_mut().map(|peer| {
            let (kind, data) = peer.next("the answer");
            assert_eq!(kind, "RegisterResMes");
            data.starts_with("{\"code\":200,")
        });
        assert!(answers[0] != answers[1], "{id}: {answers:?}");
    }
}

/// Nothing is told twice, and nothing of what happens on one's own node by way of the feed.
#[test]
fn news_come_once() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut ann = Extended::enter(cluster.frames(1), (300, "ann"), "laptop");
    until_status(&mut tom, 300, 0);
    let jerry = Extended::enter(cluster.frames(0), (200, "jerry"), "phone");
    until_status(&mut ann, 200, 0);
    drop(jerry);
    until_status(&mut ann, 200, 1);
    assert_eq!(store(&mut ann, "after that", "r1"), 1);
    let mut heard = Vec::new();
    until(&mut tom, "a message", |kind, data| {
        heard_status(kind, data).is_none() || kind == "SmsMes"
    });
    for (kind, data) in until_pong(&mut tom) {
        heard.extend(heard_status(&kind, &data));
    }
    assert_eq!(heard, []);
}

fn heard_status(kind: &str, data: &serde_json::Value) -> Option<(i64, i64)> {
    (kind == "NotifyUserStatusMes")
        .then(|| (data["userId"].as_i64().unwrap(), data["status"].as_i64().unwrap()))
}

/// Busy, away, and writing something: seen on other nodes, also by who comes there later.
#[test]
fn the_absent_and_the_writing_are_seen_on_other_nodes() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    jerry.send("AwayMes", r#"{"state":"away","text":"soup"}"#);
    let is_away = |kind: &str, data: &serde_json::Value| {
        kind == "NotifyUserStatusMes" && data["text"] == "soup"
    };
    until(&mut tom, "that jerry is away", is_away);
    let mut ann = Extended::enter(cluster.frames(0), (300, "ann"), "laptop");
    ann.send("WhoMes", "{}");
    let list = until(&mut ann, "who is online", is_kind("WhoResMes"));
    assert!(list.to_string().contains("soup"), "{list}");
    jerry.send("TypingMes", r#"{"toUserId":100}"#);
    assert_eq!(until(&mut tom, "that jerry writes", is_kind("TypingMes"))["userId"], 200);
}

/// A device is seen and logged out from another node, and an account ends on all.
#[test]
fn a_device_is_logged_out_from_another_node() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut laptop = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut phone = Extended::come_back(cluster.frames(1), 100, "phone");
    let mut tablet = Extended::come_back(cluster.frames(1), 100, "tablet");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    let address = phone.course.wire.address().to_string();
    loop {
        laptop.send("DevicesMes", "{}");
        let devices = until(&mut laptop, "the devices", is_kind("DevicesResMes"));
        if devices.to_string().contains(&address) {
            break;
        }
    }
    laptop.send("EndDeviceMes", r#"{"device":"phone"}"#);
    let ended = until(&mut laptop, "the end", is_kind("EndDeviceResMes"));
    assert_eq!(ended["sessions"], 1);
    assert_eq!(until(&mut phone, "the last word", is_kind("ErrorMes"))["code"], "logged_out");
    laptop.send("DeleteAccountMes", r#"{"userPwd":"secret"}"#);
    until(&mut laptop, "the last word", is_kind("ErrorMes"));
    until(&mut tablet, "the last word", is_kind("ErrorMes"));
    until_status(&mut jerry, 100, 1);
}

#[test]
fn of_many_that_make_the_demonstration_account_at_once_all_go_on() {
    let Some(redis) = Redis::start() else { return };
    let start = || Server::start_on(&redis.url(), &["--demo"]);
    let nodes: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|started| started.join().unwrap()).collect()
    });
    for node in &nodes {
        let mut tom = Extended::connect(node.frames(), "laptop");
        assert_eq!(tom.log_in(100, "123456")["code"], 200);
    }
}
