//! The full screen, as people use it: the real client in a terminal, at a real server.

mod screen;
mod speed;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::{TempDir, tempdir};

use crate::support::proxy::Proxy;
use crate::support::server::Server;
use screen::Screen;

const SIZE: (u16, u16) = (100, 20);

/// A new account by the first screen.
fn register(state: &TempDir, address: &str, name: &str) -> Screen {
    let mut screen = Screen::start(state, &["--addr", address], SIZE);
    screen.wait_for("✓ hubbub/");
    screen.type_in(&format!("\r{name}\rgeheim\rgeheim\r"));
    screen.wait_for(&format!("Welcome, {name}. Your id is"));
    screen
}

#[test]
fn a_life_on_the_full_screen() {
    let server = Server::start_on_disk();
    let address = server.frames().to_string();
    let (of_tom, of_eve) = (tempdir().unwrap(), tempdir().unwrap());
    let mut tom = register(&of_tom, &address, "tom");
    let mut eve = register(&of_eve, &address, "Eve");
    tom.wait_for("● Eve");
    tom.type_in("hello 世界\r");
    tom.wait_for("hello 世界 ✓");
    eve.wait_for("tom │ hello 世界");

    tom.type_in("/create hall\r");
    tom.wait_for(" #hall");
    eve.type_in("/rooms\r");
    eve.wait_for("#hall");
    eve.type_in("\r");
    eve.wait_until("the room", |rows| rows[0].starts_with(" #hall"));
    eve.type_in("/topic soup\r");
    eve.wait_for("you may not do this in this room");
    tom.type_in("/topic soup\r");
    eve.wait_for(" #hall — soup");
    eve.type_in("in here\r");
    tom.wait_for("Eve │ in here");

    eve.type_in("/query tom\rpsst\r");
    eve.wait_for("psst ✓✓");
    tom.wait_until("one private message", |rows| {
        rows[3].starts_with("3 ● Eve") && rows[3].contains(" 1")
    });
    tom.type_in("\x1ba");
    tom.wait_for("Eve │ psst");

    // Away, and back: by the token, and to what was said.
    tom.type_in("\x03");
    tom.wait_for("Press Ctrl-C again to leave.");
    tom.type_in("\x03");
    let (code, grid) = tom.end();
    assert_eq!((code, grid.modes), (0, vec![]), "the terminal is as it was");
    eve.type_in("are you there?\r");
    eve.wait_for("are you there? ✓");
    let mut tom = Screen::start(&of_tom, &[], SIZE);
    tom.wait_until("one new private message", |rows| {
        rows[2].starts_with("2 #hall") && rows[3].starts_with("3 ● Eve") && rows[3].contains(" 1")
    });
    tom.type_in("\x1ba");
    tom.wait_for("Eve │ are you there?");
    tom.wait_for("Eve │ psst");
    eve.wait_for("are you there? ✓✓");

    // What was said in the room is found again.
    tom.type_in("/go hall\r/search here\r");
    tom.wait_for("Found: here");
    tom.type_in("\r");
    tom.wait_for("Eve │ in here");
    for screen in [&mut tom, &mut eve] {
        screen.type_in("/quit\r");
    }
    assert_eq!((tom.end().0, eve.end().0), (0, 0));
}

#[test]
fn a_server_that_is_killed_is_waited_for_and_nothing_is_lost() {
    let mut server = Server::start_on_disk();
    let proxy = Proxy::start(server.frames());
    let state = tempdir().unwrap();
    let mut tom = register(&state, &proxy.address().to_string(), "tom");
    tom.type_in("before\r");
    tom.wait_for("before ✓");
    server.kill();
    tom.wait_for("no connection: ");
    tom.type_in("meanwhile\r");
    tom.wait_for("meanwhile …");
    tom.wait_for("1 waiting to be stored");
    tom.type_in("a mistake\r");
    tom.wait_for("a mistake …");
    tom.type_in("\x1bk");
    tom.wait_for("Not sent yet.");
    tom.type_in("d");
    tom.wait_until("it is taken back", |rows| !rows.iter().any(|row| row.contains("mistake")));
    server.launch();
    proxy.lead_to(server.frames());
    tom.wait_for("meanwhile ✓");
    tom.wait_for("before ✓");
    server.ask_to_stop();
    tom.wait_for("the server is going down");
    tom.type_in("/quit\r");
    assert_eq!(tom.end().0, 0);
}

#[test]
fn the_terminal_is_given_back_whatever_ends_the_client() {
    let state = tempdir().unwrap();
    for signal in [Signal::TERM, Signal::HUP] {
        let screen = {
            let mut screen = Screen::start(&state, &["--addr", "127.0.0.1:9"], SIZE);
            screen.wait_for("no server answers at 127.0.0.1:9");
            screen.wait_for("Is the address right?");
            assert!(screen.grid.modes.iter().any(|mode| mode == "?1049"));
            screen
        };
        kill_process(Pid::from_raw(screen.pid()).unwrap(), signal).unwrap();
        let (code, grid) = screen.end();
        assert_eq!((code, grid.modes), (0, vec![]));
    }
}

