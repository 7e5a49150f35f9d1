//! `--pid-file` and `server drain`: whom it tells, and whom never.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::is_well;
use crate::support::peers::Course;
use crate::support::program::{Ended, run, server};
use crate::support::server::Server;

fn drain(file: &Path) -> Ended {
    run(server(Path::new("/nowhere"), &["drain", "--pid-file", file.to_str().unwrap()]), "")
}

/// Refused, in one line that says this.
fn is_refused(ended: &Ended, says: &str) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.err.lines().count() == 1 && ended.err.contains(says), "no {says:?}: {ended:?}");
}

#[test]
fn who_is_drained_is_told_and_the_command_waits_for_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut server = Server::start_with(&["--pid-file", file.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n", server.pid()));
    let mut tom = Course::enter(server.frames(), 100, "tom");
    let ended = drain(&file);
    let says = format!("the server {} has ended\n", server.pid());
    assert_eq!((ended.code, ended.out, ended.err), (Some(0), says, String::new()));
    server.expect_in_log("draining");
    tom.wire.drain();
    server.expect_end();
    assert!(!file.exists());
    is_refused(&drain(&file), "no server runs");
}

#[test]
fn what_a_killed_server_left_behind_is_nobodys_and_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut server = Server::start_with(&["--pid-file", file.to_str().unwrap()]);
    server.kill();
    assert!(file.exists());
    is_refused(&drain(&file), "no server runs");
    // Somebody else has the number by now: a signal would end it.
    let mut other = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    fs::write(&file, format!("{}\n", other.id())).unwrap();
    is_refused(&drain(&file), "no server runs");
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    server.launch();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n", server.pid()));
    server.ask_to_stop();
    server.expect_end();
    assert!(!file.exists());
}

#[test]
fn a_file_is_for_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let options = ["--pid-file", file.to_str().unwrap()];
    let first = Server::start_with(&options);
    let second = ["--listen", "127.0.0.1:0", "--store", "memory:"];
    let second = run(server(folder.path(), &[&second[..], &options[..]].concat()), "");
    is_refused(&second, "a server that runs holds it");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n", first.pid()));
    is_well(&first, 100);
}

#[test]
fn what_is_no_such_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (text, pipe) = (folder.path().join("text"), folder.path().join("pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for wrong in ["soup", "-1\n", "0\n", "4294967296\n", "1 2\n", &"7".repeat(4_000), "\u{ff}"] {
        fs::write(&text, wrong).unwrap();
        for file in [&text, &pipe, &folder.path().to_owned()] {
            let (name, address) = (file.to_str().unwrap(), "127.0.0.1:0");
            let serve = ["--listen", address, "--store", "memory:", "--pid-file", name];
            is_refused(&run(server(folder.path(), &serve), ""), "something else");
            is_refused(&drain(file), "something else");
        }
        assert_eq!(fs::read_to_string(&text).unwrap(), wrong);
    }
    is_refused(&drain(&folder.path().join("none")), "no server runs");
    let ended = run(server(folder.path(), &["drain"]), "");
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
