//! What people read about whom they ignore.

use super::Lang;
use crate::protocol::Party;

/// One ignores somebody from now on, or no longer.
pub fn ignoring(whom: &Party, is_so: bool, lang: Lang) -> String {
    let Party { id, name } = whom;
    match (lang, is_so) {
        (Lang::En, true) => format!("you ignore {name} ({id}) now; /unignore {id} ends it"),
        (Lang::En, false) => format!("you do not ignore {name} ({id}) any more"),
        (Lang::Zh, true) => format!("已屏蔽 {name}（{id}）；/unignore {id} 解除"),
        (Lang::Zh, false) => format!("已解除对 {name}（{id}）的屏蔽"),
    }
}

/// Whom one ignores, a line for each.
pub fn ignored(people: &[Party], lang: Lang) -> Vec<String> {
    let head = match (lang, people.is_empty()) {
        (Lang::En, true) => "you ignore nobody",
        (Lang::En, false) => "you ignore:",
        (Lang::Zh, true) => "你没有屏蔽任何人",
        (Lang::Zh, false) => "你屏蔽了：",
    };
    let lines = people.iter().map(|Party { id, name }| format!("{name} ({id})"));
    std::iter::once(head.to_owned()).chain(lines).collect()
}
