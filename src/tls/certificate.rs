//! The certificate that a server shows, and its key: read at start, and again when the operator
//! says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::{Connection, ServerConfig, ServerConnection};

use super::{Channel, Fingerprint, TlsError, provider};

/// Certificate and key of a server. Shared by all its connections.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    /// What new connections get. Held to copy or to replace it, never while files are read.
    current: RwLock<Shown>,
}

#[derive(Clone, Debug)]
struct Shown {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl Certificate {
    /// Reads both files, which are PEM: the server's certificate with those that lead to the
    /// root behind it, and its private key. Blocks on them.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn read(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let current = RwLock::new(shown(chain, key)?);
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), current })
    }

    /// Reads both files again. Connections that stand go on as they are. Blocks on the files.
    ///
    /// # Errors
    /// [`TlsError::File`]; the old certificate goes on being shown.
    pub fn read_again(&self) -> Result<(), TlsError> {
        let shown = shown(&self.chain, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(())
    }

    /// Of the certificate that is shown now.
    pub fn fingerprint(&self) -> Fingerprint {
        self.shown().fingerprint
    }

    /// For a connection that begins.
    ///
    /// # Errors
    /// [`TlsError::Failed`]: no randomness, for instance.
    pub fn channel(&self) -> Result<Channel, TlsError> {
        let connection = ServerConnection::new(self.shown().config);
        connection
            .map(|connection| Channel::new(Connection::Server(connection)))
            .map_err(|error| TlsError::failed(&error))
    }

    fn shown(&self) -> Shown {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn shown(chain: &Path, key: &Path) -> Result<Shown, TlsError> {
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError::file(chain, error))?;
    let Some(first) = certificates.first() else {
        return Err(TlsError::file(chain, "holds no certificate"));
    };
    let fingerprint = Fingerprint::of(first);
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::file(key, error))?;
    warn_of_readers(key);
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(certificates, secret));
    let mut config = config.map_err(|error| {
        TlsError::file(key, format_args!("does not go with {}: {error}", chain.display()))
    })?;
    // Nothing is kept of a connection that has ended: who comes again shakes hands again.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Shown { config: Arc::new(config), fingerprint })
}

fn warn_of_readers(key: &Path) {
    let mode = fs::metadata(key).map(|file| file.permissions().mode()).unwrap_or(0);
    if mode & 0o004 != 0 {
        let key = key.display();
        log::warn!("{key}: everybody on this machine can read this private key: chmod 600 {key}");
    }
}
