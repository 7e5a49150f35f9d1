//! By frames, while everybody is there.

use serde_json::json;

use super::{act, heard, history};
use crate::rooms::on_every_store;
use crate::support::peers::{Course, Extended};

#[test]
fn an_edit_a_reaction_and_an_answer_are_told_and_kept() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let id = act(&mut tom, "SmsMes", json!({"content": "helo"}))["id"].clone();
        assert_eq!(heard(&mut ann, "SmsMes")["id"], id);

        let edit = json!({"room": "lobby", "about": id, "content": "hello", "clientRef": "e"});
        let edited = act(&mut tom, "EditMes", edit.clone());
        let told = heard(&mut ann, "EditMes");
        assert_eq!((&told["about"], &told["content"]), (&id, &json!("hello")));
        assert_eq!((&told["id"], &told["userId"]), (&edited["id"], &json!(100)));
        assert_eq!(act(&mut tom, "EditMes", edit)["id"], edited["id"], "a repeat is the same one");
        let other = json!({"room": "lobby", "about": id, "content": "hallo", "clientRef": "e"});
        assert_eq!(act(&mut tom, "EditMes", other)["code"], "reference_reused");

        let react = json!({"room": "lobby", "about": id, "content": "👍"});
        act(&mut ann, "ReactMes", react);
        let told = heard(&mut tom, "ReactMes");
        assert_eq!(
            (&told["about"], &told["content"], &told["off"]),
            (&id, &json!("👍"), &json!(null))
        );
        let reply = act(&mut ann, "SmsMes", json!({"content": "yes?", "replyTo": id}));
        let told = heard(&mut tom, "SmsMes");
        assert_eq!((&told["replyTo"], &told["id"]), (&id, &reply["id"]));

        let page = history(&mut ann, "lobby");
        assert_eq!(page.len(), 2, "{page:?}");
        assert_eq!(page[0]["content"], "hello");
        assert!(page[0]["edited"].as_i64() > page[0]["time"].as_i64().map(|time| time - 1));
        assert_eq!(page[0]["reactions"], json!([{"emoji": "👍", "count": 1, "userIds": [300]}]));
        assert_eq!(page[1]["replyTo"], id);

        act(
            &mut ann,
            "ReactMes",
            json!({"room": "lobby", "about": id, "content": "👍", "off": true}),
        );
        assert_eq!(heard(&mut tom, "ReactMes")["off"], true);
        assert_eq!(history(&mut ann, "lobby")[0]["reactions"], json!(null));
    });
}

#[test]
fn words_belong_to_who_said_them() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let id = act(&mut tom, "SmsMes", json!({"content": "mine"}))["id"].clone();
        let on_it = |what: &str| json!({"room": "lobby", "about": id, "content": what});
        assert_eq!(act(&mut ann, "EditMes", on_it("hers"))["code"], "not_yours");
        assert_eq!(act(&mut ann, "DeleteMes", on_it(""))["code"], "not_yours");
        let nothing = json!({"room": "lobby", "about": 99, "content": "x"});
        assert_eq!(act(&mut ann, "ReactMes", nothing)["code"], "unknown_message");

        let reaction = act(&mut ann, "ReactMes", on_it("+1"))["id"].clone();
        let of_that = json!({"room": "lobby", "about": reaction, "content": "x"});
        assert_eq!(act(&mut tom, "ReactMes", of_that)["code"], "unknown_message");

        act(&mut tom, "DeleteMes", on_it(""));
        for kind in ["EditMes", "ReactMes", "DeleteMes"] {
            assert_eq!(act(&mut tom, kind, on_it("again"))["code"], "unknown_message", "{kind}");
        }
        let page = history(&mut ann, "lobby");
        assert_eq!((&page[0]["content"], &page[0]["deleted"]), (&json!(""), &json!(true)));
        assert_eq!(page[0]["reactions"], json!(null));
    });
}

