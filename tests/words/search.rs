//! Searching: everything that is there, and nothing that is not to be read.

use hubbub::clock;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{act, heard};
use crate::rooms::on_every_store;
use crate::support::peers::{Extended, Line};
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

/// The texts that are found, in their order, and where to go on.
fn search(peer: &mut Extended, ask: &Value) -> (Vec<String>, Option<u64>) {
    peer.send("SearchMes", &ask.to_string());
    let found = heard(peer, "SearchResMes");
    let texts = found["messages"].as_array().unwrap().iter();
    let texts = texts.map(|it| it["content"].as_str().unwrap().to_owned()).collect();
    (texts, found["before"].as_u64())
}

/// Goes on as long as it is told to: on a slow day one answer does not reach the beginning.
fn all(peer: &mut Extended, room: &str, text: &str) -> Vec<String> {
    let (mut texts, mut before) = (Vec::new(), None);
    loop {
        let ask = json!({"room": room, "text": text, "limit": 50, "before": before});
        let (some, next) = search(peer, &ask);
        texts.extend(some);
        if next.is_none() {
            return texts;
        }
        before = next;
    }
}

#[test]
fn words_are_found_the_newest_first_and_page_by_page() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        for n in 0..130 {
            act(&mut tom, "SmsMes", json!({"content": format!("soup {n}")}));
        }
        act(&mut tom, "SmsMes", json!({"content": "今天天气很好"}));
        assert_eq!(all(&mut tom, "lobby", "天气"), ["今天天气很好"]);
        assert_eq!(all(&mut tom, "lobby", "SOUP 7"), ["soup 7"]);
        assert!(all(&mut tom, "lobby", "sou").is_empty());
        let ask = json!({"room": "lobby", "text": "soup", "limit": 2});
        let (newest, next) = search(&mut tom, &ask);
        assert_eq!((newest, next), (vec!["soup 129".into(), "soup 128".into()], Some(129)));
        let expected: Vec<_> = (0..130).rev().map(|n| format!("soup {n}")).collect();
        assert_eq!(all(&mut tom, "lobby", "soup"), expected);
    });
}

#[test]
fn what_is_gone_is_not_found_and_what_is_changed_by_its_new_words() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        act(&mut tom, "SmsMes", json!({"content": "secret one"}));
        act(&mut tom, "EditMes", json!({"room": "lobby", "about": 1, "content": "plain one"}));
        act(&mut tom, "SmsMes", json!({"content": "secret two"}));
        act(&mut tom, "DeleteMes", json!({"room": "lobby", "about": 3}));
        act(&mut tom, "ReactMes", json!({"room": "lobby", "about": 1, "content": "secret"}));
        assert!(all(&mut tom, "lobby", "secret").is_empty());
        assert_eq!(all(&mut tom, "lobby", "one"), ["plain one"]);
        assert!(all(&mut tom, "lobby", "two").is_empty());
    });
}

#[test]
fn nobody_finds_what_they_may_not_read() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut eve = Extended::enter(server.frames(), (400, "eve"), "laptop");
        Extended::enter(server.frames(), (200, "jerry"), "laptop");
        tom.send(
            "RoomMes",
            &json!({"act": "create", "room": "#hall", "access": "hidden"}).to_string(),
        );
        heard(&mut tom, "RoomMes");
        act(&mut tom, "SmsMes", json!({"content": "secret", "room": "!1"}));
        act(&mut tom, "SmsPrivateMes", json!({"content": "secret", "toUserId": 200}));
        assert_eq!(all(&mut tom, "!1", "secret"), ["secret"]);
        assert_eq!(all(&mut tom, "@100,200", "secret"), ["secret"]);
        for room in ["!1", "#hall", "!2", "@100,200", "@100,300"] {
            for text in ["secret", "nothing"] {
                eve.send("SearchMes", &json!({"room": room, "text": text}).to_string());
                assert_eq!(heard(&mut eve, "ErrorMes")["code"], "not_member", "{room} {text}");
            }
        }
    });
}

#[test]
fn who_is_no_longer_in_a_room_finds_nothing_there() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let ask = |peer: &mut Extended, act: &str, whom: Option<u64>| {
            let ask = json!({"act": act, "room": "#hall", "access": "open", "whomId": whom});
            peer.send("RoomMes", &ask.to_string());
        };
        let told = |peer: &mut Extended, act: &str| while heard(peer, "RoomMes")["act"] != act {};
        let refused = |peer: &mut Extended| {
            let ask = json!({"room": "!1", "text": "secret"});
            peer.send("SearchMes", &ask.to_string());
            assert_eq!(heard(peer, "ErrorMes")["code"], "not_member");
        };
        ask(&mut tom, "create", None);
        told(&mut tom, "entered");
        act(&mut tom, "SmsMes", json!({"content": "secret", "room": "!1"}));
        // Open to all, but one has to come in first.
        refused(&mut ann);
        for how in ["part", "ban"] {
            ask(&mut ann, "join", None);
            told(&mut ann, "entered");
            assert_eq!(all(&mut ann, "!1", "secret"), ["secret"]);
            match how {
                "part" => ask(&mut ann, how, None),
                how => ask(&mut tom, how, Some(300)),
            }
            told(&mut ann, how);
            refused(&mut ann);
        }
    });
}

