//! A Redis that comes back empty or as an older copy of itself is found out before an id is
//! given twice.

use std::sync::Arc;

use hubbub::dao::{self, Entry, Sign, Store, StoreError, Write, Writer, Written};
use hubbub::protocol::{Name, RoomId, UserId};
use redis::{Connection, cmd};

use super::{SECRET, commit, page, register, say, stored, write, write_all};
use crate::support::redis::Redis;

fn open(redis: &Redis) -> (Arc<dyn Store>, Box<dyn Writer>) {
    let store = dao::open_to_serve(&redis.url()).unwrap();
    let writer = store.writer().unwrap();
    (store, writer)
}

/// One of each kind.
fn all_kinds() -> [Write; 5] {
    let account = UserId(1);
    [
        Write::Append(say(1, "after", "after")),
        Write::Guests(1),
        register(7),
        Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open },
        Write::Cursor(dao::Cursor {
            account,
            device: None,
            room: RoomId::Lobby,
            up_to: hubbub::protocol::MessageId(1),
        }),
    ]
}

/// Every kind of write is refused, again and again, and nothing is written.
fn refuses_all(writer: &mut Box<dyn Writer>) {
    for _ in 0..9 {
        for write in &all_kinds() {
            let error = commit(writer, std::slice::from_ref(write)).unwrap_err();
            assert!(matches!(error, StoreError::Replaced(_)), "{write:?}: {error}");
        }
    }
}

#[test]
fn an_emptied_redis_takes_nothing_until_it_is_opened_again() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer) = open(&redis);
    write_all(&mut writer, &[register(1), Write::Append(say(1, "a", "before"))]);
    cmd("FLUSHALL").exec(&mut redis.connect()).unwrap();
    refuses_all(&mut writer);
    let (new, mut writer) = open(&redis);
    assert_ne!(new.identity().epoch, store.identity().epoch);
    assert_eq!(new.account(UserId(7)).unwrap(), None);
    assert_eq!(stored(&write(&mut writer, &Write::Append(say(1, "a", "after")))), (1, true));
}

#[test]
fn an_older_copy_takes_nothing_until_it_is_opened_with_a_new_epoch() {
    for lost in [
        vec![Write::Append(say(1, "c", "lost"))],
        vec![register(9)],
        vec![Write::Rename { account: UserId(1), name: Name::new("lost").unwrap() }],
        vec![Write::Delete { account: UserId(1), erase: false }],
        vec![Write::Guests(1)],
    ] {
        let Some(mut redis) = Redis::start_forgetful() else { return };
        let (store, mut writer) = open(&redis);
        write_all(&mut writer, &[register(1), Write::Append(say(1, "a", "kept"))]);
        cmd("SAVE").exec(&mut redis.connect()).unwrap();
        write_all(&mut writer, &lost);
        redis.kill();
        redis.restart();
        refuses_all(&mut writer);
        let copy = dao::open(&redis.url()).unwrap();
        assert_eq!(copy.identity().epoch, store.identity().epoch, "only a server makes a new one");
        let (new, mut writer) = open(&redis);
        assert_ne!(new.identity().epoch, store.identity().epoch);
        assert_eq!(page(&new, RoomId::Lobby, 0, 9), [1]);
        assert_eq!(stored(&write(&mut writer, &Write::Append(say(1, "d", "after")))), (2, true));
        let (again, _) = open(&redis);
        assert_eq!(again.identity().epoch, new.identity().epoch, "the mark has ended");
    }
}

#[test]
fn a_copy_made_after_the_last_write_is_the_same_store() {
    let Some(mut redis) = Redis::start_forgetful() else { return };
    let (_, mut writer) = open(&redis);
    write(&mut writer, &Write::Append(say(1, "a", "kept")));
    // Others may write, too.
    let (_, mut other) = open(&redis);
    assert_eq!(write(&mut other, &register(5)), Written::Registered(UserId(5)));
    write(&mut writer, &Write::Append(say(1, "b", "kept")));
    cmd("SAVE").exec(&mut redis.connect()).unwrap();
    redis.kill();
    redis.restart();
    // The first one finds the connection broken.
    let again = Write::Append(say(1, "c", "after"));
    let written = (0..9).find_map(|_| commit(&mut writer, std::slice::from_ref(&again)).ok());
    assert_eq!(stored(&written.unwrap()[0]), (3, true));
}

/// Each key with what stands in it.
fn everything(redis: &mut Connection) -> Vec<(String, Vec<u8>)> {
    let mut keys: Vec<String> = cmd("KEYS").arg("*").query(redis).unwrap();
    keys.sort();
    let dump = |key: String| {
        let bytes = cmd("DUMP").arg(&key).query(redis).unwrap();
        (key, bytes)
    };
    keys.into_iter().map(dump).collect()
}

#[test]
fn a_later_layout_takes_nothing_of_a_program_that_does_not_know_it() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer) = open(&redis);
    let sign = Sign { name: "here".into(), address: String::new() };
    let mut place = store.join(&sign).unwrap().unwrap();
    place.feeds[0].1.beat().unwrap();
    write_all(&mut writer, &[register(1), Write::Append(say(1, "a", "before"))]);
    // What a server of the next version does first.
    let mut outside = redis.connect();
    let layout: i64 = cmd("HGET").arg("{f0}meta").arg("version").query(&mut outside).unwrap();
    cmd("HSET").arg("{f0}meta").arg("version").arg(layout + 1).exec(&mut outside).unwrap();
    let before = everything(&mut outside);
    let is_newer = |error: &StoreError| match error {
        StoreError::Newer { found, known } => (*found, *known) == (layout + 1, layout),
        _ => false,
    };
    for write in &all_kinds() {
        let error = commit(&mut writer, std::slice::from_ref(write)).unwrap_err();
        assert!(is_newer(&error), "{write:?}: {error}");
    }
    let error = place.feeds[0].1.beat().unwrap_err();
    assert!(is_newer(&error), "{error}");
    place.feeds[0].1.leave();
    assert!(everything(&mut outside) == before, "something was written");
}
