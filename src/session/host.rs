//! What every session of one server shares.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blake2::digest::consts::U8;
use blake2::digest::{KeyInit, Mac};
use crossbeam_channel::bounded;

use crate::auth::Auth;
use crate::config::Registration;
use crate::dao::{Cursor, Health, Job, Store, Tell, Write, Written};
use crate::hub::Item;
use crate::limits::{self, Budget, Throttle};
use crate::outbox::Mark;
use crate::protocol::{ErrorCode, SessionId, UserId};
use crate::stage::Inbox;
use crate::texts::Lang;
use crate::tls::Certificate;

/// How long a session waits for a write of its own. Twice what a store may take.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// Guest ids taken out of the store at a time; those left over at the end are never used.
const GUESTS_AT_ONCE: u32 = 256;

/// What the operator has decided, as far as sessions care.
#[derive(Clone, Debug)]
pub struct Policy {
    /// A line is somebody at once, without an account.
    pub guests: bool,
    /// Who may make an account.
    pub registration: Registration,
    /// A frame client must log in within this; a line, too, where guests are not let in. What
    /// the server takes for a password does not count.
    pub login_timeout: Duration,
    /// Lines are closed after this much silence.
    pub idle_timeout: Option<Duration>,
    /// Others see a token instead of an address.
    pub hide_addresses: bool,
    /// `--course-private group`.
    pub private_as_group: bool,
    /// The language of lines.
    pub lang: Lang,
}

/// What every session of one server shares. Nothing in it is chat state.
#[derive(Debug)]
pub struct Host {
    /// Into the hub.
    pub hub: Inbox<Item>,
    /// Into the journal: registrations, passwords, names, cursors.
    pub journal: Inbox<Vec<Job>>,
    /// Reads.
    pub store: Arc<dyn Store>,
    /// Does the store answer?
    pub health: Arc<Health>,
    /// Passwords.
    pub auth: Auth,
    /// Bytes of sends in flight, of all sessions together.
    pub bytes_in_flight: Arc<Budget>,
    /// What is shown to who wants TLS.
    pub tls: Option<Certificate>,
    /// Where clients reach the servers of this store.
    pub servers: Arc<Servers>,
    /// Ids for guests.
    pub guests: Guests,
    /// Wrong passwords per account.
    pub wrong_for_account: Throttle<UserId>,
    /// Wrong passwords per address.
    pub wrong_from_address: Throttle<IpAddr>,
    /// New accounts per address.
    pub registrations: Throttle<IpAddr>,
    /// New rooms per account.
    pub rooms: Throttle<UserId>,
    /// Exports per account.
    pub exports: Throttle<UserId>,
    /// Searches at a time.
    pub searches: Budget,
    /// What the operator has decided.
    pub policy: Policy,
}

impl Host {
    /// Has something written by the journal and waits for it: with everything else that waits,
    /// in one commit. Called by session threads.
    ///
    /// # Errors
    /// What the store refused, [`ErrorCode::StoreUnavailable`], or [`ErrorCode::Busy`] when
    /// there was no answer in time (it may be done later).
    pub fn write(&self, write: Write) -> Result<Written, ErrorCode> {
        let (waiter, answer) = bounded(1);
        let job = Job { write, tell: Tell::Waiter(waiter) };
        self.journal.enter(vec![job]).map_err(|_ended| ErrorCode::ShuttingDown)?;
        match answer.recv_timeout(WRITE_TIME) {
            Ok(Ok(Written::Refused(code)) | Err(code)) => Err(code),
            Ok(Ok(written)) => Ok(written),
            Err(_late) => Err(ErrorCode::Busy),
        }
    }

    /// Has something written that nobody waits for.
    pub fn write_later(&self, write: Write) {
        if self.journal.enter(vec![Job { write, tell: Tell::Nobody }]).is_err() {
            log::debug!("the journal has ended");
        }
    }

    /// Has the shared cursor of an account moved, without waiting for it.
    pub fn write_cursors(&self, account: UserId, taken: Vec<Mark>) {
        let job = |(room, up_to)| {
            let cursor = Cursor { account, device: None, room, up_to };
            Job { write: Write::Cursor(cursor), tell: Tell::Nobody }
        };
        if !taken.is_empty() && self.journal.enter(taken.into_iter().map(job).collect()).is_err() {
            log::warn!("the journal has ended; some messages will come again");
        }
    }

    /// An address as others may see it: `IP:PORT`, or a token that is the same for the same
    /// address as long as the store lives, and the session's number to tell guests apart.
    pub fn shown_address(&self, peer: SocketAddr, id: SessionId) -> Arc<str> {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        if !self.policy.hide_addresses {
            return peer.to_string().into();
        }
        let key = &self.store.identity().key;
        let token = match blake2::Blake2bMac::<U8>::new_from_slice(key) {
            Ok(mac) => {
                let mac = mac.chain_update(limits::block_of(peer.ip()).to_string());
                mac.finalize().into_bytes().iter().take(4).map(|b| format!("{b:02x}")).collect()
            }
            // A key of 32 bytes always fits.
            Err(_) => String::from("hidden"),
        };
        format!("~{token}:{}", id.0).into()
    }
}

/// Where clients reach the servers of one store, as far as these say so.
#[derive(Debug, Default)]
pub struct Servers {
    /// Held to copy or replace what it points to.
    known: Mutex<Arc<[String]>>,
}

impl Servers {
    /// Each `HOST:PORT`, in the order in which they began.
    pub fn get(&self) -> Arc<[String]> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// These, from now on.
    pub fn set(&self, servers: Vec<String>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = servers.into();
    }
}

/// Ids for guests: negative, unique in the store, never used again.
#[derive(Debug, Default)]
pub struct Guests {
    /// The next one and how many are left. Held for a look, never across the store.
    left: Mutex<(i64, u32)>,
}

impl Guests {
    /// The next id. Now and then it blocks for the journal to take more out of the store.
    ///
    /// # Errors
    /// As [`Host::write`].
    pub fn next(&self, host: &Host) -> Result<UserId, ErrorCode> {
        if let Some(id) = self.take() {
            return Ok(id);
        }
        match host.write(Write::Guests(GUESTS_AT_ONCE))? {
            // Two threads may ask at once: then some ids are never used.
            Written::Guests(UserId(first)) => {
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                *left = (first - 1, GUESTS_AT_ONCE - 1);
                Ok(UserId(first))
            }
            _ => Err(ErrorCode::Internal),
        }
    }

    fn take(&self) -> Option<UserId> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, count) = *left;
        let fewer = count.checked_sub(1)?;
        *left = (id - 1, fewer);
        Some(UserId(id))
    }
}
