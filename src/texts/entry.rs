//! What people read about who asks for an account.

use super::Lang;
use crate::protocol::{Applicant, EntryNews, Knock, Millis, Party};

/// To who registered, and has to wait under this id.
pub(super) fn asked(id: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("asked for; your id is {id}, and an operator has still to let you in"),
        Lang::Zh => format!("申请已收到，你的 id 是 {id}，请等待管理员批准"),
    }
}

/// What operators are told. The command is typed as it stands.
pub fn entry_news(news: &EntryNews, lang: Lang) -> String {
    let Party { id, name } = &news.whom;
    match (&news.what, lang) {
        (Knock::Waits, Lang::En) => {
            format!("{name} ({id}) asks for an account: /approve {id}, or /reject {id} [WHY]")
        }
        (Knock::Waits, Lang::Zh) => {
            format!("{name}（{id}）申请账号：/approve {id}，或 /reject {id} [理由]")
        }
        (Knock::LetIn(by), Lang::En) => format!("{name} ({id}) is let in ({})", by.name),
        (Knock::LetIn(by), Lang::Zh) => format!("{name}（{id}）已获批准（{}）", by.name),
        (Knock::Rejected(by, why), Lang::En) => {
            let why = why.as_ref().map_or(String::new(), |why| format!(": {}", why.as_str()));
            format!("{name} ({id}) does not get an account ({}){why}", by.name)
        }
        (Knock::Rejected(by, why), Lang::Zh) => {
            let why = why.as_ref().map_or(String::new(), |why| format!("：{}", why.as_str()));
            format!("{name}（{id}）的申请被拒绝（{}）{why}", by.name)
        }
    }
}

/// Who waits, a line each, those first who asked first. `time` spells a moment.
pub fn applicants(all: &[Applicant], lang: Lang, time: fn(Millis) -> String) -> Vec<String> {
    if all.is_empty() {
        return vec![match lang {
            Lang::En => "nobody asks for an account".to_owned(),
            Lang::Zh => "没有账号申请".to_owned(),
        }];
    }
    let line = |applicant: &Applicant| {
        let (Party { id, name }, since) = (&applicant.who, time(applicant.since));
        match lang {
            Lang::En => format!("{id} {name}, since {since} UTC"),
            Lang::Zh => format!("{id} {name}，{since} UTC 起"),
        }
    };
    all.iter().map(line).collect()
}