#[test]
fn a_person_searches_where_they_talk() {
    on_every_store(|server| {
        let mut tom = Line::enter(server.lines());
        let me = tom.me();
        tom.ask("the soup is ready", &[&format!("[{me}]{me}: the soup is ready")]);
        tom.say("/search ready SOUP");
        let line = tom.next("what was found");
        assert!(line.ends_with(&format!(" #1]{me}: the soup is ready")), "{line}");
        tom.ask("/search tea", &["* nothing was found"]);
        tom.ask("/search #1 soup", &["* nothing was found"]);
        tom.ask("/search -", &["* search for words: letters or digits, at most 400 bytes"]);
    });
}

#[test]
fn all_that_one_may_read_is_searched_the_newest_first() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
        tom.send("RoomMes", &json!({"act": "create", "room": "#hall"}).to_string());
        heard(&mut tom, "RoomMes");
        for n in 0..4 {
            act(&mut tom, "SmsMes", json!({"content": format!("soup {n} lobby")}));
            act(&mut tom, "SmsMes", json!({"content": format!("soup {n} hall"), "room": "!1"}));
            let psst = json!({"content": format!("soup {n} psst"), "toUserId": 100});
            act(&mut jerry, "SmsPrivateMes", psst);
        }
        let mut ask = json!({"text": "soup", "limit": 5});
        let mut all: Vec<Value> = Vec::new();
        loop {
            tom.send("SearchMes", &ask.to_string());
            let found = heard(&mut tom, "SearchResMes");
            assert_eq!(found["room"], "");
            all.extend(found["messages"].as_array().unwrap().iter().cloned());
            for key in ["before", "beforeRoom", "beforeTime"] {
                ask[key] = found[key].clone();
            }
            if found["before"].is_null() {
                break;
            }
        }
        assert_eq!(all.len(), 12, "{all:?}");
        let time = |it: &Value| it["time"].as_i64().unwrap();
        assert!(all.is_sorted_by(|a, b| time(a) >= time(b)), "{all:?}");
        for it in &all {
            let is_hall = it["content"].as_str().unwrap().ends_with("hall");
            assert_eq!(it["roomName"] == "#hall", is_hall, "{it}");
        }
        let by = |peer: &mut Extended, from: i64| {
            search(peer, &json!({"text": "SOUP 3", "userId": from})).0
        };
        assert_eq!(by(&mut tom, 200), ["soup 3 psst"]);
        assert_eq!(by(&mut jerry, 100), ["soup 3 lobby"]);
        assert!(by(&mut jerry, 300).is_empty());
        // Where several rooms are searched, an id alone says nothing.
        tom.send("SearchMes", r#"{"text":"soup","before":7}"#);
        assert_eq!(heard(&mut tom, "ErrorMes")["code"], "bad_request");
    });
}

#[test]
fn a_person_searches_everywhere() {
    on_every_store(|server| {
        let mut tom = Line::enter(server.lines());
        let me = tom.me();
        for n in 0..21 {
            let text = format!("soup {n}");
            tom.ask(&text, &[&format!("[{me}]{me}: {text}")]);
        }
        tom.say("/search * soup");
        for _ in 0..20 {
            tom.next("what was found");
        }
        let on = tom.next("where to go on");
        let on = on.strip_prefix("* there may be more: ").unwrap();
        tom.say(&on.replace("and the words", "soup"));
        let line = tom.next("the rest");
        assert!(line.ends_with(&format!(" #1]{me}: soup 0")), "{line}");
        tom.ask("/search * tea", &["* nothing was found"]);
        // Where several rooms are searched, a number alone says nothing.
        let form = "* not understood; the form is: /search [*] [#ID] WORDS";
        tom.ask("/search * #1 soup", &[form]);
    });
}

/// Up to where the index is, the last message, and how many messages are in the index.
fn marks(server: &Server) -> (i64, i64, i64) {
    let file = server.home().join("hubbub/hubbub.db");
    let store = Connection::open(file).unwrap();
    store.busy_timeout(DEADLINE).unwrap();
    let sql = "
        SELECT indexed, (SELECT max(seq) FROM messages), (SELECT count(*) FROM words) FROM meta";
    store.query_row(sql, [], |row| row.try_into()).unwrap()
}

#[test]
fn the_index_goes_on_where_a_killed_server_stopped() {
    let mut server = Server::start_on_disk();
    let mut before = 0;
    Extended::enter(server.frames(), (100, "tom"), "laptop");
    for round in 0..3 {
        let mut tom = Extended::come_back(server.frames(), 100, "laptop");
        for n in 0..300 {
            tom.say(&format!("soup {round} {n}"), &format!("{round} {n}"));
        }
        for _ in 0..300 {
            heard(&mut tom, "AckMes");
        }
        assert_eq!(all(&mut tom, "lobby", "soup 7").len(), round + 1);
        // Somewhere in the middle, or before it, or behind it.
        server.kill_and_start_again();
        let (indexed, _, _) = marks(&server);
        assert!(indexed >= before, "{indexed}, it was {before}");
        before = indexed;
    }
    let mut tom = Extended::come_back(server.frames(), 100, "laptop");
    let soon = clock::now() + DEADLINE;
    loop {
        assert_eq!(all(&mut tom, "lobby", "soup 7").len(), 3);
        let (indexed, last, n_words) = marks(&server);
        if indexed == last {
            assert_eq!((last, n_words), (900, 900));
            return;
        }
        assert!(clock::now() < soon, "the index stands at {indexed} of {last}");
    }
}
