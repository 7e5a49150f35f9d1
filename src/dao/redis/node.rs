//! A server's place among those that share this Redis: what the others are told of it, and the
//! feed that brings what they do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::streams::{StreamId, StreamReadReply};
use redis::{RedisResult, Script, cmd};

use super::super::{Beat, Feed, FeedEntry, Membership, Pulse, Sign, StoreError, Write};
use super::guard::{guarded, refused};
use super::manager::{RedisConnection, RedisConnectionManager};
use super::part::Part;
use super::{Redis, args};
use crate::clock;
use crate::protocol::{
    NamedRoom, NodeId, Present, RoomKind, RoomName, RoomNo, SessionId, Tiding, Topic,
};

/// Milliseconds that a reader waits for something to come.
const PATIENCE: u64 = 200;

/// Entries read at a time.
const PAGE: usize = 256;

/// Between two lines of the log about what was left out of the feed.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

/// Takes a place, in the first feed, which gives it its number, and then in the others; see
/// [`super::super::Store::join`].
pub(super) fn join(redis: &Redis, sign: &Sign) -> Result<Membership, StoreError> {
    let (node, others) = join_one(redis.home(), sign, None)?;
    for part in redis.parts.others() {
        join_one(part, sign, Some(node))?;
    }
    redis.node.set(node).ok();
    let others = others.into_iter().map(|(node, people)| {
        let people = people.iter().filter_map(|present| present_of(present)).collect();
        (NodeId(node), people)
    });
    let ends = |part: &Part| -> (Box<dyn Feed>, Box<dyn Pulse>) {
        let (part, read) = (part.clone(), Arc::clone(part.guard.heard()));
        let feed = RedisFeed {
            part: part.clone(),
            connection: None,
            read: Arc::clone(&read),
            left_out: 0,
            told: None,
        };
        let pulse = RedisPulse {
            part,
            node,
            sign: sign.clone(),
            read,
            beat: guarded(concat!(include_str!("feed.lua"), include_str!("beat.lua"))),
            leave: guarded(concat!(include_str!("feed.lua"), include_str!("leave.lua"))),
        };
        (Box::new(feed), Box::new(pulse))
    };
    let feeds = redis.own_parts().iter().map(ends).collect();
    Ok(Membership { node, others: others.collect(), feeds })
}

/// Who is on the other servers, as the first feed says it.
type Others = Vec<(u64, Vec<String>)>;

fn join_one(
    part: &Part,
    sign: &Sign,
    node: Option<NodeId>,
) -> Result<(NodeId, Others), StoreError> {
    let code = concat!(include_str!("feed.lua"), include_str!("join.lua"));
    let script = guarded(code);
    let mut invocation = script.key(part.tag.to_string());
    let node = node.map_or(String::new(), |node| node.0.to_string());
    invocation.arg(&sign.name).arg(&sign.address).arg(node);
    let mut connection = part.pool.get().map_err(|error| part.unavailable(&error))?;
    let joined: RedisResult<(u64, u64, Others)> =
        part.guard.invoke(&mut connection, &mut invocation);
    let (node, newest, others) = joined.map_err(|error| refused(&part.place, &error))?;
    part.guard.heard().store(newest, Ordering::Release);
    Ok((NodeId(node), others))
}

fn present_of(present: &str) -> Option<Present> {
    let read = serde_json::from_str(present);
    read.inspect_err(|error| log::warn!("redis: somebody on another server: {error}")).ok()
}

struct RedisFeed {
    part: Part,
    /// One of its own: it waits most of the time.
    connection: Option<r2d2::PooledConnection<RedisConnectionManager>>,
    /// The number of the last entry that was handed out.
    read: Arc<AtomicU64>,
    /// What was not understood since the log was told.
    left_out: usize,
    /// When that was.
    told: Option<Instant>,
}

impl std::fmt::Debug for RedisFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisFeed({:?})", self.part)
    }
}

impl RedisFeed {
    fn read(&mut self) -> Result<Vec<StreamId>, StoreError> {
        let mut redis = match self.connection.take() {
            Some(redis) => redis,
            None => self.part.pool.get().map_err(|error| self.part.unavailable(&error))?,
        };
        let last = self.read.load(Ordering::Relaxed);
        let mut ask = cmd("XREAD");
        ask.arg("COUNT").arg(PAGE).arg("BLOCK").arg(PATIENCE).arg("STREAMS");
        ask.arg(self.part.tag.feed()).arg(format!("{last}-0"));
        let found: Option<StreamReadReply> =
            ask.query(&mut *redis).map_err(|error| self.part.unavailable(&error))?;
        self.connection = Some(redis);
        Ok(found.into_iter().flat_map(|found| found.keys).flat_map(|key| key.ids).collect())
    }

