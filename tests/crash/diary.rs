//! What one device said, was told and was shown: the evidence that the store is held against.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use hubbub::client::{Said, Update};
use hubbub::protocol::{MessageId, RoomId, UserId};

/// Texts are kept by their hash: a long drill has millions of them.
pub type TextHash = u64;

pub fn hash(text: &str) -> TextHash {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// One device's, in the order in which it happened.
#[derive(Clone, Debug)]
pub struct Diary {
    pub account: UserId,
    pub device: String,
    pub shown: BTreeMap<RoomId, Vec<Shown>>,
    /// By reference.
    pub sent: HashMap<String, Sent>,
    /// What should not have been told.
    pub odd: Vec<String>,
    /// Sends without an end.
    pub n_open: usize,
    /// Logged in so often.
    pub n_logins: usize,
    own_last: BTreeMap<RoomId, u64>,
}

/// A message of others, or of the account's other device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: u64,
    pub sender: UserId,
    pub text: TextHash,
}

/// A send; acknowledged when it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub text: TextHash,
    pub place: Option<(RoomId, MessageId)>,
}

impl Diary {
    pub fn new(account: UserId, device: &str) -> Self {
        Self {
            account,
            device: device.to_owned(),
            shown: BTreeMap::new(),
            sent: HashMap::new(),
            odd: Vec::new(),
            n_open: 0,
            n_logins: 0,
            own_last: BTreeMap::new(),
        }
    }

    /// Something was given to the library to send.
    pub fn say(&mut self, reference: &str, text: &str) {
        self.n_open += 1;
        let sent = Sent { text: hash(text), place: None };
        if self.sent.insert(reference.to_owned(), sent).is_some() {
            self.odd.push(format!("the reference {reference} was given out twice"));
        }
    }

    /// The library tells something.
    pub fn hear(&mut self, update: &Update) {
        match update {
            Update::Said(said) => self.show(said),
            Update::Sent { reference, id, room, .. } => {
                self.acknowledge(reference.as_str(), *room, *id);
            }
            Update::NotSent { unsent, why, will_retry: false } => {
                self.n_open -= 1;
                let reference = unsent.reference.as_str();
                self.odd.push(format!("{reference} was refused for good: {}", why.code));
            }
            Update::LoggedIn { .. } => self.n_logins += 1,
            Update::Refused { what, why } => {
                self.odd.push(format!("{what:?} was refused: {}", why.code));
            }
            Update::Skipped { room, count } => {
                self.odd.push(format!("{count} messages of {room} were skipped"));
            }
            _ => {}
        }
    }

    /// The last id of a room that this device was shown or given.
    pub fn last(&self, room: RoomId) -> u64 {
        let shown = self.shown.get(&room).and_then(|shown| shown.last()).map_or(0, |last| last.id);
        shown.max(self.own_last.get(&room).copied().unwrap_or(0))
    }

    fn show(&mut self, said: &Said) {
        let shown = Shown { id: said.id.0, sender: said.sender, text: hash(&said.text) };
        self.shown.entry(said.room).or_default().push(shown);
    }

    fn acknowledge(&mut self, reference: &str, room: RoomId, id: MessageId) {
        let Some(sent) = self.sent.get_mut(reference) else {
            return self.odd.push(format!("{reference} was acknowledged and never sent"));
        };
        if let Some(before) = sent.place.replace((room, id)) {
            self.odd.push(format!("{reference} was acknowledged at {before:?} and at {id:?}"));
        } else {
            self.n_open -= 1;
        }
        let last = self.own_last.entry(room).or_default();
        *last = id.0.max(*last);
    }
}
