//! What a deleted account said is erased, in steps that may end anywhere.

use hubbub::dao::{Erase, Write, Written};
use hubbub::protocol::{About, Append, ErrorCode, MessageId, RoomId, Text, UserId, What};

use super::keeping::{import, lines, prune};
use super::{on_every_store, register, say, write, write_all};

fn about(reference: &str, (id, what): (u64, What), sender: i64, text: &str) -> Append {
    let about = Some(About { id: MessageId(id), what });
    Append { about, ..say(sender, reference, text) }
}

fn delete(id: i64) -> Write {
    Write::Delete { account: UserId(id), erase: true }
}

fn erase(ids: &[u64]) -> Write {
    let ids = ids.iter().copied().map(MessageId).collect();
    Write::Erase(Erase { account: UserId(1), room: RoomId::Lobby, ids })
}

/// Seven messages of 1 and 2, most of which 1 takes along: 1, 3 and 5.
fn talk() -> Vec<Write> {
    let said = [
        say(1, "1", "one"),
        say(2, "2", "two"),
        about("3", (1, What::Edit), 1, "another one"),
        about("4", (2, What::React), 1, "👍"),
        about("5", (2, What::Reply), 1, "to two"),
        about("6", (1, What::React), 2, "👎"),
        say(2, "7", "seven"),
    ];
    said.map(Write::Append).into()
}

#[test]
fn words_are_erased_and_all_else_stays_as_it_was() {
    on_every_store(|place| {
        let mut store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &talk());
        let before = store.page(RoomId::Lobby, MessageId(0), 9).unwrap();
        // What is of somebody else, no words, erased already or not there stays as it is.
        assert_eq!(write(&mut writer, &erase(&[1, 2, 4])), Written::Pruned(1));
        assert_eq!(write(&mut writer, &erase(&[1, 3, 5, 9])), Written::Pruned(2));
        assert_eq!(write(&mut writer, &erase(&[1, 3, 5])), Written::Pruned(0));
        let mut expected = before;
        for message in &mut expected {
            if [1, 3, 5].contains(&message.id.0) {
                message.text = Text::nothing();
            }
        }
        drop(writer);
        if place.keeps {
            drop(store);
            store = place.open();
        }
        for limit in 1..9 {
            let mut all = Vec::new();
            let mut after = MessageId(0);
            loop {
                let page = store.page(RoomId::Lobby, after, limit).unwrap();
                let Some(last) = page.last() else { break };
                after = last.id;
                all.extend(page);
            }
            assert_eq!(all, expected, "{limit} at a time");
        }
        let changes = store.changes(RoomId::Lobby, &[MessageId(1)]).unwrap();
        let (_, changes) = changes.first().expect("a reaction");
        assert!(changes.edit.is_none() && changes.reactions.len() == 1, "{changes:?}");
        let mut writer = store.writer().unwrap();
        let next = write(&mut writer, &Write::Append(say(2, "8", "eight")));
        assert_eq!(super::stored(&next), (8, true));
    });
}

#[test]
fn erased_words_are_in_no_export_and_go_with_time_like_others() {
    on_every_store(|from| {
        let store = from.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &talk());
        write(&mut writer, &erase(&[1, 3, 5]));
        let exported = lines(&store);
        assert!(!exported.contains("one") && !exported.contains("to two"), "{exported}");
        assert!(exported.contains("seven"), "{exported}");
        for scheme in super::schemes() {
            let Some(to) = super::place(scheme) else { continue };
            let store = to.open();
            import(&store, &exported).unwrap();
            let store = if to.keeps { to.open() } else { store };
            assert_eq!(lines(&store), exported, "{store:?}");
            let (_, changes) = store.changes(RoomId::Lobby, &[MessageId(1)]).unwrap().remove(0);
            assert!(changes.edit.is_none() && changes.reactions.len() == 1, "{changes:?}");
            let mut writer = store.writer().unwrap();
            for (limit, first) in [(1, 2), (2, 4), (9, 6)] {
                write(&mut writer, &prune(i64::MIN, 2, limit));
                let page = store.page(RoomId::Lobby, MessageId(0), 9).unwrap();
                assert_eq!(page.first().map(|message| message.id), Some(MessageId(first)));
            }
        }
    });
}

#[test]
fn until_all_is_erased_nobody_has_the_id_and_nothing_is_said_under_it() {
    on_every_store(|place| {
        let mut store = place.open();
        let mut writer = store.writer().unwrap();
        let early = Write::Append(say(1, "1", "early"));
        let (late, other) = (say(1, "2", "late"), say(2, "2", "of another one"));
        write_all(&mut writer, &[register(1), early.clone(), delete(1)]);
        drop(writer);
        if place.keeps {
            drop(store);
            store = place.open();
        }
        assert_eq!(store.erasing().unwrap(), [UserId(1)]);
        let mut writer = store.writer().unwrap();
        assert_eq!(write(&mut writer, &register(1)), Written::Refused(ErrorCode::IdTaken));
        let gone = Written::Refused(ErrorCode::UnknownUser);
        assert_eq!(write(&mut writer, &delete(1)), gone);
        assert_eq!(write(&mut writer, &Write::Append(late.clone())), gone);
        // A repeat of what is stored is known as one, and others go on talking.
        assert_eq!(super::stored(&write(&mut writer, &early)), (1, true));
        assert_eq!(super::stored(&write(&mut writer, &Write::Append(other))), (2, true));
        // What is still to be done goes along to another store.
        let exported = lines(&store);
        for scheme in super::schemes() {
            let Some(to) = super::place(scheme) else { continue };
            let store = to.open();
            import(&store, &exported).unwrap();
            let store = if to.keeps { to.open() } else { store };
            assert_eq!(store.erasing().unwrap(), [UserId(1)]);
            assert_eq!(lines(&store), exported, "{store:?}");
        }
        write_all(&mut writer, &[Write::Erased(UserId(1)), Write::Erased(UserId(1))]);
        assert_eq!(store.erasing().unwrap(), []);
        assert_eq!(write(&mut writer, &register(1)), Written::Registered(UserId(1)));
        assert_eq!(super::stored(&write(&mut writer, &Write::Append(late))), (3, true));
    });
}
