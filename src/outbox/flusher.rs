//! The one thread that sends to backlogged peers and closes those that were told goodbye.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::{Outbox, Turn};
use crate::{clock, threads};

/// Hands outboxes to the `flush` thread. Clones share it; the thread ends when all are gone.
#[derive(Clone, Debug)]
pub struct Flusher {
    /// Each outbox is in it at most once: as many as there are connections.
    taken: Sender<Arc<Outbox>>,
    wake: Arc<OwnedFd>,
}

/// The longest poll: within this an outbox that was told to close while it was backlogged is
/// seen to have a deadline now.
const ROUND: Duration = Duration::from_millis(250);

impl Flusher {
    /// Starts the thread `flush`. It ends when every [`Flusher`] is dropped.
    ///
    /// # Errors
    /// No descriptor or no thread is left.
    pub fn start() -> io::Result<(Self, JoinHandle<()>)> {
        #[expect(clippy::disallowed_methods, reason = "each connection is in it at most once")]
        let (taken, handed) = crossbeam_channel::unbounded();
        let wake = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let woken = Arc::clone(&wake);
        let thread = threads::spawn("flush", move || run(&handed, &woken))?;
        Ok((Self { taken, wake }, thread))
    }

    /// Never blocks; called under the outbox's mutex.
    pub(super) fn take(&self, outbox: Arc<Outbox>) {
        // The thread ends after the last Flusher, and every outbox holds one.
        self.taken.send(outbox).ok();
        // A full counter is as good as a wake-up.
        rustix::io::write(&self.wake, &1_u64.to_ne_bytes()).ok();
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        // The thread looks whether this was the last.
        rustix::io::write(&self.wake, &1_u64.to_ne_bytes()).ok();
    }
}

fn run(handed: &Receiver<Arc<Outbox>>, wake: &OwnedFd) {
    let mut backlogged: Vec<(Arc<Outbox>, Turn)> = Vec::new();
    loop {
        let ended = loop {
            match handed.try_recv() {
                Ok(outbox) => {
                    let turn = outbox.flush();
                    backlogged.push((outbox, turn));
                }
                Err(error) => break error.is_disconnected(),
            }
        };
        if ended && backlogged.is_empty() {
            return;
        }
        let ready = wait(wake, &backlogged);
        let now = clock::now();
        let mut ready = ready.into_iter();
        backlogged.retain_mut(|(outbox, turn)| {
            let is_due = outbox.patience(now).is_some_and(|patience| patience.is_zero());
            if ready.next().unwrap_or(false) || is_due {
                *turn = outbox.flush();
            }
            *turn != Turn::Done
        });
    }
}

/// Polls every backlogged socket for room, and the wake-up; says which had something. Who only
/// waits for its deadline is not polled: its hang-up would not go away.
fn wait(wake: &OwnedFd, backlogged: &[(Arc<Outbox>, Turn)]) -> Vec<bool> {
    let is_polled = |turn: &Turn| *turn == Turn::Backlogged;
    let polled = backlogged.iter().filter(|(_, turn)| is_polled(turn));
    let mut fds = vec![PollFd::new(wake, PollFlags::IN)];
    fds.extend(
        polled.map(|(outbox, _)| PollFd::from_borrowed_fd(outbox.stream.as_fd(), PollFlags::OUT)),
    );
    if let Err(error) = poll(&mut fds, patience(backlogged).as_ref()) {
        log::debug!("poll: {error}");
    }
    // Empty the counter; nothing in it is as good.
    rustix::io::read(wake, &mut [0_u8; 8]).ok();
    let mut ready = fds.iter().skip(1).map(|fd| !fd.revents().is_empty());
    let is_ready = |turn: &Turn| is_polled(turn) && ready.next().unwrap_or(false);
    backlogged.iter().map(|(_, turn)| turn).map(is_ready).collect()
}

/// How long the poll may take; `None`: until it is woken.
fn patience(backlogged: &[(Arc<Outbox>, Turn)]) -> Option<Timespec> {
    let now = clock::now();
    let shortest = backlogged.iter().filter_map(|(outbox, _)| outbox.patience(now)).min();
    let patience = shortest.map_or(ROUND, |shortest| shortest.min(ROUND));
    let (seconds, nanos) = (patience.as_secs(), patience.subsec_nanos());
    let timeout = Timespec { tv_sec: seconds.try_into().unwrap_or(1), tv_nsec: nanos.into() };
    (!backlogged.is_empty()).then_some(timeout)
}
