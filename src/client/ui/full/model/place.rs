//! One place where people talk: what was said there, how far it was read, where one looks.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::client::Said;
use crate::protocol::{MessageId, Millis, RoomId, UserId};

/// Entries of one place, at most; the oldest go first, and can be had again from the server.
const MAX_ENTRIES: usize = 20_000;

/// How far back to look whether somebody has spoken lately, in entries.
const LATELY: usize = 200;

/// Names of those who write that are remembered, at most: more are not shown.
const MAX_TYPING: usize = 4;

/// What stands in a place, from the oldest to the newest.
#[derive(Clone, Debug)]
pub(in super::super) struct Entry {
    /// Names it in this run.
    pub(in super::super) key: u64,
    pub(in super::super) time: Millis,
    pub(in super::super) what: What,
}

#[derive(Clone, Debug)]
pub(in super::super) enum What {
    Said(Words),
    /// Told by this program, in words that are clean.
    Notice {
        text: String,
        is_bad: bool,
    },
    /// Who came and who left, folded into one line.
    Noise {
        came: Vec<Arc<str>>,
        left: Vec<Arc<str>>,
    },
}

/// Something that somebody said.
#[derive(Clone, Debug)]
pub(in super::super) struct Words {
    /// None as long as it is not stored.
    pub(in super::super) id: Option<MessageId>,
    pub(in super::super) sender: UserId,
    pub(in super::super) name: Arc<str>,
    pub(in super::super) text: Arc<str>,
    pub(in super::super) is_mention: bool,
    /// The message that it answers.
    pub(in super::super) reply_to: Option<MessageId>,
    pub(in super::super) is_edited: bool,
    /// Taken back: there is no text any more.
    pub(in super::super) is_deleted: bool,
    pub(in super::super) reactions: Vec<Reacted>,
    pub(in super::super) state: State,
}

/// With what people react to a message.
#[derive(Clone, Debug)]
pub(in super::super) struct Reacted {
    /// Clean.
    pub(in super::super) emoji: String,
    pub(in super::super) count: u64,
    /// Some of them.
    pub(in super::super) by: Vec<UserId>,
}

/// How far one's own words have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum State {
    /// On the way.
    Waiting,
    /// Refused for the time being; sent again by itself.
    Later(String),
    /// The server has it; whether the other one has it, too, the place knows.
    Stored,
    /// The server does not want it; in words.
    Refused(String),
}

/// What is known of the time before the first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Past {
    /// Nothing was asked.
    Unknown,
    /// There is more at the server.
    More,
    /// There is nothing more, or nothing that one may read.
    Whole,
}

/// The lowest line that is shown: of this entry, with so many lines of it cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Anchor {
    pub(in super::super) key: u64,
    pub(in super::super) cut: usize,
}

/// Somebody in a named room.
#[derive(Clone, Debug)]
pub(in super::super) struct Present {
    pub(in super::super) name: Arc<str>,
    pub(in super::super) is_online: bool,
}

#[derive(Debug)]
pub(in super::super) struct Place {
    pub(in super::super) id: RoomId,
    /// Clean, for people: `#rust`, or whom one talks with.
    pub(in super::super) name: String,
    /// Clean.
    pub(in super::super) topic: String,
    pub(in super::super) entries: VecDeque<Entry>,
    pub(in super::super) past: Past,
    /// Read by oneself, on any device.
    pub(in super::super) read: MessageId,
    pub(in super::super) n_unread: usize,
    pub(in super::super) n_mentions: usize,
    /// The last message that was read before one came here.
    pub(in super::super) marker: Option<MessageId>,
    /// Of the other one of a private room.
    pub(in super::super) delivered: MessageId,
    pub(in super::super) peer_read: MessageId,
    /// None: the newest is shown.
    pub(in super::super) anchor: Option<Anchor>,
    /// Of a named room, as far as it is known.
    pub(in super::super) members: BTreeMap<UserId, Present>,
    pub(in super::super) knows_members: bool,
    /// Who writes something here, until then.
    pub(in super::super) typing: Vec<(UserId, String, Millis)>,
    /// What was begun here and not sent.
    pub(in super::super) draft: String,
}

