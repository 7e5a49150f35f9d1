use std::path::Path;

use proptest::prelude::*;

use super::*;

/// The two ends of a handshake that is done: a server's, and that of a client that trusts it.
pub(crate) fn pair() -> (Channel, Channel) {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, trust) = certificate(folder.path());
    let greeter = Greeter::new(&trust).unwrap();
    let mut greeting = greeter.greet("localhost:8889").unwrap();
    let mut server = certificate.channel().unwrap();
    shake(&mut server, &mut greeting.channel).unwrap();
    (server, greeting.done().unwrap().0)
}

fn certificate(folder: &Path) -> (Certificate, Trust) {
    let made = make(&["localhost".to_owned()], folder).unwrap();
    (Certificate::read(&made.chain, &made.key).unwrap(), Trust::Authority(made.authority))
}

fn carry(from: &mut Channel, to: &mut Channel, plain: &mut Vec<u8>) -> Result<Opened, TlsError> {
    let mut sealed = Vec::new();
    from.send(&mut sealed).unwrap();
    to.open(&sealed, plain)
}

fn shake(server: &mut Channel, client: &mut Channel) -> Result<(), TlsError> {
    let mut early = Vec::new();
    while server.is_shaking() || client.is_shaking() {
        carry(client, server, &mut early)?;
        carry(server, client, &mut early)?;
    }
    Ok(())
}

#[test]
fn what_one_end_seals_the_other_opens_until_it_says_goodbye() {
    let (mut server, mut client) = pair();
    let text = vec![b'x'; 3 * RECORD + 7];
    let (mut done, mut heard) = (0, Vec::new());
    while done < text.len() {
        let n = server.seal(&text[done..]).unwrap();
        assert!(n <= RECORD);
        done += n;
        assert!(server.is_pending());
        assert_eq!(carry(&mut server, &mut client, &mut heard).unwrap(), Opened::Open);
    }
    assert!(heard == text && !server.is_pending());
    client.close();
    client.close();
    assert_eq!(carry(&mut client, &mut server, &mut heard).unwrap(), Opened::Ended);
    server.seal(b"bye").unwrap();
    server.close();
    assert_eq!(carry(&mut server, &mut client, &mut heard).unwrap(), Opened::Ended);
    assert!(heard.ends_with(b"xbye"));
}

#[test]
fn a_byte_that_was_changed_on_its_way_ends_it() {
    let (mut server, mut client) = pair();
    client.seal(b"give tom 1").unwrap();
    let mut sealed = Vec::new();
    client.send(&mut sealed).unwrap();
    *sealed.last_mut().unwrap() ^= 1;
    let mut plain = Vec::new();
    assert!(server.open(&sealed, &mut plain).is_err());
    assert!(plain.is_empty());
    assert!(server.seal(b"x").is_err());
    // The alert is the last word.
    assert!(server.is_pending());
    server.close();
    assert!(carry(&mut server, &mut client, &mut plain).is_err());
}

#[test]
fn nothing_is_sealed_before_the_handshake_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = certificate(folder.path()).0.channel().unwrap();
    assert!(server.is_shaking() && server.seal(b"secret").is_err() && !server.is_pending());
}

#[test]
fn a_fingerprint_is_spelled_as_openssl_does() {
    let empty = "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";
    assert_eq!(Fingerprint::of(b"").to_string(), format!("SHA-256 {empty}"));
}

#[test]
fn who_was_met_is_known_by_address_and_the_last_line_counts() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("known_servers");
    let first_met = || {
        let greeter = Greeter::new(&Trust::FirstMet(list.clone())).unwrap();
        let (certificate, _) = certificate(tempfile::tempdir().unwrap().path());
        move |address: &str| {
            let mut greeting = greeter.greet(address).unwrap();
            let mut server = certificate.channel().unwrap();
            match shake(&mut server, &mut greeting.channel) {
                Ok(()) => Ok(greeting.done().unwrap().1),
                Err(error) => Err(greeting.failure(error)),
            }
        }
    };
    let (one, two) = (first_met(), first_met());
    assert!(one("localhost:1").unwrap().is_some());
    assert!(one("LOCALHOST:1").unwrap().is_none());
    assert!(two("localhost:2").unwrap().is_some());
    let Err(TlsError::Changed(changed)) = two("localhost:1") else { panic!("it was trusted") };
    let line = format!("localhost:1 {}\n", changed.now.0);
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, format!("{text}nonsense\n\n{line}")).unwrap();
    assert!(two("localhost:1").unwrap().is_none());
    assert!(one("localhost:1").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..Default::default() })]

    #[test]
    fn any_bytes_are_borne(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..12),
        opens_well in any::<bool>(),
    ) {
        let (mut server, _client) = pair();
        let mut plain = Vec::new();
        for piece in pieces {
            let header = [0x17, 3, 3, 0, 40];
            let sealed = if opens_well { [&header[..], &piece].concat() } else { piece };
            server.open(&sealed, &mut plain).ok();
        }
        prop_assert!(plain.is_empty());
    }
}
