//! One running server: opens the store, starts hub, journal and flusher, binds, accepts, and
//! shuts down in order.
//!
//! Shutdown is the graph of channels ending: no more connections, then no more sends, then
//! farewells, then the sessions, then hub and journal, each with a deadline.

mod accept;
mod accounts;
mod applicants;
mod audit;
mod certs;
mod clerk;
mod cluster;
mod indexer;
mod invites;
mod keeper;
pub mod keeping;
pub mod pid_file;
mod refusing;

pub use accounts::run_user_act;
pub use audit::run_audit;
pub use certs::run_cert_act;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use self::clerk::Clerks;
use crate::auth::Auth;
use crate::config::{CoursePrivate, Options};
use crate::dao::{self, Claim, Entry, Health, Store, StoreError, Write, Written};
use crate::envelope::{Bytes, Dialect};
use crate::front;
use crate::hub::{self, Item};
use crate::journal::Membership;
use crate::limits::{self, Addresses, Budget, Ceiling, Throttle};
use crate::outbox::{Flusher, Outbox};
use crate::protocol::{ErrorCode, Event, Farewell, Name, Password, SessionId, UserId};
use crate::session::{Encryption, Guests, Host, Policy, Servers};
use crate::stage;
use crate::state::Input;
use crate::tls::{Certificate, Fingerprint, TlsError};
use crate::{clock, journal};

/// The hub drains for 2.5 s at most (`state::DRAIN`) and then says so.
const DRAIN_TIME: Duration = Duration::from_millis(2_600);

/// Then peers have 1.5 s for their farewell (`outbox::FAREWELL_TIME`), and this much more to be
/// seen gone. All in all below the five seconds that a shutdown may take.
const SESSIONS_TIME: Duration = Duration::from_millis(1_700);

/// Then hub and journal write what is left.
const STAGES_TIME: Duration = Duration::from_millis(500);

/// How long a drain takes to send everybody elsewhere: they come to the other servers by and by.
const SPREAD: Duration = Duration::from_secs(3);

/// Between two groups of them.
const STEP: Duration = Duration::from_millis(50);

/// Why a server cannot start. Each is one line for the operator; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error("cannot open the store {0}: {1}")]
    Store(String, StoreError),
    /// A port in use, or an address that is not this machine's.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// `--listen` names a front that does not exist.
    #[error("no front is called {0:?}; there are {1}")]
    Front(String, String),
    /// Beyond this machine, passwords would travel in clear.
    #[error(
        "{0} is reachable from other machines and nothing is encrypted: passwords would travel \
         in clear; give --tls-cert and --tls-key and name no single language, or tls+ before it; \
         or say --allow-plaintext if that is all right, or listen on 127.0.0.1"
    )]
    Plaintext(SocketAddr),
    /// `tls=` without a certificate.
    #[error("{0} wants TLS, which needs --tls-cert and --tls-key; `server cert new` makes them")]
    NoCertificate(SocketAddr),
    /// The certificate or the key cannot be used.
    #[error("cannot use the certificate: {0}")]
    Tls(#[from] TlsError),
    /// No thread, no descriptor.
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
    /// The demonstration account cannot be made.
    #[error("cannot make the demonstration account: {0}")]
    Demo(String),
}

impl StartError {
    /// Would trying again not help? The store is of a newer layout than this program knows.
    pub fn is_for_good(&self) -> bool {
        matches!(self, Self::Store(_, StoreError::Newer { .. }))
    }
}

/// The byte path and the dialect of every connection, logged in or not: to say farewell to
/// those whom the hub does not know, and to cut those who do not go.
type Connections = Arc<Mutex<HashMap<SessionId, Connected>>>;