impl Place {
    pub(in super::super) fn new(id: RoomId, name: String) -> Self {
        Self {
            id,
            name,
            topic: String::new(),
            entries: VecDeque::new(),
            past: Past::Unknown,
            read: MessageId(0),
            n_unread: 0,
            n_mentions: 0,
            marker: None,
            delivered: MessageId(0),
            peer_read: MessageId(0),
            anchor: None,
            members: BTreeMap::new(),
            knows_members: false,
            typing: Vec::new(),
            draft: String::new(),
        }
    }

    /// Two persons alone.
    pub(in super::super) fn is_private(&self) -> bool {
        matches!(self.id, RoomId::Pair(..))
    }

    /// The order of the list: the lobby, rooms, people.
    pub(in super::super) fn rank(&self) -> (u8, String) {
        let kind = match self.id {
            RoomId::Lobby => 0,
            RoomId::Named(_) => 1,
            RoomId::Pair(..) => 2,
        };
        (kind, self.name.to_lowercase())
    }

    /// Adds something said, in the order of ids. `false`: it was here already.
    pub(in super::super) fn add(
        &mut self,
        key: u64,
        said: &Said,
        me: UserId,
        mentions: bool,
    ) -> bool {
        let words = Words {
            id: Some(said.id),
            sender: said.sender,
            name: said.name.as_str().into(),
            text: said.text.as_str().into(),
            is_mention: mentions && said.sender != me,
            reply_to: said.reply_to,
            is_edited: said.edited.is_some(),
            is_deleted: said.is_deleted,
            reactions: super::changed::reacted(&said.reactions),
            state: State::Stored,
        };
        self.typing.retain(|(who, ..)| *who != said.sender);
        let is_new = said.id > self.read && said.sender != me;
        let entry = Entry { key, time: said.time, what: What::Said(words) };
        if !self.insert(said.id, entry) {
            return false;
        }
        if is_new {
            self.n_unread += 1;
            self.n_mentions += usize::from(mentions);
        }
        true
    }

    /// At its place among the others; what is not yet stored stays below.
    fn insert(&mut self, id: MessageId, entry: Entry) -> bool {
        let at = match self.newest() {
            Some(newest) if newest >= id => {
                let ids = self.entries.iter().enumerate().rev();
                let ids = ids.filter_map(|(at, entry)| Some((at, entry.id()?)));
                let mut at = 0;
                for (place, other) in ids {
                    match other.cmp(&id) {
                        Ordering::Equal => return false,
                        Ordering::Less => break,
                        Ordering::Greater => at = place,
                    }
                }
                at
            }
            _ => {
                let waiting = self.entries.iter().rev().take_while(|entry| entry.is_waiting());
                self.entries.len() - waiting.count()
            }
        };
        self.entries.insert(at, entry);
        if self.entries.len() > MAX_ENTRIES && self.anchor.is_none() {
            self.entries.pop_front();
            self.past = Past::More;
        }
        true
    }

    /// Adds what has no place of its own: below everything.
    pub(in super::super) fn push(&mut self, entry: Entry) {
        if self.entries.len() >= MAX_ENTRIES && self.anchor.is_none() {
            self.entries.pop_front();
            self.past = Past::More;
        }
        self.entries.push_back(entry);
    }

    /// An own message has a place now.
    pub(in super::super) fn stored(&mut self, key: u64, id: MessageId, time: Millis) {
        let Some(at) = self.entries.iter().rposition(|entry| entry.key == key) else { return };
        let Some(mut entry) = self.entries.remove(at) else { return };
        entry.time = time;
        if let What::Said(words) = &mut entry.what {
            (words.id, words.state) = (Some(id), State::Stored);
        }
        // Where it is here already, another device's copy came first.
        self.insert(id, entry);
    }

    /// An own message did not come further than this.
    pub(in super::super) fn held_up(&mut self, key: u64, state: State) {
        let entry = self.entries.iter_mut().rev().find(|entry| entry.key == key);
        if let Some(Entry { what: What::Said(words), .. }) = entry {
            words.state = state;
        }
    }

    /// Takes out what was refused, oldest first.
    pub(in super::super) fn take_refused(&mut self) -> Vec<Words> {
        let is_refused = |entry: &Entry| {
            entry.words().is_some_and(|words| matches!(words.state, State::Refused(_)))
        };
        let refused = self.entries.iter().filter(|entry| is_refused(entry));
        let words = refused.filter_map(|entry| entry.words().cloned()).collect();
        self.entries.retain(|entry| !is_refused(entry));
        words
    }

