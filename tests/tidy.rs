//! What the compiler does not check: who may use whom, how long files are, what they hold, and
//! that the documents name what there is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use hubbub::client::ui::Cli as Client;
use hubbub::config::Cli;
use hubbub::dao::STORES;
use hubbub::front::FRONTS;
use hubbub::protocol::{ErrorCode, Farewell};

/// Lines. A longer file holds two things.
const MAX_LINES: usize = 500;

/// The repository, and a file in it.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a folder, or the file itself: its path from the repository, and its text.
pub(super) fn texts(places: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = places.iter().map(|place| at(place)).collect();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(at("")).unwrap().display().to_string();
            let text = fs::read(&path).unwrap();
            let text = String::from_utf8(text).unwrap_or_else(|_| panic!("{name}: not UTF-8"));
            found.push((name, text));
        }
    }
    found.sort();
    found
}

/// The module that a path begins with. `client::ui` is one of its own.
fn module_of(path: &str) -> String {
    let parts: Vec<_> = path.split("::").collect();
    match parts[..] {
        ["client", "ui", ..] => "client::ui".to_owned(),
        [first, ..] => first.to_owned(),
        [] => String::new(),
    }
}

/// The table in `src/lib.rs`: the row of each module.
fn rows() -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for line in read("src/lib.rs").lines() {
        let Some((row, modules)) = line.strip_prefix("//! | ").and_then(|l| l.split_once(" | "))
        else {
            continue;
        };
        let Ok(row) = row.parse() else { continue };
        for name in modules.split("[`").skip(1).filter_map(|rest| rest.split("`]").next()) {
            assert_eq!(rows.insert(name.to_owned(), row), None, "{name} is in two rows");
        }
    }
    rows
}

/// The paths into this crate that a source names outside comments and its own tests.
fn uses(text: &str) -> Vec<String> {
    let (code, _tests) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""));
    let code: Vec<_> = code.lines().map(|l| l.split("//").next().unwrap_or("")).collect();
    let code = code.join(" ");
    let mut paths = Vec::new();
    for root in ["crate::", "hubbub::"] {
        for rest in code.split(root).skip(1) {
            let rest = rest.trim_start();
            match rest.strip_prefix('{') {
                None => paths.push(rest.to_owned()),
                Some(group) => paths.extend(members(group)),
            }
        }
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let first = |path: String| path.chars().take_while(|c| is_part(*c)).collect::<String>();
    paths.into_iter().map(first).collect()
}

/// What stands in `{a, b::{c, d}}`, without what stands in inner braces.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut member, mut all) = (1, String::new(), Vec::new());
    for c in group.chars() {
        depth = match c {
            '{' => depth + 1,
            '}' => depth - 1,
            _ => depth,
        };
        if depth == 0 || (depth == 1 && c == ',') {
            all.push(std::mem::take(&mut member));
        } else {
            member.push(c);
        }
        if depth == 0 {
            break;
        }
    }
    all.iter().map(|member| member.trim().to_owned()).filter(|m| !m.is_empty()).collect()
}

#[test]
fn a_module_uses_only_rows_below_its_own() {
    let rows = rows();
    let mut wrong = Vec::new();
    let mut n_edges = 0;
    for (name, text) in texts(&["src"]) {
        let Some(path) = name.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
            continue;
        };
        let module = module_of(&path.replace('/', "::"));
        let row = match module.as_str() {
            "lib" => continue,
            "bin" => usize::MAX,
            module => *rows.get(module).unwrap_or_else(|| panic!("{module} is in no row")),
        };
        for used in uses(&text).iter().map(|path| module_of(path)).filter(|used| *used != module) {
            n_edges += 1;
            match rows.get(&used) {
                None => wrong.push(format!("{name} uses {used}, which is in no row")),
                Some(below) if *below >= row => {
                    wrong.push(format!("{name}, in row {row}, uses {used}, in row {below}"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_edges > 100, "only {n_edges} uses were found: the reader of sources is broken");
}

#[test]
fn the_reader_of_sources_finds_what_is_used() {
    let text = "use crate::a::B;\nuse crate::{c, d::{self, E},\n f::G}; // crate::not\n\
                fn x() -> crate::h::I { hubbub::j::k() }\n#[cfg(test)]\nmod tests {\n crate::l";
    assert_eq!(uses(text), ["a::B", "c", "d::", "f::G", "h::I", "j::k"]);
    assert_eq!(module_of("client::ui::menu"), "client::ui");
    assert_eq!(module_of("client::net"), "client");
}

#[test]
fn files_are_short() {
    let long: Vec<_> = texts(&["src", "tests", "examples", "benches", "yardstick", "fuzz/src"])
        .into_iter()
        .filter(|(name, _)| name.ends_with(".rs"))
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "more than {MAX_LINES} lines: {long:?}");
}

/// The map of ARCHITECTURE.md: the files and folders in the first column; those behind the first
/// of a row stand in its folder, unless they say theirs.
fn map() -> Vec<String> {
    let text = read("ARCHITECTURE.md");
    let map = text.split("## Map").nth(1).and_then(|map| map.split("\n## ").next()).unwrap();
    let mut found = Vec::new();
    for row in map.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (first, _) = row.split_once(" | ").expect(row);
        let mut folder = "";
        for path in first.split('`').step_by(2) {
            let is_whole = at(path).exists() && path.contains('/');
            if is_whole {
                folder = path.trim_end_matches('/').rsplit_once('/').map_or("", |(up, _)| up);
            }
            found.push(if is_whole { path.to_owned() } else { format!("{folder}/{path}") });
        }
    }
    found
}

#[test]
fn the_map_names_every_source_and_nothing_else() {
    let map = map();
    let gone: Vec<_> = map.iter().filter(|path| !at(path).exists()).collect();
    assert!(gone.is_empty(), "not there: {gone:?}");
    let is_named = |name: &str| {
        let is_there =
            |path: &String| name == path || path.ends_with('/') && name.starts_with(path);
        map.iter().any(is_there) || name == "src/lib.rs" || name.ends_with("/tests.rs")
    };
    let mut sources = texts(&["src"]);
    sources.retain(|(name, _)| name.ends_with(".rs") && !is_named(name));
    let missing: Vec<_> = sources.iter().map(|(name, _)| name).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md says nothing of {missing:?}");
}

/// Nothing that an editor does not show, or shows elsewhere than it stands.
#[test]
fn sources_hold_no_hidden_characters() {
    let is_hidden = |c: char| {
        let is_control = c.is_control() && c != '\n';
        let turns_around = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let has_no_width = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
        is_control || turns_around || has_no_width
    };
    let mut places =
        vec!["src", "tests", "examples", "docs", "scripts", ".ci", "Cargo.toml", "clippy.toml"];
    places.extend(["benches", "yardstick", "fuzz/src", "fuzz/fuzz_targets", "fuzz/Cargo.toml"]);
    places.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]);
    for (name, text) in texts(&places) {
        for (n, line) in text.lines().enumerate() {
            let hidden = line.chars().find(|c| is_hidden(*c));
            assert_eq!(hidden, None, "{name}, line {}: {}", n + 1, line.escape_debug());
        }
    }
}

