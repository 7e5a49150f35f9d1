//! What somebody has received while the store was away is known to it afterwards.

use redis::cmd;

use crate::support::peers::{Course, Extended};
use crate::support::redis::Redis;
use crate::support::server::Server;

#[test]
fn what_is_acknowledged_while_redis_is_away_is_written_later() {
    let Some(mut redis) = Redis::start() else { return };
    let server = Server::start_on(&redis.url(), &[]);
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::come_back(server.frames(), 200, "phone");
    tom.expect("NotifyUserStatusMes");
    tom.store("hello", "r1");
    assert_eq!(jerry.expect_said().id, 1);
    // Nothing of their logins is under way any more: what became of that would not be known.
    tom.expect_token();
    jerry.expect_token();
    redis.kill();
    jerry.received("lobby", 1);
    // With what tom has received, perhaps.
    server.expect_in_log(" writes refused");
    redis.restart();
    loop {
        jerry.send("PingMes", "{}");
        jerry.expect("PongMes");
        let cursors = "{f0}cursors:200:phone";
        let cursor: Option<u64> =
            cmd("HGET").arg(cursors).arg("lobby").query(&mut redis.connect()).unwrap();
        if cursor == Some(1) {
            return;
        }
    }
}
