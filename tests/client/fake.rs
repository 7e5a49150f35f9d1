//! A server that says what the test tells it to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use hubbub::protocol::frame::{self, Cut, HEADER};
use hubbub::protocol::wire::{self, kind};
use hubbub::protocol::{ErrorCode, RoomId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Long enough for a busy machine; no test waits for its end.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct FakeServer(TcpListener);

/// The server's end of one connection.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: TcpStream,
    input: Vec<u8>,
}

impl FakeServer {
    pub(crate) fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// Blocks until a client connects.
    pub(crate) fn accept(&self) -> Peer {
        let (stream, _) = self.0.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Peer { stream, input: Vec::new() }
    }
}

impl Peer {
    /// The next frame but pings; `None` at the end.
    pub(crate) fn read(&mut self) -> Option<(String, String)> {
        loop {
            if let Cut::Whole(length) = frame::cut(&self.input, 1 << 20) {
                let rest = self.input.split_off(HEADER + length);
                let whole = std::mem::replace(&mut self.input, rest);
                let frame: wire::Frame = frame::read(&whole[HEADER..]).unwrap();
                if frame.kind != kind::PING {
                    return Some((frame.kind, frame.data));
                }
                continue;
            }
            let mut chunk = [0; 4096];
            let n = self.stream.read(&mut chunk).expect("a frame within the deadline");
            if n == 0 {
                return None;
            }
            self.input.extend_from_slice(&chunk[..n]);
        }
    }

    /// The next frame, which must be of this type.
    pub(crate) fn expect<T: DeserializeOwned>(&mut self, expected: &str) -> T {
        let (kind, data) = self.read().expect("a frame, not the end");
        assert_eq!(kind, expected, "{data}");
        frame::read(data.as_bytes()).unwrap()
    }

    /// The next frame, which must be `wanted`; `None` for `last` or the end.
    pub(crate) fn read_until<T: DeserializeOwned>(
        &mut self,
        wanted: &str,
        last: &str,
    ) -> Option<T> {
        let (kind, data) = self.read()?;
        if kind == last {
            return None;
        }
        assert_eq!(kind, wanted);
        Some(frame::read(data.as_bytes()).unwrap())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn say<T: Serialize>(&mut self, kind: &str, data: &T) {
        let mut bytes = Vec::new();
        frame::encode(kind, data, &mut bytes);
        self.write(&bytes);
    }

    /// Says data that is no JSON, or no good one.
    pub(crate) fn say_raw(&mut self, kind: &str, data: &str) {
        #[derive(Serialize)]
        struct Raw<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            data: &'a str,
        }
        let body = frame::go_json(&Raw { kind, data });
        let length = u32::try_from(body.len()).unwrap();
        self.write(&length.to_be_bytes());
        self.write(body.as_bytes());
    }

    /// Takes the hello.
    pub(crate) fn greet(&mut self) {
        self.expect::<wire::Hello>(kind::HELLO);
        let hello = wire::HelloRes { server: "fake".into(), ..Default::default() };
        self.say(kind::HELLO_RES, &hello);
    }

    /// Takes the hello and the login.
    pub(crate) fn let_in(&mut self, id: i64, epoch: &str) {
        self.greet();
        self.expect::<wire::Login>(kind::LOGIN);
        self.accept_login(id, epoch);
    }

    pub(crate) fn accept_login(&mut self, id: i64, epoch: &str) {
        let res = wire::LoginRes {
            code: 200,
            user_id: Some(id),
            user_name: Some("tom".into()),
            epoch: Some(epoch.into()),
            n_online: Some(1),
            ..Default::default()
        };
        self.say(kind::LOGIN_RES, &res);
    }

    pub(crate) fn ack(&mut self, reference: &str, id: u64) {
        let ack = wire::Ack {
            client_ref: reference.to_owned(),
            id: Some(id),
            room: Some(RoomId::Lobby.to_string()),
            time: Some(0),
            ..Default::default()
        };
        self.say(kind::ACK, &ack);
    }

    pub(crate) fn refuse(&mut self, reference: &str, code: ErrorCode) {
        let ack = wire::Ack {
            client_ref: reference.to_owned(),
            code: Some(code.name().to_owned()),
            error: Some("no".into()),
            ..Default::default()
        };
        self.say(kind::ACK, &ack);
    }

    /// Somebody says something in the lobby.
    pub(crate) fn said(&mut self, id: u64, sender: i64, text: &str) {
        let sms = wire::Sms {
            content: text.to_owned(),
            user_id: sender,
            user_name: format!("user {sender}"),
            id: Some(id),
            room: Some(RoomId::Lobby.to_string()),
            time: Some(0),
            ..Default::default()
        };
        self.say(kind::SMS, &sms);
    }
}
