//! The write side. What a batch holds of messages, devices, cursors and guests goes in one
//! script, which Redis runs as a whole; accounts, which change seldom, go one by one.

use std::collections::{HashMap, HashSet};

use redis::{ErrorKind, RedisError, RedisResult, Script, ScriptInvocation};

use super::super::contract::{Doubt, MAX_DEVICES, MAX_TOKENS};
use super::super::{StoreError, Write, Writer, Written};
use super::args::{add_args, read_answer};
use super::guard::{Guard, guarded, refused};
use super::manager::{Pool, RedisConnection};
use super::tell::json;
use super::{keys, unavailable};
use crate::clock;
use crate::protocol::{NodeId, SessionId, UserId};

/// Seconds. The promise is 7 days; who was away for a month may repeat a send too.
pub(super) const REFERENCES_KEPT: u64 = 30 * 24 * 60 * 60;

/// Writes in one script: it keeps Redis from everything else for some 20 ms.
const MAX_SCRIPT: usize = 512;

/// Attempts to change a record that somebody else changes at the same time.
pub(super) const MAX_ATTEMPTS: usize = 8;

pub(super) struct RedisWriter {
    pool: Pool,
    place: String,
    pub(super) guard: Guard,
    pub(super) scripts: Scripts,
    pub(super) doubt: Doubt,
    /// Where the store is shared.
    pub(super) node: Option<NodeId>,
    /// Writes of all batches before: a batch that is repeated has the same number.
    pub(super) n_before: u64,
    /// Ids that an attempt took from the counter, by the place in the batch of the write they
    /// are for: its repeat must find its own account under the same id.
    pub(super) drawn: HashMap<usize, UserId>,
    answered: Answered,
}

/// What is known of a batch until it has ended: its repeat sends only what was not answered, for
/// Redis knows no more than the last part of each server again, and the feed tells all others
/// a second time.
#[derive(Default)]
struct Answered {
    /// What became of the writes from a place in the batch on.
    written: HashMap<usize, Vec<Written>>,
    /// Places of writes of an account whose outcome the feed has told.
    told: HashSet<usize>,
}

pub(super) struct Scripts {
    append: Script,
    pub(super) draw: Script,
    pub(super) register: Script,
    pub(super) decide: Script,
    pub(super) replace: Script,
    pub(super) delete: Script,
}

impl Scripts {
    /// append.lua for writes of this number; what these need comes behind it.
    pub(super) fn append(&self, node: Option<NodeId>, number: u64) -> ScriptInvocation<'_> {
        let mut script = self.append.key(keys::FEED);
        script.key(keys::USERS).arg(MAX_DEVICES).arg(MAX_TOKENS);
        script.arg(REFERENCES_KEPT).arg(clock::now_ms().0);
        script.arg(node.map_or(0, |node| node.0)).arg(number);
        script
    }
}

impl std::fmt::Debug for RedisWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisWriter({})", self.place)
    }
}

impl RedisWriter {
    pub(super) fn new(pool: Pool, place: String, guard: Guard, node: Option<NodeId>) -> Self {
        let scripts = Scripts {
            append: guarded(concat!(
                include_str!("feed.lua"),
                include_str!("forget.lua"),
                include_str!("append.lua")
            )),
            draw: guarded(include_str!("draw.lua")),
            register: guarded(concat!(
                include_str!("forget.lua"),
                include_str!("account.lua"),
                include_str!("register.lua")
            )),
            decide: guarded(concat!(
                include_str!("forget.lua"),
                include_str!("account.lua"),
                include_str!("decide.lua")
            )),
            replace: guarded(concat!(include_str!("forget.lua"), include_str!("replace.lua"))),
            delete: guarded(concat!(include_str!("forget.lua"), include_str!("delete.lua"))),
        };
        Self {
            pool,
            place,
            guard,
            scripts,
            doubt: Doubt::default(),
            node,
            n_before: 0,
            drawn: HashMap::new(),
            answered: Answered::default(),
        }
    }

    fn attempt(
        &mut self,
        batch: &[&Write],
        askers: &[Option<SessionId>],
    ) -> Result<Vec<Written>, StoreError> {
        let mut redis = self.pool.get().map_err(|error| unavailable(&self.place, &error))?;
        let mut written = Vec::with_capacity(batch.len());
        while written.len() < batch.len() {
            match self.part(&mut redis, (batch, askers), written.len()) {
                Ok(done) => written.extend(done),
                Err(error) => return Err(self.ended_by(&error)),
            }
        }
        Ok(written)
    }

