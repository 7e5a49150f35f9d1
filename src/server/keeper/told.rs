//! What the command line tells those who are online, on its way to the hub.

use super::super::clerk::Halt;
use super::Keeping;
use crate::hub::Item;
use crate::state::Input;

impl Keeping {
    /// All that was told since the last time. Blocks while the hub's inbox is full.
    pub(super) fn hear(&self) -> Result<(), Halt> {
        let told = match self.clerk.store.told(self.heard.get()) {
            Ok(told) => told,
            Err(error) => {
                // Others say that the store is away; the next look finds it.
                log::debug!("nothing is known of what the command line tells: {error}");
                return Ok(());
            }
        };
        let Some(last) = told.last() else { return Ok(()) };
        self.heard.set(last.id);
        let told = told.into_iter().map(|told| (told.time, told.tiding)).collect();
        self.hub.enter(Item::Input(Input::Told(told))).map_err(|_ended| Halt::Stopped)
    }
}
