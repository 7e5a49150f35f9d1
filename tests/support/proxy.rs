//! A proxy on TCP that cuts, delays and half-closes as it is told: a bad network. Two threads for
//! each connection, one for each direction.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::never;
use hubbub::threads;
use socket2::SockRef;

/// Ends with the test: its threads end with their sockets.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: Mutex<SocketAddr>,
    /// Each connection's end to the client and to the server.
    pairs: Mutex<Vec<(Arc<TcpStream>, Arc<TcpStream>)>>,
    /// Microseconds that every piece waits.
    delay: AtomicU64,
    is_over: AtomicBool,
}

impl Proxy {
    pub fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: Mutex::new(server),
            pairs: Mutex::default(),
            delay: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        threads::spawn("proxy", move || accepting.accept(&listener)).unwrap();
        Self { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that come from now on go to this server.
    pub fn lead_to(&self, server: SocketAddr) {
        *self.shared.server.lock().unwrap() = server;
    }

    /// Every connection is torn down in both directions; what is on its way is lost.
    pub fn cut(&self) {
        for (client, server) in self.shared.pairs.lock().unwrap().drain(..) {
            for end in [client, server] {
                // A reset, not an end; the other side may be gone already.
                drop(SockRef::from(&*end).set_linger(Some(Duration::ZERO)));
                drop(end.shutdown(Shutdown::Both));
            }
        }
    }

    /// The clients seem to have said their last; the servers are still heard.
    pub fn end_clients(&self) {
        for (_, server) in self.shared.pairs.lock().unwrap().iter() {
            drop(server.shutdown(Shutdown::Write));
        }
    }

    /// The servers seem to have said their last; the clients are still heard.
    pub fn end_servers(&self) {
        for (client, _) in self.shared.pairs.lock().unwrap().iter() {
            drop(client.shutdown(Shutdown::Write));
        }
    }

    /// Every piece waits for so long from now on.
    pub fn delay(&self, time: Duration) {
        self.shared.delay.store(time.as_micros() as u64, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
        self.cut();
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().map_while(Result::ok) {
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            // Without a server the client sees an end at once.
            let Ok(server) = TcpStream::connect(*self.server.lock().unwrap()) else { continue };
            drop((client.set_nodelay(true), server.set_nodelay(true)));
            let (client, server) = (Arc::new(client), Arc::new(server));
            self.pairs.lock().unwrap().push((Arc::clone(&client), Arc::clone(&server)));
            self.carry(&client, &server);
            self.carry(&server, &client);
        }
    }

    fn carry(self: &Arc<Self>, from: &Arc<TcpStream>, to: &Arc<TcpStream>) {
        let (shared, from, to) = (Arc::clone(self), Arc::clone(from), Arc::clone(to));
        let carry = move || {
            let mut piece = [0; 4_096];
            while let Ok(n @ 1..) = (&*from).read(&mut piece) {
                shared.wait();
                if (&*to).write_all(&piece[..n]).is_err() {
                    break;
                }
            }
            // Gone already, perhaps.
            drop(to.shutdown(Shutdown::Write));
        };
        // Ends with either of the two connections.
        threads::spawn("proxy-carry", carry).unwrap();
    }

    fn wait(&self) {
        let delay = self.delay.load(Ordering::Relaxed);
        if delay > 0 {
            never::<()>().recv_timeout(Duration::from_micros(delay)).unwrap_err();
        }
    }
}
