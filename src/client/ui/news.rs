//! What happens in rooms, in words: for the full screen and the menus.

use crate::client::RoomMes;
use crate::protocol::wire::act;
use crate::protocol::{Role, RoomKind};
use crate::texts::full::Tell;
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
    let tell = match mes.act.as_str() {
        act::ENTERED => Tell::Entered { room, topic: text },
        act::JOIN => Tell::Joined { by },
        act::PART => Tell::Parted { by },
        // Who is banned is put out, too.
        act::KICK | "ban" => Tell::Kicked { by, whom, room, why: text },
        act::INVITE => Tell::Invited { by, whom, room },
        act::ROLE => Tell::Role { by, whom, role: &role },
        act::CLOSE => Tell::Closed { by, room },
        act::TOPIC => Tell::Topic { by, topic: text },
        act::SET => Tell::Access { by, access: &access },
        act => match act::ORDERS.iter().find(|(name, _)| *name == act) {
            Some((_, (measure, begins))) => {
                Tell::Ordered { by, whom, what: (*measure, *begins), why: text }
            }
            None => Tell::Did { by, act: &clean::line(act), whom, why: text },
        },
    };
    tell.text(lang)
}
