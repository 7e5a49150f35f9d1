//! Who asks for an account, line by line.

use super::line;
use crate::client::{EntryMes, Update};
use crate::protocol::wire::entry::Applicant;

/// Nothing else comes here.
pub(super) fn lines(update: &Update) -> String {
    match update {
        Update::Applicants(told) => {
            let mut lines: String = told.applicants.iter().map(applicant).collect();
            if !told.more {
                lines.push_str(&line("applicants-end", &[]));
            }
            lines
        }
        Update::Entry(mes) => entry(mes),
        _ => String::new(),
    }
}

fn applicant(applicant: &Applicant) -> String {
    let (id, since) = (applicant.user_id.to_string(), applicant.time.to_string());
    line("applicant", &[&id, &applicant.user_name, &since])
}

/// What, about whom, by whom, why.
fn entry(mes: &EntryMes) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let by = mes.user_id.map_or_else(String::new, |id| id.to_string());
    let (whom, name) = (mes.whom_id.to_string(), text(&mes.whom_name));
    line("entry", &[&mes.act, &whom, &name, &by, &text(&mes.user_name), &text(&mes.text)])
}
