//! A deleted account's words are erased: over every store, also when the server is killed in the
//! middle, and by one of several servers.

use std::sync::Arc;

use hubbub::clock;
use hubbub::dao::{self, Entry, STORES, Store, Write};
use hubbub::protocol::{Append, MessageId, Name, Reference, RoomId, Text, UserId};
use serde_json::{Value, json};

use crate::support::peers::{Course, Extended, Line};
use crate::support::program;
use crate::support::redis::Redis;
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

/// Said by one account: more than can be erased before a test looks.
const MANY: u64 = 8_000;

const TOM: UserId = UserId(100);

/// Runs a test over every store that a server can be started on.
fn on_every_store(play: fn(&Server)) {
    for kind in STORES {
        let redis = if kind.scheme == "redis" { Redis::start() } else { None };
        let url = match (kind.scheme, &redis) {
            ("sqlite", _) => String::new(),
            ("redis", Some(redis)) => redis.url(),
            ("redis", None) => continue,
            (scheme, _) => format!("{scheme}:"),
        };
        println!("stored in {}", kind.scheme);
        play(&Server::start_on(&url, &[]));
    }
}

/// The next frame of this type; others are passed over.
fn until(peer: &mut Extended, kind: &str) -> Value {
    loop {
        let (found, data) = peer.next(kind);
        if found == kind {
            return data;
        }
    }
}

fn said_to(peer: &mut Extended, to: &Value, text: &str, reference: &str) {
    let mut data = to.clone();
    data["content"] = text.into();
    data["clientRef"] = reference.into();
    let kind = if to.get("toUserId").is_some() { "SmsOneMes" } else { "SmsMes" };
    peer.send(kind, &data.to_string());
    until_stored(peer, reference);
}

fn until_stored(peer: &mut Extended, reference: &str) {
    let answer = answer(peer, reference);
    assert!(answer["id"].is_u64(), "{answer}");
}

/// Whether it is stored, or why not.
fn answer(peer: &mut Extended, reference: &str) -> Value {
    loop {
        let answer = until(peer, "AckMes");
        if answer["clientRef"] == reference {
            return answer;
        }
    }
}

/// The messages of a room as somebody reads them now: text, and whether it is deleted.
fn history(peer: &mut Extended, room: &str) -> Vec<(String, bool)> {
    peer.send("HistoryMes", &json!({"room": room}).to_string());
    let page = until(peer, "HistoryResMes");
    let messages = page["messages"].as_array().unwrap().iter();
    let text = |message: &Value| message["content"].as_str().unwrap_or_default().to_owned();
    messages.map(|message| (text(message), message["deleted"] == true)).collect()
}

fn delete(mut peer: Extended, erase: bool) {
    peer.send("DeleteAccountMes", &json!({"userPwd": "secret", "erase": erase}).to_string());
    assert_eq!(until(&mut peer, "ErrorMes")["code"], "deleted");
}

