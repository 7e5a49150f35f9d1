//! A store that fails or does not say, under the real hub, journal and sessions: shown is a part
//! of stored, and no send is stored twice. Stage by stage in this process, for no server program
//! has such a store.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use hubbub::auth::Auth;
use hubbub::config::Registration;
use hubbub::dao::{
    self, Account, Asked, Claim, Code, Health, Identity, Marks, Receipts, Records, Store,
    StoreError, Take, Token, TokenDigest, Write, Writer, Written,
};
use hubbub::hub::{self, Item};
use hubbub::limits::{self, Addresses, Budget, Throttle};
use hubbub::outbox::{Flusher, Outbox};
use hubbub::protocol::{
    Deed, Device, Message, MessageId, Millis, NameKey, NamedRoom, OwnDevice, Role, RoomId,
    RoomMember, RoomName, RoomNo, Sanction, SessionId, Standing, UserId,
};
use hubbub::session::{self, Connection, Encryption, Guests, Host, Policy};
use hubbub::state::{Input, State};
use hubbub::texts::Lang;
use hubbub::transport::{self, Reader};
use hubbub::{clock, journal, stage, threads};

use super::crew::Crew;
use super::dice::Dice;
use super::verdict::judge;
use crate::support::peers::{Course, Extended};
use crate::support::wire::DEADLINE;

/// A store whose writer fails by the dice once it is told to.
#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
    /// Where a login waits that has shown its password and is not in yet: it says that it is
    /// there, and goes on when it is told to.
    gate: Option<(Sender<()>, Receiver<()>)>,
}

#[derive(Debug, Default)]
struct Faults {
    are_on: AtomicBool,
    n_refused: AtomicU64,
    n_unknown: AtomicU64,
}

#[derive(Debug)]
struct FaultyWriter {
    inner: Box<dyn Writer>,
    faults: Arc<Faults>,
    dice: Dice,
    /// It is not known what became of the last batch: nothing may be called refused.
    in_doubt: bool,
}

impl Writer for FaultyWriter {
    fn commit(&mut self, batch: &[&Write]) -> Result<Vec<Written>, StoreError> {
        if !self.faults.are_on.load(Ordering::Acquire) {
            return self.inner.commit(batch);
        }
        let throw = self.dice.below(0..60);
        if throw == 0 && !self.in_doubt {
            self.faults.n_refused.fetch_add(1, Ordering::Relaxed);
            return Err(StoreError::Unavailable("so says the test".to_owned()));
        }
        if throw < 10 {
            if throw.is_multiple_of(2) {
                drop(self.inner.commit(batch)?);
            }
            self.in_doubt = true;
            self.faults.n_unknown.fetch_add(1, Ordering::Relaxed);
            return Err(StoreError::Unknown("so says the test".to_owned()));
        }
        self.in_doubt = false;
        self.inner.commit(batch)
    }
}

impl Store for Faulty {
    fn identity(&self) -> &Identity {
        self.inner.identity()
    }

    fn place(&self) -> &str {
        self.inner.place()
    }

    fn advice(&self) -> Vec<String> {
        self.inner.advice()
    }

    fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.inner.account(id)
    }

    fn named(&self, name: &NameKey) -> Result<Vec<UserId>, StoreError> {
        self.inner.named(name)
    }

    fn accounts(&self, after: UserId, limit: usize) -> Result<Vec<Account>, StoreError> {
        self.inner.accounts(after, limit)
    }

    fn cursors(
        &self,
        account: UserId,
        device: Option<&Device>,
    ) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        self.inner.cursors(account, device)
    }

    fn erasing(&self) -> Result<Vec<UserId>, StoreError> {
        self.inner.erasing()
    }

    fn changes(
        &self,
        room: RoomId,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, hubbub::protocol::Changes)>, StoreError> {
        self.inner.changes(room, ids)
    }

    fn room(&self, no: RoomNo) -> Result<Option<NamedRoom>, StoreError> {
        self.inner.room(no)
    }

    fn room_named(&self, name: &RoomName) -> Result<Option<NamedRoom>, StoreError> {
        self.inner.room_named(name)
    }

    fn named_rooms(
        &self,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Result<Vec<NamedRoom>, StoreError> {
        self.inner.named_rooms(after, limit)
    }

    fn rooms_of(&self, account: UserId) -> Result<Vec<(NamedRoom, Role)>, StoreError> {
        self.inner.rooms_of(account)
    }

    fn standing(&self, no: RoomNo, account: UserId) -> Result<Standing, StoreError> {
        self.inner.standing(no, account)
    }

    fn since(&self, account: UserId, room: RoomId) -> Result<Option<MessageId>, StoreError> {
        self.inner.since(account, room)
    }

    fn members(
        &self,
        no: RoomNo,
        after: UserId,
        limit: usize,
    ) -> Result<Vec<RoomMember>, StoreError> {
        self.inner.members(no, after, limit)
    }

    fn sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        self.inner.sanctions()
    }

    fn deeds(&self, before: Option<(Millis, u64)>, limit: usize) -> Result<Vec<Deed>, StoreError> {
        self.inner.deeds(before, limit)
    }

    fn ignored(&self, account: UserId) -> Result<Vec<UserId>, StoreError> {
        if let Some((there, on)) = &self.gate {
            there.send(()).unwrap();
            on.recv_timeout(DEADLINE).unwrap();
        }
        self.inner.ignored(account)
    }

    fn ignores(&self, account: UserId, whom: UserId) -> Result<bool, StoreError> {
        self.inner.ignores(account, whom)
    }

    fn codes(&self) -> Result<Vec<Code>, StoreError> {
        self.inner.codes()
    }

    fn applicants(&self) -> Result<Vec<Asked>, StoreError> {
        self.inner.applicants()
    }

    fn is_operator(&self, account: UserId) -> Result<bool, StoreError> {
        self.inner.is_operator(account)
    }

    fn page(
        &self,
        room: RoomId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        self.inner.page(room, after, limit)
    }

    fn last(&self, room: RoomId) -> Result<MessageId, StoreError> {
        self.inner.last(room)
    }

    fn token(&self, digest: &TokenDigest) -> Result<Option<Token>, StoreError> {
        self.inner.token(digest)
    }

    fn devices(&self, account: UserId) -> Result<Vec<OwnDevice>, StoreError> {
        self.inner.devices(account)
    }

    fn receipts(&self, account: UserId) -> Result<Receipts, StoreError> {
        self.inner.receipts(account)
    }

    fn marks(&self, account: UserId) -> Result<Vec<Marks>, StoreError> {
        self.inner.marks(account)
    }

    fn rooms(&self) -> Result<Vec<(RoomId, MessageId)>, StoreError> {
        self.inner.rooms()
    }

    fn belongings(&self, account: UserId, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.inner.belongings(account, take)
    }

    fn export(&self, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.inner.export(take)
    }

    fn import(&self, records: &mut Records<'_>) -> Result<(), StoreError> {
        self.inner.import(records)
    }

    fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.inner.backup(to)
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.inner.check()
    }

    fn renew(&self) -> Result<bool, StoreError> {
        self.inner.renew()
    }

    fn claim(&self) -> Result<Box<dyn Claim>, StoreError> {
        self.inner.claim()
    }

    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        let (inner, faults) = (self.inner.writer()?, Arc::clone(&self.faults));
        Ok(Box::new(FaultyWriter { inner, faults, dice: Dice::new(15), in_doubt: false }))
    }
}

#[test]
fn a_store_that_fails_or_does_not_say_shows_only_what_it_has_and_nothing_twice() {
    let store = dao::open("memory:").unwrap();
    let faults = Arc::new(Faults::default());
    let faulty = Faulty { inner: Arc::clone(&store), faults: Arc::clone(&faults), gate: None };
    let (host, address) = serve(Arc::new(faulty));
    let mut crew = Crew::start(address, 15, std::iter::repeat(address.to_string()));
    faults.are_on.store(true, Ordering::Release);
    crew.talk();
    while faults.n_unknown.load(Ordering::Relaxed) < 12 {
        crew.wait_for_more(20, |shared| &shared.n_acknowledged);
    }
    faults.are_on.store(false, Ordering::Release);
    assert!(crew.fall_silent(), "not everybody was answered");
    let verdict = judge(&*store, &crew.leave(), &[]);
    println!("{faults:?}; {verdict}");
    assert!(verdict.is_kept(), "{verdict}");
    host.hub.enter(Item::Input(Input::Shutdown)).unwrap();
}

