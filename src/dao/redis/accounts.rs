//! Writes that change accounts: they seldom come, and each is a script of its own, beside what it
//! has to read first.

use redis::{ErrorKind, RedisResult, cmd};

use super::super::{Account, Entry, Secret, Write, Written};
use super::keys;
use super::tell::json;
use super::write::{Links, MAX_ATTEMPTS, RedisWriter};
use super::{entry, record};
use crate::protocol::{ErrorCode, Name, SessionId, UserId};

impl RedisWriter {
    pub(super) fn of_an_account(
        &mut self,
        links: &mut Links,
        at: usize,
        write: &Write,
    ) -> RedisResult<Written> {
        match write {
            Write::Register { id: Some(id), .. } if id.0 <= 0 => {
                Ok(Written::Refused(ErrorCode::BadId))
            }
            Write::Register { id: Some(id), name, secret, entry } => {
                let new = new_account(*id, name.as_ref(), secret);
                self.register(links, &new, *entry)
            }
            Write::Register { id: None, name, secret, entry } => loop {
                let new = new_account(self.draw(links, at)?, name.as_ref(), secret);
                let written = self.register(links, &new, *entry)?;
                if written != Written::Refused(ErrorCode::IdTaken) {
                    return Ok(written);
                }
                // Somebody chose this id a moment ago.
                self.drawn.remove(&at);
            },
            Write::SetSecret { account, secret } => self.change(links, *account, |account| {
                account.secret = Secret::Hash(secret.clone());
                "revoke"
            }),
            Write::Rename { account, name } => self.change(links, *account, |account| {
                account.name = name.clone();
                ""
            }),
            Write::Delete { account, erase } => self.delete(links, at, (*account, *erase)),
            Write::Decide(decision) => self.decide(links, decision),
            // Not of an account: `is_of_an_account` lets no other come here.
            _ => Ok(Written::Refused(ErrorCode::Internal)),
        }
    }

    /// The feed hears what became of it, where a session had asked for it.
    pub(super) fn tell_of_account(
        &mut self,
        links: &mut Links,
        (write, written): (&Write, &Written),
        asker: Option<SessionId>,
        at: usize,
    ) -> RedisResult<()> {
        let (Some(SessionId(session)), Some(_)) = (asker, self.node) else { return Ok(()) };
        let answer = match written {
            Written::Refused(code) => code.name(),
            _ => "",
        };
        let home = self.parts.home();
        let mut call = self.append(home, self.n_before + at as u64, "");
        call.arg(session).arg(json(write)?).arg("answer").arg(answer);
        self.run(links, home, call)
    }

    fn draw(&mut self, links: &mut Links, at: usize) -> RedisResult<UserId> {
        if let Some(drawn) = self.drawn.get(&at) {
            return Ok(*drawn);
        }
        let home = self.parts.home();
        let mut script = self.scripts.draw.key(home.tag.to_string());
        let id = UserId(home.guard.invoke(links.to(home)?, script.key(keys::USERS))?);
        self.drawn.insert(at, id);
        Ok(id)
    }

    fn register(
        &mut self,
        links: &mut Links,
        account: &Account,
        entry: Entry,
    ) -> RedisResult<Written> {
        let again = if self.doubt.is_open() { "again" } else { "" };
        let number = self.make_way(links, account.id)?;
        let home = self.parts.home();
        let mut script = self.scripts.register.key(home.tag.to_string());
        script.key(keys::USERS).key(home.tag.name(account.name.key()));
        script.arg(account.id.0).arg(written_record(account)?).arg(again);
        let (code, now, most) = entry::how(entry);
        script.arg(code).arg(now).arg(most).arg(number);
        Ok(match home.guard.invoke(links.to(home)?, &mut script)? {
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
        links: &mut Links,
        account: UserId,
        change: impl Fn(&mut Account) -> &'static str,
    ) -> RedisResult<Written> {
        self.with_record(links, account, |this, links, (old, record)| {
            let (mut new, home) = (old.clone(), this.parts.home());
            let tokens = change(&mut new);
            let mut script = this.scripts.replace.key(home.tag.to_string());
            script.key(keys::USERS);
            script.key(home.tag.name(old.name.key())).key(home.tag.name(new.name.key()));
            script.arg(account.0).arg(record).arg(written_record(&new)?).arg(tokens);
            home.guard.invoke(links.to(home)?, &mut script)
        })
    }

    /// From the first feed, and then from the others.
    fn delete(
        &mut self,
        links: &mut Links,
        at: usize,
        (account, erase): (UserId, bool),
    ) -> RedisResult<Written> {
        let n_feeds = self.parts.spread().0;
        if !self.answered.deleted.contains(&at) {
            let written = self.with_record(links, account, |this, links, (old, record)| {
                let home = this.parts.home();
                let mut script = this.scripts.delete.key(home.tag.to_string());
                script.key(keys::USERS).key(home.tag.name(old.name.key()));
                script.arg(account.0).arg(record).arg(i32::from(erase)).arg(n_feeds);
                home.guard.invoke(links.to(home)?, &mut script)
            })?;
            if written != Written::Done || n_feeds == 1 {
                return Ok(written);
            }
            self.answered.deleted.insert(at);
        }
        self.leave_all(links, account)?;
        Ok(Written::Done)
    }

    /// Hands an account and the record it was read from to a script that does nothing, and
    /// says so, when the record has changed since.
    fn with_record(
        &mut self,
        links: &mut Links,
        account: UserId,
        try_it: impl Fn(&Self, &mut Links, (&Account, &[u8])) -> RedisResult<bool>,
    ) -> RedisResult<Written> {
        for _ in 0..MAX_ATTEMPTS {
            let found: Option<Vec<u8>> =
                cmd("HGET").arg(keys::USERS).arg(account.0).query(links.to(self.parts.home())?)?;
            let Some(found) = found else { return Ok(Written::Refused(ErrorCode::UnknownUser)) };
            let Some(old) = record::read(account, &found) else {
                return Ok(Written::Refused(ErrorCode::Internal));
            };
            if try_it(self, links, (&old, &found))? {
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
