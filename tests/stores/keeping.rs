//! What goes with time, and everything a store holds on its way to another.

use std::sync::Arc;

use hubbub::clock;
use hubbub::dao::audit::Audit;
use hubbub::dao::lines::{LineReader, LineWriter};
use hubbub::dao::{
    Cursor, Entry, Prune, Receipts, Secret, Store, StoreError, TokenDigest, Write, Written,
};
use hubbub::protocol::{Append, ErrorCode, MessageId, Millis, Reference, RoomId, UserId};

use super::{
    Place, SECRET, at, device, on_every_store, page, place, positions, register, register_as, say,
    stored, whisper, write, write_all,
};

/// Ten messages in the lobby, accepted at 1, 2, 3 and so on.
fn ten() -> Vec<Write> {
    let said = |n| Append { time: Millis(n), ..say(-1, &format!("{n}"), "text") };
    (1..=10).map(|n| Write::Append(said(n))).collect()
}

pub(super) fn prune(before: i64, keep: u64, limit: u32) -> Write {
    Write::Prune(Prune { room: RoomId::Lobby, before: Millis(before), keep, limit })
}

#[test]
fn old_messages_and_too_many_go_and_ids_go_on() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        let mut batch = ten();
        batch.push(Write::Append(whisper(1, 2, "other")));
        write_all(&mut writer, &batch);
        let forever = i64::MIN;
        let left = || page(&store, RoomId::Lobby, 0, 99);
        for (act, n_gone, first) in [
            (prune(forever, u64::MAX, 9), 0, 1),
            (prune(1, 10, 9), 0, 1),
            (prune(4, u64::MAX, 0), 0, 1),
            (prune(4, u64::MAX, 2), 2, 3),
            (prune(4, u64::MAX, 2), 1, 4),
            (prune(forever, 5, 9), 2, 6),
            (prune(7, 5, 9), 1, 7),
        ] {
            assert_eq!(write(&mut writer, &act), Written::Pruned(n_gone), "{act:?}");
            assert_eq!(left(), (first..=10).collect::<Vec<_>>(), "{act:?}");
        }
        assert_eq!(page(&store, RoomId::Lobby, 2, 2), [7, 8]);
        assert_eq!(at(&store, 1, None), positions(&[("lobby", 0), ("@1,2", 0)]));
        write(&mut writer, &prune(i64::MAX, 0, 99));
        assert!(left().is_empty());
        assert_eq!(store.last(RoomId::Lobby).unwrap(), MessageId(10));
        let other = RoomId::pair(UserId(1), UserId(2));
        assert_eq!(page(&store, other, 0, 9), [1], "another room keeps its own");
        let rooms = [(RoomId::Lobby, MessageId(10)), (other, MessageId(1))];
        assert_eq!(store.rooms().unwrap(), rooms);
        let cursor =
            Cursor { account: UserId(1), device: None, room: RoomId::Lobby, up_to: MessageId(10) };
        write(&mut writer, &Write::Cursor(cursor));
        assert_eq!(at(&store, 1, None)[0].1, 10);
        // A repeat is still known as one, and what is new gets a new id.
        assert_eq!(stored(&write(&mut writer, &batch[0])), (1, true));
        assert_eq!(stored(&write(&mut writer, &Write::Append(say(1, "on", "on")))), (11, true));
        let nowhere = RoomId::pair(UserId(8), UserId(9));
        let nothing = Prune { room: nowhere, before: Millis(9), keep: 0, limit: 9 };
        assert_eq!(write(&mut writer, &Write::Prune(nothing)), Written::Pruned(0));
    });
}

#[test]
fn a_message_from_a_clock_gone_wrong_takes_none_with_it() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let said = [50, 100, 2, 101].map(|time| {
            Write::Append(Append { time: Millis(time), ..say(1, &format!("{time}"), "text") })
        });
        write_all(&mut writer, &said);
        assert_eq!(write(&mut writer, &prune(60, u64::MAX, 9)), Written::Pruned(1));
        assert_eq!(page(&store, RoomId::Lobby, 0, 9), [2, 3, 4]);
    });
}

