//! `--pid-file` and `server drain`: a file that says which process serves, and the way to send its
//! people to another server.
//!
//! The server holds a lock on the file for as long as it lives, and the kernel lets go of it however
//! the process ends. So a file that was left behind is told from one that holds, and a number that
//! is another process's by now is never sent a signal.

use std::fmt::Display;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How long `server drain` waits for the end: a drain takes three seconds and a shutdown five, and
/// the rest is for a machine that is busy.
const PATIENCE: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };

/// How often the file is opened anew because the server before has just removed it.
const ATTEMPTS: usize = 8;

/// More than the longest number of a process and its line end.
const MAX_FILE: u64 = 32;

/// Why a file is left alone.
const OTHER: &str = "it is something else than the number of a process";

/// The file of a server that runs; it is removed when this is dropped.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    /// Held for its lock.
    _file: File,
}

impl PidFile {
    /// Writes this process's number into the file, which an earlier server may have left behind.
    ///
    /// # Errors
    /// One line for the operator: another server holds it, it is no such file, or it cannot be
    /// written.
    pub fn take(path: &Path) -> Result<Self, String> {
        refuse_other_kinds(path)?;
        for _ in 0..ATTEMPTS {
            let mut options = OpenOptions::new();
            let options = options.create(true).truncate(false).read(true).write(true);
            let mut file = options.mode(0o644).open(path).map_err(|error| failed(path, &error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(failed(path, &"a server that runs holds it"));
                }
                Err(TryLockError::Error(error)) => return Err(failed(path, &error)),
            }
            if is_at(&file, path) {
                fill(&mut file, path)?;
                return Ok(Self { path: path.to_owned(), _file: file });
            }
        }
        Err(failed(path, &"others make and remove it all the time"))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Left behind it does no harm: nobody holds it.
        std::fs::remove_file(&self.path).ok();
    }
}

/// Has the server of this file send everybody to another one and end; says so when it has ended.
/// Blocks until then, for 20 seconds at most.
///
/// # Errors
/// One line for the operator: no server holds the file, it may not be sent a signal, or it has not
/// ended in time.
pub fn drain(path: &Path, out: &mut dyn Write) -> Result<(), String> {
    let nobody = || format!("no server runs with --pid-file {}", path.display());
    refuse_other_kinds(path)?;
    let mut file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => nobody(),
        _ => failed(path, &error),
    })?;
    let pid = read(&mut file, path)?.ok_or_else(nobody)?;
    let process = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(Errno::SRCH) => return Err(nobody()),
        Err(error) => return Err(failed_with(pid, &error)),
    };
    // Held still: so its server is the process that was opened, and not one that has its number.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) => return Err(nobody()),
        Err(TryLockError::Error(error)) => return Err(failed(path, &error)),
    }
    pidfd_send_signal(&process, Signal::USR2).map_err(|error| match error {
        Errno::PERM => failed_with(pid, &"it is another user's; run this as that one or as root"),
        error => failed_with(pid, &error),
    })?;
    wait(pid, &process)?;
    writeln!(out, "the server {pid} has ended").map_err(|error| error.to_string())
}

fn wait(pid: Pid, process: &OwnedFd) -> Result<(), String> {
    // It can be read from once the process has ended.
    let mut ended = [PollFd::new(process, PollFlags::IN)];
    match poll(&mut ended, Some(&PATIENCE)) {
        Ok(0) => {
            let seconds = PATIENCE.tv_sec;
            Err(format!("the server {pid} was told, and has not ended within {seconds} s"))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(failed_with(pid, &error)),
    }
}

/// Is this the file at the path? The server before removes it as it ends.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(this), Ok(there)) => (this.dev(), this.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

fn fill(file: &mut File, path: &Path) -> Result<(), String> {
    read(file, path)?;
    let write = |file: &mut File| {
        file.rewind()?;
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())
    };
    write(file).map_err(|error| failed(path, &error))
}

/// The number in the file; `None`: it is empty, a server is about to write it.
fn read(file: &mut File, path: &Path) -> Result<Option<Pid>, String> {
    let mut text = String::new();
    match file.take(MAX_FILE).read_to_string(&mut text) {
        Ok(0) => return Ok(None),
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            return Err(failed(path, &error));
        }
        Ok(_) | Err(_) => {}
    }
    let number = text.trim_end().parse::<u32>().ok().and_then(|number| i32::try_from(number).ok());
    let pid = number.and_then(Pid::from_raw);
    pid.map(Some).ok_or_else(|| failed(path, &OTHER))
}

/// A pipe would be waited for.
fn refuse_other_kinds(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(its) if !its.is_file() => Err(failed(path, &OTHER)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, why: &dyn Display) -> String {
    format!("cannot use the pid file {}: {why}", path.display())
}

fn failed_with(pid: Pid, why: &dyn Display) -> String {
    format!("cannot tell the process {pid}: {why}")
}
