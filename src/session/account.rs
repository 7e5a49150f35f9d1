//! Who one is: register, log in, change password and name. Hashing and the store's answers are
//! waited for here, in the connection's own thread.

use super::asking::refusal_of;
use super::{End, Identity, Session};
use std::time::Instant;

use crate::clock;
use crate::dao::{Account, Secret, StoreError, Write, Written};
use crate::protocol::{
    Act, Against, ErrorCode, Event, Farewell, Measure, Name, Password, Refusal, Sanction,
    SanctionKey, UserId, Who,
};
use crate::state;

impl Session<'_> {
    pub(super) fn register(
        &mut self,
        (id, name): (Option<UserId>, Option<Name>),
        password: &Password,
        code: Option<&Password>,
    ) {
        let began = clock::now();
        let event = match self.try_register((id, name), password, code) {
            Ok(id) => Event::Registered(id),
            Err(refusal) => Event::RegisterRefused(refusal),
        };
        self.forgive(began);
        self.tell(&event);
    }

    fn try_register(
        &self,
        (id, name): (Option<UserId>, Option<Name>),
        password: &Password,
        code: Option<&Password>,
    ) -> Result<UserId, Refusal> {
        let entry = self.entry(code)?;
        if !self.exempt && !self.host.registrations.take(&self.block(), clock::now()) {
            return Err(ErrorCode::Throttled.into());
        }
        if let Some(sanction) = self.shut_out()? {
            return Err(state::refusal_of(ErrorCode::Banned, &sanction));
        }
        // Cheap to ask, and spares the hash. The store decides all the same.
        match id.map_or(Ok(None), |id| self.host.store.account(id)) {
            Ok(None) => {}
            // Somebody's, though it cannot be read.
            Ok(Some(_)) | Err(StoreError::Unreadable(_)) => return Err(ErrorCode::IdTaken.into()),
            Err(error) => return Err(refusal_of(&error)),
        }
        let secret = self.host.auth.hash(password)?;
        let called = name.clone();
        match self.host.write(Write::Register { id, name, secret, entry })? {
            Written::Waits(id) => Err(self.asked_for(id, called.as_ref())),
            Written::Registered(id) => {
                log::info!("registered {id}");
                Ok(id)
            }
            _ => Err(ErrorCode::Internal.into()),
        }
    }

    /// The ban of the whole server that hits this address: an account made from there would be of
    /// no use. Reads all bans, which registrations are too slow to make a burden.
    fn shut_out(&self) -> Result<Option<Sanction>, Refusal> {
        if self.exempt {
            return Ok(None);
        }
        let (now, ip) = (clock::now_ms(), self.peer.ip());
        let hits = |sanction: &Sanction| match &sanction.key {
            SanctionKey { place: None, measure: Measure::Ban, against: Against::Net(net) } => {
                sanction.holds(now) && net.contains(ip)
            }
            _ => false,
        };
        let all = self.host.store.sanctions().map_err(|error| refusal_of(&error))?;
        Ok(all.into_iter().find(hits))
    }

    pub(super) fn login(&mut self, who: &Who, password: &Password) -> Result<(), End> {
        let began = clock::now();
        let checked = match self.who {
            Identity::Account(_) => Err(Refusal::of(ErrorCode::AlreadyLoggedIn)),
            _ => self.check(who, password),
        };
        self.forgive(began);
        match checked {
            Ok(account) => {
                self.enter_as_account(&account, &[])?;
                self.give_token(account.id);
                self.check_still(&account)
            }
            Err(refusal) => {
                self.tell(&Event::LoginRefused(refusal));
                Ok(())
            }
        }
    }

    /// Who was deleted, or got another password, while this one came in was not seen by the hub.
    /// A record in clear has got another secret by this very login, or by another one.
    fn check_still(&mut self, before: &Account) -> Result<(), End> {
        let is_same = |now: &Account| {
            matches!(before.secret, Secret::Clear(_)) || now.secret == before.secret
        };
        let ended = match self.host.store.account(before.id) {
            Ok(None) => Farewell::Deleted,
            Ok(Some(now)) if !is_same(&now) => Farewell::LoggedOut,
            Ok(Some(_)) | Err(_) => return Ok(()),
        };
        self.revoke_token();
        Err(End::ours(ended))
    }

    /// The account, if the password is right.
    fn check(&mut self, who: &Who, password: &Password) -> Result<Account, Refusal> {
        let id = match self.resolve(who) {
            Ok(id) => id,
            Err(refusal) if refusal.code == ErrorCode::UnknownUser => {
                return Err(self.check_nobody(who, password));
            }
            Err(refusal) => return Err(refusal),
        };
        let result = self.counted(Some(id), |this| this.verify(id, password));
        if result.as_ref().is_err_and(|refusal| refusal.code == ErrorCode::WrongPassword) {
            log::info!("wrong password for {id}");
        }
        result
    }

    /// A try that counts where the password is wrong, or nobody has it.
    fn counted<T>(
        &self,
        id: Option<UserId>,
        verify: impl FnOnce(&Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let now = clock::now();
        let is_first = self.host.wrong_from_address.is_untouched(&self.block(), now);
        self.count_try(id, is_first)?;
        let result = verify(self);
        let wrong = [ErrorCode::WrongPassword, ErrorCode::UnknownUser];
        if result.as_ref().err().is_none_or(|refusal| !wrong.contains(&refusal.code)) {
            self.uncount_try(id);
        }
        result
    }

    fn verify(&self, id: UserId, password: &Password) -> Result<Account, Refusal> {
        let account = self.host.store.account(id).map_err(|error| refusal_of(&error))?;
        let account = account.ok_or_else(|| Refusal::of(ErrorCode::UnknownUser))?;
        let is_right = match &account.secret {
            Secret::Hash(phc) => self.host.auth.verify(password, phc).map_err(Refusal::of)?,
            Secret::Clear(clear) => self.verify_clear(id, clear, password)?,
        };
        if is_right { Ok(account) } else { Err(Refusal::of(ErrorCode::WrongPassword)) }
    }

    /// A record in clear text, put there by the original or by hand: accepted once, and kept as
    /// a hash from then on.
    fn verify_clear(
        &self,
        account: UserId,
        clear: &str,
        password: &Password,
    ) -> Result<bool, Refusal> {
        // Hashing first: it takes as long whether the password is right or not.
        let secret = self.host.auth.hash(password).map_err(Refusal::of)?;
        if clear != password.reveal() {
            return Ok(false);
        }
        self.host.write(Write::SetSecret { account, secret }).map_err(Refusal::of)?;
        Ok(true)
    }

    /// Nobody of that name: takes as long and counts the same.
    fn check_nobody(&self, who: &Who, password: &Password) -> Refusal {
        let id = match who {
            Who::Id(id) => Some(*id),
            Who::Named(_) => None,
        };
        let checked: Result<(), _> =
            self.counted(id, |this| Err(this.verify_nobody(who, password)));
        checked.err().unwrap_or_else(|| Refusal::of(ErrorCode::Internal))
    }

    /// Who knows the password of somebody who waits is told that they do.
    fn verify_nobody(&self, who: &Who, password: &Password) -> Refusal {
        let asked = match self.waiting(who) {
            Ok(asked) => asked.map(|asked| asked.account.secret),
            Err(refusal) => return refusal,
        };
        let verified = match asked {
            Some(Secret::Hash(phc)) => self.host.auth.verify(password, &phc),
            _ => self.host.auth.pretend(password).map(|()| false),
        };
        match verified {
            Ok(true) => Refusal::of(ErrorCode::NotLetIn),
            Ok(false) => Refusal::of(ErrorCode::UnknownUser),
            Err(code) => Refusal::of(code),
        }
    }

    /// A try counts for the account and for the address. The first from an address is always
    /// let through, so that nobody can lock the owner out by guessing.
    fn count_try(&self, id: Option<UserId>, is_first: bool) -> Result<(), Refusal> {
        let now = clock::now();
        let address_may = self.host.wrong_from_address.take(&self.block(), now);
        // What the address may not costs the account nothing: a whole class behind one address,
        // all of them right, would lock itself out otherwise.
        let account_may =
            address_may && id.is_none_or(|id| self.host.wrong_for_account.take(&id, now));
        if address_may && (account_may || is_first) {
            Ok(())
        } else {
            log::warn!("{}: too many wrong passwords", self.peer);
            Err(Refusal::of(ErrorCode::Throttled))
        }
    }

    fn uncount_try(&self, id: Option<UserId>) {
        let now = clock::now();
        self.host.wrong_from_address.give_back(&self.block(), now);
        if let Some(id) = id {
            self.host.wrong_for_account.give_back(&id, now);
        }
    }

    pub(super) fn passwd(&mut self, old: &Password, new: &Password) {
        let event = match self.try_passwd(old, new) {
            Ok(()) => Event::PasswdDone,
            Err(refusal) => Event::Refused(refusal),
        };
        self.tell(&event);
    }

    fn try_passwd(&mut self, old: &Password, new: &Password) -> Result<(), Refusal> {
        let id = self.account().ok_or_else(|| Refusal::of(ErrorCode::NotLoggedIn))?;
        self.check(&Who::Id(id), old)?;
        let secret = self.host.auth.hash(new).map_err(Refusal::of)?;
        self.host.write(Write::SetSecret { account: id, secret }).map_err(Refusal::of)?;
        log::info!("{id} has a new password");
        // All tokens ended with the old one, and so do all other sessions.
        self.ask(Act::EndOthers);
        self.give_token(id);
        Ok(())
    }

    /// The hub has the account leave its rooms, then deletes it and ends all its sessions.
    pub(super) fn delete_account(&mut self, password: &Password, erase: bool) {
        let checked = match self.account() {
            Some(id) => self.check(&Who::Id(id), password).map(|account| account.id),
            None => Err(Refusal::of(ErrorCode::NotLoggedIn)),
        };
        match checked {
            Ok(id) => {
                log::info!("{id} deletes its account");
                self.ask(Act::DeleteAccount { erase });
            }
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    /// A guest may not take an account's name; an account's name is stored before it is shown.
    pub(super) fn rename(&mut self, name: Name) {
        let result = match self.who {
            Identity::Nobody => Err(Refusal::of(ErrorCode::NotLoggedIn)),
            Identity::Guest => self.check_free(&name).map(|()| false),
            Identity::Account(account) => self.rename_account(account, &name),
        };
        match result {
            Ok(shared) => self.ask(Act::Rename { name, shared }),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    fn check_free(&self, name: &Name) -> Result<(), Refusal> {
        let bearers = self.host.store.named(name.key()).map_err(|error| refusal_of(&error))?;
        if bearers.is_empty() { Ok(()) } else { Err(Refusal::of(ErrorCode::NameTaken)) }
    }

    /// Says whether others bear the name, too.
    fn rename_account(&self, account: UserId, name: &Name) -> Result<bool, Refusal> {
        let write = Write::Rename { account, name: name.clone() };
        self.host.write(write).map_err(Refusal::of)?;
        let bearers = self.host.store.named(name.key()).map_err(|error| refusal_of(&error))?;
        Ok(bearers.len() > 1)
    }

    /// Time spent waiting for a permit or the store does not count against the login deadline.
    fn forgive(&mut self, began: Instant) {
        self.login_deadline += clock::now().saturating_duration_since(began);
    }
}
