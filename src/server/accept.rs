//! Listening and accepting: one thread `accept-N` per listener, which never ends by an error
//! and never spins on one. Who does not fit is told so, in the language that was offered.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use socket2::{Domain, Protocol, Socket, Type};

use super::{Alive, Connections, StartError, lock};
use crate::config::Listen;
use crate::front::{self, FRONTS, Front, Sniff, Speech};
use crate::limits::{self, Addresses, Admitted, Full, Net};
use crate::outbox::{Flusher, Outbox};
use crate::protocol::{Event, Farewell, SessionId};
use crate::session::{self, Connection, Host};
use crate::transport::{self, Heard, Reader};
use crate::{clock, threads};

/// After an accept error (no descriptor left, for instance) the thread rests, twice as long
/// each time, as Go's net/http does.
const REST: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// Connections that wait to be refused politely; beyond them they are just closed.
const MAX_REFUSING: usize = 32;

/// How long one that is refused has to show its language.
const REFUSE_TIME: Duration = Duration::from_millis(100);

/// An accept thread that was woken ends within this.
const ACCEPT_TIME: Duration = Duration::from_millis(100);

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;

/// A bound port.
pub(super) struct Listener {
    socket: TcpListener,
    addr: SocketAddr,
    front: Option<&'static Front>,
}

impl Listener {
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// Binds every address, or none.
pub(super) fn bind(all: &[Listen], allow_plaintext: bool) -> Result<Vec<Listener>, StartError> {
    let mut listeners = Vec::new();
    for listen in all {
        let front = match &listen.front {
            None => None,
            Some(name) => Some(front::named(name).ok_or_else(|| {
                let known: Vec<_> = FRONTS.iter().map(|front| front.name).collect();
                StartError::Front(name.clone(), known.join(", "))
            })?),
        };
        if !listen.addr.ip().to_canonical().is_loopback() {
            if !allow_plaintext {
                return Err(StartError::Plaintext(listen.addr));
            }
            log::warn!("{}: nothing is encrypted, passwords travel in clear", listen.addr);
            log::warn!("behind a reverse proxy on this machine everybody is exempt from limits");
        }
        let socket =
            bind_one(listen.addr).map_err(|error| StartError::Listen(listen.addr, error))?;
        let addr = socket.local_addr().map_err(|error| StartError::Listen(listen.addr, error))?;
        listeners.push(Listener { socket, addr, front });
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

/// A connection, and the only language of its port if there is only one.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    front: Option<&'static Front>,
}

/// A connection that does not fit.
struct Refused {
    stream: TcpStream,
    front: Option<&'static Front>,
    why: Farewell,
}

impl Acceptor {
    /// Starts one thread per listener, and the one that refuses.
    pub(super) fn start(self, listeners: Vec<Listener>) -> io::Result<Vec<JoinHandle<()>>> {
        let (refuse, refused) = bounded(MAX_REFUSING);
        let flusher = self.flusher.clone();
        // It ends with the last accept thread; nobody has to wait for it.
        threads::spawn("refuse", move || refuse_all(&refused, &flusher))?;
        let mut started = Vec::new();
        let shared = Arc::new((self, AtomicU64::new(1), refuse));
        for (n, listener) in listeners.into_iter().enumerate() {
            let shared = Arc::clone(&shared);
            started.push(threads::spawn(format!("accept-{n}"), move || {
                let (acceptor, next_id, refuse) = &*shared;
                acceptor.accept_all(&listener, next_id, refuse);
            })?);
        }
        Ok(started)
    }

    fn accept_all(&self, listener: &Listener, next_id: &AtomicU64, refuse: &Sender<Refused>) {
        let mut rest = REST.0;
        loop {
            let accepted = listener.socket.accept();
            if self.is_closing.load(Ordering::Acquire) {
                return;
            }
            match accepted {
                Ok((stream, peer)) => {
                    rest = REST.0;
                    let accepted = Accepted { stream, peer, front: listener.front };
                    self.on_accepted(accepted, next_id, refuse);
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

    fn on_accepted(&self, accepted: Accepted, next_id: &AtomicU64, refuse: &Sender<Refused>) {
        let Accepted { stream, peer, front } = accepted;
        let exempt = self.is_exempt(peer.ip());
        let admitted = match self.addresses.admit(peer.ip(), exempt) {
            Ok(admitted) => admitted,
            Err(full) => {
                let why = match full {
                    Full::Server => Farewell::ServerFull,
                    Full::Address => Farewell::TooManyFromAddress,
                };
                log::warn!("refused {peer}: {}", why.name());
                // No room to be polite: just closed.
                refuse.try_send(Refused { stream, front, why }).ok();
                return;
            }
        };
        if let Err(error) = transport::tune(&stream) {
            log::debug!("{peer} was gone at once: {error}");
            return;
        }
        let id = SessionId(next_id.fetch_add(1, Ordering::Relaxed));
        self.start_session(id, Accepted { stream, peer, front }, exempt, admitted);
    }

    fn start_session(&self, id: SessionId, accepted: Accepted, exempt: bool, admitted: Admitted) {
        let Accepted { stream, peer, front } = accepted;
        let stream = Arc::new(stream);
        let outbox = Outbox::new(Arc::clone(&stream), self.flusher.clone(), None);
        let dialect = Arc::new(OnceLock::new());
        let connection = Connection {
            id,
            peer,
            outbox: Arc::clone(&outbox),
            reader: Reader::new(stream),
            front,
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
            let dialect = (front.unwrap_or(front::silent()).dialect)(Speech::default());
            outbox.finish(&dialect.bytes(&Event::Farewell(Farewell::ServerFull)));
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

/// Says why, in the language of the port or of the first bytes, to one after the other.
fn refuse_all(refused: &Receiver<Refused>, flusher: &Flusher) {
    for Refused { stream, front, why } in refused {
        let stream = Arc::new(stream);
        let mut reader = Reader::new(Arc::clone(&stream));
        let front = front.unwrap_or_else(|| match reader.hear(Some(REFUSE_TIME)) {
            Heard::Bytes(_) => match front::sniff(&reader.take()) {
                Sniff::Front(front) => front,
                _ => front::silent(),
            },
            _ => front::silent(),
        });
        let dialect = (front.dialect)(Speech::default());
        let outbox = Outbox::new(stream, flusher.clone(), dialect.cut);
        outbox.finish(&dialect.bytes(&Event::Farewell(why)));
    }
}

/// Wakes every accept thread to see that the server is closing, and waits for them.
pub(super) fn stop(is_closing: &AtomicBool, addrs: &[SocketAddr], accepting: Vec<JoinHandle<()>>) {
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
