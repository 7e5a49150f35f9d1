//! Named rooms and their members.

use hubbub::dao::{Store, Write, Writer, Written};
use hubbub::protocol::{
    Change, ErrorCode, MessageId, Millis, Party, Role, RoomChange, RoomDone, RoomId, RoomKind,
    RoomName, RoomNo, Standing, Topic, UserId,
};

use super::keeping::{import, lines};
use super::{Place, at, on_every_store, register_as, say, write};

pub(super) fn party(id: i64) -> Party {
    Party { id: UserId(id), name: format!("name of {id}").into() }
}

pub(super) fn change(by: i64, nonce: u64, what: Change) -> Write {
    Write::Room(RoomChange { by: party(by), nonce, time: Millis(1_000), what })
}

pub(super) fn create(by: i64, nonce: u64, name: &str) -> Write {
    let name = RoomName::new(name).unwrap();
    change(by, nonce, Change::Create { name, kind: RoomKind::Open, guests: true })
}

pub(super) fn done(writer: &mut Box<dyn Writer>, by: i64, what: Change) -> RoomDone {
    match write(writer, &change(by, 0, what)) {
        Written::Room(done) => done,
        other => panic!("{other:?}"),
    }
}

fn entered(since: u64, role: Role) -> RoomDone {
    RoomDone::Entered { since: MessageId(since), role }
}

pub(super) fn said(no: u64, sender: i64, reference: &str) -> Write {
    let room = RoomId::Named(RoomNo(no));
    Write::Append(hubbub::protocol::Append { room, ..say(sender, reference, "hi") })
}

/// Three accounts and a room of the first. The names of the first rooms are such that one feed
/// numbers them as three do.
pub(super) fn begin(place: &Place) -> (std::sync::Arc<dyn Store>, Box<dyn Writer>, RoomNo) {
    let store = place.open();
    let mut writer = store.writer().unwrap();
    for (id, name) in [(1, "tom"), (2, "ann"), (3, "bob")] {
        write(&mut writer, &register_as(id, name));
    }
    let Written::Room(RoomDone::Created(room)) = write(&mut writer, &create(1, 7, "garden")) else {
        panic!("not made");
    };
    assert_eq!((room.no, room.name.as_str(), room.kind), (RoomNo(1), "#garden", RoomKind::Open));
    (store, writer, room.no)
}

#[test]
fn a_room_is_found_by_number_and_name_and_listed() {
    on_every_store(|place| {
        let (store, mut writer, no) = begin(place);
        let taken = Written::Refused(ErrorCode::RoomTaken);
        assert_eq!(write(&mut writer, &create(2, 8, "garden")), taken);
        // The same attempt once more: nobody had heard that it worked.
        let again = write(&mut writer, &create(1, 7, "garden"));
        assert!(matches!(again, Written::Room(RoomDone::Created(room)) if room.no == no));
        for name in ["zoo", "ants"] {
            write(&mut writer, &create(2, 9, name));
        }
        done(&mut writer, 1, Change::Topic(no, Topic::new("crabs").unwrap()));
        done(&mut writer, 1, Change::Set(no, RoomKind::Hidden, false));
        let room = store.room(no).unwrap().unwrap();
        assert_eq!(
            (room.topic.as_str(), room.kind, room.guests),
            ("crabs", RoomKind::Hidden, false)
        );
        assert_eq!(store.room_named(&room.name).unwrap(), Some(room.clone()));
        assert_eq!(store.room(RoomNo(99)).unwrap(), None);
        assert_eq!(store.room_named(&RoomName::new("none").unwrap()).unwrap(), None);
        let names = |after: Option<&RoomName>, limit| -> Vec<String> {
            let page = store.named_rooms(after, limit).unwrap();
            page.iter().map(|room| room.name.to_string()).collect()
        };
        assert_eq!(names(None, 2), ["#ants", "#garden"]);
        assert_eq!(names(Some(&room.name), 2), ["#zoo"]);
        let unknown = Written::Refused(ErrorCode::UnknownRoom);
        assert_eq!(write(&mut writer, &change(1, 0, Change::Enter(RoomNo(99)))), unknown);
    });
}

