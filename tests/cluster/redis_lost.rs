//! Redis loses its place, or what it wrote last: another one takes over, or its log is cut short.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::Command;

use serde_json::Value;

use super::{Cluster, is_kind, next_said, store, until, until_online};
use crate::support::peers::Extended;
use crate::support::program::run;
use crate::support::replicas::Replicas;
use crate::support::server::Server;

pub(super) const AGAIN: &str = "serving again from redis://";

/// Says a text until it is stored: its id.
fn insist(peer: &mut Extended, text: &str) -> u64 {
    for n in 0.. {
        let reference = format!("{text} {n}");
        peer.say(text, &reference);
        let is_ack = |kind: &str, data: &Value| kind == "AckMes" && data["clientRef"] == reference;
        if let Some(id) = until(peer, "an answer", is_ack)["id"].as_u64() {
            return id;
        }
    }
    panic!("there are enough numbers");
}

/// The epoch that each of these servers tells, after a login.
pub(super) fn epochs(nodes: &[Server]) -> Vec<Value> {
    let epoch = |node: &Server| {
        let mut peer = Extended::connect(node.frames(), "another");
        peer.log_in(100, "secret")["epoch"].clone()
    };
    nodes.iter().map(epoch).collect()
}

/// The texts of the lobby, as somebody reads them who comes now.
fn history(peer: &mut Extended) -> Vec<String> {
    peer.send("HistoryMes", r#"{"room":"lobby"}"#);
    let page = until(peer, "a page", is_kind("HistoryResMes"));
    let texts = page["messages"].as_array().unwrap().iter();
    texts.map(|said| said["content"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_replica_that_has_everything_takes_over_unnoticed() {
    let Some(mut redis) = Replicas::start() else { return };
    let nodes = [0, 1].map(|_| Server::start_on(&redis.url(), &[]));
    let mut tom = Extended::enter(nodes[0].frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(nodes[1].frames(), (200, "jerry"), "phone");
    store(&mut tom, "before", "r1");
    assert_eq!(next_said(&mut jerry).text, "before");
    redis.wait();
    let known = epochs(&nodes);
    redis.wait();
    redis.fail_over();
    assert_eq!(insist(&mut jerry, "after"), 2);
    assert_eq!(next_said(&mut tom).text, "after");
    until_online(&mut tom, &[100, 200]);
    // Nobody was sent away, and nobody who comes back begins anew.
    assert_eq!(epochs(&nodes), known);
    assert!(!nodes.iter().any(|node| node.log().contains(AGAIN)));
}

/// What the replica has not got is lost, acknowledged as it was; ids are given again, and nobody
/// takes one for the other.
#[test]
fn a_replica_that_was_behind_gets_one_new_epoch_from_all_nodes() {
    let Some(mut redis) = Replicas::start() else { return };
    let nodes = [0, 1].map(|_| Server::start_on(&redis.url(), &[]));
    let mut tom = Extended::enter(nodes[0].frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(nodes[1].frames(), (200, "jerry"), "phone");
    assert_eq!(store(&mut tom, "kept", "r1"), 1);
    let known = epochs(&nodes);
    redis.wait();
    redis.part();
    assert_eq!(store(&mut tom, "lost", "r2"), 2);
    assert_eq!(next_said(&mut jerry).text, "kept");
    assert_eq!(next_said(&mut jerry).text, "lost");
    jerry.received("lobby", 2);
    redis.fail_over();
    nodes.iter().for_each(|node| drop(node.expect_in_log(AGAIN)));
    let now = epochs(&nodes);
    assert_eq!(now[0], now[1]);
    assert_ne!(now[0], known[0]);
    let mut tom = Extended::come_back(nodes[0].frames(), 100, "laptop");
    assert_eq!(store(&mut tom, "again", "r3"), 2);
    let mut jerry = Extended::come_back(nodes[1].frames(), 200, "phone");
    assert_eq!(history(&mut jerry), ["kept", "again"]);
}

/// A log that is damaged is cut by Redis' own tool, and what it held behind that is gone.
#[test]
fn a_log_that_was_cut_gets_one_new_epoch_from_all_nodes() {
    let Some(mut cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    assert_eq!(store(&mut tom, "kept", "r1"), 1);
    assert_eq!(next_said(&mut jerry).text, "kept");
    let known = epochs(&cluster.nodes);
    let log = cluster.redis.log();
    let whole = log.metadata().unwrap().len();
    assert_eq!(store(&mut tom, "lost", "r2"), 2);
    assert_eq!(next_said(&mut jerry).text, "lost");
    cluster.redis.kill();
    let mut file = OpenOptions::new().append(true).open(&log).unwrap();
    file.set_len(whole + 100).unwrap();
    file.write_all(b"rubbish").unwrap();
    let mut check = Command::new("redis-check-aof");
    check.arg("--fix").arg(&log);
    let ended = run(check, "y\n");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    cluster.redis.restart();
    cluster.nodes.iter().for_each(|node| drop(node.expect_in_log(AGAIN)));
    let now = epochs(&cluster.nodes);
    assert_eq!(now[0], now[1]);
    assert_ne!(now[0], known[0]);
    let mut jerry = Extended::come_back(cluster.frames(1), 200, "phone");
    assert_eq!(store(&mut jerry, "again", "r1"), 2);
    assert_eq!(history(&mut jerry), ["kept", "again"]);
}
