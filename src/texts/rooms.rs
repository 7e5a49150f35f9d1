//! What people read about named rooms.

use super::Lang;
use crate::protocol::{NamedRoom, News, Role, RoomKind, RoomMember, RoomNews};

/// Something happened in a room.
pub fn news(news: &RoomNews, lang: Lang) -> String {
    let what = match lang {
        Lang::En => news_en(news),
        Lang::Zh => news_zh(news),
    };
    format!("{}: {what}", news.name)
}

fn news_en(news: &RoomNews) -> String {
    let (name, by) = (&news.name, &news.by.name);
    match &news.what {
        News::Joined => format!("{by} joined"),
        News::Left => format!("{by} left"),
        News::Kicked(whom, None) => format!("{by} put {} out", whom.name),
        News::Kicked(whom, Some(why)) => format!("{by} put {} out: {}", whom.name, why.as_str()),
        News::Invited(whom) => format!("{by} invites {}; to come in: /join {name}", whom.name),
        News::Role(whom, role) => {
            format!("{} is {} now ({by})", whom.name, self::role(*role, Lang::En))
        }
        News::Topic(topic) if topic.as_str().is_empty() => format!("{by} took the topic away"),
        News::Topic(topic) => format!("{by} changed the topic: {}", topic.as_str()),
        News::Set(kind, guests) => format!("{} ({by})", access(*kind, *guests, Lang::En)),
        News::Closed => format!("{by} closed the room; it is no more"),
        // Has words of its own.
        News::Sanctioned(..) | News::Lifted(..) => String::new(),
    }
}

fn news_zh(news: &RoomNews) -> String {
    let (name, by) = (&news.name, &news.by.name);
    match &news.what {
        News::Joined => format!("{by} 加入了房间"),
        News::Left => format!("{by} 退出了房间"),
        News::Kicked(whom, None) => format!("{by} 把 {} 请出了房间", whom.name),
        News::Kicked(whom, Some(why)) => {
            format!("{by} 把 {} 请出了房间：{}", whom.name, why.as_str())
        }
        News::Invited(whom) => format!("{by} 邀请 {}；进入房间：/join {name}", whom.name),
        News::Role(whom, role) => {
            format!("{} 现在是{}（{by}）", whom.name, self::role(*role, Lang::Zh))
        }
        News::Topic(topic) if topic.as_str().is_empty() => format!("{by} 去掉了主题"),
        News::Topic(topic) => format!("{by} 更改了主题：{}", topic.as_str()),
        News::Set(kind, guests) => format!("{}（{by}）", access(*kind, *guests, Lang::Zh)),
        News::Closed => format!("{by} 关闭了房间"),
        News::Sanctioned(..) | News::Lifted(..) => String::new(),
    }
}

/// What somebody is in a room.
pub fn role(role: Role, lang: Lang) -> &'static str {
    match (lang, role) {
        (Lang::En, role) => role.name(),
        (Lang::Zh, Role::Member) => "成员",
        (Lang::Zh, Role::Moderator) => "管理员",
        (Lang::Zh, Role::Owner) => "房主",
    }
}

/// Who may come in.
pub fn access(kind: RoomKind, guests: bool, lang: Lang) -> &'static str {
    match (lang, kind, guests) {
        (Lang::En, RoomKind::Open, true) => "open to everybody",
        (Lang::En, RoomKind::Open, false) => "open to accounts",
        (Lang::En, RoomKind::Invite, _) => "by invitation",
        (Lang::En, RoomKind::Hidden, _) => "hidden, by invitation",
        (Lang::Zh, RoomKind::Open, true) => "对所有人开放",
        (Lang::Zh, RoomKind::Open, false) => "对有账号的人开放",
        (Lang::Zh, RoomKind::Invite, _) => "凭邀请进入",
        (Lang::Zh, RoomKind::Hidden, _) => "隐藏，凭邀请进入",
    }
}

