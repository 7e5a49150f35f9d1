//! What is typed about what was said where plain text goes. `/history` shows the numbers.

use super::{HERE, Row, Wrong, split_word};
use crate::protocol::{Before, Command, MessageId, Query, RoomRef, Search, Text, What, Which};
use crate::texts::help;

pub(super) const SEARCH: Row = Row {
    word: "/search",
    arguments: "[*] [#ID] WORDS",
    help: help::SEARCH,
    parse: search,
    refused: Command::Bad,
};

pub(super) const EDIT: Row = Row {
    word: "/edit",
    arguments: "[#ID] TEXT",
    help: help::EDIT,
    parse: edit,
    refused: Command::Bad,
};

pub(super) const DELETE: Row = Row {
    word: "/delete",
    arguments: "[#ID]",
    help: help::DELETE,
    parse: delete,
    refused: Command::Bad,
};

pub(super) const REPLY: Row = Row {
    word: "/reply",
    arguments: "#ID TEXT",
    help: help::REPLY,
    parse: reply,
    refused: Command::Bad,
};

pub(super) const REACT: Row = Row {
    word: "/react",
    arguments: "#ID EMOJI",
    help: help::REACT,
    parse: react,
    refused: Command::Bad,
};

pub(super) const UNREACT: Row = Row {
    word: "/unreact",
    arguments: "#ID EMOJI",
    help: help::UNREACT,
    parse: unreact,
    refused: Command::Bad,
};

/// A number begins with `#` here: a text may begin with digits.
fn edit(arguments: &str) -> Result<Command, Wrong> {
    let (first, rest) = split_word(arguments);
    match first.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
        Some(id) => about(What::Edit, Which::Id(MessageId(id)), rest),
        None => about(What::Edit, Which::OwnLast, arguments),
    }
}

fn delete(arguments: &str) -> Result<Command, Wrong> {
    let aim = if arguments.is_empty() { Which::OwnLast } else { number(arguments)? };
    about(What::Delete, aim, "")
}

fn reply(arguments: &str) -> Result<Command, Wrong> {
    numbered(What::Reply, arguments)
}

fn react(arguments: &str) -> Result<Command, Wrong> {
    numbered(What::React, arguments)
}

fn unreact(arguments: &str) -> Result<Command, Wrong> {
    numbered(What::Unreact, arguments)
}

fn numbered(what: What, arguments: &str) -> Result<Command, Wrong> {
    let (id, text) = split_word(arguments);
    about(what, number(id)?, text)
}

fn number(text: &str) -> Result<Which, Wrong> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    digits.parse().map(|id| Which::Id(MessageId(id))).map_err(|_no_number| Wrong::Form)
}

fn about(what: What, aim: Which, text: &str) -> Result<Command, Wrong> {
    if text.is_empty() && what != What::Delete {
        return Err(Wrong::Form);
    }
    let text = Text::of(Some(what), text)?;
    Ok(Command::Send { to: HERE, text, reference: None, about: Some((what, aim)) })
}

/// Messages of an answer.
const FOUND: usize = 20;

fn search(arguments: &str) -> Result<Command, Wrong> {
    // A lone star is no word, so it can stand for everywhere.
    let (within, arguments) = match split_word(arguments) {
        ("*", rest) => (None, rest),
        _ => (Some(RoomRef::Here), arguments),
    };
    let (first, rest) = split_word(arguments);
    let before: Option<Before> = first.strip_prefix('#').and_then(|where_to| where_to.parse().ok());
    let text = if before.is_some() { rest } else { arguments };
    // Of several rooms, an id alone says nothing.
    let says_nothing = within.is_none() && before.is_some_and(|before| before.among.is_none());
    if text.is_empty() || says_nothing {
        return Err(Wrong::Form);
    }
    let query = Query::new(text)?;
    Ok(Command::Search(Search { within, query, from: None, before, limit: FOUND }))
}
