//! Tab: commands, rooms and names that begin with what stands before the cursor.

use super::{Model, Place};
use crate::client::ui::clean;
use crate::client::ui::command::here;
use crate::protocol::UserId;

/// Names that are offered, at most.
const MAX_OFFERED: usize = 100;

/// What can stand in place of the word before the cursor.
#[derive(Debug)]
pub(in super::super) struct Completion {
    /// Where the word begins, in bytes.
    from: usize,
    pub(in super::super) offered: Vec<String>,
    pub(in super::super) at: usize,
}

impl Model {
    /// The next one, or the one before.
    pub(super) fn complete(&mut self, forward: bool) {
        if self.completion.is_none() {
            let (from, offered) = self.offer();
            let at = if forward { 0 } else { offered.len().saturating_sub(1) };
            if offered.is_empty() {
                return;
            }
            self.completion = Some(Completion { from, offered, at });
        } else if let Some(completion) = &mut self.completion {
            let n_offered = completion.offered.len();
            completion.at = (completion.at + if forward { 1 } else { n_offered - 1 }) % n_offered;
        }
        if let Some(completion) = &self.completion
            && let Some(text) = completion.offered.get(completion.at)
        {
            self.input.replace_before(completion.from, text);
        }
        self.change();
    }

    fn offer(&self) -> (usize, Vec<String>) {
        let before = self.input.before();
        if let Some(command) = before.strip_prefix('/').filter(|rest| !rest.contains(' ')) {
            let prefix = command.to_lowercase();
            let known = here::commands().into_iter().map(|(name, _)| name);
            let known = known.filter(|name| name.starts_with(&prefix));
            return (0, known.map(|name| format!("/{name} ")).collect());
        }
        let from = before.rfind(char::is_whitespace).map_or(0, |at| {
            at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
        });
        let word = before.get(from..).unwrap_or_default().to_lowercase();
        if word.starts_with('#') {
            let rooms = self.places.iter().map(|place| place.name.as_str());
            let rooms = rooms.filter(|name| name.starts_with('#'));
            let rooms = rooms.filter(|name| name.to_lowercase().starts_with(&word));
            return (from, rooms.map(|name| format!("{name} ")).collect());
        }
        let is_argument = before.starts_with('/');
        let behind = if from == 0 { ": " } else { " " };
        let spelled = |name: String| match is_argument && name.contains(' ') {
            true => format!("\"{name}\"{behind}"),
            false => name + behind,
        };
        (from, self.names(&word).into_iter().map(spelled).collect())
    }

    /// Who spoke here last comes first, then whoever is online.
    fn names(&self, prefix: &str) -> Vec<String> {
        let me = self.my_id();
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: String| {
            if names.len() < MAX_OFFERED && !names.contains(&name) {
                names.push(name);
            }
        };
        let speakers = self.here().into_iter().flat_map(speakers);
        for (id, name) in speakers {
            if id != me && bare(name).starts_with(prefix) {
                add(clean::line(name));
            }
        }
        if !prefix.is_empty() {
            let my_name = self.me.as_ref().map(|me| &me.name);
            let online = self.people.beginning_with(prefix).filter(|name| Some(*name) != my_name);
            online.take(MAX_OFFERED).for_each(|name| add(clean::line(name)));
        }
        names
    }
}

/// Whoever spoke, the last one first.
fn speakers(place: &Place) -> impl Iterator<Item = (UserId, &str)> {
    /// Entries that are looked at.
    const LATELY: usize = 1_000;
    let words = place.entries.iter().rev().take(LATELY).filter_map(super::Entry::words);
    words.map(|words| (words.sender, &*words.name))
}

/// Without what people put around their names.
fn bare(name: &str) -> String {
    name.trim_start_matches(['[', ']', '_', '-', '^']).to_lowercase()
}
