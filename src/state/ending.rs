//! Sessions that the server ends because their account wants it: a device that is logged out,
//! all others after a new password, everybody of an account that is no more.
//!
//! From then on nothing is taken from such a session, although its thread may still hand in what
//! its peer had said before it read the last word.

use std::sync::Arc;

use super::{Effect, Moment, Session, State, Waiting};
use crate::protocol::{
    Act, Change, Device, ErrorCode, Event, Farewell, Leaving, Millis, OwnDevice, Refusal, RoomAct,
    RoomAsk, SessionId, Tiding, UserId,
};

/// Which sessions of an account are to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Device(Option<Device>),
    /// All but this one.
    But(SessionId),
    /// Those that were there before this moment.
    Before(Millis),
    All,
}

impl State {
    /// Adds to the devices of an account which of them are here.
    pub(super) fn tell_devices(
        &mut self,
        id: SessionId,
        mut devices: Vec<OwnDevice>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let ids = self.people.sessions(user).iter();
        let here = ids.filter_map(|id| Some((Some(*id), self.sessions.get(id)?)));
        let here = here.map(|(id, session)| (id, &session.called, &session.address));
        let elsewhere = self.people.elsewhere(user).map(|(called, from)| (None, called, from));
        for (other, called, address) in here.chain(elsewhere) {
            let at = devices.iter().position(|device| device.name == *called);
            let at = at.unwrap_or_else(|| {
                devices.push(OwnDevice { name: called.clone(), ..OwnDevice::default() });
                devices.len() - 1
            });
            let Some(device) = devices.get_mut(at) else { continue };
            device.is_this |= other == Some(id);
            if device.online.len() < OwnDevice::MAX_ONLINE {
                device.online.push(Arc::clone(address));
            }
        }
        self.tell(id, Event::Devices(devices.into()), effects);
    }

    /// A device of this session's account is logged out; its tokens have ended already.
    pub(super) fn end_device(
        &mut self,
        id: SessionId,
        device: Option<Device>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let those = self.those(user, &Which::Device(device.clone()));
        let elsewhere = self.people.elsewhere(user);
        let n_elsewhere = elsewhere.filter(|(called, _)| *called == device).count();
        let sessions = those.len() + n_elsewhere;
        self.tell_others(Tiding::EndDevice(user, device.clone()), effects);
        self.tell(id, Event::DeviceEnded { device, sessions }, effects);
        self.end_those(those, Farewell::LoggedOut, now, effects);
    }

    /// This session's account has another password.
    pub(super) fn end_others(&mut self, id: SessionId, now: Moment, effects: &mut Vec<Effect>) {
        let Some(user) = self.sessions.get(&id).map(|session| session.user) else { return };
        let those = self.those(user, &Which::But(id));
        self.tell_others(Tiding::EndOthers(user), effects);
        self.end_those(those, Farewell::LoggedOut, now, effects);
    }

    /// The same, asked for on another server, or by the operator.
    pub(super) fn end_here(
        &mut self,
        (user, which): (UserId, &Which),
        farewell: Farewell,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let those = self.those(user, which);
        self.end_those(those, farewell, now, effects);
    }

    /// What the command line did, at those moments. Who has come since is not meant: they came with
    /// the new password.
    pub(super) fn on_told_here(
        &mut self,
        all: Vec<(Millis, Tiding)>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        for (time, tiding) in all {
            let (user, farewell) = match tiding {
                Tiding::EndOthers(user) => (user, Farewell::LoggedOut),
                Tiding::EndAccount(user) => (user, Farewell::Deleted),
                Tiding::Entry(news) => {
                    self.tell_operators(None, news, effects);
                    continue;
                }
                // The command line does nothing else that those online hear of.
                _ => continue,
            };
            self.end_here((user, &Which::Before(time)), farewell, now, effects);
        }
    }