    /// Takes out one's own words that are not stored.
    pub(super) fn take_unstored(&mut self, key: u64) -> Option<Words> {
        let at = self.position(key)?;
        let entry = self.entries.get(at).filter(|entry| entry.is_waiting())?;
        let words = entry.words().cloned();
        self.entries.remove(at);
        words
    }

    /// Somebody came or left. Who has not spoken here lately makes no line.
    pub(in super::super) fn noise(
        &mut self,
        key: u64,
        time: Millis,
        who: (UserId, &Arc<str>),
        came: bool,
    ) {
        let lately = self.entries.iter().rev().take(LATELY);
        if !lately.filter_map(Entry::words).any(|words| words.sender == who.0) {
            return;
        }
        let folded = self.entries.back_mut().map(|entry| &mut entry.what);
        let Some(What::Noise { came: all_came, left: all_left }) = folded else {
            let what = What::Noise { came: Vec::new(), left: Vec::new() };
            self.push(Entry { key, time, what });
            return self.noise(key, time, who, came);
        };
        let (to, from) = if came { (all_came, all_left) } else { (all_left, all_came) };
        from.retain(|name| name != who.1);
        if !to.contains(who.1) {
            to.push(Arc::clone(who.1));
        }
    }

    /// The newest id here.
    pub(in super::super) fn newest(&self) -> Option<MessageId> {
        self.entries.iter().rev().find_map(Entry::id)
    }

    pub(in super::super) fn oldest(&self) -> Option<MessageId> {
        self.entries.iter().find_map(Entry::id)
    }

    /// Somebody writes something here.
    pub(in super::super) fn types(&mut self, who: UserId, name: String, until: Millis) {
        self.typing.retain(|(other, ..)| *other != who);
        if self.typing.len() < MAX_TYPING {
            self.typing.push((who, name, until));
        }
    }

    /// Everything here is read. `Some`: up to this id, which is news.
    pub(in super::super) fn read_all(&mut self) -> Option<MessageId> {
        (self.n_unread, self.n_mentions) = (0, 0);
        let newest = self.newest().filter(|newest| *newest > self.read)?;
        self.read = newest;
        Some(newest)
    }

    /// Read up to here, perhaps on another device.
    pub(in super::super) fn read_to(&mut self, up_to: MessageId, me: UserId) {
        if up_to <= self.read {
            return;
        }
        self.read = up_to;
        let unread = self.entries.iter().rev().filter_map(Entry::words);
        let unread = unread.take_while(|words| words.id.is_none_or(|id| id > up_to));
        let unread = unread.filter(|words| words.sender != me);
        let (n_unread, n_mentions) =
            unread.fold((0, 0), |(n, m), words| (n + 1, m + usize::from(words.is_mention)));
        (self.n_unread, self.n_mentions) = (n_unread, n_mentions);
    }

    /// How urgent it is: 0 nothing, 1 messages, 2 for oneself alone, 3 one's name.
    pub(in super::super) fn level(&self) -> u8 {
        match (self.n_unread, self.n_mentions) {
            (0, _) => 0,
            (_, 1..) => 3,
            _ if self.is_private() => 2,
            _ => 1,
        }
    }

    /// So many are not sent between what is here and what comes next: it is had again by looking
    /// back, so what is here goes.
    pub(in super::super) fn skip(&mut self) {
        self.entries.retain(|entry| entry.is_waiting());
        (self.past, self.anchor) = (Past::More, None);
    }

    pub(in super::super) fn position(&self, key: u64) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.key == key)
    }
}

impl Entry {
    pub(in super::super) fn words(&self) -> Option<&Words> {
        match &self.what {
            What::Said(words) => Some(words),
            _ => None,
        }
    }

    pub(super) fn words_mut(&mut self) -> Option<&mut Words> {
        match &mut self.what {
            What::Said(words) => Some(words),
            _ => None,
        }
    }

    pub(in super::super) fn id(&self) -> Option<MessageId> {
        self.words().and_then(|words| words.id)
    }

    fn is_waiting(&self) -> bool {
        self.words().is_some_and(|words| words.id.is_none())
    }
}
