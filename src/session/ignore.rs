//! Whom one's account ignores: changing the list, and leaving out of what is read from the store
//! what those people said. What is said now is left out by the hub.

use super::asking::refusal_of;
use super::replay::patiently;
use super::{End, Session};
use crate::dao::{StoreError, Write};
use crate::protocol::{Act, ErrorCode, Event, Party, Refusal, RoomId, UserId, Who};

impl Session<'_> {
    /// Blocks on the store: the list is changed there first.
    pub(super) fn ignore(&mut self, who: &Who, is_so: bool) {
        match self.try_ignore(who, is_so) {
            Ok(whom) => self.ask(Act::Ignore(whom, is_so)),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    fn try_ignore(&mut self, who: &Who, is_so: bool) -> Result<Party, Refusal> {
        let account = self.account().ok_or(ErrorCode::NotLoggedIn)?;
        let whom = match who {
            // Who is no more can be taken off the list.
            Who::Id(id) if !is_so => *id,
            who => self.resolve(who)?,
        };
        if whom == account {
            return Err(ErrorCode::NotOneself.into());
        }
        self.host.write(Write::Ignore { account, whom, is_so })?;
        self.called_now(whom)
    }

    pub(super) fn list_ignored(&self) {
        match self.read_ignored() {
            Ok(people) => self.tell(&Event::Ignored(people.into())),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    fn read_ignored(&self) -> Result<Vec<Party>, Refusal> {
        let account = self.account().ok_or(ErrorCode::NotLoggedIn)?;
        let ignored = self.host.store.ignored(account).map_err(|error| refusal_of(&error))?;
        ignored.into_iter().map(|id| self.called_now(id)).collect()
    }

    /// An account as it is called by now; one that is no more by its id.
    fn called_now(&self, id: UserId) -> Result<Party, Refusal> {
        let name = match self.host.store.account(id) {
            Ok(account) => account.map(|account| account.name.shown()),
            Err(StoreError::Unreadable(_)) => None,
            Err(error) => return Err(refusal_of(&error)),
        };
        Ok(Party { id, name: name.unwrap_or_else(|| id.to_string().into()) })
    }

    /// Does the other one of a private room take messages of this account? Of who is online the
    /// hub knows it; here it is asked for those who are not.
    pub(super) fn check_taken(&mut self, room: RoomId) -> Result<(), Refusal> {
        let (Some(me), RoomId::Pair(..)) = (self.account(), room) else { return Ok(()) };
        let Some(peer) = room.other(me).filter(|peer| *peer != me) else { return Ok(()) };
        if self.taking.contains(peer) {
            return Ok(());
        }
        if self.host.store.ignores(peer, me).map_err(|error| refusal_of(&error))? {
            return Err(ErrorCode::NotTaken.into());
        }
        self.taking.add(peer);
        Ok(())
    }

    /// Reads whom the account ignores, before something is read of which that is left out.
    pub(super) fn learn_ignored(&mut self, account: UserId) -> Result<(), StoreError> {
        self.ignored = self.host.store.ignored(account)?.into_iter().collect();
        Ok(())
    }

    /// The same, patiently.
    pub(super) fn load_ignored(&mut self, account: UserId) -> Result<(), End> {
        let ignored = patiently(|| self.host.store.ignored(account))?;
        self.ignored = ignored.into_iter().collect();
        Ok(())
    }
}
