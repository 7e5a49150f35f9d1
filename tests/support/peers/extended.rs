//! A client that says hello: acknowledgements, names, ids, a device of its own.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::Value;

use super::course::Course;
use super::json::quote;
use crate::support::wire::Wire;

/// The longest body that it can read.
const BUFFER: usize = 64 * 1024;

/// Speaks and reads frames with what the hello added.
#[derive(Debug)]
pub struct Extended {
    pub course: Course,
    /// The last one that the server gave, whenever it came.
    pub token: Option<String>,
    /// How far one is in each room, as it came with logins.
    pub progress: Vec<Value>,
}

/// A message as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub room: String,
    pub id: u64,
    pub from: i64,
    pub text: String,
    pub replayed: bool,
}

impl Extended {
    /// Says hello as a device that moves its cursors itself.
    pub fn connect(server: SocketAddr, device: &str) -> Self {
        Self::over(Wire::connect(server), device)
    }

    /// The same over a connection that is there.
    pub fn over(wire: Wire, device: &str) -> Self {
        let mut course = Course { wire, buffer: BUFFER };
        let hello = format!(
            "{{\"version\":1,\"client\":\"test/1\",\"device\":{},\"frameLimit\":65536,\
             \"features\":[\"received\"]}}",
            quote(device)
        );
        course.send("HelloMes", &hello);
        let mut extended = Self { course, token: None, progress: Vec::new() };
        let reply = extended.expect("HelloResMes");
        assert_eq!(reply["version"], 1);
        assert_eq!(reply["frameLimit"], 65_536);
        extended
    }

    /// Logged in on this device. The list of who is online is not looked at.
    pub fn come_back(server: SocketAddr, id: i64, device: &str) -> Self {
        let mut extended = Self::connect(server, device);
        let reply = extended.log_in(id, "secret");
        assert_eq!(reply["code"], 200, "{reply}");
        extended.expect("WhoResMes");
        extended
    }

    /// A new account, logged in on this device.
    pub fn enter(server: SocketAddr, (id, name): (i64, &str), device: &str) -> Self {
        Course::join(server, id, name);
        Self::come_back(server, id, device)
    }

    pub fn send(&mut self, kind: &str, data: &str) {
        self.course.send(kind, data);
    }

    /// Asks to be logged in: the answer.
    pub fn log_in(&mut self, id: i64, password: &str) -> Value {
        self.course.log_in(id, password);
        self.expect("LoginResMes")
    }

    /// A text to all under this reference.
    pub fn say(&mut self, text: &str, reference: &str) {
        let (text, reference) = (quote(text), quote(reference));
        self.send("SmsMes", &format!(r#"{{"content":{text},"clientRef":{reference}}}"#));
    }

    /// A text to one under this reference.
    pub fn tell(&mut self, to: i64, text: &str, reference: &str) {
        let (text, reference) = (quote(text), quote(reference));
        let data = format!(r#"{{"content":{text},"toUserId":{to},"clientRef":{reference}}}"#);
        self.send("SmsPrivateMes", &data);
    }

    /// Says a text to all and waits until it is stored: its id.
    pub fn store(&mut self, text: &str, reference: &str) -> u64 {
        self.say(text, reference);
        self.expect_ack(reference)
    }

    /// The id under which the text of this reference is stored.
    pub fn expect_ack(&mut self, reference: &str) -> u64 {
        let ack = self.expect("AckMes");
        assert_eq!(ack["clientRef"], reference, "{ack}");
        ack["id"].as_u64().unwrap_or_else(|| panic!("not stored: {ack}"))
    }

    /// The type and the data of the next frame. Tokens are kept aside, and so is how far one is
    /// in each room: they come with every login.
    pub fn next(&mut self, what: &str) -> (String, Value) {
        loop {
            let (kind, data) = self.course.next(what);
            let data: Value = serde_json::from_str(&data).unwrap();
            match kind.as_str() {
                "TokenMes" => self.token = Some(data["token"].as_str().unwrap().to_owned()),
                "ProgressMes" => self.progress.push(data),
                _ => return (kind, data),
            }
        }
    }

    /// The token of this login, waited for.
    pub fn expect_token(&mut self) -> String {
        while self.token.is_none() {
            self.send("PingMes", "{}");
            while self.next("a token").0 != "PongMes" {}
        }
        self.token.clone().unwrap()
    }

    /// Asks to be the same account again: the answer.
    pub fn resume(&mut self, token: &str, epoch: &str, held: &[String]) -> Value {
        let held: Vec<_> = held.iter().map(|held| quote(held)).collect();
        let (token, epoch, held) = (quote(token), quote(epoch), held.join(","));
        let data = format!(r#"{{"token":{token},"epoch":{epoch},"positions":[{held}]}}"#);
        self.send("ResumeMes", &data);
        self.expect("LoginResMes")
    }

    /// The data of the next frame, which must be of this type.
    pub fn expect(&mut self, kind: &str) -> Value {
        let (heard, data) = self.next(kind);
        assert_eq!(heard, kind, "{data}");
        data
    }

    /// The next frame, which must be a message.
    pub fn expect_said(&mut self) -> Said {
        let (kind, data) = self.next("a message");
        message(&kind, &data).unwrap_or_else(|| panic!("no message: {kind} {data}"))
    }

    /// Hears an error of this name.
    pub fn expect_error(&mut self, code: &str) -> Value {
        let error = self.expect("ErrorMes");
        assert_eq!(error["code"], code, "{error}");
        error
    }

    /// Has this room up to here.
    pub fn received(&mut self, room: &str, up_to: u64) {
        self.send("ReceivedMes", &format!(r#"{{"room":"{room}","upTo":{up_to}}}"#));
    }

    /// Who is online, by id, with the name shown. What the room was told before is told before.
    pub fn who(&mut self) -> HashMap<i64, String> {
        self.send("WhoMes", "{}");
        let list = self.expect("WhoResMes");
        let person = |person: &Value| {
            (person["userId"].as_i64().unwrap(), person["userName"].as_str().unwrap().to_owned())
        };
        list["online"].as_array().unwrap().iter().map(person).collect()
    }
}

/// The message in a frame.
pub fn message(kind: &str, data: &Value) -> Option<Said> {
    matches!(kind, "SmsMes" | "SmsPrivateMes").then(|| Said {
        room: data["room"].as_str().unwrap().to_owned(),
        id: data["id"].as_u64().unwrap(),
        from: data["userId"].as_i64().unwrap(),
        text: data["content"].as_str().unwrap().to_owned(),
        replayed: data["replayed"] == true,
    })
}
