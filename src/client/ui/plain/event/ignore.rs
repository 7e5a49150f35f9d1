//! Whom one ignores, line by line.

use super::line;
use crate::client::{IgnoreMes, Update};

/// Nothing else comes here.
pub(super) fn lines(update: &Update) -> String {
    match update {
        Update::Ignoring(mes) => {
            let kind = if mes.off == Some(true) { "unignore-ok" } else { "ignore-ok" };
            person(kind, mes)
        }
        Update::Ignored(told) => {
            let mut lines: String = told.people.iter().map(|mes| person("ignored", mes)).collect();
            if !told.more {
                lines.push_str(&line("ignored-end", &[]));
            }
            lines
        }
        _ => String::new(),
    }
}

fn person(kind: &str, mes: &IgnoreMes) -> String {
    line(kind, &[&mes.user_id.to_string(), mes.user_name.as_deref().unwrap_or_default()])
}
