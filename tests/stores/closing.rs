//! Rooms that are closed: gone at once for everybody, and in steps from the store.

use hubbub::dao::audit::Audit;
use hubbub::dao::{Cursor, Write, Written};
use hubbub::protocol::{
    About, Against, Append, Change, ErrorCode, Measure, MessageId, Millis, RoomDone, RoomId,
    RoomName, RoomNo, Sanction, SanctionKey, Standing, UserId, What,
};

use super::keeping::lines;
use super::rooms::{begin, change, create, done, party, said};
use super::{at, on_every_store, page, stored, write, write_all};

fn closes(no: RoomNo) -> Change {
    Change::Close(no, RoomName::new("garden").unwrap())
}

fn banned(no: RoomNo) -> Change {
    let key = SanctionKey {
        place: Some(no),
        measure: Measure::Ban,
        against: Against::parse("spam*").unwrap(),
    };
    let (by, since) = (party(1), Millis(5));
    Change::Sanction(Box::new(Sanction { key, every: 0, reason: None, by, since, until: None }))
}

#[test]
fn a_closed_room_is_nowhere_and_its_name_is_free_but_not_its_number() {
    on_every_store(|place| {
        let (store, mut writer, no) = begin(place);
        let room = RoomId::Named(no);
        write(&mut writer, &said(1, 1, "a"));
        done(&mut writer, 2, Change::Enter(no));
        done(&mut writer, 1, Change::Invite(no, party(3)));
        done(&mut writer, 1, banned(no));
        let (account, device, up_to) = (UserId(2), None, MessageId(1));
        write(&mut writer, &Write::Cursor(Cursor { account, device, room, up_to }));
        let closed = write(&mut writer, &change(1, 77, closes(no)));
        assert_eq!(closed, Written::Room(RoomDone::Done));

        assert_eq!(store.room(no).unwrap(), None);
        assert_eq!(store.room_named(&RoomName::new("garden").unwrap()).unwrap(), None);
        assert_eq!(store.named_rooms(None, 9).unwrap(), []);
        assert_eq!(store.members(no, UserId(0), 9).unwrap(), []);
        for id in [1, 2, 3] {
            assert_eq!(store.rooms_of(UserId(id)).unwrap(), []);
            assert_eq!(store.standing(no, UserId(id)).unwrap(), Standing::default());
            assert_eq!(store.since(UserId(id), room).unwrap(), None);
            assert_eq!(at(&store, id, None), [("lobby".to_owned(), 0)]);
            assert_eq!(store.marks(UserId(id)).unwrap().len(), 1);
        }
        assert!(page(&store, room, 0, 9).is_empty());
        assert_eq!(store.last(room).unwrap(), MessageId(0));
        assert!(store.rooms().unwrap().iter().all(|(its, _)| *its != room));
        assert_eq!(store.sanctions().unwrap(), []);

        let unknown = Written::Refused(ErrorCode::UnknownRoom);
        assert_eq!(write(&mut writer, &said(1, 1, "b")), unknown, "said while it was closed");
        for what in [Change::Enter(no), Change::Leave(no), banned(no), closes(no)] {
            assert_eq!(write(&mut writer, &change(1, 1, what)), unknown);
        }
        assert!(page(&store, room, 0, 9).is_empty());
        let deeds = store.deeds(None, 9).unwrap();
        let closing: Vec<_> = deeds.iter().filter(|deed| deed.act == "close").collect();
        assert_eq!(closing.len(), 1);
        assert_eq!((closing[0].place, closing[0].how.as_deref()), (Some(no), Some("#garden")));

        let made = write(&mut writer, &create(2, 8, "garden"));
        let Written::Room(RoomDone::Created(other)) = made else { panic!("{made:?}") };
        assert!(other.no > no, "{other:?}");
        assert!(page(&store, other.id(), 0, 9).is_empty());
        assert_eq!(stored(&write(&mut writer, &said(other.no.0, 2, "a"))), (1, true));
        assert_eq!(store.standing(other.no, UserId(3)).unwrap(), Standing::default());
        is_whole(&store);
        let store = if place.keeps { place.open() } else { store };
        assert_eq!(store.room(no).unwrap(), None);
        assert_eq!(page(&store, other.id(), 0, 9), [1]);
    });
}

fn is_whole(store: &std::sync::Arc<dyn hubbub::dao::Store>) {
    let mut audit = Audit::default();
    let look = &mut |record: Result<_, String>| {
        audit.look(&record.unwrap());
        Ok(())
    };
    store.export(look).unwrap();
    assert_eq!(audit.end().told, Vec::<String>::new());
}

#[test]
fn what_was_said_in_a_closed_room_goes_in_steps_and_nothing_else_does() {
    on_every_store(|place| {
        let (store, mut writer, no) = begin(place);
        write(&mut writer, &create(1, 8, "cellar"));
        let mut all: Vec<_> = (0..25).map(|n| said(1, 1, &format!("r{n}"))).collect();
        all.extend((0..5).map(|n| said(2, 1, &format!("r{n}"))));
        write_all(&mut writer, &all);
        let about = Some(About { id: MessageId(3), what: What::React });
        let Write::Append(react) = said(1, 1, "react") else { panic!() };
        write(&mut writer, &Write::Append(Append { about, ..react }));
        done(&mut writer, 1, closes(no));
        let before = lines(&store);
        let mut gone = Vec::new();
        loop {
            let written = write(&mut writer, &Write::Sweep(10));
            let Written::Pruned(n) = written else { panic!("{written:?}") };
            gone.push(n);
            assert!(n <= 10, "{gone:?}");
            if n < 10 {
                break;
            }
        }
        // Messages, and where references are kept in a table, these.
        let all: u64 = match place.url.split(':').next() {
            Some("memory") => 0,
            Some("redis") => 26,
            _ => 52,
        };
        assert_eq!(gone.iter().sum::<u64>(), all);
        assert_eq!(write(&mut writer, &Write::Sweep(10)), Written::Pruned(0));
        assert_eq!(lines(&store), before, "of that nothing could be read before");
        assert_eq!(page(&store, RoomId::Named(RoomNo(2)), 0, 9), [1, 2, 3, 4, 5]);
        assert_eq!(stored(&write(&mut writer, &said(2, 1, "r4"))).0, 5, "its references stay");
        is_whole(&store);
    });
}