/// What is replaced one day is replaced in one place.
#[test]
fn nobody_but_tls_names_rustls() {
    for (name, text) in texts(&["src"]) {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let names = code.filter(|line| line.contains("rustls") || line.contains("rcgen")).count();
        assert_eq!(name.starts_with("src/tls"), names > 0 || name == "src/tls/tests.rs", "{name}");
    }
}

/// Who waits, waits for something. The one pause is for those who are too fast.
#[test]
fn nobody_sleeps() {
    let sleep = concat!("thread::", "sleep");
    for (name, text) in texts(&["src", "tests", "examples", "benches", "yardstick"]) {
        assert!(name == "src/limits.rs" || !text.contains(sleep), "{name} sleeps");
    }
}

#[test]
fn the_documents_name_every_front_store_and_option() {
    let documents = read("README.md") + &read("docs/options.md");
    let mut missing = Vec::new();
    let mut want = |word: String| {
        if !documents.contains(&word) {
            missing.push(word);
        }
    };
    FRONTS.iter().for_each(|front| want(format!("`{}=", front.name)));
    STORES.iter().for_each(|store| want(format!("`{}", store.example)));
    for arg in Cli::command().get_arguments() {
        if let Some(long) = arg.get_long().filter(|long| !["help", "version"].contains(long)) {
            want(format!("`--{long}"));
        }
    }
    let user = Cli::command();
    let user = user.find_subcommand("user").unwrap();
    user.get_subcommands().for_each(|act| want(format!("user {}", act.get_name())));
    assert!(missing.is_empty(), "README.md and docs/options.md say nothing of {missing:?}");
}

#[test]
fn the_documents_name_every_command_of_a_line() {
    let document = read("docs/commands.md");
    let sources = texts(&["src/front/line/command.rs", "src/front/line/command"]);
    let words = sources.iter().flat_map(|(_, text)| text.split("word: \"/").skip(1));
    let words: Vec<_> = words.filter_map(|rest| rest.split('"').next()).collect();
    assert!(words.len() > 30, "only {words:?} were found: the reader of sources is broken");
    let is_missing = |word: &&&str| !document.contains(&format!("`/{word}"));
    let missing: Vec<_> = words.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "docs/commands.md says nothing of {missing:?}");
}

#[test]
fn the_documents_name_every_job_and_option_of_the_client() {
    let documents = read("README.md") + &read("docs/scripting.md");
    let mut missing = Vec::new();
    for job in Client::command().get_subcommands() {
        let name = job.get_name();
        if !documents.contains(&format!("| `client {name}")) {
            missing.push(name.to_owned());
        }
        let options = job.get_arguments().filter_map(|arg| arg.get_long());
        let options = options.filter(|long| !["help", "version"].contains(long));
        missing.extend(
            options.filter(|long| !documents.contains(&format!("--{long}"))).map(str::to_owned),
        );
    }
    assert!(missing.is_empty(), "docs/scripting.md says nothing of {missing:?}");
}

#[test]
fn the_protocol_names_every_error_and_every_last_word() {
    let protocol = read("docs/protocol.md");
    let errors = ErrorCode::NAMES.iter().map(|(_, name)| *name);
    let farewells = Farewell::NAMES.iter().map(|(_, name)| *name);
    let is_missing = |name: &&str| !protocol.contains(&format!("`{name}`"));
    let missing: Vec<_> = errors.chain(farewells).filter(is_missing).collect();
    assert!(missing.is_empty(), "docs/protocol.md says nothing of {missing:?}");
}

#[test]
fn the_changelog_is_open() {
    assert!(read("CHANGELOG.md").contains("Unreleased"));
}
