//! A batch whose answer did not come whole is repeated: each write of it is done once and told to
//! the servers of the store once.

use hubbub::dao::{self, Entry, FeedEntry, Sign, Write, Written};
use hubbub::protocol::{SessionId, UserId};
use redis::cmd;

use super::{SECRET, in_time, register, say, stored};
use crate::support::redis::Redis;

#[test]
fn what_was_answered_of_a_batch_is_told_once_however_often_the_rest_is_repeated() {
    let Some(redis) = Redis::start() else { return };
    let store = dao::open(&redis.url()).unwrap();
    let mut place = store.join(&Sign::default()).unwrap().unwrap();
    let mut writer = store.writer().unwrap();
    let new = Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open };
    let batch = [
        Write::Append(say(1, "a", "one")),
        new,
        Write::Append(say(1, "b", "two")),
        register(7),
        // Not a number at first: this part fails.
        Write::Guests(1),
        Write::Append(say(1, "c", "three")),
    ];
    let batch: Vec<_> = batch.iter().collect();
    let askers: Vec<_> = (1..=6).map(|session| Some(SessionId(session))).collect();
    let mut outside = redis.connect();
    let mut next_guest = |value: &str| {
        cmd("HSET").arg("{f0}meta").arg("next_guest").arg(value).exec(&mut outside).unwrap();
    };
    next_guest("x");
    for _ in 0..3 {
        assert!(writer.commit_for(&batch, &askers).is_err());
    }
    next_guest("-5");
    let written = writer.commit_for(&batch, &askers).unwrap();
    let expected = [(0, 1), (2, 2), (5, 3)].map(|(at, id)| (at, (id, true)));
    assert_eq!(expected.map(|(at, _)| (at, stored(&written[at]))), expected);
    assert_eq!(written[1], Written::Registered(UserId(10_001)));
    let mut told = Vec::new();
    while told.len() < 6 {
        for entry in in_time("what the feed tells", || place.feeds[0].0.next()).unwrap() {
            match entry {
                FeedEntry::Done { session, .. } => told.push(session.0),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(told, [1, 2, 3, 4, 5, 6]);
    assert_eq!(place.feeds[0].0.next().unwrap().len(), 0, "nothing a second time");
    // The next batch is another one.
    let next = Write::Append(say(1, "d", "four"));
    assert_eq!(stored(&writer.commit_for(&[&next], &askers[..1]).unwrap()[0]), (4, true));
    assert_eq!(place.feeds[0].0.next().unwrap().len(), 1);
}
