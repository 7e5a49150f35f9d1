//! The write side. What a batch holds of messages, devices, cursors and guests goes in one
//! script, which Redis runs as a whole; accounts, which change seldom, go one by one.

use std::collections::HashMap;

use redis::{ErrorKind, RedisError, RedisResult, Script, ScriptInvocation, cmd};

use super::super::contract::{
    Doubt, Kept, MAX_DEVICES, MAX_IGNORED, MAX_TOKENS, digest, hex, unhex,
};
use super::super::lines::sanction_text;
use super::super::{Account, Cursor, Entry, Prune, Secret, StoreError, Write, Writer, Written};
use super::guard::{Guard, guarded, refused};
use super::manager::{Pool, RedisConnection};
use super::tell::{add_tidings, json};
use super::{entry, erase, keys, order, record, rooms, unavailable};
use crate::clock;
use crate::protocol::{
    Append, Device, ErrorCode, MessageId, Millis, Name, NodeId, RoomId, SessionId, UserId,
};

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
    node: Option<NodeId>,
    /// Writes of all batches before: a batch that is repeated has the same number.
    n_before: u64,
    /// Ids that an attempt took from the counter, by the place in the batch of the write they
    /// are for: its repeat must find its own account under the same id.
    drawn: HashMap<usize, UserId>,
}

