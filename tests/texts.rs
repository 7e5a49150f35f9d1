//! The catalogue of texts, as far as the compiler does not check it: it is read as a translator
//! reads it, in the sources.

use std::collections::{BTreeMap, BTreeSet};

use hubbub::protocol::ErrorCode;
use hubbub::texts::client::{Fixed, Notice};
use hubbub::texts::{self as said, Lang};
use unicode_width::UnicodeWidthStr;

use crate::tidy::texts;

/// Columns of a terminal that nobody has made wider.
const COLUMNS: usize = 80;

/// Chinese characters and their punctuation.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// The sources of the catalogue without their tests and comments.
fn catalogue() -> Vec<(String, String)> {
    let code = |text: &str| {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        text.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .fold(String::new(), |all, line| all + line + "\n")
    };
    texts(&["src/texts.rs", "src/texts"])
        .iter()
        .map(|(name, text)| (name.clone(), code(text)))
        .collect()
}

/// The functions of a source: name and body.
fn functions(code: &str) -> Vec<(&str, &str)> {
    let bodies = code.split("fn ").skip(1);
    bodies.filter_map(|body| body.split_once(['(', '<'])).collect()
}

/// The string literals of a piece of code.
fn strings(code: &str) -> Vec<String> {
    let (mut all, mut open): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match (&mut open, c) {
            (Some(text), '\\') => text.extend(chars.next().filter(|c| *c != '\n')),
            (Some(_), '"') => all.extend(open.take()),
            (Some(text), c) => text.push(c),
            (None, '"') => open = Some(String::new()),
            (None, _) => {}
        }
    }
    all
}

/// What is filled into texts: `name` of `{name}`.
fn gaps<'a>(texts: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    let gaps = texts.into_iter().flat_map(|text| text.split('{').skip(1));
    gaps.filter_map(|rest| rest.split_once('}')).map(|(gap, _)| gap.to_owned()).collect()
}

/// The gaps of each arm of a `match` that gives texts, by the variant that it is for; several
/// arms for one variant count together.
fn arms(body: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut variant = String::new();
    for line in body.lines() {
        let begins = ["Self::", "Reply::", "News::", "ErrorCode::", "Farewell::"];
        if let Some(rest) = begins.iter().find_map(|begin| line.trim_start().strip_prefix(begin)) {
            variant = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
        }
        let arm = all.entry(variant.clone()).or_default();
        arm.push_str(line);
        arm.push('\n');
    }
    all.into_iter().map(|(variant, code)| (variant, gaps(&strings(&code)))).collect()
}

#[test]
fn both_languages_of_a_text_have_the_same_gaps() {
    let mut n_compared = 0;
    for (file, code) in catalogue() {
        let functions = functions(&code);
        for (name, english) in &functions {
            let Some(stem) =
                name.strip_suffix("en").filter(|stem| stem.is_empty() || stem.ends_with('_'))
            else {
                continue;
            };
            let other = format!("{stem}zh");
            let (_, chinese) = functions.iter().find(|(name, _)| *name == other).expect(&other);
            assert_eq!(arms(english), arms(chinese), "{file}: {name} and {other}");
            n_compared += arms(english).len();
        }
    }
    assert!(n_compared > 100, "only {n_compared} texts were compared: the reader is broken");
}

/// Where both languages stand in one `match`: all the gaps of the function's texts together.
#[test]
fn both_languages_of_a_function_have_the_same_gaps() {
    let mut n_compared = 0;
    for (file, code) in catalogue() {
        for (name, body) in functions(&code) {
            let (mut english, mut chinese) = (BTreeSet::new(), BTreeSet::new());
            let ends =
                |piece: &str| piece.find("(_, ").or(piece.find("_ =>")).unwrap_or(piece.len());
            for piece in body.split("Lang::").skip(1) {
                let texts = strings(&piece[..ends(piece)]);
                let (zh, en): (Vec<_>, Vec<_>) = texts
                    .into_iter()
                    .partition(|text| piece.starts_with("Zh") || text.chars().any(is_chinese));
                english.extend(gaps(&en));
                chinese.extend(gaps(&zh));
            }
            if !english.is_empty() && !chinese.is_empty() {
                assert_eq!(english, chinese, "{file}: {name}");
                n_compared += 1;
            }
        }
    }
    assert!(n_compared > 10, "only {n_compared} functions were compared: the reader is broken");
}

#[test]
fn the_reader_of_texts_finds_gaps() {
    let code = r#"fn a_en(x: X) -> String { match x { Self::A { why } => format!("no \"{why}\" at {}") } }"#;
    let [(name, body)] = functions(code)[..] else { panic!() };
    assert_eq!(name, "a_en");
    assert_eq!(strings(body), ["no \"{why}\" at {}"]);
    assert_eq!(gaps(&strings(body)), BTreeSet::from([String::new(), "why".to_owned()]));
}

#[test]
fn menus_and_help_fit_into_a_terminal() {
    for lang in [Lang::En, Lang::Zh] {
        for text in [Fixed::MainMenu, Fixed::RoomMenu, Fixed::Help, Fixed::TalkHint] {
            for line in text.text(lang).lines() {
                assert!(line.width() < COLUMNS, "{} columns: {line}", line.width());
            }
        }
    }
    // The help of a command stands behind its form, and may go on in a second line.
    let files = texts(&["src/texts/help.rs", "src/texts/commands.rs", "src/texts/keys.rs"]);
    let help =
        files.iter().flat_map(|(_, text)| strings(text.split_once("use super::").unwrap().1));
    let help: Vec<_> = help.collect();
    assert!(help.len() > 200, "only {} texts were found", help.len());
    for text in help {
        assert!(text.width() < COLUMNS, "{} columns: {text}", text.width());
    }
}

/// What a translator does not find is not translated. The words of the course's wire language
/// are part of it.
#[test]
fn a_refusal_says_once_that_nothing_was_sent() {
    for (code, _) in ErrorCode::NAMES {
        for lang in [Lang::En, Lang::Zh] {
            let why = said::error(*code, lang);
            let told = Notice::NotSent { text: "hi", why }.text(lang).to_lowercase();
            let all = ["not sent", "not stored", "没有发送", "没有保存", "未保存"];
            let times: usize = all.iter().map(|words| told.matches(words).count()).sum();
            assert_eq!(times, 1, "{told}");
        }
    }
}

#[test]
fn chinese_stands_in_the_catalogue_alone() {
    for (name, text) in texts(&["src"]) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let has_chinese = code.flat_map(str::chars).any(|c| matches!(c, '\u{3400}'..='\u{9fff}'));
        let may = name.starts_with("src/texts") || name == "src/front/frame/course.rs";
        let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
        assert!(!has_chinese || may || is_test, "{name} has Chinese texts of its own");
    }
}
