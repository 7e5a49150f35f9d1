//! What is one's own, over the wire: over every store, the same that the command line writes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use hubbub::dao::STORES;
use hubbub::texts;
use serde_json::{Value, json};

use crate::support::peers::{Course, Extended, Line};
use crate::support::program::{self, Ended};
use crate::support::redis::Redis;
use crate::support::server::Server;

/// Runs a test over every store that a server can be started on, with its URL.
fn on_every_store(play: fn(&Server, &str)) {
    for kind in STORES {
        let redis = if kind.scheme == "redis" { Redis::start() } else { None };
        let url = match (kind.scheme, &redis) {
            ("sqlite", _) => String::new(),
            ("redis", Some(redis)) => redis.url(),
            ("redis", None) => continue,
            (scheme, _) => format!("{scheme}:"),
        };
        println!("stored in {}", kind.scheme);
        play(&Server::start_on(&url, &[]), &url);
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

/// Says something to all; it is stored.
fn stored(peer: &mut Extended, text: &str, reference: &str) {
    peer.say(text, reference);
    while until(peer, "AckMes")["clientRef"] != reference {}
}

/// Everything, page by page, and how many pages there were.
fn export(peer: &mut Extended) -> (String, usize) {
    let (mut text, mut n_pages) = (String::new(), 1);
    peer.send("ExportMes", "{}");
    loop {
        let page = until(peer, "ExportResMes");
        text += page["text"].as_str().unwrap();
        if page["more"] == true {
            n_pages += 1;
            peer.send("ExportMes", r#"{"more":true}"#);
        } else if page["part"] != true {
            return (text, n_pages);
        }
    }
}

/// What the operator's command line writes of an account.
fn from_command_line(server: &Server, store: &str, id: &str) -> Ended {
    let mut args = vec!["user"];
    if !store.is_empty() {
        args.extend(["--store", store]);
    }
    args.extend(["export", id]);
    program::run(program::server(server.home(), &args), "")
}

/// Tom says things everywhere, and so does ann.
fn talk(server: &Server) -> (Extended, Extended) {
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    tom.send("RoomMes", r#"{"act":"create","room":"hall"}"#);
    until(&mut tom, "RoomMes");
    for (to, text) in [
        (json!({}), "to <all> & \"more\" \u{2028} \u{9b}2J \u{1}\\"),
        (json!({"room": "#hall"}), "大厅里"),
        (json!({"toUserId": 300}), "to ann alone"),
    ] {
        let mut data = to.clone();
        data["content"] = text.into();
        data["clientRef"] = format!("r{}", text.len()).into();
        let kind = if to.get("toUserId").is_some() { "SmsOneMes" } else { "SmsMes" };
        tom.send(kind, &data.to_string());
        until(&mut tom, "AckMes");
    }
    tom.send("IgnoreMes", r#"{"userId":300}"#);
    until(&mut tom, "IgnoreMes");
    stored(&mut ann, "the words of ann", "a1");
    (tom, ann)
}

#[test]
fn what_is_ones_own_is_what_the_command_line_writes() {
    on_every_store(|server, store| {
        let (mut tom, _ann) = talk(server);
        let (lines, n_pages) = export(&mut tom);
        assert_eq!(n_pages, 1);
        let kinds = |kind: &str| lines.matches(&format!("{{\"kind\":\"{kind}\"")).count();
        let counts = ["account", "message", "device", "member", "ignored"].map(kinds);
        assert_eq!(counts, [1, 3, 1, 2, 1], "{lines}");
        assert!(!lines.contains("the words of ann") && lines.contains(r#""secret":"""#));
        let n = lines.lines().count();
        assert!(lines.ends_with(&format!("{{\"kind\":\"end\",\"records\":{}}}\n", n - 2)));
        if store != "memory:" {
            let written = from_command_line(server, store, "100");
            assert_eq!((written.code, &written.out), (Some(0), &lines), "{written:?}");
        }
        // It is the account's, from whichever device.
        let mut phone = Extended::come_back(server.frames(), 100, "phone");
        assert!(export(&mut phone).0.contains("to ann alone"));
    });
}

/// A private conversation of who had the id before is nobody else's, nor what was said in a room.
#[test]
fn who_registers_an_id_anew_gets_nothing_of_its_earlier_owner() {
    on_every_store(|server, store| {
        let (mut tom, _ann) = talk(server);
        tom.send("DeleteAccountMes", r#"{"userPwd":"secret"}"#);
        assert_eq!(until(&mut tom, "ErrorMes")["code"], "deleted");
        let mut next = Extended::enter(server.frames(), (100, "another"), "laptop");
        next.send("SmsOneMes", r#"{"content":"from the next","toUserId":300,"clientRef":"n1"}"#);
        until(&mut next, "AckMes");
        next.send("RoomMes", r#"{"act":"join","room":"hall"}"#);
        until(&mut next, "RoomMes");
        let (lines, _) = export(&mut next);
        assert!(lines.contains("from the next"), "{lines}");
        assert!(!lines.contains("to ann alone") && !lines.contains("大厅里"), "{lines}");
        if store != "memory:" {
            assert_eq!(from_command_line(server, store, "100").out, lines);
        }
    });
}

#[test]
fn much_comes_in_pages_and_whoever_does_not_read_keeps_nobody_else_waiting() {
    on_every_store(|server, store| {
        let (mut tom, mut ann) = talk(server);
        for n in 0..30 {
            stored(&mut tom, &format!("{n:<8000}"), &format!("long {n}"));
        }
        let (lines, n_pages) = export(&mut tom);
        assert!((3..8).contains(&n_pages), "{n_pages} pages");
        assert_eq!(lines.matches("long ").count(), 30);
        if store != "memory:" {
            assert_eq!(from_command_line(server, store, "100").out, lines);
        }
        // A page is only sent when there is room for it.
        tom.send("ExportMes", "{}");
        for _ in 0..2_000 {
            tom.send("ExportMes", r#"{"more":true}"#);
        }
        stored(&mut ann, "goes on", "a2");
        drop(tom);
        let (lines, _) = export(&mut ann);
        assert!(lines.contains("goes on"));
    });
}

#[test]
fn who_asks_too_often_or_out_of_turn_is_refused() {
    let server = Server::start();
    let mut tom = Extended::connect(server.frames(), "laptop");
    tom.send("ExportMes", "{}");
    assert_eq!(until(&mut tom, "ErrorMes")["code"], "not_logged_in");
    drop(tom);
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    tom.send("ExportMes", r#"{"more":true}"#);
    assert_eq!(until(&mut tom, "ErrorMes")["code"], "bad_request");
    for _ in 0..3 {
        export(&mut tom);
    }
    tom.send("ExportMes", "{}");
    assert_eq!(until(&mut tom, "ErrorMes")["code"], "throttled");
    // Of others nobody notices.
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    export(&mut ann);
}

#[test]
fn a_line_is_told_how_to_get_it() {
    let server = Server::start();
    Course::join(server.frames(), 100, "tom");
    let mut line = Line::enter(server.lines());
    line.say("/login 100 secret");
    line.next("the login");
    let says = "* this needs the client: client export FILE; or ask the operator";
    line.ask("/export", &[says]);
    line.ask("/export my.jsonl", &[says]);
}

#[test]
fn the_client_writes_a_new_file_for_its_owner_only() {
    let server = Server::start_on_disk();
    let (tom, _ann) = talk(&server);
    drop(tom);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.jsonl");
    let client = |file: &std::path::Path| {
        let mut client = program::client(home.path(), &["--user", "100", "--addr"]);
        client.arg(server.frames().to_string()).arg("export").arg(file);
        client.env("HUBBUB_PASSWORD", "secret");
        program::run(client, "")
    };
    let done = client(&file);
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
    let lines = fs::read_to_string(&file).unwrap();
    assert!(lines.contains("大厅里") && !lines.contains("the words of ann"), "{lines}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // Nothing is overwritten, and nothing is left of what fails.
    let again = client(&file);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("mine.jsonl"), "{again:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), lines);
    let printed = client(std::path::Path::new("-"));
    assert_eq!((printed.code, printed.err.as_str()), (Some(0), ""), "{printed:?}");
    let written = from_command_line(&server, "", "100").out;
    let messages = |lines: &str| {
        let said = lines.lines().filter(|line| line.starts_with("{\"kind\":\"message\""));
        said.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(messages(&lines), messages(&written));
    assert_eq!(messages(&printed.out), messages(&written));
    // What is printed may go to a terminal.
    let is_harmless = |c: char| c == '\n' || texts::mark(c) == c;
    assert!(written.chars().all(is_harmless), "{written:?}");
}

#[test]
fn plain_mode_writes_it_too() {
    let server = Server::start_on_disk();
    let (tom, _ann) = talk(&server);
    drop(tom);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.jsonl");
    let mut client = program::client(home.path(), &["--plain", "--user", "100", "--addr"]);
    client.arg(server.frames().to_string()).env("HUBBUB_PASSWORD", "secret");
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut typed = client.stdin.take().unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |start: &str| lines.find(|line| line.starts_with(start)).unwrap();
    until("login");
    writeln!(typed, "/export {}", file.display()).unwrap();
    assert_eq!(until("exported"), format!("exported\t{}", file.display()));
    assert!(fs::read_to_string(&file).unwrap().contains("大厅里"));
    writeln!(typed, "/export {}", file.display()).unwrap();
    assert!(until("error\tbad_request").contains("mine.jsonl"));
    writeln!(typed, "/quit").unwrap();
    drop(typed);
    client.wait().unwrap();
}