/// Between looking at a password and being in, a login is seen by nobody: neither by who gives the
/// account another password nor by who deletes it.
#[test]
fn a_login_by_a_password_that_has_ended_meanwhile_ends_with_it() {
    for is_deleted in [false, true] {
        let store = dao::open("memory:").unwrap();
        let ((there_in, there), (on, on_out)) = (bounded(1), bounded(1));
        let gate = Some((there_in, on_out));
        let (host, address) =
            serve(Arc::new(Faulty { inner: store, faults: Arc::default(), gate }));
        Course::join(address, 100, "tom");
        let mut owner = Extended::connect(address, "desk");
        owner.course.log_in(100, "secret");
        there.recv_timeout(DEADLINE).unwrap();
        on.send(()).unwrap();
        assert_eq!(owner.expect("LoginResMes")["code"], 200);
        owner.expect_token();

        let mut thief = Extended::connect(address, "other");
        thief.course.log_in(100, "secret");
        there.recv_timeout(DEADLINE).unwrap();
        if is_deleted {
            owner.send("DeleteAccountMes", r#"{"userPwd":"secret"}"#);
            while owner.next("the end").1["closing"] != true {}
        } else {
            owner.send("PasswdMes", r#"{"oldPwd":"secret","newPwd":"another"}"#);
            while owner.next("the new password").0 != "PasswdResMes" {}
            // What was asked of the hub before is before it now.
            owner.send("PingMes", "{}");
            while owner.next("an answer").0 != "PongMes" {}
        }
        on.send(()).unwrap();
        let end = loop {
            let (_, data) = thief.next("its end");
            if data["closing"] == true {
                break data;
            }
        };
        assert_eq!(end["code"], if is_deleted { "deleted" } else { "logged_out" });
        // Nor does what it was given let it in again.
        let mut again = Extended::connect(address, "other");
        if let Some(token) = thief.token {
            assert_eq!(again.resume(&token, "", &[])["errorCode"], "bad_token");
        }
        host.hub.enter(Item::Input(Input::Shutdown)).unwrap();
    }
}

/// What all share to read by is not for those alone who search.
#[test]
fn searches_wait_for_their_turn_and_are_told_when_it_does_not_come() {
    let store = dao::open("memory:").unwrap();
    let faulty = Faulty { inner: store, faults: Arc::default(), gate: None };
    let (host, address) = serve(Arc::new(faulty));
    let turn = host.searches.hold(limits::SEARCHES, Duration::ZERO);
    let mut tom = Extended::enter(address, (100, "tom"), "desk");
    let search = |tom: &mut Extended| tom.send("SearchMes", r#"{"room":"lobby","text":"x"}"#);
    search(&mut tom);
    assert_eq!(tom.expect("ErrorMes")["code"], "throttled");
    search(&mut tom);
    drop(turn);
    tom.expect("SearchResMes");
    host.hub.enter(Item::Input(Input::Shutdown)).unwrap();
}

/// A server on this store: the stages, and a thread for each connection.
fn serve(store: Arc<dyn Store>) -> (Arc<Host>, SocketAddr) {
    let host = Arc::new(host(store));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (flusher, _flush) = Flusher::start().unwrap();
    let addresses = Addresses::new(1_000);
    let serving = Arc::clone(&host);
    // Ends with the test program.
    threads::spawn("accept-faulty", move || {
        for (n, stream) in (1..).zip(listener.incoming()) {
            let stream = stream.unwrap();
            let admitted = addresses.admit(address.ip(), true).unwrap();
            let (host, flusher) = (Arc::clone(&serving), flusher.clone());
            let serve = move || {
                session::serve(&host, connection(SessionId(n), stream, flusher, admitted));
            };
            threads::spawn(format!("conn-{n}"), serve).unwrap();
        }
    })
    .unwrap();
    (host, address)
}

fn connection(
    id: SessionId,
    stream: TcpStream,
    flusher: Flusher,
    admitted: limits::Admitted,
) -> Connection {
    transport::tune(&stream).unwrap();
    let peer = stream.peer_addr().unwrap();
    let stream = Arc::new(stream);
    Connection {
        id,
        peer,
        outbox: Outbox::new(Arc::clone(&stream), flusher, None),
        reader: Reader::new(stream),
        front: None,
        encryption: Encryption::None,
        exempt: true,
        admitted,
        dialect: Arc::default(),
    }
}

fn host(store: Arc<dyn Store>) -> Host {
    let (hub_inbox, hub_source) = stage::inbox(hub::MAX_INBOX);
    let (journal_inbox, journal_source) = stage::counted_inbox();
    let health = Arc::new(Health::new(clock::now()));
    let bytes_in_flight = Arc::new(Budget::new(limits::ALL_IN_FLIGHT));
    let parts = hub::Parts {
        state: State::new(Arc::clone(&store.identity().epoch), 1),
        journal: journal_inbox.clone(),
        bytes_in_flight: Arc::clone(&bytes_in_flight),
        health: Arc::clone(&health),
        stopped: bounded(1).0,
    };
    hub::start(parts, hub_source).unwrap();
    let writer = store.writer().unwrap();
    // These stores are never replaced.
    let (replaced, _) = bounded(1);
    journal::start(writer, Arc::clone(&health), hub_inbox.clone(), journal_source, replaced)
        .unwrap();
    Host {
        hub: hub_inbox,
        journal: journal_inbox,
        store,
        health,
        auth: Auth::new(),
        bytes_in_flight,
        tls: None,
        servers: Arc::default(),
        guests: Guests::default(),
        wrong_for_account: Throttle::new(limits::WRONG_PER_ACCOUNT),
        wrong_from_address: Throttle::new(limits::WRONG_PER_ADDRESS),
        registrations: Throttle::new(limits::REGISTRATIONS),
        rooms: Throttle::new(limits::ROOMS),
        exports: Throttle::new(limits::EXPORTS),
        searches: Budget::new(limits::SEARCHES),
        policy: Policy {
            guests: true,
            registration: Registration::Open,
            login_timeout: Duration::from_secs(30),
            idle_timeout: None,
            hide_addresses: false,
            private_as_group: false,
            lang: Lang::En,
        },
    }
}
