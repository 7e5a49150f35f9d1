//! What is said and done on one server is seen on all, in one order.

use serde_json::json;

use super::{Cluster, next_said, store, until, until_online, until_pong, until_status};
use crate::support::peers::{Course, Extended, Line, message};

#[test]
fn what_is_said_on_one_node_is_heard_on_all() {
    let Some(cluster) = Cluster::start(3) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    let mut line = Line::enter(cluster.lines(2));
    until_status(&mut jerry, -1, 0);
    assert_eq!(store(&mut tom, "hello", "r1"), 1);
    let said = next_said(&mut jerry);
    assert_eq!((said.id, said.from, said.text.as_str()), (1, 100, "hello"));
    // Who came elsewhere may be told of before.
    while !line.next("what tom says").ends_with("]tom: hello") {}
    // The same the other way round, and to one alone.
    line.say("hi");
    assert_eq!(next_said(&mut tom).text, "hi");
    assert_eq!(next_said(&mut jerry).text, "hi");
    jerry.tell(100, "psst", "r2");
    let said = next_said(&mut tom);
    assert_eq!((said.room.as_str(), said.text.as_str()), ("@100,200", "psst"));
}

/// Three speak at once, each on a node of its own; three listen. All see one order without a
/// hole, those who speak included.
#[test]
fn a_room_has_one_order_on_every_node() {
    const EACH: u64 = 200;
    let Some(cluster) = Cluster::start(3) else { return };
    let peers = (0..3_i64).map(|node| {
        let id = 100 + node;
        let peer = Extended::enter(cluster.frames(node as usize), (id, &format!("p{id}")), "x");
        (node as usize, peer)
    });
    let mut peers: Vec<_> = peers.collect();
    let mut listeners: Vec<_> = (0..3).map(|node| Line::enter(cluster.lines(node))).collect();
    for (_, peer) in &mut peers {
        until_online(peer, &[-3, -2, -1, 100, 101, 102].map(guest_or_account));
    }
    for n in 0..EACH {
        for (node, peer) in &mut peers {
            peer.say(&format!("{node} {n}"), &format!("r{n}"));
        }
    }
    let heard = peers.iter_mut().map(|(_, peer)| {
        let mut texts = Vec::new();
        let mut last = 0;
        while last < 3 * EACH {
            let (kind, data) = peer.next("what is said");
            let id = match (kind.as_str(), message(&kind, &data)) {
                (_, Some(said)) => {
                    texts.push(said.text);
                    said.id
                }
                // Its own come back as an acknowledgement.
                ("AckMes", None) => {
                    texts.push(data["clientRef"].as_str().unwrap().to_owned());
                    data["id"].as_u64().unwrap()
                }
                _ => continue,
            };
            assert_eq!(id, last + 1, "{kind} {data}");
            last = id;
        }
        texts.len() as u64
    });
    assert_eq!(heard.collect::<Vec<_>>(), [3 * EACH; 3]);
    let mut orders: Vec<Vec<String>> = Vec::new();
    for line in &mut listeners {
        let mut order = Vec::new();
        while order.len() as u64 != 3 * EACH {
            let text = line.next("what is said");
            // Who comes last may be told of at any moment until the first text.
            if let Some((_, text)) = text.split_once("]p10")
                && !text.ends_with(": login!!!")
            {
                order.push(text.to_owned());
            }
        }
        orders.push(order);
    }
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0], orders[2]);
}

/// Guests take their ids from the store in bundles, one for each node.
fn guest_or_account(id: i64) -> i64 {
    const BUNDLE: i64 = 256;
    if id < 0 { -1 - (-1 - id) * BUNDLE } else { id }
}

