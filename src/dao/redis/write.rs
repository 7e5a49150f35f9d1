//! The write side. What a batch holds of messages, devices, cursors and guests goes to each feed
//! in one script, which its Redis runs as a whole; accounts, which change seldom, go one by one.

use std::collections::btree_map::{BTreeMap, Entry as Slot};
use std::collections::{HashMap, HashSet};

use redis::{Cmd, ErrorKind, RedisError, RedisResult, Script, cmd};

use super::super::contract::{Doubt, MAX_DEVICES, MAX_TOKENS};
use super::super::{Cursor, StoreError, Write, Writer, Written};
use super::args::read_answer;
use super::guard::{guarded, refused};
use super::keys;
use super::manager::{RedisConnection, RedisConnectionManager};
use super::part::{Part, Parts};
use super::split::{Known, Piece, closes, combined, pieces};
use crate::clock;
use crate::protocol::{Device, NodeId, SessionId, UserId};

/// Seconds. The promise is 7 days; who was away for a month may repeat a send too.
pub(super) const REFERENCES_KEPT: u64 = 30 * 24 * 60 * 60;

/// Writes in one script: it keeps Redis from everything else for some 20 ms.
const MAX_SCRIPT: usize = 512;

/// Attempts to change a record that somebody else changes at the same time.
pub(super) const MAX_ATTEMPTS: usize = 8;

pub(super) struct RedisWriter {
    pub(super) parts: Parts,
    pub(super) scripts: Scripts,
    pub(super) doubt: Doubt,
    /// Where the store is shared.
    pub(super) node: Option<NodeId>,
    /// Writes of all batches before: a batch that is repeated has the same number.
    pub(super) n_before: u64,
    /// Ids that an attempt took from the counter, by the place in the batch of the write they
    /// are for: its repeat must find its own account under the same id.
    pub(super) drawn: HashMap<usize, UserId>,
    pub(super) answered: Answered,
}

/// What is known of a batch until it has ended: its repeat sends only what was not answered, for
/// Redis knows no more than the last part of each server again, and the feed tells all others
/// a second time.
#[derive(Default)]
pub(super) struct Answered {
    /// What a feed has answered to its share of the writes from a place in the batch on.
    written: HashMap<(usize, usize), Vec<Written>>,
    /// What the first feed has said for the others, by the same place.
    known: HashMap<usize, Known>,
    /// Places of writes of an account whose outcome the feed has told.
    told: HashSet<usize>,
    /// Places of accounts that are gone, and are still to leave the other feeds.
    pub(super) deleted: HashSet<usize>,
}

impl Answered {
    fn is_empty(&self) -> bool {
        self.written.is_empty() && self.deleted.is_empty()
    }
}

pub(super) struct Scripts {
    append: Script,
    pub(super) draw: Script,
    pub(super) register: Script,
    pub(super) decide: Script,
    pub(super) replace: Script,
    pub(super) delete: Script,
    pub(super) claim: Script,
    pub(super) clear: Script,
    pub(super) cleared: Script,
    pub(super) unname: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
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
            claim: guarded(include_str!("claim.lua")),
            clear: guarded(concat!(include_str!("forget.lua"), include_str!("clear.lua"))),
            cleared: guarded(include_str!("cleared.lua")),
            unname: guarded(include_str!("unname.lua")),
        }
    }
}

impl std::fmt::Debug for RedisWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisWriter({:?})", self.parts)
    }
}

/// A connection to each feed that an attempt needs, from when it does.
#[derive(Default)]
pub(super) struct Links {
    all: BTreeMap<usize, r2d2::PooledConnection<RedisConnectionManager>>,
    /// Who was asked last: of them an error tells.
    asked: usize,
    /// They could not be reached, so they were asked for nothing.
    is_away: bool,
}

impl Links {
    pub(super) fn to(&mut self, part: &Part) -> RedisResult<&mut RedisConnection> {
        self.asked = part.tag.0;
        match self.all.entry(part.tag.0) {
            Slot::Occupied(link) => Ok(link.into_mut()),
            Slot::Vacant(slot) => match part.pool.get() {
                Ok(link) => Ok(slot.insert(link)),
                Err(error) => {
                    self.is_away = true;
                    Err((ErrorKind::Io, "no connection", error.to_string()).into())
                }
            },
        }
    }
}

/// Writes and who asked for them.
type Batch<'b, 'w> = (&'b [&'w Write], &'b [Option<SessionId>]);

impl RedisWriter {
    pub(super) fn new(parts: Parts, node: Option<NodeId>) -> Self {
        Self {
            parts,
            scripts: Scripts::new(),
            doubt: Doubt::default(),
            node,
            n_before: 0,
            drawn: HashMap::new(),
            answered: Answered::default(),
        }
    }