pub(super) struct Scripts {
    append: Script,
    draw: Script,
    register: Script,
    pub(super) decide: Script,
    replace: Script,
    delete: Script,
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
        }
    }

    fn attempt(
        &mut self,
        batch: &[&Write],
        askers: &[Option<SessionId>],
    ) -> Result<Vec<Written>, StoreError> {
        let mut redis = self.pool.get().map_err(|error| unavailable(&self.place, &error))?;
        let mut written = Vec::with_capacity(batch.len());
        while let Some((first, _)) = batch.get(written.len()..).and_then(<[_]>::split_first) {
            let rest = batch.get(written.len()..).unwrap_or_default();
            let done = if is_of_an_account(first) {
                let asker = askers.get(written.len()).copied().flatten();
                self.of_an_account(&mut redis, written.len(), first).and_then(|one| {
                    self.tell_of_account(&mut redis, (first, &one), asker, written.len())
                        .map(|()| vec![one])
                })
            } else {
                let askers = askers.get(written.len()..).unwrap_or_default();
                let number = self.n_before + written.len() as u64;
                self.of_the_feed(&mut redis, (run(rest), askers), number)
            };
            match done {
                Ok(done) => written.extend(done),
                Err(error) if written.is_empty() && was_refused(&error) => {
                    return Err(refused(&self.place, &error));
                }
                Err(error) => {
                    return Err(StoreError::Unknown(format!("{}: {error}", self.place)));
                }
            }
        }
        Ok(written)
    }

    fn of_the_feed(
        &mut self,
        redis: &mut RedisConnection,
        (writes, askers): (&[&Write], &[Option<SessionId>]),
        number: u64,
    ) -> RedisResult<Vec<Written>> {
        let mut script = self.scripts.append.key(keys::FEED);
        script.key(keys::USERS).arg(MAX_DEVICES).arg(MAX_TOKENS);
        script.arg(REFERENCES_KEPT).arg(clock::now_ms().0);
        script.arg(self.node.map_or(0, |node| node.0)).arg(number);
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

    fn of_an_account(
        &mut self,
        redis: &mut RedisConnection,
        at: usize,
        write: &Write,
    ) -> RedisResult<Written> {
        match write {
            Write::Register { id: Some(id), .. } if id.0 <= 0 => {
                Ok(Written::Refused(ErrorCode::BadId))
            }
            Write::Register { id: Some(id), name, secret, entry } => {
                let new = new_account(*id, name.as_ref(), secret);
                self.register(redis, &new, *entry)
            }
            Write::Register { id: None, name, secret, entry } => loop {
                let new = new_account(self.draw(redis, at)?, name.as_ref(), secret);
                let written = self.register(redis, &new, *entry)?;
                if written != Written::Refused(ErrorCode::IdTaken) {
                    return Ok(written);
                }
                // Somebody chose this id a moment ago.
                self.drawn.remove(&at);
            },
            Write::SetSecret { account, secret } => self.change(redis, *account, |account| {
                account.secret = Secret::Hash(secret.clone());
                "revoke"
            }),
            Write::Rename { account, name } => self.change(redis, *account, |account| {
                account.name = name.clone();
                ""
            }),
            Write::Delete { account, erase } => self.delete(redis, *account, *erase),
            Write::Decide(decision) => self.decide(redis, decision),
            // Not of an account: `is_of_an_account` lets no other come here.
            _ => Ok(Written::Refused(ErrorCode::Internal)),
        }
    }

    /// The feed hears what became of it, where a session had asked for it.
    fn tell_of_account(
        &mut self,
        redis: &mut RedisConnection,
        (write, written): (&Write, &Written),
        asker: Option<SessionId>,
        at: usize,
    ) -> RedisResult<()> {
        let (Some(SessionId(session)), Some(node)) = (asker, self.node) else { return Ok(()) };
        let answer = match written {
            Written::Refused(code) => code.name(),
            _ => "",
        };
        let mut script = self.scripts.append.key(keys::FEED);
        script.key(keys::USERS).arg(MAX_DEVICES).arg(MAX_TOKENS);
        script.arg(REFERENCES_KEPT).arg(clock::now_ms().0).arg(node.0);
        script.arg(self.n_before + at as u64).arg(session).arg(json(write)?);
        script.arg("answer").arg(answer);
        let _: Vec<String> = self.guard.invoke(redis, &mut script)?;
        Ok(())
    }

    fn draw(&mut self, redis: &mut RedisConnection, at: usize) -> RedisResult<UserId> {
        if let Some(drawn) = self.drawn.get(&at) {
            return Ok(*drawn);
        }
        let mut script = self.scripts.draw.key(keys::FEED);
        let id = UserId(self.guard.invoke(redis, script.key(keys::USERS))?);
        self.drawn.insert(at, id);
        Ok(id)
    }

    fn register(
        &mut self,
        redis: &mut RedisConnection,
        account: &Account,
        entry: Entry,
    ) -> RedisResult<Written> {
        let again = if self.doubt.is_open() { "again" } else { "" };
        let mut script = self.scripts.register.key(keys::FEED);
        script.key(keys::USERS).key(keys::name(account.name.key()));
        script.arg(account.id.0).arg(written_record(account)?).arg(again);
        let (code, now, most) = entry::how(entry);
        script.arg(code).arg(now).arg(most);
        Ok(match self.guard.invoke(redis, &mut script)? {
            1 => Written::Registered(account.id),
            2 => Written::Refused(ErrorCode::BadCode),
            3 => Written::Waits(account.id),
            4 => Written::Refused(ErrorCode::TooManyWaiting),
            _ => Written::Refused(ErrorCode::IdTaken),
        })
    }

    /// Reads a record, changes it, and puts it back if nobody else has changed it meanwhile.
    /// `change` says what becomes of the tokens, in replace.lua's words.
    fn change(
        &mut self,
        redis: &mut RedisConnection,
        account: UserId,
        change: impl Fn(&mut Account) -> &'static str,
    ) -> RedisResult<Written> {
        self.with_record(redis, account, |this, redis, (old, record)| {
            let mut new = old.clone();
            let tokens = change(&mut new);
            let mut script = this.scripts.replace.key(keys::FEED);
            script.key(keys::USERS);
            script.key(keys::name(old.name.key())).key(keys::name(new.name.key()));
            script.arg(account.0).arg(record).arg(written_record(&new)?).arg(tokens);
            this.guard.invoke(redis, &mut script)
        })
    }

    fn delete(
        &mut self,
        redis: &mut RedisConnection,
        account: UserId,
        erase: bool,
    ) -> RedisResult<Written> {
        self.with_record(redis, account, |this, redis, (old, record)| {
            let mut script = this.scripts.delete.key(keys::FEED);
            script.key(keys::USERS).key(keys::name(old.name.key()));
            script.arg(account.0).arg(record).arg(i32::from(erase));
            this.guard.invoke(redis, &mut script)
        })
    }

    /// Hands an account and the record it was read from to a script that does nothing, and
    /// says so, when the record has changed since.
    fn with_record(
        &mut self,
        redis: &mut RedisConnection,
        account: UserId,
        try_it: impl Fn(&mut Self, &mut RedisConnection, (&Account, &[u8])) -> RedisResult<bool>,
    ) -> RedisResult<Written> {
        for _ in 0..MAX_ATTEMPTS {
            let found: Option<Vec<u8>> =
                cmd("HGET").arg(keys::USERS).arg(account.0).query(redis)?;
            let Some(found) = found else { return Ok(Written::Refused(ErrorCode::UnknownUser)) };
            let Some(old) = record::read(account, &found) else {
                return Ok(Written::Refused(ErrorCode::Internal));
            };
            if try_it(self, redis, (&old, &found))? {
                return Ok(Written::Done);
            }
        }
        Ok(Written::Refused(ErrorCode::Busy))
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
            self.n_before += batch.len() as u64;
        }
        ended
    }

    fn tells_by_feed(&self) -> bool {
        self.node.is_some()
    }
}