#[test]
fn the_picture_follows_the_size_of_the_terminal() {
    let server = Server::start();
    let state = tempdir().unwrap();
    let mut tom = register(&state, &server.frames().to_string(), "tom");
    tom.type_in("wide 你好\r");
    tom.wait_for("tom │ wide 你好 ✓");
    tom.resize(40, 10);
    tom.wait_for("tom: wide 你好 ✓");
    tom.resize(200, 50);
    tom.wait_for("tom │ wide 你好 ✓");
    tom.wait_until("who is online at the right", |rows| rows[1].ends_with("● tom"));
    tom.type_in("/quit\r");
    assert_eq!(tom.end().0, 0);
}

#[test]
fn a_line_is_edited_by_another_program() {
    let server = Server::start();
    let (state, tools) = (tempdir().unwrap(), tempdir().unwrap());
    let editor = tools.path().join("editor");
    std::fs::write(&editor, "printf 'and\\nmore\\n' >> \"$1\"\n").unwrap();
    let mut tom = register(&state, &server.frames().to_string(), "tom");
    tom.type_in("/quit\r");
    tom.end();
    let editor = format!("sh {}", editor.display());
    let mut tom = Screen::start_with(&state, &[], &[("VISUAL", &editor)], SIZE);
    tom.wait_for("Welcome, tom");
    tom.type_in("some \x18");
    tom.wait_for("> some and");
    tom.type_in("\r");
    tom.wait_for("some and");
    tom.wait_for("more ✓");
    tom.type_in("/quit\r");
    assert_eq!(tom.end().0, 0);
}

#[test]
fn ctrl_z_leads_to_the_shell_and_fg_back() {
    let server = Server::start();
    let state = tempdir().unwrap();
    let mut tom = register(&state, &server.frames().to_string(), "tom");
    tom.type_in("before\r");
    tom.wait_for("before ✓");
    tom.type_in("/quit\r");
    tom.end();
    let script = "\"$0\" \"$@\"; code=$?
        stty -a | grep -q ' icanon' && echo \"stopped with $code\"; read line; fg; echo ended with $?";
    let mut tom = Screen::start_in_shell(script, &state, &[], SIZE);
    tom.wait_for("before");
    tom.type_in("begun\x1a");
    tom.wait_for("stopped with 148");
    assert_eq!(tom.grid.modes, [""; 0]);
    tom.type_in("go on\n");
    tom.wait_until("the screen", |rows| !rows.iter().any(|row| row.contains("stopped with")));
    tom.wait_for("> begun");
    tom.type_in(" before\r");
    tom.wait_for("begun before ✓");
    tom.type_in("/quit\r");
    tom.wait_for("ended with 0");
    assert_eq!(tom.end().0, 0);
}

#[test]
fn a_client_that_was_suspended_can_be_ended() {
    let state = tempdir().unwrap();
    let script = "\"$0\" \"$@\"; echo stopped with $?
        pid=$(jobs -p); kill -TERM $pid; kill -CONT $pid
        while kill -0 $pid; do wait; done; echo it is over";
    let mut tom = Screen::start_in_shell(script, &state, &["--addr", "127.0.0.1:9"], SIZE);
    tom.wait_for("Is the address right?");
    tom.type_in("\x1a");
    tom.wait_for("it is over");
    let (code, grid) = tom.end();
    assert_eq!((code, grid.modes), (0, vec![]));
}

#[test]
fn the_bell_rings_at_private_messages_and_ones_name_where_they_are_not_seen() {
    let server = Server::start_on_disk();
    let address = server.frames().to_string();
    let (of_tom, of_eve) = (tempdir().unwrap(), tempdir().unwrap());
    let mut tom = register(&of_tom, &address, "tom");
    tom.type_in("/quit\r");
    tom.end();
    let mut tom = Screen::start(&of_tom, &["--bell"], SIZE);
    tom.wait_for("Welcome, tom");
    let mut eve = register(&of_eve, &address, "Eve");
    eve.wait_for("● tom");
    eve.type_in("tom, are you there?\r");
    tom.wait_for("tom, are you there?");
    eve.type_in("/query tom\rpsst\r");
    eve.wait_for("psst ✓");
    tom.wait_until("one private message", |rows| {
        rows[2].starts_with("2 ● Eve") && rows[2].contains(" 1")
    });
    tom.type_in("\x1ba");
    tom.wait_for("Eve │ psst");
    assert_eq!(tom.grid.n_bells, 1, "what was seen does not ring");
    assert_eq!(eve.grid.n_bells, 0);
    for screen in [&mut tom, &mut eve] {
        screen.type_in("/quit\r");
    }
    assert_eq!((tom.end().0, eve.end().0), (0, 0));
}

#[test]
fn what_is_ones_own_is_saved_from_the_full_screen() {
    let server = Server::start_on_disk();
    let state = tempdir().unwrap();
    let mut tom = register(&state, &server.frames().to_string(), "tom");
    tom.type_in("hello 世界\r");
    tom.wait_for("hello 世界 ✓");
    let file = state.path().join("own");
    tom.type_in(&format!("/export {}\r", file.display()));
    tom.wait_for("What is yours is in");
    let saved = std::fs::read_to_string(&file).unwrap();
    assert!(saved.contains("hello 世界") && saved.contains("\"kind\":\"end\""), "{saved}");
    tom.type_in(&format!("/export {}\r", file.display()));
    tom.wait_for("Nothing is exported: ");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), saved);
}
