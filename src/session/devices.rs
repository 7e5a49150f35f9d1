//! The devices of one's account: which there are, and ending one.

use super::Session;
use super::asking::refusal_of;
use crate::clock;
use crate::dao::Write;
use crate::protocol::{Act, Device, ErrorCode, Event, Millis, OwnDevice, Refusal, UserId};

impl Session<'_> {
    /// The name by which this session's client calls its device, whether the server keeps its
    /// place or not.
    pub(super) fn called(&self) -> Option<Device> {
        self.hello.as_ref().and_then(|hello| hello.device.clone())
    }

    pub(super) fn list_devices(&mut self) {
        match self.devices() {
            Ok(devices) => self.ask(Act::Devices(devices)),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    fn devices(&self) -> Result<Vec<OwnDevice>, Refusal> {
        let account = self.account().ok_or_else(|| Refusal::of(ErrorCode::NotLoggedIn))?;
        let mut devices = self.host.store.devices(account).map_err(|error| refusal_of(&error))?;
        let now = clock::now_ms();
        for device in devices.iter_mut().filter(|device| device.token_until <= now) {
            device.token_until = Millis(0);
        }
        Ok(devices)
    }

    /// Ends the tokens of a device, then its sessions, this one not spared. Blocks on the store.
    pub(super) fn end_device(&mut self, device: Option<Device>) {
        match self.try_end_device(device.as_ref()) {
            Ok(()) => self.ask(Act::EndDevice(device)),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    fn try_end_device(&self, device: Option<&Device>) -> Result<(), Refusal> {
        let account = self.account().ok_or_else(|| Refusal::of(ErrorCode::NotLoggedIn))?;
        let known = self.devices()?;
        // All who give no name are one device, known or not, and so is one's own.
        let is_known = device.is_none()
            || self.called().as_ref() == device
            || known.iter().any(|known| known.name.as_ref() == device);
        if !is_known {
            return Err(Refusal::of(ErrorCode::UnknownDevice));
        }
        let device = device.cloned();
        self.host.write(Write::RevokeDevice { account, device }).map_err(Refusal::of)?;
        log::info!("{account} has logged a device out");
        Ok(())
    }

    /// Keeps when a device was there last, without waiting for it.
    pub(super) fn note_use(&self, account: UserId) {
        if let Some(device) = self.called().filter(|_| !self.shares_cursor()) {
            let time = clock::now_ms();
            self.host.write_later(Write::OpenDevice { account, device, time });
        }
    }
}
