//! The small bots of `examples/`, as programs against a real server.

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::with_account;
use crate::support::peers::{Course, Line};
use crate::support::program::{client, run};
use crate::support::proxy::Proxy;

/// Built by `cargo test`, but not by `cargo test --test tests`.
fn example(name: &str) -> Command {
    let deps = std::env::current_exe().unwrap();
    let path: PathBuf = deps.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "no {}: run cargo build --examples", path.display());
    let mut command = Command::new(path);
    command.env_clear().envs(std::env::var("PATH").map(|path| ("PATH", path)));
    command.env("HUBBUB_PASSWORD", "secret").stdin(Stdio::null());
    command
}

/// A bot that has logged in. Killed when dropped.
struct Bot {
    child: Child,
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Bot {
    fn start(name: &str, address: &str) -> Self {
        let mut command = example(name);
        let mut child = command.args([address, "200"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "listening");
        Self { child, _lines: lines }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn hear(line: &mut Line, end: &str) {
    while !line.next(end).ends_with(end) {}
}

#[test]
fn what_is_said_is_answered_once_in_upper_case_over_breaks_and_kills() {
    let (server, address) = with_account();
    Course::join(server.frames(), 200, "upper");
    let proxy = Proxy::start(server.any());
    let bot = Bot::start("upper", &proxy.address().to_string());
    let mut guest = Line::enter(server.lines());
    guest.say("first");
    hear(&mut guest, "upper: FIRST");
    proxy.cut();
    guest.say("second");
    hear(&mut guest, "upper: SECOND");
    // Nobody was told in time that it had heard the second one.
    drop(bot);
    guest.say("third");
    let _bot = Bot::start("upper", &proxy.address().to_string());
    hear(&mut guest, "upper: THIRD");
    let home = tempfile::tempdir().unwrap();
    let mut history = client(home.path(), &["history", "--user", "100"]);
    history.env("HUBBUB_ADDR", address).env("HUBBUB_PASSWORD", "secret");
    let said = run(history, "");
    let answers = said.out.lines().filter(|line| line.contains(" upper: ")).count();
    assert_eq!(answers, 3, "{said:?}");
}

#[test]
fn a_reminder_comes_when_it_is_due() {
    let (server, address) = with_account();
    Course::join(server.frames(), 200, "remind");
    let _bot = Bot::start("remind", &address);
    let mut tom = Course::come_back(server.frames(), 100);
    tom.tell(100, 200, "soon");
    let mut told = |end: &str| loop {
        let (kind, data) = tom.next(end);
        if kind == "SmsPrivateMes" && data.contains("\"userId\":200") {
            assert!(data.contains(end), "{data}");
            return;
        }
    };
    told("say: 30s, 10m or 2h");
    let home = tempfile::tempdir().unwrap();
    let mut ask = client(home.path(), &["send", "--user", "100", "--to", "remind", "1s tea"]);
    ask.env("HUBBUB_ADDR", address).env("HUBBUB_PASSWORD", "secret");
    assert_eq!(run(ask, "").code, Some(0));
    told("I will");
    told("tea");
}

#[test]
fn a_bridge_says_what_a_command_prints() {
    let (server, address) = with_account();
    Course::join(server.frames(), 200, "bridge");
    let home = tempfile::tempdir().unwrap();
    let tom = |args: &[&str]| {
        let mut command = client(home.path(), args);
        command.env("HUBBUB_ADDR", &address).env("HUBBUB_PASSWORD", "secret");
        command.env("HUBBUB_USER", "100");
        command
    };
    assert_eq!(run(tom(&[]), "/create #ops\n").code, Some(0));
    let mut bridge = example("bridge");
    bridge.args([&address, "200", "#ops", "sh", "-c", "echo one; echo; printf 'two\\377'"]);
    let ended = run(bridge, "");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = run(tom(&["history", "--room", "#ops"]), "");
    let texts: Vec<_> = said.out.lines().map(|line| line.rsplit(": ").next().unwrap()).collect();
    assert_eq!(texts, ["one", "two\u{fffd}"], "{said:?}");
    // A room that is not there takes nothing.
    let mut bridge = example("bridge");
    bridge.args([&address, "200", "#none", "echo", "lost"]);
    let ended = run(bridge, "");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("1 lines are not known to be stored"), "{ended:?}");
}
