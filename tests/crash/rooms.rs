//! Rooms in the drill: they are made, joined and left, people are put out and become something
//! else, and the server dies in between. Each pair of devices does one thing after the other, so
//! that what is acknowledged is known for certain, and held against the store in the end: who is
//! in is in, and who is out is told nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hubbub::client::{Ask, Client, Config, Update, Updates};
use hubbub::dao::Store;
use hubbub::protocol::{
    Device, ErrorCode, Password, Role, RoomAsk, RoomKind, RoomName, RoomRef, Text, UserId, Who,
};
use hubbub::{clock, threads};

use super::dice::Dice;
use crate::support::peers::Course;

/// An owner and a member each.
const PAIRS: [[i64; 2]; 2] = [[201, 202], [203, 204]];

/// Rooms that one pair makes.
const MAX_ROOMS: usize = 5;

/// For an answer: a library that could not connect several times waits up to 30 s.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at what the other one heard.
const TICK: Duration = Duration::from_millis(20);

/// What the member is in a room; `None`: not known, for the server died before it answered.
type Belief = Option<Option<Role>>;

#[derive(Debug)]
struct Room {
    name: RoomName,
    member: Belief,
}

/// What one pair did, and what it saw.
#[derive(Debug)]
pub struct RoomDiary {
    pair: [UserId; 2],
    rooms: Vec<Room>,
    /// Made, and closed again.
    closed: Vec<RoomName>,
    n_done: usize,
    n_unanswered: usize,
    n_said: usize,
    violations: Vec<String>,
}

/// What became of something that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Refused(Option<ErrorCode>),
    Unknown,
}

#[derive(Debug)]
pub struct RoomCrew {
    stop: Arc<AtomicBool>,
    pairs: Vec<JoinHandle<RoomDiary>>,
}

impl RoomCrew {
    /// Accounts are made on this server; the devices log in by the address that stays.
    pub fn start(server: SocketAddr, address: SocketAddr, dice: &Dice) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |ids: [i64; 2]| {
            ids.iter().for_each(|id| Course::join(server, *id, ""));
            let (stop, dice) = (Arc::clone(&stop), dice.split(ids[0] as u64));
            // They are in before the server dies for the first time.
            let pair = Pair::new(ids.map(UserId), address, dice);
            let run = move || pair.run(&stop);
            threads::spawn(format!("rooms-{}", ids[0]), run).unwrap()
        };
        let pairs = PAIRS.map(start).into();
        Self { stop, pairs }
    }

    /// Everybody finishes what is begun and leaves; the server must be up.
    pub fn leave(self) -> Vec<RoomDiary> {
        self.stop.store(true, Ordering::Release);
        self.pairs.into_iter().map(|pair| pair.join().unwrap()).collect()
    }
}

struct Person {
    id: UserId,
    client: Client,
    updates: Updates,
    /// The last id shown of each room.
    last: BTreeMap<String, u64>,
    /// Texts shown, and whether as news.
    shown: BTreeMap<String, bool>,
    odd: Vec<String>,
}

impl Person {
    fn new(id: UserId, address: SocketAddr) -> Self {
        let mut config = Config::new(address.to_string(), "drill/1");
        config.device = Device::new("room device");
        let (client, updates) = Client::start(config).unwrap();
        client.login(Who::Id(id), Password::new("secret").unwrap()).unwrap();
        let (last, shown, odd) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { id, client, updates, last, shown, odd }
    }

    /// The next thing that happens within this time, noted.
    fn next(&mut self, wait: Duration) -> Option<Update> {
        let update = self.updates.next(wait).ok()?;
        if let Update::Said(said) = &update
            && let Some(room) = &said.room_name
        {
            let last = self.last.entry(room.clone()).or_default();
            if said.id.0 <= *last {
                self.odd.push(format!("{} in {room}: {} after {last}", self.id, said.id.0));
            }
            *last = said.id.0;
            self.shown.insert(said.text.clone(), !said.replayed);
        }
        Some(update)
    }

    /// Reads on until there is an answer.
    fn until<T>(&mut self, mut answer: impl FnMut(&Self, &Update) -> Option<T>) -> Option<T> {
        let deadline: Instant = clock::now() + PATIENCE;
        while clock::now() < deadline {
            if let Some(update) = self.next(TICK)
                && let Some(found) = answer(self, &update)
            {
                return Some(found);
            }
        }
        None
    }

    /// Asks for something in a room and waits for what becomes of it.
    fn ask(&mut self, room: &RoomName, ask: RoomAsk) -> Answer {
        let act = match &ask {
            RoomAsk::Join => "entered",
            RoomAsk::Part => "part",
            RoomAsk::Kick(..) => "kick",
            RoomAsk::Role(..) => "role",
            RoomAsk::Close => "close",
            other => panic!("the drill does not {other:?}"),
        };
        self.client.ask_room(RoomRef::Name(room.clone()), ask).unwrap();
        self.answer(room, act)
    }

