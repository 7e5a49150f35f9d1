//! The thread `keys`: what is typed, and the signals that concern the terminal, as events. Owned
//! by the main thread, which ends it by dropping it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::low_level::{pipe, unregister};

use crate::{clock, threads};

use super::keymap::{Action, action};
use super::keys::{Decoder, Typed};

/// Events that wait for the main thread. When it is full, `keys` waits, and the terminal keeps
/// what is typed.
const MAX_EVENTS: usize = 64;

/// What came from the terminal.
#[derive(Debug)]
pub(super) enum Event {
    Typed(Typed),
    /// The terminal has another size.
    Resized,
    /// The terminal is gone, or somebody asks this program to end.
    Stop,
}

impl Event {
    /// Ctrl-C.
    pub(super) fn is_cancel(&self) -> bool {
        matches!(self, Self::Typed(Typed::Key(key)) if action(*key) == Some(Action::Cancel))
    }
}

/// Dropping it ends its thread.
#[derive(Debug)]
pub(super) struct Keyboard {
    pub(super) events: Receiver<Event>,
    /// A byte here ends the thread.
    stop: UnixStream,
    thread: Option<JoinHandle<()>>,
    signals: Vec<SigId>,
}

/// What the thread waits for.
struct Inlets {
    stop: UnixStream,
    resized: UnixStream,
    ended: UnixStream,
}

impl Keyboard {
    /// # Errors
    /// The system has no descriptor or thread left.
    pub(super) fn start() -> io::Result<Self> {
        let (events_in, events) = bounded(MAX_EVENTS);
        let (stop, stop_out) = UnixStream::pair()?;
        let (resized_in, resized) = UnixStream::pair()?;
        let (ended_in, ended) = UnixStream::pair()?;
        for stream in [&resized_in, &resized, &ended_in, &ended] {
            stream.set_nonblocking(true)?;
        }
        let mut signals = vec![pipe::register(SIGWINCH, resized_in)?];
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            signals.push(pipe::register(signal, ended_in.try_clone()?)?);
        }
        let inlets = Inlets { stop: stop_out, resized, ended };
        let thread = threads::spawn("keys", move || listen(&inlets, &events_in))?;
        Ok(Self { events, stop, thread: Some(thread), signals })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        for signal in self.signals.drain(..) {
            unregister(signal);
        }
        drop((&self.stop).write(&[1]));
        // It may be waiting for room.
        let events = std::mem::replace(&mut self.events, crossbeam_channel::never());
        drop(events);
        if let Some(thread) = self.thread.take() {
            // A panic in it was shown by std.
            drop(thread.join());
        }
    }
}

fn listen(inlets: &Inlets, events: &Sender<Event>) {
    let mut decoder = Decoder::default();
    let stdin = io::stdin();
    loop {
        let now = clock::now();
        let wait = decoder.due().map(|due| due.saturating_duration_since(now));
        let wait = wait.and_then(|wait| Timespec::try_from(wait + Duration::from_millis(1)).ok());
        let mut fds = [
            PollFd::new(&inlets.stop, PollFlags::IN),
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::new(&inlets.resized, PollFlags::IN),
            PollFd::new(&inlets.ended, PollFlags::IN),
        ];
        match poll(&mut fds, wait.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        let [stop, typed, resized, ended] = fds.map(|fd| !fd.revents().is_empty());
        if stop {
            return;
        }
        let mut found = Vec::new();
        if resized {
            drain(&inlets.resized);
            found.push(Event::Resized);
        }
        if ended {
            drain(&inlets.ended);
            found.push(Event::Stop);
        }
        if typed {
            let mut bytes = [0; 4_096];
            match rustix::io::read(&stdin, &mut bytes) {
                Ok(0) => found.push(Event::Stop),
                Ok(n) => {
                    let bytes = bytes.get(..n).unwrap_or_default();
                    found.extend(decoder.feed(bytes, clock::now()).into_iter().map(Event::Typed));
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(_) => found.push(Event::Stop),
            }
        }
        found.extend(decoder.flush(clock::now()).into_iter().map(Event::Typed));
        let is_over = found.iter().any(|event| matches!(event, Event::Stop));
        for event in found {
            // Its end means that nobody listens.
            if events.send(event).is_err() {
                return;
            }
        }
        if is_over {
            return;
        }
    }
}

fn drain(mut pipe: &UnixStream) {
    let mut bytes = [0; 64];
    while matches!(pipe.read(&mut bytes), Ok(n) if n > 0) {}
}
