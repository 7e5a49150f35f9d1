//! One login of a job: in, the questions and answers of the job, out. One thread does it all:
//! the connection has its own.

use std::io;
use std::time::{Duration, Instant};

use crate::client::device::{self, HeldDevice};
use crate::client::ui::entry::{Entry, Way};
use crate::client::ui::{Ending, Options, clean, command, complain, refused_connection};
use crate::client::wording;
use crate::client::{Ask, Client, Config, Reason, Update, Updates};
use crate::clock;
use crate::protocol::{Device, ErrorCode, Farewell, Member, Password, UserId, Who};
use crate::texts::Lang;
use crate::texts::client::{Fixed, Notice};

/// The device name of those who only say or ask something: it keeps no place in any room, so all
/// jobs at once share it.
pub(super) const SCRIPT: &str = "script";

/// The end is not waited for: a job that is done has its answers.
const GOODBYE: Duration = Duration::from_secs(1);

/// Somebody who is in.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) client: Client,
    pub(super) updates: Updates,
    pub(super) me: Member,
    entry: Entry,
    address: String,
    wait: Duration,
    lang: Lang,
    _device: Option<HeldDevice>,
}

/// As which device, and what to hear.
#[derive(Debug)]
pub(super) enum Role {
    /// Says or asks something.
    Quiet(Device),
    /// The same, and by the password though a login is kept.
    Anew(Device),
    /// Hears everything, under a name of its own.
    Listener(Option<HeldDevice>),
}

impl Role {
    /// The device of those who say or ask something.
    pub(super) fn script(options: &Options) -> Result<Self, Ending> {
        let named = options.device.clone().or_else(|| Device::new(SCRIPT));
        named.map(Self::Quiet).ok_or(Ending::Usage)
    }

    /// The first free name of those who listen.
    pub(super) fn listener(options: &Options) -> Self {
        let held = match (&options.device, device::state_folder()) {
            (None, Some(folder)) => device::hold_as(&folder, "tail"),
            _ => return Self::Listener(None),
        };
        let tell = |error: &io::Error| {
            complain(&format!("{} ({error})", Fixed::OutOfDevices.text(options.lang)));
        };
        Self::Listener(held.inspect_err(tell).ok())
    }
}

impl Visit {
    /// Logs in as whom the settings or the last login name: by a kept login, or by the password
    /// that the settings know of.
    pub(super) fn begin(options: &Options, role: Role) -> Result<Self, Ending> {
        let lang = options.lang;
        let Some(who) = options.keys.user.as_deref().and_then(command::who) else {
            complain(Fixed::WhoseAccount.text(lang));
            return Err(Ending::Usage);
        };
        let is_anew = matches!(role, Role::Anew(_));
        let (device, quiet, held) = match role {
            Role::Quiet(device) | Role::Anew(device) => (Some(device), true, None),
            Role::Listener(None) => {
                let unheld = || device::unheld().ok();
                (options.device.clone().or_else(unheld), false, None)
            }
            Role::Listener(Some(held)) => (Some(held.name.clone()), false, Some(held)),
        };
        let entry = Entry::new(&options.keys, options.secret.clone(), device.as_ref(), false);
        let way = match entry.token(&who).filter(|_| !is_anew) {
            Some(token) => Way::Token(token, None),
            None => Way::Password(who.clone(), password(&entry, lang)?),
        };
        let program = concat!("hubbub-client/", env!("CARGO_PKG_VERSION")).to_owned();
        let (address, tls) = (options.keys.address(), options.tls.clone());
        let config = Config { address: address.clone(), program, device, tls, quiet };
        let (client, updates) =
            Client::start(config).map_err(|error| refused_connection(&error, options))?;
        let me = Member { id: UserId(0), name: "".into(), address: "".into(), absence: None };
        let wait = options.keys.wait();
        let mut visit = Self { client, updates, me, entry, address, wait, lang, _device: held };
        visit.enter(&who, way)?;
        Ok(visit)
    }

    fn enter(&mut self, who: &Who, way: Way) -> Result<(), Ending> {
        let mut by_token = matches!(way, Way::Token(..));
        // The first order: there is room for it.
        way.go(&self.client).ok();
        let by = self.deadline();
        loop {
            match self.next(by)? {
                Update::LoggedIn { me, .. } => {
                    self.me = me;
                    return Ok(());
                }
                Update::Refused { what: Some(Ask::Login), why } => {
                    if !std::mem::take(&mut by_token) || why.known() != Some(ErrorCode::BadToken) {
                        return Err(self.login_refused(&why));
                    }
                    let password = password(&self.entry, self.lang)?;
                    self.client.login(who.clone(), password).ok();
                }
                _ => {}
            }
        }
    }

