//! `server verify`, `backup`, `export` and `import`: the store from the command line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::config::StoreArg;
use crate::dao::audit::{Audit, Findings};
use crate::dao::lines::{LineReader, LineWriter};
use crate::dao::own::Own;
use crate::dao::record::Record;
use crate::dao::{self, Store, StoreError};
use crate::protocol::UserId;

/// Bytes that are read before they are written.
const PIECE: usize = 64 * 1024;

/// Reads everything, and tells what there is and what is wrong.
///
/// # Errors
/// One line for the operator: the store cannot be opened, or something is wrong with it.
pub fn verify(store: &StoreArg, out: &mut dyn Write) -> Result<(), String> {
    let store = dao::open_existing(&store.url()).map_err(|error| error.to_string())?;
    let mut audit = Audit::default();
    // A file that is broken is reported as far as it can be read.
    match store.check() {
        Ok(findings) => findings.into_iter().for_each(|finding| audit.tell(finding)),
        Err(error) => audit.tell(error.to_string()),
    }
    let read = store.export(&mut |record| {
        match record {
            Ok(record) => audit.look(&record),
            Err(unreadable) => audit.tell(unreadable),
        }
        Ok(())
    });
    match read {
        Ok(()) => report(&audit.end(), store.place(), out),
        // What was not reached is not missing.
        Err(error) => {
            audit.tell(error.to_string());
            report(&audit.cut_short(), store.place(), out)
        }
    }
}

fn report(findings: &Findings, place: &str, out: &mut dyn Write) -> Result<(), String> {
    let mut tell = || {
        writeln!(out, "{place}")?;
        for (kind, count) in &findings.counts {
            writeln!(out, "{count:>12} {kind}")?;
        }
        findings.told.iter().try_for_each(|problem| writeln!(out, "wrong: {problem}"))?;
        out.flush()
    };
    tell().map_err(|error| error.to_string())?;
    match findings.n_problems {
        0 => say(out, "nothing is wrong"),
        1 => Err("1 thing is wrong".to_owned()),
        n => Err(format!("{n} things are wrong")),
    }
}

/// Copies the store to a new file.
///
/// # Errors
/// One line for the operator. There is no copy then.
pub fn backup(store: &StoreArg, path: &Path, out: &mut dyn Write) -> Result<(), String> {
    let store = dao::open_existing(&store.url()).map_err(|error| error.to_string())?;
    store.backup(path).map_err(|error| error.to_string())?;
    say(out, &format!("{} is copied to {}", store.place(), path.display()))
}

/// Writes everything as lines.
///
/// # Errors
/// One line for the operator. There is no file then; standard output lacks the last line.
pub fn export(store: &StoreArg, path: &Path, out: &mut dyn Write) -> Result<(), String> {
    let store = dao::open_existing(&store.url()).map_err(|error| error.to_string())?;
    write_file(store.place(), path, out, &|out| write_all(&*store, out))
}

/// Writes lines; how many records they are.
type WriteLines<'w> = &'w dyn Fn(&mut dyn Write) -> Result<u64, String>;

fn write_file(
    place: &str,
    path: &Path,
    out: &mut dyn Write,
    write_lines: WriteLines<'_>,
) -> Result<(), String> {
    if path == Path::new("-") {
        return write_lines(out).map(|_| ());
    }
    let shown = path.display();
    // Hashes of passwords are for the owner only, and what is there is not overwritten.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| format!("{shown}: {error}"))?;
    let written = write_lines(&mut BufWriter::new(&file))
        .and_then(|n| file.sync_all().map(|()| n).map_err(|error| format!("{shown}: {error}")));
    match written {
        Ok(n) => say(out, &format!("{n} records of {place} are in {shown}")),
        Err(why) => {
            // Why there is no file is told; this is only tidying up.
            fs::remove_file(path).ok();
            Err(why)
        }
    }
}

/// Writes what is an account's own as lines ([`Own`]).
///
/// # Errors
/// As [`export`].
pub fn export_account(
    store: &dyn Store,
    account: UserId,
    path: &Path,
    out: &mut dyn Write,
) -> Result<(), String> {
    write_file(store.place(), path, out, &|out| write_own(store, account, out))
}

fn write_own(store: &dyn Store, account: UserId, out: &mut dyn Write) -> Result<u64, String> {
    let mut own = Own::begin(store, account).map_err(|error| failure(&error))?;
    loop {
        let piece = own.next(store, (PIECE, None)).map_err(|error| failure(&error))?;
        out.write_all(&piece.lines).map_err(|error| unwritable(&error))?;
        if let Some(records) = piece.records {
            return out.flush().map(|()| records).map_err(|error| unwritable(&error));
        }
    }
}

fn write_all(store: &dyn Store, out: &mut dyn Write) -> Result<u64, String> {
    let mut lines = LineWriter::begin(out).map_err(|error| unwritable(&error))?;
    let written = store.export(&mut |record| {
        let record = record.map_err(StoreError::Unreadable)?;
        lines.write(&record).map_err(|error| StoreError::Unavailable(unwritable(&error)))
    });
    written.map_err(|error| failure(&error))?;
    lines.end().map(|(_, n)| n).map_err(|error| unwritable(&error))
}

fn unwritable(error: &io::Error) -> String {
    format!("cannot write: {error}")
}

fn failure(error: &StoreError) -> String {
    match error {
        StoreError::Unreadable(_) => format!("{error}; see `server verify`"),
        error => error.to_string(),
    }
}

/// Fills an empty store from lines.
///
/// # Errors
/// One line for the operator. The store is empty then, as it was.
pub fn import(store: &StoreArg, path: &Path, out: &mut dyn Write) -> Result<(), String> {
    let n = if path == Path::new("-") {
        read_lines(store, io::stdin().lock())?
    } else {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        read_lines(store, BufReader::new(file))?
    };
    say(out, &format!("{n} records are imported"))
}

fn read_lines(store: &StoreArg, input: impl BufRead) -> Result<u64, String> {
    // First, so that a wrong file makes no store.
    let lines = LineReader::begin(input).map_err(|error| error.to_string())?;
    let store = dao::open(&store.url()).map_err(|error| error.to_string())?;
    let mut records = Audited { lines, audit: Some(Audit::default()), n_records: 0 };
    store.import(&mut records).map_err(|error| error.to_string())?;
    Ok(records.n_records)
}

/// Records that are looked at before they are handed on: the first that does not agree with the
/// others ends it.
struct Audited<I> {
    lines: I,
    /// `None` at the end.
    audit: Option<Audit>,
    n_records: u64,
}

impl<I: Iterator<Item = Result<Record, StoreError>>> Iterator for Audited<I> {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.lines.next() {
            Some(Ok(record)) => {
                self.n_records += 1;
                let audit = self.audit.as_mut()?;
                audit.look(&record);
                match audit.problem() {
                    Some(problem) => Some(Err(StoreError::Unreadable(problem.to_owned()))),
                    None => Some(Ok(record)),
                }
            }
            Some(Err(error)) => Some(Err(error)),
            None => {
                let mut findings = self.audit.take()?.end();
                findings.told.pop().map(|problem| Err(StoreError::Unreadable(problem)))
            }
        }
    }
}

fn say(out: &mut dyn Write, line: &str) -> Result<(), String> {
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}
