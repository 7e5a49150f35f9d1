//! What is searched for, and whether a text has it.
//!
//! A text is taken as a row of words: letters and digits in a row, without regard to case, and
//! each Chinese or Japanese character by itself, for those scripts have no blanks between words.

use std::fmt;
use std::str::FromStr;

use super::{ErrorCode, MessageId, Millis, RoomId, RoomRef, UserId};

/// A search: which messages are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// In which room; `None`: in all that the asker may read.
    pub within: Option<RoomRef>,
    /// Which words.
    pub query: Query,
    /// Only what this one said.
    pub from: Option<UserId>,
    /// Only what stands before this message.
    pub before: Option<Before>,
    /// How many at most.
    pub limit: usize,
}

/// Where a search goes on: before a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Which one.
    pub id: MessageId,
    /// When it was said and in which room, where more than one room is searched: there the newest
    /// come first by time, and of one moment by room and id.
    pub among: Option<(Millis, RoomId)>,
}

impl Before {
    /// In one room.
    pub fn id(id: MessageId) -> Self {
        Self { id, among: None }
    }
}

/// `7`, or `7/!17/1795217831000`.
impl fmt::Display for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.among {
            None => write!(f, "{}", self.id.0),
            Some((time, room)) => write!(f, "{}/{room}/{}", self.id.0, time.0),
        }
    }
}

impl FromStr for Before {
    type Err = ErrorCode;

    fn from_str(text: &str) -> Result<Self, ErrorCode> {
        let read = || {
            let mut parts = text.split('/');
            let id = MessageId(parts.next()?.parse().ok()?);
            let among = match (parts.next(), parts.next(), parts.next()) {
                (None, None, None) => None,
                (Some(room), Some(time), None) => {
                    Some((Millis(time.parse().ok()?), RoomId::parse(room)?))
                }
                _ => return None,
            };
            Some(Self { id, among })
        };
        read().ok_or(ErrorCode::BadRequest)
    }
}

/// Words that a text must have, all of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// As it was typed.
    text: Box<str>,
    /// Each is a row of words that must stand side by side: what stood in quotes, or what was
    /// written without a blank.
    phrases: Vec<Vec<String>>,
}

/// What people look for never reaches a log, so it does not show in `{:?}` either.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({} bytes)", self.text.len())
    }
}

impl Query {
    /// Bytes: more than anybody looks for, and little to compare with each text.
    pub const MAX: usize = 400;

    /// # Errors
    /// [`ErrorCode::BadQuery`]: longer than [`Query::MAX`] bytes, or without a word in it.
    pub fn new(text: &str) -> Result<Self, ErrorCode> {
        if text.len() > Self::MAX {
            return Err(ErrorCode::BadQuery);
        }
        // Every second piece stood in quotes.
        let pieces = text.split('"').enumerate();
        let phrases = pieces.flat_map(|(n, piece)| match n % 2 {
            0 => piece.split_whitespace().map(words).collect(),
            _ => vec![words(piece)],
        });
        let phrases: Vec<_> = phrases.filter(|phrase: &Vec<String>| !phrase.is_empty()).collect();
        match phrases.is_empty() {
            true => Err(ErrorCode::BadQuery),
            false => Ok(Self { text: text.into(), phrases }),
        }
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The rows of words that a text must have, each without its blanks, side by side. A word
    /// holds letters and digits only.
    pub fn phrases(&self) -> &[Vec<String>] {
        &self.phrases
    }

    /// Does a text have all of it?
    pub fn is_in(&self, text: &str) -> bool {
        let text = words(text);
        let has = |phrase: &Vec<String>| text.windows(phrase.len()).any(|row| row == phrase);
        self.phrases.iter().all(has)
    }
}

/// The words of a text, in their order: letters and digits only, in lower case.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        match words.last_mut() {
            _ if !c.is_alphanumeric() => is_open = false,
            Some(word) if is_open && !stands_alone(c) => word.push(c),
            _ => {
                words.push(c.to_string());
                is_open = !stands_alone(c);
            }
        }
    }
    words
}

/// Of a script without blanks between words: kana and the Chinese characters.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, text: &str) -> bool {
        Query::new(query).unwrap().is_in(text)
    }

    #[test]
    fn words_are_found_whole_in_any_order_and_case() {
        let text = "The soup, is READY (really)!";
        for query in ["soup", "ready soup", "SOUP", "soup,", "\"soup is\"", "soup-is", "(ready)"] {
            assert!(finds(query, text), "{query}");
        }
        for query in ["sou", "soups", "soup tea", "\"is soup\"", "\"soup ready\""] {
            assert!(!finds(query, text), "{query}");
        }
    }

    #[test]
    fn chinese_is_found_without_blanks() {
        let text = "今天天气很好，我们去吃饭吧 ok";
        for query in ["天气", "吃饭吧", "气", "天气 吃饭", "OK", "\"天气很好\""] {
            assert!(finds(query, text), "{query}");
        }
        for query in ["天很", "饭吃", "天气 下雨"] {
            assert!(!finds(query, text), "{query}");
        }
        assert!(finds("v2发布", "今天v2发布了") && !finds("v2", "v20发布"));
    }

    #[test]
    fn where_to_go_on_is_read_as_it_is_shown() {
        let of_pair = (Millis(-5), RoomId::pair(UserId(100), UserId(200)));
        for before in [
            Before::id(MessageId(7)),
            Before { id: MessageId(7), among: Some((Millis(1_795_217_831_000), RoomId::Lobby)) },
            Before { id: MessageId(u64::MAX), among: Some(of_pair) },
        ] {
            assert_eq!(before.to_string().parse(), Ok(before));
        }
        for bad in ["", "x", "7/", "7/lobby", "7/lobby/", "7/nowhere/5", "7/lobby/5/", "-7"] {
            assert_eq!(bad.parse::<Before>(), Err(ErrorCode::BadRequest), "{bad}");
        }
    }

    #[test]
    fn what_has_no_word_in_it_is_refused() {
        for query in ["", " ", "\"\"", "*", "- ( ) :", &"x".repeat(Query::MAX + 1)] {
            assert_eq!(Query::new(query), Err(ErrorCode::BadQuery), "{query}");
        }
        // What other searches take for operators is taken for words.
        assert!(finds("soup OR tea", "soup or tea") && !finds("soup OR tea", "soup"));
    }
}
