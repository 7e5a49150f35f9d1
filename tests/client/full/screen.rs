//! The full-screen client in a terminal of its own, and what that terminal shows: an emulator of
//! the few control sequences that the client writes.

use std::env::var_os;
use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use expectrl::process::Process;
use expectrl::process::unix::{UnixProcess, WaitStatus};
use hubbub::{clock, threads};
use tempfile::TempDir;
use unicode_width::UnicodeWidthChar;

use crate::client::fake::DEADLINE;

/// What a terminal shows.
#[derive(Debug)]
pub(crate) struct Grid {
    cells: Vec<Vec<String>>,
    at: (usize, usize),
    /// A sequence that is not at its end.
    part: Vec<u8>,
    /// Modes that were set and not taken back: `?1049` and the like.
    pub(crate) modes: Vec<String>,
    /// How often it rang.
    pub(crate) n_bells: usize,
}

impl Grid {
    fn new(columns: usize, rows: usize) -> Self {
        let cells = vec![vec![" ".to_owned(); columns]; rows];
        Self { cells, at: (0, 0), part: Vec::new(), modes: Vec::new(), n_bells: 0 }
    }

    fn feed(&mut self, byte: u8) {
        self.part.push(byte);
        match self.part.as_slice() {
            [0x1b] | [0x1b, b'['] | [0x1b, b']'] => {}
            [0x1b, b'[', .., last] if (0x40..0x7f).contains(last) => {
                let sequence = String::from_utf8(self.part.split_off(2)).unwrap();
                self.part.clear();
                self.obey(&sequence);
            }
            [0x1b, b']', .., 0x07] => self.part.clear(),
            [0x1b, b'[' | b']', ..] => {}
            [0x1b, other, ..] => panic!("an escape and {other:#x}"),
            [0x07] => {
                self.n_bells += 1;
                self.part.clear();
            }
            [b'\r'] => self.end((0, self.at.1)),
            [b'\n'] => self.end((self.at.0, (self.at.1 + 1).min(self.cells.len() - 1))),
            [control] if *control < 0x20 || *control == 0x7f => panic!("control {control:#x}"),
            bytes => {
                let Ok(text) = std::str::from_utf8(bytes) else { return };
                let c = text.chars().next().unwrap();
                self.part.clear();
                self.put(c);
            }
        }
    }

    fn end(&mut self, at: (usize, usize)) {
        self.part.clear();
        self.at = at;
    }

    fn put(&mut self, c: char) {
        assert!(!c.is_control(), "a control character is shown: {c:?}");
        let (x, y) = self.at;
        match c.width().unwrap_or(0) {
            0 => self.cells[y][x.saturating_sub(1)].push(c),
            wide => {
                // Half of a wide character is nothing.
                if self.cells[y][x].is_empty() {
                    " ".clone_into(&mut self.cells[y][x - 1]);
                }
                if let Some(half) = self.cells[y].get_mut(x + wide).filter(|cell| cell.is_empty()) {
                    " ".clone_into(half);
                }
                self.cells[y][x] = c.to_string();
                for covered in self.cells[y].iter_mut().skip(x + 1).take(wide - 1) {
                    covered.clear();
                }
                self.at.0 = (x + wide).min(self.cells[y].len() - 1);
            }
        }
    }

    fn obey(&mut self, sequence: &str) {
        let (parameters, last) = sequence.split_at(sequence.len() - 1);
        match last {
            "H" => {
                let (row, column) = parameters.split_once(';').unwrap();
                let place = |n: &str| n.parse::<usize>().unwrap() - 1;
                self.at = (place(column), place(row));
            }
            "J" => self.cells.iter_mut().flatten().for_each(|cell| " ".clone_into(cell)),
            // The cursor is seen unless it is hidden.
            "h" if parameters == "?25" => self.modes.retain(|mode| mode != "?25"),
            "l" if parameters == "?25" && self.modes.iter().any(|mode| mode == "?25") => {}
            "l" if parameters == "?25" => self.modes.push(parameters.to_owned()),
            "h" => self.modes.push(parameters.to_owned()),
            "l" => self.modes.retain(|mode| mode != parameters),
            "m" | "t" => {}
            other => panic!("unknown: {parameters}{other}"),
        }
    }

