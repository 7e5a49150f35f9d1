//! A Redis with a copy that follows it, behind one address that leads to the one that holds: what
//! an operator has with a name or an address that moves.

use std::net::SocketAddr;

use super::proxy::Proxy;
use super::redis::{LOSES_NOTHING, Redis};

/// Ends with the test.
#[derive(Debug)]
pub struct Replicas {
    proxy: Proxy,
    pub primary: Redis,
    pub replica: Redis,
}

impl Replicas {
    /// Both lose nothing of what they have. `None` where Redis is not installed.
    pub fn start() -> Option<Self> {
        let primary = Redis::start()?;
        let replica = follow(&primary)?;
        Some(Self { proxy: Proxy::start(primary.address()), primary, replica })
    }

    /// Of the one that holds, whichever that is.
    pub fn url(&self) -> String {
        format!("redis://{}/0", self.proxy.address())
    }

    /// The primary is killed, and its replica takes its place as it is and gets one of its own.
    pub fn fail_over(&mut self) {
        self.primary.kill();
        self.part();
        self.proxy.lead_to(self.replica.address());
        self.proxy.cut();
        let next = follow(&self.replica).unwrap();
        self.primary = std::mem::replace(&mut self.replica, next);
    }

    /// What the primary takes from now on does not reach the replica.
    pub fn part(&self) {
        part(&self.replica);
    }

    /// The replica has what the primary has at this moment.
    pub fn wait(&self) {
        wait(&self.primary);
    }
}

/// One that has everything of another one and follows it.
pub fn follow(primary: &Redis) -> Option<Redis> {
    let address: SocketAddr = primary.address();
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let follows = ["--replicaof", &ip, &port];
    let replica = Redis::start_with(&[&LOSES_NOTHING[..], &follows].concat())?;
    wait(primary);
    Some(replica)
}

/// Its replica has what it has at this moment.
pub fn wait(primary: &Redis) {
    let mut redis = primary.connect();
    // What a connection waits for is that its own last write is there.
    redis::cmd("SET").arg(&["awaited", "1", "PX", "1"]).exec(&mut redis).unwrap();
    let n: i64 = redis::cmd("WAIT").arg(1).arg(60_000).query(&mut redis).unwrap();
    assert_eq!(n, 1, "no replica follows");
}

/// It follows no other any more, and takes writes.
pub fn part(replica: &Redis) {
    redis::cmd("REPLICAOF").arg(&["NO", "ONE"]).exec(&mut replica.connect()).unwrap();
}
