//! Whatever people do, nobody ever finds what the table of rights denies: rooms one has left, was
//! put out of or never came into, hidden ones, what others say in private, what is ignored; not
//! by asking for a room, not by asking for all, not page by page.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::rooms::on_every_store;
use crate::support::peers::Extended;
use crate::support::server::Server;

/// The first of them owns all rooms.
const PEOPLE: [(i64, &str); 4] = [(100, "tom"), (200, "jerry"), (300, "ann"), (400, "eve")];

/// The names of the rooms and who may come in.
const ROOMS: [(&str, &str); 3] = [("#open", "open"), ("#club", "invite"), ("#den", "hidden")];

/// What is done in rooms, the first twice as often.
const ACTS: &[&str] = &["join", "join", "part", "invite", "kick", "ban", "unban"];

#[derive(Clone, Debug)]
enum Step {
    Say(usize, Place),
    Edit(usize, usize),
    Delete(usize, usize),
    /// This person in this room: join, part; or the owner: invite, kick, ban, unban.
    Room(&'static str, usize, usize),
    Ignore(usize, usize, bool),
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Lobby,
    Room(usize),
    Private(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let person = || 0..PEOPLE.len();
    let place = prop_oneof![
        1 => Just(Place::Lobby),
        3 => (0..ROOMS.len()).prop_map(Place::Room),
        2 => person().prop_map(Place::Private),
    ];
    prop_oneof![
        6 => (person(), place).prop_map(|(who, place)| Step::Say(who, place)),
        1 => (person(), 0..9_usize).prop_map(|(who, of)| Step::Edit(who, of)),
        1 => (person(), 0..9_usize).prop_map(|(who, of)| Step::Delete(who, of)),
        6 => (prop::sample::select(ACTS), person(), 0..ROOMS.len())
            .prop_map(|(act, whom, room)| Step::Room(act, whom, room)),
        1 => (person(), person(), any::<bool>())
            .prop_map(|(who, whom, is_so)| Step::Ignore(who, whom, is_so)),
    ]
}

/// A message as it is now.
struct Said {
    room: String,
    id: u64,
    by: usize,
    text: String,
}

/// The people, and what is known of everything by what they were told.
struct Crowd {
    peers: Vec<Extended>,
    /// Who is in which room, by its key.
    members: BTreeMap<String, BTreeSet<usize>>,
    ignored: BTreeSet<(usize, usize)>,
    said: Vec<Said>,
    n: usize,
}

impl Crowd {
    fn new(server: &Server) -> Self {
        let enter = |(id, name)| Extended::enter(server.frames(), (id, name), "laptop");
        let mut crowd = Self {
            peers: PEOPLE.map(enter).into(),
            members: BTreeMap::new(),
            ignored: BTreeSet::new(),
            said: Vec::new(),
            n: 0,
        };
        for (name, access) in ROOMS {
            let ask = json!({"act": "create", "room": name, "access": access});
            crowd.ask(0, "RoomMes", &ask, |kind, data| {
                kind == "RoomMes" && data["act"] == "entered"
            });
            crowd.members.insert(key(crowd.members.len()), BTreeSet::from([0]));
        }
        crowd
    }

    /// Does something in a room; was it done? What changes nothing may be answered by nothing, so
    /// a word to all is said behind it.
    fn is_done(&mut self, who: usize, ask: &Value, is_told: impl Fn(&str, &Value) -> bool) -> bool {
        self.n += 1;
        let reference = format!("behind {}", self.n);
        let peer = &mut self.peers[who];
        peer.send("RoomMes", &ask.to_string());
        peer.say("behind it", &reference);
        let mut is_done = false;
        loop {
            let (heard, data) = peer.next("AckMes");
            is_done |= is_told(&heard, &data);
            if heard == "AckMes" && data["clientRef"] == reference {
                return is_done;
            }
        }
    }

    /// Sends something and waits for what answers it, or for a refusal.
    fn ask(
        &mut self,
        who: usize,
        kind: &str,
        data: &Value,
        is_answer: impl Fn(&str, &Value) -> bool,
    ) -> (String, Value) {
        let peer = &mut self.peers[who];
        peer.send(kind, &data.to_string());
        loop {
            let (heard, data) = peer.next(kind);
            if heard == "ErrorMes" || is_answer(&heard, &data) {
                return (heard, data);
            }
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Say(who, place) => self.say(who, place),
            Step::Edit(who, of) => {
                self.n += 1;
                let text = format!("soup, edited {}", self.n);
                self.change(who, of, "EditMes", &text);
            }
            Step::Delete(who, of) => self.change(who, of, "DeleteMes", ""),
            Step::Room(act, whom, room) => self.room(act, whom, room),
            Step::Ignore(who, whom, is_so) if who != whom => {
                let ask = json!({"userId": PEOPLE[whom].0, "off": !is_so});
                self.ask(who, "IgnoreMes", &ask, |kind, _| kind == "IgnoreMes");
                match is_so {
                    true => self.ignored.insert((who, whom)),
                    false => self.ignored.remove(&(who, whom)),
                };
            }
            Step::Ignore(..) => {}
        }
    }

    fn say(&mut self, who: usize, place: Place) {
        self.n += 1;
        let text = format!("soup 天气 {}", self.n);
        let mut ask = json!({"content": text, "clientRef": format!("said {}", self.n)});
        let (kind, room) = match place {
            Place::Lobby => ("SmsMes", "lobby".to_owned()),
            Place::Room(room) => ("SmsMes", key(room)),
            Place::Private(to) => ("SmsPrivateMes", pair(who, to)),
        };
        match place {
            Place::Private(to) => ask["toUserId"] = json!(PEOPLE[to].0),
            _ => ask["room"] = json!(room),
        }
        let (_, ack) = self.ask(who, kind, &ask, |kind, _| kind == "AckMes");
        // Who may not speak there, or is ignored, says nothing.
        let Some(id) = ack["id"].as_u64() else { return };
        self.said.push(Said { room: room.clone(), id, by: who, text });
        if let Place::Private(to) = place {
            self.members.entry(room).or_default().extend([who, to]);
        }
    }

    fn change(&mut self, who: usize, of: usize, kind: &str, text: &str) {
        let own = self.said.iter().enumerate().filter(|(_, said)| said.by == who);
        let own: Vec<_> = own.map(|(at, said)| (at, said.room.clone(), said.id)).collect();
        let Some((at, room, about)) = own.get(of % own.len().max(1)).cloned() else { return };
        self.n += 1;
        let reference = format!("changed {}", self.n);
        let mut ask = json!({"room": room, "about": about, "clientRef": reference});
        if kind == "EditMes" {
            ask["content"] = json!(text);
        }
        let (_, ack) = self.ask(who, kind, &ask, |kind, _| kind == "AckMes");
        match (ack["id"].is_u64(), kind) {
            (true, "EditMes") => text.clone_into(&mut self.said[at].text),
            (true, _) => drop(self.said.remove(at)),
            _ => {}
        }
    }

    fn room(&mut self, act: &str, whom: usize, room: usize) {
        let is_own = matches!(act, "join" | "part");
        // The owner stays, or nobody could change anything any more.
        if whom == 0 {
            return;
        }
        let mut ask = json!({"act": act, "room": ROOMS[room].0});
        if !is_own {
            ask["whomId"] = json!(PEOPLE[whom].0);
        }
        let asker = if is_own { whom } else { 0 };
        let told = if act == "join" { "entered" } else { act };
        let is_told = |kind: &str, data: &Value| {
            let who = if is_own { &data["userId"] } else { &data["whomId"] };
            kind == "RoomMes"
                && data["act"] == told
                && data["room"] == key(room)
                && (told == "entered" || *who == PEOPLE[whom].0)
        };
        if !self.is_done(asker, &ask, is_told) {
            return;
        }
        let members = self.members.get_mut(&key(room)).unwrap();
        match act {
            "join" => drop(members.insert(whom)),
            "part" | "kick" | "ban" => drop(members.remove(&whom)),
            _ => {}
        }
    }

    /// What somebody may read of a room, by its texts.
    fn readable(&self, who: usize, room: &str) -> Option<BTreeSet<&str>> {
        let may = room == "lobby" || self.members.get(room).is_some_and(|all| all.contains(&who));
        let is_heard = |said: &&Said| said.room == room && !self.ignored.contains(&(who, said.by));
        may.then(|| self.said.iter().filter(is_heard).map(|said| said.text.as_str()).collect())
    }

    fn places() -> Vec<String> {
        let pairs = (0..PEOPLE.len()).flat_map(|a| (a..PEOPLE.len()).map(move |b| pair(a, b)));
        let rooms = (0..ROOMS.len()).map(key);
        rooms.chain(pairs).chain(["lobby".to_owned(), "!9".to_owned()]).collect()
    }

    fn compare(&mut self) {
        for (who, (_, name)) in PEOPLE.iter().enumerate() {
            let mut everything = BTreeSet::new();
            for room in Self::places() {
                let expected = self.readable(who, &room).map(owned);
                for words in ["soup", "天气", "nothing"] {
                    let found = self.search(who, Some(&room), words);
                    let is_there = |text: &String| text.contains(words);
                    let expected = expected
                        .clone()
                        .map(|all| all.into_iter().filter(is_there).collect::<BTreeSet<_>>());
                    assert_eq!(found, expected, "{name} {room} {words}");
                }
                everything.extend(expected.unwrap_or_default());
            }
            let found = self.search(who, None, "soup").unwrap();
            assert_eq!(found, everything, "{name} everywhere");
        }
    }

    /// All pages of an answer; `None`: it may not be read.
    fn search(&mut self, who: usize, room: Option<&str>, words: &str) -> Option<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        let mut ask = json!({"room": room, "text": words, "limit": 4});
        loop {
            let (kind, found) = self.ask(who, "SearchMes", &ask, |kind, _| kind == "SearchResMes");
            if kind == "ErrorMes" {
                assert_eq!(found["code"], "not_member", "{found}");
                return None;
            }
            let messages = found["messages"].as_array().unwrap();
            assert!(messages.len() <= 4, "{found}");
            for message in messages {
                let text = message["content"].as_str().unwrap().to_owned();
                assert!(all.insert(text), "twice: {message}");
            }
            for key in ["before", "beforeRoom", "beforeTime"] {
                ask[key] = found[key].clone();
            }
            if found["before"].is_null() {
                return Some(all);
            }
        }
    }
}

fn owned(texts: BTreeSet<&str>) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}

fn key(room: usize) -> String {
    format!("!{}", room + 1)
}

fn pair(a: usize, b: usize) -> String {
    format!("@{},{}", PEOPLE[a.min(b)].0, PEOPLE[a.max(b)].0)
}

#[test]
fn nobody_finds_what_the_table_denies_whatever_people_do() {
    on_every_store(|server| {
        let steps = prop::collection::vec(step(), 90);
        let steps = steps.new_tree(&mut TestRunner::default()).unwrap().current();
        println!("{steps:?}");
        let mut crowd = Crowd::new(server);
        for steps in steps.chunks(30) {
            steps.iter().for_each(|step| crowd.take(step));
            crowd.compare();
        }
    });
}
