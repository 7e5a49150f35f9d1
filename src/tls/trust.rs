//! Whom a client trusts: an authority that it was given, else the public ones, else the server
//! that it met first under this address, and no other from then on.

use std::fmt;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};

use super::{Channel, Fingerprint, TlsError, provider};
use crate::texts::Lang;
use crate::texts::client::Notice;

/// Bytes of the list of known servers: some ten thousand lines.
const MAX_LIST: u64 = 1024 * 1024;

/// By what a server proves to be the one that is meant.
#[derive(Clone, Debug)]
pub enum Trust {
    /// By a certificate that one of the authorities in this PEM file has signed for its name.
    Authority(PathBuf),
    /// By one that a public authority has signed for its name; or else by being the one that was
    /// met first under this address, and whose fingerprint this file has kept since then.
    FirstMet(PathBuf),
}

/// Prepared trust: makes a channel per connection.
#[derive(Clone, Debug)]
pub struct Greeter {
    roots: Arc<WebPkiServerVerifier>,
    /// Where first meetings are kept.
    list: Option<PathBuf>,
}

/// A handshake of a client on its way.
#[derive(Debug)]
pub struct Greeting {
    /// Its channel.
    pub channel: Channel,
    address: String,
    met: Arc<Meeting>,
    list: Option<PathBuf>,
}

/// Not the server that was met before. Said to people as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// `host:port`.
    pub address: String,
    /// What it showed when it was met first.
    pub before: Fingerprint,
    /// What it shows now.
    pub now: Fingerprint,
    /// The list that knows it.
    pub list: PathBuf,
}

impl Changed {
    /// What a person should know, and do.
    pub fn text(&self, lang: Lang) -> String {
        let (now, before) = (&self.now.to_string(), &self.before.to_string());
        let list = &self.list.display().to_string();
        Notice::OtherCertificate { address: &self.address, now, before, list }.text(lang)
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl Greeter {
    /// Reads the authorities. Blocks on their file.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn new(trust: &Trust) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let list = match trust {
            Trust::Authority(path) => {
                let certificates = CertificateDer::pem_file_iter(path)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(|error| TlsError::file(path, error))?;
                for certificate in certificates {
                    roots.add(certificate).map_err(|error| TlsError::file(path, error))?;
                }
                if roots.is_empty() {
                    return Err(TlsError::file(path, "holds no certificate"));
                }
                None
            }
            Trust::FirstMet(list) => {
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
                Some(list.clone())
            }
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        let roots = verifier.build().map_err(|error| TlsError::Failed(error.to_string()))?;
        Ok(Self { roots, list })
    }

    /// Begins a handshake with the server at `host:port`. Blocks on the list of known servers.
    ///
    /// # Errors
    /// The host is no name or address, or the list cannot be read.
    pub fn greet(&self, address: &str) -> Result<Greeting, TlsError> {
        let failed = |error: rustls::Error| TlsError::failed(&error);
        let host = address.rsplit_once(':').map_or(address, |(host, _port)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_bad| TlsError::Failed(format!("{host:?} is no name of a server")))?;
        let before = match &self.list {
            Some(list) => look_up(list, address).map_err(|error| TlsError::file(list, error))?,
            None => None,
        };
        let met = Arc::new(Meeting {
            roots: Arc::clone(&self.roots),
            before,
            first_counts: self.list.is_some(),
            now: OnceLock::new(),
        });
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Meeting>::clone(&met))
            .with_no_client_auth();
        let connection = ClientConnection::new(Arc::new(config), name).map_err(failed)?;
        let channel = Channel::new(Connection::Client(connection));
        Ok(Greeting { channel, address: address.to_owned(), met, list: self.list.clone() })
    }
}

impl Greeting {
    /// The handshake is done: the channel, and the fingerprint if the server was met for the
    /// first time, which is kept. Blocks on the list of known servers.
    ///
    /// # Errors
    /// The list cannot be written.
    pub fn done(self) -> Result<(Channel, Option<Fingerprint>), TlsError> {
        let now = self.met.now.get().filter(|_| self.met.before.is_none());
        if let (Some(now), Some(list)) = (now, &self.list) {
            keep(list, &self.address, now).map_err(|error| TlsError::file(list, error))?;
        }
        Ok((self.channel, now.cloned()))
    }

    /// Why the handshake failed, now that it has failed so.
    pub fn failure(self, error: TlsError) -> TlsError {
        match (self.met.now.get(), &self.met.before, self.list) {
            (Some(now), Some(before), Some(list)) if now != before => {
                let (before, now) = (before.clone(), now.clone());
                let changed = Changed { address: self.address, before, now, list };
                TlsError::Changed(Box::new(changed))
            }
            _ => error,
        }
    }
}

/// Looks at what one server shows.
#[derive(Debug)]
struct Meeting {
    roots: Arc<WebPkiServerVerifier>,
    before: Option<Fingerprint>,
    /// Who is met first is trusted.
    first_counts: bool,
    /// What it shows, where no authority vouches for it.
    now: OnceLock<Fingerprint>,
}

impl ServerCertVerifier for Meeting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let vouched = self.roots.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        if vouched.is_ok() || !self.first_counts {
            return vouched;
        }
        let shown = self.now.get_or_init(|| Fingerprint::of(end_entity));
        match &self.before {
            Some(before) if before != shown => vouched,
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.roots.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.roots.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.supported_verify_schemes()
    }
}

/// Each line is an address, a blank and a fingerprint; the last one of an address counts.
fn look_up(list: &Path, address: &str) -> io::Result<Option<Fingerprint>> {
    let mut text = String::new();
    let length = match OpenOptions::new().read(true).open(list) {
        Ok(file) => file.take(MAX_LIST).read_to_string(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if length as u64 >= MAX_LIST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than such a list gets"));
    }
    let print = |line: &str| {
        let (known, print) = line.split_once(' ')?;
        known.eq_ignore_ascii_case(address).then(|| Fingerprint(print.trim().to_owned()))
    };
    Ok(text.lines().rev().find_map(print))
}

/// One write at the end: two programs at once do not mix their lines.
fn keep(list: &Path, address: &str, print: &Fingerprint) -> io::Result<()> {
    if let Some(folder) = list.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(list)?;
    file.write_all(format!("{address} {}\n", print.0).as_bytes())
}
