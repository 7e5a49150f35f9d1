//! Accounts, guests, messages, and what stays over a restart.

use hubbub::dao::{Entry, Secret, Write, Written};
use hubbub::protocol::{Append, ErrorCode, MessageId, Millis, Name, RoomId, Text, UserId};

use super::{
    SECRET, at, device, key, on_every_store, page, positions, register, register_as, say, stored,
    whisper, write, write_all,
};

#[test]
fn an_id_is_registered_once_and_only_a_positive_one() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        assert_eq!(store.account(UserId(100)).unwrap(), None);
        let tom = register_as(100, "Tom");
        assert_eq!(write(&mut writer, &tom), Written::Registered(UserId(100)));
        let other = register_as(100, "Somebody else");
        assert_eq!(write(&mut writer, &other), Written::Refused(ErrorCode::IdTaken));
        for id in [0, -1, i64::MIN] {
            assert_eq!(write(&mut writer, &register(id)), Written::Refused(ErrorCode::BadId));
        }
        let account = store.account(UserId(100)).unwrap().unwrap();
        assert_eq!((account.id, account.name.as_str()), (UserId(100), "Tom"));
        assert_eq!(account.secret, Secret::Hash(SECRET.into()));
        assert_eq!(write(&mut writer, &register(i64::MAX)), Written::Registered(UserId(i64::MAX)));
        let nameless = store.account(UserId(i64::MAX)).unwrap().unwrap();
        assert_eq!(nameless.name.as_str(), i64::MAX.to_string());
    });
}

#[test]
fn sixteen_registrations_of_one_id_make_one_account() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let in_one_batch = write_all(&mut writer, &vec![register(1); 16]);
        let in_many: Vec<_> = (0..16).map(|_| write(&mut writer, &register(2))).collect();
        for (id, written) in [(1, in_one_batch), (2, in_many)] {
            let (first, others) = written.split_first().unwrap();
            assert_eq!(*first, Written::Registered(UserId(id)));
            assert_eq!(others, vec![Written::Refused(ErrorCode::IdTaken); 15]);
        }
    });
}

#[test]
fn the_store_gives_ids_that_nobody_has_or_had() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let any =
            Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open };
        let taken: Vec<_> = [10_002, 10_003, 10_006].map(register).into();
        write_all(&mut writer, &taken);
        write(&mut writer, &Write::Delete { account: UserId(10_003), erase: false });
        let mut given = write_all(&mut writer, &vec![any.clone(); 2]);
        write(&mut writer, &Write::Delete { account: UserId(10_004), erase: false });
        if place.keeps {
            drop(writer);
            writer = place.open().writer().unwrap();
        }
        given.extend(write_all(&mut writer, &vec![any; 2]));
        let ids = [10_001, 10_004, 10_005, 10_007].map(|id| Written::Registered(UserId(id)));
        assert_eq!(given, ids);
        let on_purpose = write(&mut writer, &register(10_003));
        assert_eq!(on_purpose, Written::Registered(UserId(10_003)));
    });
}

#[test]
fn accounts_are_found_by_name_and_in_pages() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let batch =
            [register_as(3, "Iron man"), register_as(1, "张三"), register_as(2, "IRON MAN")];
        write_all(&mut writer, &batch);
        assert_eq!(store.named(&key("iron   Man")).unwrap(), [UserId(2), UserId(3)]);
        assert_eq!(store.named(&key("张三")).unwrap(), [UserId(1)]);
        assert!(store.named(&key("nobody")).unwrap().is_empty());
        let ids = |after, limit| -> Vec<i64> {
            let accounts = store.accounts(UserId(after), limit).unwrap();
            accounts.iter().map(|account| account.id.0).collect()
        };
        assert_eq!(ids(0, 2), [1, 2]);
        assert_eq!(ids(2, 2), [3]);
        assert!(ids(3, 2).is_empty());
        assert!(ids(0, 0).is_empty());
        let many: Vec<_> = (100..150).map(|id| register_as(id, "everybody")).collect();
        write_all(&mut writer, &many);
        let listed: Vec<_> = (100..120).map(UserId).collect();
        assert_eq!(store.named(&key("everybody")).unwrap(), listed);
    });
}