fn new_account(id: UserId, name: Option<&Name>, secret: &str) -> Account {
    let name = name.cloned().unwrap_or_else(|| Name::of_id(id));
    Account { id, name, secret: Secret::Hash(secret.to_owned()) }
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

/// What append.lua takes for one write.
#[expect(clippy::too_many_lines, reason = "a table")]
fn add_args(script: &mut ScriptInvocation<'_>, write: &Write) -> RedisResult<()> {
    let name = |device: &Option<Device>| device.as_ref().map_or("", Device::as_str).to_owned();
    match write {
        Write::Append(append) => add_message(script, append),
        Write::OpenDevice { account, device, time } => {
            script.arg("open").arg(account.0).arg(device.as_str()).arg(time.0);
        }
        Write::Cursor(Cursor { account, device, room, up_to }) => {
            script.arg("cursor").arg(account.0).arg(name(device));
            script.arg(room.to_string()).arg(up_to.0);
        }
        Write::Read { account, room, up_to } => {
            script.arg("read").arg(account.0).arg(room.to_string()).arg(up_to.0);
        }
        Write::Receipts { account, receipts } => {
            script.arg("receipts").arg(account.0).arg(record::receipts(*receipts));
        }
        Write::Token { account, device, digest, expires } => {
            script.arg("token").arg(account.0).arg(name(device));
            script.arg(hex(&digest.0)).arg(expires.0);
        }
        Write::RevokeToken(digest) => {
            script.arg("revoke").arg(hex(&digest.0));
        }
        Write::RevokeDevice { account, device } => {
            script.arg("revoke_device").arg(account.0).arg(name(device));
        }
        Write::RevokeTokens(account) => {
            script.arg("revoke_all").arg(account.0);
        }
        Write::Guests(count) => {
            script.arg("guests").arg(count);
        }
        Write::Room(change) => rooms::add_args(script, change),
        Write::Operator { account, is_operator } => {
            script.arg("operator").arg(account.0).arg(i32::from(*is_operator));
        }
        Write::Ignore { account, whom, is_so } => {
            script.arg("ignore").arg(account.0).arg(whom.0);
            script.arg(i32::from(*is_so)).arg(MAX_IGNORED);
        }
        Write::Erase(_) | Write::Erased(_) => erase::add_args(script, write),
        Write::Sweep(limit) => {
            script.arg("sweep").arg(limit);
        }
        Write::Prune(Prune { room, before, keep, limit }) => {
            script.arg("prune").arg(room.to_string()).arg(before.0).arg(keep).arg(limit);
        }
        Write::MakeCode(_) | Write::EndCode(_) | Write::ForgetApplicants { .. } => {
            entry::add_args(script, write);
        }
        Write::Deed(deed) => {
            script.arg("deed").arg(order::member(deed));
        }
        Write::Expire(sanction) => {
            script.arg("expire").arg(order::field(&sanction.key)).arg(sanction_text(sanction));
        }
        Write::ForgetDeeds { before, limit } => {
            script.arg("forget_deeds").arg(order::end_of(*before)).arg(limit);
        }
        Write::Tell(tidings) => add_tidings(script, tidings)?,
        // References end by themselves, and there is no index.
        Write::Forget { .. } | Write::Index { .. } | Write::Mark => {
            script.arg("nothing");
        }
        // Of an account: `run` lets none of them come here.
        Write::Register { .. }
        | Write::SetSecret { .. }
        | Write::Rename { .. }
        | Write::Delete { .. }
        | Write::Decide(_) => {}
    }
    Ok(())
}

fn add_message(script: &mut ScriptInvocation<'_>, append: &Append) {
    let (one, other) = match append.room {
        RoomId::Pair(one, other) => (one.to_string(), other.to_string()),
        RoomId::Lobby | RoomId::Named(_) => (String::new(), String::new()),
    };
    let text = append.text.as_str();
    script.arg("append").arg(append.room.to_string()).arg(one).arg(other);
    script.arg(keys::reference(append));
    script.arg(append.sender.0).arg(&*append.name).arg(append.time.0).arg(text);
    script.arg(append.reference.as_str()).arg(hex(&digest(append))).arg(append.nonce);
    let about = append.about.map(|about| (about.id.0.to_string(), about.what.name()));
    let (about, what) = about.unwrap_or_default();
    script.arg(about).arg(what);
}

/// What append.lua answers to a write; `None`: it does not answer so.
pub(super) fn read_answer(write: &Write, answer: &str) -> Option<Written> {
    match write {
        Write::Append(_) if answer == ErrorCode::UnknownRoom.name() => {
            Some(Written::Refused(ErrorCode::UnknownRoom))
        }
        Write::Append(append) if answer != "unknown" => Some(kept(answer)?.answer(append)),
        Write::Guests(_) => Some(Written::Guests(UserId(answer.parse().ok()?))),
        Write::Erase(_)
        | Write::Prune(_)
        | Write::Sweep(_)
        | Write::Expire(_)
        | Write::ForgetDeeds { .. }
        | Write::ForgetApplicants { .. } => Some(Written::Pruned(answer.parse().ok()?)),
        Write::Forget { .. } => Some(Written::Pruned(0)),
        Write::Index { .. } => Some(Written::Indexed(0)),
        Write::Room(change) => rooms::read_answer(change, answer),
        Write::Ignore { .. } if answer == "full" => {
            Some(Written::Refused(ErrorCode::TooManyIgnored))
        }
        _ if answer == "unknown" => Some(Written::Refused(ErrorCode::UnknownUser)),
        _ => Some(ErrorCode::from_name(answer).map_or(Written::Done, Written::Refused)),
    }
}

pub(super) fn kept(answer: &str) -> Option<Kept> {
    let mut parts = answer.split(' ');
    Some(Kept {
        id: MessageId(parts.next()?.parse().ok()?),
        time: Millis(parts.next()?.parse().ok()?),
        digest: unhex(parts.next()?)?,
        nonce: parts.next()?.parse().ok()?,
    })
}

pub(super) fn written_record(account: &Account) -> RedisResult<String> {
    record::write(account)
        .map_err(|error| (ErrorKind::Client, "a record", error.to_string()).into())
}

/// Redis answered, and its answer was no.
fn was_refused(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}
