//! The manual pages, made from the command lines of both programs, so that they are never out of
//! date. This makes them in `target/tmp/man`, and `scripts/man` puts them where they are wanted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use hubbub::client::ui;
use hubbub::texts::Lang;

/// What can be typed on the full screen, and its keys, as `man` reads it.
fn screen() -> String {
    let commands = ui::commands(Lang::En);
    let sections = [("TYPED COMMANDS", commands), ("KEYS", ui::keys(Lang::En))];
    let section = |(title, rows): (&str, Vec<(String, &str)>)| {
        let row = |(what, does): &(String, &str)| {
            format!(".TP\n\\fB{}\\fR\n{}\n", roff(what), roff(does))
        };
        format!(".SH {title}\n") + &rows.iter().map(row).collect::<String>()
    };
    sections.map(section).concat()
}

/// A text that steers nothing.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// Every page of a folder, by its name.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// The page of this command, and of those below it, names every option.
fn check(pages: &BTreeMap<String, String>, name: &str, command: &Command) {
    let page = &pages[&format!("{name}.1")];
    for long in command.get_arguments().filter_map(|arg| arg.get_long()) {
        let option = format!("\\-\\-{}", long.replace('-', "\\-"));
        assert!(page.contains(&option), "{name}.1 says nothing of --{long}");
    }
    for below in command.get_subcommands() {
        check(pages, &format!("{name}-{}", below.get_name()), below);
    }
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
    fs::create_dir_all(&folder).unwrap();
    let commands: [Command; 2] =
        [ui::Cli::command(), hubbub::config::Cli::command().name("server")];
    for command in commands {
        clap_mangen::generate_to(command.clone(), &folder).unwrap();
        let pages = pages(&folder);
        check(&pages, command.get_name(), &command);
        // What this machine has set is nobody else's business.
        assert!(pages.values().all(|page| !page.contains(env!("CARGO_TARGET_TMPDIR"))));
    }
    let client = folder.join("client.1");
    let page = fs::read_to_string(&client).unwrap() + &screen();
    fs::write(&client, &page).unwrap();
    assert!(page.contains("Exit codes"));
    for text in ["/kick [ROOM] WHO [WHY]", "puts somebody out of the room", "Alt-Enter"] {
        assert!(page.contains(&roff(text)), "client.1 says nothing of {text}");
    }
}
