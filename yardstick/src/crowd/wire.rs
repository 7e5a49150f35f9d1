//! A socket, and the cipher over it where there is one. Nothing here waits.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// How connections of a crowd are sealed.
#[derive(Clone)]
pub struct Seal(Arc<ClientConfig>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// TLS with a server whose certificate an authority of this PEM file has signed.
    /// Each handshake is a whole one, as that of somebody who comes for the first time.
    ///
    /// # Errors
    /// The file cannot be read, or holds no authority.
    pub fn by_authority(path: &Path) -> io::Result<Self> {
        let wrong = |why: &dyn fmt::Display| io::Error::other(format!("{}: {why}", path.display()));
        let certificates = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(&error))?;
        Self::by_certificates(certificates).map_err(|error| wrong(&error))
    }

    fn by_certificates(certificates: Vec<CertificateDer<'_>>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let (n_added, _) = roots.add_parsable_certificates(certificates);
        if n_added == 0 {
            return Err(io::Error::other("holds no certificate"));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Wire {
    socket: TcpStream,
    cipher: Option<Box<ClientConnection>>,
}

impl Wire {
    pub(super) fn new(socket: TcpStream, seal: Option<&Seal>, server: IpAddr) -> io::Result<Self> {
        let begin =
            |seal: &Seal| ClientConnection::new(Arc::clone(&seal.0), ServerName::from(server));
        let cipher = seal.map(begin).transpose().map_err(io::Error::other)?.map(Box::new);
        Ok(Self { socket, cipher })
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Makes one read into `room`, and appends what it says to `plain`: how many bytes that were.
    /// Ends with [`io::ErrorKind::UnexpectedEof`] where the server has.
    pub(super) fn read(&mut self, room: &mut [u8], plain: &mut Vec<u8>) -> io::Result<usize> {
        let n = (&self.socket).read(room)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let before = plain.len();
        match &mut self.cipher {
            None => plain.extend_from_slice(&room[..n]),
            Some(cipher) => open(cipher, &room[..n], plain)?,
        }
        Ok(plain.len() - before)
    }

    /// Gives the kernel what it takes now of `out`, and removes that; sealed bytes wait in the
    /// cipher.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let result = match &mut self.cipher {
            None => write_all(&self.socket, out),
            Some(cipher) => seal(cipher, &self.socket, out),
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            result => result,
        }
    }

    /// Sealed bytes wait for the kernel.
    pub(super) fn is_pending(&self) -> bool {
        self.cipher.as_ref().is_some_and(|cipher| cipher.wants_write())
    }

    /// The last word, as far as the kernel takes it.
    pub(super) fn close(mut self) {
        if let Some(cipher) = &mut self.cipher {
            cipher.send_close_notify();
            // Who does not take it is left without.
            self.write(&mut Vec::new()).ok();
        }
    }
}

fn write_all(mut socket: &TcpStream, out: &mut Vec<u8>) -> io::Result<()> {
    let mut sent = 0;
    let result = loop {
        if sent == out.len() {
            break Ok(());
        }
        match socket.write(&out[sent..]) {
            Ok(n) => sent += n,
            Err(error) => break Err(error),
        }
    };
    out.drain(..sent);
    result
}

fn seal(
    cipher: &mut ClientConnection,
    mut socket: &TcpStream,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    loop {
        // It takes as much as it may hold, before the end of the handshake too.
        let n = cipher.writer().write(out)?;
        out.drain(..n);
        while cipher.wants_write() {
            cipher.write_tls(&mut socket)?;
        }
        if n == 0 || out.is_empty() {
            return Ok(());
        }
    }
}

fn open(cipher: &mut ClientConnection, mut sealed: &[u8], plain: &mut Vec<u8>) -> io::Result<()> {
    while !sealed.is_empty() {
        cipher.read_tls(&mut sealed)?;
        let state = cipher.process_new_packets().map_err(io::Error::other)?;
        let start = plain.len();
        plain.resize(start + state.plaintext_bytes_to_read(), 0);
        cipher.reader().read_exact(&mut plain[start..])?;
        if state.peer_has_closed() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread::{self, JoinHandle};

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::*;
    use crate::clock::{self, SECOND};

    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// More than the kernel takes of a peer that does not read yet.
    const LONG: usize = 8 * 1024 * 1024;

    type Sealed = StreamOwned<ServerConnection, TcpStream>;

    /// A server that somebody with this seal trusts; it accepts one connection and does this.
    #[expect(clippy::disallowed_methods, reason = "a test's thread needs no name")]
    fn serve<T: Send + 'static>(
        run: impl FnOnce(Sealed) -> T + Send + 'static,
    ) -> (Seal, TcpStream, JoinHandle<T>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::from_params(&params, &key);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([HOST.to_string()]).unwrap();
        let chain = vec![params.signed_by(&key, &issuer).unwrap().der().clone()];
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let listener = TcpListener::bind((HOST, 0)).unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        socket.set_nonblocking(true).unwrap();
        let run = move || {
            let (socket, _) = listener.accept().unwrap();
            let cipher = ServerConnection::new(Arc::new(config)).unwrap();
            run(StreamOwned::new(cipher, socket))
        };
        let seal = Seal::by_certificates(vec![authority.der().clone()]).unwrap();
        (seal, socket, thread::spawn(run))
    }

    /// Reads and writes until so many bytes were heard or the connection ends.
    fn converse(wire: &mut Wire, out: &mut Vec<u8>, enough: usize) -> (Vec<u8>, io::Result<()>) {
        let (mut room, mut plain) = ([0; 16 * 1024], Vec::new());
        let by = clock::now() + 60 * SECOND;
        while plain.len() < enough || !out.is_empty() || wire.is_pending() {
            assert!(clock::now() < by, "{} bytes came, {} are left", plain.len(), out.len());
            let before = plain.len();
            match wire.read(&mut room, &mut plain) {
                Ok(n) => assert_eq!(n, plain.len() - before),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::yield_now(),
                Err(error) => return (plain, Err(error)),
            }
            if let Err(error) = wire.write(out) {
                return (plain, Err(error));
            }
        }
        (plain, Ok(()))
    }

    /// Bytes that a mistake in their order would change.
    fn text(len: usize) -> Vec<u8> {
        (0_u32..).flat_map(u32::to_be_bytes).take(len).collect()
    }

    #[test]
    fn long_texts_go_both_ways_through_a_kernel_that_takes_little() {
        let (seal, socket, server) = serve(|mut peer| {
            let mut heard = vec![0; LONG];
            peer.read_exact(&mut heard).unwrap();
            peer.write_all(&heard).unwrap();
            peer.conn.send_close_notify();
            peer.flush().unwrap();
            let mut rest = Vec::new();
            peer.read_to_end(&mut rest).map(|_| rest)
        });
        let mut wire = Wire::new(socket, Some(&seal), HOST).unwrap();
        let mut out = text(LONG);
        wire.write(&mut out).unwrap();
        assert!(!out.is_empty() || wire.is_pending(), "the kernel has taken everything");
        let (heard, end) = converse(&mut wire, &mut out, LONG);
        assert!(end.is_ok(), "{end:?}");
        assert!(heard == text(LONG), "another text came back");
        // The server hears a last word, not only the end of the stream.
        wire.close();
        assert_eq!(server.join().unwrap().unwrap(), b"");
    }

    #[test]
    fn the_end_of_the_server_is_an_end() {
        let (seal, socket, server) = serve(|mut peer| {
            peer.write_all(b"bye").unwrap();
            peer.sock.shutdown(std::net::Shutdown::Write).unwrap();
            // Until the other one has gone.
            peer.read_to_end(&mut Vec::new()).ok();
        });
        let mut wire = Wire::new(socket, Some(&seal), HOST).unwrap();
        let (heard, end) = converse(&mut wire, &mut Vec::new(), usize::MAX);
        assert_eq!(heard, b"bye");
        assert_eq!(end.map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof));
        drop(wire);
        server.join().unwrap();
    }

    #[test]
    fn a_server_that_the_authority_did_not_sign_hears_nothing() {
        let (_, socket, server) = serve(|mut peer| peer.read_to_end(&mut Vec::new()).is_err());
        let (stranger, _, _other) = serve(drop);
        let mut wire = Wire::new(socket, Some(&stranger), HOST).unwrap();
        let (heard, end) = converse(&mut wire, &mut b"secret".to_vec(), usize::MAX);
        assert_eq!(heard, b"");
        assert!(end.is_err_and(|error| error.to_string().contains("certificate")));
        drop(wire);
        assert!(server.join().unwrap(), "the handshake did not end well");
    }

    #[test]
    fn an_authority_must_be_one() {
        let nothing = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = Seal::by_authority(&nothing).unwrap_err().to_string();
        assert!(error.ends_with("Cargo.toml: holds no certificate"), "{error}");
    }
}
