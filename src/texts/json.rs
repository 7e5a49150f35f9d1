//! JSON that a terminal may see.

use std::borrow::Cow;

use super::mark;

/// The same JSON with nothing in it that can steer a terminal: outside of ASCII there are only
/// texts in it, and what would do harm there is said by its number. Line feeds between values are
/// none of its business: give it a line at a time.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    if json.chars().all(|c| mark(c) == c) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match mark(c) == c {
            true => out.push(c),
            false => {
                let mut units = [0; 2];
                let units = c.encode_utf16(&mut units).iter();
                out.extend(units.map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_everything_and_steers_nothing() {
        let text = "a\"\\\n\t\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{e0041}你";
        let json = serde_json::to_string(text).unwrap();
        let harmless = harmless_json(&json);
        assert!(harmless.chars().all(|c| mark(c) == c), "{harmless:?}");
        assert_eq!(serde_json::from_str::<String>(&harmless).unwrap(), text);
        assert!(matches!(harmless_json("[\"你\"]"), Cow::Borrowed(_)));
    }
}