    fn answer(&mut self, room: &RoomName, act: &str) -> Answer {
        let me = Some(self.id.0);
        let answer = self.until(|_, update| match update {
            Update::Room(mes) if mes.act == act && mes.room_name == room.as_str() => {
                (act == "entered" || mes.user_id == me).then_some(Answer::Done)
            }
            Update::Refused { what: Some(Ask::Room), why } => Some(Answer::Refused(why.known())),
            Update::Unanswered(Ask::Room) => Some(Answer::Unknown),
            _ => None,
        });
        answer.unwrap_or_else(|| {
            self.odd.push(format!("{} waits for {act} in {room} without an end", self.id));
            Answer::Unknown
        })
    }
}

struct Pair {
    owner: Person,
    member: Person,
    dice: Dice,
    diary: RoomDiary,
    /// Said while the member was out, and not shown to it when it came in again.
    hidden: BTreeSet<String>,
}

impl Pair {
    fn new(pair: [UserId; 2], address: SocketAddr, dice: Dice) -> Self {
        let [owner, member] = pair.map(|id| Person::new(id, address));
        let diary = RoomDiary {
            pair,
            rooms: Vec::new(),
            closed: Vec::new(),
            n_done: 0,
            n_unanswered: 0,
            n_said: 0,
            violations: Vec::new(),
        };
        Self { owner, member, dice, diary, hidden: BTreeSet::new() }
    }

    fn run(mut self, stop: &AtomicBool) -> RoomDiary {
        while !stop.load(Ordering::Acquire) {
            self.act();
            // The other one hears what was done, and what it must not hear.
            while self.member.next(Duration::ZERO).is_some() {}
            self.look_at_hidden();
        }
        for at in 0..self.diary.rooms.len() {
            self.be_sure(at);
        }
        let Self { owner, member, mut diary, .. } = self;
        for person in [owner, member] {
            diary.violations.extend(person.odd);
            let (client, updates) = (person.client, person.updates);
            let closing = threads::spawn("closing", move || client.close(PATIENCE)).unwrap();
            while updates.next(PATIENCE).is_ok() {}
            closing.join().unwrap();
        }
        diary
    }

    fn act(&mut self) {
        let n_rooms = self.diary.rooms.len() as u64;
        if n_rooms == 0 || (n_rooms < MAX_ROOMS as u64 && self.dice.below(0..40) == 0) {
            return self.create();
        }
        let at = self.dice.below(0..n_rooms) as usize;
        if self.dice.below(0..40) == 0 {
            return self.close(at);
        }
        match (self.dice.below(0..10), self.diary.rooms[at].member) {
            (_, None) => self.be_sure(at),
            (0..4, _) => self.say(at),
            (_, Some(None)) => self.join(at),
            (4 | 5, Some(Some(_))) => self.put_out(at, false),
            (6 | 7, Some(Some(_))) => self.put_out(at, true),
            (_, Some(Some(_))) => self.promote(at),
        }
    }

    fn create(&mut self) {
        let n = self.diary.rooms.len() + self.diary.closed.len();
        let name = RoomName::new(&format!("drill-{}-{n}", self.owner.id)).unwrap();
        self.owner.client.create_room(name.clone(), RoomKind::Open, false).unwrap();
        let made = match self.owner.answer(&name, "entered") {
            // It may be there, made by the attempt that was not answered.
            Answer::Refused(Some(ErrorCode::RoomTaken)) => true,
            answer => self.count(answer) == Answer::Done,
        };
        if made {
            self.diary.rooms.push(Room { name, member: Some(None) });
        }
    }

    /// For good: nobody is in it, and nobody finds it again.
    fn close(&mut self, at: usize) {
        let Room { name, .. } = self.diary.rooms.remove(at);
        loop {
            let answer = self.owner.ask(&name, RoomAsk::Close);
            match self.count(answer) {
                // By the attempt that was not answered.
                Answer::Done | Answer::Refused(Some(ErrorCode::UnknownRoom)) => break,
                Answer::Unknown => {}
                Answer::Refused(code) if code.is_some_and(ErrorCode::is_temporary) => {}
                Answer::Refused(code) => {
                    self.diary.violations.push(format!("{name} was not closed: {code:?}"));
                    break;
                }
            }
        }
        self.diary.closed.push(name);
    }

    /// Finds out what the member is where that is not known: out, in the end.
    fn be_sure(&mut self, at: usize) {
        let name = self.diary.rooms[at].name.clone();
        while self.diary.rooms[at].member.is_none() {
            let answer = self.member.ask(&name, RoomAsk::Part);
            match self.count(answer) {
                Answer::Done | Answer::Refused(Some(ErrorCode::NotMember)) => {
                    self.diary.rooms[at].member = Some(None);
                }
                _ => {}
            }
        }
    }