#[test]
fn secrets_and_names_change_and_a_deleted_account_is_gone() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let tom = UserId(7);
        let name = Name::new("Tom Cat").unwrap();
        let unknown = Written::Refused(ErrorCode::UnknownUser);
        let changes = [
            Write::SetSecret { account: tom, secret: "$argon2id$new".into() },
            Write::Rename { account: tom, name },
            Write::Delete { account: tom, erase: false },
        ];
        assert_eq!(write_all(&mut writer, &changes), vec![unknown; 3]);
        write(&mut writer, &register_as(7, "Tom"));
        assert_eq!(write_all(&mut writer, &changes[..2]), vec![Written::Done; 2]);
        let account = store.account(tom).unwrap().unwrap();
        assert_eq!(account.secret, Secret::Hash("$argon2id$new".into()));
        assert_eq!(account.name.as_str(), "Tom Cat");
        assert!(store.named(&key("tom")).unwrap().is_empty());
        assert_eq!(store.named(&key("tom cat")).unwrap(), [tom]);
        write(&mut writer, &Write::Append(say(7, "r", "stays")));
        assert_eq!(write(&mut writer, &changes[2]), Written::Done);
        assert_eq!(store.account(tom).unwrap(), None);
        assert!(store.named(&key("tom cat")).unwrap().is_empty());
        assert_eq!(store.page(RoomId::Lobby, MessageId(0), 9).unwrap()[0].text.as_str(), "stays");
    });
}

#[test]
fn a_batch_sees_its_own_earlier_writes() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let name = Name::new("Jerry").unwrap();
        let batch = [
            Write::Append(say(1, "a", "one")),
            register(1),
            Write::Append(say(1, "b", "two")),
            Write::Rename { account: UserId(1), name },
            Write::Append(say(1, "c", "three")),
            Write::Delete { account: UserId(1), erase: false },
            register(1),
        ];
        let written = write_all(&mut writer, &batch);
        assert_eq!(written[6], Written::Registered(UserId(1)));
        assert_eq!([0, 2, 4].map(|at| stored(&written[at]).0), [1, 2, 3]);
        // Registered when three messages were there: it starts behind them.
        assert_eq!(at(&store, 1, None), positions(&[("lobby", 3)]));
        assert!(writer.commit(&[]).unwrap().is_empty());
    });
}

#[test]
fn guest_ids_are_never_used_again() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        assert_eq!(write(&mut writer, &Write::Guests(10)), Written::Guests(UserId(-1)));
        assert_eq!(write(&mut writer, &Write::Guests(1)), Written::Guests(UserId(-11)));
        if place.keeps {
            drop(writer);
            writer = place.open().writer().unwrap();
        }
        assert_eq!(write(&mut writer, &Write::Guests(1)), Written::Guests(UserId(-12)));
    });
}

#[test]
fn ids_are_dense_in_every_room_and_pages_skip_nothing() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let room = RoomId::pair(UserId(2), UserId(1));
        assert_eq!(store.last(room).unwrap(), MessageId(0));
        let batch: Vec<_> = (0..60)
            .map(|n| match n % 3 {
                0 => Write::Append(whisper(1, 2, &format!("r{n}"))),
                _ => Write::Append(say(-5, &format!("r{n}"), &format!("text {n}"))),
            })
            .collect();
        for some in batch.chunks(7) {
            write_all(&mut writer, some);
        }
        assert_eq!(page(&store, RoomId::Lobby, 0, 100), (1..=40).collect::<Vec<_>>());
        assert_eq!(page(&store, room, 0, 100), (1..=20).collect::<Vec<_>>());
        assert_eq!(page(&store, RoomId::Lobby, 5, 3), [6, 7, 8]);
        assert_eq!(page(&store, RoomId::Lobby, 39, 3), [40]);
        assert!(page(&store, RoomId::Lobby, 40, 3).is_empty());
        assert!(page(&store, RoomId::Lobby, u64::MAX, 3).is_empty());
        assert!(page(&store, RoomId::Lobby, 0, 0).is_empty());
        assert!(page(&store, RoomId::pair(UserId(8), UserId(9)), 0, 3).is_empty());
        assert_eq!(store.last(room).unwrap(), MessageId(20));
        let second = &store.page(RoomId::Lobby, MessageId(1), 1).unwrap()[0];
        let Write::Append(sent) = &batch[2] else { panic!("not a message") };
        assert_eq!((second.text.as_str(), second.room), ("text 2", RoomId::Lobby));
        assert_eq!(
            (second.sender, &second.name, second.time),
            (sent.sender, &sent.name, sent.time)
        );
        assert_eq!(second.reference, sent.reference);
    });
}

