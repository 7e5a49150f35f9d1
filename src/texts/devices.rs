//! What people read about the devices of their account.

use super::Lang;
use crate::protocol::{Millis, OwnDevice};

/// How a device without a name is called where one is to be typed.
pub const NAMELESS: &str = "-";

/// A line for each device; a time as `spell` spells it.
pub fn devices(devices: &[OwnDevice], lang: Lang, spell: fn(Millis) -> String) -> Vec<String> {
    devices.iter().map(|device| line(device, lang, spell)).collect()
}

fn line(device: &OwnDevice, lang: Lang, spell: fn(Millis) -> String) -> String {
    let name = device.name.as_ref().map_or(NAMELESS, |name| name.as_str());
    let online = device.online.join(", ");
    let (used, since) = (spell(device.used), spell(device.since));
    let words = match lang {
        Lang::En => [
            "this one".to_owned(),
            format!("here from {online}"),
            format!("used last {used}"),
            format!("since {since}"),
            "needs no password".to_owned(),
        ],
        Lang::Zh => [
            "本设备".to_owned(),
            format!("在线，来自 {online}"),
            format!("最近使用 {used}"),
            format!("首次登录 {since}"),
            "免密码登录".to_owned(),
        ],
    };
    let is_so = [
        device.is_this,
        !online.is_empty(),
        online.is_empty() && device.used > Millis(0),
        device.since > Millis(0),
        device.token_until > Millis(0),
    ];
    let parts = words.into_iter().zip(is_so).filter_map(|(words, is_so)| is_so.then_some(words));
    let parts: Vec<_> = parts.collect();
    match lang {
        Lang::En => format!("{name}: {}", parts.join("; ")),
        Lang::Zh => format!("{name}：{}", parts.join("；")),
    }
}

/// A device is logged out.
pub fn device_ended(name: Option<&str>, sessions: usize, lang: Lang) -> String {
    let name = name.unwrap_or(NAMELESS);
    match (lang, sessions) {
        (Lang::En, 1) => format!("{name} is logged out; 1 connection ended"),
        (Lang::En, n) => format!("{name} is logged out; {n} connections ended"),
        (Lang::Zh, n) => format!("{name} 已退出登录，断开 {n} 个连接"),
    }
}