#[test]
fn who_keeps_order_takes_back_what_lower_ranks_said() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let mut eve = Extended::enter(server.frames(), (400, "eve"), "laptop");
        tom.send(
            "RoomMes",
            &json!({"act": "create", "room": "#hall", "access": "hidden"}).to_string(),
        );
        heard(&mut tom, "RoomMes");
        tom.send("RoomMes", &json!({"act": "invite", "room": "#hall", "whomId": 300}).to_string());
        heard(&mut ann, "RoomMes");
        ann.send("RoomMes", &json!({"act": "join", "room": "#hall"}).to_string());
        heard(&mut ann, "RoomMes");
        let of_tom =
            act(&mut tom, "SmsMes", json!({"content": "order", "room": "!1"}))["id"].clone();
        let of_ann =
            act(&mut ann, "SmsMes", json!({"content": "spam", "room": "!1"}))["id"].clone();
        let on = |id: &serde_json::Value| json!({"room": "!1", "about": id, "content": "x"});
        assert_eq!(act(&mut ann, "DeleteMes", on(&of_tom))["code"], "not_allowed");
        assert_eq!(act(&mut tom, "EditMes", on(&of_ann))["code"], "not_yours");
        assert!(act(&mut tom, "DeleteMes", on(&of_ann))["id"].is_u64());
        // Who is outside learns nothing of what is in there.
        for id in [&of_tom, &of_ann, &json!(99)] {
            for kind in ["EditMes", "ReactMes", "DeleteMes"] {
                assert_eq!(act(&mut eve, kind, on(id))["code"], "not_member", "{kind} {id}");
            }
        }
    });
}

#[test]
fn what_two_say_to_each_other_is_theirs() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut jerry = Extended::enter(server.frames(), (200, "jerry"), "laptop");
        let mut eve = Extended::enter(server.frames(), (400, "eve"), "laptop");
        let said = act(&mut tom, "SmsPrivateMes", json!({"content": "psst", "toUserId": 200}));
        let on_it = json!({"room": "@100,200", "about": said["id"], "content": "pssst"});
        heard(&mut jerry, "SmsPrivateMes");
        act(&mut tom, "EditMes", on_it.clone());
        assert_eq!(heard(&mut jerry, "EditMes")["content"], "pssst");
        assert_eq!(act(&mut jerry, "DeleteMes", on_it.clone())["code"], "not_yours");
        act(&mut jerry, "ReactMes", on_it.clone());
        assert_eq!(heard(&mut tom, "ReactMes")["userId"], 200);
        for kind in ["EditMes", "ReactMes", "DeleteMes"] {
            assert_eq!(act(&mut eve, kind, on_it.clone())["code"], "bad_request", "{kind}");
        }
        let reply = json!({"content": "yes", "toUserId": 100, "replyTo": said["id"]});
        assert!(act(&mut jerry, "SmsPrivateMes", reply)["id"].is_u64());
        assert_eq!(heard(&mut tom, "SmsPrivateMes")["replyTo"], said["id"]);
    });
}

#[test]
fn a_client_of_the_course_sees_an_edit_as_a_text_and_no_more() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut old = Course::enter(server.frames(), 300, "ann");
        // What it has seen one text of is told as it happens, and no longer read from the store.
        act(&mut tom, "SmsMes", json!({"content": "hi", "clientRef": "hi"}));
        assert_eq!(old.next("a text").0, "SmsMes");
        let id = act(&mut tom, "SmsMes", json!({"content": "helo"}))["id"].clone();
        let on_it = |what: &str| json!({"room": "lobby", "about": id, "content": what});
        act(&mut tom, "ReactMes", on_it("👍"));
        act(&mut tom, "EditMes", on_it("hello"));
        act(&mut tom, "DeleteMes", on_it(""));
        act(&mut tom, "SmsMes", json!({"content": "bye", "clientRef": "bye"}));
        let mut texts = Vec::new();
        while texts.last().is_none_or(|text| text != "bye") {
            let (kind, data) = old.next("a text");
            assert_eq!(kind, "SmsMes", "{data}");
            let data: serde_json::Value = serde_json::from_str(&data).unwrap();
            texts.push(data["content"].as_str().unwrap().to_owned());
        }
        assert_eq!(texts, ["helo", "* hello", "bye"]);
    });
}
