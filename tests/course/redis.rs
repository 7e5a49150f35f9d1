//! The original's records in Redis.

use redis::Commands;

use crate::support::peers::{Course, registration};
use crate::support::redis::Redis;
use crate::support::server::Server;

const IN_CLEAR: &str =
    r#"{"userId":100,"userPwd":"123456","userName":"tom","userStatus":0,"sex":""}"#;

#[test]
fn a_record_of_the_original_is_taken_once_in_clear_and_hashed_from_then_on() {
    let Some(redis) = Redis::start() else { return };
    let mut store = redis.connect();
    let _: () = store.hset("users", 100, IN_CLEAR).unwrap();
    let server = Server::start_on(&redis.url(), &[]);
    for _ in 0..2 {
        let mut tom = Course::connect(server.frames());
        tom.log_in(100, "12345");
        tom.expect("LoginResMes", r#"{"code":403,"UsersId":null,"error":"密码不正确"}"#);
        tom.log_in(100, "123456");
        tom.expect("LoginResMes", r#"{"code":200,"UsersId":[100],"error":""}"#);
        tom.wire.close();
        let record: String = store.hget("users", 100).unwrap();
        assert!(record.contains("$argon2id$") && !record.contains("123456"), "{record}");
    }
}

#[test]
fn way_12_a_record_that_cannot_be_read_is_left_alone() {
    let Some(redis) = Redis::start() else { return };
    let mut store = redis.connect();
    let _: () = store.hset("users", 100, "no json").unwrap();
    let server = Server::start_on(&redis.url(), &[]);
    let mut tom = Course::connect(server.frames());
    tom.log_in(100, "123456");
    let error = "服务器内部错误...";
    let refused = format!(r#"{{"code":505,"UsersId":null,"error":"{error}"}}"#);
    tom.expect("LoginResMes", &refused);
    tom.send("RegisterMes", &registration(100, "123456", "tom"));
    tom.expect("RegisterResMes", r#"{"code":505,"error":"用户已经存在..."}"#);
    let record: String = store.hget("users", 100).unwrap();
    assert_eq!(record, "no json");
}
