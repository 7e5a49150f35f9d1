//! The terminal: raw, on its other screen, and given back as it was on every way out. Nothing
//! but what [`Ansi`] writes ever reaches it, and that holds no control characters of others.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use ratatui_core::backend::{Backend, ClearType, WindowSize};
use ratatui_core::buffer::Cell;
use ratatui_core::layout::{Position, Size};
use ratatui_core::style::{Color, Modifier};
use rustix::process::{Signal, getpgrp, kill_current_process_group};
use rustix::termios::{self, OptionalActions, Termios};

/// The other screen, pastes marked as such, focus told, the title kept for later (xterm's
/// control sequences: 1049, 2004, 1004, 22).
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[22;2t";

/// All of it back, and the cursor seen.
const LEAVE: &[u8] = b"\x1b[?2004l\x1b[?1004l\x1b[0m\x1b[?25h\x1b[?1049l\x1b[23;2t";

/// How the terminal was; also for a panic, which may come in any thread. Held only to take it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Some thread has panicked: the terminal is given back, and nothing may be drawn any more.
static HAS_PANICKED: AtomicBool = AtomicBool::new(false);

/// Is the screen at its end, because a thread of this program is?
pub(super) fn has_panicked() -> bool {
    HAS_PANICKED.load(Ordering::Acquire)
}

/// The terminal in our hands; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Held(());

impl Held {
    /// Takes the terminal that standard input is.
    ///
    /// # Errors
    /// It is none, or is gone.
    pub(super) fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                HAS_PANICKED.store(true, Ordering::Release);
                give_back();
                before(info);
            }));
        });
        let stdin = io::stdin();
        let before = termios::tcgetattr(&stdin)?;
        let mut raw = before.clone();
        raw.make_raw();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let held = Self(());
        termios::tcsetattr(&stdin, OptionalActions::Now, &raw)?;
        put(ENTER)?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back();
    }
}

/// Once, whoever comes first. A terminal that is gone needs nothing.
fn give_back() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        drop(put(LEAVE));
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &before).ok();
    }
}

/// Stops this program, and those of the same command line, until the shell lets it go on; the
/// terminal must be the shell's again. Returns at once where there is no shell to let it go on: the
/// kernel then drops the signal.
pub(super) fn stop() {
    // It is for the calling thread as long as that is the first one, so it is stopped in here.
    kill_current_process_group(Signal::TSTP).ok();
}

