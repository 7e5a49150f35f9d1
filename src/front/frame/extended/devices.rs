//! The devices of an account.

use crate::protocol::frame::encode;
use crate::protocol::wire::{self, Devices, EndDevice, kind};
use crate::protocol::{Device, Event, OwnDevice};

/// Nothing else comes here. A hundred and some devices take some 40 KB at most.
pub(super) fn spell(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Devices(devices) => {
            let devices = devices.iter().map(listed).collect();
            encode(kind::DEVICES_RES, &Devices { devices }, out);
        }
        Event::DeviceEnded { device, sessions } => {
            let sessions = u64::try_from(*sessions).ok();
            let mes = EndDevice { device: spelled(device.as_ref()), sessions };
            encode(kind::END_DEVICE_RES, &mes, out);
        }
        _ => {}
    }
}

fn spelled(device: Option<&Device>) -> String {
    device.map_or("", Device::as_str).to_owned()
}

fn listed(device: &OwnDevice) -> wire::OwnDevice {
    wire::OwnDevice {
        device: spelled(device.name.as_ref()),
        since: device.since.0,
        used: device.used.0,
        token_until: device.token_until.0,
        online: device.online.iter().map(ToString::to_string).collect(),
        is_this: device.is_this,
    }
}
