//! Connecting without waiting, from as many source addresses as the ports need.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Crowd, Place, Wire};
use crate::clock;
use crate::dialect::Entry;

/// Descriptors that are wanted: more than the kernel gives ports to one address.
const DESCRIPTORS: u64 = 100_000;

/// What the kernel is asked to keep for one that will not read.
const SMALL_BUFFER: usize = 4096;

/// After a refused connection one tries again in this time, nanoseconds.
const AGAIN: u64 = clock::SECOND / 20;

/// As many descriptors as we may have.
pub fn raise_limits() {
    let now = getrlimit(Resource::Nofile);
    let wish = now.maximum.map_or(DESCRIPTORS, |maximum| maximum.max(DESCRIPTORS));
    let beyond = Rlimit { current: Some(wish), maximum: Some(wish) };
    let allowed = Rlimit { current: now.maximum, maximum: now.maximum };
    // Only root may go beyond the hard limit; otherwise the hard limit is what there is.
    if setrlimit(Resource::Nofile, beyond).is_err() && setrlimit(Resource::Nofile, allowed).is_err()
    {
        eprintln!("the limit on open files stays where it was");
    }
}

impl Crowd {
    /// Begins to connect this one.
    pub(super) fn connect(&mut self, peer: usize) {
        self.peers[peer].began = clock::now();
        match self.open(peer) {
            Ok(wire) => {
                let one = &mut self.peers[peer];
                one.wire = Some(wire);
                one.place = Place::Connecting;
                one.wants_write = false;
                one.kept.clear();
                one.out.clear();
            }
            Err(error) => self.connect_later(peer, &error),
        }
    }

    fn connect_later(&mut self, peer: usize, error: &io::Error) {
        self.peers[peer].wire = None;
        self.peers[peer].place = Place::Later(clock::now() + AGAIN);
        self.trouble.get_or_insert_with(|| format!("cannot connect: {error}"));
    }

    fn open(&self, peer: usize) -> io::Result<Wire> {
        let server = self.server(peer)?;
        let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        if self.peers[peer].is_small {
            sockopt::set_socket_recv_buffer_size(&socket, SMALL_BUFFER)?;
        }
        if let Some(source) = self.source(peer) {
            rustix::net::bind(&socket, &source)?;
        }
        match rustix::net::connect(&socket, &server) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let data = EventData::new_u64(peer as u64);
        epoll::add(&self.epoll, &socket, data, EventFlags::IN | EventFlags::OUT)?;
        Wire::new(TcpStream::from(socket), self.seal.as_ref(), server.ip())
    }

    fn server(&self, peer: usize) -> io::Result<SocketAddr> {
        let nowhere = || io::Error::new(io::ErrorKind::NotFound, "no server is given");
        self.servers.get(peer % self.servers.len().max(1)).copied().ok_or_else(nowhere)
    }

    /// 127.0.0.2 and on for those that are beyond the ports of 127.0.0.1.
    fn source(&self, peer: usize) -> Option<SocketAddr> {
        let nth = u8::try_from(peer / self.per_source).unwrap_or(u8::MAX - 1);
        let is_here = matches!(self.servers.first().map(SocketAddr::ip), Some(IpAddr::V4(ip)) if ip.is_loopback());
        (nth > 0 && is_here).then(|| SocketAddr::from((Ipv4Addr::new(127, 0, 0, nth + 1), 0)))
    }

    /// The kernel is done connecting, one way or the other.
    pub(super) fn on_connected(&mut self, peer: usize) {
        let one = &mut self.peers[peer];
        let Some(wire) = &one.wire else { return };
        if let Ok(Some(error)) | Err(error) = wire.socket().take_error() {
            return self.connect_later(peer, &error);
        }
        one.place = Place::Entering;
        let entry = self.dialect.begin(&one.who, &mut one.out);
        self.set_interest(peer);
        if entry == Entry::In {
            self.is_now_in(peer);
        }
    }
}