    /// The call of append.lua for writes of this number; what these need comes behind it. `there`
    /// says to feeds without accounts which of them are.
    pub(super) fn append(&self, part: &Part, number: u64, there: &str) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(self.scripts.append.get_hash()).arg(2).arg(part.tag.to_string()).arg(keys::USERS);
        call.arg(MAX_DEVICES).arg(MAX_TOKENS).arg(REFERENCES_KEPT).arg(clock::now_ms().0);
        call.arg(self.node.map_or(0, |node| node.0)).arg(number);
        call.arg(self.parts.spread().0).arg(there);
        call
    }

    /// Runs append.lua in one feed, up to the answer.
    pub(super) fn run(&self, links: &mut Links, part: &Part, mut call: Cmd) -> RedisResult<()> {
        part.guard.send(links.to(part)?, &mut call)?;
        let _: Vec<String> = part.guard.receive(links.to(part)?, (&self.scripts.append, &call))?;
        Ok(())
    }

    fn attempt(&mut self, (batch, askers): Batch<'_, '_>) -> Result<Vec<Written>, StoreError> {
        let mut links = Links::default();
        if let Err(error) = self.connect(&mut links, batch) {
            return Err(self.ended_by(&links, &error));
        }
        let mut written = Vec::with_capacity(batch.len());
        while written.len() < batch.len() {
            match self.step(&mut links, (batch, askers), written.len()) {
                Ok(done) => written.extend(done),
                Err(error) => return Err(self.ended_by(&links, &error)),
            }
        }
        Ok(written)
    }

    /// All connections before the first script: where a Redis is away, nothing is done.
    fn connect(&self, links: &mut Links, batch: &[&Write]) -> RedisResult<()> {
        let spread = self.parts.spread();
        let is_needed = |part: &&Part| {
            let its = |write: &&Write| is_of_all(write) || spread.of_write(write).is(part.tag.0);
            part.is_home() || batch.iter().any(its)
        };
        self.parts.iter().filter(is_needed).try_for_each(|part| links.to(part).map(|_| ()))
    }

    /// What comes next of a batch, from a place in it on: one write of an account, or all others
    /// up to the next of these.
    fn step(
        &mut self,
        links: &mut Links,
        (batch, askers): Batch<'_, '_>,
        at: usize,
    ) -> RedisResult<Vec<Written>> {
        let rest = batch.get(at..).unwrap_or_default();
        let Some(write) = rest.first().filter(|write| is_of_an_account(write)) else {
            return self.of_the_feeds(links, (run(rest), askers.get(at..).unwrap_or_default()), at);
        };
        let done = match self.answered.written.get(&(at, 0)) {
            Some(done) => done.clone(),
            None => vec![self.of_an_account(links, at, write)?],
        };
        self.answered.written.insert((at, 0), done.clone());
        if let [one] = done.as_slice()
            && !self.answered.told.contains(&at)
        {
            let asker = askers.get(at).copied().flatten();
            self.tell_of_account(links, (write, one), asker, at)?;
            self.answered.told.insert(at);
        }
        Ok(done)
    }

    /// What an error means for the batch: where nothing was answered, nothing was done.
    fn ended_by(&self, links: &Links, error: &RedisError) -> StoreError {
        let place = &self.parts.get(links.asked).place;
        let (is_untouched, refused) = (self.answered.is_empty(), refused(place, error));
        let is_over = matches!(refused, StoreError::Replaced(_) | StoreError::Newer { .. });
        if links.is_away && is_untouched {
            let why = error.detail().unwrap_or_default();
            return super::unavailable(place, &why);
        }
        // What is in doubt stays so then, but nothing more is to be had of this store.
        if was_refused(error) && (is_untouched || (is_over && self.doubt.is_open())) {
            return refused;
        }
        StoreError::Unknown(format!("{place}: {error}"))
    }

    /// Each feed does what is its.
    fn of_the_feeds(
        &mut self,
        links: &mut Links,
        (writes, askers): Batch<'_, '_>,
        at: usize,
    ) -> RedisResult<Vec<Written>> {
        if writes.iter().any(|write| matches!(write, Write::Sweep(_))) {
            self.finish_leaving(links)?;
        }
        let known = match self.answered.known.get(&at) {
            Some(known) => known.clone(),
            None => Known::ask(&self.parts, links, writes)?,
        };
        self.answered.known.insert(at, known.clone());
        let writes = known.cut(writes);
        let new = writes.first().and_then(|write| known.opened_by(write));
        if new.is_some() {
            self.parts.iter().try_for_each(|part| links.to(part).map(|_| ()))?;
        }
        let spread = self.parts.spread();
        // Where nobody shares the store, nobody is told by it.
        let told = if self.node.is_some() { askers } else { &[] };
        let feeds = self.parts.iter().map(|part| part.tag.0);
        let cut = feeds.map(|feed| (feed, pieces(spread, feed, (writes, told))));
        let cut: Vec<_> = cut.filter(|(_, pieces)| !pieces.is_empty()).collect();
        self.ask_feeds(links, &cut, (at, &known.there()))?;
        if let Some((cursor, device)) = new {
            self.open_elsewhere(links, (cursor, device), (at, &known.there()))?;
        }
        if writes.iter().any(|write| closes(write)) {
            self.finish_names(links)?;
        }
        let mut written: Vec<Option<Written>> = vec![None; writes.len()];
        for (feed, pieces) in cut {
            let done = self.answered.written.get(&(at, feed)).into_iter().flatten();
            for (piece, done) in pieces.iter().zip(done) {
                if let Some(slot) = written.get_mut(piece.at) {
                    *slot = Some(combined(slot.take(), done.clone(), piece.write));
                }
            }
        }
        let unanswered = || (ErrorKind::UnexpectedReturnType, "no feed has answered").into();
        written.into_iter().collect::<Option<_>>().ok_or_else(unanswered)
    }

    /// Sends each feed what it has not answered, and then takes the answers: they work side by
    /// side.
    fn ask_feeds(
        &mut self,
        links: &mut Links,
        cut: &[(usize, Vec<Piece<'_>>)],
        (at, there): (usize, &str),
    ) -> RedisResult<()> {
        let mut calls = Vec::new();
        for (feed, pieces) in cut {
            if self.answered.written.contains_key(&(at, *feed)) {
                continue;
            }
            let part = self.parts.get(*feed);
            let mut call = self.append(part, self.n_before + at as u64, there);
            for piece in pieces {
                piece.add_args(&mut call, part.tag)?;
            }
            part.guard.send(links.to(part)?, &mut call)?;
            calls.push((part.tag.0, pieces, call));
        }
        let mut refused = Ok(());
        for (feed, pieces, call) in calls {
            let part = self.parts.get(feed);
            let call = (&self.scripts.append, &call);
            match part.guard.receive(links.to(part)?, call) {
                Ok(answers) => {
                    self.answered.written.insert((at, feed), read(pieces, answers)?);
                }
                // What the others have answered is known all the same.
                Err(error) if was_refused(&error) && refused.is_ok() => {
                    refused = Err((feed, error));
                }
                Err(error) if was_refused(&error) => {}
                Err(error) => return Err(error),
            }
        }
        refused.map_err(|(feed, error)| {
            links.asked = feed;
            error
        })
    }

    /// The device that a cursor has made known in the feed of its room is known in the others.
    fn open_elsewhere(
        &mut self,
        links: &mut Links,
        (cursor, device): (&Cursor, &Device),
        (at, there): (usize, &str),
    ) -> RedisResult<()> {
        let own = self.parts.of_room(cursor.room);
        let mut ask = cmd("ZSCORE");
        ask.arg(own.tag.devices(cursor.account)).arg(device.as_str());
        let score: Option<f64> = ask.query(links.to(own)?)?;
        // Where the account is not in the room, nothing was done.
        let others = self.parts.iter().filter(|part| score.is_some() && part.tag != own.tag);
        let others: Vec<_> = others.cloned().collect();
        for part in others {
            if !self.answered.written.contains_key(&(at, part.tag.0)) {
                let mut call = self.append(&part, self.n_before + at as u64, there);
                call.arg("").arg("touch").arg(cursor.account.0).arg(device.as_str());
                self.run(links, &part, call)?;
                self.answered.written.insert((at, part.tag.0), Vec::new());
            }
        }
        Ok(())
    }
}

/// What append.lua has answered.
fn read(pieces: &[Piece<'_>], answers: Vec<String>) -> RedisResult<Vec<Written>> {
    let n_answers = answers.len();
    let read = |(piece, answer): (&Piece<'_>, String)| read_answer(piece.write, &answer);
    let written: Option<Vec<_>> = pieces.iter().zip(answers).map(read).collect();
    match written {
        Some(written) if pieces.len() == n_answers => Ok(written),
        _ => Err((ErrorKind::UnexpectedReturnType, "not an answer to append.lua").into()),
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
        let ended = self.attempt((batch, askers));
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

/// May it have to do something in any feed?
fn is_of_all(write: &Write) -> bool {
    use Write::{Decide, Delete, Register};
    matches!(write, Register { .. } | Delete { .. } | Decide(_)) || closes(write)
}

/// Redis answered, and its answer was no.
fn was_refused(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}
