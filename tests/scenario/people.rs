//! The people of the scenario: one trait, and a kind of person for each way of speaking.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

use serde_json::Value;

use crate::support::peers::{self, message};
use crate::support::server::Server;

/// What a person hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    Came(i64),
    Left(i64),
    Group(i64, String),
    Private(i64, String),
}

/// Somebody in front of a client.
pub(super) trait Person {
    fn register(&mut self, id: i64, password: &str, name: &str) -> Result<(), String>;
    fn log_in(&mut self, id: i64, password: &str) -> Result<(), String>;
    fn say(&mut self, text: &str);
    fn tell(&mut self, to: i64, text: &str);
    /// Who is online, by id.
    fn online(&mut self) -> Vec<i64>;
    fn next(&mut self) -> News;
    /// Goes, has heard everything, and says from where it spoke.
    fn leave(self: Box<Self>) -> SocketAddr;
    /// The server goes.
    fn hear_farewell(self: Box<Self>);
}

/// Somebody, and what the device at hand remembers.
pub(super) struct Human {
    pub(super) id: i64,
    pub(super) name: &'static str,
    has: Positions,
}

/// The last id taken of each room.
type Positions = std::rc::Rc<RefCell<HashMap<String, u64>>>;

impl Human {
    pub(super) fn new(id: i64, name: &'static str) -> Self {
        Self { id, name, has: Positions::default() }
    }
}

/// At a terminal.
pub(super) struct Line {
    peer: peers::Line,
    name: &'static str,
    waiting: VecDeque<News>,
}

impl Line {
    pub(super) fn connect(server: &Server, human: &Human) -> Self {
        let peer = peers::Line::over(server.call(server.lines()));
        Self { peer, name: human.name, waiting: VecDeque::new() }
    }

    fn id(name: &str) -> i64 {
        match name {
            "tom" => 100,
            "jerry" => 200,
            "ann" => 300,
            other => panic!("who is {other}?"),
        }
    }

    /// What a line tells; nothing where it is about a guest.
    fn read(line: &str) -> Option<News> {
        let (bracket, said) = line.strip_prefix('[')?.split_once(']')?;
        let (from, text) = said.split_once(": ")?;
        if from == bracket {
            return None;
        }
        let text = text.to_owned();
        Some(match (from.split_once(" -> "), text.as_str()) {
            (Some((from, _me)), _) => News::Private(Self::id(from), text),
            (None, "login!!!") => News::Came(Self::id(from)),
            (None, "logout") => News::Left(Self::id(from)),
            (None, _) => News::Group(Self::id(from), text),
        })
    }

    /// Reads until the answer, which begins so.
    fn read_until(&mut self, openings: &[&str]) -> String {
        loop {
            let line = self.peer.next(&openings.join(" or "));
            if openings.iter().any(|opening| line.starts_with(opening)) {
                return line;
            }
            self.waiting.extend(Self::read(&line));
        }
    }
}

impl Person for Line {
    fn register(&mut self, id: i64, password: &str, name: &str) -> Result<(), String> {
        self.peer.say(&format!("/register {id} {password} {name}"));
        let answer = self.read_until(&["* "]);
        let done = format!("* registered, your id is {id}; now: /login {id} PASSWORD");
        if answer == done { Ok(()) } else { Err(answer) }
    }

    fn log_in(&mut self, id: i64, password: &str) -> Result<(), String> {
        self.peer.say(&format!("/login {id} {password}"));
        let welcome = format!("[{}]{}: login!!!", self.peer.me(), self.name);
        let answer = self.read_until(&["* ", &welcome]);
        if answer == welcome { Ok(()) } else { Err(answer) }
    }

    fn say(&mut self, text: &str) {
        self.peer.say(text);
        let echo = format!("[{}]{}: {text}", self.peer.me(), self.name);
        self.read_until(&[&echo]);
    }

    fn tell(&mut self, to: i64, text: &str) {
        self.peer.say(&format!("/msg {to} {text}"));
        let echo = format!("[private {}]{} -> {to}: {text}", self.peer.me(), self.name);
        self.read_until(&[&echo]);
    }

