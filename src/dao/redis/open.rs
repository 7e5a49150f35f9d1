//! Opening: connects, finds out what stands there, and makes what is missing.
//!
//! A store of one feed is what it always was. Of several feeds each says which of how many it is,
//! and of which store; all carry the epoch of the first. What was lost in one of them makes all
//! begin anew: the first is marked as a copy then, and whoever serves from it next makes the new
//! epoch.

use std::sync::Arc;

use r2d2::ManageConnection;
use redis::{Client, RedisResult, Script, cmd};

use super::super::contract::{FIRST_GUEST, FIRST_ROOM, FIRST_USER, hex, new_identity, unhex};
use super::super::{Identity, Secret, StoreError};
use super::guard::Guard;
use super::keys::{self, Tag};
use super::manager::{self, RedisConnection, RedisConnectionManager};
use super::part::{Part, Parts};
use super::share::{self, Found, Next, Share};
use super::spread::Spread;
use super::{SCAN, account_id, record, unavailable};

/// The layout of the keys of a store of one feed; a change of it is a new version.
const VERSION: i64 = 10;

/// That of a store of several feeds, of which programs up to version 10 would see one.
pub(super) const VERSION_OF_SEVERAL: i64 = 11;

/// More feeds than anybody has use for: each costs every server two threads.
pub(super) const MAX_FEEDS: usize = 64;

/// Looks at a store that others are just making, too, before it gives up.
const MAX_LOOKS: usize = 16;

/// A Redis that answers, and what leads to it.
pub(super) struct Link {
    pub(super) tag: Tag,
    pub(super) place: String,
    pub(super) first: RedisConnection,
    manager: RedisConnectionManager,
}

/// What makes the store this store, and its parts.
pub(super) fn open(places: &str) -> Result<(Identity, Parts), StoreError> {
    let places: Vec<_> = places.split(",redis:").collect();
    if places.len() > MAX_FEEDS {
        let why = format!("redis: a store has {MAX_FEEDS} feeds at most");
        return Err(StoreError::Refused(why));
    }
    let mut links = Vec::new();
    for (feed, place) in places.into_iter().enumerate() {
        links.push(connect(Tag(feed), place)?);
    }
    let (identity, commits) = match links.as_mut_slice() {
        [alone] => open_alone(alone)?,
        several => open_together(several)?,
    };
    if let Some(home) = links.first_mut() {
        name_records(&mut home.first).map_err(|error| unavailable(&home.place, &error))?;
    }
    let layout = if links.len() == 1 { VERSION } else { VERSION_OF_SEVERAL };
    let parts = links.into_iter().zip(commits).map(|(link, commits)| Part {
        tag: link.tag,
        place: link.place,
        pool: manager::pool(link.manager),
        guard: Guard::new(layout, Arc::clone(&identity.epoch), commits),
    });
    let none = || StoreError::Refused("redis: no place is given".to_owned());
    let parts = Parts::new(parts.collect()).ok_or_else(none)?;
    Ok((identity, parts))
}

fn connect(tag: Tag, place: &str) -> Result<Link, StoreError> {
    // The cause is not told: it may quote the URL, and that may hold a password.
    let client = Client::open(format!("redis:{place}")).map_err(|_cause| {
        let form = "redis: the URL must look like redis://[user:pass@]host:port/db, or like \
            several of them with commas between";
        StoreError::Unavailable(form.to_owned())
    })?;
    let info = client.get_connection_info();
    let place = format!("redis://{}/{}", info.addr(), info.redis_settings().db());
    let manager = RedisConnectionManager::new(client);
    let first = manager.connect().and_then(|mut first| {
        manager.is_valid(&mut first)?;
        Ok(first)
    });
    let first = first.map_err(|error| unavailable(&place, &error))?;
    Ok(Link { tag, place, first, manager })
}

fn open_alone(link: &mut Link) -> Result<(Identity, Vec<u64>), StoreError> {
    if !share::is_there(link)? {
        share::refuse_strangers(std::slice::from_mut(link))?;
    }
    let (identity, commits, found) = make(link, VERSION, &new_identity()?, None)?;
    if let Some(found) = found {
        return Err(found.refused(&link.place, 1));
    }
    Ok((identity, vec![commits]))
}

