//! A device: a client of our library and a program that talks and writes its diary.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use hubbub::client::{Client, Config, Quiet, Update, Updates};
use hubbub::protocol::{Device as Name, Password, RoomId, Text, UserId, Who};
use hubbub::{clock, threads};

use super::diary::Diary;
use super::dice::Dice;
use super::verdict::is_in;

/// Sends without an end that a device has at most: some are always on the wire.
const MAX_OPEN: usize = 32;

/// Sends at once.
const MAX_BURST: u64 = 6;

/// How soon a device sees that it shall do something else.
const TICK: Duration = Duration::from_millis(10);

/// How long leaving may take.
const GOODBYE: Duration = Duration::from_secs(10);

/// What all devices are told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// Log in and wait.
    Meet,
    /// Send and receive.
    Talk,
    /// Send nothing new; say when everything has an end.
    Fall,
    /// Say when everything was shown.
    Catch,
    /// Say goodbye.
    Leave,
}

/// What devices and the drill have in common.
#[derive(Debug)]
pub struct Shared {
    phase: AtomicU8,
    /// The last id of each room that somebody was given.
    pub ends: Mutex<BTreeMap<RoomId, u64>>,
    pub n_acknowledged: AtomicU64,
    pub n_postponed: AtomicU64,
    pub n_shown: AtomicU64,
    pub news: Sender<News>,
    /// Rings when a burst is on its way.
    pub burst: Sender<()>,
}

/// What a device tells the drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum News {
    LoggedIn(usize),
    /// Everything it sent has an end.
    Silent(usize),
    /// It was shown everything.
    CaughtUp(usize),
}

impl Shared {
    pub fn new(news: Sender<News>, burst: Sender<()>) -> Self {
        Self {
            phase: AtomicU8::new(Phase::Meet as u8),
            ends: Mutex::default(),
            n_acknowledged: AtomicU64::new(0),
            n_postponed: AtomicU64::new(0),
            n_shown: AtomicU64::new(0),
            news,
            burst,
        }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as u8
    }
}

/// Who a device is and whom it talks to.
#[derive(Debug)]
pub struct Part {
    pub number: usize,
    pub account: UserId,
    pub others: Vec<UserId>,
    /// Where it finds the server.
    pub address: String,
    pub dice: Dice,
}

pub fn start(part: Part, shared: &Arc<Shared>) -> JoinHandle<Diary> {
    let shared = Arc::clone(shared);
    threads::spawn(format!("device-{}", part.number), move || Talker::new(part, shared).run())
        .unwrap()
}

struct Talker {
    part: Part,
    shared: Arc<Shared>,
    client: Client,
    updates: Updates,
    diary: Diary,
    n_said: usize,
    next_burst: Instant,
    /// The last news of this phase is told.
    told: Option<Phase>,
}

impl Talker {
    fn new(part: Part, shared: Arc<Shared>) -> Self {
        let device = format!("device {}", part.number);
        let mut config = Config::new(part.address.clone(), "drill/1");
        config.device = Name::new(&device);
        let (client, updates) = Client::start(config).unwrap();
        client.login(Who::Id(part.account), Password::new("secret").unwrap()).unwrap();
        let diary = Diary::new(part.account, &device);
        let next_burst = clock::now();
        Self { part, shared, client, updates, diary, n_said: 0, next_burst, told: None }
    }

    fn run(mut self) -> Diary {
        while !self.shared.is(Phase::Leave) {
            if self.shared.is(Phase::Talk) && clock::now() >= self.next_burst {
                self.talk();
            }
            self.tell_phase();
            let patience = self.next_burst.saturating_duration_since(clock::now());
            if let Ok(update) = self.updates.next(patience.clamp(Duration::from_micros(50), TICK)) {
                self.hear(&update);
            }
        }
        self.leave()
    }

    fn hear(&mut self, update: &Update) {
        self.diary.hear(update);
        match update {
            Update::LoggedIn { .. } => {
                // Whoever comes back has something to say at once.
                self.next_burst = clock::now();
                self.shared.news.send(News::LoggedIn(self.part.number)).unwrap();
            }
            Update::Sent { room, id, .. } => {
                let mut ends = self.shared.ends.lock().unwrap();
                let end = ends.entry(*room).or_default();
                *end = id.0.max(*end);
                self.shared.n_acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Update::NotSent { .. } => {
                self.shared.n_postponed.fetch_add(1, Ordering::Relaxed);
            }
            Update::Said(_) => {
                self.shared.n_shown.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    fn talk(&mut self) {
        self.next_burst = clock::now() + self.part.dice.micros(2_000..60_000);
        for _ in 0..self.part.dice.below(1..MAX_BURST + 1) {
            if self.diary.n_open >= MAX_OPEN {
                break;
            }
            self.say();
        }
        // It may ring already.
        self.shared.burst.try_send(()).ok();
    }

    fn say(&mut self) {
        self.n_said += 1;
        let dice = &mut self.part.dice;
        let to = match dice.below(0..3) {
            0 => Some(self.part.others[dice.below(0..self.part.others.len() as u64) as usize]),
            _ => None,
        };
        let length = if dice.below(0..20) == 0 { dice.below(0..7_000) } else { dice.below(0..80) };
        let filling = "x".repeat(length as usize);
        let text = format!("{} says {} {filling}", self.diary.device, self.n_said);
        let reference = self.client.send(to, Text::new(&text).unwrap()).unwrap();
        self.diary.say(reference.as_str(), &text);
    }

    /// Says once for each phase that it is done.
    fn tell_phase(&mut self) {
        let number = self.part.number;
        let (phase, news) = if self.shared.is(Phase::Fall) && self.diary.n_open == 0 {
            (Phase::Fall, News::Silent(number))
        } else if self.shared.is(Phase::Catch) && self.has_all() {
            (Phase::Catch, News::CaughtUp(number))
        } else {
            return;
        };
        if self.told != Some(phase) {
            self.told = Some(phase);
            self.shared.news.send(news).unwrap();
        }
    }

    fn has_all(&self) -> bool {
        let ends = self.shared.ends.lock().unwrap();
        let mut mine = ends.iter().filter(|(room, _)| is_in(self.part.account, **room));
        mine.all(|(room, end)| self.diary.last(*room) >= *end)
    }

    fn leave(mut self) -> Diary {
        let client = self.client;
        let closing = threads::spawn("closing", move || client.close(GOODBYE)).unwrap();
        loop {
            match self.updates.next(GOODBYE) {
                Ok(update) => self.diary.hear(&update),
                Err(Quiet::ForGood) => break,
                Err(Quiet::Yet) => {
                    self.diary.odd.push("leaving took too long".to_owned());
                    break;
                }
            }
        }
        if closing.join().unwrap().is_none_or(|unsent| unsent.len() != self.diary.n_open) {
            self.diary.odd.push("the library left with other sends open".to_owned());
        }
        self.diary
    }
}
