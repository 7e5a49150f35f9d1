//! Makes a certificate: an authority of its own for this one server, and what it signs.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use super::{Fingerprint, TlsError};
use crate::clock;

/// Years that a certificate is good. Nobody renews what was made by hand, and the authority
/// signs nothing else.
const YEARS: i32 = 10;

/// Clocks differ: it is good since yesterday.
const SKEW: Duration = Duration::from_secs(24 * 60 * 60);

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The authority's certificate, for clients.
    pub authority: PathBuf,
    /// The server's certificate.
    pub chain: PathBuf,
    /// The server's key, readable for the owner alone.
    pub key: PathBuf,
    /// Of the server's certificate.
    pub fingerprint: Fingerprint,
}

/// Makes a certificate for these names and addresses and writes it to three files of this
/// folder, none of which may exist. The authority's key is forgotten when this returns: a
/// certificate for other names has another authority. Blocks on the files.
///
/// # Errors
/// A name is none, or a file is there or cannot be written.
pub fn make(hosts: &[String], folder: &Path) -> Result<Made, TlsError> {
    let (authority, chain, key) =
        (folder.join("ca.pem"), folder.join("cert.pem"), folder.join("key.pem"));
    for path in [&authority, &chain, &key] {
        if path.symlink_metadata().is_ok() {
            return Err(TlsError::file(path, "is there already and is not overwritten"));
        }
    }
    let pems = pems(hosts).map_err(|error| TlsError::Failed(error.to_string()))?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| TlsError::file(folder, error))?;
    let files = [(&key, &pems.key, 0o600), (&chain, &pems.chain, 0o644)];
    for (path, pem, mode) in files.into_iter().chain([(&authority, &pems.authority, 0o644)]) {
        write(path, pem, mode).map_err(|error| TlsError::file(path, error))?;
    }
    Ok(Made { authority, chain, key, fingerprint: pems.fingerprint })
}

struct Pems {
    authority: String,
    chain: String,
    key: String,
    fingerprint: Fingerprint,
}

fn pems(hosts: &[String]) -> Result<Pems, rcgen::Error> {
    let first = hosts.first().map_or("", String::as_str);
    let authority_key = KeyPair::generate()?;
    // The two must bear different names, or OpenSSL takes the certificate for its own issuer.
    let mut params = params(&[], &format!("Hubbub CA for {first}"))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = params.self_signed(&authority_key)?;
    let issuer = Issuer::from_params(&params, &authority_key);

    let key = KeyPair::generate()?;
    let mut params = self::params(hosts, &format!("Hubbub at {first}"))?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let server = params.signed_by(&key, &issuer)?;
    Ok(Pems {
        authority: authority.pem(),
        chain: server.pem(),
        key: key.serialize_pem(),
        fingerprint: Fingerprint::of(server.der()),
    })
}

fn params(hosts: &[String], name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    let (year, month, day) = today();
    params.not_before = date_time_ymd(year, month, day) - SKEW;
    // Not every year has a 29 February.
    params.not_after = date_time_ymd(year + YEARS, month, day.min(28));
    Ok(params)
}

fn today() -> (i32, u8, u8) {
    let date = clock::utc(clock::now_ms());
    let mut parts = date.get(..10).unwrap_or_default().split('-');
    let year = parts.next().and_then(|year| year.parse().ok());
    let mut part = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(1);
    (year.unwrap_or(2_026), part(), part())
}

fn write(path: &Path, pem: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()
}
