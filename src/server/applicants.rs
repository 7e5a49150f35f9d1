//! `server user pending`, `approve` and `reject`: who asks for an account, and who gets one.

use std::io;

use super::accounts::{done, say, tell_servers, write};
use crate::clock;
use crate::dao::{Decision, Store, Write};
use crate::protocol::{Deed, EntryNews, Knock, Note, Party, Tiding, UserId};
use crate::texts;

pub(super) fn pending(store: &dyn Store, out: &mut dyn io::Write) -> Result<(), String> {
    for asked in store.applicants().map_err(|error| error.to_string())? {
        let since = clock::utc(asked.since);
        let line = format!("{}\t{}\tsince {since} UTC", asked.account.id, asked.account.name);
        say(out, &line)?;
    }
    Ok(())
}

pub(super) fn approve(store: &dyn Store, id: i64, out: &mut dyn io::Write) -> Result<(), String> {
    let name = decide(store, id, ("approve", true), None)?;
    say(out, &format!("{id} ({name}) has an account now"))
}

pub(super) fn reject(
    store: &dyn Store,
    id: i64,
    reason: Option<&str>,
    out: &mut dyn io::Write,
) -> Result<(), String> {
    let bad = "a reason has at most 200 bytes and no control characters";
    let reason = reason.map(|reason| Note::new(reason).ok_or(bad)).transpose()?;
    let name = decide(store, id, ("reject", false), reason)?;
    say(out, &format!("{id} ({name}) does not get an account"))
}

/// How they wanted to be called.
fn decide(
    store: &dyn Store,
    id: i64,
    (act, is_let_in): (&'static str, bool),
    reason: Option<Note>,
) -> Result<String, String> {
    let all = store.applicants().map_err(|error| error.to_string())?;
    let Some(asked) = all.into_iter().find(|asked| asked.account.id.0 == id) else {
        return Err(format!("nobody asks for an account {id}; `server user pending` lists them"));
    };
    let whom = Party { id: UserId(id), name: asked.account.name.as_str().into() };
    let deed = Deed { reason: reason.clone(), ..done(act, &asked.account)? };
    let by = deed.by.clone();
    write(store, &Write::Decide(Decision { whom: whom.id, is_let_in, deed }))?;
    let what = if is_let_in { Knock::LetIn(by) } else { Knock::Rejected(by, reason) };
    tell_servers(store, Tiding::Entry(Box::new(EntryNews { whom, what })))?;
    Ok(asked.account.name.as_str().chars().map(texts::mark).collect())
}
