//! What happens in rooms, in words: for the full screen and the menus.

use crate::client::RoomMes;
use crate::clock;
use crate::protocol::wire::act;
use crate::protocol::{Millis, Role, RoomKind};
use crate::texts::full::{Ordered, Tell};
use crate::texts::{self, Lang};

use super::clean;

/// Something happened in a room. Clean.
pub(super) fn line(mes: &RoomMes, lang: Lang) -> String {
    let name = |name: &Option<String>| clean::line(name.as_deref().unwrap_or_default());
    let (by, whom, text) = (name(&mes.user_name), name(&mes.whom_name), name(&mes.text));
    let (by, whom, text) = (by.as_str(), whom.as_str(), text.as_str());
    let (room, against) = (&clean::line(&mes.room_name), name(&mes.against));
    let whom = if whom.is_empty() { against.as_str() } else { whom };
    let role = mes.role.as_deref().unwrap_or_default();
    let role =
        Role::from_name(role).map_or(clean::line(role), |role| texts::role(role, lang).into());
    let kind = mes.access.as_deref().unwrap_or_default();
    let guests = mes.guests.unwrap_or_default();
    let access = RoomKind::from_name(kind)
        .map_or(clean::line(kind), |kind| texts::access(kind, guests, lang).into());
    let holds;
    let tell = match mes.act.as_str() {
        act::ENTERED => Tell::Entered { room, topic: text },
        act::JOIN => Tell::Joined { by },
        act::PART => Tell::Parted { by },
        act::KICK => Tell::Kicked { by, whom, room, why: text },
        act::INVITE => Tell::Invited { by, whom, room },
        act::ROLE => Tell::Role { by, whom, role: &role },
        act::CLOSE => Tell::Closed { by, room },
        act::TOPIC => Tell::Topic { by, topic: text },
        act::SET => Tell::Access { by, access: &access },
        act => match act::ORDERS.iter().find(|(name, _)| *name == act) {
            Some((_, (measure, begins))) => {
                holds = texts::holds(*measure, mes.until.map(Millis), lang, clock::minute);
                let (whom, every) = (texts::everybody(whom, lang), mes.every.unwrap_or_default());
                let what = (*measure, *begins);
                Tell::Ordered(Ordered { by, whom, room, what, every, holds: &holds, why: text })
            }
            None => Tell::Did { by, act: &clean::line(act), whom, why: text },
        },
    };
    tell.text(lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_says_whom_it_hits_and_for_how_long() {
        let news = |act: &str, whom: &str, until, lang| {
            let mes = RoomMes {
                act: act.to_owned(),
                room: "!1".to_owned(),
                room_name: "#soup".to_owned(),
                user_name: Some("tom".to_owned()),
                against: Some(whom.to_owned()),
                every: Some(5),
                until,
                text: Some("spam".to_owned()),
                ..RoomMes::default()
            };
            line(&mes, lang)
        };
        let (en, zh, hour) = (Lang::En, Lang::Zh, Some(3_600_000));
        let until = "until 1970-01-01 01:00 UTC";
        let banned = format!("tom banned spam* from #soup {until}: spam");
        assert_eq!(news("ban", "spam*", hour, en), banned);
        assert_eq!(news("ban", "bob", None, en), "tom banned bob from #soup, without an end: spam");
        assert_eq!(news("mute", "bob", hour, en), format!("tom muted bob {until}: spam"));
        assert_eq!(news("slow", "*", None, en), "everybody: one message in 5 s (tom): spam");
        assert_eq!(news("slow", "*", None, zh), "所有人：每 5 秒一条消息（tom）: spam");
        assert_eq!(news("mute", "bob", None, zh), "tom 禁言了 bob，没有期限: spam");
    }
}
