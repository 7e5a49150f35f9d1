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
    let mut parts = Vec::new();
    let mut add = |is_so: bool, en: String, zh: String| {
        if is_so {
            parts.push(if lang == Lang::En { en } else { zh });
        }
    };
    add(device.is_this, "this one".to_owned(), "本设备".to_owned());
    add(!online.is_empty(), format!("here from {online}"), format!("在线，来自 {online}"));
    let is_gone = online.is_empty() && device.used > Millis(0);
    let used = spell(device.used);
    add(is_gone, format!("used last {used}"), format!("最近使用 {used}"));
    let since = spell(device.since);
    add(device.since > Millis(0), format!("since {since}"), format!("首次登录 {since}"));
    let needs_none = device.token_until > Millis(0);
    add(needs_none, "needs no password".to_owned(), "免密码登录".to_owned());
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
