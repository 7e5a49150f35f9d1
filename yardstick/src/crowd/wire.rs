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
        let mut roots = RootCertStore::empty();
        let (n_added, _) = roots.add_parsable_certificates(certificates);
        if n_added == 0 {
            return Err(wrong(&"holds no certificate"));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?;
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
