//! The store in the operator's hands: `server verify`, `backup`, `export` and `import`,
//! retention, and a disk that is full. The real program, and real files.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hubbub::dao;
use hubbub::protocol::{MessageId, RoomId};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::peers::Line;
use crate::support::redis::Redis;
use crate::support::server::Server;

/// How a job of the program ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// Runs `server` with these words, the store's URL, and this on its standard input.
fn job(words: &[&str], store: &str, input: &str) -> Ended {
    let (first, others) = words.split_first().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    run(command.args([first, "--store", store]).args(others), input)
}

fn run(command: &mut Command, input: &str) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who does not want it closes it.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let ended = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: ended.status.code().unwrap(), out: text(ended.stdout), err: text(ended.stderr) }
}

fn done(words: &[&str], store: &str, input: &str) -> String {
    let ended = job(words, store, input);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{words:?}: {}", ended.out);
    ended.out
}

fn refused(words: &[&str], store: &str, input: &str, why: &str) {
    let ended = job(words, store, input);
    assert!(ended.code == 1 && ended.err.contains(why), "{words:?}: {ended:?}");
}

/// A folder, and the URL of a store in it that is not there yet.
fn place() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder, "hubbub.db");
    (folder, url)
}

fn url(folder: &TempDir, file: &str) -> String {
    format!("sqlite:{}", path(folder, file).display())
}

fn path(folder: &TempDir, file: &str) -> PathBuf {
    folder.path().join(file)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A guest who has said so many things to all.
fn talk(server: &Server, n: usize) -> Line {
    let mut line = Line::enter(server.lines());
    for n in 1..=n {
        let me = line.me();
        line.tell_all(&me, &format!("message {n}"));
    }
    line
}

fn ids(url: &str) -> Vec<u64> {
    let page = dao::open(url).unwrap().page(RoomId::Lobby, MessageId(0), 999).unwrap();
    page.iter().map(|message| message.id.0).collect()
}

#[test]
fn a_store_is_verified_copied_and_exported_while_the_server_runs_on_it() {
    let (folder, live) = place();
    let server = Server::start_on(&live, &[]);
    let mut line = talk(&server, 3);
    let report = done(&["verify"], &live, "");
    assert!(report.contains("3 message\n") && report.contains("nothing is wrong"), "{report}");
    let copy = path(&folder, "copy.db");
    let told = done(&["backup", copy.to_str().unwrap()], &live, "");
    assert!(told.contains("is copied to"), "{told}");
    refused(&["backup", copy.to_str().unwrap()], &live, "", "is there already");
    let exported = done(&["export"], &live, "");
    let copy = url(&folder, "copy.db");
    assert!(done(&["verify"], &copy, "").contains("nothing is wrong"));
    assert_eq!(done(&["export", "-"], &copy, ""), exported);
    // To a file, and into another store.
    let file = path(&folder, "hubbub.jsonl");
    let told = done(&["export", file.to_str().unwrap()], &live, "");
    assert!(told.contains(" records of sqlite:"), "{told}");
    assert_eq!((std::fs::read_to_string(&file).unwrap(), mode(&file)), (exported.clone(), 0o600));
    refused(&["export", file.to_str().unwrap()], &live, "", "exists");
    let other = url(&folder, "other.db");
    done(&["import", file.to_str().unwrap()], &other, "");
    assert_eq!(done(&["export"], &other, ""), exported);
    refused(&["import"], &other, &exported, "an import takes an empty store");
    let me = line.me();
    line.tell_all(&me, "still here");
    // The copy is served: it is another store now, and the one it was made of is the same.
    let epoch = |url: &str| dao::open(url).unwrap().identity().epoch.clone();
    assert_eq!(epoch(&copy), epoch(&live));
    drop(Server::start_on(&copy, &[]));
    assert_ne!(epoch(&copy), epoch(&live));
    assert_ne!(epoch(&other), epoch(&live));
}

#[test]
fn there_and_back_by_redis_nothing_is_lost() {
    let Some(redis) = Redis::start() else { return };
    let (folder, live) = place();
    for id in ["100", "200", "new"] {
        let added = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(["user", "--store", &live, "add", id])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!added.status.success(), "no password was given");
        done(&["user", "add", id], &live, "secret\n");
    }
    let server = Server::start_on(&live, &[]);
    talk(&server, 5);
    let exported = done(&["export"], &live, "");
    done(&["import"], &redis.url(), &exported);
    assert_eq!(done(&["export"], &redis.url(), ""), exported);
    assert!(done(&["verify"], &redis.url(), "").contains("nothing is wrong"));
    refused(&["backup", "/nowhere"], &redis.url(), "", "BGSAVE");
    let back = url(&folder, "back.db");
    done(&["import", "-"], &back, &done(&["export"], &redis.url(), ""));
    assert_eq!(done(&["export"], &back, ""), exported);
}