/// Has the shell given this program the terminal? One that goes on in the background has not.
pub(super) fn is_ours() -> bool {
    termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

fn put(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Columns and rows. 80 by 24 where the terminal does not say.
pub(super) fn size() -> Size {
    let said = termios::tcgetwinsize(io::stdout()).ok();
    let said = said.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    said.map_or(Size::new(80, 24), |size| Size::new(size.ws_col, size.ws_row))
}

/// What ratatui draws, as ECMA-48 and xterm have it, a frame at a time.
#[derive(Debug)]
pub(super) struct Ansi {
    bytes: String,
    /// Where the terminal's cursor is, as far as that is certain.
    at: Option<(u16, u16)>,
}

impl Ansi {
    pub(super) fn new() -> Self {
        Self { bytes: String::new(), at: None }
    }

    /// The terminal makes itself heard, or seen, as the person wants it.
    pub(super) fn bell(&mut self) {
        self.bytes.push('\x07');
    }

    /// The name of the window. Clean.
    pub(super) fn title(&mut self, title: &str) {
        self.push(format_args!("\x1b]2;{title}\x07"));
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        self.bytes.write_fmt(text).ok();
    }

    fn cell(&mut self, cell: &Cell) {
        self.bytes.push_str("\x1b[0");
        for (modifier, code) in MODIFIERS {
            if cell.modifier.contains(*modifier) {
                self.push(format_args!(";{code}"));
            }
        }
        for (colour, base) in [(cell.fg, 30), (cell.bg, 40)] {
            match code_of(colour) {
                Code::None => {}
                Code::Short(n) => self.push(format_args!(";{}", base + n)),
                Code::Indexed(n) => self.push(format_args!(";{};5;{n}", base + 8)),
                Code::True(r, g, b) => self.push(format_args!(";{};2;{r};{g};{b}", base + 8)),
            }
        }
        self.bytes.push('m');
    }
}

const MODIFIERS: &[(Modifier, u8)] = &[
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
];

enum Code {
    None,
    /// To be added to 30 or 40.
    Short(u8),
    Indexed(u8),
    True(u8, u8, u8),
}

fn code_of(colour: Color) -> Code {
    match colour {
        Color::Red => Code::Short(1),
        Color::Green => Code::Short(2),
        Color::Yellow => Code::Short(3),
        Color::Blue => Code::Short(4),
        Color::Magenta => Code::Short(5),
        Color::Cyan => Code::Short(6),
        Color::Indexed(n) => Code::Indexed(n),
        Color::Rgb(r, g, b) => Code::True(r, g, b),
        // No other is used.
        _ => Code::None,
    }
}

impl Backend for Ansi {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut style = None;
        for (x, y, cell) in content {
            if self.at != Some((x, y)) {
                self.push(format_args!("\x1b[{};{}H", y + 1, x + 1));
            }
            let this = (cell.fg, cell.bg, cell.modifier);
            if style != Some(this) {
                self.cell(cell);
                style = Some(this);
            }
            let symbol = cell.symbol();
            // The last gate: whatever was forgotten elsewhere steers nothing here.
            match symbol.chars().any(|c| c.is_control()) {
                true => self.bytes.push('\u{fffd}'),
                false => self.bytes.push_str(symbol),
            }
            // Terminals differ in how wide they think the rest is.
            let is_plain = symbol.len() == 1 && !symbol.contains(|c: char| c.is_control());
            self.at = is_plain.then_some((x + 1, y));
        }
        self.bytes.push_str("\x1b[0m");
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.bytes.push_str("\x1b[?25l");
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.bytes.push_str("\x1b[?25h");
        Ok(())
    }

    /// Nobody asks: the whole screen is ours.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.push(format_args!("\x1b[{};{}H", y + 1, x + 1));
        self.at = Some((x, y));
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.bytes.push_str("\x1b[0m\x1b[2J");
        self.at = None;
        Ok(())
    }

    fn clear_region(&mut self, _region: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        Ok(size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: size(), pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        put(bytes.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::Command;

    use expectrl::process::Process;
    use expectrl::process::unix::{UnixProcess, WaitStatus};
    use rustix::termios::LocalModes;

    use super::*;
    use crate::threads;

    #[test]
    fn what_others_wrote_reaches_the_terminal_without_control_bytes() {
        let mut cells = [Cell::new("a"), Cell::default(), Cell::new("你")];
        cells[1].set_symbol("\u{1b}[2J");
        let mut ansi = Ansi::new();
        ansi.draw((0..).zip(&cells).map(|(x, cell)| (x, 0, cell))).unwrap();
        assert_eq!(ansi.bytes, "\u{1b}[1;1H\u{1b}[0ma\u{fffd}\u{1b}[1;3H你\u{1b}[0m");
    }

    /// Set: this process is the one in the terminal, which panics.
    const PANICS: &str = "HUBBUB_TEST_PANICS";

    const TEST: &str =
        "client::ui::full::terminal::tests::a_panic_in_any_thread_gives_the_terminal_back";

    /// This test runs itself once more, in a terminal, where a thread panics.
    #[test]
    fn a_panic_in_any_thread_gives_the_terminal_back() {
        if std::env::var_os(PANICS).is_some() {
            let modes = || termios::tcgetattr(io::stdin()).unwrap().local_modes;
            let before = modes();
            let _held = Held::take().unwrap();
            assert!(!modes().contains(LocalModes::ICANON));
            let thread = threads::spawn("doomed", || panic!("this is told")).unwrap();
            assert!(thread.join().is_err() && has_panicked());
            assert_eq!(modes(), before);
            return;
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", TEST, "--nocapture", "--test-threads=1"]).env(PANICS, "1");
        let process = UnixProcess::spawn_command(command).unwrap();
        let mut terminal = process.get_raw_handle().unwrap();
        let mut shown = Vec::new();
        // Reading fails when nobody has the terminal any more.
        drop(terminal.read_to_end(&mut shown));
        let shown = String::from_utf8_lossy(&shown).into_owned();
        let ended = process.wait().unwrap();
        assert!(matches!(ended, WaitStatus::Exited(_, 0)), "{ended:?}: {shown}");
        let (enter, leave) = (str::from_utf8(ENTER).unwrap(), str::from_utf8(LEAVE).unwrap());
        let (_, inside) = shown.split_once(enter).expect("it is taken");
        let (inside, after) = inside.split_once(leave).expect("it is given back");
        assert!(!inside.contains("this is told") && after.contains("this is told"), "{shown}");
        assert!(!after.contains(leave), "once");
    }
}
