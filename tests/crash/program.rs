//! The client's program killed in the middle: what it had not written out comes again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crossbeam_channel::never;

use crate::support::peers::{Course, Extended};
use crate::support::server::Server;

const WRITER: i64 = 301;
const READER: i64 = 302;

/// More than the pipe holds that nobody reads (64 KiB), so that some wait within the program;
/// fewer than it and the library's queue hold together, so that the library goes on telling the
/// server what the program has.
const MESSAGES: usize = 700;

/// Receipts are sent once a second, and written once a second.
const RECEIPTS: Duration = Duration::from_millis(2_300);

/// The program with its output in a pipe, and its device in this folder.
fn start(server: SocketAddr, state: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_client"))
        .args(["--addr", &server.to_string(), "--plain", "--user", &READER.to_string()])
        .env("XDG_STATE_HOME", state)
        .env("HUBBUB_PASSWORD", "secret")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The ids and texts of what the lobby said, from the output until `last` or its end.
fn said(child: &mut Child, last: Option<&str>) -> Vec<(u64, String)> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut all = Vec::new();
    for line in lines {
        let fields: Vec<_> = line.split('\t').collect();
        if let ["said" | "replayed", "lobby", id, _, _, _, text, ..] = fields[..] {
            all.push((id.parse().unwrap(), text.to_owned()));
            if Some(text) == last {
                break;
            }
        }
    }
    all
}

#[test]
fn a_client_that_is_killed_is_shown_the_rest_when_its_device_comes_back() {
    let server = Server::start_on_disk();
    let state = tempfile::tempdir().unwrap();
    Course::join(server.frames(), READER, "reader");
    let mut writer = Extended::enter(server.frames(), (WRITER, "writer"), "desk");
    let mut stored = BTreeMap::new();
    let mut lives = Vec::new();
    for life in 0..3 {
        let mut child = start(server.frames(), state.path());
        for n in 0..MESSAGES {
            let text = format!("life {life} text {n} {}", "x".repeat(60));
            writer.say(&text, &format!("{life}-{n}"));
            if n % 100 == 99 {
                (n - 99..=n).for_each(|n| {
                    let id = next_ack(&mut writer, &format!("{life}-{n}"));
                    stored.insert(id, format!("life {life} text {n} {}", "x".repeat(60)));
                });
            }
        }
        // Time for the library to tell the server how far the program is.
        never::<()>().recv_timeout(RECEIPTS).unwrap_err();
        child.kill().unwrap();
        child.wait().unwrap();
        lives.push(said(&mut child, None));
    }
    let mut child = start(server.frames(), state.path());
    writer.say("the end", "the-end");
    stored.insert(next_ack(&mut writer, "the-end"), "the end".to_owned());
    lives.push(said(&mut child, Some("the end")));
    child.kill().unwrap();
    child.wait().unwrap();
    judge(&lives, &stored);
}

fn next_ack(writer: &mut Extended, reference: &str) -> u64 {
    loop {
        let (kind, data) = writer.next("an acknowledgement");
        if kind == "AckMes" {
            assert_eq!(data["clientRef"], reference, "{data}");
            return data["id"].as_u64().unwrap();
        }
    }
}

fn judge(lives: &[Vec<(u64, String)>], stored: &BTreeMap<u64, String>) {
    let mut shown = BTreeSet::new();
    for life in lives {
        assert!(life.is_sorted_by(|a, b| a.0 < b.0), "out of order, or twice in one life");
        for (id, text) in life {
            assert_eq!(stored.get(id), Some(text), "shown and not stored: {id}");
            shown.insert(*id);
        }
    }
    let n_shown: usize = lives.iter().map(Vec::len).sum();
    let lost: Vec<_> = stored.keys().filter(|id| !shown.contains(id)).collect();
    println!("{} stored, {n_shown} lines in {} lives", stored.len(), lives.len());
    assert!(lost.is_empty(), "{} never shown, the first: {:?}", lost.len(), lost.first());
}
