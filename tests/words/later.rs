//! What is left to read for who was away or comes later: the last state, never a text that was
//! taken back or replaced.

use serde_json::{Value, json};

use super::{act, history};
use crate::rooms::on_every_store;
use crate::support::peers::{Course, Extended};
use crate::support::server::Server;

/// Everything up to the text `end`.
fn all_until_end(peer: &mut Extended) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    loop {
        let (kind, data) = peer.next("the end");
        let is_end = data["content"] == "end";
        all.push((kind, data));
        if is_end {
            return all;
        }
    }
}

/// Tom says things and changes them, while Jerry is away; 1 has been read by him.
fn talk_behind_his_back(server: &Server) -> Extended {
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
    act(&mut tom, "SmsMes", json!({"content": "secret 1"}));
    super::heard(&mut jerry, "SmsMes");
    jerry.received("lobby", 1);
    jerry.send("PingMes", "{}");
    super::heard(&mut jerry, "PongMes");
    drop(jerry);
    act(&mut tom, "EditMes", json!({"room": "lobby", "about": 1, "content": "secret 2"}));
    act(&mut tom, "EditMes", json!({"room": "lobby", "about": 1, "content": "plain 3"}));
    act(&mut tom, "SmsMes", json!({"content": "secret 4"}));
    act(&mut tom, "EditMes", json!({"room": "lobby", "about": 4, "content": "plain 5"}));
    act(&mut tom, "SmsMes", json!({"content": "secret 6"}));
    act(&mut tom, "DeleteMes", json!({"room": "lobby", "about": 6}));
    act(&mut tom, "SmsMes", json!({"content": "end"}));
    tom
}

#[test]
fn who_was_away_gets_the_last_texts_and_what_was_done_to_what_it_has() {
    on_every_store(|server| {
        let _tom = talk_behind_his_back(server);
        let mut jerry = Extended::come_back(server.frames(), 200, "laptop");
        let told = all_until_end(&mut jerry);
        let words = |(kind, data): &(String, Value)| {
            let (id, text) = (data["id"].as_u64()?, data["content"].as_str().unwrap_or("-"));
            Some((kind.clone(), id, text.to_owned()))
        };
        let told: Vec<_> = told.iter().filter_map(words).collect();
        let expected = [
            ("EditMes", 3, "plain 3"),
            ("SmsMes", 4, "plain 5"),
            ("DeleteMes", 7, "-"),
            ("SmsMes", 8, "end"),
        ];
        let expected = expected.map(|(kind, id, text)| (kind.to_owned(), id, text.to_owned()));
        assert_eq!(told, expected);
    });
}

#[test]
fn an_unchanged_client_reads_each_text_once_as_it_is_now() {
    on_every_store(|server| {
        Course::join(server.frames(), 300, "ann");
        let _tom = talk_behind_his_back(server);
        let mut ann = Course::come_back(server.frames(), 300);
        for expected in ["plain 3", "plain 5", "end"] {
            let (kind, data) = ann.next(expected);
            let data: Value = serde_json::from_str(&data).unwrap();
            assert_eq!((kind.as_str(), &data["content"]), ("SmsMes", &json!(expected)));
        }
    });
}

#[test]
fn a_page_holds_what_was_said_and_as_much_of_it_as_is_asked_for() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        for n in 0..3 {
            act(&mut tom, "SmsMes", json!({"content": format!("text {n}")}));
        }
        // More records than are read at a time lie between the texts.
        for n in 0..150 {
            let off = n % 2 == 1;
            let data = json!({"room": "lobby", "about": 1, "content": "x", "off": off, "clientRef": format!("{n}")});
            act(&mut tom, "ReactMes", data);
        }
        act(&mut tom, "SmsMes", json!({"content": "text 3"}));
        let mut page = |ask: Value| {
            tom.send("HistoryMes", &ask.to_string());
            let page = super::heard(&mut tom, "HistoryResMes");
            let texts = page["messages"].as_array().unwrap().iter();
            let texts: Vec<_> =
                texts.map(|it| it["content"].as_str().unwrap().to_owned()).collect();
            (texts.join(" "), page["more"] == true)
        };
        let all = "text 0 text 1 text 2 text 3";
        let ask =
            |key: &str, id: u64, limit: u64| json!({"room": "lobby", key: id, "limit": limit});
        assert_eq!(page(json!({"room": "lobby", "limit": 4})), (all.to_owned(), false));
        let last = ("text 1 text 2 text 3".to_owned(), true);
        assert_eq!(page(json!({"room": "lobby", "limit": 3})), last);
        assert_eq!(page(ask("before", 154, 2)), ("text 1 text 2".to_owned(), true));
        assert_eq!(page(ask("before", 2, 2)), ("text 0".to_owned(), false));
        assert_eq!(page(ask("after", 1, 3)), (all[7..].to_owned(), false));
        assert_eq!(page(ask("after", 2, 1)), ("text 2".to_owned(), true));
    });
}

#[test]
fn no_page_shows_what_is_gone() {
    on_every_store(|server| {
        let _tom = talk_behind_his_back(server);
        let mut eve = Extended::enter(server.frames(), (400, "eve"), "laptop");
        let page = history(&mut eve, "lobby");
        let texts: Vec<_> = page.iter().map(|it| it["content"].as_str().unwrap()).collect();
        assert_eq!(texts, ["plain 3", "plain 5", "", "end"]);
    });
}
