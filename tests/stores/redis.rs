//! What only the Redis store can be asked: the original's records, and a server that is gone,
//! frozen, full, or somebody else.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use hubbub::dao::{self, Entry, Secret, Store, StoreError, Write, Writer, Written};
use hubbub::protocol::{ErrorCode, Name, RoomId, UserId};
use redis::{Connection, cmd};

use super::keeping::{import, lines};
use super::{
    SECRET, commit, in_time, key, page, register, register_as, say, stored, whisper, write,
};
use crate::support::redis::Redis;

fn open(redis: &Redis) -> (Arc<dyn Store>, Box<dyn Writer>, Connection) {
    let store = dao::open(&redis.url()).unwrap();
    let writer = store.writer().unwrap();
    (store, writer, redis.connect())
}

fn put(redis: &mut Connection, id: &str, record: &str) {
    cmd("HSET").arg("users").arg(id).arg(record).exec(redis).unwrap();
}

fn record(redis: &mut Connection, id: i64) -> String {
    cmd("HGET").arg("users").arg(id).query(redis).unwrap()
}

fn set(redis: &mut Connection, option: &str, value: &str) {
    cmd("CONFIG").arg("SET").arg(option).arg(value).exec(redis).unwrap();
}

#[test]
fn a_record_of_the_original_is_read_and_rewritten_with_a_hash() {
    let Some(redis) = Redis::start() else { return };
    let (_, _, mut outside) = open(&redis);
    let tom = r#"{"userId":100,"userPwd":"123456","userName":"tom","userStatus":0,"sex":""}"#;
    put(&mut outside, "100", tom);
    put(&mut outside, "200", r#"{"userId":200,"userPwd":"abc"}"#);
    let (store, mut writer, _) = open(&redis);
    let account = store.account(UserId(100)).unwrap().unwrap();
    assert_eq!(account.secret, Secret::Clear("123456".into()));
    assert_eq!(store.account(UserId(200)).unwrap().unwrap().name.as_str(), "200");
    assert_eq!(store.named(&key("Tom")).unwrap(), [UserId(100)]);
    assert_eq!(write(&mut writer, &register(100)), Written::Refused(ErrorCode::IdTaken));
    assert_eq!(record(&mut outside, 100), tom);
    let hashed = Write::SetSecret { account: UserId(100), secret: SECRET.into() };
    assert_eq!(write(&mut writer, &hashed), Written::Done);
    assert_eq!(record(&mut outside, 100), tom.replace("123456", SECRET));
    let name = Name::new("scott").unwrap();
    write(&mut writer, &Write::Rename { account: UserId(200), name });
    assert_eq!(store.named(&key("scott")).unwrap(), [UserId(200)]);
    // The original would read ours, too.
    write(&mut writer, &register_as(300, "Iron man"));
    let ours = tom.replace("123456", SECRET).replace("100", "300").replace("tom", "Iron man");
    assert_eq!(record(&mut outside, 300), ours);
}

#[test]
fn an_unreadable_record_is_said_to_be_one_and_never_overwritten() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer, mut outside) = open(&redis);
    write(&mut writer, &register(3));
    for (n, bad) in ["", "tom", "{}", r#"{"userPwd":7}"#, "[[[["].into_iter().enumerate() {
        put(&mut outside, "5", bad);
        put(&mut outside, &format!("tom {n}"), bad);
        let error = store.account(UserId(5)).unwrap_err();
        assert!(matches!(error, StoreError::Unreadable(_)), "{error}");
        assert_eq!(write(&mut writer, &register(5)), Written::Refused(ErrorCode::IdTaken));
        let set = Write::SetSecret { account: UserId(5), secret: SECRET.into() };
        for change in [set, Write::Delete { account: UserId(5), erase: false }] {
            assert_eq!(write(&mut writer, &change), Written::Refused(ErrorCode::Internal));
        }
        assert_eq!(record(&mut outside, 5), bad);
        let accounts = store.accounts(UserId(0), 1).unwrap();
        assert_eq!(accounts.len(), 1);
        drop(dao::open(&redis.url()).unwrap());
    }
}

#[test]
fn a_message_by_hand_is_left_out() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer, mut outside) = open(&redis);
    write(&mut writer, &Write::Append(say(1, "a", "text")));
    for id in ["1-7", "2-0"] {
        let mut add = cmd("XADD");
        add.arg("{f0}room:lobby").arg(id).arg("by").arg("hand").exec(&mut outside).unwrap();
    }
    assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1]);
    assert_eq!(page(&store, RoomId::Lobby, 0, 1), [1]);
}