/// One person talks in the lobby, in a room and in private, and changes some of it.
fn talk(server: &Server) -> (Extended, Extended) {
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    tom.send("RoomMes", r#"{"act":"create","room":"hall"}"#);
    until(&mut tom, "RoomMes");
    ann.send("RoomMes", r#"{"act":"join","room":"hall"}"#);
    until(&mut ann, "RoomMes");
    said_to(&mut tom, &json!({}), "toms first", "r1");
    said_to(&mut tom, &json!({"room": "#hall"}), "toms in the hall", "r2");
    said_to(&mut tom, &json!({"toUserId": 300}), "toms to ann", "r3");
    said_to(&mut ann, &json!({"toUserId": 100}), "anns to him", "r4");
    said_to(&mut ann, &json!({"replyTo": 1}), "anns answer", "r5");
    said_to(&mut tom, &json!({"replyTo": 2}), "toms answer", "r6");
    tom.send("EditMes", r#"{"room":"lobby","about":1,"content":"toms second","clientRef":"r7"}"#);
    until_stored(&mut tom, "r7");
    (tom, ann)
}

fn is(text: &str) -> (String, bool) {
    (text.to_owned(), text.is_empty())
}

#[test]
fn what_a_deleted_account_said_is_erased_if_it_wants_that() {
    on_every_store(|server| {
        let (tom, mut ann) = talk(server);
        let mut phone = Extended::come_back(server.frames(), 300, "phone");
        assert_eq!(history(&mut ann, "lobby")[0], is("toms second"));
        // Another device of its own is shut out, and says nothing more.
        let mut tablet = Extended::come_back(server.frames(), 100, "tablet");
        delete(tom, true);
        assert_eq!(until(&mut tablet, "ErrorMes")["code"], "deleted");
        server.expect_in_log("5 texts of 100 are erased");
        for reader in [&mut ann, &mut phone] {
            let ask = |text: &str| json!({"room": "lobby", "text": text}).to_string();
            reader.send("SearchMes", &ask("toms"));
            assert_eq!(until(reader, "SearchResMes")["messages"], json!([]));
            let lobby = [is(""), is("anns answer"), is("")];
            assert_eq!(history(reader, "lobby"), lobby);
            assert_eq!(history(reader, "#hall"), [is("")]);
            assert_eq!(history(reader, "@100,300"), [is(""), is("anns to him")]);
        }
        // Nor does anybody get them who comes later, in whatever way.
        Course::connect(server.frames()).register(400, "secret", "sue");
        let mut line = Line::enter(server.lines());
        line.say("/login 400 secret");
        line.next("the login");
        line.say("/history");
        line.say("that is all");
        let mut told = String::new();
        while !told.contains("that is all") {
            told += &line.next("history, and its own text");
        }
        assert!(told.contains("anns answer"), "{told}");
        assert!(!told.contains("toms"), "{told}");
        // What can be answered has words.
        ann.send("ReactMes", r#"{"room":"lobby","about":1,"content":"+1","clientRef":"r9"}"#);
        assert_eq!(answer(&mut ann, "r9")["code"], "unknown_message");
    });
}

#[test]
fn what_a_deleted_account_said_stays_otherwise() {
    on_every_store(|server| {
        let (tom, mut ann) = talk(server);
        delete(tom, false);
        assert_eq!(history(&mut ann, "lobby")[0], is("toms second"));
        assert_eq!(history(&mut ann, "#hall"), [is("toms in the hall")]);
        // The id is free.
        Course::connect(server.frames()).register(100, "secret", "another one");
    });
}

/// An operator can have it erased, too; the server that runs does it. What goes elsewhere has no
/// words of it.
#[test]
fn an_operator_has_words_erased_and_an_export_does_not_have_them() {
    let server = Server::start_on_disk();
    let (tom, mut ann) = talk(&server);
    let run = |args: &[&str]| program::run(program::server(server.home(), args), "");
    let deleted = run(&["user", "delete", "100", "--erase"]);
    let says = "100 (tom) is deleted; a server on this store erases what it said\n";
    assert_eq!((deleted.code, deleted.out.as_str()), (Some(0), says), "{deleted:?}");
    server.expect_in_log("5 texts of 100 are erased");
    assert_eq!(history(&mut ann, "lobby")[0], is(""));
    drop(tom);
    let exported = run(&["export"]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    assert!(exported.out.contains("anns answer") && !exported.out.contains("toms"));
    let verified = run(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

/// A store in which one account has said much and is gone, and wants it erased.
fn fill(url: &str) -> Arc<dyn Store> {
    let store = dao::open(url).unwrap();
    let name = Name::new("tom").unwrap();
    let register = Write::Register {
        id: Some(TOM),
        name: Some(name),
        secret: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
        entry: Entry::Open,
    };
    let said = (0..MANY).map(|n| {
        Write::Append(Append {
            room: RoomId::Lobby,
            sender: TOM,
            device: None,
            name: "tom".into(),
            time: clock::now_ms().plus(i64::try_from(n).unwrap()),
            text: Text::new(&format!("toms text {n}")).unwrap(),
            reference: Reference::new(&n.to_string()).unwrap(),
            nonce: n,
            about: None,
        })
    });
    let delete = Write::Delete { account: TOM, erase: true };
    let writes: Vec<_> = [register].into_iter().chain(said).chain([delete]).collect();
    let mut writer = store.writer().unwrap();
    for batch in writes.chunks(1_000) {
        writer.commit(&batch.iter().collect::<Vec<_>>()).unwrap();
    }
    store
}

fn n_erased(store: &Arc<dyn Store>) -> u64 {
    let all = store.page(RoomId::Lobby, MessageId(0), 2 * MANY as usize).unwrap();
    all.iter().filter(|message| message.is_erased()).count() as u64
}

/// Some are erased by now, and not all.
fn until_some_are_erased(store: &Arc<dyn Store>) {
    let by = clock::now() + DEADLINE;
    while n_erased(store) == 0 {
        assert!(clock::now() < by, "waited for the first words to go");
        std::thread::yield_now();
    }
}

fn erasing_goes_on_after_a_kill(url: &str) {
    let store = fill(url);
    let mut server = Server::start_on(url, &[]);
    until_some_are_erased(&store);
    server.kill();
    let before = n_erased(&store);
    assert!((1..MANY).contains(&before), "{before} of {MANY} were erased");
    assert_eq!(store.erasing().unwrap(), [TOM]);
    server.launch();
    server.expect_in_log(&format!("{} texts of 100 are erased", MANY - before));
    assert_eq!(n_erased(&store), MANY);
    let by = clock::now() + DEADLINE;
    while !store.erasing().unwrap().is_empty() {
        assert!(clock::now() < by, "waited for the mark to go");
    }
}

#[test]
fn a_server_that_is_killed_in_the_middle_goes_on_where_it_was_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    erasing_goes_on_after_a_kill(&format!("sqlite:{}", folder.path().join("h.db").display()));
}

#[test]
fn a_server_that_is_killed_in_the_middle_goes_on_where_it_was_on_redis() {
    let Some(redis) = Redis::start() else { return };
    erasing_goes_on_after_a_kill(&redis.url());
}

/// One of several does it; nobody on another one sees the words any more, and nothing in Redis has
/// them but the feed, which lets go of what all have read within two minutes.
#[test]
fn one_of_several_servers_erases() {
    let Some(redis) = Redis::start() else { return };
    let nodes = [0, 1].map(|_| Server::start_on(&redis.url(), &[]));
    let (tom, ann) = talk(&nodes[1]);
    let mut sue = Extended::enter(nodes[0].frames(), (400, "sue"), "laptop");
    let mut outside = redis.connect();
    assert!(everything_in(&mut outside).contains("toms"));
    delete(tom, true);
    nodes[0].expect_in_log("5 texts of 100 are erased");
    assert_eq!(history(&mut sue, "lobby"), [is(""), is("anns answer"), is("")]);
    drop(ann);
    let mut ann = Extended::come_back(nodes[0].frames(), 300, "tablet");
    assert_eq!(history(&mut ann, "@100,300"), [is(""), is("anns to him")]);
    let everything = everything_in(&mut outside);
    assert!(everything.contains("anns") && !everything.contains("toms"), "{everything}");
    assert!(!nodes[1].log().contains("are erased"), "twice");
}

/// Every value in Redis but for the feed, as something that can be searched.
fn everything_in(redis: &mut redis::Connection) -> String {
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(redis).unwrap();
    let mut all = String::new();
    for key in keys.into_iter().filter(|key| key != "{f0}feed") {
        let kind: String = redis::cmd("TYPE").arg(&key).query(redis).unwrap();
        let ask = match kind.as_str() {
            "stream" => redis::cmd("XRANGE").arg(&key).arg("-").arg("+").to_owned(),
            "hash" => redis::cmd("HGETALL").arg(&key).to_owned(),
            "zset" => redis::cmd("ZRANGE").arg(&key).arg(0).arg(-1).to_owned(),
            "set" => redis::cmd("SMEMBERS").arg(&key).to_owned(),
            _ => redis::cmd("GET").arg(&key).to_owned(),
        };
        let value: redis::Value = ask.query(redis).unwrap();
        all += &format!("{value:?}\n");
    }
    all
}

/// The one that erased is killed: another one goes on.
#[test]
fn another_server_goes_on_erasing() {
    let Some(redis) = Redis::start() else { return };
    let store = fill(&redis.url());
    let mut first = Server::start_on(&redis.url(), &[]);
    let second = Server::start_on(&redis.url(), &[]);
    until_some_are_erased(&store);
    first.kill();
    let before = n_erased(&store);
    assert!(before < MANY, "all were erased");
    second.expect_in_log(&format!("{} texts of 100 are erased", MANY - before));
    assert_eq!(n_erased(&store), MANY);
}
