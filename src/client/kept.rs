//! What is kept of logins between two runs, in the state folder: for each server, account and
//! device the token that takes the place of the password, and who logged in last. Files are for
//! their owner alone, and are replaced as a whole, so that two programs at once, or a crash,
//! leave a whole one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use blake2::Blake2b;
use blake2::digest::Digest;
use blake2::digest::consts::U16;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::settings::Keys;
use crate::clock;
use crate::protocol::{Device, Member, Millis, NameKey, Password, UserId, Who};

/// Files that are looked through for a name.
const MAX_FILES: usize = 1_000;

/// Bytes of one file.
const MAX_FILE: u64 = 4_096;

/// The tokens of one device at one server.
#[derive(Clone, Debug)]
pub struct Logins {
    folder: PathBuf,
    address: String,
    device: String,
}

/// One file.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Login {
    server: String,
    device: String,
    id: i64,
    name: String,
    token: String,
    /// Milliseconds since 1970.
    expires: i64,
}

impl Logins {
    /// In this state folder, of this device (`None`: the one that clients without a name share)
    /// at the server of this address.
    pub fn new(folder: &Path, address: &str, device: Option<&Device>) -> Self {
        let device = device.map_or("", Device::as_str).to_owned();
        let address = address.to_ascii_lowercase();
        Self { folder: folder.join("tokens"), address, device }
    }

    /// The token by which this account can come back, unless it has expired. Blocks on the disk.
    pub fn find(&self, who: &Who) -> Option<(UserId, Password)> {
        let is_meant = |login: &Login| match who {
            Who::Id(id) => login.id == id.0,
            Who::Named(key) => NameKey::new(&login.name).as_ref() == Some(key),
        };
        let files = fs::read_dir(&self.folder).ok()?.take(MAX_FILES);
        let login = files.filter_map(|file| read::<Login>(&file.ok()?.path())).find(|login| {
            login.server == self.address && login.device == self.device && is_meant(login)
        })?;
        let is_good = login.expires > clock::now_ms().0;
        is_good.then_some((UserId(login.id), Password::new(&login.token).ok()?))
    }

    /// Keeps a token in the place of an earlier one of the same account. Blocks on the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, me: &Member, token: &Password, expires: Millis) -> io::Result<()> {
        let login = Login {
            server: self.address.clone(),
            device: self.device.clone(),
            id: me.id.0,
            name: me.name.to_string(),
            token: token.reveal().to_owned(),
            expires: expires.0,
        };
        write(&self.path(me.id), &login)
    }

    /// Keeps no token of this account any more. Blocks on the disk.
    pub fn forget(&self, account: UserId) {
        // One that is not there is forgotten.
        fs::remove_file(self.path(account)).ok();
    }

    fn path(&self, account: UserId) -> PathBuf {
        let mut hash = Blake2b::<U16>::new();
        for part in [&self.address, &self.device, &account.to_string()] {
            hash.update(part);
            hash.update([0]);
        }
        let name: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name)
    }
}

/// Who logged in last on this machine, and where: `addr`, `tls`, `ca` and `user` of the settings.
/// Blocks on the disk.
pub fn last(folder: &Path) -> Option<Keys> {
    read(&folder.join("last"))
}

/// Remembers who logged in last. Blocks on the disk.
///
/// # Errors
/// The file cannot be written.
pub fn set_last(folder: &Path, keys: &Keys, account: UserId) -> io::Result<()> {
    let Keys { addr, tls, ca, .. } = keys.clone();
    let user = Some(account.to_string());
    write(&folder.join("last"), &Keys { addr, tls, ca, user, ..Keys::default() })
}

/// Nobody logged in last.
pub fn forget_last(folder: &Path) {
    // One that is not there is forgotten.
    fs::remove_file(folder.join("last")).ok();
}

/// `None`: there is none, or not one of ours.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_FILE).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// As a whole or not at all, for nobody else to read.
fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let random = getrandom::u64().map_err(io::Error::other)?;
    let new = folder.join(format!(".{random:016x}"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let text = serde_json::to_string(value)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&new, path));
    written.inspect_err(|_| drop(fs::remove_file(&new)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const LATER: Millis = Millis(i64::MAX);

    fn member(id: i64, name: &str) -> Member {
        Member { id: UserId(id), name: name.into(), address: "".into(), absence: None }
    }

    #[test]
    fn a_token_is_found_by_its_account_at_its_server_for_its_device_alone() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Device::new("desk");
        let at = |address, device| Logins::new(folder.path(), address, device);
        let (token, later) = (Password::new("t1").unwrap(), Password::new("t2").unwrap());
        at("a:1", desk.as_ref()).keep(&member(100, "Tom"), &token, LATER).unwrap();
        at("a:1", desk.as_ref()).keep(&member(200, "Eve"), &later, LATER).unwrap();
        let tom = Who::Named(NameKey::new("tom").unwrap());
        let found = Some((UserId(100), token));
        assert_eq!(at("A:1", desk.as_ref()).find(&tom), found);
        assert_eq!(at("a:1", desk.as_ref()).find(&Who::Id(UserId(100))), found);
        for other in [at("b:1", desk.as_ref()), at("a:1", None)] {
            assert_eq!(other.find(&tom), None);
        }
        at("a:1", desk.as_ref()).keep(&member(100, "tommy"), &later, LATER).unwrap();
        assert_eq!(at("a:1", desk.as_ref()).find(&tom), None);
        assert_eq!(
            at("a:1", desk.as_ref()).find(&Who::Id(UserId(100))),
            Some((UserId(100), later))
        );
        at("a:1", desk.as_ref()).forget(UserId(100));
        assert_eq!(at("a:1", desk.as_ref()).find(&Who::Id(UserId(100))), None);
    }

    #[test]
    fn what_is_kept_is_for_its_owner_alone_and_ends_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let logins = Logins::new(&folder.path().join("hubbub"), "a:1", None);
        logins.keep(&member(100, "tom"), &Password::new("t").unwrap(), Millis(1)).unwrap();
        assert_eq!(logins.find(&Who::Id(UserId(100))), None);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("hubbub/tokens")), 0o700);
        assert_eq!(mode(&folder.path().join("hubbub")), 0o700);
        let files: Vec<_> = fs::read_dir(&logins.folder).unwrap().collect();
        assert_eq!(files.len(), 1, "no half file is left");
        assert_eq!(mode(&files[0].as_ref().unwrap().path()), 0o600);
        assert!(!format!("{logins:?}").contains("\"t\""));
    }

    #[test]
    fn the_last_login_says_where_and_who() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys {
            addr: vec!["a:1".into()],
            tls: Some(true),
            password_cmd: Some("pass".into()),
            ..Keys::default()
        };
        set_last(folder.path(), &keys, UserId(7)).unwrap();
        let expected = Keys { user: Some("7".into()), password_cmd: None, ..keys };
        assert_eq!(last(folder.path()), Some(expected));
        forget_last(folder.path());
        assert_eq!(last(folder.path()), None);
    }
}
