//! Listening and accepting: one thread `accept-N` per listener, which never ends by an error
//! and never spins on one. Who does not fit is told so, in the language that was offered.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::refusing::{Door, Refused};
use super::{Alive, Connections, StartError, lock};
use crate::config::Listen;
use crate::front::{self, FRONTS, Front, Speech};
use crate::limits::{self, Addresses, Admitted, Full, Net};
use crate::outbox::{Flusher, Outbox};
use crate::protocol::{Event, Farewell, SessionId};
use crate::session::{self, Connection, Encryption, Host};
use crate::tls;
use crate::transport::{self, Reader};
use crate::{clock, threads};

/// After an accept error (no descriptor left, for instance) the thread rests, twice as long
/// each time, as Go's net/http does.
const REST: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// An accept thread that was woken ends within this.
const ACCEPT_TIME: Duration = Duration::from_millis(100);

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;

/// A bound port.
pub(super) struct Listener {
    socket: TcpListener,
    addr: SocketAddr,
    kind: Kind,
}

/// What a port speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// The only language, if there is only one.
    pub(super) front: Option<&'static Front>,
    pub(super) encryption: Encryption,
}

impl Listener {
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(super) fn encryption(&self) -> Encryption {
        self.kind.encryption
    }
}

/// What matters for whether a port may speak in clear.
#[derive(Clone, Copy, Debug)]
pub(super) struct Privacy {
    /// There is a certificate.
    pub(super) has_tls: bool,
    /// The operator has said that clear text is all right.
    pub(super) allow_plaintext: bool,
}

impl Privacy {
    fn of(self, listen: &Listen) -> Result<Encryption, StartError> {
        let is_local = listen.addr.ip().to_canonical().is_loopback();
        // Only who tells by the first bytes sees TLS.
        let can_tell = self.has_tls && listen.front.is_none();
        match (listen.tls, self.has_tls) {
            (true, true) => Ok(Encryption::Always),
            (true, false) => Err(StartError::NoCertificate(listen.addr)),
            _ if is_local || self.allow_plaintext => {
                Ok(if can_tell { Encryption::Offered } else { Encryption::None })
            }
            _ if can_tell => Ok(Encryption::Needed),
            _ => Err(StartError::Plaintext(listen.addr)),
        }
    }
}

/// Binds every address, or none.
pub(super) fn bind(all: &[Listen], privacy: Privacy) -> Result<Vec<Listener>, StartError> {
    let mut listeners = Vec::new();
    for listen in all {
        let front = match &listen.front {
            None => None,
            Some(name) => Some(front::named(name).ok_or_else(|| {
                let known: Vec<_> = FRONTS.iter().map(|front| front.name).collect();
                StartError::Front(name.clone(), known.join(", "))
            })?),
        };
        let encryption = privacy.of(listen)?;
        if !listen.addr.ip().to_canonical().is_loopback() {
            match encryption {
                Encryption::None => {
                    log::warn!("{}: nothing is encrypted, passwords travel in clear", listen.addr);
                }
                Encryption::Offered => {
                    log::warn!("{}: without TLS passwords travel in clear", listen.addr);
                }
                Encryption::Needed | Encryption::Always => {}
            }
            log::warn!("behind a reverse proxy on this machine everybody is exempt from limits");
        }
        let socket =
            bind_one(listen.addr).map_err(|error| StartError::Listen(listen.addr, error))?;
        let addr = socket.local_addr().map_err(|error| StartError::Listen(listen.addr, error))?;
        listeners.push(Listener { socket, addr, kind: Kind { front, encryption } });
    }
    Ok(listeners)
}

fn bind_one(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // A port whose last connections linger may be taken again; one that listens may not.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// What the accept threads share.
pub(super) struct Acceptor {
    pub(super) host: Arc<Host>,
    pub(super) flusher: Flusher,
    pub(super) addresses: Arc<Addresses>,
    pub(super) exempt: Vec<Net>,
    pub(super) connections: Connections,
    pub(super) is_closing: Arc<AtomicBool>,
    pub(super) alive: Alive,
}

/// A connection, and what its port speaks.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    kind: Kind,
}

impl Acceptor {
    /// Starts one thread per listener, and the one that refuses.
    pub(super) fn start(self, listeners: Vec<Listener>) -> io::Result<Vec<JoinHandle<()>>> {
        let door = Door::start(self.flusher.clone())?;
        let mut started = Vec::new();
        let shared = Arc::new((self, AtomicU64::new(1), door));
        for (n, listener) in listeners.into_iter().enumerate() {
            let shared = Arc::clone(&shared);
            started.push(threads::spawn(format!("accept-{n}"), move || {
                let (acceptor, next_id, door) = &*shared;
                acceptor.accept_all(&listener, next_id, door);
            })?);
        }
        Ok(started)
    }