/// One is in a room now.
pub fn entered(room: &NamedRoom, as_what: Role, lang: Lang) -> String {
    let (name, role, topic) = (&room.name, role(as_what, lang), room.topic.as_str());
    let access = access(room.kind, room.guests, lang);
    let about = if topic.is_empty() { String::new() } else { format!(": {topic}") };
    match lang {
        Lang::En => format!("you are in {name} now, as {role} ({access}){about}"),
        Lang::Zh => format!("你已进入 {name}，身份：{role}（{access}）{about}"),
    }
}

/// The rooms one is in.
pub fn my_rooms(rooms: &[(NamedRoom, Role)], lang: Lang) -> String {
    let names: Vec<_> = rooms.iter().map(|(room, _)| room.name.as_str()).collect();
    let names = names.join(" ");
    match lang {
        Lang::En => format!("you are in {names}; to talk there: /join ROOM"),
        Lang::Zh => format!("你在这些房间里：{names}；去那里说话：/join 房间"),
    }
}

/// Where plain text goes from now on.
pub fn here(room: Option<&NamedRoom>, lang: Lang) -> String {
    match (lang, room) {
        (Lang::En, Some(room)) => format!("what you type goes to {} now", room.name),
        (Lang::En, None) => "what you type goes to the lobby now".to_owned(),
        (Lang::Zh, Some(room)) => format!("现在你输入的内容发到 {}", room.name),
        (Lang::Zh, None) => "现在你输入的内容发到大厅".to_owned(),
    }
}

/// What a room is about.
pub fn topic(room: &NamedRoom, lang: Lang) -> String {
    match (lang, room.topic.as_str()) {
        (Lang::En, "") => format!("{} has no topic", room.name),
        (Lang::Zh, "") => format!("{} 没有主题", room.name),
        (_, topic) => format!("{}: {topic}", room.name),
    }
}

/// The rooms there are, a line each.
pub fn rooms(rooms: &[(NamedRoom, usize)], more: bool, lang: Lang) -> Vec<String> {
    let line = |(room, online): &(NamedRoom, usize)| {
        let (name, topic) = (&room.name, room.topic.as_str());
        let access = access(room.kind, room.guests, lang);
        match lang {
            Lang::En => format!("{name} ({access}, {online} online) {topic}"),
            Lang::Zh => format!("{name}（{access}，在线 {online} 人）{topic}"),
        }
    };
    let mut lines: Vec<_> = rooms.iter().map(|room| line(room).trim_end().to_owned()).collect();
    match (rooms.last(), lang) {
        (None, Lang::En) => lines.push("there are no rooms; /create makes one".to_owned()),
        (None, Lang::Zh) => lines.push("没有房间；可以用 /create 新建".to_owned()),
        (Some((last, _)), Lang::En) if more => lines.push(format!("more: /rooms {}", last.name)),
        (Some((last, _)), Lang::Zh) if more => lines.push(format!("更多：/rooms {}", last.name)),
        _ => {}
    }
    lines
}

/// The members of a room, a line each.
pub fn members(room: &NamedRoom, members: &[RoomMember], more: bool, lang: Lang) -> Vec<String> {
    let line = |member: &RoomMember| {
        let (id, name, role) = (member.who.id, &member.who.name, role(member.role, lang));
        match (lang, member.online) {
            (Lang::En, true) => format!("{name} ({id}): {role}, online"),
            (Lang::En, false) => format!("{name} ({id}): {role}"),
            (Lang::Zh, true) => format!("{name}（{id}）：{role}，在线"),
            (Lang::Zh, false) => format!("{name}（{id}）：{role}"),
        }
    };
    let title = match lang {
        Lang::En => format!("members of {}:", room.name),
        Lang::Zh => format!("{} 的成员：", room.name),
    };
    let mut lines: Vec<_> = std::iter::once(title).chain(members.iter().map(line)).collect();
    if let Some(last) = members.last().filter(|_| more) {
        let (name, id) = (&room.name, last.who.id);
        lines.push(match lang {
            Lang::En => format!("more: /members {name} {id}"),
            Lang::Zh => format!("更多：/members {name} {id}"),
        });
    }
    lines
}
