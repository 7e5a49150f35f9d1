//! Whom the client trusts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hubbub::client::{Client, Config, ConnectError, Lost, TlsError, Trust, Update};
use hubbub::protocol::{Password, Text, UserId, Who};
use rustix::process::Signal;

use super::server;
use crate::support::peers::Course;
use crate::support::program::{Ended, run};
use crate::support::proxy::Proxy;
use crate::support::server::Server;
use crate::support::tls::Identity;
use crate::support::wire::DEADLINE;

fn client(home: &Path, address: &str, args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_client"));
    command.env_clear().env("HOME", home).env("HUBBUB_PASSWORD", "secret");
    command.args(["--plain", "--user", "100", "--addr", address]).args(args);
    run(command, "hello\n")
}

fn with_account() -> (Server, String) {
    let server = server();
    let mut course = Course::over(server.call(server.frames()));
    course.register(100, "secret", "tom");
    course.wire.close();
    let address = format!("localhost:{}", server.any().port());
    (server, address)
}

#[test]
fn who_is_met_first_is_trusted_and_no_other_later() {
    let (server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let list = home.path().join(".local/state/hubbub/known_servers");
    let first = client(home.path(), &address, &["--tls"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.out.starts_with(&format!("first-met\t{address}\tSHA-256 ")), "{first:?}");
    assert_eq!(fs::metadata(&list).unwrap().permissions().mode() & 0o777, 0o600);
    let second = client(home.path(), &address, &["--tls"]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.out.starts_with("connected"), "{second:?}");
    // Now somebody else answers there.
    server.identity().replace(&Identity::make());
    server.signal(Signal::HUP);
    server.expect_in_log("the certificate was read again");
    let before = server.log();
    let third = client(home.path(), &address, &["--tls"]);
    assert_eq!((third.code, third.out.as_str()), (Some(3), ""), "{third:?}");
    for word in [&address, "not the one from before", "remove its line", "known_servers"] {
        assert!(third.err.contains(word), "no {word}: {third:?}");
    }
    // It was told nothing.
    assert!(!server.log()[before.len()..].contains("says hello"));
    let chinese = client(home.path(), &address, &["--tls", "--lang", "zh"]);
    assert!(chinese.err.contains("证书与以前不同"), "{chinese:?}");
    // As it is told to do.
    fs::write(&list, "").unwrap();
    let fourth = client(home.path(), &address, &["--tls"]);
    assert_eq!(fourth.code, Some(0), "{fourth:?}");
}

#[test]
fn an_authority_vouches_for_its_own_and_for_the_right_name() {
    let (server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let authority = server.identity().authority();
    let authority = authority.to_str().unwrap();
    let good = client(home.path(), &address, &["--ca", authority]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.out.starts_with("connected"), "{good:?}");
    let other = Identity::make();
    let stranger = client(home.path(), &address, &["--ca", other.authority().to_str().unwrap()]);
    assert_eq!((stranger.code, stranger.out.as_str()), (Some(3), ""), "{stranger:?}");
    assert!(stranger.err.contains("no safe connection"), "{stranger:?}");
    let missing = client(home.path(), &address, &["--ca", "/no/such.pem"]);
    assert_eq!(missing.code, Some(3), "{missing:?}");
    assert!(missing.err.contains("/no/such.pem"), "{missing:?}");
    server.identity().replace(&Identity::make_for(&["chat.example.org"]));
    server.signal(Signal::HUP);
    server.expect_in_log("the certificate was read again");
    let misnamed = client(home.path(), &address, &["--ca", authority]);
    assert_eq!((misnamed.code, misnamed.out.as_str()), (Some(3), ""), "{misnamed:?}");
    assert!(misnamed.err.contains("not valid for name"), "{misnamed:?}");
    assert!(!home.path().join(".local/state/hubbub/known_servers").exists());
}

#[test]
fn where_no_tls_is_spoken_it_says_so() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start();
    let refused = client(home.path(), &server.any().to_string(), &["--tls"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.err.contains("no TLS is offered there"), "{refused:?}");
    let clear = client(home.path(), &server.lines().to_string(), &["--tls"]);
    assert_eq!(clear.code, Some(3), "{clear:?}");
    assert!(clear.err.contains("not TLS"), "{clear:?}");
}

/// In clear, where nothing but TLS is spoken: the server has but the course's words for that.
#[test]
fn where_only_tls_is_spoken_it_says_so() {
    let home = tempfile::tempdir().unwrap();
    let identity = Identity::make();
    let mut options = identity.options();
    options.extend(["--listen", "0.0.0.0:0"].map(str::to_owned));
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let server = Server::start_with(&options);
    let address = format!("127.0.0.1:{}", server.port(3).port());
    let job = |lang: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_client"));
        command.env_clear().env("HOME", home.path()).env("HUBBUB_PASSWORD", "secret");
        command.args(["send", "hi", "--user", "100", "--addr", &address, "--lang", lang]);
        run(command, "")
    };
    for (lang, words) in [("en", "encrypted connections only"), ("zh", "只接受加密连接")] {
        let refused = job(lang);
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(refused.err.contains(words) && refused.err.contains("--tls"), "{refused:?}");
        assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
    }
    let plain = client(home.path(), &address, &["--wait", "1"]);
    assert_eq!(plain.code, Some(5), "{plain:?}");
    assert!(plain.out.starts_with("disconnected\t") && plain.out.contains("--tls"), "{plain:?}");
}

#[test]
fn the_library_comes_back_through_tls_and_refuses_who_is_another_then() {
    let (server, _) = with_account();
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(server.any());
    let mut config = Config::new(proxy.address().to_string(), "test/1");
    config.tls = Some(Trust::FirstMet(folder.path().join("known")));
    let (client, updates) = Client::start(config.clone()).unwrap();
    let next = |wanted: fn(&Update) -> bool| {
        let begin = hubbub::clock::now();
        while begin.elapsed() < DEADLINE {
            match updates.next(Duration::from_secs(1)) {
                Ok(update) if wanted(&update) => return update,
                _ => {}
            }
        }
        panic!("it did not come")
    };
    next(|update| matches!(update, Update::FirstMet { .. }));
    client.login(Who::Id(UserId(100)), Password::new("secret").unwrap()).unwrap();
    next(|update| matches!(update, Update::LoggedIn { .. }));
    // Nothing is lost by a network that cuts.
    proxy.cut();
    let text = Text::new(&"x".repeat(7_000)).unwrap();
    let reference = client.send(None, text).unwrap();
    next(|update| matches!(update, Update::LoggedIn { .. }));
    let Update::Sent { reference: sent, .. } = next(|update| matches!(update, Update::Sent { .. }))
    else {
        return;
    };
    assert_eq!(sent, reference);
    server.identity().replace(&Identity::make());
    server.signal(Signal::HUP);
    server.expect_in_log("the certificate was read again");
    proxy.cut();
    let is_refused = |update: &Update| {
        let Update::Disconnected { why, .. } = update else { return false };
        matches!(why, Lost::Insecure(TlsError::Changed(_)))
    };
    next(is_refused);
    let error = Client::start(config).unwrap_err();
    assert!(matches!(error, ConnectError::Insecure(TlsError::Changed(_))), "{error}");
    client.close(Duration::from_millis(100));
}
