//! What is set, as a file that would set it: `--print-config`.

use std::fmt::Write as _;
use std::path::Path;

use clap::builder::PossibleValue;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};
use serde_json::Value;

use super::Keys;
use crate::texts::mark;

/// The whole file: each key with its help above it and where it comes from behind it; what
/// nobody has set stands there as a comment. `keys` is what `matches` and the file, if there is
/// one, say together.
pub fn print(keys: &Keys, matches: &ArgMatches, file: Option<(&Path, &Keys)>) -> String {
    let (set, default) = (values(keys), values(&Keys::defaults()));
    let in_file = file.map(|(_, keys)| values(keys));
    let path = file.map_or_else(|| "config.toml".to_owned(), |(path, _)| shown(path));
    let mut text = format!(
        "# The client's settings as they are now. The place for them: {path}\n\
         # An option goes before its variable, and that before this file.\n"
    );
    for arg in Keys::augment_args(Command::new("keys")).get_arguments() {
        let Some(key) = arg.get_long() else { continue };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let variable = arg.get_env().map(|name| format!(", {}", name.display()));
        let from = match matches.value_source(arg.get_id().as_str()) {
            Some(ValueSource::CommandLine) => format!("--{key}"),
            Some(ValueSource::EnvVariable) => "its variable".to_owned(),
            _ if in_file.as_ref().is_some_and(|file| is_set(file, key)) => "the file".to_owned(),
            _ => String::new(),
        };
        let option = format!("(--{key}{})", variable.unwrap_or_default());
        let (off, from) = match from.as_str() {
            "" => ("# ", String::new()),
            from => ("", format!("  # from {from}")),
        };
        let value = set.get(key).or(default.get(key));
        let value = value.map_or_else(|| format!("\"{}\"", form(arg)), spelled);
        // Text into a String does not fail.
        write!(text, "\n# {help} {option}\n{off}{key} = {value}{from}\n").ok();
    }
    text
}

fn values(keys: &Keys) -> serde_json::Map<String, Value> {
    match serde_json::to_value(keys) {
        Ok(Value::Object(map)) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => serde_json::Map::new(),
    }
}

fn is_set(keys: &serde_json::Map<String, Value>, key: &str) -> bool {
    keys.contains_key(key)
}

/// What a value looks like that has no default.
fn form(arg: &Arg) -> String {
    let possible: Vec<_> = arg.get_possible_values();
    let words: Vec<_> = possible.iter().map(PossibleValue::get_name).collect();
    let named = arg.get_value_names().and_then(|names| names.first());
    if words.is_empty() {
        named.map(ToString::to_string).unwrap_or_default()
    } else {
        words.join("|")
    }
}

/// A value in TOML: numbers and truth as they are, texts in quotes.
fn spelled(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if mark(c) != c => {
                write!(quoted, "\\U{:08X}", u32::from(c)).ok();
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn shown(path: &Path) -> String {
    path.display().to_string().chars().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(keys: &Keys) -> String {
        let command = Keys::augment_args(Command::new("client"));
        let matches = command.get_matches_from(["client"]);
        print(keys, &matches, Some((Path::new("config.toml"), keys)))
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let text = "addr = \"a:1\"\ntls = true\nlang = \"zh\"\nuser = \"a\\\"b\\\\c\\u0007\"\nwait = 3\n\
                    password-cmd = \"pass show x\"\nca = \"/a b\"";
        let keys = Keys::parse(text).unwrap();
        let again = printed(&keys);
        assert_eq!(Keys::parse(&again).unwrap(), keys, "{again}");
        assert!(!again.contains('\u{7}'));
        // What is not set is there as a comment that could be taken in.
        assert_eq!(Keys::parse(&printed(&Keys::default())).unwrap(), Keys::default());
        let all = printed(&Keys::default()).replace("\n# addr", "\naddr");
        assert_eq!(Keys::parse(&all).unwrap().addr, [super::super::DEFAULT_ADDR]);
    }
}
