//! What each feed of a store of several says of itself, and what follows from what they say
//! together.

use std::fmt;

use redis::{RedisResult, Script, cmd};

use super::super::contract::{new_identity, unhex};
use super::super::{Identity, StoreError};
use super::keys::Tag;
use super::open::{Link, MAX_FEEDS, VERSION_OF_SEVERAL};
use super::part::Parts;
use super::unavailable;

/// Which part of which store a feed is: `1 3 ID` in its meta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) feed: usize,
    pub(super) n_feeds: usize,
    /// Made with the store.
    pub(super) store: String,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.feed, self.n_feeds, self.store)
    }
}

impl Share {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (feed, n_feeds) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { feed, n_feeds, store: parts.next()?.to_owned() })
    }

    /// Why a place that holds this is not taken for one of so many.
    pub(super) fn refused(&self, place: &str, n_given: usize) -> StoreError {
        let Self { feed, n_feeds, .. } = self;
        StoreError::Refused(format!(
            "{place} holds feed {feed}, counted from 0, of a store of {n_feeds}, and --store names \
             {n_given}: name all {n_feeds}, in their order; for another number of them `server export`, and \
             `server import` into empty places"
        ))
    }
}

/// What stands at a place.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) identity: Identity,
    pub(super) share: Share,
    is_copy: bool,
    /// All feeds were made once.
    is_made: bool,
    /// The epoch before, until all feeds have the new one.
    before: Option<String>,
}

/// What is to be done before a store can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    Use,
    /// What is missing has to be made.
    Make,
    /// Something was changed: look again.
    Look,
}

/// Looks at the first feed first: what is changed of it later rests on what it was then.
pub(super) fn look_at_all(links: &mut [Link]) -> Result<Vec<Option<Found>>, StoreError> {
    links.iter_mut().map(look).collect()
}

pub(super) fn is_there(link: &mut Link) -> Result<bool, StoreError> {
    let found: RedisResult<bool> = cmd("EXISTS").arg(link.tag.meta()).query(&mut link.first);
    found.map_err(|error| unavailable(&link.place, &error))
}

fn look(link: &mut Link) -> Result<Option<Found>, StoreError> {
    let mut ask = cmd("HMGET");
    ask.arg(link.tag.meta());
    ask.arg(&["version", "epoch", "key", "share", "copy", "made", "before"]);
    let found: RedisResult<[Option<String>; 7]> = ask.query(&mut link.first);
    let [version, epoch, key, share, copy, made, before] =
        found.map_err(|error| unavailable(&link.place, &error))?;
    let unreadable =
        || StoreError::Unreadable(format!("{}: the key {}", link.place, link.tag.meta()));
    let Some(version) = version else { return Ok(None) };
    let version: i64 = version.parse().map_err(|_cause| unreadable())?;
    if version > VERSION_OF_SEVERAL {
        return Err(StoreError::Newer { found: version, known: VERSION_OF_SEVERAL });
    }
    let Some(share) = share else {
        return Err(StoreError::Refused(format!(
            "{} holds a store of one feed: `server export` it, and `server import` it into empty \
             places",
            link.place
        )));
    };
    let share = Share::read(&share).ok_or_else(unreadable)?;
    let (epoch, key) = epoch.zip(key).ok_or_else(unreadable)?;
    let key = unhex(&key).ok_or_else(unreadable)?;
    let identity = Identity { epoch: epoch.into(), key };
    let (is_copy, is_made) = (copy.is_some(), made.is_some());
    Ok(Some(Found { identity, share, is_copy, is_made, before }))
}

/// The first feed, if all that is there belongs together; `None` where there is nothing yet.
pub(super) fn agreed<'f>(
    links: &[Link],
    found: &'f [Option<Found>],
) -> Result<Option<&'f Found>, StoreError> {
    let home = found.first().and_then(Option::as_ref);
    for (link, found) in links.iter().zip(found) {
        let Some(Found { share, .. }) = found else { continue };
        if (share.feed, share.n_feeds) != (link.tag.0, links.len()) {
            return Err(share.refused(&link.place, links.len()));
        }
        let why = match home {
            Some(home) if home.share.store == share.store => continue,
            Some(_) => "the first place holds another store",
            None => "the first place is empty: bring it back, or empty them all to begin anew",
        };
        let place = &link.place;
        return Err(StoreError::Refused(format!(
            "{place} holds feed {} of a store, and {why}",
            share.feed
        )));
    }
    Ok(home)
}

/// Refuses where one of these feeds, which are not where they should be, is at another place.
pub(super) fn refuse_elsewhere(links: &mut [Link], tags: &[Tag]) -> Result<(), StoreError> {
    let assigned: Vec<_> = links.iter().map(|link| (link.place.clone(), link.tag)).collect();
    for link in links {
        let mut foreign = tags.to_vec();
        foreign.retain(|tag| !assigned.contains(&(link.place.clone(), *tag)));
        let mut ask = redis::pipe();
        for tag in &foreign {
            ask.cmd("EXISTS").arg(tag.meta());
        }
        if foreign.is_empty() {
            continue;
        }
        let found: RedisResult<Vec<bool>> = ask.query(&mut link.first);
        let found = found.map_err(|error| unavailable(&link.place, &error))?;
        if let Some((Tag(feed), _)) = foreign.iter().zip(found).find(|(_, is_there)| *is_there) {
            return Err(StoreError::Refused(format!(
                "{} holds feed {feed} of a store, counted from 0, and is not given at that place \
                 of --store: name all its places, in their order",
                link.place
            )));
        }
    }
    Ok(())
}

