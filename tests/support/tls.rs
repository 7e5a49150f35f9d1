//! Certificates for tests, and who trusts them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hubbub::tls;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tempfile::TempDir;

/// A certificate with its authority and its key, in a folder that vanishes.
#[derive(Debug)]
pub struct Identity {
    folder: TempDir,
}

impl Identity {
    /// One for this machine.
    pub fn make() -> Self {
        Self::make_for(&["localhost", "127.0.0.1"])
    }

    /// One for a machine of these names.
    pub fn make_for(hosts: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        tls::make(&hosts, folder.path()).unwrap();
        Self { folder }
    }

    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn chain(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// What a server is told of it.
    pub fn options(&self) -> Vec<String> {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let (chain, key) = (path(&self.chain()), path(&self.key()));
        vec!["--tls-cert".to_owned(), chain, "--tls-key".to_owned(), key]
    }

    /// Its files become those of another one, as an operator replaces them.
    pub fn replace(&self, other: &Self) {
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            let (from, to) = (other.folder.path().join(name), self.folder.path().join(name));
            std::fs::copy(from, to).unwrap();
        }
    }

    /// The end of a client that trusts this authority alone.
    pub fn client(&self) -> ClientConnection {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.authority()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        ClientConnection::new(Arc::new(config), name).unwrap()
    }
}
