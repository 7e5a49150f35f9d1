//! A Redis store of several feeds: which places make one, what becomes of it when one of them is
//! emptied, away, full, or does not answer, and what is about all of them.

use std::sync::{Arc, Barrier};

use hubbub::dao::{self, Cursor, FeedEntry, Sign, Store, StoreError, Write, Writer, Written};
use hubbub::protocol::{
    Append, Change, ErrorCode, MessageId, Role, RoomDone, RoomId, RoomName, RoomNo, SessionId,
    UserId,
};
use hubbub::threads;
use redis::cmd;

use super::keeping::{import, lines};
use super::rooms::{change, create, done, said};
use super::{at, commit, in_time, page, register_as, say, stored, write, write_all};
use crate::support::redis::Redis;

/// Two of them, and the store of two feeds in both.
fn two() -> Option<(Redis, Redis, String)> {
    let (one, other) = (Redis::start()?, Redis::start()?);
    let url = format!("{},{}", one.url(), other.url());
    Some((one, other, url))
}

fn open(url: &str) -> (Arc<dyn Store>, Box<dyn Writer>) {
    let store = dao::open_to_serve(url).unwrap();
    let writer = store.writer().unwrap();
    (store, writer)
}

/// A room that is made in feed 1 of 2, by the first of two accounts; the second comes in.
fn begin(writer: &mut Box<dyn Writer>) -> RoomNo {
    write_all(writer, &[register_as(1, "tom"), register_as(2, "ann")]);
    let made = write(writer, &create(1, 7, "attic"));
    let Written::Room(RoomDone::Created(room)) = made else { panic!("{made:?}") };
    assert_eq!((room.no.0, room.name.feed(2)), (1, 1));
    done(writer, 2, Change::Enter(room.no));
    room.no
}

fn refused(url: &str, why: &str) {
    let error = dao::open_to_serve(url).unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
    assert!(error.to_string().contains(why), "{why:?}: {error}");
}

fn keys(redis: &Redis) -> Vec<String> {
    let mut keys: Vec<String> = cmd("KEYS").arg("*").query(&mut redis.connect()).unwrap();
    keys.sort_unstable();
    keys
}

#[test]
fn only_all_places_of_one_store_in_their_order_are_it() {
    let Some((one, other, url)) = two() else { return };
    let (store, mut writer) = open(&url);
    assert_eq!(store.place(), url);
    begin(&mut writer);
    let (a, b) = (one.url(), other.url());
    let (of_one, of_other) = (keys(&one), keys(&other));
    let all_of_them = "name all 2, in their order";
    refused(&a, all_of_them);
    refused(&format!("{a},{b},{b}"), all_of_them);
    refused(&format!("{a},{a},{b}"), all_of_them);
    refused(&b, "name all its places");
    refused(&format!("{b},{a}"), "name all its places");
    refused(&format!("{a},{a}"), "name all its places");
    let Some((third, fourth, elsewhere)) = two() else { return };
    refused(&format!("{},{b}", third.url()), "the first place is empty");
    open(&elsewhere);
    refused(&format!("{a},{}", fourth.url()), "another store");
    assert_eq!((keys(&one), keys(&other)), (of_one, of_other), "nothing was made");
    let Some(alone) = Redis::start() else { return };
    open(&alone.url());
    refused(&format!("{},{b}", alone.url()), "`server import`");
    refused(&vec![a; 65].join(","), "at most");
    let (again, _) = open(&url);
    assert_eq!(again.identity().epoch, store.identity().epoch);
}

#[test]
fn programs_that_know_one_feed_only_take_a_store_of_several_for_a_newer_one() {
    let Some(redis) = Redis::start() else { return };
    open(&redis.url_of(2));
    let mut outside = redis.connect();
    let version: i64 = cmd("HGET").arg("{f0}meta").arg("version").query(&mut outside).unwrap();
    assert_eq!(version, 11, "they know 10");
    let Some(redis) = Redis::start() else { return };
    open(&redis.url());
    let mut outside = redis.connect();
    let version: i64 = cmd("HGET").arg("{f0}meta").arg("version").query(&mut outside).unwrap();
    assert_eq!(version, 10, "of one feed nothing has changed");
}

