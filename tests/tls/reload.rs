//! A new certificate while the server runs, and making one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use super::{is_well, server};
use crate::support::peers::Line;
use crate::support::program;
use crate::support::tls::Identity;
use crate::support::wire::Wire;

const NONSENSE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

#[test]
fn a_new_certificate_is_for_new_connections_and_drops_nobody() {
    let server = server();
    let mut old = Line::over(server.call(server.lines()));
    let me = old.me();
    let other = Identity::make();
    server.identity().replace(&other);
    server.signal(Signal::HUP);
    server.expect_in_log("the certificate was read again");
    // Who trusts only the new authority is served now, and who was there stays.
    let mut new = Line::over(Wire::connect(server.lines()).secure(&other));
    let mut is_still_here = |words: &str| {
        old.say(words);
        let echo = format!("[{me}]{me}: {words}");
        while old.next("its own words") != echo {}
    };
    is_still_here("after the first one");
    while !new.next("the old one").ends_with("after the first one") {}
    // What cannot be used changes nothing.
    for (nonsense, says) in [("", "holds no certificate"), (NONSENSE, "does not go with")] {
        fs::write(server.identity().chain(), nonsense).unwrap();
        server.signal(Signal::HUP);
        let said = server.expect_in_log(says);
        assert!(said.contains("the old certificate stays"), "{said}");
        drop(Line::over(Wire::connect(server.lines()).secure(&other)));
    }
    fs::copy(other.chain(), server.identity().chain()).unwrap();
    fs::copy(Identity::make().key(), server.identity().key()).unwrap();
    server.signal(Signal::HUP);
    server.expect_in_log("KeyMismatch");
    is_still_here("after all of them");
    is_well(&server);
}

#[test]
fn what_cert_new_makes_is_for_its_owner_and_is_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let args = ["cert", "new", "--host", "chat.example.org", "--host", "10.0.0.7"];
    let made = program::run(program::server(home.path(), &args), "");
    assert_eq!(made.code, Some(0), "{made:?}");
    let folder = home.path().join("hubbub/tls");
    for (name, mode) in [("ca.pem", 0o644), ("cert.pem", 0o644), ("key.pem", 0o600)] {
        let path = folder.join(name);
        assert!(made.out.contains(path.to_str().unwrap()), "{made:?}");
        let is = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(is & !mode, 0, "{name} is {is:o}");
    }
    assert!(made.out.contains("--tls-cert") && made.out.contains("client --ca"), "{made:?}");
    let key = fs::read(folder.join("key.pem")).unwrap();
    let again = program::run(program::server(home.path(), &args), "");
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("ca.pem") && again.err.contains("not overwritten"), "{again:?}");
    assert!(fs::read(folder.join("key.pem")).unwrap() == key);
    let bad = ["cert", "new", "--host", "no name\u{e9}", "--out", "elsewhere"];
    assert_eq!(program::run(program::server(home.path(), &bad), "").code, Some(1));
}

#[test]
fn a_certificate_that_cannot_be_used_is_one_line() {
    let (home, identity) = (tempfile::tempdir().unwrap(), Identity::make());
    let (chain, key) = (identity.chain(), identity.key());
    let (chain, key) = (chain.to_str().unwrap(), key.to_str().unwrap());
    for (args, code, says) in [
        (&["--tls-cert", chain][..], 2, "--tls-key"),
        (&["--listen", "tls=127.0.0.1:0"], 2, "server cert new"),
        (&["--listen", "tls+gopher=127.0.0.1:0"], 2, "frame, line"),
        (&["--tls-cert", "/no/such", "--tls-key", key], 1, "/no/such"),
        (&["--tls-cert", key, "--tls-key", key], 1, "key.pem"),
        (&["--tls-cert", chain, "--tls-key", chain], 1, "cert.pem"),
        (&["--tls-cert", chain, "--tls-key", key, "--listen", "frame=0.0.0.0:0"], 2, "tls+"),
    ] {
        let ended = program::run(program::server(home.path(), args), "");
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!((ended.out.as_str(), ended.err.lines().count()), ("", 1), "{ended:?}");
        assert!(ended.err.contains(says), "no {says:?}: {ended:?}");
    }
}

#[test]
fn a_key_that_all_can_read_is_warned_of() {
    let server = server();
    assert!(!server.log().contains("chmod 600"));
    fs::set_permissions(server.identity().key(), fs::Permissions::from_mode(0o644)).unwrap();
    server.signal(Signal::HUP);
    server.expect_in_log("chmod 600");
}
