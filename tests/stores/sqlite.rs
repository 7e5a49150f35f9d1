//! What only the SQLite store can be asked: its file, other processes, a full disk.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use hubbub::dao::{self, StoreError, Write, Written};
use hubbub::protocol::{RoomId, UserId};
use rusqlite::Connection;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use super::{commit, in_time, page, register, say, stored, write, write_all};

/// A folder, the path of a file in it that is not there yet, and the store's URL.
fn place() -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hubbub.db");
    let url = format!("sqlite:{}", file.display());
    (folder, file, url)
}

#[test]
fn only_the_owner_may_look_into_the_file() {
    let (folder, _, _) = place();
    let file = folder.path().join("a/b/hubbub.db");
    let store = dao::open(&format!("sqlite:{}", file.display())).unwrap();
    drop(store.writer().unwrap());
    let mode = |path: &str| {
        let about = std::fs::metadata(folder.path().join(path)).unwrap();
        about.permissions().mode() & 0o777
    };
    assert_eq!(["a", "a/b", "a/b/hubbub.db"].map(mode), [0o700, 0o700, 0o600]);
}

#[test]
fn what_is_not_ours_is_refused_and_left_as_it_was() {
    let (_folder, file, url) = place();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE photos (id INTEGER); PRAGMA user_version = 1").unwrap();
    drop(other);
    let photos = std::fs::read(&file).unwrap();
    for bytes in [photos, b"my diary".to_vec(), b"SQLite format 3\0 broken".repeat(100)] {
        std::fs::write(&file, &bytes).unwrap();
        let error = dao::open(&url).unwrap_err();
        assert!(matches!(error, StoreError::Unreadable(_)), "{error}");
        assert!(error.to_string().contains("hubbub.db"), "{error}");
        assert!(std::fs::read(&file).unwrap() == bytes, "changed: {error}");
    }
}

#[test]
fn a_newer_version_is_refused_and_left_as_it_was() {
    let (_folder, file, url) = place();
    drop(dao::open(&url).unwrap());
    let newer = Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let bytes = std::fs::read(&file).unwrap();
    let error = dao::open(&url).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, known: 1 }), "{error}");
    assert!(std::fs::read(&file).unwrap() == bytes);
}

#[test]
fn what_cannot_be_a_file_is_refused() {
    let (folder, _, _) = place();
    for url in ["sqlite:".into(), format!("sqlite:{}", folder.path().display())] {
        let error = dao::open(&url).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    }
    assert!(matches!(dao::open("paper:x").unwrap_err(), StoreError::Unavailable(_)));
}

#[test]
fn two_processes_write_in_turn() {
    let (_folder, _, url) = place();
    let (one, other) = (dao::open(&url).unwrap(), dao::open(&url).unwrap());
    let mut writers = [one.writer().unwrap(), other.writer().unwrap()];
    for n in 0..10 {
        for writer in &mut writers {
            let reference = format!("{n} {writer:p}");
            write(writer, &Write::Append(say(1, &reference, "text")));
        }
    }
    assert_eq!(page(&one, RoomId::Lobby, 0, 99), (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_lock_from_outside_is_waited_for_but_not_for_ever() {
    let (_folder, file, url) = place();
    let store = dao::open(&url).unwrap();
    let mut writer = store.writer().unwrap();
    let outside = Connection::open(&file).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    drop(dao::open(&url).unwrap());
    let error = in_time("the lock", || commit(&mut writer, &[register(1)])).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    // Who only reads does not wait.
    assert_eq!(store.account(UserId(1)).unwrap(), None);
    outside.execute_batch("ROLLBACK").unwrap();
    assert_eq!(write(&mut writer, &register(1)), Written::Registered(UserId(1)));
}

#[test]
fn a_batch_that_fails_in_the_middle_is_not_there_at_all() {
    let (_folder, file, url) = place();
    let store = dao::open(&url).unwrap();
    let mut writer = store.writer().unwrap();
    let outside = Connection::open(&file).unwrap();
    let fault = "CREATE TRIGGER fault BEFORE INSERT ON messages WHEN new.text = 'bad'
        BEGIN SELECT raise(ABORT, 'a fault'); END";
    outside.execute_batch(fault).unwrap();
    let batch = [("a", "good"), ("b", "bad"), ("c", "good")]
        .map(|(reference, text)| Write::Append(say(1, reference, text)));
    let error = commit(&mut writer, &batch).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(page(&store, RoomId::Lobby, 0, 9).is_empty());
    outside.execute_batch("DROP TRIGGER fault").unwrap();
    let written = write_all(&mut writer, &batch);
    assert_eq!(written.iter().map(stored).collect::<Vec<_>>(), [(1, true), (2, true), (3, true)]);
}

/// The limit on the size of files is the process's, so the test runs itself in one of its own.
#[test]
fn a_full_disk_refuses_and_is_recovered_from() {
    const CHILD: &str = "HUBBUB_TEST_FULL_DISK";
    if std::env::var_os(CHILD).is_some() {
        return fill_the_disk();
    }
    let name = "stores::sqlite::a_full_disk_refuses_and_is_recovered_from";
    let child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}

fn fill_the_disk() {
    // The kernel's signal for a file that is too long would end the process.
    let flag = std::sync::Arc::default();
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, flag).unwrap();
    let (_folder, _, url) = place();
    let store = dao::open(&url).unwrap();
    let mut writer = store.writer().unwrap();
    let text = "x".repeat(8_000);
    let before = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(200_000), maximum: before.maximum }).unwrap();
    let mut n_stored = 0;
    let (batch, error) = loop {
        let batch: Vec<_> =
            (0..5).map(|n| Write::Append(say(1, &format!("{n_stored} {n}"), &text))).collect();
        match commit(&mut writer, &batch) {
            Ok(_) => n_stored += batch.len(),
            Err(error) => break (batch, error),
        }
        assert!(n_stored < 1_000, "the disk never was full");
    };
    println!("{n_stored} fit, then: {error}");
    let told = matches!(error, StoreError::Unavailable(_) | StoreError::Unknown(_));
    assert!(told && n_stored > 0, "{n_stored} {error}");
    assert_eq!(page(&store, RoomId::Lobby, 0, 2_000).len(), n_stored);
    setrlimit(Resource::Fsize, before).unwrap();
    let written = write_all(&mut writer, &batch);
    assert!(written.iter().all(|written| stored(written).1), "{written:?}");
    assert_eq!(page(&store, RoomId::Lobby, 0, 2_000).len(), n_stored + batch.len());
}
