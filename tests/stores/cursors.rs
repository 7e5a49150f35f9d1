//! Who is in which room, and how far each device is.

use hubbub::dao::{Cursor, Write, Written};
use hubbub::protocol::{MessageId, Millis, RoomId, UserId};

use super::{at, device, on_every_store, positions, register, say, whisper, write, write_all};

fn cursor(account: i64, name: Option<&str>, room: RoomId, up_to: u64) -> Write {
    let (account, device) = (UserId(account), name.map(device));
    Write::Cursor(Cursor { account, device, room, up_to: MessageId(up_to) })
}

fn open(account: i64, name: &str) -> Write {
    Write::OpenDevice { account: UserId(account), device: device(name), time: Millis(1) }
}

fn says(n: usize) -> Vec<Write> {
    (0..n).map(|n| Write::Append(say(-1, &format!("{n}"), "text"))).collect()
}

#[test]
fn a_private_room_is_known_to_both_and_to_nobody_else() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[1, 2, 3].map(register));
        let whispers = [(1, 2), (2, 1), (3, 3)];
        let whispers = whispers.map(|(from, to)| Write::Append(whisper(from, to, "r")));
        write_all(&mut writer, &whispers);
        for account in [1, 2] {
            assert_eq!(at(&store, account, None), positions(&[("lobby", 0), ("@1,2", 0)]));
        }
        assert_eq!(at(&store, 3, None), positions(&[("lobby", 0), ("@3,3", 0)]));
        assert_eq!(at(&store, 4, None), positions(&[("lobby", 0)]));
    });
}

#[test]
fn a_new_account_starts_at_the_end_of_the_lobby() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &says(5));
        write(&mut writer, &register(1));
        assert_eq!(at(&store, 1, None), positions(&[("lobby", 5)]));
        assert_eq!(at(&store, 1, Some("new")), positions(&[("lobby", 5)]));
    });
}

#[test]
fn an_id_with_a_new_owner_is_not_told_what_the_old_one_was() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        let room = RoomId::pair(UserId(1), UserId(2));
        let before = ["a", "b"].map(|reference| Write::Append(whisper(1, 2, reference)));
        write_all(&mut writer, &before);
        write_all(
            &mut writer,
            &[
                cursor(2, Some("phone"), room, 2),
                Write::Delete { account: UserId(2), erase: false },
            ],
        );
        assert_eq!(at(&store, 2, None), positions(&[("lobby", 0)]));
        write(&mut writer, &Write::Append(whisper(1, 2, "to nobody")));
        write(&mut writer, &register(2));
        assert_eq!(at(&store, 2, None), positions(&[("lobby", 0)]));
        write(&mut writer, &Write::Append(whisper(1, 2, "c")));
        assert_eq!(at(&store, 2, None), positions(&[("lobby", 0), ("@1,2", 3)]));
        assert_eq!(at(&store, 2, Some("phone")), positions(&[("lobby", 0), ("@1,2", 3)]));
        assert_eq!(at(&store, 1, None), positions(&[("lobby", 0), ("@1,2", 0)]));
    });
}

#[test]
fn a_cursor_never_goes_back_nor_beyond_the_end_nor_where_one_is_not() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2), register(3)]);
        write_all(&mut writer, &says(5));
        write(&mut writer, &Write::Append(whisper(2, 3, "r")));
        let others = RoomId::pair(UserId(2), UserId(3));
        for (up_to, then) in [(3, 3), (2, 3), (0, 3), (99, 5), (u64::MAX, 5)] {
            assert_eq!(write(&mut writer, &cursor(1, None, RoomId::Lobby, up_to)), Written::Done);
            assert_eq!(at(&store, 1, None), positions(&[("lobby", then)]), "{up_to}");
        }
        let ignored = [
            cursor(1, Some("phone"), others, 1),
            cursor(1, None, RoomId::pair(UserId(1), UserId(9)), 1),
            cursor(99, Some("phone"), RoomId::Lobby, 1),
            open(99, "phone"),
        ];
        assert_eq!(write_all(&mut writer, &ignored), vec![Written::Done; 4]);
        assert_eq!(at(&store, 1, None), positions(&[("lobby", 5)]));
        assert_eq!(at(&store, 99, Some("phone")), positions(&[("lobby", 0)]));
    });
}

#[test]
fn a_device_starts_at_the_furthest_and_the_shared_one_follows_all() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        write_all(&mut writer, &says(9));
        write(&mut writer, &open(1, "old"));
        write(&mut writer, &cursor(1, Some("phone"), RoomId::Lobby, 4));
        let lobby = |name| at(&store, 1, name)[0].1;
        assert_eq!([None, Some("old"), Some("phone"), Some("?")].map(lobby), [4, 0, 4, 4]);
        write(&mut writer, &open(1, "tablet"));
        write(&mut writer, &cursor(1, None, RoomId::Lobby, 7));
        write_all(&mut writer, &[open(1, "old"), open(1, "tablet")]);
        assert_eq!([None, Some("old"), Some("tablet"), Some("?")].map(lobby), [7, 0, 4, 7]);
        // A room that is younger than the device.
        write(&mut writer, &Write::Append(whisper(2, 1, "r")));
        let room = RoomId::pair(UserId(1), UserId(2));
        write(&mut writer, &cursor(1, Some("tablet"), room, 1));
        let private = |name| at(&store, 1, name)[1].1;
        assert_eq!([None, Some("old"), Some("tablet"), Some("?")].map(private), [1, 0, 1, 1]);
        assert_eq!([None, Some("old")].map(|name| at(&store, 2, name)[1].1), [0, 0]);
    });
}

#[test]
fn of_65_devices_the_one_used_longest_ago_is_forgotten() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &register(1));
        write_all(&mut writer, &says(3));
        let names: Vec<_> = (0..64).map(|n| format!("device {n}")).collect();
        let opened: Vec<_> = names.iter().map(|name| open(1, name)).collect();
        write_all(&mut writer, &opened);
        // The first two are used again, so the third is the oldest now. All are behind.
        write_all(
            &mut writer,
            &[open(1, "device 0"), cursor(1, Some("device 1"), RoomId::Lobby, 1)],
        );
        write(&mut writer, &cursor(1, None, RoomId::Lobby, 3));
        let lobby = |name: &str| at(&store, 1, Some(name))[0].1;
        assert_eq!(["device 0", "device 1", "device 2"].map(lobby), [0, 1, 0]);
        write(&mut writer, &open(1, "one more"));
        // Who is not known is where the account is.
        let after = ["device 0", "device 1", "device 2", "device 3", "one more"].map(lobby);
        assert_eq!(after, [0, 1, 3, 0, 3]);
    });
}
