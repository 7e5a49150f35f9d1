//! `client login` and `client logout`: what is kept on this machine for later.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::visit::{Role, SCRIPT, Visit};
use crate::client::settings::Secret;
use crate::client::ui::{Ending, Options, clean, complain};
use crate::client::{Update, device, kept};
use crate::protocol::{Device, Password};
use crate::texts::client::{Fixed, Notice};

/// Who.
#[derive(Debug, clap::Args)]
pub struct Login {
    /// The account; else the one of the settings
    #[arg(value_name = "ID|NAME")]
    who: Option<String>,
}

/// The devices of this machine: the one of people, the one of who listens, the one of scripts.
/// A token is good for one device.
fn devices(options: &Options) -> Result<Vec<Device>, Ending> {
    if let Some(device) = &options.device {
        return Ok(vec![device.clone()]);
    }
    let folder = device::state_folder().ok_or_else(|| {
        complain(Fixed::NoFolder.text(options.lang));
        Ending::Usage
    })?;
    let first = |base| device::first(&folder, base);
    let names = [first("device"), first("tail")].into_iter().collect::<io::Result<Vec<_>>>();
    let names = names.map_err(|error| unusable(&folder, &error))?;
    Ok(names.into_iter().chain(Device::new(SCRIPT)).collect())
}

pub(super) fn log_in(login: &Login, options: &Options) -> Result<Ending, Ending> {
    let mut options = options.clone();
    options.keys.user = login.who.clone().or(options.keys.user);
    let devices = devices(&options)?;
    if options.secret == Secret::Unknown {
        options.secret = asked(&options)?;
    }
    let mut me = None;
    for device in devices {
        let mut visit = Visit::begin(&options, Role::Anew(device))?;
        let by = visit.deadline();
        while !matches!(visit.next(by)?, Update::Token { .. }) {}
        me = Some(visit.me.clone());
        visit.end();
    }
    let Some(me) = me else { return Err(Ending::Usage) };
    if let Some(folder) = device::state_folder()
        && let Err(error) = kept::set_last(&folder, &options.keys, me.id)
    {
        return Err(unusable(&folder, &error));
    }
    let (name, address) = (&clean::line(&me.name), &clean::line(&options.keys.address()));
    complain(&Notice::LoginKept { id: me.id.0, name, address }.text(options.lang));
    Ok(Ending::Fine)
}

pub(super) fn log_out(options: &Options) -> Result<Ending, Ending> {
    // A password would make a new login.
    let options = &Options { secret: Secret::Unknown, ..options.clone() };
    for device in devices(options)? {
        match Visit::begin(options, Role::Quiet(device)) {
            Ok(visit) => visit.log_out(),
            // Nothing is kept for it, or nothing that is good.
            Err(Ending::Refused) => {}
            Err(ending) => return Err(ending),
        }
    }
    if let Some(folder) = device::state_folder() {
        kept::forget_last(&folder);
    }
    Ok(Ending::Fine)
}

fn asked(options: &Options) -> Result<Secret, Ending> {
    if !io::stdin().is_terminal() {
        complain(Fixed::NoPassword.text(options.lang));
        return Err(Ending::Usage);
    }
    let typed = rpassword::prompt_password(Fixed::AskPassword.text(options.lang));
    let password = typed.ok().and_then(|typed| Password::new(&typed).ok());
    password.map(Secret::Known).ok_or(Ending::Usage)
}

fn unusable(folder: &Path, error: &io::Error) -> Ending {
    complain(&format!("{}: {error}", clean::line(&folder.display().to_string())));
    Ending::Usage
}