#[test]
fn named_rooms_are_the_same_on_every_node() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut ann = Extended::enter(cluster.frames(1), (300, "ann"), "laptop");
    let mut phone = Extended::come_back(cluster.frames(0), 300, "phone");
    let ask = |peer: &mut Extended, data| peer.send("RoomMes", &format!("{data}"));
    let act = |act: &'static str| {
        move |kind: &str, data: &serde_json::Value| kind == "RoomMes" && data["act"] == act
    };
    ask(&mut tom, json!({"act": "create", "room": "#rust"}));
    let room = until(&mut tom, "the room", act("entered"))["room"].clone();
    ask(&mut ann, json!({"act": "join", "room": "#rust"}));
    until(&mut ann, "in the room", act("entered"));
    // Another device of hers, on another node, is in it, too.
    until(&mut phone, "in the room", act("entered"));
    assert_eq!(until(&mut tom, "ann", act("join"))["userId"], 300);
    ask(&mut tom, json!({"act": "topic", "room": room, "text": "crabs"}));
    assert_eq!(until(&mut ann, "a topic", act("topic"))["text"], "crabs");
    ask(&mut tom, json!({"act": "role", "room": room, "whomId": 300, "role": "moderator"}));
    until(&mut ann, "a role", act("role"));
    // The role holds on her node at once.
    ask(&mut ann, json!({"act": "topic", "room": room, "text": "claws"}));
    until(&mut tom, "the first topic", act("topic"));
    assert_eq!(until(&mut tom, "a topic", act("topic"))["text"], "claws");
    ann.send("SmsMes", &json!({"content": "hi", "room": room, "clientRef": "r1"}).to_string());
    assert_eq!(next_said(&mut tom).text, "hi");
    assert_eq!(next_said(&mut phone).text, "hi");
    // Put out on one node, she may say nothing on the other.
    ask(&mut tom, json!({"act": "kick", "room": room, "whomId": 300}));
    until(&mut ann, "put out", act("kick"));
    until(&mut phone, "put out", act("kick"));
    for peer in [&mut ann, &mut phone] {
        let say = json!({"content": "still here?", "room": room, "clientRef": "r9"}).to_string();
        peer.send("SmsMes", &say);
        let is_answer =
            |kind: &str, data: &serde_json::Value| kind == "AckMes" && data["clientRef"] == "r9";
        assert_eq!(until(peer, "a refusal", is_answer)["code"], "not_member");
    }
    // Who comes to another node sees it as it is.
    ask(&mut ann, json!({"act": "topic", "room": room}));
    assert_eq!(until(&mut ann, "a refusal", |kind, _| kind == "ErrorMes")["code"], "not_member");
}

/// A device that moves to another node in the middle of a flood misses nothing and gets nothing
/// twice.
#[test]
fn a_device_resumes_on_another_node() {
    const LAST: u64 = 300;
    let Some(cluster) = Cluster::start(3) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    Course::join(cluster.frames(1), 200, "jerry");
    let mut jerry = Extended::connect(cluster.frames(1), "phone");
    let reply = jerry.log_in(200, "secret");
    let epoch = reply["epoch"].as_str().unwrap().to_owned();
    let token = jerry.expect_token();
    let mut last = 0;
    for n in 0..LAST {
        tom.say(&format!("text {n}"), &format!("r{n}"));
        if n % 40 != 39 {
            continue;
        }
        // Some are taken, then the cable is pulled.
        for _ in 0..20 {
            let said = next_said(&mut jerry);
            assert_eq!(said.id, last + 1);
            last = said.id;
        }
        let node = (n / 40) as usize % 3;
        jerry = Extended::connect(cluster.frames(node), "phone");
        let held = [format!("lobby:{last}")];
        assert_eq!(jerry.resume(&token, &epoch, &held)["code"], 200);
    }
    while last < LAST {
        let said = next_said(&mut jerry);
        assert_eq!(said.id, last + 1, "{said:?}");
        last = said.id;
    }
    let rest = until_pong(&mut jerry);
    assert!(rest.iter().all(|(kind, data)| message(kind, data).is_none()), "{rest:?}");
}
