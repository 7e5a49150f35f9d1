//! What is one's own, on its way into a file: `client export FILE`, and `/export FILE` in the
//! interfaces.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::client::{Ask, Update};
use crate::texts::Lang;
use crate::texts::client::Notice;

use super::clean;

/// A file that is being filled. It is gone again when it is not whole at the end.
#[derive(Debug)]
pub(super) struct Download {
    path: PathBuf,
    file: File,
    is_whole: bool,
}

impl Download {
    /// Makes the file, for its owner only.
    ///
    /// # Errors
    /// It cannot be made: what is there is never overwritten.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { path: path.to_owned(), file, is_whole: false })
    }

    /// The next part; is it whole now?
    ///
    /// # Errors
    /// What writing gave; the file is of no use then.
    pub(super) fn add(&mut self, text: &str, more: bool) -> io::Result<bool> {
        self.file.write_all(text.as_bytes())?;
        if !more {
            self.file.sync_all()?;
            self.is_whole = true;
        }
        Ok(self.is_whole)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if !self.is_whole {
            // Why there is none is told; this is only tidying up.
            fs::remove_file(&self.path).ok();
        }
    }
}

/// The one file that an interface fills, shared by the thread that is asked and the one that
/// hears. The lock is held over a write to the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Downloads(Arc<Mutex<Option<Download>>>);

/// What became of a file.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is whole.
    Saved(PathBuf),
    /// There is none.
    Failed(PathBuf, io::Error),
}

impl Outcome {
    /// For a person, clean.
    pub(super) fn text(&self, lang: Lang) -> String {
        let words = &self.words();
        match self {
            Self::Saved(_) => Notice::Exported { file: words }.text(lang),
            Self::Failed(..) => Notice::NotExported { why: words }.text(lang),
        }
    }

    /// Which file, and what is wrong with it; clean.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Saved(path) => clean::line(&path.to_string_lossy()),
            Self::Failed(path, error) => {
                clean::line(&format!("{}: {error}", path.to_string_lossy()))
            }
        }
    }
}

impl Downloads {
    /// Begins one.
    ///
    /// # Errors
    /// As [`Download::begin`], or another one is under way.
    pub(super) fn begin(&self, path: &Path) -> io::Result<()> {
        let mut download = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*download {
            let why = format!("{} is being filled", open.path.display());
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
        }
        *download = Some(Download::begin(path)?);
        Ok(())
    }

    /// Takes what is for the file out of what the client hears.
    pub(super) fn hear(&self, update: &Update) -> Option<Outcome> {
        let mut download = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match update {
            Update::Exported { text, more } => {
                let open = download.as_mut()?;
                let added = open.add(text, *more);
                let path = open.path.clone();
                let outcome = match added {
                    Ok(false) => return None,
                    Ok(true) => Outcome::Saved(path),
                    Err(error) => Outcome::Failed(path, error),
                };
                *download = None;
                Some(outcome)
            }
            // Why is told with the update itself.
            Update::Refused { what: Some(Ask::Export), .. } | Update::Unanswered(Ask::Export) => {
                *download = None;
                None
            }
            _ => None,
        }
    }
}