    fn join(&mut self, at: usize) {
        let name = self.diary.rooms[at].name.clone();
        let answer = self.member.ask(&name, RoomAsk::Join);
        // Who comes in is shown what was said before.
        self.hidden.retain(|text| !text.starts_with(&format!("{name} ")));
        self.believe(at, answer, Some(Role::Member));
    }

    fn put_out(&mut self, at: usize, by_owner: bool) {
        let name = self.diary.rooms[at].name.clone();
        let member = Who::Id(self.member.id);
        let answer = match by_owner {
            true => self.owner.ask(&name, RoomAsk::Kick(member, None)),
            false => self.member.ask(&name, RoomAsk::Part),
        };
        self.believe(at, answer, None);
    }

    fn promote(&mut self, at: usize) {
        let name = self.diary.rooms[at].name.clone();
        let role = if self.dice.below(0..2) == 0 { Role::Moderator } else { Role::Member };
        let answer = self.owner.ask(&name, RoomAsk::Role(Who::Id(self.member.id), role));
        self.believe(at, answer, Some(role));
    }

    fn believe(&mut self, at: usize, answer: Answer, then: Option<Role>) {
        let answer = self.count(answer);
        let known = &mut self.diary.rooms[at].member;
        match answer {
            Answer::Done => *known = Some(then),
            Answer::Unknown => *known = None,
            // Not done: for a while, or for good.
            Answer::Refused(code) if code.is_some_and(ErrorCode::is_temporary) => {}
            Answer::Refused(code) => {
                let what =
                    format!("{:?}: {known:?} was refused {then:?}: {code:?}", self.diary.pair);
                self.diary.violations.push(what);
            }
        }
    }

    fn count(&mut self, answer: Answer) -> Answer {
        match answer {
            Answer::Done => self.diary.n_done += 1,
            Answer::Unknown => self.diary.n_unanswered += 1,
            Answer::Refused(_) => {}
        }
        answer
    }

    /// The owner says something; when it is stored, the member is shown it, or must not be.
    fn say(&mut self, at: usize) {
        self.diary.n_said += 1;
        let Room { name, member } = &self.diary.rooms[at];
        let (name, is_in) = (name.clone(), member.flatten().is_some());
        let text = format!("{name} {}", self.diary.n_said);
        let to = RoomRef::Name(name);
        let reference =
            self.owner.client.send_to_room(to, Text::new(&text).unwrap(), PATIENCE).unwrap();
        let sent = self.owner.until(|_, update| match update {
            Update::Sent { reference: its, .. } if *its == reference => Some(true),
            Update::NotSent { unsent, will_retry: false, .. } if unsent.reference == reference => {
                Some(false)
            }
            _ => None,
        });
        if sent != Some(true) {
            return self.diary.violations.push(format!("{text} was not stored: {sent:?}"));
        }
        if !is_in {
            self.hidden.insert(text);
        } else if !self.member.shown.contains_key(&text)
            && self.member.until(|it, _| it.shown.contains_key(&text).then_some(())).is_none()
        {
            self.diary.violations.push(format!("{text} was never shown to {}", self.member.id));
        }
    }

    fn look_at_hidden(&mut self) {
        for text in self.hidden.iter().filter(|text| self.member.shown.contains_key(*text)) {
            let what = format!("{text} was shown to {}, who was out", self.member.id);
            self.diary.violations.push(what);
        }
        let shown = &self.member.shown;
        self.hidden.retain(|text| !shown.contains_key(text));
    }
}

impl RoomDiary {
    /// Holds it against the store: what is wrong.
    pub fn judge(&self, store: &dyn Store) -> Vec<String> {
        let mut wrong = self.violations.clone();
        let [owner, member] = self.pair;
        for name in &self.closed {
            if store.room_named(name).unwrap().is_some() {
                wrong.push(format!("{name} was closed and is there"));
            }
        }
        for Room { name, member: belief } in &self.rooms {
            let Some(room) = store.room_named(name).unwrap() else {
                wrong.push(format!("{name} was made and is not there"));
                continue;
            };
            let role = |id| store.standing(room.no, id).unwrap().role;
            if role(owner) != Some(Role::Owner) {
                wrong.push(format!("{name}: {owner} is {:?}, not the owner", role(owner)));
            }
            if belief.is_some_and(|belief| belief != role(member)) {
                wrong.push(format!("{name}: {member} is {:?}, not {belief:?}", role(member)));
            }
        }
        wrong
    }
}

impl fmt::Display for RoomDiary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rooms {}, closed {}, changes acknowledged {}, without an answer {}, messages {}",
            self.rooms.len(),
            self.closed.len(),
            self.n_done,
            self.n_unanswered,
            self.n_said
        )
    }
}
