//! The devices of an account, as its owner sees them.

use std::sync::Arc;

use super::{Device, Millis};

/// A device of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnDevice {
    /// `None`: what all clients share that give no name, those at lines and those of the course.
    pub name: Option<Device>,
    /// Of its first login; 0 where that is not known.
    pub since: Millis,
    /// When it last came or went; 0 where that is not known.
    pub used: Millis,
    /// Until then it may come back without the password, if somebody does not end that; 0: it
    /// may not.
    pub token_until: Millis,
    /// From where it is connected now, each as others may see it; at most
    /// [`OwnDevice::MAX_ONLINE`].
    pub online: Vec<Arc<str>>,
    /// It is the one that asks.
    pub is_this: bool,
}

impl OwnDevice {
    /// Connections that are listed of one device.
    pub const MAX_ONLINE: usize = 10;

    /// The one used last first; what was never seen to come, by name.
    pub fn in_order(devices: &mut [Self]) {
        devices.sort_unstable_by(|a, b| b.used.cmp(&a.used).then_with(|| a.name.cmp(&b.name)));
    }
}
