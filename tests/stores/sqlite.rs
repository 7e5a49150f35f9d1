//! What only the SQLite store can be asked: its file, other processes, a full disk.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use hubbub::dao::{self, PeerMarks, Receipts, StoreError, Write, Written};
use hubbub::protocol::{Append, ErrorCode, MessageId, RoomId, UserId};
use rusqlite::Connection;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use super::keeping::lines;
use super::{
    SECRET, at, commit, device, in_time, page, positions, register, say, stored, write, write_all,
};

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
    assert!(matches!(error, StoreError::Newer { found: 99, known: 14 }), "{error}");
    assert!(std::fs::read(&file).unwrap() == bytes);
}

#[test]
fn a_file_of_version_1_opens_with_all_it_has() {
    let (_folder, file, url) = place();
    let old = Connection::open(&file).unwrap();
    old.execute_batch(include_str!("../../src/dao/sqlite/1.sql")).unwrap();
    let rows = format!(
        "INSERT INTO meta VALUES ('0123456789abcdef', zeroblob(32), 10001, -5);
        INSERT INTO users VALUES (1, 'Tom', 'tom', '{SECRET}'), (2, '2', '2', '{SECRET}');
        UPDATE rooms SET last_id = 2;
        INSERT INTO rooms VALUES (2, '@1,2', 1);
        INSERT INTO messages VALUES (1, 1, 1, 1, 'Tom', 5, 'one', 'a');
        INSERT INTO messages VALUES (2, 1, 2, 1, 'Tom', 6, 'two', 'b');
        INSERT INTO messages VALUES (3, 2, 1, 1, 'Tom', 7, 'psst', 'c');
        INSERT INTO refs VALUES (1, 1, 'phone', 'a', 1, 5, zeroblob(16), 9);
        INSERT INTO members VALUES (1, 2, 0), (2, 2, 0);
        INSERT INTO devices VALUES (1, 'phone', 1);
        INSERT INTO cursors VALUES (1, '', 1, 2), (1, 'phone', 1, 1), (2, '', 1, 1), (2, '', 2, 1);
        PRAGMA application_id = 0x48756262;
        PRAGMA user_version = 1;"
    );
    old.execute_batch(&rows).unwrap();
    drop(old);
    let store = dao::open(&url).unwrap();
    assert_eq!(&*store.identity().epoch, "0123456789abcdef");
    assert_eq!(store.account(UserId(1)).unwrap().unwrap().name.as_str(), "Tom");
    assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1, 2]);
    assert_eq!(at(&store, 1, Some("phone")), positions(&[("lobby", 1), ("@1,2", 0)]));
    assert_eq!(store.receipts(UserId(2)).unwrap(), Receipts::default());
    // What was taken of the lobby counts as read; of what is private nothing is claimed.
    let marks = store.marks(UserId(1)).unwrap();
    assert_eq!(marks.iter().map(|marks| marks.read.0).collect::<Vec<_>>(), [2, 0]);
    let peer = PeerMarks { delivered: MessageId(1), read: MessageId(0) };
    assert_eq!(marks[1].peer, Some(peer));
    let mut writer = store.writer().unwrap();
    let repeat = Append { device: Some(device("phone")), ..say(1, "a", "other") };
    let reused = write(&mut writer, &Write::Append(repeat));
    assert_eq!(reused, Written::Refused(ErrorCode::ReferenceReused));
    assert_eq!(write(&mut writer, &Write::Guests(1)), Written::Guests(UserId(-5)));
    assert!(store.check().unwrap().is_empty());
    lines(&store);
}

#[test]
fn a_copy_is_whole_and_gets_a_new_epoch_from_the_first_that_serves_it() {
    let (folder, _, url) = place();
    let store = dao::open(&url).unwrap();
    let mut writer = store.writer().unwrap();
    write_all(&mut writer, &[register(1), Write::Append(say(1, "a", "before"))]);
    let file = folder.path().join("copy.db");
    store.backup(&file).unwrap();
    write(&mut writer, &Write::Append(say(1, "b", "after")));
    let error = store.backup(&file).unwrap_err();
    assert!(error.to_string().contains("is there already"), "{error}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(!names.iter().any(|entry| entry.file_name() == "copy.db.part"));
    let url_of_copy = format!("sqlite:{}", file.display());
    let epoch = &store.identity().epoch;
    // Who only looks at it leaves the mark for every server that gets a copy of it.
    let looked_at = dao::open_existing(&url_of_copy).unwrap();
    assert_eq!(&looked_at.identity().epoch, epoch);
    assert_eq!(page(&looked_at, RoomId::Lobby, 0, 9), [1]);
    assert!(looked_at.check().unwrap().is_empty());
    drop(looked_at);
    let served = dao::open_to_serve(&url_of_copy).unwrap().identity().clone();
    assert_ne!(&served.epoch, epoch);
    assert_eq!(served.key, store.identity().key);
    assert_eq!(dao::open_to_serve(&url_of_copy).unwrap().identity().epoch, served.epoch);
    assert_eq!(&dao::open_to_serve(&url).unwrap().identity().epoch, epoch);
}

#[test]
fn a_copy_that_cannot_be_made_leaves_nothing() {
    let (folder, _, url) = place();
    let store = dao::open(&url).unwrap();
    for path in ["no/such/folder/copy.db", "/dev/null", "hubbub.db"] {
        let path = folder.path().join(path);
        let error = store.backup(&path).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Refused(_)), "{error}");
    }
    std::fs::write(folder.path().join("copy.db.part"), "of somebody").unwrap();
    store.backup(&folder.path().join("copy.db")).unwrap_err();
    assert_eq!(std::fs::read(folder.path().join("copy.db.part")).unwrap(), b"of somebody");
    assert!(matches!(dao::open_existing("sqlite:/no/such"), Err(StoreError::Refused(_))));
}

#[test]
fn what_cannot_be_a_file_is_refused() {
    let (folder, _, _) = place();
    for url in ["sqlite:".into(), format!("sqlite:{}", folder.path().display())] {
        let error = dao::open(&url).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    }
    assert!(matches!(dao::open("paper:x").unwrap_err(), StoreError::Refused(_)));
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
