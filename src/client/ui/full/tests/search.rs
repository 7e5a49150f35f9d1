//! Finding what was said, and going there.

use super::bench::{Bench, EVE, NOW, RUST};
use crate::client::ui::command::Line;
use crate::client::ui::command::words::Words;
use crate::client::ui::full::model::Do;
use crate::client::{Said, Update};
use crate::protocol::{Before, MessageId, RoomId, RoomRef, Span};

/// What the server was asked to look for, and before which message.
fn asked(bench: &mut Bench) -> Option<(Option<RoomRef>, String, Option<Before>)> {
    bench.orders().into_iter().find_map(|order| match order {
        Do::Ask(Line::Words(Words::Search(search))) => {
            Some((search.within, search.query.as_str().to_owned(), search.before))
        }
        _ => None,
    })
}

fn page(bench: &Bench, ids: std::ops::Range<u64>) -> Vec<Said> {
    ids.map(|id| bench.said(RoomId::Lobby, id, (EVE, "Eve"), &format!("old {id}"))).collect()
}

#[test]
fn what_was_found_is_listed_and_the_search_goes_on() {
    let mut bench = Bench::inside(80, 12);
    bench.type_in("/search soup\r");
    let lobby = Some(RoomRef::Id(RoomId::Lobby));
    assert_eq!(asked(&mut bench), Some((lobby.clone(), "soup".to_owned(), None)));
    let messages = vec![bench.said(RoomId::Lobby, 7, (EVE, "Eve"), "the soup\x1b[2J is ready")];
    let (within, next) = (Some(RoomId::Lobby), Some(Before::id(MessageId(7))));
    bench.hear(Update::Found { within, messages, next });
    bench.must_show("Found: soup");
    bench.must_show("the soup␛[2J is ready");
    bench.type_in("\x1b[B");
    bench.must_show("There may be more");
    bench.type_in("\r");
    assert_eq!(asked(&mut bench), Some((lobby.clone(), "soup".to_owned(), next)));
    bench.hear(Update::Found { within, messages: Vec::new(), next: None });
    bench.must_show("Nothing was found.");
    // What is not to be found here, the server is asked for.
    bench.type_in("\x1b");
    bench.pass();
    bench.type_in("\x13bread");
    bench.must_show("Not found here: bread");
    bench.type_in("\r");
    assert_eq!(asked(&mut bench), Some((lobby, "bread".to_owned(), None)));
    bench.type_in("\x13,\r");
    bench.must_show("search for words");
}

#[test]
fn all_rooms_are_searched_and_each_place_is_named() {
    let mut bench = Bench::inside(80, 12);
    bench.type_in("/search * soup\r");
    assert_eq!(asked(&mut bench), Some((None, "soup".to_owned(), None)));
    let mut said = bench.said(RUST, 7, (EVE, "Eve"), "the soup is ready");
    said.room_name = Some("#rust".to_owned());
    let next = Some(Before { id: MessageId(7), among: Some((NOW, RUST)) });
    bench.hear(Update::Found { within: None, messages: vec![said], next });
    bench.must_show("#rust");
    bench.type_in("\x1b[B\r");
    assert_eq!(asked(&mut bench), Some((None, "soup".to_owned(), next)));
}

#[test]
fn one_goes_to_what_was_found_however_far_back() {
    let mut bench = Bench::inside(80, 12);
    let room = RoomId::Lobby;
    let messages = page(&bench, 900..1_000);
    bench.hear(Update::History { room, messages, more: true });
    let found = |id: u64, bench: &mut Bench| {
        let messages = vec![bench.said(room, id, (EVE, "Eve"), "it")];
        bench.hear(Update::Found { within: Some(room), messages, next: None });
        bench.type_in("\r");
        bench.orders()
    };
    // It is here.
    found(950, &mut bench);
    bench.must_show("old 950");
    // It is not, and page after page is fetched until it is.
    let mut orders = found(820, &mut bench);
    bench.must_show("Going back to it…");
    for from in [850, 800] {
        let before = Do::History(room, Span::Before(MessageId(from + 50)));
        assert!(orders.contains(&before), "{orders:?}");
        let messages = page(&bench, from..from + 50);
        bench.hear(Update::History { room, messages, more: true });
        orders = bench.orders();
    }
    bench.must_show("old 820");
    assert!(!orders.iter().any(|order| matches!(order, Do::History(..))), "{orders:?}");
    // It is gone.
    found(1, &mut bench);
    let messages = page(&bench, 700..800);
    bench.hear(Update::History { room, messages, more: false });
    bench.must_show("It is not to be found any more");
    // Whoever goes elsewhere meanwhile stays there.
    bench.hear(Update::History { room, messages: page(&bench, 600..700), more: true });
    found(2, &mut bench);
    bench.type_in("\x1b2");
    bench.hear(Update::History { room, messages: page(&bench, 500..600), more: true });
    assert!(bench.draw()[0].starts_with(" #rust"));
}
