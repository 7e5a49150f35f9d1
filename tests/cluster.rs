//! Several servers, as processes, on one Redis or several: nobody notices on which one they are, also when
//! one of them, or Redis, goes away.

mod failures;
mod feeds;
mod order;
mod people;
mod redis_lost;
mod rolling;
mod talk;

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::peers::{Extended, Said, message};
use crate::support::redis::Redis;
use crate::support::server::Server;

/// Servers on one Redis that loses nothing.
#[derive(Debug)]
struct Cluster {
    redis: Redis,
    nodes: Vec<Server>,
}

impl Cluster {
    /// `None` where Redis is not installed.
    fn start(n: usize) -> Option<Self> {
        let redis = Redis::start()?;
        let nodes = (0..n).map(|_| Server::start_on(&redis.url(), &[])).collect();
        Some(Self { redis, nodes })
    }

    fn frames(&self, node: usize) -> SocketAddr {
        self.nodes[node].frames()
    }

    fn lines(&self, node: usize) -> SocketAddr {
        self.nodes[node].lines()
    }
}

/// The next frame that is about this; others that may come in between are passed over.
fn until(peer: &mut Extended, what: &str, is_it: impl Fn(&str, &Value) -> bool) -> Value {
    loop {
        let (kind, data) = peer.next(what);
        if is_it(&kind, &data) {
            return data;
        }
    }
}

/// Is it a frame of this type?
fn is_kind(wanted: &'static str) -> impl Fn(&str, &Value) -> bool {
    move |kind, _| kind == wanted
}

/// Hears that somebody came (0) or left (1).
fn until_status(peer: &mut Extended, id: i64, status: i64) {
    until(peer, &format!("{id} with status {status}"), |kind, data| {
        kind == "NotifyUserStatusMes" && data["userId"] == id && data["status"] == status
    });
}

/// The next message, whatever else is told before.
fn next_said(peer: &mut Extended) -> Said {
    loop {
        let (kind, data) = peer.next("a message");
        if let Some(said) = message(&kind, &data) {
            return said;
        }
    }
}

/// Says a text to all and waits until it is stored, whatever else is told before: its id.
fn store(peer: &mut Extended, text: &str, reference: &str) -> u64 {
    peer.say(text, reference);
    let is_ack = |kind: &str, data: &Value| kind == "AckMes" && data["clientRef"] == reference;
    until(peer, "that it is stored", is_ack)["id"].as_u64().unwrap()
}

/// Everything that is told before the answer to a question asked now.
fn until_pong(peer: &mut Extended) -> Vec<(String, Value)> {
    peer.send("PingMes", "{}");
    let mut heard = Vec::new();
    loop {
        let (kind, data) = peer.next("what comes before a pong");
        if kind == "PongMes" {
            return heard;
        }
        heard.push((kind, data));
    }
}

/// Asks who is online until these are, and nobody else.
fn until_online(peer: &mut Extended, ids: &[i64]) {
    loop {
        peer.send("WhoMes", "{}");
        let list = until(peer, "who is online", |kind, _| kind == "WhoResMes");
        let mut online: Vec<_> = list["online"].as_array().unwrap().iter().collect();
        online.sort_by_key(|person| person["userId"].as_i64());
        if online.iter().map(|person| person["userId"].as_i64().unwrap()).eq(ids.iter().copied()) {
            return;
        }
    }
}
