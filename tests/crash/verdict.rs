//! Holds the diaries against the store, when everything has come to rest. Strict: every device
//! was there before the first message, so it must have been shown every one of others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use hubbub::dao::Store;
use hubbub::protocol::{Message, MessageId, RoomId, UserId};

use super::diary::{Diary, TextHash, hash};
use super::rooms::RoomDiary;

/// Messages read at once.
const PAGE: usize = 1_000;

/// Violations of one kind that are told in full.
const EXAMPLES: usize = 5;

/// What was promised and not kept, by kind.
#[derive(Debug, Default)]
pub struct Verdict {
    pub n_stored: usize,
    pub n_sent: usize,
    pub n_acknowledged: usize,
    pub n_shown: usize,
    violations: BTreeMap<&'static str, Vec<String>>,
}

/// A message of the store.
struct Stored {
    id: u64,
    sender: UserId,
    reference: String,
    text: TextHash,
}

type Rooms = BTreeMap<RoomId, Vec<Stored>>;

/// Everything that the store has, against everything that the devices saw.
/// Strangers keep no diary: what they say must be shown, too.
pub fn judge(store: &dyn Store, diaries: &[Diary], strangers: &[UserId]) -> Verdict {
    let accounts: Vec<_> = diaries.iter().map(|diary| diary.account).collect();
    let rooms = read(store, &accounts);
    let mut verdict = Verdict::default();
    verdict.judge_store(&rooms, diaries, strangers);
    for diary in diaries {
        verdict.judge_sends(diary, &rooms);
        verdict.judge_shown(diary, &rooms);
        for odd in &diary.odd {
            verdict.add("odd answers", format!("{}: {odd}", name(diary)));
        }
    }
    verdict
}

impl Verdict {
    pub fn is_kept(&self) -> bool {
        self.violations.is_empty()
    }

    /// What was done in rooms holds, and nobody was told who should not be.
    pub fn judge_rooms(&mut self, diary: &RoomDiary, store: &dyn Store) {
        diary.judge(store).into_iter().for_each(|wrong| self.add("rooms", wrong));
    }

    fn add(&mut self, kind: &'static str, example: String) {
        self.violations.entry(kind).or_default().push(example);
    }

    /// Ids increase; nothing is there twice; nothing is there that nobody sent.
    fn judge_store(&mut self, rooms: &Rooms, diaries: &[Diary], strangers: &[UserId]) {
        let sent: HashMap<_, _> = diaries
            .iter()
            .flat_map(|diary| diary.sent.iter().map(move |(key, sent)| (key, (diary, sent))))
            .collect();
        let (mut references, mut texts) = (HashSet::new(), HashSet::new());
        for (room, stored) in rooms {
            self.n_stored += stored.len();
            let mut before = 0;
            for message in stored {
                let (id, sender) = (message.id, message.sender);
                let at = format!("{id} of {room}, {} of {sender}", message.reference);
                if message.id <= std::mem::replace(&mut before, message.id) {
                    self.add("stored out of order", at.clone());
                }
                if !references.insert(&message.reference) {
                    self.add("one send, two ids", at.clone());
                }
                if !texts.insert(message.text) {
                    self.add("stored twice", at.clone());
                }
                match sent.get(&message.reference) {
                    Some((diary, sent))
                        if diary.account == message.sender && sent.text == message.text => {}
                    None if strangers.contains(&message.sender) => {}
                    _ => self.add("stored and never sent", at),
                }
            }
        }
    }

    /// What was acknowledged is stored, there and so.
    fn judge_sends(&mut self, diary: &Diary, rooms: &Rooms) {
        self.n_sent += diary.sent.len();
        for (reference, sent) in &diary.sent {
            let Some((room, id)) = sent.place else {
                self.add("never acknowledged", format!("{}: {reference}", name(diary)));
                continue;
            };
            self.n_acknowledged += 1;
            let is_there = find(rooms, room, id.0)
                .is_some_and(|stored| stored.reference == *reference && stored.text == sent.text);
            if !is_there {
                let what = format!("{}: {reference} at {} of {room}", name(diary), id.0);
                self.add("acknowledged and not stored", what);
            }
        }
    }

    /// What was shown is stored; everything of others was shown, once, in order.
    fn judge_shown(&mut self, diary: &Diary, rooms: &Rooms) {
        for (room, shown) in &diary.shown {
            self.n_shown += shown.len();
            let mut before = 0;
            for one in shown {
                let at = format!("{}: {} of {room}", name(diary), one.id);
                if one.id <= before {
                    self.add("shown again or out of order", format!("{at} after {before}"));
                }
                before = before.max(one.id);
                match find(rooms, *room, one.id) {
                    Some(stored) if stored.text == one.text && stored.sender == one.sender => {
                        if diary.sent.contains_key(&stored.reference) {
                            self.add("one's own shown as news", at);
                        }
                    }
                    _ => self.add("shown and not stored", at),
                }
            }
        }
        for (room, stored) in rooms.iter().filter(|(room, _)| is_in(diary.account, **room)) {
            let shown = diary.shown.get(room).map_or(&[][..], Vec::as_slice);
            let shown: HashSet<_> = shown.iter().map(|one| one.id).collect();
            for message in stored.iter().filter(|m| !diary.sent.contains_key(&m.reference)) {
                if !shown.contains(&message.id) {
                    let what = format!("{}: {} of {room}", name(diary), message.id);
                    self.add("stored and never shown", what);
                }
            }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "messages sent {}, acknowledged {}, stored {}; deliveries checked {}",
            self.n_sent, self.n_acknowledged, self.n_stored, self.n_shown
        )?;
        if self.is_kept() {
            return write!(f, "every promise was kept");
        }
        for (kind, examples) in &self.violations {
            writeln!(f, "VIOLATED: {kind}: {} times", examples.len())?;
            examples.iter().take(EXAMPLES).try_for_each(|example| writeln!(f, "  {example}"))?;
        }
        Ok(())
    }
}

pub fn is_in(account: UserId, room: RoomId) -> bool {
    room == RoomId::Lobby || room.other(account).is_some()
}

fn name(diary: &Diary) -> String {
    format!("{} on {}", diary.account, diary.device)
}

fn find(rooms: &Rooms, room: RoomId, id: u64) -> Option<&Stored> {
    let stored = rooms.get(&room)?;
    stored.binary_search_by_key(&id, |message| message.id).ok().map(|at| &stored[at])
}

fn read(store: &dyn Store, accounts: &[UserId]) -> Rooms {
    let mut rooms = Rooms::from([(RoomId::Lobby, read_room(store, RoomId::Lobby))]);
    for a in accounts {
        for b in accounts {
            let room = RoomId::pair(*a, *b);
            rooms.entry(room).or_insert_with(|| read_room(store, room));
        }
    }
    rooms
}

fn read_room(store: &dyn Store, room: RoomId) -> Vec<Stored> {
    let stored = |message: &Message| Stored {
        id: message.id.0,
        sender: message.sender,
        reference: message.reference.as_str().to_owned(),
        text: hash(message.text.as_str()),
    };
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let after = all.last().map_or(0, |last| last.id);
        let page = store.page(room, MessageId(after), PAGE).unwrap();
        all.extend(page.iter().map(stored));
        if page.len() < PAGE {
            return all;
        }
    }
}
