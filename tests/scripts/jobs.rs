//! One job and its exit code: send, tail, history, search, who, rooms, login, logout.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};

use crossbeam_channel::{Receiver, bounded};
use hubbub::client::kept::Logins;
use hubbub::protocol::{Device, Member, UserId, Who};
use hubbub::threads;
use rustix::process::{Pid, Signal, kill_process};

use super::{with_account, with_account_on};
use crate::support::peers::Line;
use crate::support::program::{Ended, client, run};
use crate::support::proxy::Proxy;
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

/// As tom, whose password is in the variable.
struct Script<'a> {
    home: &'a Path,
    address: &'a str,
}

impl Script<'_> {
    fn run(&self, args: &[&str], input: &str) -> Ended {
        run(self.command(args), input)
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = client(self.home, args);
        command.env("HUBBUB_ADDR", self.address).env("HUBBUB_USER", "100");
        command.env("HUBBUB_PASSWORD", "secret");
        command
    }

    /// What a job prints, which must go well.
    fn lines(&self, args: &[&str]) -> Vec<String> {
        let ended = self.run(args, "");
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        ended.out.lines().map(str::to_owned).collect()
    }

    /// Without the time at its beginning, which has a length of its own.
    fn said(&self, args: &[&str]) -> Vec<String> {
        let lines = self.lines(args);
        lines.iter().map(|line| line.get(20..).unwrap_or(line).to_owned()).collect()
    }
}

/// The value of a key in a line of JSON.
fn value(line: &str, key: &str) -> String {
    let object: serde_json::Value = serde_json::from_str(line).unwrap();
    object[key].to_string()
}