    fn online(&mut self) -> Vec<i64> {
        self.peer.say("who");
        self.read_until(&["online user list: "]);
        // The list has no end: it is asked for in one go with something that is answered.
        self.peer.say("/passwd");
        let mut ids = Vec::new();
        loop {
            let line = self.peer.next("the list");
            if line == "* not understood; the form is: /passwd OLD NEW" {
                ids.sort_unstable();
                return ids;
            }
            let (address, name) = line.rsplit_once(':').unwrap();
            if !address.ends_with(name) {
                ids.push(Self::id(name));
            }
        }
    }

    fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.waiting.pop_front() {
                return news;
            }
            let line = self.peer.next("news");
            self.waiting.extend(Self::read(&line));
        }
    }

    fn leave(mut self: Box<Self>) -> SocketAddr {
        let address = self.peer.wire.address();
        self.peer.say("/quit");
        self.read_until(&["* bye"]);
        assert_eq!(self.waiting, []);
        self.peer.wire.close();
        address
    }

    fn hear_farewell(mut self: Box<Self>) {
        self.read_until(&["* the server is going down; what was accepted is stored"]);
        self.peer.wire.close();
    }
}

/// With an unchanged client of the course.
pub(super) struct Course {
    peer: peers::Course,
    id: i64,
    online: BTreeSet<i64>,
}

impl Course {
    pub(super) fn connect(server: &Server) -> Self {
        let peer = peers::Course::over(server.call(server.any()));
        Self { peer, id: 0, online: BTreeSet::new() }
    }

    /// The answer, which must be the next frame.
    fn answer(&mut self, kind: &str) -> (Value, String) {
        let (heard, data) = self.peer.next(kind);
        assert_eq!(heard, kind, "{data}");
        (serde_json::from_str(&data).unwrap(), data)
    }
}

impl Person for Course {
    fn register(&mut self, id: i64, password: &str, name: &str) -> Result<(), String> {
        self.peer.send("RegisterMes", &peers::registration(id, password, name));
        let (answer, data) = self.answer("RegisterResMes");
        if answer["code"] == 200 { Ok(()) } else { Err(data) }
    }

    fn log_in(&mut self, id: i64, password: &str) -> Result<(), String> {
        self.peer.log_in(id, password);
        let (answer, data) = self.answer("LoginResMes");
        if answer["code"] != 200 {
            return Err(data);
        }
        self.id = id;
        let ids = answer["UsersId"].as_array().unwrap();
        self.online = ids.iter().map(|id| id.as_i64().unwrap()).collect();
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.peer.say(self.id, text);
    }

    fn tell(&mut self, to: i64, text: &str) {
        self.peer.tell(self.id, to, text);
    }

    fn online(&mut self) -> Vec<i64> {
        self.online.iter().copied().collect()
    }

    fn next(&mut self) -> News {
        let (kind, data) = self.peer.next("news");
        let data: Value = serde_json::from_str(&data).unwrap();
        let id = data["userId"].as_i64().unwrap();
        let text = || data["content"].as_str().unwrap().to_owned();
        match (kind.as_str(), data["status"].as_i64()) {
            ("NotifyUserStatusMes", Some(0)) => {
                self.online.insert(id);
                News::Came(id)
            }
            ("NotifyUserStatusMes", Some(1)) => {
                self.online.remove(&id);
                News::Left(id)
            }
            ("SmsMes", _) => News::Group(id, text()),
            ("SmsPrivateMes", _) => News::Private(id, text()),
            other => panic!("not for a client of the course: {other:?}"),
        }
    }

    fn leave(self: Box<Self>) -> SocketAddr {
        let address = self.peer.wire.address();
        self.peer.wire.close();
        address
    }

    fn hear_farewell(mut self: Box<Self>) {
        self.peer.expect_said(0, "系统", "服务器正在关闭，已接收的消息都已保存");
        self.peer.wire.close();
    }
}

/// With a client that says hello.
pub(super) struct Extended {
    peer: peers::Extended,
    has: Positions,
    n_said: u32,
    waiting: VecDeque<News>,
}

