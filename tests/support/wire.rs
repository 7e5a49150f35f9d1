//! One end of a connection, as bytes. Every wait has a deadline and names what it waited for.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use hubbub::clock;
use rustls::{ClientConnection, Stream};
use socket2::{Domain, SockRef, Socket, Type};

use super::tls::Identity;

/// Longer than anything here takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What a test says and hears on one connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    /// TLS as rustls does it for everybody, not by the channel of this project.
    tls: Option<Box<ClientConnection>>,
    address: SocketAddr,
    /// Heard and not yet taken.
    held: Vec<u8>,
}

impl Wire {
    pub fn connect(server: SocketAddr) -> Self {
        Self::of(TcpStream::connect_timeout(&server, DEADLINE).unwrap())
    }

    /// From an address of this machine that is not the usual one.
    pub fn connect_from(server: SocketAddr, from: [u8; 4]) -> Self {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
        socket.connect_timeout(&server.into(), DEADLINE).unwrap();
        Self::of(socket.into())
    }

    /// One whose kernel takes little of what the test does not read.
    pub fn connect_narrow(server: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None).unwrap();
        // The window is announced with the first packet.
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        socket.connect_timeout(&server.into(), DEADLINE).unwrap();
        Self::of(socket.into())
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let address = stream.local_addr().unwrap();
        Self { stream, tls: None, address, held: Vec::new() }
    }

    /// The same connection, with TLS from now on; the server must be the one that is meant.
    pub fn secure(mut self, server: &Identity) -> Self {
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut tls = server.client();
        while tls.is_handshaking() {
            tls.complete_io(&mut self.stream)
                .unwrap_or_else(|error| panic!("{} shakes hands: {error}", self.name()));
        }
        self.tls = Some(Box::new(tls));
        self
    }

    /// The other half, by TLS's own name.
    pub fn tls(&mut self) -> &mut ClientConnection {
        self.tls.as_mut().expect("a connection with TLS")
    }

    /// As the server sees it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap_or_else(|error| panic!("{} sends: {error}", self.name()));
    }

    /// The server may be closing, or may have closed, while this is said.
    pub fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.tls {
            None => self.stream.write_all(bytes),
            Some(tls) => {
                let mut stream = Stream::new(&mut **tls, &mut self.stream);
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    /// The same for the end of what is said.
    pub fn try_half_close(&mut self) -> std::io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            tls.write_tls(&mut self.stream)?;
        }
        self.stream.shutdown(Shutdown::Write)
    }

    /// What a program does that just exits: no goodbye of TLS.
    pub fn end_without_goodbye(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Reads until `find` sees what it wants at the front and says how many bytes it takes.
    pub fn take(&mut self, what: &str, find: impl Fn(&[u8]) -> Option<usize>) -> Vec<u8> {
        let deadline = clock::now() + DEADLINE;
        loop {
            if let Some(n) = find(&self.held) {
                let rest = self.held.split_off(n);
                return std::mem::replace(&mut self.held, rest);
            }
            let left = deadline.saturating_duration_since(clock::now());
            match self.read(left) {
                Ok(0) => {
                    panic!("{} heard the end, not {what}; before: {}", self.name(), self.heard())
                }
                Ok(_) => {}
                Err(error) => {
                    panic!("{} did not hear {what}: {error}; but: {}", self.name(), self.heard())
                }
            }
        }
    }

    /// One byte, as slowly as one can.
    pub fn sip(&mut self) -> u8 {
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut byte = [0];
        let read = match &mut self.tls {
            None => self.stream.read_exact(&mut byte),
            Some(tls) => Stream::new(&mut **tls, &mut self.stream).read_exact(&mut byte),
        };
        read.unwrap_or_else(|error| panic!("{} did not hear a byte: {error}", self.name()));
        byte[0]
    }

    /// Waits until this many bytes are there; `false`: the connection ends before, or is cut.
    pub fn has(&mut self, n: usize) -> bool {
        while self.held.len() < n {
            match self.read(DEADLINE) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) if is_late(&error) => panic!("{} did not hear more", self.name()),
                Err(_cut) => return false,
            }
        }
        true
    }

    /// The bytes at the front.
    pub fn front(&self) -> &[u8] {
        &self.held
    }

    /// The server ends the connection in order, and says nothing more before.
    pub fn expect_end(&mut self) {
        match self.read(DEADLINE) {
            Ok(0) if self.held.is_empty() => {}
            Ok(_) => panic!("{} heard {} and not the end", self.name(), self.heard()),
            Err(error) => panic!("{} did not hear the end: {error}", self.name()),
        }
    }

    /// Is there something to hear, or the end, within this time?
    pub fn hears_within(&mut self, patience: Duration) -> bool {
        !self.held.is_empty() || !matches!(self.read(patience), Err(error) if is_late(&error))
    }

    /// Waits for something to hear, or for the end.
    pub fn is_at_end(&mut self) -> bool {
        self.held.is_empty()
            && self.read(DEADLINE).unwrap_or_else(|error| panic!("{}: {error}", self.name())) == 0
    }

    /// Everything until the connection ends, in order or cut.
    pub fn drain(&mut self) -> Vec<u8> {
        self.drain_past(&[], || {})
    }

    /// The same; `passed` is told when this mark is among it.
    pub fn drain_past(&mut self, mark: &[u8], passed: impl FnOnce()) -> Vec<u8> {
        let (mut passed, mut searched) = (Some(passed).filter(|_| !mark.is_empty()), 0);
        loop {
            match self.read(DEADLINE) {
                Ok(0) => break,
                Ok(_) => {
                    let new = self.held.get(searched..).unwrap_or_default();
                    let is_in = new.windows(mark.len().max(1)).any(|part| part == mark);
                    passed.take_if(|_| is_in).into_iter().for_each(|passed| passed());
                    searched = self.held.len().saturating_sub(mark.len());
                }
                Err(error) if is_late(&error) => panic!("{} did not hear the end", self.name()),
                Err(_cut) => break,
            }
        }
        std::mem::take(&mut self.held)
    }

    /// Nothing more is said; what comes is still heard.
    pub fn half_close(&mut self) {
        self.try_half_close().unwrap();
    }

    /// Both sides close in order, and there was nothing more to hear.
    pub fn close(mut self) {
        self.half_close();
        self.expect_end();
    }

    /// The connection is torn down, without a word.
    pub fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn read(&mut self, patience: Duration) -> std::io::Result<usize> {
        let patience = patience.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(patience))?;
        let mut chunk = [0; 16 * 1024];
        let n = match &mut self.tls {
            None => self.stream.read(&mut chunk)?,
            Some(tls) => Stream::new(&mut **tls, &mut self.stream).read(&mut chunk)?,
        };
        self.held.extend_from_slice(&chunk[..n]);
        Ok(n)
    }

    fn name(&self) -> String {
        format!("the peer at {}", self.address)
    }

    fn heard(&self) -> String {
        let shown = &self.held[..self.held.len().min(2_000)];
        format!("{} bytes {:?}", self.held.len(), String::from_utf8_lossy(shown))
    }
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
