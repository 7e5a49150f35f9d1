//! Asking the hub for something: whom it is about, and how much one session may ask at a time.

use std::time::{Duration, Instant};

use super::{Identity, Mark, Session};
use crate::clock;
use crate::dao::StoreError;
use crate::limits;
use crate::protocol::{
    Act, Command, ErrorCode, Event, MessageId, Reference, Refusal, RoomId, RoomRef, Text, To,
    UserId, What, Which, Who,
};

/// How long it is remembered that an account exists.
const KNOWN_TIME: Duration = Duration::from_secs(10);

/// Messages that a search counts as: it may read for 0.3 s, so two of them a second.
const SEARCH_COST: usize = 10;

/// Accounts that are remembered.
const MAX_KNOWN: usize = 16;

/// Accounts that existed a moment ago, so that a conversation does not ask the store for each
/// message.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<(UserId, Instant)>);

impl Known {
    pub(super) fn contains(&mut self, id: UserId) -> bool {
        let now = clock::now();
        self.0.retain(|(_, until)| *until > now);
        self.0.iter().any(|(known, _)| *known == id)
    }

    pub(super) fn add(&mut self, id: UserId) {
        if self.0.len() < MAX_KNOWN {
            self.0.push((id, clock::now() + KNOWN_TIME));
        }
    }
}