#[test]
fn a_store_of_an_older_version_opens_and_is_of_the_newest_then() {
    let Some(redis) = Redis::start() else { return };
    let (_, _, mut outside) = open(&redis);
    for older in [1, 2, 3, 4, 5, 6, 7, 8, 9] {
        cmd("HSET").arg("{f0}meta").arg("version").arg(older).exec(&mut outside).unwrap();
        dao::open(&redis.url()).unwrap();
        let version: i64 = cmd("HGET").arg("{f0}meta").arg("version").query(&mut outside).unwrap();
        assert_eq!(version, 10);
    }
}

#[test]
fn a_newer_version_is_refused() {
    let Some(redis) = Redis::start() else { return };
    let (_, _, mut outside) = open(&redis);
    cmd("HSET").arg("{f0}meta").arg("version").arg(99).exec(&mut outside).unwrap();
    let error = dao::open(&redis.url()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, known: 10 }), "{error}");
}

#[test]
fn a_redis_that_was_killed_is_refused_in_time_and_found_again_with_everything() {
    let Some(mut redis) = Redis::start() else { return };
    let (store, mut writer, _) = open(&redis);
    let first = Write::Append(say(1, "a", "before"));
    write(&mut writer, &first);
    redis.kill();
    let second = Write::Append(say(1, "b", "after"));
    let error =
        in_time("a commit", || commit(&mut writer, std::slice::from_ref(&second))).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(in_time("a read", || store.account(UserId(1))).is_err());
    redis.restart();
    let again = in_time("the first commit", || write(&mut writer, &first));
    assert_eq!(stored(&again), (1, true));
    assert_eq!(stored(&write(&mut writer, &second)), (2, true));
    assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1, 2]);
}

#[test]
fn a_frozen_redis_is_refused_in_time_and_a_batch_repeated_counts_once() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer, _) = open(&redis);
    write(&mut writer, &register(1));
    let batch = [Write::Append(whisper(1, 1, "a")), Write::Append(say(1, "b", "text"))];
    redis.freeze();
    for _ in 0..2 {
        let error = in_time("a commit", || commit(&mut writer, &batch)).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Unknown(_)), "{error}");
        assert!(in_time("a read", || store.last(RoomId::Lobby)).is_err());
    }
    redis.thaw();
    let written = in_time("the repeat", || commit(&mut writer, &batch)).unwrap();
    assert_eq!(written.iter().map(stored).collect::<Vec<_>>(), [(1, true), (1, true)]);
    assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1]);
}

#[test]
fn a_redis_that_takes_the_batch_and_does_not_answer_leaves_it_unknown_until_it_does() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer, mut outside) = open(&redis);
    let batch = [
        Write::Append(say(1, "a", "text")),
        Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open },
        register(7),
        Write::Append(say(1, "b", "text")),
    ];
    cmd("CLIENT").arg("PAUSE").arg(60_000).arg("WRITE").exec(&mut outside).unwrap();
    let error = in_time("a commit", || commit(&mut writer, &batch)).unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    cmd("CLIENT").arg("UNPAUSE").exec(&mut outside).unwrap();
    let written = commit(&mut writer, &batch).unwrap();
    assert_eq!((stored(&written[0]), stored(&written[3])), ((1, true), (2, true)));
    assert_eq!(written[2], Written::Registered(UserId(7)));
    assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1, 2]);
    assert_eq!(store.accounts(UserId(0), 9).unwrap().len(), 2);
}

#[test]
fn a_batch_that_was_half_done_is_finished_by_its_repeat() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer, mut outside) = open(&redis);
    let batch = [
        Write::Append(say(1, "a", "text")),
        Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open },
        register(7),
        // Not a hash any more: the last script will fail.
        Write::Guests(1),
    ];
    cmd("HSET").arg("{f0}meta").arg("next_guest").arg("x").exec(&mut outside).unwrap();
    for _ in 0..3 {
        let error = commit(&mut writer, &batch).unwrap_err();
        assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    }
    cmd("HSET").arg("{f0}meta").arg("next_guest").arg(-5).exec(&mut outside).unwrap();
    let written = commit(&mut writer, &batch).unwrap();
    assert_eq!(stored(&written[0]), (1, true));
    assert_eq!(written[1], Written::Registered(UserId(10_001)));
    assert_eq!(written[2], Written::Registered(UserId(7)));
    assert_eq!(written[3], Written::Guests(UserId(-5)));
    assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1]);
    assert_eq!(store.accounts(UserId(0), 9).unwrap().len(), 2);
    // Nothing is in doubt any more, so the same again is somebody else.
    assert_eq!(write(&mut writer, &register(7)), Written::Refused(ErrorCode::IdTaken));
}

#[test]
fn a_redis_without_memory_refuses_and_goes_on_when_it_has_some() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer, mut outside) = open(&redis);
    set(&mut outside, "maxmemory", "1");
    let batch = [Write::Append(say(1, "a", "text"))];
    let error = commit(&mut writer, &batch).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(page(&store, RoomId::Lobby, 0, 9).is_empty());
    set(&mut outside, "maxmemory", "0");
    assert_eq!(stored(&commit(&mut writer, &batch).unwrap()[0]), (1, true));
}