/// Opens it to serve in two threads at once; both have the same epoch.
fn open_twice(url: &str) -> Arc<str> {
    let (start, mut epochs) = (Arc::new(Barrier::new(2)), Vec::new());
    let open = |n: usize| {
        let (start, url) = (Arc::clone(&start), url.to_owned());
        let open = move || {
            start.wait();
            // Who is overtaken begins again, as a server does.
            loop {
                let store = dao::open_to_serve(&url).unwrap();
                let mut writer = store.writer().unwrap();
                match commit(&mut writer, &[Write::Mark]) {
                    Ok(_) => return Arc::clone(&store.identity().epoch),
                    // In one feed it may have been in time.
                    Err(StoreError::Replaced(_) | StoreError::Unknown(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        };
        threads::spawn(format!("opens-{n}"), open).unwrap()
    };
    let both = [open(0), open(1)];
    epochs.extend(both.map(|thread| thread.join().unwrap()));
    assert_eq!(epochs[0], epochs[1]);
    epochs.remove(0)
}

#[test]
fn servers_that_make_a_store_at_once_make_one() {
    for _ in 0..5 {
        let Some((_one, _other, url)) = two() else { return };
        let epoch = open_twice(&url);
        let (store, mut writer) = open(&url);
        assert_eq!(store.identity().epoch, epoch);
        begin(&mut writer);
    }
}

#[test]
fn a_room_that_is_in_another_feed_than_its_own_is_found_by_a_check() {
    let Some((_one, other, url)) = two() else { return };
    let (store, _) = open(&url);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    cmd("HSET").arg("{f1}last").arg("lobby").arg(1).exec(&mut other.connect()).unwrap();
    let found = store.check().unwrap();
    assert!(found.len() == 1 && found[0].starts_with("lobby: in feed 1 ("), "{found:?}");
}

#[test]
fn a_feed_that_was_emptied_makes_one_new_epoch_for_all() {
    for _ in 0..5 {
        let Some((_one, other, url)) = two() else { return };
        let (store, mut writer) = open(&url);
        let no = begin(&mut writer);
        write(&mut writer, &said(no.0, 1, "a"));
        cmd("FLUSHALL").exec(&mut other.connect()).unwrap();
        for _ in 0..3 {
            let error = commit(&mut writer, &[said(no.0, 1, "b")]).unwrap_err();
            assert!(matches!(error, StoreError::Replaced(_)), "{error}");
        }
        let epoch = open_twice(&url);
        assert_ne!(epoch, store.identity().epoch);
        let error = commit(&mut writer, &[Write::Append(say(1, "c", "lobby"))]).unwrap_err();
        assert!(matches!(error, StoreError::Replaced(_)), "{error}");
        let (new, mut writer) = open(&url);
        assert_eq!(new.identity().epoch, epoch, "there is one");
        assert_eq!(new.room(no).unwrap(), None);
        assert!(new.account(UserId(1)).unwrap().is_some());
        let made = write(&mut writer, &create(1, 8, "attic"));
        assert!(matches!(made, Written::Room(RoomDone::Created(room)) if room.no == no));
    }
}

#[test]
fn a_feed_that_is_an_older_copy_makes_one_new_epoch_for_all() {
    let Some(one) = Redis::start() else { return };
    let Some(mut other) = Redis::start_forgetful() else { return };
    let url = format!("{},{}", one.url(), other.url());
    let (store, mut writer) = open(&url);
    let no = begin(&mut writer);
    cmd("SAVE").exec(&mut other.connect()).unwrap();
    write(&mut writer, &said(no.0, 1, "lost"));
    other.kill();
    other.restart();
    let lost = said(no.0, 1, "b");
    let errors = (0..9).map(|_| commit(&mut writer, std::slice::from_ref(&lost)).unwrap_err());
    assert!(errors.into_iter().any(|error| matches!(error, StoreError::Replaced(_))));
    let epoch = open_twice(&url);
    assert_ne!(epoch, store.identity().epoch);
    // A renewal that was cut short after the first feed is finished, and not begun anew.
    let mut outside = one.connect();
    let meta = |field: &str| -> Option<String> {
        cmd("HGET").arg("{f0}meta").arg(field).query(&mut one.connect()).unwrap()
    };
    assert_eq!((meta("before"), meta("copy")), (None, None));
    cmd("HSET")
        .arg("{f0}meta")
        .arg(&["before", &*epoch, "epoch", "0123456789abcdef"])
        .exec(&mut outside)
        .unwrap();
    assert_eq!(&*open_twice(&url), "0123456789abcdef");
    let (_, mut writer) = open(&url);
    assert_eq!(stored(&write(&mut writer, &said(no.0, 1, "c"))), (1, true));
}

#[test]
fn while_one_of_two_is_away_nothing_is_done_for_either() {
    let Some((_one, mut other, url)) = two() else { return };
    let (store, mut writer) = open(&url);
    let no = begin(&mut writer);
    other.kill();
    let batch = [Write::Append(say(1, "a", "lobby")), said(no.0, 1, "a")];
    let error = in_time("a commit", || commit(&mut writer, &batch)).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains(&other.url()), "{error}");
    assert!(page(&store, RoomId::Lobby, 0, 9).is_empty());
    // What is not about it goes on.
    assert_eq!(stored(&write(&mut writer, &Write::Append(say(1, "b", "lobby")))), (1, true));
    other.restart();
    let written = (0..9).find_map(|_| commit(&mut writer, &batch).ok()).unwrap();
    assert_eq!([stored(&written[0]), stored(&written[1])], [(2, true), (1, true)]);
}

/// What a feed has told, as sessions, until it has told so many.
fn told(feed: &mut Box<dyn dao::Feed>, n: usize) -> Vec<u64> {
    let mut told = Vec::new();
    while told.len() < n {
        for entry in in_time("what a feed tells", || feed.next()).unwrap() {
            match entry {
                FeedEntry::Done { session, .. } => told.push(session.0),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(feed.next().unwrap().len(), 0, "nothing a second time");
    told
}

#[test]
fn what_one_feed_has_answered_is_not_done_again_while_another_is_in_doubt() {
    let Some((_one, other, url)) = two() else { return };
    let (store, mut writer) = open(&url);
    let no = begin(&mut writer);
    drop(writer);
    let mut place = store.join(&Sign::default()).unwrap().unwrap();
    assert_eq!(place.feeds.len(), 2);
    let mut writer = store.writer().unwrap();
    let batch = [
        Write::Append(say(1, "a", "lobby")),
        said(no.0, 1, "a"),
        Write::Mark,
        Write::Append(say(1, "b", "lobby")),
    ];
    let batch: Vec<_> = batch.iter().collect();
    let askers: Vec<_> = (1..=4).map(|session| Some(SessionId(session))).collect();
    let mut outside = other.connect();
    cmd("CLIENT").arg("PAUSE").arg(60_000).arg("WRITE").exec(&mut outside).unwrap();
    let error = in_time("a commit", || writer.commit_for(&batch, &askers)).unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    cmd("CLIENT").arg("UNPAUSE").exec(&mut outside).unwrap();
    let written = writer.commit_for(&batch, &askers).unwrap();
    let ids = [0, 1, 3].map(|at| stored(&written[at]));
    assert_eq!(ids, [(1, true), (1, true), (2, true)]);
    let [(home, _), (second, _)] = place.feeds.as_mut_slice() else { panic!() };
    assert_eq!(told(home, 3), [1, 3, 4], "a mark comes by each");
    assert_eq!(told(second, 2), [2, 3]);
}

#[test]
fn an_account_whose_deletion_was_cut_short_leaves_the_other_feeds_with_the_next_sweep() {
    let Some((_one, other, url)) = two() else { return };
    let (store, mut writer) = open(&url);
    let no = begin(&mut writer);
    done(&mut writer, 1, Change::Role(no, super::rooms::party(2), Role::Owner));
    // The other feed takes nothing, and then the server is killed.
    let mut outside = other.connect();
    let mut memory = |limit: &str| {
        cmd("CONFIG").arg(&["SET", "maxmemory", limit]).exec(&mut outside).unwrap();
    };
    memory("1");
    let delete = Write::Delete { account: UserId(1), erase: true };
    let error = commit(&mut writer, std::slice::from_ref(&delete)).unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    drop(writer);
    memory("0");
    let (store_then, mut writer) = (store, dao::open_to_serve(&url).unwrap().writer().unwrap());
    assert_eq!(store_then.account(UserId(1)).unwrap(), None);
    let members = |store: &Arc<dyn Store>| -> Vec<_> {
        let members = store.members(no, UserId(0), 1).unwrap();
        members.iter().map(|member| member.who.id.0).collect()
    };
    assert_eq!(members(&store_then), [2], "nobody sees who is on the way out");
    assert_eq!(store_then.erasing().unwrap(), [], "not before it says nothing more anywhere");
    assert_eq!(store_then.standing(no, UserId(1)).unwrap().role, Some(Role::Owner));
    write(&mut writer, &Write::Sweep(1));
    assert_eq!(store_then.standing(no, UserId(1)).unwrap().role, None);
    assert_eq!(store_then.erasing().unwrap(), [UserId(1)]);
    let late = write(&mut writer, &said(no.0, 1, "late"));
    assert_eq!(late, Written::Refused(ErrorCode::UnknownUser));
    // The next one who has the id has nothing of the first, and may speak.
    write(&mut writer, &Write::Erased(UserId(1)));
    assert_eq!(write(&mut writer, &register_as(1, "new")), Written::Registered(UserId(1)));
    assert_eq!(at(&store_then, 1, None), [("lobby".to_owned(), 0)]);
    assert_eq!(stored(&write(&mut writer, &said(no.0, 1, "hello"))), (1, true));
}

#[test]
fn a_deletion_that_is_repeated_is_finished() {
    let Some((_one, other, url)) = two() else { return };
    let (store, mut writer) = open(&url);
    let no = begin(&mut writer);
    let mut outside = other.connect();
    let batch = [Write::Delete { account: UserId(1), erase: false }];
    cmd("CLIENT").arg("PAUSE").arg(60_000).arg("WRITE").exec(&mut outside).unwrap();
    let error = in_time("a commit", || commit(&mut writer, &batch)).unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    cmd("CLIENT").arg("UNPAUSE").exec(&mut outside).unwrap();
    assert_eq!(commit(&mut writer, &batch).unwrap(), [Written::Done]);
    assert_eq!(store.standing(no, UserId(1)).unwrap().role, None);
    assert_eq!(store.standing(no, UserId(2)).unwrap().role, Some(Role::Owner));
}

#[test]
fn what_was_left_under_an_id_is_not_its_next_owners() {
    let Some((_one, other, url)) = two() else { return };
    let (store, mut writer) = open(&url);
    let no = begin(&mut writer);
    // Left by a server that was slow while another one deleted the account.
    let mut outside = other.connect();
    cmd("HSET").arg("{f1}rooms:10001").arg("!1").arg(0).exec(&mut outside).unwrap();
    cmd("HSET").arg("{f1}members:1").arg(10_001).arg(3).exec(&mut outside).unwrap();
    let any = Write::Register {
        id: None,
        name: None,
        secret: super::SECRET.into(),
        entry: dao::Entry::Open,
    };
    assert_eq!(write(&mut writer, &any), Written::Registered(UserId(10_001)));
    assert_eq!(store.standing(no, UserId(10_001)).unwrap().role, None);
    assert_eq!(at(&store, 10_001, None), [("lobby".to_owned(), 0)]);
}

#[test]
fn a_device_is_where_it_was_in_every_feed() {
    let Some((_one, _other, url)) = two() else { return };
    let (store, mut writer) = open(&url);
    let no = begin(&mut writer);
    let cursor = |name: Option<&str>, room, up_to| {
        let (account, device) = (UserId(2), name.map(super::device));
        Write::Cursor(Cursor { account, device, room, up_to: MessageId(up_to) })
    };
    let room = RoomId::Named(no);
    write_all(&mut writer, &[said(1, 1, "a"), said(1, 1, "b"), said(1, 1, "c")]);
    // The phone is heard of first in the lobby, and another device is ahead of it then.
    write_all(
        &mut writer,
        &[cursor(Some("phone"), RoomId::Lobby, 0), cursor(Some("tablet"), room, 3)],
    );
    assert_eq!(at(&store, 2, Some("phone"))[1], ("!1".to_owned(), 0));
    assert_eq!(at(&store, 2, Some("tablet"))[1], ("!1".to_owned(), 3));
}

#[test]
fn a_store_of_one_feed_moves_into_several_and_its_names_go_with_it() {
    let Some((_one, _other, url)) = two() else { return };
    let from = dao::open("memory:").unwrap();
    let mut writer = from.writer().unwrap();
    write_all(&mut writer, &[register_as(1, "tom"), register_as(2, "ann")]);
    // By their names the first two are not where their numbers say.
    for (n, name) in ["hall", "attic", "cellar", "open"].into_iter().enumerate() {
        write(&mut writer, &create(1, 70 + n as u64, name));
    }
    write_all(&mut writer, &[said(2, 1, "a"), Write::Append(say(1, "a", "lobby"))]);
    let exported = lines(&from);
    let store = dao::open(&url).unwrap();
    import(&store, &exported).unwrap();
    let (store, mut writer) = open(&url);
    assert_eq!(lines(&store), exported);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let again = write(&mut writer, &said(2, 1, "a"));
    assert_eq!(stored(&again), (1, false), "a repeat is known as one");
    for (no, name) in (1..).zip(["hall", "attic", "cellar", "open"]) {
        let name = RoomName::new(name).unwrap();
        assert_eq!(store.room_named(&name).unwrap().unwrap().no, RoomNo(no));
        let taken = write(&mut writer, &create(2, 9, name.as_str()));
        assert_eq!(taken, Written::Refused(ErrorCode::RoomTaken), "{name}");
        let close = change(1, 90 + no, Change::Close(RoomNo(no), name.clone()));
        assert_eq!(write(&mut writer, &close), Written::Room(RoomDone::Done));
        assert_eq!(store.room_named(&name).unwrap(), None);
        let made = write(&mut writer, &create(2, 100 + no, name.as_str()));
        assert!(
            matches!(&made, Written::Room(RoomDone::Created(room)) if room.no.0 > 4),
            "{made:?}"
        );
    }
    assert_eq!(store.named_rooms(None, 9).unwrap().len(), 4);
}

#[test]
fn a_reference_is_looked_for_where_its_room_is() {
    let Some((one, other, url)) = two() else { return };
    let (_, mut writer) = open(&url);
    begin(&mut writer);
    let pairs = (2..20).map(|other| RoomId::pair(UserId(1), UserId(other)));
    for room in pairs {
        let append = Append { room, ..say(1, "r", "psst") };
        assert_eq!(stored(&write(&mut writer, &Write::Append(append.clone()))), (1, true));
        assert_eq!(stored(&write(&mut writer, &Write::Append(append))), (1, true));
        let at = |redis: &Redis| keys(redis).iter().any(|key| key.contains(&room.to_string()));
        assert_eq!((at(&one), at(&other)), (room.feed(2) == 0, room.feed(2) == 1), "{room}");
    }
}
