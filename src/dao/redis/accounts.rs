//! Writes that change accounts: they seldom come, and each is a script of its own, beside what it
//! has to read first.

use redis::{ErrorKind, RedisResult, cmd};

use super::super::{Account, Entry, Secret, Write, Written};
use super::manager::RedisConnection;
use super::tell::json;
use super::write::{MAX_ATTEMPTS, RedisWriter};
use super::{entry, keys, record};
use crate::protocol::{ErrorCode, Name, SessionId, UserId};

impl RedisWriter {
    pub(super) fn of_an_account(
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
    pub(super) fn tell_of_account(
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
        let mut script = self.scripts.append(Some(node), self.n_before + at as u64);
        script.arg(session).arg(json(write)?).arg("answer").arg(answer);
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

fn new_account(id: UserId, name: Option<&Name>, secret: &str) -> Account {
    let name = name.cloned().unwrap_or_else(|| Name::of_id(id));
    Account { id, name, secret: Secret::Hash(secret.to_owned()) }
}

pub(super) fn written_record(account: &Account) -> RedisResult<String> {
    record::write(account)
        .map_err(|error| (ErrorKind::Client, "a record", error.to_string()).into())
}
