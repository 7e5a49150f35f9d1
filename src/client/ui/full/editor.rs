//! The line in a program of the person's choice.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crossbeam_channel::{Receiver, bounded};

use crate::threads;

use super::input::MAX_LINE;

/// Starts the editor on a copy of this text, in a thread of its own (`editor`), which ends with
/// it; what is left comes through the channel.
///
/// # Errors
/// There is no place for the copy, or no thread.
pub(super) fn start(text: &str) -> io::Result<Receiver<io::Result<String>>> {
    let path = copy(text)?;
    let (edited_in, edited) = bounded(1);
    threads::spawn("editor", move || {
        let text = edit(&path);
        // Nobody else is to read what was written; that it is gone already does no harm.
        fs::remove_file(&path).ok();
        edited_in.try_send(text).ok();
    })?;
    Ok(edited)
}

/// A file that nobody else can read, under a name that nobody can guess.
fn copy(text: &str) -> io::Result<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.is_dir()).unwrap_or_else(std::env::temp_dir);
    let random = getrandom::u64().map_err(io::Error::other)?;
    let path = folder.join(format!("hubbub-{random:016x}.txt"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}

/// Blocks until the person is done.
fn edit(path: &Path) -> io::Result<String> {
    let named = ["VISUAL", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|name| !name.trim().is_empty());
    // It may have arguments, so the shell reads it, as other programs have it.
    let command = format!("{} \"$1\"", editor.as_deref().unwrap_or("vi"));
    let status = Command::new("sh").arg("-c").arg(command).arg("sh").arg(path).status()?;
    if !status.success() {
        return Err(io::Error::other("the editor failed"));
    }
    let text = fs::read_to_string(path)?;
    if text.len() > MAX_LINE {
        return Err(io::Error::other("the text is too long"));
    }
    Ok(text)
}
