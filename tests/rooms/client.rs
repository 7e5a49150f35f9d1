//! By the client library, and by the plain client.

use std::time::Duration;

use hubbub::client::{Ask, Client, Config, Update, Updates};
use hubbub::protocol::{
    Device, ErrorCode, Password, RoomAsk, RoomKind, RoomName, RoomRef, Span, Text, UserId, Who,
};

use super::on_every_store;
use crate::support::peers::Course;
use crate::support::server::Server;

const DEADLINE: Duration = Duration::from_secs(60);

/// Logged in on a device of its own.
fn come(server: &Server, id: i64, name: &str) -> (Client, Updates) {
    Course::join(server.frames(), id, name);
    let mut config = Config::new(server.frames().to_string(), "test/1");
    config.device = Device::new("laptop");
    let (client, updates) = Client::start(config).unwrap();
    client.login(Who::Id(UserId(id)), Password::new("secret").unwrap()).unwrap();
    until(&updates, |update| matches!(update, Update::LoggedIn { .. }).then_some(()));
    (client, updates)
}

/// Reads on until there is an answer.
fn until<T>(updates: &Updates, mut answer: impl FnMut(Update) -> Option<T>) -> T {
    loop {
        let update = updates.next(DEADLINE).expect("an update");
        if let Some(found) = answer(update) {
            return found;
        }
    }
}

fn act(updates: &Updates, act: &str) -> String {
    until(updates, |update| match update {
        Update::Room(mes) if mes.act == act => Some(mes.room),
        Update::Refused { why, .. } => panic!("{why:?}"),
        _ => None,
    })
}

#[test]
fn who_is_in_already_gets_an_answer_and_nothing_again() {
    on_every_store(|server| {
        let name = RoomName::new("hall").unwrap();
        let (tom, of_tom) = come(server, 100, "tom");
        tom.create_room(name.clone(), RoomKind::Open, true).unwrap();
        act(&of_tom, "entered");
        tom.send_to_room(RoomRef::Name(name.clone()), Text::new("first").unwrap(), DEADLINE)
            .unwrap();
        until(&of_tom, |update| matches!(update, Update::Sent { .. }).then_some(()));
        tom.ask_room(RoomRef::Name(name), RoomAsk::Join).unwrap();
        let told = until(&of_tom, |update| {
            matches!(update, Update::Room(_) | Update::Said(_)).then_some(update)
        });
        assert!(matches!(&told, Update::Room(mes) if mes.act == "entered"), "{told:?}");
    });
}

#[test]
fn the_library_makes_joins_and_leaves_rooms() {
    on_every_store(|server| {
        let name = RoomName::new("hall").unwrap();
        let room = || RoomRef::Name(name.clone());
        let text = |text| Text::new(text).unwrap();
        let (tom, of_tom) = come(server, 100, "tom");
        tom.create_room(name.clone(), RoomKind::Open, true).unwrap();
        assert_eq!(act(&of_tom, "entered"), "!1");
        tom.send_to_room(room(), text("first"), DEADLINE).unwrap();
        until(&of_tom, |update| matches!(update, Update::Sent { .. }).then_some(()));

        let (ann, of_ann) = come(server, 300, "ann");
        ann.ask_room(room(), RoomAsk::Join).unwrap();
        act(&of_ann, "entered");
        tom.send_to_room(room(), text("second"), DEADLINE).unwrap();
        // A program that leaves has read what happened, or it waits for who does.
        until(&of_tom, |update| matches!(update, Update::Sent { .. }).then_some(()));
        for (expected, was_before) in [("first", true), ("second", false)] {
            let said = until(&of_ann, |update| match update {
                Update::Said(said) => Some(said),
                _ => None,
            });
            assert_eq!((said.text.as_str(), said.replayed), (expected, was_before));
            assert_eq!(said.room_name.as_deref(), Some("#hall"));
        }
        ann.members(room(), None).unwrap();
        let members = until(&of_ann, |update| match update {
            Update::Members(members) => Some(members.members.len()),
            _ => None,
        });
        assert_eq!(members, 2);
        ann.rooms(None).unwrap();
        let rooms = until(&of_ann, |update| match update {
            Update::Rooms { rooms, own: false, .. } => Some(rooms),
            _ => None,
        });
        assert_eq!((rooms[0].room_name.as_str(), rooms[0].online), ("#hall", Some(2)));
        let page = |span, limit| {
            ann.history(room(), span, limit).unwrap();
            until(&of_ann, |update| match update {
                Update::History { messages, more, .. } => {
                    let texts = messages.iter().map(|said| (said.id, said.text.clone()));
                    Some((texts.collect::<Vec<_>>(), more))
                }
                _ => None,
            })
        };
        let (last, more) = page(Span::Last, 1);
        assert_eq!((last[0].1.as_str(), more), ("second", true));
        let (before, more) = page(Span::Before(last[0].0), 100);
        assert_eq!((before[0].1.as_str(), before.len(), more), ("first", 1, false));
        ann.ask_room(room(), RoomAsk::Part).unwrap();
        act(&of_ann, "part");
        ann.history(room(), Span::Last, 1).unwrap();
        let refused = until(&of_ann, |update| match update {
            Update::Refused { what, why } => Some((what, why.known())),
            _ => None,
        });
        assert_eq!(refused, (Some(Ask::History), Some(ErrorCode::NotMember)));
        assert_eq!(ann.close(DEADLINE), Some(vec![]));
        assert_eq!(tom.close(DEADLINE), Some(vec![]));
    });
}