    /// An account wants to be no more: it leaves its rooms, so that others hear of it and who
    /// owns them next, and is deleted when that is stored.
    pub(super) fn delete_account(&mut self, id: SessionId, erase: bool, effects: &mut Vec<Effect>) {
        let Some(account) = self.sessions.get(&id).map(|session| session.user) else { return };
        if self.stop_at.is_some() || account.is_guest() {
            let code = match self.stop_at {
                Some(_) => ErrorCode::ShuttingDown,
                None => ErrorCode::NotLoggedIn,
            };
            self.tell(id, Event::Refused(Refusal::of(code)), effects);
            return effects.push(Effect::Finished { session: id, acts: 1, bytes: 0 });
        }
        for no in self.people.rooms(account) {
            self.halls.keep(no);
            self.change(id, Change::Leave(no), effects);
            if let Some(session) = self.sessions.get_mut(&id) {
                session.n_unreserved += 1;
            }
        }
        self.count_in_flight(id);
        effects.push(Effect::Delete { session: id, account, erase });
    }

    /// An account is deleted, or could not be.
    pub(super) fn on_deleted(
        &mut self,
        id: SessionId,
        (account, outcome): (UserId, Result<(), ErrorCode>),
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        match outcome {
            Ok(()) => {
                let those = self.those(account, &Which::All);
                self.end_those(those, Farewell::Deleted, now, effects);
            }
            Err(code) => self.tell(id, Event::Refused(Refusal::of(code)), effects),
        }
    }

    fn those(&self, user: UserId, which: &Which) -> Vec<SessionId> {
        let is_meant = |id: &&SessionId| match which {
            Which::All => true,
            Which::But(one) => one != *id,
            Which::Before(time) => {
                self.sessions.get(id).is_some_and(|session| session.since < *time)
            }
            Which::Device(device) => {
                self.sessions.get(id).is_some_and(|session| session.called == *device)
            }
        };
        self.people.sessions(user).iter().filter(is_meant).copied().collect()
    }

    pub(super) fn end_those(
        &mut self,
        those: Vec<SessionId>,
        farewell: Farewell,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        for id in those {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            if std::mem::replace(&mut session.is_ending, true) {
                continue;
            }
            effects.push(Effect::End { session: id, farewell });
            if session.is_busy() {
                session.waiting.push_back(Waiting::End);
            } else {
                self.leave(id, Leaving::Logout, now, effects);
            }
        }
    }

    /// A shutdown is over when nothing is in flight any more, or has taken too long.
    pub(super) fn stop_when_drained(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(stop_at) = self.stop_at else { return };
        if !self.is_stopped && (self.n_in_flight == 0 || now.tick >= stop_at) {
            self.is_stopped = true;
            effects.push(Effect::Stop(Farewell::ShuttingDown));
        }
    }

    /// A session ends whose sends were waited for.
    pub(super) fn end(&mut self, id: SessionId, now: Moment, effects: &mut Vec<Effect>) {
        let waiting =
            self.sessions.get_mut(&id).map(|session| std::mem::take(&mut session.waiting));
        self.leave(id, Leaving::Logout, now, effects);
        for waiting in waiting.into_iter().flatten() {
            match waiting {
                Waiting::Act(act) => drop_act(id, &act, effects),
                Waiting::Detach(_) => effects.push(Effect::Detached(id)),
                Waiting::Attach(_) | Waiting::End => {}
            }
        }
    }
}

impl Session {
    pub(super) fn takes_nothing(&self) -> bool {
        self.is_ending
    }
}

/// What was asked too late is not done; its share of the budgets is free again, and nobody waits
/// for it.
pub(super) fn drop_act(session: SessionId, act: &Act, effects: &mut Vec<Effect>) {
    let bytes = match act {
        Act::Send { text, .. } => text.as_str().len(),
        _ => 0,
    };
    let is_join = match act {
        Act::Create { .. } => true,
        Act::Room(act) => matches!(**act, RoomAct { ask: RoomAsk::Join, .. }),
        _ => false,
    };
    if is_join {
        effects.push(Effect::Joined { session, joined: None });
    }
    effects.push(Effect::Finished { session, acts: 1, bytes });
}
