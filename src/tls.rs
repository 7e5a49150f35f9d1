//! TLS: the channel of one connection, the certificate that a server shows, and whom a client
//! trusts. The only module that names rustls. It moves bytes between buffers and touches no
//! socket; only the files of certificates, and the list of servers that were met, are read and
//! written here. Knows nothing of chat.

mod certificate;
mod make;
mod trust;

pub use certificate::Certificate;
pub use make::{Made, make};
pub use trust::{Changed, Greeter, Greeting, Trust};

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::Connection;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;

/// Bytes of plain text in one record (RFC 8446 section 5.1). Go's client returns from a read with
/// at most one record.
pub const RECORD: usize = 16 * 1024;

/// What a connection begins with that wants TLS: a record with a handshake in it, of version 3
/// (RFC 8446 section 5.1).
pub const OPENING: &[u8] = b"\x16\x03";

/// The fatal alert handshake_failure (RFC 8446 section 6.2), for who wants TLS where there is
/// none: plain text would mean nothing to it.
pub const NO_TLS: &[u8] = b"\x15\x03\x01\0\x02\x02\x28";

/// Why there is no TLS, or not with this peer. One line for people, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A certificate or a key that cannot be used: which file, and why.
    #[error("{0}: {1}")]
    File(String, String),
    /// The server is not the one that was met before.
    #[error("{0}")]
    Changed(Box<Changed>),
    /// The handshake failed, or what came later was not what the peer had sealed.
    #[error("{0}")]
    Failed(String),
}

impl TlsError {
    fn file(path: &std::path::Path, why: impl fmt::Display) -> Self {
        Self::File(path.display().to_string(), why.to_string())
    }

    fn failed(error: &rustls::Error) -> Self {
        Self::Failed(match error {
            rustls::Error::InvalidMessage(_) => "what came is not TLS".to_owned(),
            // Ours says so without a certificate, and a stranger where nothing is in common.
            rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure) => {
                format!("no TLS is offered there that both sides speak ({error})")
            }
            error => error.to_string(),
        })
    }
}

/// The SHA-256 of a certificate, spelled as `openssl x509 -fingerprint -sha256` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    fn of(certificate: &[u8]) -> Self {
        let suite = ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13();
        // That suite is one of TLS 1.3.
        let hash = suite.map(|suite| suite.common.hash_provider.hash(certificate));
        let bytes = hash.as_ref().map_or(&[][..], |hash| hash.as_ref());
        let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        Self(pairs.join(":"))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA-256 {}", self.0)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// How a channel stands after something came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The handshake goes on.
    Shaking,
    /// What the peer seals can be opened.
    Open,
    /// The peer has said its last (close_notify): what came before it is whole.
    Ended,
}

/// The two ciphers of one connection. Everything is computed at once and nothing waits.
#[derive(Debug)]
pub struct Channel {
    connection: Connection,
    has_failed: bool,
    /// Our close_notify has been sealed.
    is_closed: bool,
}

impl Channel {
    fn new(connection: Connection) -> Self {
        Self { connection, has_failed: false, is_closed: false }
    }

    /// The handshake is not done: nothing can be sealed yet.
    pub fn is_shaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Opens what came and appends what it says. An answer of the protocol's own, an alert after
    /// an error too, is left for [`Channel::send`].
    ///
    /// # Errors
    /// The handshake failed, or these bytes are not the peer's. What was appended is.
    pub fn open(&mut self, mut sealed: &[u8], plain: &mut Vec<u8>) -> Result<Opened, TlsError> {
        while !sealed.is_empty() {
            let state = match self.connection.read_tls(&mut sealed) {
                Ok(_) => self.connection.process_new_packets(),
                // Its buffer is full of something that is no record.
                Err(error) => Err(rustls::Error::General(error.to_string())),
            };
            let state = state.map_err(|error| {
                self.has_failed = true;
                TlsError::failed(&error)
            })?;
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            if let Some(room) = plain.get_mut(start..)
                && let Err(error) = self.connection.reader().read_exact(room)
            {
                plain.truncate(start);
                return Err(TlsError::Failed(error.to_string()));
            }
            if state.peer_has_closed() {
                return Ok(Opened::Ended);
            }
        }
        Ok(if self.is_shaking() { Opened::Shaking } else { Opened::Open })
    }

    /// Seals the beginning of this, at most [`RECORD`] bytes, and says how many. To be followed
    /// by [`Channel::send`] until that is done: what is sealed must go out before what is sealed
    /// later.
    ///
    /// # Errors
    /// Nothing can be sealed any more, or not yet.
    pub fn seal(&mut self, plain: &[u8]) -> io::Result<usize> {
        let piece = plain.get(..RECORD).unwrap_or(plain);
        if self.is_shaking() || self.has_failed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        match self.connection.writer().write(piece)? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            n => Ok(n),
        }
    }

    /// Something is sealed and not sent.
    pub fn is_pending(&self) -> bool {
        self.connection.wants_write()
    }

    /// Writes what is sealed; `false`: `out` would have to wait for the rest.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn send(&mut self, out: &mut dyn Write) -> io::Result<bool> {
        while self.is_pending() {
            match self.connection.write_tls(out) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Seals the last word, close_notify, once; after a failure the alert was the last word.
    pub fn close(&mut self) {
        if !self.is_closed && !self.has_failed {
            self.is_closed = true;
            self.connection.send_close_notify();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
