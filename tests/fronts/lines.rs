//! What a person at a terminal sees, whatever others are called and say.

use std::sync::Arc;

use hubbub::protocol::{Event, Leaving, RoomId};
use proptest::prelude::*;

use super::{PRIVATE, encode, message, said, shown, welcome};

/// Does this line begin as only the server lets it: brackets of its own, its mark, a
/// continuation, or the list of who is online?
fn is_honest(line: &str) -> bool {
    let brackets = ["[127.0.0.1:5000]", "[private 127.0.0.1:5000]", "[2026-", "[private 2026-"];
    let words = ["* ", "    ", "online user list: ", "127.0.0.1:5000:", "rename successful!!"];
    brackets.iter().chain(&words).any(|opening| line.starts_with(opening))
}

fn is_quiet(shown: &str) -> bool {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !shown.replace("\r\n", "").contains(steers)
}

#[test]
fn nobody_forges_a_line() {
    let text = "hi\r\n[127.0.0.1:1]eve: login!!!\r* the server is going down\n\u{1b}[1A\u{85}x";
    for event in [said(RoomId::Lobby, text), super::replayed(message(PRIVATE, text))] {
        let shown = shown(&event);
        assert!(shown.lines().all(is_honest), "{shown}");
        assert!(is_quiet(&shown), "{shown:?}");
        assert_eq!(shown.lines().count(), 4);
    }
}

proptest! {
    #[test]
    fn hostile_names_and_texts_stay_on_their_lines(name in "(?s).{0,40}", text in "[^\\x00]{1,200}") {
        let eve = super::member(7, name.as_str());
        let away = super::absent(7, name.as_str(), "away", &name);
        let mut told = (*message(PRIVATE, &text)).clone();
        told.name = name.as_str().into();
        let told = Arc::new(told);
        for event in [
            Event::Came(eve.clone()),
            Event::Left(eve.clone(), Leaving::TimedOut),
            Event::Online(vec![eve.clone(), eve].into()),
            Event::Online(vec![away.clone()].into()),
            Event::AbsenceDone(away.clone()),
            Event::IsAbsent(away),
            Event::Said { message: told.clone(), address: "127.0.0.1:5000".into(), room: None },
            super::replayed(told),
        ] {
            let shown = shown(&event);
            prop_assert!(shown.ends_with("\r\n"));
            prop_assert!(shown.split_terminator("\r\n").all(is_honest), "{:?}", shown);
            prop_assert!(is_quiet(&shown), "{:?}", shown);
        }
    }
}

#[test]
fn the_greeting_is_the_originals_and_nothing_else() {
    assert_eq!(shown(&welcome(vec![])), "[127.0.0.1:5000]tom: login!!!\r\n");
    assert_eq!(encode("line-zh", &welcome(vec![])), encode("line-en", &welcome(vec![])));
}