/// Several servers may do so at once: each step leads to the same, whoever does it.
fn open_together(links: &mut [Link]) -> Result<(Identity, Vec<u64>), StoreError> {
    for _ in 0..MAX_LOOKS {
        let found = share::look_at_all(links)?;
        let Some(home) = share::agreed(links, &found)? else {
            make_first(links)?;
            continue;
        };
        match share::settle(links, home, &found)? {
            Next::Use => return make_each(links, home),
            Next::Make => {
                make_each(links, home)?;
            }
            Next::Look => {}
        }
    }
    let why = "redis: other servers keep changing what the feeds are";
    Err(StoreError::Unavailable(why.to_owned()))
}

fn make_first(links: &mut [Link]) -> Result<(), StoreError> {
    share::refuse_strangers(links)?;
    let n_feeds = links.len();
    let Some(home) = links.first_mut() else { return Ok(()) };
    let share = Share { feed: 0, n_feeds, store: hex(&new_identity()?.key) };
    make(home, VERSION_OF_SEVERAL, &new_identity()?, Some(&share))?;
    Ok(())
}

/// Those that are missing become feeds of the same store; of all, how often something was written.
fn make_each(links: &mut [Link], home: &Found) -> Result<(Identity, Vec<u64>), StoreError> {
    let mut commits = Vec::new();
    for link in links {
        let share = Share { feed: link.tag.0, ..home.share.clone() };
        let (_, n, _) = make(link, VERSION_OF_SEVERAL, &home.identity, Some(&share))?;
        commits.push(n);
    }
    Ok((home.identity.clone(), commits))
}

/// The identity of what stands there, and how often something was written to it; made where there
/// is none.
fn make(
    link: &mut Link,
    version: i64,
    new: &Identity,
    share: Option<&Share>,
) -> Result<(Identity, u64, Option<Share>), StoreError> {
    type Answer = (Option<String>, Option<String>, Option<String>, Option<u64>, Option<String>);
    let script = Script::new(include_str!("open.lua"));
    let mut ask = script.key(link.tag.meta());
    ask.arg(version).arg(&*new.epoch).arg(hex(&new.key));
    if link.tag == Tag::HOME {
        ask.arg("next_user").arg(FIRST_USER.0).arg("next_guest").arg(FIRST_GUEST.0);
    }
    if let Some(share) = share {
        let first = Spread(share.n_feeds).number_from(share.feed, FIRST_ROOM);
        ask.arg("next_room").arg(first.0).arg("share").arg(share.to_string());
    }
    let answer: RedisResult<Answer> = ask.invoke(&mut link.first);
    let (found, epoch, key, commits, its_share) =
        answer.map_err(|error| unavailable(&link.place, &error))?;
    let unreadable =
        || StoreError::Unreadable(format!("{}: the key {}", link.place, link.tag.meta()));
    let (Some(found), Some(epoch), Some(key)) = (found, epoch, key) else {
        return Err(unreadable());
    };
    let found: i64 = found.parse().map_err(|_cause| unreadable())?;
    let is_several = share.is_some();
    let share = match its_share {
        Some(share) => Some(Share::read(&share).ok_or_else(unreadable)?),
        None => None,
    };
    // What is one feed of several is refused as that by who looks for a store of one.
    if found > version && (is_several || share.is_none()) {
        return Err(StoreError::Newer { found, known: version });
    }
    let key = unhex(&key).ok_or_else(unreadable)?;
    Ok((Identity { epoch: epoch.into(), key }, commits.unwrap_or_default(), share))
}

/// Accounts that the original or a person put there have no entry by name. Only theirs are in
/// clear, so only those are looked at closely.
fn name_records(redis: &mut RedisConnection) -> RedisResult<()> {
    /// A field of the hash and what stands in it.
    type Record = (Vec<u8>, Vec<u8>);
    let mut cursor = 0;
    loop {
        let mut scan = cmd("HSCAN");
        scan.arg(keys::USERS).arg(cursor).arg("COUNT").arg(SCAN);
        let (next, found): (u64, Vec<Record>) = scan.query(redis)?;
        let mut add = redis::pipe();
        let in_clear = found
            .iter()
            .filter_map(|(field, value)| record::read(account_id(field)?, value))
            .filter(|account| matches!(account.secret, Secret::Clear(_)));
        for account in in_clear {
            let (id, name) = (account.id.0, Tag::HOME.name(account.name.key()));
            add.cmd("ZADD").arg(name).arg(id).arg(id).ignore();
        }
        if !add.is_empty() {
            add.exec(redis)?;
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}
