//! The floor: the least a server can do. One thread and one epoll set copy what one connection
//! sends to all others, whole lines, all that a read brought in one write. Nothing is parsed,
//! queued, checked or stored, and a receiver that does not read holds everybody up.
//!
//! `floor ADDR [--pairs]`: with `--pairs` the first and the second connection hear each other
//! alone, then the third and the fourth, and so on.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

use clap::Parser;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, poll};

use yardstick::crowd::raise_limits;

/// Bytes of one read.
const READ: usize = 64 * 1024;

/// Copies bytes.
#[derive(Parser, Debug)]
struct Cli {
    /// Where to listen.
    addr: SocketAddr,
    /// Two and two hear each other.
    #[arg(long)]
    pairs: bool,
}

struct Peer {
    socket: TcpStream,
    /// A line whose end has not come.
    kept: Vec<u8>,
}

fn main() -> ExitCode {
    raise_limits();
    let cli = Cli::parse();
    match serve(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("floor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: &Cli) -> io::Result<()> {
    let listener = TcpListener::bind(cli.addr)?;
    rustix::net::listen(&listener, 4096)?;
    listener.set_nonblocking(true)?;
    let all = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&all, &listener, EventData::new_u64(u64::MAX), EventFlags::IN)?;
    println!("listening on {}", listener.local_addr()?);
    let mut peers: Vec<Option<Peer>> = Vec::new();
    let mut buffer = vec![0; READ];
    let mut events: Vec<epoll::Event> = Vec::with_capacity(256);
    loop {
        events.clear();
        epoll::wait(&all, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            match usize::try_from(event.data.u64()) {
                Ok(usize::MAX) | Err(_) => {
                    while let Ok((socket, _)) = listener.accept() {
                        socket.set_nonblocking(true)?;
                        socket.set_nodelay(true)?;
                        // Whoever only tried the port has left a place, which keeps pairs even.
                        let free = peers.iter().position(Option::is_none);
                        let place = free.unwrap_or(peers.len());
                        let data = EventData::new_u64(place as u64);
                        epoll::add(&all, &socket, data, EventFlags::IN)?;
                        peers.resize_with(peers.len().max(place + 1), || None);
                        peers[place] = Some(Peer { socket, kept: Vec::new() });
                    }
                }
                Ok(place) => on_readable(&mut peers, place, cli.pairs, &mut buffer),
            }
        }
    }
}

fn on_readable(peers: &mut [Option<Peer>], place: usize, pairs: bool, buffer: &mut [u8]) {
    let Some(peer) = &mut peers[place] else { return };
    match (&peer.socket).read(buffer) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Ok(0) | Err(_) => peers[place] = None,
        Ok(n) => {
            peer.kept.extend_from_slice(&buffer[..n]);
            let Some(end) = memchr::memrchr(b'\n', &peer.kept) else { return };
            let lines: Vec<u8> = peer.kept.drain(..=end).collect();
            if pairs {
                send(&mut peers[place ^ 1], &lines);
            } else {
                let (before, after) = peers.split_at_mut(place);
                before.iter_mut().chain(&mut after[1..]).for_each(|peer| send(peer, &lines));
            }
        }
    }
}

/// Sends all of it, waiting for a peer whose buffer is full.
fn send(peer: &mut Option<Peer>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let Some(one) = peer else { return };
        match (&one.socket).write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut wanted = [PollFd::new(&one.socket, PollFlags::OUT)];
                if poll(&mut wanted, None).is_err() {
                    *peer = None;
                }
            }
            Err(_) => *peer = None,
        }
    }
}