    /// The next part of a batch, from a place in it on: one write of an account, or all others up
    /// to the next of these.
    fn part(
        &mut self,
        redis: &mut RedisConnection,
        (batch, askers): (&[&Write], &[Option<SessionId>]),
        at: usize,
    ) -> RedisResult<Vec<Written>> {
        let rest = batch.get(at..).unwrap_or_default();
        let of_account = rest.first().filter(|write| is_of_an_account(write));
        let done = match (self.answered.written.get(&at), of_account) {
            (Some(done), _) => done.clone(),
            (None, Some(write)) => vec![self.of_an_account(redis, at, write)?],
            (None, None) => {
                let askers = askers.get(at..).unwrap_or_default();
                self.of_the_feed(redis, (run(rest), askers), self.n_before + at as u64)?
            }
        };
        self.answered.written.insert(at, done.clone());
        if let (Some(write), [one]) = (of_account, done.as_slice())
            && !self.answered.told.contains(&at)
        {
            let asker = askers.get(at).copied().flatten();
            self.tell_of_account(redis, (write, one), asker, at)?;
            self.answered.told.insert(at);
        }
        Ok(done)
    }

    /// What an error means for the batch: where nothing was answered, nothing was done.
    fn ended_by(&self, error: &RedisError) -> StoreError {
        let (is_untouched, refused) =
            (self.answered.written.is_empty(), refused(&self.place, error));
        let is_over = matches!(refused, StoreError::Replaced(_) | StoreError::Newer { .. });
        // What is in doubt stays so then, but nothing more is to be had of this store.
        if was_refused(error) && (is_untouched || (is_over && self.doubt.is_open())) {
            return refused;
        }
        StoreError::Unknown(format!("{}: {error}", self.place))
    }

    fn of_the_feed(
        &mut self,
        redis: &mut RedisConnection,
        (writes, askers): (&[&Write], &[Option<SessionId>]),
        number: u64,
    ) -> RedisResult<Vec<Written>> {
        let mut script = self.scripts.append(self.node, number);
        for (at, write) in writes.iter().enumerate() {
            match askers.get(at).copied().flatten().filter(|_| self.node.is_some()) {
                Some(SessionId(session)) => {
                    script.arg(session).arg(json(write)?);
                }
                None => {
                    script.arg("");
                }
            }
            add_args(&mut script, write)?;
        }
        let answers: Vec<String> = self.guard.invoke(redis, &mut script)?;
        let read = |(write, answer): (&&Write, &String)| read_answer(write, answer);
        let written: Option<Vec<_>> = writes.iter().zip(&answers).map(read).collect();
        match written {
            Some(written) if written.len() == writes.len() => Ok(written),
            _ => Err((ErrorKind::UnexpectedReturnType, "not an answer to append.lua").into()),
        }
    }
}

impl Writer for RedisWriter {
    fn commit(&mut self, batch: &[&Write]) -> Result<Vec<Written>, StoreError> {
        self.commit_for(batch, &[])
    }

    fn commit_for(
        &mut self,
        batch: &[&Write],
        askers: &[Option<SessionId>],
    ) -> Result<Vec<Written>, StoreError> {
        let ended = self.attempt(batch, askers);
        if ended.is_ok() {
            self.drawn.clear();
        }
        let ended = self.doubt.settle(ended);
        if !self.doubt.is_open() {
            self.answered = Answered::default();
            self.n_before += batch.len() as u64;
        }
        ended
    }

    fn tells_by_feed(&self) -> bool {
        self.node.is_some()
    }
}

/// The writes at the start of a batch that fit into one script.
fn run<'a, 'w>(rest: &'a [&'w Write]) -> &'a [&'w Write] {
    let end = rest.iter().take(MAX_SCRIPT).take_while(|write| !is_of_an_account(write)).count();
    rest.get(..end).unwrap_or(rest)
}

fn is_of_an_account(write: &Write) -> bool {
    use Write::{Decide, Delete, Register, Rename, SetSecret};
    matches!(write, Register { .. } | SetSecret { .. } | Rename { .. } | Delete { .. } | Decide(_))
}

/// Redis answered, and its answer was no.
fn was_refused(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}
