//! The devices of an account: what is asked of Redis.

use std::collections::BTreeMap;

use redis::cmd;

use super::super::StoreError;
use super::part::Part;
use super::record;
use crate::protocol::{Device, Millis, OwnDevice, UserId};

impl Part {
    pub(super) fn devices_of(&self, account: UserId) -> Result<Vec<OwnDevice>, StoreError> {
        type Found = (Vec<String>, BTreeMap<String, String>, Vec<String>);
        let (names, seen, digests): Found = self.ask(|redis| {
            let mut ask = redis::pipe();
            ask.cmd("ZRANGE").arg(self.tag.devices(account)).arg(0).arg(-1);
            ask.cmd("HGETALL").arg(self.tag.seen(account));
            ask.cmd("ZRANGE").arg(self.tag.tokens_of(account)).arg(0).arg(-1).query(redis)
        })?;
        let mut devices: BTreeMap<Option<Device>, OwnDevice> = BTreeMap::new();
        for name in names.iter().filter_map(|name| Device::new(name)) {
            let (since, used) = times(seen.get(name.as_str()).map(String::as_str));
            let name = Some(name);
            devices.insert(name.clone(), OwnDevice { name, since, used, ..OwnDevice::default() });
        }
        let tokens: Vec<Option<String>> = match digests.is_empty() {
            true => Vec::new(),
            false => {
                self.ask(|redis| cmd("HMGET").arg(self.tag.tokens()).arg(&digests).query(redis))?
            }
        };
        for token in tokens.iter().flatten().filter_map(|token| record::read_token(token)) {
            let name = token.device;
            let device = devices.entry(name.clone()).or_default();
            device.name = name;
            device.token_until = device.token_until.max(token.expires);
        }
        let mut devices: Vec<_> = devices.into_values().collect();
        OwnDevice::in_order(&mut devices);
        Ok(devices)
    }
}

/// When a device came first, and when it was there last, as append.lua writes it.
pub(super) fn times(seen: Option<&str>) -> (Millis, Millis) {
    let parts = seen.and_then(|seen| seen.split_once(' '));
    let time = |text: &str| Millis(text.parse().unwrap_or_default());
    parts.map_or_else(Default::default, |(since, used)| (time(since), time(used)))
}
