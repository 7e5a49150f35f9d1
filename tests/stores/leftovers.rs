//! What is gone leaves nothing in Redis.

use hubbub::dao::{self, Erase, Write, Written};
use hubbub::protocol::{Change, MessageId, RoomId, RoomName, RoomNo, UserId};
use redis::cmd;

use super::rooms::{change, create, done, said};
use super::{register_as, write};
use crate::support::redis::Redis;

#[test]
fn of_a_closed_room_nothing_is_left_in_redis() {
    let Some(redis) = Redis::start() else { return };
    let store = dao::open(&redis.url()).unwrap();
    let mut writer = store.writer().unwrap();
    write(&mut writer, &register_as(1, "tom"));
    write(&mut writer, &register_as(2, "ann"));
    write(&mut writer, &create(1, 7, "rust"));
    let (no, room) = (RoomNo(1), RoomId::Named(RoomNo(1)));
    done(&mut writer, 2, Change::Enter(no));
    for (sender, text) in [(1, "a"), (2, "b"), (2, "c"), (1, "d")] {
        write(&mut writer, &said(1, sender, text));
    }
    write(&mut writer, &Write::Delete { account: UserId(2), erase: true });
    let ids = [2, 3].map(MessageId).to_vec();
    write(&mut writer, &Write::Erase(Erase { account: UserId(2), room, ids }));
    let close = Change::Close(no, RoomName::new("rust").unwrap());
    write(&mut writer, &change(1, 77, close));
    let mut outside = redis.connect();
    // As a server of an older version would, that has not heard of it.
    cmd("XADD").arg("{f0}room:!1").arg("1-0").arg("text").arg("x").exec(&mut outside).unwrap();
    cmd("HSET").arg("{f0}last").arg("!1").arg(1).exec(&mut outside).unwrap();
    let mut n_gone = 0;
    while let Written::Pruned(n) = write(&mut writer, &Write::Sweep(1)) {
        if n == 0 {
            break;
        }
        n_gone += n;
    }
    assert_eq!(n_gone, 4);
    let keys: Vec<String> = cmd("KEYS").arg("*").query(&mut outside).unwrap();
    let of_room =
        |key: &&String| key.contains("!1") || key.contains("gone") || key.contains("closed");
    let left: Vec<_> = keys.iter().filter(of_room).filter(|key| !key.contains("ref:")).collect();
    assert!(left.is_empty(), "{left:?}");
    let last: Option<u64> = cmd("HGET").arg("{f0}last").arg("!1").query(&mut outside).unwrap();
    assert_eq!(last, None);
}
