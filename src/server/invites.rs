//! `server user invite` and `invites`: codes by which people make accounts.

use std::io;

use super::accounts::{say, write};
use crate::auth::code;
use crate::clock;
use crate::dao::{Code, Store, TokenDigest, Write};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Makes a code and shows it; the store has only its digest.
pub(super) fn invite(
    store: &dyn Store,
    uses: u32,
    days: u32,
    out: &mut dyn io::Write,
) -> Result<(), String> {
    let code = code::make().ok_or("the system has no random bytes")?;
    let expires = clock::now_ms().plus(i64::from(days).saturating_mul(DAY));
    let digest = TokenDigest(code::digest(&code));
    write(store, &Write::MakeCode(Code { digest, uses, expires }))?;
    say(out, &code)?;
    let until = clock::utc(expires);
    say(out, &format!("good for {} until {until} UTC; it is not shown again", accounts(uses)))
}

/// Lists the codes, or ends one.
pub(super) fn invites(
    store: &dyn Store,
    revoked: Option<&str>,
    out: &mut dyn io::Write,
) -> Result<(), String> {
    let codes = store.codes().map_err(|error| error.to_string())?;
    let Some(word) = revoked else {
        let now = clock::now_ms();
        return codes.iter().filter(|code| code.expires > now).try_for_each(|code| {
            let until = clock::utc(code.expires);
            say(out, &format!("{}\t{}\tuntil {until} UTC", mark(code), accounts(code.uses)))
        });
    };
    let digest = TokenDigest(code::digest(word));
    let meant = |code: &&Code| code.digest == digest || mark(code) == word;
    let Some(code) = codes.iter().find(meant) else {
        return Err(format!("there is no invitation {word}; `server user invites` lists them"));
    };
    write(store, &Write::EndCode(code.digest))?;
    say(out, &format!("{} is worth nothing any more", mark(code)))
}

/// What a code is called where it must not be shown: enough to tell it from others.
fn mark(code: &Code) -> String {
    code.digest.0.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn accounts(n: u32) -> String {
    if n == 1 { "1 account".to_owned() } else { format!("{n} accounts") }
}