#[test]
fn what_is_wrong_is_found_and_is_neither_exported_nor_imported() {
    let (folder, live) = place();
    let server = Server::start_on(&live, &[]);
    talk(&server, 4);
    drop(server);
    done(&["user", "add", "100"], &live, "secret\n");
    let good = done(&["export"], &live, "");
    let by_hand = Connection::open(path(&folder, "hubbub.db")).unwrap();
    by_hand
        .execute_batch(
            "DELETE FROM messages WHERE id = 2;
            UPDATE messages SET text = 'a' || char(0) WHERE id = 3;
            UPDATE refs SET id = 77 WHERE id = 1;
            UPDATE cursors SET up_to = 99;
            INSERT INTO rooms (key, last_id) VALUES ('attic', 1);
            INSERT INTO members (account, room, since) VALUES (100, 55, 0);
            INSERT INTO tokens VALUES (zeroblob(32), 300, '', 0);",
        )
        .unwrap();
    let ended = job(&["verify"], &live, "");
    assert_eq!(ended.code, 1, "{ended:?}");
    for found in [
        "lobby: message 4 follows 1",
        "lobby: message 3: ",
        "points to message 77",
        "account 100: a cursor at 99 of lobby, beyond its end",
        "room \"attic\": ",
        "account 100: room \"none of number 55\"",
        "1 rows in tokens are of accounts that do not exist",
    ] {
        assert!(ended.out.contains(found), "{found}: {}", ended.out);
    }
    assert!(ended.err.contains("things are wrong"), "{}", ended.err);
    refused(&["export"], &live, "", "see `server verify`");
    let file = path(&folder, "bad.jsonl");
    refused(&["export", file.to_str().unwrap()], &live, "", "see `server verify`");
    assert!(!file.exists());
    let hole = good.lines().filter(|line| !line.contains("message 2"));
    let hole = hole.map(|line| format!("{line}\n")).collect::<String>();
    let beyond = good.replace("\"upTo\":4", "\"upTo\":5");
    assert_ne!(beyond, good);
    let other = url(&folder, "other.db");
    refused(&["import"], &other, &hole, "message 3 follows 1");
    refused(&["import"], &other, &beyond, "beyond its end");
    refused(&["import"], &other, "no export", "line 1");
    done(&["import"], &other, &good);
}

#[test]
fn a_file_that_is_broken_beneath_is_found() {
    let (folder, live) = place();
    let server = Server::start_on(&live, &[]);
    talk(&server, 200);
    drop(server);
    let file = path(&folder, "hubbub.db");
    Connection::open(&file)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    // All but the pages that say which tables there are.
    bytes[110_000..].fill(0x55);
    std::fs::write(&file, bytes).unwrap();
    let ended = job(&["verify"], &live, "");
    assert!(ended.code == 1 && ended.out.contains("wrong: "), "{ended:?}");
}

#[test]
fn who_only_looks_makes_no_store() {
    let (folder, nowhere) = place();
    for words in [["verify"].as_slice(), &["backup", "/tmp/x"], &["export"]] {
        refused(words, &nowhere, "", "there is no store");
    }
    assert!(!path(&folder, "hubbub.db").exists());
}