    /// A server of a later version may say what this one does not understand, and often.
    fn tell_left_out(&mut self, now: Instant) {
        if self.left_out > 0 && self.told.is_none_or(|told| now >= told + BETWEEN_LINES) {
            let (n, read) = (self.left_out, self.read.load(Ordering::Relaxed));
            log::warn!("redis: {n} things in the feed up to entry {read} cannot be read");
            (self.left_out, self.told) = (0, Some(now));
        }
    }
}

impl Feed for RedisFeed {
    fn next(&mut self) -> Result<Vec<FeedEntry>, StoreError> {
        let mut entries = Vec::new();
        for found in self.read()? {
            let number = found.id.split('-').next().and_then(|id| id.parse::<u64>().ok());
            if number != Some(self.read.load(Ordering::Relaxed) + 1) {
                let why = format!("{}: the feed goes on at {}", self.part.place, found.id);
                return Err(StoreError::Replaced(why));
            }
            self.read.fetch_add(1, Ordering::Relaxed);
            match entry(&found) {
                Some((entry, left_out)) => {
                    entries.push(entry);
                    self.left_out += left_out;
                }
                None => self.left_out += 1,
            }
        }
        self.tell_left_out(clock::now());
        Ok(entries)
    }
}

/// An entry, and how many of its tidings were left out.
fn entry(found: &StreamId) -> Option<(FeedEntry, usize)> {
    if let Some(gone) = found.get("gone") {
        return Some((FeedEntry::Gone(NodeId(gone)), 0));
    }
    let from = NodeId(found.get("node")?);
    if let Some(told) = found.get::<String>("tidings") {
        let (tidings, left_out) = tidings(&told)?;
        return Some((FeedEntry::Told { from, tidings }, left_out));
    }
    done(from, found).map(|done| (done, 0))
}

/// Tidings, without those that are not understood, and how many these are.
fn tidings(told: &str) -> Option<(Vec<Tiding>, usize)> {
    if let Ok(tidings) = serde_json::from_str(told) {
        return Some((tidings, 0));
    }
    let told: Vec<serde_json::Value> = serde_json::from_str(told).ok()?;
    let n = told.len();
    let known = told.into_iter().filter_map(|tiding| serde_json::from_value(tiding).ok());
    let known: Vec<_> = known.collect();
    let left_out = n - known.len();
    Some((known, left_out))
}

fn done(from: NodeId, found: &StreamId) -> Option<FeedEntry> {
    let written: String = found.get("write")?;
    let write: Write = serde_json::from_str(&written).ok()?;
    Some(FeedEntry::Done {
        from,
        session: SessionId(found.get("session")?),
        written: args::read_answer(&write, &found.get::<String>("answer")?)?,
        write: Box::new(write),
        room: found.get::<String>("room").and_then(|room| room_of(&room)),
    })
}

/// A room as append.lua writes it.
fn room_of(room: &str) -> Option<NamedRoom> {
    let [no, name, topic, kind, guests]: [String; 5] = serde_json::from_str(room).ok()?;
    Some(NamedRoom {
        no: RoomNo(no.parse().ok()?),
        name: RoomName::new(&name).ok()?,
        topic: Topic::new(&topic).ok()?,
        kind: RoomKind::from_name(&kind)?,
        guests: guests == "1",
    })
}

struct RedisPulse {
    part: Part,
    node: NodeId,
    sign: Sign,
    read: Arc<AtomicU64>,
    beat: Script,
    leave: Script,
}

impl std::fmt::Debug for RedisPulse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisPulse({}, {:?})", self.node, self.part)
    }
}

impl RedisPulse {
    fn connection(&self) -> Result<r2d2::PooledConnection<RedisConnectionManager>, StoreError> {
        self.part.pool.get().map_err(|error| self.part.unavailable(&error))
    }
}

impl Pulse for RedisPulse {
    fn beat(&mut self) -> Result<Beat, StoreError> {
        let mut redis = self.connection()?;
        let redis: &mut RedisConnection = &mut redis;
        let mut script = self.beat.key(self.part.tag.to_string());
        script.arg(self.node.0).arg(self.read.load(Ordering::Relaxed));
        script.arg(&self.sign.name).arg(&self.sign.address);
        match self.part.guard.invoke::<(u8, Vec<String>)>(redis, &mut script) {
            // Only the first feed tells the others that a server is given up.
            Ok((was_gone, addresses)) => {
                Ok(Beat { was_gone: was_gone == 1 && self.part.is_home(), addresses })
            }
            Err(error) => Err(refused(&self.part.place, &error)),
        }
    }

    fn leave(&mut self) {
        let Ok(mut redis) = self.connection() else { return };
        let mut script = self.leave.key(self.part.tag.to_string());
        script.arg(self.node.0);
        if let Err(error) = self.part.guard.invoke::<String>(&mut redis, &mut script) {
            log::debug!("the other servers are not told of the end: {error}");
        }
    }
}