#[test]
fn an_import_that_was_cut_short_keeps_writers_away_until_it_is_repeated() {
    let Some(redis) = Redis::start() else { return };
    let (_, _, mut outside) = open(&redis);
    let source = dao::open("memory:").unwrap();
    write(&mut source.writer().unwrap(), &register_as(1, "Tom"));
    write(&mut source.writer().unwrap(), &Write::Append(say(1, "a", "text")));
    let exported = lines(&source);
    // What a kill in the middle leaves.
    let store = dao::open(&redis.url()).unwrap();
    import(&store, &exported).unwrap();
    cmd("HSET").arg("{f0}meta").arg("importing").arg(1).exec(&mut outside).unwrap();
    put(&mut outside, "7", r#"{"userId":7,"userPwd":"x"}"#);
    let store = dao::open(&redis.url()).unwrap();
    let error = store.writer().unwrap_err();
    assert!(error.to_string().contains("repeat it"), "{error}");
    import(&store, &exported).unwrap();
    let (store, mut writer, _) = open(&redis);
    assert_eq!(lines(&store), exported);
    write(&mut writer, &Write::Append(say(1, "b", "text")));
}

#[test]
fn how_redis_is_copied_is_told() {
    let Some(redis) = Redis::start() else { return };
    let (store, ..) = open(&redis);
    let error = store.backup("/nowhere".as_ref()).unwrap_err().to_string();
    assert!(error.contains("BGSAVE") && error.contains("server export"), "{error}");
}

#[test]
fn what_others_put_there_is_found_and_does_not_end_an_export() {
    let Some(redis) = Redis::start() else { return };
    let (store, mut writer, mut outside) = open(&redis);
    write(&mut writer, &Write::Append(say(1, "a", "text")));
    put(&mut outside, "x", "{}");
    put(&mut outside, "5", "{}");
    cmd("XADD").arg("{f0}room:lobby").arg("2-0").arg("by").arg("hand").exec(&mut outside).unwrap();
    cmd("HSET").arg("{f0}last").arg("lobby").arg(2).exec(&mut outside).unwrap();
    cmd("SET").arg("{f0}ref:lobby").arg("1").exec(&mut outside).unwrap();
    let mut wrong = Vec::new();
    let take = &mut |record: Result<_, String>| {
        wrong.extend(record.err());
        Ok(())
    };
    store.export(take).unwrap();
    assert_eq!(wrong.len(), 4, "{wrong:?}");
}

#[test]
fn a_password_is_used_and_never_shown() {
    let Some(redis) = Redis::start_with(&["--requirepass", "p@ss/word"]) else { return };
    let url = |userinfo: &str| redis.url().replace("//", &format!("//{userinfo}"));
    let store = dao::open(&url(":p%40ss%2Fword@")).unwrap();
    assert_eq!(store.place(), redis.url());
    for userinfo in ["", ":s3cret@", "tom:s3cret@", ":s3cret@[", "s3cret:x"] {
        let error = in_time("an open", || dao::open(&url(userinfo))).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        let told = format!("{error} {error:?} {store:?}");
        assert!(!told.contains("s3cret") && !told.contains("word@"), "{told}");
    }
}

#[test]
fn a_server_that_accepts_and_never_answers_is_refused_in_time() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = mute.local_addr().unwrap();
    let url = format!("redis://{address}/0");
    let error = in_time("an open", || dao::open(&url)).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains(&url), "{error}");
    drop(mute);
    // A process that another test is starting has the port, too, until it runs its program.
    in_time("a closed port", || while TcpStream::connect(address).is_ok() {});
    let error = in_time("an open", || dao::open(&url)).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn settings_that_lose_messages_are_told() {
    let Some(redis) = Redis::start() else { return };
    let (store, _, mut outside) = open(&redis);
    assert_eq!(store.advice(), Vec::<String>::new());
    set(&mut outside, "appendfsync", "everysec");
    assert!(store.advice()[0].contains("last second"), "{:?}", store.advice());
    set(&mut outside, "appendonly", "no");
    set(&mut outside, "maxmemory", "100mb");
    set(&mut outside, "maxmemory-policy", "allkeys-lru");
    let advice = store.advice();
    assert!(advice[0].contains("appendonly no") && advice[1].contains("allkeys-lru"), "{advice:?}");
    let acl = ["SETUSER", "default", "-config"];
    cmd("ACL").arg(&acl).exec(&mut outside).unwrap();
    assert!(store.advice()[0].contains("CONFIG"), "{:?}", store.advice());
}
