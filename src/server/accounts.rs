//! `server user ...`: accounts from the command line, also while a server runs on the store.

use std::io::{self, BufRead, IsTerminal};

use super::{applicants, invites};
use crate::auth::{self, Auth};
use crate::clock;
use crate::config::{StoreArg, UserAct};
use crate::dao::{self, Account, Entry, Store, StoreError, Write, Written};
use crate::protocol::{Deed, ErrorCode, Name, Party, Password, Tiding, UserId};
use crate::texts::{self, Lang};

/// Accounts read at a time.
const PAGE: usize = 500;

/// Does one act on the accounts of a store; what is asked for goes to `out`.
///
/// # Errors
/// One line for the operator. Nothing was changed then.
pub fn run_user_act(
    store: &StoreArg,
    act: &UserAct,
    out: &mut dyn io::Write,
) -> Result<(), String> {
    // The first account and the first code may come before the first start; otherwise a name that
    // was mistyped is no new store.
    let open = match act {
        UserAct::Add { .. } | UserAct::Invite { .. } => dao::open,
        _ => dao::open_existing,
    };
    let store = open(&store.url()).map_err(|error| error.to_string())?;
    match act {
        UserAct::Add { id, name } => add(&*store, id, name.as_deref(), out),
        UserAct::List => list(&*store, out),
        UserAct::Passwd { id } => {
            let account = find(&*store, *id)?.id;
            let secret = hash(&ask_password()?)?;
            write(&*store, &Write::SetSecret { account, secret })?;
            tell_servers(&*store, Tiding::EndOthers(account))?;
            say(out, &format!("{id} has a new password"))
        }
        UserAct::Logout { id } => {
            let account = find(&*store, *id)?;
            write(&*store, &Write::RevokeTokens(account.id))?;
            tell_servers(&*store, Tiding::EndOthers(account.id))?;
            say(out, &format!("{id} needs the password again"))
        }
        UserAct::Operator { id, off } => {
            let account = find(&*store, *id)?;
            let operator = Write::Operator { account: account.id, is_operator: !off };
            let act = if *off { "no-operator" } else { "operator" };
            write_all(&*store, &[&operator, &Write::Deed(done(act, &account)?)])?;
            let what = if *off { "is no operator any more" } else { "is an operator" };
            say(out, &format!("{id} ({}) {what}, from the next login on", account.name))
        }
        UserAct::Invite { uses, days } => invites::invite(&*store, *uses, *days, out),
        UserAct::Invites { revoke } => invites::invites(&*store, revoke.as_deref(), out),
        UserAct::Pending => applicants::pending(&*store, out),
        UserAct::Approve { id } => applicants::approve(&*store, *id, out),
        UserAct::Reject { id, reason } => applicants::reject(&*store, *id, reason.as_deref(), out),
        UserAct::Export { id, path } => {
            super::keeping::export_account(&*store, find(&*store, *id)?.id, path, out)
        }
        UserAct::Delete { id, erase } => {
            let account = find(&*store, *id)?;
            write(&*store, &Write::Delete { account: account.id, erase: *erase })?;
            tell_servers(&*store, Tiding::EndAccount(account.id))?;
            let then = if *erase { "; a server on this store erases what it said" } else { "" };
            say(out, &format!("{id} ({}) is deleted{then}", account.name))
        }
    }
}

fn add(
    store: &dyn Store,
    id: &str,
    name: Option<&str>,
    out: &mut dyn io::Write,
) -> Result<(), String> {
    let id = match id {
        "new" => None,
        digits => match digits.parse() {
            Ok(id) if id > 0 => Some(UserId(id)),
            _ => return Err(format!("{digits:?} is not an id: a whole number from 1, or new")),
        },
    };
    let name = match name {
        Some(name) => Some(Name::new(name).map_err(|error| format!("{name:?}: {error}"))?),
        None => None,
    };
    let secret = hash(&ask_password()?)?;
    match write(store, &Write::Register { id, name, secret, entry: Entry::Open })? {
        Written::Registered(id) => say(out, &format!("{id} is added")),
        other => Err(format!("unexpected answer of the store: {other:?}")),
    }
}

fn list(store: &dyn Store, out: &mut dyn io::Write) -> Result<(), String> {
    let mut after = UserId(0);
    loop {
        let page = store.accounts(after, PAGE).map_err(|error| error.to_string())?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for account in &page {
            say(out, &format!("{}\t{}", account.id, account.name))?;
        }
    }
}

fn find(store: &dyn Store, id: i64) -> Result<Account, String> {
    match store.account(UserId(id)) {
        Ok(Some(account)) => Ok(account),
        Ok(None) => Err(format!("there is no account {id}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Not echoed at a terminal; from a pipe the first line.
fn ask_password() -> Result<Password, String> {
    let stdin = io::stdin();
    let typed = if stdin.is_terminal() {
        rpassword::prompt_password("password: ").map_err(|error| error.to_string())?
    } else {
        let mut line = String::new();
        let mut limited = io::Read::take(stdin.lock(), Password::MAX as u64 + 2);
        limited.read_line(&mut line).map_err(|error| error.to_string())?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    Password::new(&typed).map_err(explain)
}

fn hash(password: &Password) -> Result<String, String> {
    Auth::new().hash(password).map_err(explain)
}

/// What the command line did, for the record.
pub(super) fn done(act: &'static str, account: &Account) -> Result<Deed, String> {
    Ok(Deed {
        time: clock::now_ms(),
        nonce: auth::nonce().ok_or("the system has no random bytes")?,
        by: Party { id: Deed::CONSOLE, name: "command line".into() },
        act,
        place: None,
        whom: Some(format!("{} ({})", account.id, account.name).into()),
        how: None,
        reason: None,
    })
}

/// For those who are online, on every server of the store.
pub(super) fn tell_servers(store: &dyn Store, tiding: Tiding) -> Result<(), String> {
    let told = write(store, &Write::Tell(vec![tiding]));
    told.map(drop).map_err(|why| format!("done, but servers that run do not know: {why}"))
}

pub(super) fn write(store: &dyn Store, write: &Write) -> Result<Written, String> {
    write_all(store, &[write])
}

/// In one transaction. What is given back is the answer to the last one.
fn write_all(store: &dyn Store, writes: &[&Write]) -> Result<Written, String> {
    let mut writer = store.writer().map_err(|error| error.to_string())?;
    loop {
        match writer.commit(writes) {
            Ok(mut written) => match written.pop() {
                Some(Written::Refused(code)) => return Err(explain(code)),
                Some(written) => return Ok(written),
                None => return Err("the store gave no answer".to_owned()),
            },
            // Until it is known; every write here may be repeated.
            Err(StoreError::Unknown(reason)) => log::warn!("{reason}; trying again"),
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn explain(code: ErrorCode) -> String {
    texts::error(code, Lang::En).to_owned()
}

pub(super) fn say(out: &mut dyn io::Write, line: &str) -> Result<(), String> {
    writeln!(out, "{line}").map_err(|error| error.to_string())
}
