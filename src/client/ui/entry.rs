//! Getting in: by what an earlier login left, else by the password that the settings know of,
//! else by asking. And what this login leaves for the next one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::kept::{self, Logins};
use crate::client::settings::{Keys, Secret};
use crate::client::{Ask, Client, OrderError, Unsent, Update, device};
use crate::protocol::{Device, ErrorCode, Member, Millis, Password, UserId, Who};

use super::command;

/// How to get in without asking anybody.
#[derive(Debug)]
pub(super) enum Way {
    /// By a token, and where it is no longer good by the password, if one is known.
    Token(Password, Option<(Who, Password)>),
    /// By the password.
    Password(Who, Password),
}

impl Way {
    /// Asks the server.
    pub(super) fn go(self, client: &Client) -> Result<(), OrderError> {
        match self {
            Self::Token(token, otherwise) => client.resume(token, otherwise),
            Self::Password(who, password) => client.login(who, password),
        }
    }
}

/// What is known of logins; shared by the thread that shows updates.
#[derive(Debug)]
pub(super) struct Entry {
    /// `None`: there is no folder to keep anything in.
    logins: Option<Logins>,
    /// What to remember as the last login, where one is remembered.
    remembered: Option<Keys>,
    secret: Secret,
    /// Who this is; nothing waits while it is held but small files.
    account: Mutex<Account>,
}

#[derive(Debug, Default)]
struct Account {
    me: Option<Member>,
    /// Whose token was tried.
    tried: Option<UserId>,
}

impl Entry {
    /// For one server, by `keys`, as this device. `remembers`: this login is a person's, and the
    /// next run begins with it.
    pub(super) fn new(
        keys: &Keys,
        secret: Secret,
        device: Option<&Device>,
        remembers: bool,
    ) -> Self {
        let logins =
            device::state_folder().map(|folder| Logins::new(&folder, &keys.address(), device));
        Self {
            logins,
            remembered: remembers.then(|| keys.clone()),
            secret,
            account: Mutex::default(),
        }
    }

    /// The token of an earlier login of this account.
    pub(super) fn token(&self, who: &Who) -> Option<Password> {
        let (account, token) = self.logins.as_ref()?.find(who)?;
        self.account().tried = Some(account);
        Some(token)
    }

    /// The way in for this user. Blocks while a command finds the password.
    ///
    /// # Errors
    /// There is none, in words for people.
    pub(super) fn way(&self, user: &str) -> Result<Way, String> {
        let who = command::who(user).ok_or("--user wants an id or a name")?;
        let password = self.password()?;
        match (self.token(&who), password) {
            (Some(token), password) => Ok(Way::Token(token, password.map(|word| (who, word)))),
            (None, Some(password)) => Ok(Way::Password(who, password)),
            (None, None) => Err("--user needs a password: --password-file, --password-cmd or \
                                 HUBBUB_PASSWORD"
                .to_owned()),
        }
    }

    /// The password that the settings know of. Blocks while a command finds it.
    pub(super) fn password(&self) -> Result<Option<Password>, String> {
        self.secret.password()
    }

    /// Keeps what a login leaves, and forgets what is no longer good.
    pub(super) fn learn(&self, update: &Update) {
        match update {
            Update::LoggedIn { me, .. } => {
                self.account().me = Some(me.clone());
                self.remember(me.id);
            }
            Update::Token { token, expires } => self.keep(token, *expires),
            Update::Refused { what: Some(Ask::Login), why }
                if why.known() == Some(ErrorCode::BadToken) =>
            {
                if let (Some(logins), Some(account)) = (&self.logins, self.account().tried.take()) {
                    logins.forget(account);
                }
            }
            _ => {}
        }
    }

    /// Keeps nothing of this account any more.
    pub(super) fn forget(&self, account: UserId) {
        if let Some(logins) = &self.logins {
            logins.forget(account);
        }
    }

    /// Leaves so that a kept token stays good. It may come while we leave.
    pub(super) fn part(&self, client: Client, wait: Duration) -> Option<Vec<Unsent>> {
        match self.logins {
            Some(_) => client.pause(wait),
            None => client.close(wait),
        }
    }

    fn keep(&self, token: &Password, expires: Millis) {
        let me = self.account().me.clone();
        let (Some(logins), Some(me)) = (&self.logins, me) else { return };
        if let Err(error) = logins.keep(&me, token, expires) {
            // The next run asks for the password.
            log::warn!("cannot keep the login: {error}");
        }
    }

    fn remember(&self, me: UserId) {
        if let (Some(keys), Some(folder)) = (&self.remembered, device::state_folder())
            && let Err(error) = kept::set_last(&folder, keys, me)
        {
            log::warn!("cannot remember the login: {error}");
        }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
