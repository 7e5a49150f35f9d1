//! Read marks, and what others may see of them.

use hubbub::dao::{Cursor, Marks, PeerMarks, Receipts, Write, Written};
use hubbub::protocol::{ErrorCode, MessageId, RoomId, UserId};

use super::{device, on_every_store, register, say, whisper, write, write_all};

fn read(account: i64, room: RoomId, up_to: u64) -> Write {
    Write::Read { account: UserId(account), room, up_to: MessageId(up_to) }
}

fn marks(room: RoomId, read: u64, peer: Option<(u64, u64)>) -> Marks {
    let peer = peer.map(|(delivered, read)| PeerMarks {
        delivered: MessageId(delivered),
        read: MessageId(read),
    });
    Marks { room, read: MessageId(read), peer }
}

#[test]
fn a_read_mark_goes_forward_only_and_not_beyond_the_end_nor_where_one_is_not() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let says = ["a", "b", "c"].map(|reference| Write::Append(say(-1, reference, "text")));
        write_all(&mut writer, &says[..2]);
        write_all(&mut writer, &[register(1), register(2), register(3)]);
        let lobby = |account| store.marks(UserId(account)).unwrap();
        assert_eq!(lobby(1), [marks(RoomId::Lobby, 2, None)], "a new account has read the lobby");
        write(&mut writer, &says[2]);
        for (up_to, then) in [(1, 2), (3, 3), (2, 3), (u64::MAX, 3)] {
            assert_eq!(write(&mut writer, &read(1, RoomId::Lobby, up_to)), Written::Done);
            assert_eq!(lobby(1), [marks(RoomId::Lobby, then, None)], "{up_to}");
        }
        let others = RoomId::pair(UserId(2), UserId(3));
        write(&mut writer, &Write::Append(whisper(2, 3, "d")));
        let ignored = [read(1, others, 1), read(9, RoomId::Lobby, 1), read(9, others, 1)];
        assert_eq!(write_all(&mut writer, &ignored), vec![Written::Done; 3]);
        assert_eq!(lobby(1), [marks(RoomId::Lobby, 3, None)]);
        assert_eq!(lobby(9), [marks(RoomId::Lobby, 0, None)]);
    });
}

#[test]
fn a_sender_sees_what_was_delivered_and_read_unless_it_is_switched_off() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        let said = ["a", "b", "c"].map(|reference| Write::Append(whisper(1, 2, reference)));
        write_all(&mut writer, &said);
        let room = RoomId::pair(UserId(1), UserId(2));
        let seen = || store.marks(UserId(1)).unwrap()[1];
        assert_eq!(seen(), marks(room, 0, Some((0, 0))));
        let taken = |name: &str, up_to| {
            let device = Some(device(name));
            Write::Cursor(Cursor { account: UserId(2), device, room, up_to: MessageId(up_to) })
        };
        write_all(&mut writer, &[taken("phone", 3), taken("tablet", 1), read(2, room, 2)]);
        assert_eq!(seen(), marks(room, 0, Some((3, 2))));
        assert_eq!(store.marks(UserId(2)).unwrap()[1], marks(room, 2, Some((0, 0))));
        for (delivered, shown) in [(false, (0, 2)), (true, (3, 0)), (false, (0, 0))] {
            let receipts = Receipts { delivered, read: shown.1 > 0 };
            write(&mut writer, &Write::Receipts { account: UserId(2), receipts });
            assert_eq!(store.receipts(UserId(2)).unwrap(), receipts);
            assert_eq!(seen(), marks(room, 0, Some(shown)), "{receipts:?}");
        }
        assert_eq!(store.receipts(UserId(1)).unwrap(), Receipts::default());
        assert_eq!(store.marks(UserId(2)).unwrap()[1], marks(room, 2, Some((0, 0))));
        let unknown = Write::Receipts { account: UserId(9), receipts: Receipts::default() };
        assert_eq!(write(&mut writer, &unknown), Written::Refused(ErrorCode::UnknownUser));
    });
}

#[test]
fn a_deleted_account_has_read_nothing_and_its_next_owner_neither() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        write(&mut writer, &Write::Append(whisper(1, 2, "a")));
        let room = RoomId::pair(UserId(1), UserId(2));
        let hidden = Receipts { delivered: false, read: true };
        let batch = [
            read(2, room, 1),
            Write::Receipts { account: UserId(2), receipts: hidden },
            Write::Delete { account: UserId(2), erase: false },
        ];
        write_all(&mut writer, &batch);
        let seen = || store.marks(UserId(1)).unwrap()[1];
        assert_eq!(seen(), marks(room, 0, Some((0, 0))));
        write_all(&mut writer, &[register(2), Write::Append(whisper(1, 2, "b"))]);
        assert_eq!(store.receipts(UserId(2)).unwrap(), Receipts::default());
        assert_eq!(seen(), marks(room, 0, Some((0, 0))));
        assert_eq!(store.marks(UserId(2)).unwrap()[1], marks(room, 1, Some((0, 0))));
    });
}

#[test]
fn talking_to_oneself_one_sees_oneself() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &register(1));
        write(&mut writer, &Write::Append(whisper(1, 1, "a")));
        let room = RoomId::pair(UserId(1), UserId(1));
        write(&mut writer, &read(1, room, 1));
        assert_eq!(store.marks(UserId(1)).unwrap()[1], marks(room, 1, Some((0, 1))));
    });
}
