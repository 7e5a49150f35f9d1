//! What an operator may get wrong: one clear line, an exit code, nothing damaged.

use std::fs;
use std::net::TcpListener;

use tempfile::TempDir;

use crate::support::program::{Ended, run, server};

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Refused with this code, in one line that says this.
fn is_refused(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.out, "", "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    for word in says {
        assert!(ended.err.contains(word), "no {word:?}: {ended:?}");
    }
}

#[test]
fn a_bad_option_is_one_line() {
    let home = home();
    for (args, says) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--listen", "8889"], "127.0.0.1:8889"),
        (&["--listen", "gopher=127.0.0.1:0"], "frame, line"),
        (&["--listen"], "--listen"),
        (&["--idle-timeout", "soon"], "soon"),
        (&["--max-connections", "-1"], "-1"),
        (&["--exempt", "10.0.0.0/64"], "10.0.0.0/64"),
        (&["--registration", "maybe"], "maybe"),
        (&["--log", "loud"], "loud"),
        (&["user", "add"], "<ID>"),
        (&["user", "promote", "1"], "promote"),
        (&["serve"], "serve"),
    ] {
        is_refused(&run(server(home.path(), args), ""), 2, &["server: ", says]);
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "something was made");
}

#[test]
fn help_and_version_are_no_errors() {
    let home = home();
    for args in [&["--help"][..], &["--version"], &["user", "--help"]] {
        let ended = run(server(home.path(), args), "");
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.out.contains("server") || ended.out.contains("hubbub"), "{ended:?}");
    }
}

#[test]
fn a_port_in_use_is_one_line() {
    let home = home();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let ended = run(server(home.path(), &["--listen", &addr, "--store", "memory:"]), "");
    is_refused(&ended, 1, &["cannot listen on", &addr]);
    // Not this machine's.
    let args = ["--listen", "192.0.2.1:8889", "--allow-plaintext", "--log", "error"];
    is_refused(&run(server(home.path(), &args), ""), 1, &["cannot listen on 192.0.2.1:8889"]);
}

#[test]
fn beyond_this_machine_it_wants_to_be_told_that_nothing_is_encrypted() {
    let home = home();
    for addr in ["0.0.0.0:0", "[::]:0"] {
        let ended = run(server(home.path(), &["--listen", addr]), "");
        is_refused(&ended, 2, &[addr, "--allow-plaintext"]);
    }
}

#[test]
fn a_switch_in_the_environment_takes_the_usual_words() {
    let home = home();
    let with = |word: &str| {
        let mut command = server(home.path(), &["--listen", "192.0.2.1:8889", "--log", "error"]);
        command.env("HUBBUB_ALLOW_PLAINTEXT", word);
        run(command, "")
    };
    for on in ["1", "true", "yes", "on"] {
        is_refused(&with(on), 1, &["cannot listen on 192.0.2.1:8889"]);
    }
    for off in ["0", "false", "no", "off"] {
        is_refused(&with(off), 2, &["--allow-plaintext"]);
    }
    is_refused(&with("perhaps"), 2, &["perhaps"]);
}

#[test]
fn the_store_may_be_named_last() {
    let home = home();
    let url = format!("sqlite:{}", home.path().join("other.db").display());
    let args = ["user", "add", "7", "tom", "--store", &url];
    assert_eq!(run(server(home.path(), &args), "secret\n").out, "7 is added\n");
    let mut list = server(home.path(), &["user", "list"]);
    list.env("HUBBUB_STORE", &url);
    assert_eq!(run(list, "").out, "7\ttom\n");
}

#[test]
fn a_store_that_cannot_be_opened_is_one_line_and_left_alone() {
    let home = home();
    let file = home.path().join("notes.txt");
    let text = "these are my notes and no database at all, but long enough to look like one";
    fs::write(&file, text).unwrap();
    let url = format!("sqlite:{}", file.display());
    let args = ["--listen", "127.0.0.1:0", "--store", &url];
    is_refused(&run(server(home.path(), &args), ""), 1, &["cannot open the store", "notes.txt"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "something was made");
    for (url, says) in [
        ("sqlite:/proc/no/such/folder/hubbub.db", "/proc/no/such/folder/hubbub.db"),
        ("mysql://root:hidden@localhost", "mysql"),
        ("redis://tom:hidden@127.0.0.1:1/0", "127.0.0.1:1"),
        ("redis://tom:hidden@", "redis"),
    ] {
        let ended = run(server(home.path(), &["--listen", "127.0.0.1:0", "--store", url]), "");
        is_refused(&ended, 1, &["cannot open the store", says]);
        assert!(!ended.err.contains("hidden"), "the password is shown: {ended:?}");
        let ended = run(server(home.path(), &["user", "--store", url, "list"]), "");
        is_refused(&ended, 1, &[says]);
        assert!(!ended.err.contains("hidden"), "the password is shown: {ended:?}");
    }
}

#[test]
fn a_newer_store_is_one_line_and_left_alone() {
    let home = home();
    assert_eq!(run(server(home.path(), &["user", "add", "100", "tom"]), "secret\n").code, Some(0));
    let file = home.path().join("hubbub/hubbub.db");
    let outside = rusqlite::Connection::open(&file).unwrap();
    outside.pragma_update(None, "user_version", 4_711).unwrap();
    drop(outside);
    let before = fs::read(&file).unwrap();
    let ended = run(server(home.path(), &["--listen", "127.0.0.1:0"]), "");
    is_refused(&ended, 1, &["cannot open the store", "4711"]);
    is_refused(&run(server(home.path(), &["user", "list"]), ""), 1, &["4711"]);
    assert!(fs::read(&file).unwrap() == before, "the file was changed");
}