#[test]
fn old_references_are_forgotten_in_steps() {
    // In Redis they end by themselves.
    for scheme in ["memory", "sqlite"] {
        let place = place(scheme).unwrap();
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let batch = ten();
        write_all(&mut writer, &batch);
        let forget = Write::Forget { before: Millis(8), limit: 4 };
        for n_gone in [4, 3, 0] {
            assert_eq!(write(&mut writer, &forget), Written::Pruned(n_gone), "{scheme}");
        }
        assert_eq!(page(&store, RoomId::Lobby, 0, 99).len(), 10);
        assert_eq!(stored(&write(&mut writer, &batch[7])).0, 8);
        assert_eq!(stored(&write(&mut writer, &batch[6])), (11, true), "{scheme}");
    }
}

/// Something of every kind.
fn fill(store: &Arc<dyn Store>) {
    let mut writer = store.writer().unwrap();
    let now = clock::now_ms();
    let lately = |append: Append| Write::Append(Append { time: now, ..append });
    let cursor = |name: Option<&str>, room, up_to| {
        let device = name.map(device);
        Write::Cursor(Cursor { account: UserId(2), device, room, up_to: MessageId(up_to) })
    };
    let room = RoomId::pair(UserId(2), UserId(30));
    let token = |account, n: u8| Write::Token {
        account: UserId(account),
        device: (n > 1).then(|| device("a b")),
        digest: TokenDigest([n; 32]),
        expires: now.plus(1_000_000 - i64::from(n)),
    };
    let phone = Append { device: Some(device("phone")), ..say(2, "1", "张三\u{1b}\"\\\r\n") };
    let batch = [
        register_as(2, "Iron man"),
        register(30),
        register(10_005),
        register(4),
        Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open },
        Write::Guests(300),
        lately(phone),
        lately(Append { nonce: u64::MAX, ..say(-7, "2", "from a guest") }),
        lately(whisper(4, 10_005, "3")),
        lately(say(30, "4", "stays")),
        Write::Delete { account: UserId(10_005), erase: false },
        Write::Delete { account: UserId(4), erase: false },
        lately(whisper(2, 30, "5")),
        lately(whisper(30, 2, "6")),
        lately(whisper(30, 30, "7")),
        Write::OpenDevice { account: UserId(2), device: device("tablet"), time: Millis(5) },
        Write::OpenDevice { account: UserId(2), device: device("phone"), time: Millis(7) },
        cursor(Some("tablet"), RoomId::Lobby, 2),
        cursor(Some("phone"), room, 1),
        cursor(None, room, 2),
        Write::Read { account: UserId(2), room, up_to: MessageId(2) },
        Write::Read { account: UserId(2), room: RoomId::Lobby, up_to: MessageId(1) },
        Write::Receipts {
            account: UserId(30),
            receipts: Receipts { delivered: true, read: false },
        },
        token(2, 1),
        token(2, 2),
        token(30, 3),
        Write::Prune(Prune { room: RoomId::Lobby, before: Millis(i64::MIN), keep: 2, limit: 9 }),
    ];
    write_all(&mut writer, &batch);
}

pub fn lines(store: &Arc<dyn Store>) -> String {
    let mut lines = LineWriter::begin(Vec::new()).unwrap();
    let mut audit = Audit::default();
    let take = &mut |record: Result<_, String>| {
        let record = record.unwrap();
        audit.look(&record);
        lines.write(&record).unwrap();
        Ok(())
    };
    store.export(take).unwrap();
    let findings = audit.end();
    assert!(findings.told.is_empty(), "{store:?}: {findings:?}");
    String::from_utf8(lines.end().unwrap().0).unwrap()
}

pub fn import(store: &Arc<dyn Store>, lines: &str) -> Result<(), StoreError> {
    store.import(&mut LineReader::begin(lines.as_bytes())?)
}

