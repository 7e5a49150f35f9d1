//! Messages that were changed by hand: they are left out, and keep nobody from the others.

use hubbub::dao::Write;
use hubbub::protocol::RoomId;
use redis::cmd;

use super::keeping::prune;
use super::{Place, page, place, say, write, write_all};
use crate::support::redis::Redis;

/// Five messages of which the second and the third are changed by this.
fn check(place: &Place, alter: impl FnOnce()) {
    let store = place.open();
    let mut writer = store.writer().unwrap();
    let five: Vec<_> =
        (1..=5).map(|n| Write::Append(say(1, &format!("r{n}"), "secret text"))).collect();
    write_all(&mut writer, &five);
    alter();
    let ids = |after, limit| page(&store, RoomId::Lobby, after, limit);
    assert_eq!(ids(0, 9), [1, 4, 5]);
    assert_eq!(ids(1, 9), [4, 5]);
    // A page that is not full would be the end of the room.
    for (after, limit, expected) in
        [(0, 1, [1].as_slice()), (0, 2, &[1, 4]), (0, 3, &[1, 4, 5]), (1, 1, &[4]), (0, 0, &[])]
    {
        assert_eq!(ids(after, limit), expected, "{limit} after {after}");
    }
    let mut unreadable = Vec::new();
    let mut take = |record: Result<_, String>| {
        unreadable.extend(record.err());
        Ok(())
    };
    store.export(&mut take).unwrap();
    assert_eq!(unreadable.len(), 2, "{unreadable:?}");
    assert!(unreadable[0].starts_with("lobby: message 2"), "{unreadable:?}");
    assert!(!unreadable.concat().contains("secret"), "{unreadable:?}");
    // Old age takes them as it takes others.
    write(&mut writer, &prune(1, 2, 9));
    assert_eq!(ids(0, 9), [4, 5]);
}

#[test]
fn sqlite_leaves_out_what_it_cannot_read() {
    let place = place("sqlite").unwrap();
    let file = place.url.strip_prefix("sqlite:").unwrap().to_owned();
    check(&place, || {
        let outside = rusqlite::Connection::open(file).unwrap();
        outside
            .execute_batch(
                "UPDATE messages SET text = CAST(x'ff736563726574' AS TEXT) WHERE id = 2;
                 UPDATE messages SET reference = '' WHERE id = 3;",
            )
            .unwrap();
    });
}

#[test]
fn redis_leaves_out_what_it_cannot_read() {
    let Some(redis) = Redis::start() else { return };
    let place = Place { url: redis.url(), keeps: true, _holds: Box::new(()) };
    check(&place, || {
        let mut outside = redis.connect();
        cmd("DEL").arg("{f0}room:lobby").exec(&mut outside).unwrap();
        for n in 1..=5 {
            let (sender, time) =
                (if n == 2 { "tom" } else { "1" }, if n == 3 { "now" } else { "5" });
            let mut add = cmd("XADD");
            add.arg("{f0}room:lobby").arg(format!("{n}-0")).arg("sender").arg(sender);
            add.arg("name").arg("tom").arg("time").arg(time).arg("text").arg("secret text");
            add.arg("ref").arg(format!("r{n}")).exec(&mut outside).unwrap();
        }
    });
}
