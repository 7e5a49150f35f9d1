//! What people read about being away.

use super::Lang;
use crate::protocol::{Absence, AbsenceKind, Member};

/// `away: lunch`.
pub fn absence(absence: &Absence, lang: Lang) -> String {
    let kind = match (absence.kind, lang) {
        (AbsenceKind::Busy, Lang::En) => "busy",
        (AbsenceKind::Away, Lang::En) => "away",
        (AbsenceKind::Busy, Lang::Zh) => "忙碌",
        (AbsenceKind::Away, Lang::Zh) => "离开",
    };
    match (absence.words(), lang) {
        ("", _) => kind.to_owned(),
        (words, Lang::En) => format!("{kind}: {words}"),
        (words, Lang::Zh) => format!("{kind}：{words}"),
    }
}

/// What one is oneself from now on.
pub fn own_absence(own: Option<&Absence>, lang: Lang) -> String {
    match (own, lang) {
        (Some(own), Lang::En) => format!("you are {}; /back ends it", absence(own, lang)),
        (Some(own), Lang::Zh) => format!("你现在的状态是 {}；/back 恢复在线", absence(own, lang)),
        (None, Lang::En) => "you are back".to_owned(),
        (None, Lang::Zh) => "你回来了".to_owned(),
    }
}

/// What somebody else is, or that they are back.
pub fn is_absent(member: &Member, lang: Lang) -> String {
    let name = &member.name;
    match (member.absence.as_deref(), lang) {
        (Some(theirs), Lang::En) => format!("{name} is {}", absence(theirs, lang)),
        (Some(theirs), Lang::Zh) => format!("{name} {}", absence(theirs, lang)),
        (None, Lang::En) => format!("{name} is back"),
        (None, Lang::Zh) => format!("{name} 回来了"),
    }
}