#[test]
fn what_one_store_exports_every_store_imports_and_exports_as_it_was() {
    on_every_store(|from| {
        let store = from.open();
        fill(&store);
        let exported = lines(&store);
        for kind in [
            "hubbub",
            "counters",
            "retired",
            "room",
            "message",
            "reference",
            "account",
            "member",
            "device",
            "cursor",
            "read",
            "token",
            "end",
        ] {
            let kind = format!("{{\"kind\":\"{kind}\"");
            assert!(exported.lines().any(|line| line.starts_with(&kind)), "{kind}: {exported}");
        }
        for scheme in super::schemes() {
            let Some(to) = place(scheme) else { continue };
            check_import(&to, &exported);
        }
    });
}

fn check_import(to: &Place, exported: &str) {
    let store = to.open();
    let epoch = store.identity().epoch.clone();
    import(&store, exported).unwrap();
    let store = if to.keeps { to.open() } else { store };
    assert!(!to.keeps || store.identity().epoch != epoch, "the epoch is the old one");
    assert_eq!(lines(&store), *exported, "{store:?}");
    let error = import(&store, exported).unwrap_err();
    assert!(error.to_string().contains("an empty store"), "{error}");
    assert_eq!(lines(&store), *exported, "{store:?}");
    // It goes on where the other one was.
    let mut writer = store.writer().unwrap();
    assert_eq!(stored(&write(&mut writer, &Write::Append(say(2, "8", "on")))), (4, true));
    let repeat = Append { reference: Reference::new("2").unwrap(), ..say(-7, "2", "from a guest") };
    assert_eq!(stored(&write(&mut writer, &Write::Append(repeat))), (2, false));
    let any = Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open };
    let given = write_all(&mut writer, &vec![any; 4]);
    let ids = [10_002, 10_003, 10_004, 10_006].map(|id| Written::Registered(UserId(id)));
    assert_eq!(given, ids);
    assert_eq!(write(&mut writer, &Write::Guests(1)), Written::Guests(UserId(-301)));
    assert_eq!(write(&mut writer, &register(30)), Written::Refused(ErrorCode::IdTaken));
    let tom = store.account(UserId(2)).unwrap().unwrap();
    assert_eq!(tom.secret, Secret::Hash(SECRET.into()));
    assert_eq!(store.named(tom.name.key()).unwrap(), [UserId(2)]);
    assert_eq!(page(&store, RoomId::Lobby, 0, 9), [2, 3, 4]);
}

#[test]
fn lines_that_are_cut_short_or_changed_leave_the_store_empty() {
    on_every_store(|place| {
        let source = super::place("memory").unwrap().open();
        fill(&source);
        let good = lines(&source);
        let n = good.lines().count();
        let without = |at: usize| {
            let rest = good.lines().enumerate().filter(|(n, _)| *n != at);
            rest.map(|(_, line)| format!("{line}\n")).collect::<String>()
        };
        let bad = [
            without(0),
            without(n - 1),
            without(n / 2),
            good[..good.len() - 1].to_owned(),
            good[..good.len() / 2].to_owned(),
            format!("{good}\n"),
            good.replace("\"kind\":\"cursor\"", "\"kind\":\"course\""),
            good.replace("\"lobby\"", "\"attic\""),
            good.replace("\"nonce\"", "\"once\""),
            good.replacen("\"version\":6", "\"version\":7", 1),
            String::new(),
            "[".repeat(100_000),
            "x".repeat(1_000_000),
        ];
        let store = place.open();
        for lines in &bad {
            let error = import(&store, lines).unwrap_err();
            let told = matches!(error, StoreError::Unreadable(_) | StoreError::Newer { .. });
            assert!(told, "{error}");
        }
        import(&store, &good).unwrap();
        assert_eq!(lines(&place_again(place, store)), good);
    });
}

fn place_again(place: &Place, store: Arc<dyn Store>) -> Arc<dyn Store> {
    if place.keeps { place.open() } else { store }
}