    fn rows(&self) -> Vec<String> {
        self.cells.iter().map(|row| row.concat().trim_end().to_owned()).collect()
    }
}

/// A client in its terminal.
pub(crate) struct Screen {
    process: UnixProcess,
    keys: File,
    /// What the client writes; ends with it.
    output: Receiver<Vec<u8>>,
    pub(crate) grid: Grid,
}

impl Screen {
    /// Keeps what it knows in this folder.
    pub(crate) fn start(state: &TempDir, args: &[&str], size: (u16, u16)) -> Self {
        Self::start_with(state, args, &[], size)
    }

    /// The same with variables. `HUBBUB_TEST_CLIENT` names another build of the client, to measure
    /// it.
    pub(crate) fn start_with(
        state: &TempDir,
        args: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let built = || env!("CARGO_BIN_EXE_client").into();
        let client = var_os("HUBBUB_TEST_CLIENT").unwrap_or_else(built);
        Self::start_command(Command::new(client), state, args, (variables, (columns, rows)))
    }

    /// A shell with job control that runs this, with the client as `"$0" "$@"`.
    pub(crate) fn start_in_shell(
        script: &str,
        state: &TempDir,
        args: &[&str],
        size: (u16, u16),
    ) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("set -m\n{script}"), env!("CARGO_BIN_EXE_client")]);
        Self::start_command(shell, state, args, (&[], size))
    }

    fn start_command(
        mut command: Command,
        state: &TempDir,
        args: &[&str],
        (variables, (columns, rows)): (&[(&str, &str)], (u16, u16)),
    ) -> Self {
        command
            .args(["--lang", "en"])
            .args(args)
            .env("XDG_STATE_HOME", state.path())
            .env("XDG_CONFIG_HOME", state.path())
            .env("TZ", "UTC")
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .env_remove("HUBBUB_ADDR")
            .env_remove("HUBBUB_USER")
            .env_remove("HUBBUB_PASSWORD")
            .envs(variables.iter().copied());
        let mut process = UnixProcess::spawn_command(command).unwrap();
        process.set_window_size(columns, rows).unwrap();
        let (keys, mut shown) =
            (process.get_raw_handle().unwrap(), process.get_raw_handle().unwrap());
        let (output_in, output) = bounded(1_000);
        let read = move || {
            let mut bytes = [0; 4_096];
            // A terminal whose program has ended gives an error.
            while let Ok(n @ 1..) = shown.read(&mut bytes) {
                if output_in.send(bytes[..n].to_vec()).is_err() {
                    return;
                }
            }
        };
        threads::spawn("terminal", read).unwrap();
        Self { process, keys, output, grid: Grid::new(columns.into(), rows.into()) }
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
    }

    /// The terminal has another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let modes = self.grid.modes.clone();
        self.grid = Grid { modes, ..Grid::new(columns.into(), rows.into()) };
        self.process.set_window_size(columns, rows).unwrap();
    }

    /// Blocks until this stands on the screen.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |rows| rows.iter().any(|row| row.contains(text)));
    }

    /// Blocks until this is true of the rows of the screen.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        let by = clock::now() + DEADLINE;
        while !is_so(&self.grid.rows()) {
            match self.output.recv_deadline(by) {
                Ok(bytes) => bytes.iter().for_each(|byte| self.grid.feed(*byte)),
                Err(error) => panic!("no {what:?}: {error}\n{}", self.grid.rows().join("\n")),
            }
        }
    }

    /// Blocks until it has ended: its exit code, and what it left.
    #[track_caller]
    pub(crate) fn end(mut self) -> (i32, Grid) {
        let by = clock::now() + DEADLINE;
        loop {
            match self.output.recv_deadline(by) {
                Ok(bytes) => bytes.iter().for_each(|byte| self.grid.feed(*byte)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("no end: {error}\n{}", self.grid.rows().join("\n")),
            }
        }
        match self.process.wait().unwrap() {
            WaitStatus::Exited(_, code) => (code, self.grid),
            other => panic!("not an exit: {other:?}"),
        }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.process.pid().as_raw()
    }
}
