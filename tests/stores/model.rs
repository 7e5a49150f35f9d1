//! Random batches against a model that is too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hubbub::dao::{
    Cursor, Erase, Prune, Receipts, Secret, Store, Token, TokenDigest, Write, Writer, Written,
};
use hubbub::protocol::{
    Append, ErrorCode, MessageId, Name, RoomId, RoomNo, Sanction, SanctionKey, Text, UserId,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

mod any;
mod devices;
mod rooms;

use super::keeping::{import, lines};
use super::{Place, at, key, place, write_all};
use any::{NAMES, PEOPLE, any_write, token_digest};

use crate::support::redis::Redis;

/// Everything that ever happened, in lists that are searched from one end to the other.
#[derive(Default)]
struct Model {
    accounts: Vec<(i64, String, String)>,
    had: Vec<i64>,
    given: i64,
    guests: i64,
    /// How many feeds the store has; 0 counts as one.
    n_feeds: usize,
    /// Rooms that were ever made, by feed.
    made: BTreeMap<usize, u64>,
    messages: Vec<(Append, u64)>,
    /// Accounts that are gone, and whose words are not yet.
    erasing: BTreeSet<i64>,
    /// Messages without words.
    erased: BTreeSet<(RoomId, u64)>,
    /// Account, room, and what lies before its time there.
    members: Vec<(i64, RoomId, u64)>,
    /// Account, device ("" is the shared one), room, id.
    cursors: Vec<(i64, String, RoomId, u64)>,
    devices: Vec<(i64, String)>,
    /// Account, device, and when it came or left.
    seen: Vec<(i64, String, i64)>,
    /// Account, room, id.
    reads: Vec<(i64, RoomId, u64)>,
    receipts: Vec<(i64, Receipts)>,
    tokens: Vec<(TokenDigest, Token)>,
    ignored: BTreeSet<(i64, i64)>,
    halls: Vec<rooms::Hall>,
    sanctions: BTreeMap<SanctionKey, Sanction>,
    /// Account and room.
    invited: Vec<(i64, RoomNo)>,
    /// Room, and the last id that is gone from it.
    pruned: Vec<(RoomId, u64)>,
}

impl Model {
    fn last(&self, room: RoomId) -> u64 {
        self.messages.iter().filter(|(append, _)| append.room == room).count() as u64
    }

    fn has(&self, account: i64) -> bool {
        self.accounts.iter().any(|(id, ..)| *id == account)
    }

    fn apply(&mut self, write: &Write) -> Written {
        match write {
            Write::Append(append) => self.append(append),
            Write::Register { id: Some(id), name, secret, .. } => {
                self.register(id.0, name.as_ref(), secret)
            }
            Write::Register { id: None, name, secret, .. } => {
                self.given += 1;
                while self.has(10_000 + self.given) || self.had.contains(&(10_000 + self.given)) {
                    self.given += 1;
                }
                self.register(10_000 + self.given, name.as_ref(), secret)
            }
            Write::SetSecret { account, secret } => {
                self.tokens.retain(|(_, token)| token.account != *account);
                self.change(*account, |(_, _, old)| old.clone_from(secret))
            }
            Write::Rename { account, name } => {
                self.change(*account, |(_, old, _)| *old = name.as_str().into())
            }
            Write::Delete { account, erase } => {
                let written = self.change(*account, |_| ());
                if *erase && written == Written::Done {
                    self.erasing.insert(account.0);
                }
                self.leave_all(account.0);
                self.accounts.retain(|(id, ..)| *id != account.0);
                self.members.retain(|(id, ..)| *id != account.0);
                self.cursors.retain(|(id, ..)| *id != account.0);
                self.devices.retain(|(id, _)| *id != account.0);
                self.seen.retain(|(id, ..)| *id != account.0);
                self.reads.retain(|(id, ..)| *id != account.0);
                self.receipts.retain(|(id, _)| *id != account.0);
                self.ignored.retain(|(id, _)| *id != account.0);
                self.tokens.retain(|(_, token)| token.account != *account);
                written
            }
            Write::OpenDevice { account, device, time } => {
                self.open(account.0, device.as_str());
                if self.has(account.0) {
                    self.seen.push((account.0, device.as_str().into(), time.0));
                }
                Written::Done
            }
            Write::Cursor(cursor) => self.advance(cursor),
            Write::Guests(count) => {
                self.guests += i64::from(*count);
                Written::Guests(UserId(-1 - self.guests + i64::from(*count)))
            }
            other => self.apply_other(other),
        }
    }

    fn apply_other(&mut self, write: &Write) -> Written {
        match write {
            Write::Read { account, room, up_to } => {
                if self.has(account.0) && self.is_in(account.0, *room) {
                    self.reads.push((account.0, *room, up_to.0.min(self.last(*room))));
                }
                Written::Done
            }
            Write::Receipts { account, receipts } => {
                self.receipts.push((account.0, *receipts));
                self.change(*account, |_| ())
            }
            Write::Token { account, device, digest, expires } => {
                let written = self.change(*account, |_| ());
                if written == Written::Done {
                    let (account, device) = (*account, device.clone());
                    self.tokens.retain(|(old, _)| old != digest);
                    self.tokens.push((*digest, Token { account, device, expires: *expires }));
                }
                written
            }
            Write::Ignore { account, whom, is_so } => {
                let written = self.change(*account, |_| ());
                if !is_so {
                    self.ignored.remove(&(account.0, whom.0));
                } else if written == Written::Done {
                    self.ignored.insert((account.0, whom.0));
                }
                written
            }
            Write::RevokeToken(digest) => {
                self.tokens.retain(|(old, _)| old != digest);
                Written::Done
            }
            Write::RevokeDevice { account, device } => {
                let of_it = |token: &Token| (token.account, &token.device) == (*account, device);
                self.tokens.retain(|(_, token)| !of_it(token));
                Written::Done
            }
            Write::RevokeTokens(account) => {
                self.tokens.retain(|(_, token)| token.account != *account);
                Written::Done
            }
            Write::Room(change) => self.change_room(change),
            Write::Prune(prune) => self.prune(prune),
            Write::Erase(erase) => self.erase(erase),
            Write::Erased(account) => {
                self.erasing.remove(&account.0);
                Written::Done
            }
            other => panic!("stores differ in this: {other:?}"),
        }
    }

    fn append(&mut self, append: &Append) -> Written {
        let same = |old: &&(Append, u64)| {
            let old = &old.0;
            (old.room, old.sender, &old.device, &old.reference)
                == (append.room, append.sender, &append.device, &append.reference)
        };
        let (time, id, fresh) = match self.messages.iter().find(same) {
            Some((old, _)) if (&old.text, old.about) != (&append.text, append.about) => {
                return Written::Refused(ErrorCode::ReferenceReused);
            }
            Some((old, id)) => (old.time, *id, old.nonce == append.nonce),
            None if self.erasing.contains(&append.sender.0) => {
                return Written::Refused(ErrorCode::UnknownUser);
            }
            None => {
                let last = self.last(append.room);
                if let RoomId::Pair(UserId(one), UserId(other)) = append.room {
                    for member in [one, other] {
                        let known = self.is_in(member, append.room);
                        if self.has(member) && !known {
                            self.members.push((member, append.room, last));
                        }
                    }
                }
                self.messages.push((append.clone(), last + 1));
                (append.time, last + 1, true)
            }
        };
        let message = hubbub::protocol::Message {
            id: MessageId(id),
            room: append.room,
            sender: append.sender,
            name: Arc::clone(&append.name),
            time,
            text: append.text.clone(),
            reference: append.reference.clone(),
            about: append.about,
        };
        Written::Stored { message: Arc::new(message), fresh }
    }

    fn gone(&self, room: RoomId) -> u64 {
        self.pruned.iter().filter(|(its, _)| *its == room).map(|(_, id)| *id).max().unwrap_or(0)
    }

    fn prune(&mut self, prune: &Prune) -> Written {
        let (gone, last) = (self.gone(prune.room), self.last(prune.room));
        let left = self.messages.iter().filter(|(it, id)| it.room == prune.room && *id > gone);
        let due = left
            .take(prune.limit as usize)
            .take_while(|(it, id)| last - id >= prune.keep || it.time < prune.before);
        let n_due = due.count() as u64;
        self.pruned.push((prune.room, gone + n_due));
        Written::Pruned(n_due)
    }

    fn erase(&mut self, erase: &Erase) -> Written {
        let gone = self.gone(erase.room);
        let its = |(it, id): &&(Append, u64)| {
            let is_meant = (it.room, it.sender) == (erase.room, erase.account);
            is_meant && *id > gone && erase.ids.contains(&MessageId(*id))
        };
        let its: Vec<_> = self.messages.iter().filter(its).map(|(_, id)| *id).collect();
        let new = its.into_iter().filter(|id| self.erased.insert((erase.room, *id)));
        Written::Pruned(new.count() as u64)
    }

    fn register(&mut self, id: i64, name: Option<&Name>, secret: &str) -> Written {
        if self.has(id) || self.erasing.contains(&id) {
            return Written::Refused(ErrorCode::IdTaken);
        }
        let name = name.map_or_else(|| id.to_string(), |name| name.as_str().to_owned());
        self.accounts.push((id, name, secret.to_owned()));
        self.had.push(id);
        self.cursors.push((id, String::new(), RoomId::Lobby, self.last(RoomId::Lobby)));
        self.reads.push((id, RoomId::Lobby, self.last(RoomId::Lobby)));
        self.receipts.push((id, Receipts::default()));
        Written::Registered(UserId(id))
    }

    fn change(
        &mut self,
        account: UserId,
        change: impl FnOnce(&mut (i64, String, String)),
    ) -> Written {
        match self.accounts.iter_mut().find(|(id, ..)| *id == account.0) {
            Some(account) => {
                change(account);
                Written::Done
            }
            None => Written::Refused(ErrorCode::UnknownUser),
        }
    }

    fn is_in(&self, account: i64, room: RoomId) -> bool {
        room == RoomId::Lobby
            || self.members.iter().any(|(id, its, _)| (*id, *its) == (account, room))
    }

    fn open(&mut self, account: i64, name: &str) {
        let known = self.devices.contains(&(account, name.into()));
        if !self.has(account) || known {
            return;
        }
        self.devices.push((account, name.into()));
        let shared = self.cursors.iter().filter(|(id, its, ..)| *id == account && its.is_empty());
        let own: Vec<_> =
            shared.map(|(_, _, room, id)| (account, name.into(), *room, *id)).collect();
        self.cursors.extend(own);
    }

    fn advance(&mut self, cursor: &Cursor) -> Written {
        let (account, room) = (cursor.account.0, cursor.room);
        if self.has(account) && self.is_in(account, room) {
            let up_to = cursor.up_to.0.min(self.last(room));
            if let Some(device) = &cursor.device {
                self.open(account, device.as_str());
                self.cursors.push((account, device.as_str().into(), room, up_to));
            }
            self.cursors.push((account, String::new(), room, up_to));
        }
        Written::Done
    }
}

fn agree(model: &Model, store: &Arc<dyn Store>) {
    let mut expected = model.accounts.clone();
    expected.sort();
    let found = store.accounts(UserId(0), 1_000).unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|account| match account.secret {
            Secret::Hash(hash) => (account.id.0, account.name.as_str().to_owned(), hash),
            Secret::Clear(clear) => panic!("{clear} is no hash"),
        })
        .collect();
    assert_eq!(found, expected);
    for name in NAMES {
        let bearers =
            expected.iter().filter(|(_, its, _)| its.to_lowercase() == name.to_lowercase());
        let bearers: Vec<_> = bearers.map(|(id, ..)| UserId(*id)).take(20).collect();
        assert_eq!(store.named(&key(name)).unwrap(), bearers, "{name}");
    }
    for account in PEOPLE {
        for device in [None, Some("phone"), Some("tablet"), Some("unknown")] {
            assert_eq!(
                at(store, account, device),
                model.at(account, device),
                "{account} {device:?}"
            );
        }
        assert_eq!(store.marks(UserId(account)).unwrap(), model.marks(account), "{account}");
        assert_eq!(store.receipts(UserId(account)).unwrap(), model.receipts(account));
        assert_eq!(store.devices(UserId(account)).unwrap(), model.devices(account));
        let ignored = model.ignored.iter().filter(|(id, _)| *id == account);
        let ignored: Vec<_> = ignored.map(|(_, whom)| UserId(*whom)).collect();
        assert_eq!(store.ignored(UserId(account)).unwrap(), ignored);
        let is_on_it = ignored.contains(&UserId(1));
        assert_eq!(store.ignores(UserId(account), UserId(1)).unwrap(), is_on_it);
    }
    for n in 0..4 {
        let token = model.tokens.iter().find(|(digest, _)| *digest == token_digest(n));
        let token = token.map(|(_, token)| token.clone());
        assert_eq!(store.token(&token_digest(n)).unwrap(), token, "{n}");
    }
    let pairs = PEOPLE.iter().flat_map(|a| PEOPLE.map(|b| RoomId::pair(UserId(*a), UserId(b))));
    let named = model.halls.iter().map(|hall| hall.room.id());
    for room in pairs.chain([RoomId::Lobby]).chain(named) {
        let said = model.messages.iter().filter(|(append, _)| append.room == room);
        let text = |append: &Append, id: u64| match model.erased.contains(&(room, id)) {
            true => Text::nothing(),
            false => append.text.clone(),
        };
        let said: Vec<_> = said.map(|(append, id)| (*id, text(append, *id))).collect();
        let last = said.len() as u64;
        let said = said.get(model.gone(room) as usize..).unwrap();
        let page = store.page(room, MessageId(0), 1_000).unwrap();
        let page: Vec<_> = page.into_iter().map(|message| (message.id.0, message.text)).collect();
        assert_eq!(page, said, "{room}");
        assert_eq!(store.last(room).unwrap().0, last);
    }
    let erasing: Vec<_> = model.erasing.iter().copied().map(UserId).collect();
    assert_eq!(store.erasing().unwrap(), erasing);
    model.agree_on_rooms(store);
}

