//! A client of the Go course, unchanged: its frames by hand, and a reader that forgives nothing.

use std::net::SocketAddr;

use serde_json::Value;

use super::json::quote;
use crate::support::wire::Wire;

/// The buffer of the Go client: a longer body ends it.
const BUFFER: usize = 8_096;

/// Speaks and reads frames.
#[derive(Debug)]
pub struct Course {
    pub wire: Wire,
    /// The longest body that it can read.
    pub buffer: usize,
}

/// A body with its type and data.
pub fn body(kind: &str, data: &str) -> String {
    format!("{{\"type\":{},\"data\":{}}}", quote(kind), quote(data))
}

/// The bytes of a frame.
pub fn frame(kind: &str, data: &str) -> Vec<u8> {
    let body = body(kind, data);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], body.as_bytes()].concat()
}

impl Course {
    pub fn connect(server: SocketAddr) -> Self {
        Self::over(Wire::connect(server))
    }

    /// The same over a connection that is there.
    pub fn over(wire: Wire) -> Self {
        Self { wire, buffer: BUFFER }
    }

    /// A new account for whoever asks.
    pub fn join(server: SocketAddr, id: i64, name: &str) {
        let mut course = Self::connect(server);
        course.register(id, "secret", name);
        course.wire.close();
    }

    /// A new account, logged in. The list of who is online is not looked at.
    pub fn enter(server: SocketAddr, id: i64, name: &str) -> Self {
        Self::join(server, id, name);
        Self::come_back(server, id)
    }

    /// Logged in again, whatever is to be told then.
    pub fn come_back(server: SocketAddr, id: i64) -> Self {
        let mut course = Self::connect(server);
        course.log_in(id, "secret");
        let (kind, data) = course.next("the answer to the login");
        assert_eq!(kind, "LoginResMes");
        assert!(data.starts_with("{\"code\":200,"), "{data}");
        course
    }

    pub fn send(&mut self, kind: &str, data: &str) {
        self.wire.send(&frame(kind, data));
    }

    pub fn register(&mut self, id: i64, password: &str, name: &str) {
        self.send("RegisterMes", &registration(id, password, name));
        self.expect("RegisterResMes", r#"{"code":200,"error":""}"#);
    }

    pub fn log_in(&mut self, id: i64, password: &str) {
        let password = quote(password);
        self.send("LoginMes", &format!(r#"{{"userId":{id},"userPwd":{password},"userName":""}}"#));
    }

    /// A text to all, as this one.
    pub fn say(&mut self, me: i64, text: &str) {
        self.send("SmsMes", &sms(me, "", text));
    }

    /// A text to one.
    pub fn tell(&mut self, me: i64, to: i64, text: &str) {
        self.send("SmsPrivateMes", &to_one(&sms(me, "", text), to));
    }

    /// The type and the data of the next frame, which must be spelled as Go spells it.
    pub fn next(&mut self, what: &str) -> (String, String) {
        let header = self.wire.take(what, |bytes| (bytes.len() >= 4).then_some(4));
        let length = u32::from_be_bytes(header.try_into().unwrap()) as usize;
        assert!(length <= self.buffer, "a body of {length} bytes ends the client");
        let bytes = self.wire.take(what, |bytes| (bytes.len() >= length).then_some(length));
        let text = String::from_utf8(bytes).unwrap();
        let envelope: Value = serde_json::from_str(&text).unwrap();
        let (kind, data) = (field(&envelope, "type"), field(&envelope, "data"));
        assert_eq!(text, body(&kind, &data), "not as Go spells it");
        serde_json::from_str::<Value>(&data).unwrap();
        (kind, data)
    }

    /// The next frame, or nothing where the connection ends in order.
    pub fn next_or_end(&mut self) -> Option<(String, String)> {
        (!self.wire.is_at_end()).then(|| self.next("a frame"))
    }

    /// The next frame; nothing where the connection ends or is cut before it is whole.
    pub fn try_next(&mut self) -> Option<(String, String)> {
        let is_whole = self.wire.has(4) && {
            let header: [u8; 4] = self.wire.front()[..4].try_into().unwrap();
            self.wire.has(4 + u32::from_be_bytes(header) as usize)
        };
        is_whole.then(|| self.next("a frame"))
    }

    pub fn expect(&mut self, kind: &str, data: &str) {
        let heard = self.next(&format!("{kind} {data}"));
        assert_eq!(heard, (kind.to_owned(), data.to_owned()), "by {}", self.wire.address());
    }

    /// Hears that somebody came.
    pub fn expect_came(&mut self, id: i64) {
        self.expect("NotifyUserStatusMes", &format!(r#"{{"userId":{id},"status":0}}"#));
    }

    /// Hears that somebody left.
    pub fn expect_left(&mut self, id: i64) {
        self.expect("NotifyUserStatusMes", &format!(r#"{{"userId":{id},"status":1}}"#));
    }

    /// Hears a text to all.
    pub fn expect_said(&mut self, id: i64, name: &str, text: &str) {
        self.expect("SmsMes", &sms(id, name, text));
    }

    /// Hears a text to itself alone.
    pub fn expect_told(&mut self, (id, name): (i64, &str), to: i64, text: &str) {
        self.expect("SmsPrivateMes", &to_one(&sms(id, name, text), to));
    }
}

/// The data of `RegisterMes`.
pub fn registration(id: i64, password: &str, name: &str) -> String {
    let (password, name) = (quote(password), quote(name));
    format!(
        "{{\"user\":{{\"userId\":{id},\"userPwd\":{password},\"userName\":{name},\
         \"userStatus\":0,\"sex\":\"\"}}}}"
    )
}

/// The data of `SmsMes`.
pub fn sms(id: i64, name: &str, text: &str) -> String {
    format!(
        "{{\"content\":{},\"userId\":{id},\"userPwd\":\"\",\"userName\":{},\"userStatus\":0,\
         \"sex\":\"\"}}",
        quote(text),
        quote(name)
    )
}

fn to_one(sms: &str, to: i64) -> String {
    format!("{},\"toUserId\":{to}}}", sms.strip_suffix('}').unwrap())
}

fn field(envelope: &Value, name: &str) -> String {
    envelope[name].as_str().unwrap_or_else(|| panic!("no string {name}: {envelope}")).to_owned()
}
