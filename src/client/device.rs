//! The name under which a server keeps this machine's place in every room: random, made at
//! first use, kept in a file. Two programs that run at once need two names, or one would move
//! the other's place; so a name is held by a lock on its file, and who finds it locked takes
//! the next file.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::protocol::Device;

/// Programs at once that get a name each, on one account of one machine.
const MAX_DEVICES: usize = 64;

/// A name for as long as this value lives.
#[derive(Debug)]
pub struct HeldDevice {
    /// The name.
    pub name: Device,
    /// Keeps the lock; the kernel releases it with the process, however that ends.
    _file: File,
}

/// Where state of programs belongs: `$XDG_STATE_HOME/hubbub`, or `~/.local/state/hubbub`.
pub fn state_folder() -> Option<PathBuf> {
    xdg_folder("XDG_STATE_HOME", ".local/state")
}

/// Our folder in the one that a variable names, or else in this one of the home folder.
pub(super) fn xdg_folder(variable: &str, in_home: &str) -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let base = absolute(variable).or_else(|| Some(absolute("HOME")?.join(in_home)));
    Some(base?.join("hubbub"))
}

/// Takes the first free name of this folder: in `device`, then `device-2` and so on.
///
/// # Errors
/// The folder or the file cannot be made, read or written, or all names are taken.
pub fn hold(folder: &Path) -> io::Result<HeldDevice> {
    hold_as(folder, "device")
}

/// The same for another kind of program: in files that begin with its name.
///
/// # Errors
/// As [`hold`].
pub fn hold_as(folder: &Path, kind: &str) -> io::Result<HeldDevice> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for number in 1..=MAX_DEVICES {
        let name = if number == 1 { kind.to_owned() } else { format!("{kind}-{number}") };
        if let Some(held) = hold_file(&folder.join(name))? {
            return Ok(held);
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "too many clients run at once"))
}

/// The first name of this kind of program, whether one holds it or not. It is made if need be.
///
/// # Errors
/// As [`hold`].
pub fn first(folder: &Path, kind: &str) -> io::Result<Device> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(kind);
    if let Some(held) = hold_file(&path)? {
        return Ok(held.name);
    }
    let mut text = String::new();
    // Somebody else's file under our name is not read to its end.
    File::open(&path)?.take(256).read_to_string(&mut text)?;
    Device::new(text.trim()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A name that is forgotten with this run, for those who can keep none.
///
/// # Errors
/// The system has no source of randomness.
pub fn unheld() -> io::Result<Device> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    Device::new(&format!("{random:016x}")).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// `None`: another program holds it.
fn hold_file(path: &Path) -> io::Result<Option<HeldDevice>> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = String::new();
    // Somebody else's file under our name is not read to its end.
    Read::by_ref(&mut file).take(256).read_to_string(&mut text)?;
    let name = match Device::new(text.trim()) {
        Some(name) => name,
        None => {
            let name = unheld()?;
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", name.as_str())?;
            name
        }
    };
    Ok(Some(HeldDevice { name, _file: file }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_and_two_programs_at_once_get_two() {
        let folder = tempfile::tempdir().unwrap();
        let first = hold(folder.path()).unwrap();
        let second = hold(folder.path()).unwrap();
        assert_ne!(first.name, second.name);
        let name = first.name.clone();
        drop(first);
        assert_eq!(hold(folder.path()).unwrap().name, name);
        assert_eq!(hold(folder.path()).unwrap().name, name);
        drop(second);
    }

    #[test]
    fn a_broken_file_gets_a_new_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("device"), "\u{1b}[2J").unwrap();
        let name = hold(folder.path()).unwrap().name;
        assert_eq!(hold(folder.path()).unwrap().name, name);
    }
}