#[test]
fn members_come_and_go_and_see_what_was_said_since() {
    on_every_store(|place| {
        let (store, mut writer, no) = begin(place);
        write(&mut writer, &said(1, 1, "a"));
        assert_eq!(done(&mut writer, 2, Change::Enter(no)), entered(1, Role::Member));
        write(&mut writer, &said(1, 1, "b"));
        assert_eq!(done(&mut writer, 2, Change::Enter(no)), entered(1, Role::Member), "once");
        assert_eq!(at(&store, 2, None), [("lobby".to_owned(), 0), ("!1".to_owned(), 1)]);
        let roles = |store: &std::sync::Arc<dyn Store>| -> Vec<_> {
            let members = store.members(no, UserId(0), 9).unwrap();
            members.iter().map(|m| (m.who.id.0, m.who.name.to_string(), m.role)).collect()
        };
        let both = [(1, "tom".into(), Role::Owner), (2, "ann".into(), Role::Member)];
        assert_eq!(roles(&store), both);
        assert_eq!(store.members(no, UserId(1), 9).unwrap().len(), 1);
        assert_eq!(store.rooms_of(UserId(2)).unwrap()[0].1, Role::Member);
        let left = RoomDone::Left { successor: Some(UserId(2)) };
        assert_eq!(done(&mut writer, 1, Change::Leave(no)), left);
        assert_eq!(at(&store, 1, None), [("lobby".to_owned(), 0)]);
        assert!(store.rooms_of(UserId(1)).unwrap().is_empty());
        assert_eq!(roles(&store), [(2, "ann".into(), Role::Owner)]);
        // Nobody is left, so the next one owns it.
        done(&mut writer, 3, Change::Kick(no, party(2), None));
        assert_eq!(done(&mut writer, 3, Change::Enter(no)), entered(2, Role::Owner));
        // A guest passes through.
        assert_eq!(done(&mut writer, -5, Change::Enter(no)), entered(2, Role::Member));
        assert_eq!(roles(&store), [(3, "bob".into(), Role::Owner)]);
    });
}

#[test]
fn invitations_and_roles_are_kept() {
    on_every_store(|place| {
        let (store, mut writer, no) = begin(place);
        let standing =
            |store: &std::sync::Arc<dyn Store>, id| store.standing(no, UserId(id)).unwrap();
        done(&mut writer, 1, Change::Invite(no, party(2)));
        assert_eq!(standing(&store, 2), Standing { role: None, invited: true });
        done(&mut writer, 2, Change::Enter(no));
        let member = Standing { role: Some(Role::Member), invited: false };
        assert_eq!(standing(&store, 2), member);
        done(&mut writer, 1, Change::Invite(no, party(2)));
        assert_eq!(standing(&store, 2), member, "who is in is not invited");
        done(&mut writer, 1, Change::Role(no, party(2), Role::Moderator));
        assert_eq!(standing(&store, 2).role, Some(Role::Moderator));
        let absent = change(1, 0, Change::Role(no, party(3), Role::Owner));
        assert_eq!(write(&mut writer, &absent), Written::Refused(ErrorCode::NotThere));
        let nobody = change(1, 0, Change::Invite(no, party(99)));
        assert_eq!(write(&mut writer, &nobody), Written::Refused(ErrorCode::UnknownUser));
        // Of the followers of an owner who is deleted, the highest comes next.
        done(&mut writer, 3, Change::Enter(no));
        write(&mut writer, &Write::Delete { account: UserId(1), erase: false });
        assert_eq!(standing(&store, 2).role, Some(Role::Owner));
        assert_eq!(standing(&store, 1), Standing::default());
    });
}

#[test]
fn operators_are_marked() {
    on_every_store(|place| {
        let (store, mut writer, _) = begin(place);
        let mark = |account, is_operator| Write::Operator { account: UserId(account), is_operator };
        assert!(!store.is_operator(UserId(1)).unwrap());
        assert_eq!(write(&mut writer, &mark(1, true)), Written::Done);
        assert!(store.is_operator(UserId(1)).unwrap());
        assert_eq!(write(&mut writer, &mark(1, false)), Written::Done);
        assert!(!store.is_operator(UserId(1)).unwrap());
        assert_eq!(write(&mut writer, &mark(9, true)), Written::Refused(ErrorCode::UnknownUser));
    });
}

#[test]
fn rooms_go_elsewhere_and_stay_over_a_restart() {
    on_every_store(|place| {
        let (store, mut writer, no) = begin(place);
        write(&mut writer, &create(2, 9, "cellar"));
        write(&mut writer, &said(1, 1, "a"));
        done(&mut writer, 2, Change::Enter(no));
        done(&mut writer, 1, Change::Invite(no, party(3)));
        done(&mut writer, 1, Change::Topic(no, Topic::new("crabs").unwrap()));
        write(&mut writer, &Write::Operator { account: UserId(3), is_operator: true });
        let exported = lines(&store);
        for scheme in ["memory", "sqlite"] {
            let other = super::place(scheme).unwrap();
            import(&other.open(), &exported).unwrap();
            let other_store = if other.keeps { other.open() } else { continue };
            assert_eq!(lines(&other_store), exported, "{scheme}");
            let mut writer = other_store.writer().unwrap();
            let made = write(&mut writer, &create(1, 1, "third"));
            assert!(matches!(made, Written::Room(RoomDone::Created(room)) if room.no == RoomNo(3)));
        }
        if place.keeps {
            drop((writer, store));
            let store = place.open();
            assert_eq!(store.rooms_of(UserId(2)).unwrap().len(), 2);
        }
    });
}
