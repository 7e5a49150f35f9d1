//! JSON as Go writes it, by hand.

/// A string with its quotes. One pass for each character that is escaped, in the library's fast
/// search: texts are long here and this code is not optimised.
pub fn quote(text: &str) -> String {
    let mut quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    for (c, escaped) in [('\n', "\\n"), ('\r', "\\r"), ('\t', "\\t")] {
        quoted = quoted.replace(c, escaped);
    }
    for c in ('\0'..='\u{1f}').chain(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        if quoted.contains(c) {
            quoted = quoted.replace(c, &format!("\\u{:04x}", u32::from(c)));
        }
    }
    ["\"", &quoted, "\""].concat()
}
