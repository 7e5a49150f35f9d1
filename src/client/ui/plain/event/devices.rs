//! The devices of one's account, line by line.

use super::line;
use crate::client::{OwnDevice, Update};

/// Nothing else comes here.
pub(super) fn lines(update: &Update) -> String {
    match update {
        Update::Devices(devices) => {
            let mut lines: String = devices.iter().map(device).collect();
            lines.push_str(&line("devices-end", &[]));
            lines
        }
        Update::DeviceEnded { device, sessions } => {
            line("device-ended", &[device, &sessions.to_string()])
        }
        _ => String::new(),
    }
}

/// Its name, three times, `this` where it is this one, and from where it is connected.
fn device(device: &OwnDevice) -> String {
    let times = [device.since, device.used, device.token_until].map(|time| time.to_string());
    let is_this = if device.is_this { "this" } else { "" };
    let [since, used, token_until] = times.each_ref().map(String::as_str);
    let mut fields = vec![device.device.as_str(), since, used, token_until, is_this];
    fields.extend(device.online.iter().map(String::as_str));
    line("device", &fields)
}
