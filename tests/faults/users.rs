//! `server user`: accounts from the command line, also while a server runs on the same store.

use crate::support::peers::{Course, Extended};
use crate::support::program::{Ended, run, server};
use crate::support::redis::Redis;
use crate::support::server::Server;

/// `server user` on the store of this server.
fn user(running: &Server, store: &str, args: &[&str], input: &str) -> Ended {
    let mut all = vec!["user"];
    if !store.is_empty() {
        all.extend(["--store", store]);
    }
    all.extend(args);
    run(server(running.home(), &all), input)
}

/// The code of the last word that a connection hears.
fn last_word(peer: &mut Extended) -> String {
    loop {
        let (kind, data) = peer.next("the last word");
        if kind == "ErrorMes" {
            assert_eq!(data["closing"], true, "{data}");
            return data["code"].as_str().unwrap().to_owned();
        }
    }
}

fn accounts_are_added_listed_changed_and_deleted(running: &Server, store: &str) {
    let user = |args: &[&str], input: &str| user(running, store, args, input);
    let is_done = |ended: &Ended, out: &str| {
        assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), out, ""));
    };
    let is_refused = |ended: &Ended, says: &str| {
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
        assert!(ended.err.starts_with("server: ") && ended.err.contains(says), "{ended:?}");
        assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    };
    let mut jerry = Extended::enter(running.frames(), (200, "jerry"), "laptop");
    is_done(&user(&["add", "100", "tom"], "first\n"), "100 is added\n");
    let mut tom = Extended::connect(running.frames(), "laptop");
    assert_eq!(tom.log_in(100, "first")["code"], 200);
    jerry.expect("NotifyUserStatusMes");
    is_done(&user(&["list"], ""), "100\ttom\n200\tjerry\n");
    is_done(&user(&["passwd", "100"], "second\r\n"), "100 has a new password\n");
    assert_eq!(last_word(&mut tom), "logged_out");
    assert_eq!(jerry.expect("NotifyUserStatusMes")["status"], 1);
    let mut other = Course::connect(running.frames());
    other.log_in(100, "first");
    let (_, data) = other.next("the answer to the login");
    assert!(data.starts_with("{\"code\":403"), "{data}");
    let mut other = Extended::connect(running.frames(), "phone");
    assert_eq!(other.log_in(100, "second")["code"], 200);
    jerry.expect("NotifyUserStatusMes");
    is_done(&user(&["logout", "100"], ""), "100 needs the password again\n");
    assert_eq!(last_word(&mut other), "logged_out");
    jerry.expect("NotifyUserStatusMes");
    let mut other = Extended::connect(running.frames(), "phone");
    assert_eq!(other.log_in(100, "second")["code"], 200);
    jerry.expect("NotifyUserStatusMes");
    // Who runs goes on while the command line writes.
    jerry.store("still here", "r1");
    is_refused(&user(&["add", "100", "tim"], "x\n"), "taken");
    is_refused(&user(&["add", "0"], "x\n"), "0");
    is_refused(&user(&["add", "tim"], "x\n"), "tim");
    is_refused(&user(&["add", "300", "3\u{1b}"], "x\n"), "");
    is_refused(&user(&["add", "300"], "\n"), "password");
    is_refused(&user(&["passwd", "300"], "x\n"), "300");
    is_refused(&user(&["delete", "300"], ""), "300");
    is_done(&user(&["delete", "100"], ""), "100 (tom) is deleted\n");
    assert_eq!(last_word(&mut other), "deleted");
    let mut gone = Course::connect(running.frames());
    gone.log_in(100, "second");
    let (_, data) = gone.next("the answer to the login");
    assert!(data.starts_with("{\"code\":500"), "{data}");
    is_done(&user(&["list"], ""), "200\tjerry\n");
}

#[test]
fn accounts_are_kept_while_a_server_runs_on_sqlite() {
    accounts_are_added_listed_changed_and_deleted(&Server::start_on_disk(), "");
}

/// A name that was mistyped is not a new store; who adds the first account makes one.
#[test]
fn only_who_adds_an_account_or_invites_makes_a_store() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("new.db");
    let url = format!("sqlite:{}", path.display());
    let acts: [&[&str]; 8] = [
        &["list"],
        &["passwd", "100"],
        &["logout", "100"],
        &["operator", "100"],
        &["invites"],
        &["pending"],
        &["approve", "100"],
        &["delete", "100"],
    ];
    let job = |act: &[&str]| {
        let args: Vec<_> = ["user", "--store", &url].iter().chain(act).copied().collect();
        run(server(home.path(), &args), "secret\n")
    };
    for act in acts {
        let ended = job(act);
        let why = format!("server: {}: there is no store\n", path.display());
        assert_eq!((ended.code, ended.out.as_str(), ended.err), (Some(1), "", why), "{act:?}");
        assert!(!path.exists(), "{act:?}");
    }
    assert_eq!(job(&["invite"]).code, Some(0));
    assert_eq!(job(&["list"]).out, "");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(job(&["add", "100", "tom"]).code, Some(0));
    assert_eq!(job(&["list"]).out, "100\ttom\n");
}

#[test]
fn accounts_are_kept_while_a_server_runs_on_redis() {
    let Some(redis) = Redis::start() else { return };
    let running = Server::start_on(&redis.url(), &[]);
    accounts_are_added_listed_changed_and_deleted(&running, &redis.url());
}
