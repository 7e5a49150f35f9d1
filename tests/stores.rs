//! The contract of the stores: every property over every store of the table `STORES`, and then
//! what only one of them can be asked.

mod altered;
mod closing;
mod contract;
mod cursors;
mod entry;
mod epochs;
mod erasing;
mod feed;
mod feeds;
mod ignored;
mod keeping;
mod leftovers;
mod marks;
mod model;
mod order;
mod redis;
mod repeats;
mod rooms;
mod search;
mod sqlite;
mod tokens;
mod words;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hubbub::dao::{self, Entry, STORES, Store, StoreError, Write, Writer, Written};
use hubbub::protocol::{
    Append, Device, Message, MessageId, Millis, Name, NameKey, Reference, RoomId, Text, UserId,
};
use hubbub::{clock, threads};

use crate::support;

/// Longer than any deadline of a store's own, shorter than a person's patience.
const DEADLINE: Duration = Duration::from_secs(6);

/// A hash as the stores get it; none of them looks inside.
const SECRET: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

/// Where a store can be opened, and opened again.
struct Place {
    url: String,
    /// What is written is there when it is opened again.
    keeps: bool,
    /// A folder or a server, until the test is over.
    _holds: Box<dyn Any>,
}

impl Place {
    fn open(&self) -> Arc<dyn Store> {
        dao::open(&self.url).unwrap()
    }
}

/// A fresh place for a store of this scheme; none for Redis where it is not installed.
fn place(scheme: &str) -> Option<Place> {
    match scheme {
        "memory" => Some(Place { url: "memory:".into(), keeps: false, _holds: Box::new(()) }),
        "sqlite" => {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", folder.path().join("new/hubbub.db").display());
            Some(Place { url, keeps: true, _holds: Box::new(folder) })
        }
        "redis" => {
            let redis = support::redis::Redis::start()?;
            Some(Place { url: redis.url(), keeps: true, _holds: Box::new(redis) })
        }
        THREE_FEEDS => {
            let redis = support::redis::Redis::start()?;
            Some(Place { url: redis.url_of(3), keeps: true, _holds: Box::new(redis) })
        }
        other => panic!("tell this test where a {other} store can be"),
    }
}

/// A Redis store of three feeds, on one Redis.
const THREE_FEEDS: &str = "redis of three";

/// Every store of the table, and one of several feeds.
fn schemes() -> impl Iterator<Item = &'static str> {
    STORES.iter().map(|kind| kind.scheme).chain([THREE_FEEDS])
}

/// Runs a property over every store, each in a thread as small as the server's. The thread has
/// the store's name, so that a failure says it.
fn on_every_store(property: fn(&Place)) {
    for scheme in schemes() {
        let check = move || place(scheme).iter().for_each(property);
        if let Err(failure) = threads::spawn(scheme, check).unwrap().join() {
            std::panic::resume_unwind(failure);
        }
    }
}

/// Writes one thing.
fn write(writer: &mut Box<dyn Writer>, write: &Write) -> Written {
    let mut written = writer.commit(&[write]).unwrap();
    assert_eq!(written.len(), 1);
    written.remove(0)
}

/// Writes a batch.
fn write_all(writer: &mut Box<dyn Writer>, batch: &[Write]) -> Vec<Written> {
    let written = commit(writer, batch).unwrap();
    assert_eq!(written.len(), batch.len());
    written
}

fn commit(writer: &mut Box<dyn Writer>, batch: &[Write]) -> Result<Vec<Written>, StoreError> {
    writer.commit(&batch.iter().collect::<Vec<_>>())
}

fn register(id: i64) -> Write {
    Write::Register { id: Some(UserId(id)), name: None, secret: SECRET.into(), entry: Entry::Open }
}

fn register_as(id: i64, name: &str) -> Write {
    let name = Some(Name::new(name).unwrap());
    Write::Register { id: Some(UserId(id)), name, secret: SECRET.into(), entry: Entry::Open }
}

/// A message to the lobby with a nonce of its own.
fn say(sender: i64, reference: &str, text: &str) -> Append {
    static NONCE: AtomicU64 = AtomicU64::new(u64::MAX - 100_000);
    Append {
        room: RoomId::Lobby,
        sender: UserId(sender),
        device: None,
        name: format!("name of {sender}").into(),
        time: Millis(1_795_217_831_000),
        text: Text::new(text).unwrap(),
        reference: Reference::new(reference).unwrap(),
        nonce: NONCE.fetch_add(1, Ordering::Relaxed),
        about: None,
    }
}

/// The same in the private room of two.
fn whisper(sender: i64, to: i64, reference: &str) -> Append {
    Append { room: RoomId::pair(UserId(sender), UserId(to)), ..say(sender, reference, "psst") }
}

fn device(name: &str) -> Device {
    Device::new(name).unwrap()
}

fn key(name: &str) -> NameKey {
    NameKey::new(name).unwrap()
}

/// The id a message was stored under, and whether for the first time.
fn stored(written: &Written) -> (u64, bool) {
    match written {
        Written::Stored { message, fresh } => (message.id.0, *fresh),
        other => panic!("not stored: {other:?}"),
    }
}

/// A page of a room, as ids.
fn page(store: &Arc<dyn Store>, room: RoomId, after: u64, limit: usize) -> Vec<u64> {
    let page = store.page(room, MessageId(after), limit).unwrap();
    page.iter().map(|message: &Message| message.id.0).collect()
}

/// Where a device is, in the rooms in which it is anywhere or could be.
fn at(store: &Arc<dyn Store>, account: i64, name: Option<&str>) -> Vec<(String, u64)> {
    let name = name.map(device);
    let positions = store.cursors(UserId(account), name.as_ref()).unwrap();
    positions.into_iter().map(|(room, id)| (room.to_string(), id.0)).collect()
}

/// What should be: a room and an id each.
fn positions(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(room, id)| ((*room).into(), *id)).collect()
}

/// Fails when something took longer than it may.
fn in_time<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let began: Instant = clock::now();
    let done = act();
    let took = began.elapsed();
    assert!(took < DEADLINE, "{what} took {took:?}");
    done
}
