//! A batch cut by feed: what each of them does of it, and what it has to be told for that.

use std::collections::{BTreeSet, HashSet};

use redis::{Cmd, RedisResult};

use super::super::{Cursor, Write, Written};
use super::args;
use super::keys::{self, Tag};
use super::part::Parts;
use super::spread::{Spread, Whose};
use super::tell::json;
use super::write::Links;
use crate::protocol::{Change, Device, RoomId, SessionId, UserId};

/// What the first feed says for the others, which have no accounts: of one feed, nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Accounts that are there, of those that writes in other feeds are about.
    there: BTreeSet<UserId>,
    /// Devices that a cursor makes known: they are opened in every feed, so that none begins
    /// later where somebody else has moved on meanwhile.
    new: HashSet<(UserId, Device)>,
}

impl Known {
    /// Asks for what these writes need, all at once.
    pub(super) fn ask(parts: &Parts, links: &mut Links, writes: &[&Write]) -> RedisResult<Self> {
        if parts.others().is_empty() {
            return Ok(Self::default());
        }
        let spread = parts.spread();
        let (mut accounts, mut devices) = (BTreeSet::new(), HashSet::new());
        for write in writes {
            if let Write::Cursor(cursor) = write
                && let Some(device) = &cursor.device
            {
                accounts.insert(cursor.account);
                devices.insert((cursor.account, device.clone()));
            }
            if spread.of_write(write) != Whose::One(0) {
                accounts.extend(accounts_of(write));
            }
        }
        let (accounts, devices) = (Vec::from_iter(accounts), Vec::from_iter(devices));
        let mut ask = redis::pipe();
        for account in &accounts {
            ask.cmd("HEXISTS").arg(keys::USERS).arg(account.0);
        }
        for (account, device) in &devices {
            ask.cmd("ZSCORE").arg(Tag::HOME.devices(*account)).arg(device.as_str());
        }
        if ask.is_empty() {
            return Ok(Self::default());
        }
        let answers: Vec<Option<f64>> = ask.query(links.to(parts.home())?)?;
        let (there, known) = answers.split_at(accounts.len().min(answers.len()));
        let there = accounts.into_iter().zip(there).filter(|(_, is)| **is == Some(1.0));
        let new = devices.into_iter().zip(known).filter(|(_, score)| score.is_none());
        Ok(Self {
            there: there.map(|(account, _)| account).collect(),
            new: new.map(|(device, _)| device).collect(),
        })
    }

    /// As append.lua reads it.
    pub(super) fn there(&self) -> String {
        let ids: Vec<_> = self.there.iter().map(UserId::to_string).collect();
        ids.join(" ")
    }

    /// As many of these writes as go together: a cursor that makes a device known comes alone.
    pub(super) fn cut<'a, 'w>(&self, writes: &'a [&'w Write]) -> &'a [&'w Write] {
        let new = writes.iter().position(|write| self.opened_by(write).is_some());
        writes.get(..new.unwrap_or(writes.len()).max(1)).unwrap_or(writes)
    }

    /// The cursor that this is, if it makes its device known.
    pub(super) fn opened_by<'w>(&self, write: &'w Write) -> Option<(&'w Cursor, &'w Device)> {
        let Write::Cursor(cursor) = write else { return None };
        let device = cursor.device.as_ref()?;
        self.new.contains(&(cursor.account, device.clone())).then_some((cursor, device))
    }
}

/// The accounts that must be there for a write in a room to do what it does.
fn accounts_of(write: &Write) -> Vec<UserId> {
    match write {
        Write::Append(append) => match append.room {
            RoomId::Pair(one, other) => vec![one, other],
            RoomId::Lobby | RoomId::Named(_) => Vec::new(),
        },
        Write::Cursor(cursor) => vec![cursor.account],
        Write::Read { account, .. } | Write::OpenDevice { account, .. } => vec![*account],
        Write::Room(change) => match &change.what {
            Change::Invite(_, whom) => vec![change.by.id, whom.id],
            _ => vec![change.by.id],
        },
        _ => Vec::new(),
    }
}

/// What a feed does of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'w> {
    /// The place of the write among those of its step.
    pub(super) at: usize,
    pub(super) write: &'w Write,
    /// Who hears from this feed what became of it.
    asker: Option<SessionId>,
}

/// A feed's part of the writes, in their order.
pub(super) fn pieces<'w>(
    spread: Spread,
    feed: usize,
    (writes, askers): (&[&'w Write], &[Option<SessionId>]),
) -> Vec<Piece<'w>> {
    let piece = |(at, write): (usize, &&'w Write)| {
        let whose = spread.of_write(write);
        // A mark is waited for in each feed; all else is heard once.
        let is_told = whose != Whose::Each || feed == 0 || matches!(write, Write::Mark);
        let asker = askers.get(at).copied().flatten().filter(|_| is_told);
        whose.is(feed).then_some(Piece { at, write, asker })
    };
    writes.iter().enumerate().filter_map(piece).collect()
}

impl Piece<'_> {
    /// What append.lua takes for it.
    pub(super) fn add_args(&self, call: &mut Cmd, tag: Tag) -> RedisResult<()> {
        match self.asker {
            Some(SessionId(session)) => call.arg(session).arg(json(self.write)?),
            None => call.arg(""),
        };
        args::add_args(call, tag, self.write)
    }
}

/// What became of a write of which one more feed has answered.
pub(super) fn combined(before: Option<Written>, now: Written, write: &Write) -> Written {
    let limit = match write {
        Write::Sweep(limit) | Write::ForgetDeeds { limit, .. } => u64::from(*limit),
        _ => u64::MAX,
    };
    match (before, now) {
        // As many as the limit means that there may be more.
        (Some(Written::Pruned(n)), Written::Pruned(more)) => {
            Written::Pruned(n.saturating_add(more).min(limit))
        }
        (Some(before), _) => before,
        (None, now) => now,
    }
}

/// Does it close a room?
pub(super) fn closes(write: &Write) -> bool {
    matches!(write, Write::Room(change) if matches!(change.what, Change::Close(..)))
}