impl Session<'_> {
    pub(super) fn send(
        &mut self,
        to: &To,
        text: Text,
        (reference, about): (Option<Reference>, Option<(What, Which)>),
    ) {
        if reference.as_ref().is_some_and(Reference::is_of_server) {
            // It would never hear what became of it.
            return self.refuse(ErrorCode::BadRequest);
        }
        let found = self.room_of(to, about.is_some()).and_then(|room| {
            // What one has said there can be taken back all the same.
            if !about.is_some_and(|(what, _)| what == What::Delete) {
                self.check_taken(room)?;
            }
            let about = about.map(|about| self.target(room, about, &text)).transpose()?;
            Ok((room, about))
        });
        let (room, about) = match found {
            Ok(found) => found,
            Err(refusal) => return self.tell(&Event::Refused(Refusal { reference, ..refusal })),
        };
        match self.reserve(text.as_str().len()) {
            Ok(()) => self.acts.push(Act::Send { room, text, reference, about }),
            Err(code) => self.tell(&Event::Refused(Refusal { reference, code, detail: None })),
        }
    }

    /// Who is in a private room is said by its key only where it has been talked in.
    pub(super) fn room_of(&mut self, to: &To, is_about: bool) -> Result<RoomId, Refusal> {
        match (&self.who, to) {
            (Identity::Nobody, _) => Err(Refusal::of(ErrorCode::NotLoggedIn)),
            (_, To::Lobby) => Ok(RoomId::Lobby),
            (Identity::Account(me), To::Room(RoomRef::Id(pair @ RoomId::Pair(..))))
                if is_about && pair.other(*me).is_some() =>
            {
                Ok(*pair)
            }
            (_, To::Room(room)) => self.place(room),
            (Identity::Guest, To::One(_)) => Err(Refusal::of(ErrorCode::AccountNeeded)),
            (&Identity::Account(me), To::One(who)) => Ok(RoomId::pair(me, self.resolve(who)?)),
        }
    }

    /// The account that is meant. Blocks on the store, in this session's own thread.
    pub(super) fn resolve(&mut self, who: &Who) -> Result<UserId, Refusal> {
        let unknown = Refusal::of(ErrorCode::UnknownUser);
        match who {
            Who::Id(id) if self.exists(*id).map_err(|error| refusal_of(&error))? => Ok(*id),
            Who::Id(_) => Err(unknown),
            Who::Named(key) => {
                match *self.host.store.named(key).map_err(|error| refusal_of(&error))? {
                    [] => Err(unknown),
                    [only] => Ok(only),
                    ref several => {
                        let ids: Vec<_> = several.iter().map(ToString::to_string).collect();
                        let detail = Some(ids.join(", "));
                        Err(Refusal { reference: None, code: ErrorCode::NameShared, detail })
                    }
                }
            }
        }
    }

    fn exists(&mut self, id: UserId) -> Result<bool, StoreError> {
        if self.known.contains(id) {
            return Ok(true);
        }
        let exists = match self.host.store.account(id) {
            Ok(account) => account.is_some(),
            // Somebody's, though it cannot be read.
            Err(StoreError::Unreadable(_)) => true,
            Err(error) => return Err(error),
        };
        if exists {
            self.known.add(id);
        }
        Ok(exists)
    }

    /// A room of this account's own is taken or read up to an id, at most its last.
    pub(super) fn mark(&mut self, room: RoomId, up_to: MessageId, mark: Mark) {
        let Some(me) = self.account() else { return self.refuse(ErrorCode::NotLoggedIn) };
        if matches!(room, RoomId::Pair(..)) && room.other(me).is_none() {
            return self.refuse(ErrorCode::BadRequest);
        }
        // In private rooms others are told of it, so it must be true.
        let last = match room {
            // The store does not go beyond the last, nor where the account is not.
            RoomId::Lobby | RoomId::Named(_) => Ok(up_to),
            RoomId::Pair(..) => self.host.store.last(room),
        };
        match last {
            Ok(last) => {
                let up_to = up_to.min(last);
                self.ask(match mark {
                    Mark::Received => Act::Received { room, up_to },
                    Mark::Read => Act::Read { room, up_to },
                });
            }
            // The next one says more; until then a message may come again, which does no harm.
            Err(error) => log::debug!("a receipt is passed over: {error}"),
        }
    }

    /// Asks the hub for something that is no send.
    pub(super) fn ask(&mut self, act: Act) {
        if matches!(self.who, Identity::Nobody) {
            return self.refuse(ErrorCode::NotLoggedIn);
        }
        match self.reserve(0) {
            Ok(()) => self.acts.push(act),
            Err(code) => self.refuse(code),
        }
    }

    /// Too fast a sender waits here, in its own thread: nothing is lost. Whatever it asks counts
    /// as one message, a text as one per KiB, one that was said a moment ago and a search as more.
    pub(super) fn slow_down(&mut self, command: &Command) {
        if self.exempt {
            return;
        }
        let mut due = match command {
            Command::Send { text, .. } => {
                let text = text.as_str();
                let cost = self.repeats.cost(text, clock::now());
                usize::try_from(cost).unwrap_or(1) + text.len() / 1024
            }
            Command::Search(_) => SEARCH_COST,
            _ => 1,
        };
        while due > 0 {
            let wait = self.messages.take(clock::now());
            if wait.is_zero() {
                due -= 1;
            } else {
                self.hand_over();
                limits::pause(wait);
            }
        }
    }

    /// A share of the budgets for one act. Waits while the store is slow, so that TCP slows the
    /// sender; says `busy` only when the store has not answered for a while.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), ErrorCode> {
        const ROUND: Duration = Duration::from_millis(500);
        let is_send = bytes > 0;
        if is_send && self.host.health.is_stalled(clock::now()) {
            return Err(ErrorCode::Busy);
        }
        if !self.budget.take(1, Duration::ZERO) {
            // Only what the hub has can finish.
            self.hand_over();
            while !self.budget.take(1, ROUND) {
                if self.host.health.is_stalled(clock::now()) {
                    return Err(ErrorCode::Busy);
                }
            }
        }
        while is_send && !self.host.bytes_in_flight.take(bytes, ROUND) {
            self.hand_over();
            if self.host.health.is_stalled(clock::now()) {
                self.budget.give(1);
                return Err(ErrorCode::Busy);
            }
        }
        Ok(())
    }
}

/// What a session says when its store does not.
pub(super) fn refusal_of(error: &StoreError) -> Refusal {
    log::warn!("{error}");
    Refusal::of(match error {
        StoreError::Unavailable(_) | StoreError::Unknown(_) | StoreError::Replaced(_) => {
            ErrorCode::StoreUnavailable
        }
        StoreError::Refused(_) | StoreError::Unreadable(_) | StoreError::Newer { .. } => {
            ErrorCode::Internal
        }
    })
}