/// Refuses where a feed is missing at a place that has others: that place was not emptied.
fn refuse_beside(links: &[Link], found: &[Option<Found>]) -> Result<(), StoreError> {
    let pairs = || links.iter().zip(found);
    let has_others =
        |place: &str| pairs().any(|(link, found)| link.place == place && found.is_some());
    match pairs().find(|(link, found)| found.is_none() && has_others(&link.place)) {
        None => Ok(()),
        Some((link, _)) => Err(StoreError::Refused(format!(
            "{} does not hold feed {} of this store, counted from 0, but another one: name all \
             its places, in their order",
            link.place, link.tag.0
        ))),
    }
}

/// The same, of any feed: nothing of a store is made where something of another one is.
pub(super) fn refuse_strangers(links: &mut [Link]) -> Result<(), StoreError> {
    let all: Vec<_> = (0..MAX_FEEDS).map(Tag).collect();
    refuse_elsewhere(links, &all)
}

/// Brings what is there to one epoch, or marks the first feed as a copy.
pub(super) fn settle(
    links: &mut [Link],
    home: &Found,
    found: &[Option<Found>],
) -> Result<Next, StoreError> {
    let missing = found.iter().zip(0..).filter(|(found, _)| found.is_none());
    let missing: Vec<_> = missing.map(|(_, feed)| Tag(feed)).collect();
    if !missing.is_empty() {
        refuse_elsewhere(links, &missing)?;
        if home.is_made {
            refuse_beside(links, found)?;
        }
        // It was there once: what stood in it is gone.
        let is_marked = !home.is_made || mark(links, home, ("copy", "1"))?;
        return Ok(if is_marked { Next::Make } else { Next::Look });
    }
    if !home.is_made {
        mark(links, home, ("made", "1"))?;
        return Ok(Next::Look);
    }
    let epoch = &home.identity.epoch;
    for (link, found) in links.iter_mut().zip(found).skip(1) {
        let Some(found) = found else { continue };
        let its = &found.identity.epoch;
        if its != epoch && home.before.as_deref() == Some(&**its) {
            // Whoever made the new epoch did not get here.
            let adopt = Script::new(include_str!("adopt.lua"));
            let adopted: RedisResult<()> =
                adopt.key(link.tag.meta()).arg(&**epoch).invoke(&mut link.first);
            adopted.map_err(|error| unavailable(&link.place, &error))?;
        } else if (its != epoch || found.is_copy) && !home.is_copy {
            mark(links, home, ("copy", "1"))?;
            return Ok(Next::Look);
        }
    }
    if home.before.is_some() {
        mark(links, home, ("before", ""))?;
        return Ok(Next::Look);
    }
    Ok(Next::Use)
}

/// Changes a field of the first feed, if it is still as it was seen; is it?
fn mark(
    links: &mut [Link],
    home: &Found,
    (field, value): (&str, &str),
) -> Result<bool, StoreError> {
    let Some(link) = links.first_mut() else { return Ok(false) };
    let script = Script::new(include_str!("mark.lua"));
    let mut ask = script.key(link.tag.meta());
    ask.arg(&*home.identity.epoch).arg(field).arg(value);
    ask.invoke(&mut link.first).map_err(|error| unavailable(&link.place, &error))
}

/// Makes a new epoch where the mark of a copy stands, and ends the mark; was there one?
pub(super) fn renew(parts: &Parts) -> Result<bool, StoreError> {
    let (home, epoch) = (parts.home(), new_identity()?.epoch);
    let script = Script::new(include_str!("renew.lua"));
    let n_feeds = 1 + parts.others().len();
    let is_renewed =
        home.ask(|redis| script.key(home.tag.meta()).arg(&*epoch).arg(n_feeds).invoke(redis))?;
    if is_renewed {
        spread_epoch(parts, &epoch)?;
    }
    Ok(is_renewed)
}

/// All feeds get the epoch that the first one has by now.
pub(super) fn spread_epoch(parts: &Parts, epoch: &str) -> Result<(), StoreError> {
    if parts.others().is_empty() {
        return Ok(());
    }
    let adopt = Script::new(include_str!("adopt.lua"));
    for part in parts.others() {
        part.ask(|redis| adopt.key(part.tag.meta()).arg(epoch).invoke::<()>(redis))?;
    }
    let home = parts.home();
    let end = Script::new(include_str!("mark.lua"));
    home.ask(|redis| end.key(home.tag.meta()).arg(epoch).arg("before").arg("").invoke::<()>(redis))
}