/// One of them. The dialect is set by the session, once the language is told.
type Connected = (Arc<Outbox>, Arc<OnceLock<&'static Dialect>>);

/// A running server.
#[derive(Debug)]
pub struct Server {
    host: Arc<Host>,
    ports: Vec<(SocketAddr, Encryption)>,
    ceiling: Ceiling,
    advice: Vec<String>,
    is_closing: Arc<AtomicBool>,
    connections: Connections,
    accepting: Vec<JoinHandle<()>>,
    clerks: Clerks,
    /// Keeper, indexer, hub, journal: each ends after those before it.
    stages: Vec<JoinHandle<()>>,
    stopped: Receiver<()>,
    replaced: Receiver<()>,
    /// Disconnected when the last session has ended.
    all_gone: Receiver<()>,
    /// Its place among the servers of a store that several share.
    membership: Option<Membership>,
    /// No other server serves meanwhile from a store that is not to be shared.
    _claim: Box<dyn Claim>,
}

impl Server {
    /// Opens, binds and starts everything. From when this returns, connections are served.
    /// Blocks until the store is there.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let tls = match (&options.tls_cert, &options.tls_key) {
            (Some(chain), Some(key)) => Some(Certificate::read(chain, key)?),
            _ => None,
        };
        let (has_tls, allow_plaintext) = (tls.is_some(), options.allow_plaintext);
        let privacy = accept::Privacy { has_tls, allow_plaintext };
        let listeners = accept::bind(&options.listen, privacy)?;
        let ports: Vec<_> = listeners.iter().map(|port| (port.addr(), port.encryption())).collect();
        let store = open_store(&options.store.url())?;
        let claim =
            store.claim().map_err(|error| StartError::Store(store.place().to_owned(), error))?;
        let advice = store.advice();
        let ceiling = ceiling(options.max_connections);
        let (flusher, _flush) = Flusher::start()?;
        let Stages { host, mut threads, stopped, replaced, membership } =
            start_stages(options, Arc::clone(&store), tls, &ports)?;
        let (clerks, keeping) = clerk::start(options, &store, &host.journal, &host.hub)?;
        threads.splice(0..0, keeping);
        if options.demo {
            make_demo_account(&host).map_err(StartError::Demo)?;
        }
        let is_closing = Arc::new(AtomicBool::new(false));
        let connections = Connections::default();
        let (alive, all_gone) = bounded(0);
        let acceptor = accept::Acceptor {
            host: Arc::clone(&host),
            flusher,
            addresses: Addresses::new(ceiling.connections),
            exempt: exempt(options),
            connections: Arc::clone(&connections),
            is_closing: Arc::clone(&is_closing),
            alive,
        };
        let accepting = acceptor.start(listeners)?;
        Ok(Self {
            host,
            ports,
            ceiling,
            advice,
            is_closing,
            connections,
            accepting,
            clerks,
            stages: threads,
            stopped,
            replaced,
            all_gone,
            membership,
            _claim: claim,
        })
    }

    /// Where it listens, in the order of `--listen`; the real ports, and how each stands to TLS.
    pub fn ports(&self) -> &[(SocketAddr, Encryption)] {
        &self.ports
    }

    /// Of the certificate that is shown now, if there is one.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.host.tls.as_ref().map(Certificate::fingerprint)
    }

    /// Reads the certificate and its key again, for connections that begin from now on. What
    /// cannot be used is logged, and the old one stays. Blocks on the files.
    pub fn read_certificate_again(&self) {
        let Some(tls) = &self.host.tls else { return };
        match tls.read_again() {
            Ok(()) => log::info!("the certificate was read again: {}", tls.fingerprint()),
            Err(error) => log::error!("the old certificate stays: {error}"),
        }
    }

    /// How many connections it takes.
    pub fn ceiling(&self) -> &Ceiling {
        &self.ceiling
    }

    /// Where it stores, for people.
    pub fn place(&self) -> &str {
        self.host.store.place()
    }

    /// What the operator should know about the store.
    pub fn advice(&self) -> &[String] {
        &self.advice
    }

    /// Told when the store turns out to be another than the one that was opened, or an older copy
    /// of it, or to be of a newer layout by now: nothing is stored any more. Shut down and start
    /// again: that makes a new epoch, or fails with [`StoreError::Newer`].
    pub fn replaced(&self) -> &Receiver<()> {
        &self.replaced
    }

    /// Sends everybody to another server, a few at a time, and shuts down: see
    /// [`Server::shutdown`]. Blocks for `SPREAD` more.
    pub fn drain(mut self) {
        log::info!("draining: everybody is sent to another server");
        self.stop_accepting();
        let all: Vec<_> = lock(&self.connections).values().cloned().collect();
        let n_steps = SPREAD.as_millis() / STEP.as_millis();
        let at_once = all.len().div_ceil(usize::try_from(n_steps).unwrap_or(1)).max(1);
        let mut farewells = Farewells::default();
        for some in all.chunks(at_once) {
            some.iter().for_each(|connected| farewells.say(connected));
            limits::pause(STEP);
        }
        self.shutdown();
    }

    fn stop_accepting(&mut self) {
        let addrs = self.ports.iter().map(|(addr, _)| *addr);
        if !self.accepting.is_empty() {
            accept::stop(&self.is_closing, addrs, std::mem::take(&mut self.accepting));
        }
    }

    /// Tells everybody, stores everything that was accepted, and ends. Blocks for 5 s at most,
    /// also with peers that do not read and a store that does not answer.
    pub fn shutdown(mut self) {
        let began = clock::now();
        log::info!("shutting down");
        self.stop_accepting();
        drop(self.clerks);
        if self.host.hub.enter(Item::Input(Input::Shutdown)).is_err() {
            log::error!("the hub has ended before the server");
        }
        if self.stopped.recv_timeout(DRAIN_TIME).is_err() {
            log::error!("the hub did not drain in time");
        }
        say_farewell(&self.connections);
        // Nothing is ever sent on it: the end of the last sender is the news.
        self.all_gone.recv_timeout(SESSIONS_TIME).ok();
        lock(&self.connections).values().for_each(|(outbox, _)| outbox.cut());
        drop((self.host, self.membership));
        if !join_all(self.stages, clock::now() + STAGES_TIME) {
            log::error!("hub or journal did not end in time");
        }
        log::info!("down after {} ms", (clock::now() - began).as_millis());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_store(url: &str) -> Result<Arc<dyn Store>, StartError> {
    // The URL may hold a password: only its scheme is shown.
    let scheme = url.split(':').next().unwrap_or_default();
    dao::open_to_serve(url).map_err(|error| StartError::Store(format!("({scheme})"), error))
}

fn ceiling(wanted: Option<usize>) -> Ceiling {
    let possible = Ceiling::of_this_machine();
    match wanted {
        Some(wanted) if wanted < possible.connections => {
            Ceiling { connections: wanted, because: "--max-connections" }
        }
        _ => possible,
    }
}

fn exempt(options: &Options) -> Vec<limits::Net> {
    let default = options.exempt.is_empty().then_some(limits::Net::LOOPBACK);
    options.exempt.iter().copied().chain(default.into_iter().flatten()).collect()
}

/// Hub and journal, running.
struct Stages {
    host: Arc<Host>,
    threads: Vec<JoinHandle<()>>,
    stopped: Receiver<()>,
    replaced: Receiver<()>,
    membership: Option<Membership>,
}

fn start_stages(
    options: &Options,
    store: Arc<dyn Store>,
    tls: Option<Certificate>,
    ports: &[(SocketAddr, Encryption)],
) -> Result<Stages, StartError> {
    let (hub_inbox, hub_source) = stage::inbox(hub::MAX_INBOX);
    let (journal_inbox, journal_source) = stage::counted_inbox();
    let health = Arc::new(Health::new(clock::now()));
    let bytes_in_flight = Arc::new(Budget::new(limits::ALL_IN_FLIGHT));
    let (tell_stopped, stopped) = bounded(1);
    let (tell_replaced, replaced) = bounded(1);
    let failed = |error| StartError::Store(store.place().to_owned(), error);
    let place = store.join(&cluster::sign(options, ports)).map_err(failed)?;
    let writer = store.writer().map_err(failed)?;
    // What is decided from here on comes by the feed.
    let sanctions = store.sanctions().map_err(failed)?;
    let parts = hub::Parts {
        state: cluster::state(&store.identity().epoch, place.as_ref()).with_sanctions(sanctions),
        journal: journal_inbox.clone(),
        bytes_in_flight: Arc::clone(&bytes_in_flight),
        health: Arc::clone(&health),
        stopped: tell_stopped,
    };
    let mut threads = vec![
        hub::start(parts, hub_source)?,
        journal::start(
            writer,
            Arc::clone(&health),
            hub_inbox.clone(),
            journal_source,
            tell_replaced.clone(),
        )?,
    ];
    let servers = Arc::new(Servers::default());
    let membership = match place {
        Some(place) => {
            let (membership, more) =
                cluster::start(place, &servers, (hub_inbox.clone(), tell_replaced))?;
            threads.extend(more);
            Some(membership)
        }
        None => None,
    };
    let host = Host {
        hub: hub_inbox,
        journal: journal_inbox,
        store,
        health,
        auth: Auth::new(),
        bytes_in_flight,
        tls,
        servers,
        guests: Guests::default(),
        wrong_for_account: Throttle::new(limits::WRONG_PER_ACCOUNT),
        wrong_from_address: Throttle::new(limits::WRONG_PER_ADDRESS),
        registrations: Throttle::new(limits::REGISTRATIONS),
        rooms: Throttle::new(limits::ROOMS),
        exports: Throttle::new(limits::EXPORTS),
        searches: Budget::new(limits::SEARCHES),
        policy: policy(options),
    };
    Ok(Stages { host: Arc::new(host), threads, stopped, replaced, membership })
}

fn policy(options: &Options) -> Policy {
    Policy {
        guests: !options.no_guests,
        registration: options.registration,
        login_timeout: Duration::from_secs(options.login_timeout),
        idle_timeout: (options.idle_timeout > 0)
            .then_some(Duration::from_secs(options.idle_timeout)),
        hide_addresses: options.hide_addresses,
        private_as_group: options.course_private == CoursePrivate::Group,
        lang: options.lang,
    }
}

fn make_demo_account(host: &Host) -> Result<(), String> {
    let id = UserId(100);
    if matches!(host.store.account(id), Ok(Some(_))) {
        return Ok(());
    }
    let password = Password::new("123456").map_err(|code| code.name().to_owned())?;
    let secret = host.auth.hash(&password).map_err(|code| code.name().to_owned())?;
    let name = Name::new("tom").ok();
    match host.write(Write::Register { id: Some(id), name, secret, entry: Entry::Open }) {
        // Taken: another server with the same store has just made it.
        Ok(Written::Registered(_)) | Err(ErrorCode::IdTaken) => Ok(()),
        Ok(other) => Err(format!("{other:?}")),
        Err(code) => Err(code.name().to_owned()),
    }
}

/// Last words, spelled once for each dialect.
#[derive(Default)]
struct Farewells(HashMap<usize, Bytes>);

impl Farewells {
    fn say(&mut self, (outbox, dialect): &Connected) {
        let dialect = dialect
            .get()
            .copied()
            .unwrap_or_else(|| (front::silent().dialect)(front::Speech::default()));
        let bytes = self
            .0
            .entry(dialect.slot)
            .or_insert_with(|| dialect.bytes(&Event::Farewell(Farewell::ShuttingDown)));
        outbox.finish(bytes);
    }
}

/// The hub has told those it knows; this tells the others, who have not logged in yet.
fn say_farewell(connections: &Connections) {
    let mut farewells = Farewells::default();
    lock(connections).values().for_each(|connected| farewells.say(connected));
}

/// Joins threads that are about to end; `false`: not all did before the deadline.
fn join_all(threads: Vec<JoinHandle<()>>, deadline: Instant) -> bool {
    for thread in threads {
        while !thread.is_finished() {
            if clock::now() >= deadline {
                return false;
            }
            limits::pause(Duration::from_millis(2));
        }
        if thread.join().is_err() {
            log::error!("a thread had panicked");
        }
    }
    true
}

/// Disconnects when it is dropped: each session holds one.
type Alive = Sender<()>;