    fn accept_all(&self, listener: &Listener, next_id: &AtomicU64, door: &Door) {
        let mut rest = REST.0;
        loop {
            let accepted = listener.socket.accept();
            if self.is_closing.load(Ordering::Acquire) {
                return;
            }
            match accepted {
                Ok((stream, peer)) => {
                    rest = REST.0;
                    let accepted = Accepted { stream, peer, kind: listener.kind };
                    self.on_accepted(accepted, next_id, door);
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    log::warn!("cannot accept: {error}; resting for {rest:?}");
                    limits::pause(rest);
                    rest = (rest * 2).min(REST.1);
                }
            }
        }
    }

    fn on_accepted(&self, accepted: Accepted, next_id: &AtomicU64, door: &Door) {
        let Accepted { stream, peer, kind } = accepted;
        let exempt = self.is_exempt(peer.ip());
        let admitted = match self.addresses.admit(peer.ip(), exempt) {
            Ok(admitted) => admitted,
            Err(full) => {
                let why = match full {
                    Full::Server => Farewell::ServerFull,
                    Full::Address => Farewell::TooManyFromAddress,
                };
                return door.refuse(Refused { stream, peer, kind, why });
            }
        };
        if let Err(error) = transport::tune(&stream) {
            log::debug!("{peer} was gone at once: {error}");
            return;
        }
        let id = SessionId(next_id.fetch_add(1, Ordering::Relaxed));
        self.start_session(id, Accepted { stream, peer, kind }, exempt, admitted);
    }

    fn start_session(&self, id: SessionId, accepted: Accepted, exempt: bool, admitted: Admitted) {
        let Accepted { stream, peer, kind } = accepted;
        let stream = Arc::new(stream);
        let outbox = Outbox::new(Arc::clone(&stream), self.flusher.clone(), None);
        let dialect = Arc::new(OnceLock::new());
        let connection = Connection {
            id,
            peer,
            outbox: Arc::clone(&outbox),
            reader: Reader::new(stream),
            front: kind.front,
            encryption: kind.encryption,
            exempt,
            admitted,
            dialect: Arc::clone(&dialect),
        };
        lock(&self.connections).insert(id, (Arc::clone(&outbox), dialect));
        let listed = Listed { id, connections: Arc::clone(&self.connections) };
        let (host, alive) = (Arc::clone(&self.host), self.alive.clone());
        let run = move || {
            let _listed = listed;
            session::serve(&host, connection);
            drop((host, alive));
        };
        // The thread's end is observed by `alive`; dropped with it, the connection closes.
        let started = match threads::has_room() {
            true => threads::spawn(format!("conn-{}", id.0), run).map(drop),
            false => {
                drop(run);
                Err(io::ErrorKind::OutOfMemory.into())
            }
        };
        if let Err(error) = started {
            log::error!("no thread for {peer}: {error}");
            let front = kind.front.unwrap_or(front::silent());
            let words = match kind.encryption {
                Encryption::Always => tls::NO_TLS.into(),
                _ => {
                    let farewell = Event::Farewell(Farewell::ServerFull);
                    (front.dialect)(Speech::default()).bytes(&farewell)
                }
            };
            outbox.finish(&words);
        }
    }

    fn is_exempt(&self, address: IpAddr) -> bool {
        self.exempt.iter().any(|net| net.contains(address))
    }
}

/// In the table of connections, until it is dropped: also by a panic.
struct Listed {
    id: SessionId,
    connections: Connections,
}

impl Drop for Listed {
    fn drop(&mut self) {
        lock(&self.connections).remove(&self.id);
    }
}

/// Wakes every accept thread to see that the server is closing, and waits for them.
pub(super) fn stop(
    is_closing: &AtomicBool,
    addrs: impl Iterator<Item = SocketAddr>,
    accepting: Vec<JoinHandle<()>>,
) {
    is_closing.store(true, Ordering::Release);
    for addr in addrs {
        let ip = match addr.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        };
        let addr = SocketAddr::new(ip, addr.port());
        if let Err(error) = TcpStream::connect_timeout(&addr, ACCEPT_TIME) {
            log::debug!("cannot wake the accept thread: {error}");
        }
    }
    if !super::join_all(accepting, clock::now() + ACCEPT_TIME) {
        log::warn!("an accept thread did not end in time");
    }
}