impl Extended {
    pub(super) fn connect(server: &Server, human: &Human) -> Self {
        let peer = peers::Extended::over(server.call(server.any()), "laptop");
        Self { peer, has: human.has.clone(), n_said: 0, waiting: VecDeque::new() }
    }

    /// What a frame tells; nothing where this device has it.
    fn read(&mut self, kind: &str, data: &Value) -> Option<News> {
        let id = data["userId"].as_i64().unwrap();
        if kind == "DeliveredMes" {
            return None;
        }
        if kind == "NotifyUserStatusMes" {
            return Some(if data["status"] == 0 { News::Came(id) } else { News::Left(id) });
        }
        let said = message(kind, data).unwrap_or_else(|| panic!("no news: {kind} {data}"));
        let is_new = said.id > *self.has.borrow().get(&said.room).unwrap_or(&0);
        assert!(is_new || said.replayed, "{said:?}");
        if is_new {
            self.peer.received(&said.room, said.id);
            self.has.borrow_mut().insert(said.room.clone(), said.id);
        }
        let told = if kind == "SmsMes" { News::Group } else { News::Private };
        is_new.then(|| told(id, said.text))
    }

    /// Reads until a frame of this type.
    fn read_until(&mut self, wanted: &str) -> Value {
        loop {
            let (kind, data) = self.peer.next(wanted);
            if kind == wanted {
                return data;
            }
            let news = self.read(&kind, &data);
            self.waiting.extend(news);
        }
    }

    fn reference(&mut self) -> String {
        self.n_said += 1;
        format!("{}-{}", self.peer.course.wire.address(), self.n_said)
    }

    /// What is one's own is taken, too.
    fn read_ack(&mut self) {
        let ack = self.read_until("AckMes");
        let id = ack["id"].as_u64().unwrap_or_else(|| panic!("not stored: {ack}"));
        self.has.borrow_mut().insert(ack["room"].as_str().unwrap().to_owned(), id);
    }
}

impl Person for Extended {
    fn register(&mut self, id: i64, password: &str, name: &str) -> Result<(), String> {
        self.peer.send("RegisterMes", &peers::registration(id, password, name));
        refused(&self.read_until("RegisterResMes"))
    }

    fn log_in(&mut self, id: i64, password: &str) -> Result<(), String> {
        refused(&self.peer.log_in(id, password))?;
        self.read_until("WhoResMes");
        Ok(())
    }

    fn say(&mut self, text: &str) {
        let reference = self.reference();
        self.peer.say(text, &reference);
        self.read_ack();
    }

    fn tell(&mut self, to: i64, text: &str) {
        let reference = self.reference();
        self.peer.tell(to, text, &reference);
        self.read_ack();
    }

    fn online(&mut self) -> Vec<i64> {
        self.peer.send("WhoMes", "{}");
        let list = self.read_until("WhoResMes");
        let online = list["online"].as_array().unwrap();
        online.iter().map(|person| person["userId"].as_i64().unwrap()).collect()
    }

    fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.waiting.pop_front() {
                return news;
            }
            let (kind, data) = self.peer.next("news");
            let news = self.read(&kind, &data);
            self.waiting.extend(news);
        }
    }

    fn leave(mut self: Box<Self>) -> SocketAddr {
        let address = self.peer.course.wire.address();
        self.peer.send("LogoutMes", "{}");
        let last_word = self.read_until("ErrorMes");
        assert_eq!((&last_word["code"], &last_word["closing"]), (&"bye".into(), &true.into()));
        assert_eq!(self.waiting, []);
        self.peer.course.wire.close();
        address
    }

    fn hear_farewell(mut self: Box<Self>) {
        assert_eq!(self.read_until("ErrorMes")["code"], "shutting_down");
        self.peer.course.wire.close();
    }
}

fn refused(answer: &Value) -> Result<(), String> {
    match answer["errorCode"].as_str() {
        None => Ok(()),
        Some(code) => Err(code.to_owned()),
    }
}