    /// By when what is asked now must be answered.
    pub(super) fn deadline(&self) -> Instant {
        clock::now() + self.wait
    }

    /// The next thing that happens. Blocks until then.
    ///
    /// # Errors
    /// Nothing has happened in time: said to the person.
    pub(super) fn next(&mut self, by: Instant) -> Result<Update, Ending> {
        let wait = by.saturating_duration_since(clock::now());
        match self.updates.next(wait) {
            // Another try would be refused in the same way.
            Ok(Update::Disconnected { why, .. }) if why.farewell() == Some(Farewell::TlsNeeded) => {
                let (address, why) = (&clean::line(&self.address), &wording::lost(&why, self.lang));
                complain(&Notice::Insecure { address, why }.text(self.lang));
                Err(Ending::NotThere)
            }
            Ok(update) => {
                self.learn(&update);
                Ok(update)
            }
            Err(_quiet) => {
                complain(Fixed::NoAnswer.text(self.lang));
                Err(Ending::Lost)
            }
        }
    }

    /// Keeps what a login leaves, and says what a person should know.
    pub(super) fn learn(&self, update: &Update) {
        self.entry.learn(update);
        match update {
            Update::FirstMet { address, fingerprint } => {
                let (address, fingerprint) = (&clean::line(address), &fingerprint.to_string());
                complain(&Notice::FirstMet { address, fingerprint }.text(self.lang));
            }
            Update::Disconnected { why, retry_in } => {
                let why = &clean::line(&wording::lost(why, self.lang));
                let will_retry = retry_in.is_some();
                complain(&Notice::Disconnected { why, will_retry }.text(self.lang));
            }
            _ => {}
        }
    }

    /// Waits for the answer that `wanted` finds.
    ///
    /// # Errors
    /// There is none, or a refusal: said to the person.
    pub(super) fn answer<T>(
        &mut self,
        what: Ask,
        mut wanted: impl FnMut(Update) -> Option<T>,
    ) -> Result<T, Ending> {
        let by = self.deadline();
        loop {
            match self.next(by)? {
                Update::Refused { what: Some(asked), why } if asked == what => {
                    let why = &clean::line(&wording::reason(&why, self.lang));
                    complain(&Notice::Refused { why }.text(self.lang));
                    return Err(Ending::NotStored);
                }
                Update::Unanswered(asked) if asked == what => {
                    complain(&Notice::MayHaveWorked.text(self.lang));
                    return Err(Ending::Lost);
                }
                update => {
                    if let Some(found) = wanted(update) {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// A login that is refused for now is worth another try.
    pub(super) fn login_refused(&self, why: &Reason) -> Ending {
        let words = &clean::line(&wording::entry_reason(why, self.lang));
        complain(&Notice::LoginRefused { why: words }.text(self.lang));
        if why.is_temporary() { Ending::Lost } else { Ending::Refused }
    }

    /// Leaves, and ends what is kept of this login.
    pub(super) fn log_out(self) {
        self.client.close(GOODBYE);
        self.entry.forget(self.me.id);
    }

    /// Leaves, and what was taken last counts as not dealt with: it comes to the next one again.
    pub(super) fn break_off(self) {
        self.entry.part(self.client, Duration::ZERO);
    }

    /// Leaves when everything is printed, or what is left cannot be.
    pub(super) fn end_with(self, printed: Result<(), Ending>) -> Result<Ending, Ending> {
        let ending = self.end();
        printed.map(|()| ending)
    }

    /// Leaves; the login stays kept.
    pub(super) fn end(self) -> Ending {
        // Everything that was taken is dealt with.
        self.updates.next(Duration::ZERO).ok();
        let unsent = self.entry.part(self.client, GOODBYE);
        if unsent.is_some() { Ending::Fine } else { Ending::Lost }
    }
}

fn password(entry: &Entry, lang: Lang) -> Result<Password, Ending> {
    match entry.password() {
        Ok(Some(password)) => Ok(password),
        Ok(None) => {
            complain(Fixed::NoPassword.text(lang));
            Err(Ending::Refused)
        }
        Err(words) => {
            complain(&words);
            Err(Ending::Refused)
        }
    }
}
