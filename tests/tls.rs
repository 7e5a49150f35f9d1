//! TLS, against the running programs: handshakes that fail, peers that end, slow ones and busy
//! ones, new certificates, whom the client trusts, and programs that others have written.

mod ends;
mod handshakes;
mod programs;
mod reload;
mod trust;

use std::net::SocketAddr;

use crate::support::peers::Line;
use crate::support::server::Server;
use crate::support::wire::Wire;

/// A server with a certificate that forgets everything.
fn server() -> Server {
    Server::start_with_tls("memory:", &[])
}

/// A person comes by TLS, says something and hears it.
fn is_well(server: &Server) {
    let mut line = Line::over(server.call(server.lines()));
    let me = line.me();
    line.tell_all(&me, "all is well");
    line.wire.close();
    assert!(!server.log().contains("panicked"), "a thread panicked");
}

/// Where rustls wrote its first words, and nothing else was said.
fn hello(server: &Server, port: SocketAddr) -> (Wire, Vec<u8>) {
    let mut hello = Vec::new();
    server.identity().client().write_tls(&mut hello).unwrap();
    assert!(hello.starts_with(b"\x16\x03"));
    (Wire::connect(port), hello)
}
