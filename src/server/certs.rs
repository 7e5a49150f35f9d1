//! `server cert new`: makes a certificate and says how it is used.

use std::io::Write;

use crate::config::{CertAct, data_folder};
use crate::tls;

/// Does what the command line asks for, and says what was done. Blocks on the files.
///
/// # Errors
/// One line for the operator.
pub fn run_cert_act(act: &CertAct, out: &mut dyn Write) -> Result<(), String> {
    let CertAct::New { hosts, out: folder } = act;
    let folder = folder.clone().unwrap_or_else(|| data_folder().join("tls"));
    let made = tls::make(hosts, &folder).map_err(|error| error.to_string())?;
    let (authority, chain, key) =
        (made.authority.display(), made.chain.display(), made.key.display());
    let host = hosts.first().map_or("HOST", String::as_str);
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let said = format!(
        "made for {}, good for ten years:\n\
         {authority}   for clients\n\
         {chain}   for the server; {}\n\
         {key}   its private key, for nobody else\n\
         start the server with: server --tls-cert {chain} --tls-key {key}\n\
         and the client with: client --ca {authority} --addr {host}:8889\n",
        hosts.join(", "),
        made.fingerprint,
    );
    out.write_all(said.as_bytes()).map_err(|error| error.to_string())
}