#[test]
fn a_text_is_stored_as_sent() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let texts = [
            "\r\n",
            "\u{1b}[2J\u{7f}\u{85}",
            "张三\u{202e}👩\u{200d}👩\u{200d}👧",
            " '; --%s\\",
            &"x".repeat(8000),
        ];
        for text in texts {
            write(&mut writer, &Write::Append(say(1, &format!("{}", text.len()), text)));
        }
        let kept = store.page(RoomId::Lobby, MessageId(0), 9).unwrap();
        let kept: Vec<_> = kept.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(kept, texts);
    });
}

#[test]
fn a_repeated_reference_is_stored_once() {
    on_every_store(|place| {
        let mut store = place.open();
        let mut writer = store.writer().unwrap();
        let first = say(1, "ref", "hello");
        let again = say(1, "ref", "hello");
        let late = Append { time: first.time.plus(9_000), ..again.clone() };
        let other_text = Append { text: Text::new("bye").unwrap(), ..first.clone() };
        assert_ne!(first.nonce, again.nonce);
        let batch = [&first, &first, &again, &other_text].map(|it| Write::Append(it.clone()));
        let written = write_all(&mut writer, &batch);
        assert_eq!(stored(&written[0]), (1, true));
        assert_eq!(stored(&written[1]), (1, true), "an attempt of our own");
        assert_eq!(stored(&written[2]), (1, false), "another attempt of the sender's");
        assert_eq!(written[3], Written::Refused(ErrorCode::ReferenceReused));
        if place.keeps {
            drop(writer);
            store = place.open();
            writer = store.writer().unwrap();
        }
        let repeats = [&first, &late, &other_text].map(|it| Write::Append(it.clone()));
        let written = write_all(&mut writer, &repeats);
        assert_eq!(stored(&written[0]), (1, true));
        let Written::Stored { message, fresh } = &written[1] else { panic!("{written:?}") };
        assert_eq!((message.id, message.time, *fresh), (MessageId(1), first.time, false));
        assert_eq!(written[2], Written::Refused(ErrorCode::ReferenceReused));
        assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1]);
        // The key is room, sender, device and reference.
        let others = [
            Append { device: Some(device("phone")), ..again.clone() },
            Append { sender: UserId(2), ..again.clone() },
            Append { room: RoomId::pair(UserId(1), UserId(2)), ..again },
        ];
        let written = write_all(&mut writer, &others.map(Write::Append));
        assert_eq!(
            written.iter().map(stored).collect::<Vec<_>>(),
            [(2, true), (3, true), (1, true)]
        );
    });
}

#[test]
fn reopening_keeps_everything() {
    on_every_store(|place| {
        if !place.keeps {
            return;
        }
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let before = [
            register_as(1, "Tom"),
            register(2),
            Write::Append(say(1, "a", "all")),
            Write::Append(whisper(1, 2, "b")),
            Write::OpenDevice { account: UserId(1), device: device("phone"), time: Millis(1) },
        ];
        write_all(&mut writer, &before);
        let (epoch, secret) = (store.identity().epoch.clone(), store.identity().key);
        assert_eq!((epoch.len(), u64::from_str_radix(&epoch, 16).is_ok()), (16, true));
        drop(writer);
        drop(store);
        let store = place.open();
        assert_eq!((&epoch, secret), (&store.identity().epoch, store.identity().key));
        assert_eq!(store.account(UserId(1)).unwrap().unwrap().name.as_str(), "Tom");
        assert_eq!(store.named(&key("tom")).unwrap(), [UserId(1)]);
        assert_eq!(page(&store, RoomId::Lobby, 0, 9), [1]);
        assert_eq!(at(&store, 2, None), positions(&[("lobby", 0), ("@1,2", 0)]));
        let mut writer = store.writer().unwrap();
        assert_eq!(stored(&write(&mut writer, &Write::Append(say(1, "c", "on")))), (2, true));
    });
}

#[test]
fn two_stores_of_one_kind_are_two() {
    on_every_store(|place| {
        if !place.keeps {
            let (one, other) = (place.open(), place.open());
            assert_ne!(one.identity().epoch, other.identity().epoch);
            assert_ne!(one.identity().key, other.identity().key);
        }
    });
}
