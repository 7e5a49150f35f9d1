//! Frames captured from the Go programs: what a client says and what it must hear.

use crate::support::peers::Course;
use crate::support::server::Server;

const REGISTER: &str = r#"00000085 {"type":"RegisterMes","data":"{\"user\":{\"userId\":100,\"userPwd\":\"123456\",\"userName\":\"tom\",\"userStatus\":0,\"sex\":\"\"}}"}"#;
const REGISTERED: &str =
    r#"00000040 {"type":"RegisterResMes","data":"{\"code\":200,\"error\":\"\"}"}"#;
const TAKEN: &str =
    r#"00000055 {"type":"RegisterResMes","data":"{\"code\":505,\"error\":\"用户已经存在...\"}"}"#;
const LOGIN: &str = r#"00000056 {"type":"LoginMes","data":"{\"userId\":100,\"userPwd\":\"123456\",\"userName\":\"\"}"}"#;
const BAD_LOGIN: &str = r#"00000053 {"type":"LoginMes","data":"{\"userId\":100,\"userPwd\":\"bad\",\"userName\":\"\"}"}"#;
const WRONG: &str = r#"0000005d {"type":"LoginResMes","data":"{\"code\":403,\"UsersId\":null,\"error\":\"密码不正确\"}"}"#;
const UNKNOWN: &str = r#"0000005f {"type":"LoginResMes","data":"{\"code\":500,\"UsersId\":null,\"error\":\"用户不存在..\"}"}"#;
const ALONE: &str =
    r#"0000004f {"type":"LoginResMes","data":"{\"code\":200,\"UsersId\":[100],\"error\":\"\"}"}"#;
const BOTH: &str = r#"00000053 {"type":"LoginResMes","data":"{\"code\":200,\"UsersId\":[100,200],\"error\":\"\"}"}"#;
const CAME: &str =
    r#"00000045 {"type":"NotifyUserStatusMes","data":"{\"userId\":200,\"status\":0}"}"#;
const LEFT: &str =
    r#"00000045 {"type":"NotifyUserStatusMes","data":"{\"userId\":200,\"status\":1}"}"#;
const SMS: &str = r#"0000009d {"type":"SmsMes","data":"{\"content\":\"hello\\u003c\\u0026\\u003e你好\",\"userId\":100,\"userPwd\":\"\",\"userName\":\"\",\"userStatus\":0,\"sex\":\"\"}"}"#;
/// As above, and the name: the server knows who it is.
const SAID: &str = r#"000000a0 {"type":"SmsMes","data":"{\"content\":\"hello\\u003c\\u0026\\u003e你好\",\"userId\":100,\"userPwd\":\"\",\"userName\":\"tom\",\"userStatus\":0,\"sex\":\"\"}"}"#;

/// The bytes of a frame that is written as its length in hex and its body.
fn bytes(written: &str) -> Vec<u8> {
    let (length, body) = written.split_once(' ').unwrap();
    let length = u32::from_str_radix(length, 16).unwrap();
    assert_eq!(length as usize, body.len(), "{body}");
    [&length.to_be_bytes()[..], body.as_bytes()].concat()
}

impl Course {
    /// Exactly these bytes come next.
    fn hears(&mut self, written: &str) {
        let expected = bytes(written);
        let n = expected.len();
        let heard = self.wire.take(written, |bytes| (bytes.len() >= n).then_some(n));
        assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(&expected));
        assert_eq!(heard, expected);
    }

    fn asks(&mut self, written: &str, answer: &str) {
        self.wire.send(&bytes(written));
        self.hears(answer);
    }
}

#[test]
fn the_captured_conversation_is_answered_byte_for_byte() {
    let server = Server::start_on_disk();
    let mut tom = Course::connect(server.any());
    tom.asks(LOGIN, UNKNOWN);
    tom.asks(REGISTER, REGISTERED);
    tom.asks(REGISTER, TAKEN);
    tom.asks(BAD_LOGIN, WRONG);
    tom.asks(LOGIN, ALONE);

    Course::join(server.any(), 200, "jerry");
    let mut jerry = Course::connect(server.any());
    jerry.asks(&LOGIN.replace("100", "200").replace("123456", "secret"), BOTH);
    tom.hears(CAME);
    tom.wire.send(&bytes(SMS));
    jerry.hears(SAID);
    jerry.wire.close();
    // The sender got nothing for what it sent.
    tom.hears(LEFT);
}

#[test]
fn a_client_that_writes_header_and_body_apart_is_understood() {
    let server = Server::start();
    let mut tom = Course::connect(server.any());
    for written in [REGISTER, LOGIN] {
        let bytes = bytes(written);
        let (header, body) = bytes.split_at(4);
        tom.wire.send(header);
        tom.wire.send(body);
    }
    tom.hears(REGISTERED);
    tom.hears(ALONE);
}

#[test]
fn the_go_client_registers_on_a_connection_of_its_own_and_goes_away() {
    let server = Server::start();
    let mut tom = Course::connect(server.any());
    tom.asks(REGISTER, REGISTERED);
    drop(tom);
    let mut tom = Course::connect(server.any());
    tom.asks(LOGIN, ALONE);
}