fn run(
    store: &Arc<dyn Store>,
    writer: &mut Box<dyn Writer>,
    batches: &[Vec<Write>],
    n_feeds: usize,
) {
    let mut model = Model { n_feeds, ..Model::default() };
    for batch in batches {
        let (mut written, mut expected) = (Vec::new(), Vec::new());
        for write in batch {
            if model.has_room(write) {
                expected.push(model.apply(write));
                written.push(write.clone());
            }
        }
        assert_eq!(write_all(writer, &written), expected);
    }
    agree(&model, store);
    // What is in it agrees with itself, and all of it can go elsewhere.
    let exported = lines(store);
    let other = place("memory").unwrap().open();
    import(&other, &exported).unwrap();
    assert_eq!(lines(&other), exported);
    agree(&model, &other);
}

fn check(place: &Place, batches: &[Vec<Write>]) {
    let store = place.open();
    let mut writer = store.writer().unwrap();
    run(&store, &mut writer, batches, place.url.split(',').count());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

fn cases(scheme: &str, cases: u32, check: impl Fn(&[Vec<Write>])) {
    let batches = prop::collection::vec(prop::collection::vec(any_write(), 0..20), 1..12);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(config).run(&batches, |batches| {
        check(&batches);
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{scheme}: {failure}"));
}

#[test]
fn memory_does_what_the_model_does() {
    cases("memory", 200, |batches| check(&place("memory").unwrap(), batches));
}

#[test]
fn sqlite_does_what_the_model_does() {
    cases("sqlite", 50, |batches| check(&place("sqlite").unwrap(), batches));
}

#[test]
fn redis_does_what_the_model_does() {
    // To start a server for each case would take too long: one is emptied.
    let Some(redis) = Redis::start() else { return };
    empty_and_check("redis", &redis, redis.url());
}

#[test]
fn three_feeds_do_what_the_model_does() {
    let Some(redis) = Redis::start() else { return };
    empty_and_check("redis of three", &redis, redis.url_of(3));
}

fn empty_and_check(scheme: &str, redis: &Redis, url: String) {
    let place = Place { url, keeps: true, _holds: Box::new(()) };
    cases(scheme, 25, |batches| {
        redis::cmd("FLUSHALL").exec(&mut redis.connect()).unwrap();
        check(&place, batches);
    });
}
