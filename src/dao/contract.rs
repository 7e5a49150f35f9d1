//! What every store agrees on, said once: numbers, fingerprints of texts, and what a repeated
//! reference means. The contract suite (`tests/stores.rs`) holds the stores to the rest.

use std::sync::Arc;

use blake2::{Blake2b128, Digest};

use super::{Identity, StoreError, Written};
use crate::protocol::{
    About, Append, ErrorCode, Message, MessageId, Millis, RoomId, RoomNo, UserId,
};

/// The first id that a store gives by itself. Below it is room for the ids that people choose
/// (the course's examples are 100 and 200), so the two seldom meet.
pub(super) const FIRST_USER: UserId = UserId(10_001);

/// Guests count downwards from here.
pub(super) const FIRST_GUEST: UserId = UserId(-1);

/// Rooms are numbered upwards from here.
pub(super) const FIRST_ROOM: RoomNo = RoomNo(1);

/// Devices of one account. More programs than anybody has; without a bound a client that makes
/// up a new name at every login would fill the store.
pub(super) const MAX_DEVICES: usize = 64;

/// Tokens of one account: one for each device it can have.
pub(super) const MAX_TOKENS: usize = MAX_DEVICES;

/// Accounts that one account ignores: more than anybody has quarrels, and few enough to be looked
/// through at each login.
pub(super) const MAX_IGNORED: usize = 500;

/// People who wait to be let in: more than an operator looks through, and 1 MB at most.
pub(super) const MAX_WAITING: usize = 1_000;

/// Why a store takes no import.
pub(super) const NOT_EMPTY: &str = "holds something already, and an import takes an empty store";

/// Accounts of one name that are listed: enough to choose from, and nobody can make a long
/// answer by registering one name often.
pub(super) const MAX_NAMED: usize = 20;

/// The fingerprint of a text. A reference is kept longer than its message may be, and what was
/// said should not be.
pub(super) type TextDigest = [u8; 16];

/// What is remembered of a message by its reference.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: MessageId,
    pub(super) time: Millis,
    pub(super) digest: TextDigest,
    pub(super) nonce: u64,
}

impl Kept {
    /// For a message that is stored now, under this id.
    pub(super) fn new(append: &Append, id: MessageId) -> Self {
        Self { id, time: append.time, digest: digest(append), nonce: append.nonce }
    }

    /// The answer to an append whose reference led here.
    pub(super) fn answer(&self, append: &Append) -> Written {
        if self.digest != digest(append) {
            return Written::Refused(ErrorCode::ReferenceReused);
        }
        // The same nonce means an attempt of our own that was stored without our knowing:
        // nobody has been shown it yet.
        stored(append, self.id, self.time, self.nonce == append.nonce)
    }
}

/// The answer to an append that is in the store.
pub(super) fn stored(append: &Append, id: MessageId, time: Millis, fresh: bool) -> Written {
    Written::Stored { message: Arc::new(message(append, id, time)), fresh }
}

/// An append as the message it became.
pub(super) fn message(append: &Append, id: MessageId, time: Millis) -> Message {
    Message {
        id,
        room: append.room,
        sender: append.sender,
        name: Arc::clone(&append.name),
        time,
        text: append.text.clone(),
        reference: append.reference.clone(),
        about: append.about,
    }
}

/// What stands in a room, in order, each with its id; `None` is what cannot be read.
pub(super) type Found = Vec<(MessageId, Option<Message>)>;

/// A page of a room. What cannot be read, because somebody changed it by hand, is left out with a
/// line in the log, and more is read in its place: a page that is not full is a room's end.
pub(super) fn page(
    room: RoomId,
    after: MessageId,
    limit: usize,
    read: impl Fn(MessageId, usize) -> Result<Found, StoreError>,
) -> Result<Vec<Message>, StoreError> {
    let (mut page, mut unreadable, mut after) = (Vec::new(), Vec::new(), after);
    loop {
        let missing = limit - page.len();
        let found = read(after, missing)?;
        let is_end = found.len() < missing;
        after = found.last().map_or(after, |(newest, _)| *newest);
        for (id, message) in found {
            match message {
                Some(message) => page.push(message),
                None => unreadable.push(id),
            }
        }
        if is_end || page.len() >= limit {
            break;
        }
    }
    if let Some(first) = unreadable.first() {
        let n = unreadable.len();
        log::warn!("{room}: {n} messages from {} on cannot be read; see `verify`", first.0);
    }
    Ok(page)
}

/// The fingerprint by which a repeated text is known again, and what it is about. No text holds
/// a NUL, so the two cannot be taken for another text.
pub(super) fn digest(append: &Append) -> TextDigest {
    let mut digest = Blake2b128::new_with_prefix(append.text.as_str());
    if let Some(About { id, what }) = append.about {
        digest.update(format!("\0{} {}", what.name(), id.0));
    }
    digest.finalize().into()
}

/// Whether a batch is out of which nobody knows what became: until its repeat is answered, a
/// store that cannot be reached is no proof that nothing was done.
#[derive(Debug, Default)]
pub(super) struct Doubt(bool);

impl Doubt {
    /// The batch at hand may be a repeat of one that was done.
    pub(super) fn is_open(&self) -> bool {
        self.0
    }

    /// Takes note of how a commit ended, and tells it as it is for the whole of its attempts.
    pub(super) fn settle<T>(&mut self, ended: Result<T, StoreError>) -> Result<T, StoreError> {
        let ended = match ended {
            Err(StoreError::Unavailable(why)) if self.0 => Err(StoreError::Unknown(why)),
            ended => ended,
        };
        // Another store does not know what became of it in this one.
        let is_over = matches!(ended, Err(StoreError::Replaced(_) | StoreError::Newer { .. }));
        self.0 = matches!(ended, Err(StoreError::Unknown(_))) || (self.0 && is_over);
        ended
    }
}

/// A new store's identity.
///
/// # Errors
/// [`StoreError::Unavailable`] when the kernel gives no random bytes.
pub(super) fn new_identity() -> Result<Identity, StoreError> {
    let mut epoch = [0; 8];
    let mut key = [0; 32];
    for bytes in [epoch.as_mut_slice(), key.as_mut_slice()] {
        getrandom::fill(bytes)
            .map_err(|error| StoreError::Unavailable(format!("no random numbers: {error}")))?;
    }
    Ok(Identity { epoch: hex(&epoch).into(), key })
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads what [`hex`] wrote. `None`: other digits, or too many or too few.
pub(super) fn unhex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect::<Option<Vec<_>>>()?.try_into().ok()
}