#[test]
fn the_exit_code_says_whether_a_text_is_stored() {
    let (_server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let long = "x".repeat(8_001);
    // Arguments, input, the code, and a word of the complaint.
    let cases: [(&[&str], &str, i32, &str); 13] = [
        (&["send", "hello"], "", 0, ""),
        (&["send", "--to", "#none", "hello"], "", 1, "Not stored: you are not in this room"),
        (&["send", "--to", "999", "hello"], "", 1, "Not stored: no account"),
        (&["send", "--to", "nobody", "hello"], "", 1, "Not stored: no account"),
        (&["send", "--to", "tom", "to", "myself"], "", 0, ""),
        (&["send", ""], "", 1, "nothing in this message"),
        (&["send"], &long, 1, "too long"),
        (&["send", "-"], "two\nlines\n", 0, ""),
        (&["send", "--lines"], "one\n\ntwo\n", 0, ""),
        (&["send", "--nonsense"], "", 2, "--nonsense"),
        (&["send", "--to", "#", "hello"], "", 2, "#ROOM"),
        (&["--addr", "127.0.0.1:1", "send", "hello"], "", 3, "no server answers"),
        (&["send", "--user", "999", "hello"], "", 4, "Login refused"),
    ];
    for (args, input, code, word) in cases {
        let ended = tom.run(args, input);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{args:?} {ended:?}");
        assert!(ended.err.contains(word), "{args:?} {ended:?}");
        assert_eq!(ended.err.is_empty(), code == 0, "{args:?} {ended:?}");
    }
    let said = tom.said(&["history", "-n", "4"]);
    let expected =
        ["lobby tom: hello", "lobby tom: two", "    lines", "lobby tom: one", "lobby tom: two"];
    assert_eq!(said.len(), 5);
    assert!(
        said.iter().zip(expected).all(|(line, end)| line.ends_with(end.trim_start())),
        "{said:?}"
    );
    assert!(tom.said(&["history", "--room", "100"])[0].ends_with("tom: to myself"));
    let sent = tom.lines(&["send", "--json", "--reference", "once", "hi"]);
    assert_eq!(
        (value(&sent[0], "reference"), value(&sent[0], "room")),
        ("\"once\"".into(), "\"lobby\"".into())
    );
    // The same again is the same message.
    assert_eq!(tom.lines(&["send", "--json", "--reference", "once", "hi"]), sent);
}

#[test]
fn a_script_needs_a_login_once_and_no_terminal() {
    let (_server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let bare = |args: &[&str]| {
        let mut command = client(home.path(), args);
        command.env("HUBBUB_ADDR", &address);
        run(command, "hi\n")
    };
    let nobody = bare(&["send"]);
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert!(nobody.err.contains("client login"), "{nobody:?}");
    let unknown = bare(&["send", "--user", "tom"]);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
    assert!(unknown.err.contains("client login"), "{unknown:?}");
    let login = bare(&["login", "tom", "--password-cmd", "echo secret"]);
    assert_eq!(login.code, Some(0), "{login:?}");
    assert!(login.err.contains("tom (100) is logged in"), "{login:?}");
    // Where and who is remembered.
    let mut plain = client(home.path(), &["send", "by the kept login"]);
    plain.env_remove("HUBBUB_ADDR");
    assert_eq!(run(plain, "").code, Some(0));
    assert_eq!(bare(&["send"]).code, Some(0), "the same server is named");
    let other = bare(&["send", "--addr", "localhost:1"]);
    assert_eq!(other.code, Some(2), "of another server the account is open: {other:?}");
    let tokens = |device: &str| {
        let state = home.path().join(".local/state/hubbub");
        Logins::new(&state, &address, Device::new(device).as_ref()).find(&Who::Id(UserId(100)))
    };
    let kept = tokens("script").unwrap().1;
    assert_eq!(bare(&["logout", "--user", "100"]).code, Some(0));
    assert!(tokens("script").is_none());
    let out = bare(&["send", "--user", "100"]);
    assert_eq!(out.code, Some(4), "{out:?}");
    // The server does not take the token any more either.
    let state = home.path().join(".local/state/hubbub");
    let me = Member { id: UserId(100), name: "tom".into(), address: "".into(), absence: None };
    let later = hubbub::protocol::Millis(i64::MAX);
    Logins::new(&state, &address, Device::new("script").as_ref()).keep(&me, &kept, later).unwrap();
    let revoked = bare(&["send", "--user", "100"]);
    assert_eq!(revoked.code, Some(4), "{revoked:?}");
    assert!(tokens("script").is_none(), "it is forgotten");
    // Nobody's home.
    let mut homeless = client(home.path(), &["send", "hi"]);
    homeless.env_remove("HOME").env("HUBBUB_ADDR", &address).env("HUBBUB_USER", "100");
    let ended = run(homeless, "");
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let mut homeless = client(home.path(), &["send", "hi"]);
    homeless.env_remove("HOME").env("HUBBUB_ADDR", &address).env("HUBBUB_USER", "100");
    homeless.env("HUBBUB_PASSWORD", "secret");
    assert_eq!(run(homeless, "").code, Some(0));
}

/// A tail that runs.
struct Running {
    child: Child,
    /// What it prints; ends when it does.
    lines: Receiver<String>,
}

impl Running {
    fn start(script: &Script<'_>, args: &[&str]) -> Self {
        let mut command = script.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (print, lines) = bounded(1_024);
        let printed = BufReader::new(child.stdout.take().unwrap()).lines();
        let read = move || printed.map_while(Result::ok).try_for_each(|line| print.send(line)).ok();
        threads::spawn("tail-output", read).unwrap();
        Self { child, lines }
    }

    fn next(&mut self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("a line")
    }

    /// The next line ends so.
    fn expect(&mut self, end: &str) {
        let line = self.next();
        assert!(line.ends_with(end), "{line:?} does not end with {end:?}");
    }

    fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.lines.iter().for_each(drop);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_tail_goes_on_where_it_stopped_and_over_a_break() {
    let (server, _) = with_account();
    let proxy = Proxy::start(server.any());
    let home = tempfile::tempdir().unwrap();
    let address = proxy.address().to_string();
    let tom = Script { home: home.path(), address: &address };
    let mut tail = Running::start(&tom, &["tail", "--json"]);
    server.expect_in_log("100 logged in");
    let mut guest = Line::enter(server.lines());
    guest.say("one\u{1b}[2J");
    let first = tail.next();
    assert_eq!(value(&first, "text"), "\"one\\u001b[2J\"");
    proxy.cut();
    guest.say("two");
    assert_eq!(value(&tail.next(), "text"), "\"two\"");
    assert_eq!(tail.stop(), Some(0));
    guest.say("three");
    guest.say("four");
    let mut tail = Running::start(&tom, &["tail"]);
    tail.expect(": three");
    tail.expect(": four");
    assert_eq!(tail.stop(), Some(0));
    // Scripts that say or ask something take nothing from it.
    guest.say("five");
    assert_eq!(tom.run(&["send", "six"], "").code, Some(0));
    assert_eq!(tom.said(&["history", "-n", "1"]).len(), 1);
    let mut tail = Running::start(&tom, &["tail", "--json", "--room", "lobby"]);
    let five = tail.next();
    assert_eq!(value(&five, "text"), "\"five\"");
    assert_eq!(value(&five, "replayed"), "true");
    assert_eq!(value(&tail.next(), "text"), "\"six\"");
}

/// Killed or asked to stop, a server that comes back finds the tail waiting for it.
#[test]
fn a_tail_waits_for_a_server_that_starts_again() {
    let (mut server, _) = with_account_on(Server::start_on_disk());
    let proxy = Proxy::start(server.any());
    let home = tempfile::tempdir().unwrap();
    let address = proxy.address().to_string();
    let tom = Script { home: home.path(), address: &address };
    let mut tail = Running::start(&tom, &["tail"]);
    server.expect_in_log("100 logged in");
    let mut guest = Line::enter(server.lines());
    guest.say("before");
    tail.expect(": before");
    server.kill();
    server.launch();
    // Said before the tail is back.
    let mut guest = Line::enter(server.lines());
    guest.say("after the kill");
    guest.next("what it said itself");
    proxy.lead_to(server.any());
    tail.expect(": after the kill");
    server.ask_to_stop();
    server.wait();
    server.launch();
    proxy.lead_to(server.any());
    let mut guest = Line::enter(server.lines());
    guest.say("after the stop");
    tail.expect(": after the stop");
    assert_eq!(tail.stop(), Some(0));
}

/// What a tail of one room does not print is still there for the next tail.
#[test]
fn a_tail_of_one_room_takes_nothing_from_another() {
    let (server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    assert_eq!(tom.run(&[], "/create #rust\n").code, Some(0));
    let mut tail = Running::start(&tom, &["tail"]);
    server.expect_in_log("100 logged in");
    let mut guest = Line::enter(server.lines());
    // The device of tails is there once it has printed something.
    guest.say("begin");
    tail.expect(": begin");
    assert_eq!(tail.stop(), Some(0));
    guest.say("in the lobby");
    assert_eq!(tom.run(&["send", "--to", "#rust", "in the room"], "").code, Some(0));
    let mut tail = Running::start(&tom, &["tail", "--room", "#rust"]);
    tail.expect("#rust tom: in the room");
    assert_eq!(tail.stop(), Some(0));
    guest.say("end");
    let mut tail = Running::start(&tom, &["tail"]);
    tail.expect(": in the lobby");
    tail.expect(": end");
    assert_eq!(tail.stop(), Some(0));
    let nowhere = tom.run(&["tail", "--room", "#none"], "");
    assert_eq!(nowhere.code, Some(1), "{nowhere:?}");
    assert!(nowhere.err.contains("you are not in this room"), "{nowhere:?}");
}

/// Whether the text is stored is not known then.
#[test]
fn no_answer_in_time_is_told_by_a_code_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let tom = Script { home: home.path(), address: &address };
    for job in [&["send", "--wait", "1", "hi"][..], &["who", "--wait", "1"]] {
        let ended = tom.run(job, "");
        assert_eq!((ended.code, ended.out.as_str()), (Some(5), ""), "{ended:?}");
        assert!(ended.err.contains("The server does not answer"), "{ended:?}");
    }
}

/// As in `client tail | head -1`.
#[test]
fn a_tail_ends_when_nobody_reads() {
    let (server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let mut command = tom.command(&["tail"]);
    let mut tail = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    server.expect_in_log("100 logged in");
    drop(tail.stdout.take());
    let mut line = Line::enter(server.lines());
    // What it had on its way when the reader left may have gone into the pipe: it notices with
    // what comes after.
    let code = loop {
        if let Some(status) = tail.try_wait().unwrap() {
            break status.code();
        }
        line.say("to nobody");
        line.next("what it said itself");
    };
    assert_eq!(code, Some(0));
}

/// As on a full disk: what cannot be printed is no success, and is there for the next tail.
#[test]
fn what_cannot_be_printed_is_told_and_not_received() {
    let (server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let full = |args: &[&str]| {
        let mut command = std::process::Command::new("sh");
        let own = tom.command(args);
        command.envs(own.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.args(["-c", "exec \"$0\" \"$@\" >/dev/full"]).arg(own.get_program()).args(args);
        run(command, "")
    };
    let mut tail = Running::start(&tom, &["tail"]);
    server.expect_in_log("100 logged in");
    let mut guest = Line::enter(server.lines());
    // The device of tails is there once it has printed something.
    guest.say("begin");
    tail.expect(": begin");
    assert_eq!(tail.stop(), Some(0));
    guest.say("while the disk is full");
    guest.next("what it said itself");
    let since = &["tail", "--since", "1h"][..];
    let tails: [&[&str]; 4] = [&["tail"], since, since, since];
    // Without a job it is plain lines.
    let others: [&[&str]; 4] = [&["history"], &["search", "full"], &["who"], &[]];
    for args in tails.iter().chain(&others) {
        let ended = full(args);
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        assert!(ended.err.contains("Cannot write"), "{args:?}: {ended:?}");
    }
    let mut tail = Running::start(&tom, &["tail"]);
    tail.expect(": while the disk is full");
    assert_eq!(tail.stop(), Some(0));
}

#[test]
fn a_tail_can_begin_with_what_was_said() {
    let (_server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let input: String = (1..=250).map(|n| format!("line {n}\n")).collect();
    assert_eq!(tom.run(&["send", "--lines"], &input).code, Some(0));
    let said = tom.said(&["history", "-n", "230"]);
    assert_eq!(said.len(), 230);
    assert!(said[0].ends_with("line 21") && said[229].ends_with("line 250"));
    assert_eq!(tom.lines(&["history", "--since", "1h"]).len(), 250);
    assert_eq!(tom.lines(&["history", "--since", "9999-01-01 00:00"]).len(), 0);
    let mut tail = Running::start(&tom, &["tail", "-n", "2"]);
    tail.expect("line 249");
    tail.expect("line 250");
    assert_eq!(tom.run(&["send", "news"], "").code, Some(0));
    tail.expect("tom: news");
    assert_eq!(tail.stop(), Some(0));
}

#[test]
fn two_at_once_do_not_stand_in_each_others_way() {
    let (_server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let sends: Vec<_> =
        (0..4).map(|n| tom.command(&["send", &format!("at once {n}")]).spawn().unwrap()).collect();
    for mut send in sends {
        assert!(send.wait().unwrap().success());
    }
    let mut said = tom.said(&["history"]);
    said.sort();
    let said: Vec<_> = said.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(said, ["0", "1", "2", "3"]);
}

#[test]
fn who_and_rooms_are_listed_for_people_and_programs() {
    let (_server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let talk = tom.run(&[], "/create #rust\n/topic #rust What we write\n/say #rust hi\n");
    assert_eq!(talk.code, Some(0), "{talk:?}");
    let online = tom.lines(&["who", "--json"]);
    assert_eq!(
        (value(&online[0], "userId"), value(&online[0], "userName")),
        ("100".into(), "\"tom\"".into())
    );
    assert!(tom.lines(&["who"])[0].starts_with("100\ttom\t"));
    assert_eq!(tom.lines(&["who", "--room", "#rust"]), ["100\ttom\towner\tonline"]);
    assert_eq!(tom.lines(&["rooms"]).len(), 1);
    assert!(tom.lines(&["rooms", "--json"])[0].contains("\"roomName\":\"#rust\""));
    assert!(tom.said(&["history", "--room", "#rust"])[0].ends_with("#rust tom: hi"));
    let refused = tom.run(&["who", "--room", "#none"], "");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("there is no such room"), "{refused:?}");
}

#[test]
fn what_was_said_is_found_page_by_page() {
    let (_server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let input: String = (1..=70).map(|n| format!("soup {n}\nbread {n}\n")).collect();
    assert_eq!(tom.run(&["send", "--lines"], &input).code, Some(0));
    let found = tom.said(&["search", "SOUP"]);
    assert_eq!(found.len(), 20);
    assert!(found[0].ends_with("tom: soup 70") && found[19].ends_with("soup 51"), "{found:?}");
    let all = tom.lines(&["search", "-n", "100", "--json", "soup"]);
    assert_eq!((all.len(), value(&all[69], "text")), (70, "\"soup 1\"".to_owned()));
    assert_eq!(tom.said(&["search", "soup", "7"]).len(), 1);
    assert_eq!(tom.lines(&["search", "cake"]), [""; 0]);
    let refused = tom.run(&["search", "!"], "");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("search for words"), "{refused:?}");
}

#[test]
fn what_is_taken_back_does_not_look_like_an_empty_text() {
    let (server, address) = with_account();
    let home = tempfile::tempdir().unwrap();
    let tom = Script { home: home.path(), address: &address };
    let mut line = Line::enter(server.lines());
    line.say("/login 100 secret");
    for (said, heard) in
        [("soup", "soup"), ("/edit stew", "stew"), ("bread", "bread"), ("/delete", "delete")]
    {
        line.say(said);
        while !line.next(heard).contains(heard) {}
    }
    let said = tom.said(&["history", "-n", "2"]);
    assert_eq!(said, ["lobby tom, edited: stew", "lobby tom, deleted: "]);
    let said = tom.lines(&["history", "-n", "2", "--json"]);
    let states = |line: &String| ["edited", "deleted"].map(|key| value(line, key));
    assert_eq!(states(&said[0]), ["true", "null"]);
    assert_eq!(states(&said[1]), ["null", "true"]);
    assert_eq!(tom.said(&["search", "stew"]), ["lobby tom, edited: stew"]);
}
