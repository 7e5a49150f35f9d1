//! What people read about keeping order.

use super::Lang;
use crate::protocol::{
    Against, Deed, Measure, Millis, News, Party, RoomId, RoomName, RoomNews, Sanction,
};

/// Somebody is banned, muted or slowed, or is so no longer; nothing for other news. `time`
/// spells a moment.
pub fn order_news(news: &RoomNews, lang: Lang, time: fn(Millis) -> String) -> Option<String> {
    let by = &news.by.name;
    let what = match (&news.what, lang) {
        (News::Sanctioned(sanction, who), Lang::En) => {
            format!("{} ({by})", sanction_line(sanction, who.as_ref(), lang, time))
        }
        (News::Sanctioned(sanction, who), Lang::Zh) => {
            format!("{}（{by}）", sanction_line(sanction, who.as_ref(), lang, time))
        }
        (News::Lifted(key, who), lang) => {
            let (whom, measure) = (whom(&key.against, who.as_ref(), lang), key.measure);
            match (lang, measure) {
                (Lang::En, Measure::Ban) => format!("{whom} may come in again ({by})"),
                (Lang::En, Measure::Mute) => format!("{whom} may speak again ({by})"),
                (Lang::En, Measure::Slow) => format!("slow mode is off for {whom} ({by})"),
                (Lang::Zh, Measure::Ban) => format!("{whom} 已解除封禁（{by}）"),
                (Lang::Zh, Measure::Mute) => format!("{whom} 已解除禁言（{by}）"),
                (Lang::Zh, Measure::Slow) => format!("{whom} 的慢速模式已关闭（{by}）"),
            }
        }
        _ => return None,
    };
    let place = place(news.room, &news.name, lang);
    Some(match (news.room, lang) {
        (RoomId::Named(_), _) | (_, Lang::En) => format!("{place}: {what}"),
        (_, Lang::Zh) => format!("{place}：{what}"),
    })
}

/// Who is banned, muted or slowed somewhere, a line each.
pub fn sanctions(
    (room, name): (RoomId, &RoomName),
    all: &[Sanction],
    lang: Lang,
    time: fn(Millis) -> String,
) -> Vec<String> {
    let place = place(room, name, lang);
    let line = |sanction: &Sanction| {
        let (what, by) = (sanction_line(sanction, None, lang, time), &sanction.by.name);
        match lang {
            Lang::En => format!("{place}: {what} ({by})"),
            Lang::Zh => format!("{place}：{what}（{by}）"),
        }
    };
    if all.is_empty() {
        return vec![match lang {
            Lang::En => format!("{place}: nobody is banned, muted or slowed"),
            Lang::Zh => format!("{place}：没有封禁、禁言或限速"),
        }];
    }
    all.iter().map(line).collect()
}

/// What was done to keep order, a line each. Kept in English, as the command line shows it.
pub fn deeds(all: &[Deed], lang: Lang, time: fn(Millis) -> String) -> Vec<String> {
    if all.is_empty() {
        return vec![match lang {
            Lang::En => "nothing was done so far".to_owned(),
            Lang::Zh => "还没有记录".to_owned(),
        }];
    }
    all.iter().map(|deed| deed_line(deed, time)).collect()
}

/// One act: when, who, what, where, to whom, how and why.
pub fn deed_line(deed: &Deed, time: fn(Millis) -> String) -> String {
    let by = match deed.by.id {
        Deed::CONSOLE => deed.by.name.to_string(),
        id => format!("{} ({id})", deed.by.name),
    };
    let place = deed.place.map_or_else(|| "server".to_owned(), |no| RoomId::Named(no).to_string());
    let mut line = format!("{} {by} {} {place}", time(deed.time), deed.act);
    for part in [&deed.whom, &deed.how].into_iter().flatten() {
        line.push(' ');
        line.push_str(part);
    }
    if let Some(reason) = &deed.reason {
        line.push_str(": ");
        line.push_str(reason.as_str());
    }
    line
}

fn place(room: RoomId, name: &RoomName, lang: Lang) -> String {
    match (room, lang) {
        (RoomId::Named(_), _) => name.to_string(),
        (_, Lang::En) => "server".to_owned(),
        (_, Lang::Zh) => "服务器".to_owned(),
    }
}

fn whom(against: &Against, who: Option<&Party>, lang: Lang) -> String {
    if let Some(who) = who {
        return match lang {
            Lang::En => format!("{} ({})", who.name, who.id),
            Lang::Zh => format!("{}（{}）", who.name, who.id),
        };
    }
    everybody(&against.to_string(), lang).to_owned()
}

/// For how long, to stand behind what was done. `time` spells a moment.
pub fn holds(
    measure: Measure,
    until: Option<Millis>,
    lang: Lang,
    time: fn(Millis) -> String,
) -> String {
    match (until, lang) {
        (Some(until), Lang::En) => format!(" until {} UTC", time(until)),
        (Some(until), Lang::Zh) => format!("，直到 {} UTC", time(until)),
        (None, _) if measure == Measure::Slow => String::new(),
        // Said, for a time that is typed wrong is taken for the reason.
        (None, Lang::En) => ", without an end".to_owned(),
        (None, Lang::Zh) => "，没有期限".to_owned(),
    }
}

/// Who is meant by a pattern of names, where it is everybody.
pub fn everybody(against: &str, lang: Lang) -> &str {
    match (against, lang) {
        ("*", Lang::En) => "everybody",
        ("*", Lang::Zh) => "所有人",
        (against, _) => against,
    }
}

fn sanction_line(
    sanction: &Sanction,
    who: Option<&Party>,
    lang: Lang,
    time: fn(Millis) -> String,
) -> String {
    let (whom, every) = (whom(&sanction.key.against, who, lang), sanction.every);
    let what = match (lang, sanction.key.measure) {
        (Lang::En, Measure::Ban) => format!("{whom} is banned"),
        (Lang::En, Measure::Mute) => format!("{whom} is muted"),
        (Lang::En, Measure::Slow) => format!("{whom}: one message in {every} s"),
        (Lang::Zh, Measure::Ban) => format!("{whom} 被封禁"),
        (Lang::Zh, Measure::Mute) => format!("{whom} 被禁言"),
        (Lang::Zh, Measure::Slow) => format!("{whom}：每 {every} 秒一条消息"),
    };
    let until = Some(holds(sanction.key.measure, sanction.until, lang, time));
    let reason = sanction.reason.as_ref().map(|reason| match lang {
        Lang::En => format!(": {}", reason.as_str()),
        Lang::Zh => format!("：{}", reason.as_str()),
    });
    [Some(what), until, reason].into_iter().flatten().collect()
}
