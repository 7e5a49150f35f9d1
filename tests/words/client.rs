//! By the client library.

use std::time::Duration;

use hubbub::client::{Client, Config, Doing, Emoji, Update, Updates, private};
use hubbub::protocol::{
    Device, MessageId, Password, Query, RoomId, RoomRef, Search, Span, Text, UserId, Who,
};

use crate::rooms::on_every_store;
use crate::support::peers::Course;
use crate::support::server::Server;

const DEADLINE: Duration = Duration::from_secs(60);

fn come(server: &Server, id: i64, name: &str) -> (Client, Updates) {
    Course::join(server.frames(), id, name);
    let mut config = Config::new(server.frames().to_string(), "test/1");
    config.device = Device::new("laptop");
    let (client, updates) = Client::start(config).unwrap();
    client.login(Who::Id(UserId(id)), Password::new("secret").unwrap()).unwrap();
    let is_online = |update| matches!(update, Update::Online(_)).then_some(());
    until(&updates, is_online);
    // Who is answered has what was said before, and hears from then on.
    client.who().unwrap();
    until(&updates, is_online);
    (client, updates)
}

fn until<T>(updates: &Updates, mut answer: impl FnMut(Update) -> Option<T>) -> T {
    loop {
        let update = updates.next(DEADLINE).expect("an update");
        if let Update::NotSent { why, .. } | Update::Refused { why, .. } = &update {
            panic!("{why:?}");
        }
        if let Some(found) = answer(update) {
            return found;
        }
    }
}

fn sent(updates: &Updates) -> MessageId {
    until(updates, |update| match update {
        Update::Sent { id, .. } => Some(id),
        _ => None,
    })
}

fn done(updates: &Updates) -> (u64, Doing) {
    until(updates, |update| match update {
        Update::Changed(changed) => Some((changed.about.0, changed.what)),
        _ => None,
    })
}

#[test]
fn the_library_answers_changes_takes_back_and_reacts() {
    on_every_store(|server| {
        let (tom, of_tom) = come(server, 100, "tom");
        let (jerry, of_jerry) = come(server, 200, "jerry");
        let text = |text| Text::new(text).unwrap();
        let rooms = [RoomRef::Id(RoomId::Lobby), private(UserId(100), UserId(200))];
        for (room, to) in rooms.into_iter().zip([None, Some(UserId(200))]) {
            tom.send(to, text("helo")).unwrap();
            let id = sent(&of_tom);
            let it = || (room.clone(), id);
            tom.edit(it(), text("hello"), DEADLINE).unwrap();
            sent(&of_tom);
            assert_eq!(done(&of_jerry), (id.0, Doing::Edit("hello".to_owned())));
            let thumb = Emoji::new("👍").unwrap();
            jerry.react(it(), &thumb, true, DEADLINE).unwrap();
            assert_eq!(done(&of_tom), (id.0, Doing::React("👍".to_owned())));
            jerry.reply(it(), text("hi"), DEADLINE).unwrap();
            let answered = until(&of_tom, |update| match update {
                Update::Said(said) => said.reply_to,
                _ => None,
            });
            assert_eq!(answered, id);

            tom.history(room.clone(), Span::Last, 10).unwrap();
            let page = until(&of_tom, |update| match update {
                Update::History { messages, more, .. } => Some((messages, more)),
                _ => None,
            });
            assert_eq!((page.0.len(), page.1), (2, false));
            assert_eq!((page.0[0].text.as_str(), page.0[0].reactions[0].count), ("hello", 1));
            assert!(page.0[0].edited.is_some() && page.0[1].reply_to == Some(id));

            let query = Query::new("HELLO").unwrap();
            let (within, from) = (Some(room.clone()), Some(UserId(100)));
            tom.search(Search { within, query, from, before: None, limit: 10 }).unwrap();
            let found = until(&of_tom, |update| match update {
                Update::Found { messages, next, .. } => Some((messages, next)),
                _ => None,
            });
            assert_eq!((found.0.len(), found.0[0].id, found.1), (1, id, None));

            jerry.react(it(), &thumb, false, DEADLINE).unwrap();
            assert_eq!(done(&of_tom), (id.0, Doing::Unreact("👍".to_owned())));
            tom.delete(it(), DEADLINE).unwrap();
            sent(&of_tom);
            assert_eq!(done(&of_jerry), (id.0, Doing::Delete));
        }
        tom.close(Duration::from_secs(5));
        jerry.close(Duration::from_secs(5));
    });
}