#[test]
fn too_many_messages_are_removed_while_the_server_runs() {
    let (_folder, live) = place();
    let mut server = Server::start_on(&live, &[]);
    talk(&server, 450);
    server.ask_to_stop();
    server.start_again();
    assert_eq!(ids(&live).len(), 450, "all are kept unless it is said");
    drop(server);
    let server = Server::start_on(&live, &["--keep-messages", "20", "--keep-days", "1"]);
    server.expect_said("430 old records are gone");
    assert_eq!(ids(&live), (431..=450).collect::<Vec<_>>());
    talk(&server, 1);
    assert_eq!(ids(&live).last(), Some(&451));
    assert!(done(&["verify"], &live, "").contains("nothing is wrong"));
    server.ask_to_stop();
}

#[test]
fn old_messages_are_removed() {
    let (folder, live) = place();
    let server = Server::start_on(&live, &[]);
    talk(&server, 9);
    drop(server);
    let by_hand = Connection::open(path(&folder, "hubbub.db")).unwrap();
    let day = 24 * 60 * 60 * 1000;
    by_hand.execute("UPDATE messages SET time = time - 3 * ? WHERE id <= 4", [day]).unwrap();
    by_hand.execute("UPDATE refs SET time = time - 31 * ? WHERE id <= 2", [day]).unwrap();
    let server = Server::start_on(&live, &["--keep-days", "2"]);
    server.expect_said("6 old records are gone");
    assert_eq!(ids(&live), [5, 6, 7, 8, 9]);
    let n_refs: i64 = by_hand.query_row("SELECT count(*) FROM refs", [], |row| row.get(0)).unwrap();
    assert_eq!(n_refs, 7);
}

/// The server sees a small disk of its own where everybody else sees an empty folder.
#[test]
fn a_full_disk_refuses_sends_and_is_recovered_from() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().to_str().unwrap();
    let mount = "mount -t tmpfs -o size=2m tmpfs \"$0\" \
        && head -c 1000000 /dev/zero > \"$0/filler\" && exec \"$@\"";
    let wrapper = ["unshare", "--mount", "sh", "-c", mount, disk];
    let can_mount = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "tmpfs", disk])
        .output()
        .is_ok_and(|ended| ended.status.success());
    if !can_mount {
        eprintln!("SKIPPED: nobody may mount here, so NO DISK WAS FULL");
        return;
    }
    let store = format!("sqlite:{disk}/hubbub.db");
    let server = Server::start_within(&wrapper, &store, &[]);
    let mut other = Line::enter(server.lines());
    let mut line = Line::enter(server.lines());
    let me = line.me();
    other.expect(&line.notice("login!!!"));
    let text = "x".repeat(4_000);
    let mut n_told = 0;
    let mut say = |text: &str| {
        line.say(text);
        let answer = line.next("an answer");
        let is_told = answer == format!("[{me}]{me}: {text}");
        n_told += u64::from(is_told);
        is_told.then_some(()).ok_or(answer)
    };
    let refusal = (0..1_000).find_map(|_| say(&text).err()).expect("the disk never was full");
    assert!(refusal.contains("stored"), "{refusal}");
    // It says so as long as it is full, and everything else goes on.
    (0..20).for_each(|_| assert_eq!(say(&text).unwrap_err(), refusal));
    other.say("who");
    while other.next("the list") != "online user list: " {}
    other.next("one");
    other.next("the other");
    let as_it_sees = PathBuf::from(format!("/proc/{}/root{disk}", server.pid()));
    std::fs::remove_file(as_it_sees.join("filler")).unwrap();
    // For a second it refuses without trying.
    (0..1_000_000).find(|_| say("again").is_ok()).expect("it never recovered");
    let mut verify = Command::new("nsenter");
    verify.args(["--mount", "--target", &server.pid().to_string(), "--"]);
    verify.args([env!("CARGO_BIN_EXE_server"), "verify", "--store", &store]);
    let report = run(&mut verify, "");
    assert_eq!(report.code, 0, "{report:?}");
    assert!(report.out.contains(&format!("{n_told} message\n")), "{n_told} told: {report:?}");
}
