//! A batch stage: an inbox, and a named thread that takes whatever waits in it as one batch.
//!
//! Hub and journal are the two stages. What a batch does is theirs; which thread runs it, and
//! when, is decided here alone. This is the plain form: the stage's own thread always leads.
//! Knows nothing of chat.

use std::io;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::{clock, threads};

/// Items that one batch holds at most: a batch is bounded so that time-driven work gets its turn.
pub const MAX_BATCH: usize = 512;

/// The putting-in end of a stage. Clones share the inbox.
#[derive(Debug)]
pub struct Inbox<T> {
    sender: Sender<T>,
}

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

/// The stage has ended; nothing that is put in now would be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl<T> Inbox<T> {
    /// Puts an item in. Blocks while a bounded inbox is full: the back-pressure.
    ///
    /// # Errors
    /// [`Ended`]: the process is going down.
    pub fn enter(&self, item: T) -> Result<(), Ended> {
        self.sender.send(item).map_err(|_item| Ended)
    }
}

/// The taking-out end, before it has a thread.
#[derive(Debug)]
pub struct Source<T> {
    receiver: Receiver<T>,
}

/// An inbox of at most `bound` items; who finds it full waits.
pub fn inbox<T>(bound: usize) -> (Inbox<T>, Source<T>) {
    let (sender, receiver) = bounded(bound);
    (Inbox { sender }, Source { receiver })
}

/// An inbox whose items are counted by somebody else: the caller's own budgets bound it, and
/// whoever puts in never waits.
pub fn counted_inbox<T>() -> (Inbox<T>, Source<T>) {
    #[expect(clippy::disallowed_methods, reason = "bounded by the budgets of who puts in")]
    let (sender, receiver) = crossbeam_channel::unbounded();
    (Inbox { sender }, Source { receiver })
}

/// When the stage wants to be woken next, if nothing comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not before something comes in.
    Wait,
    /// At this moment, with an empty batch.
    At(Instant),
    /// Never: the stage ends.
    End,
}

/// Starts the stage's thread. `lead` gets what waits (nothing when its moment came), takes it
/// all, and says what it wants next. The thread ends when `lead` says so or every [`Inbox`] is
/// gone. A panic in `lead` ends the process: a server without its hub or journal is not up.
///
/// # Errors
/// The kernel has no room for a thread.
pub fn start<T, F>(name: &str, source: Source<T>, mut lead: F) -> io::Result<JoinHandle<()>>
where
    T: Send + 'static,
    F: FnMut(&mut Vec<T>) -> Next + Send + 'static,
{
    threads::spawn(name, move || {
        let _guard = EndsProcess;
        let mut batch = Vec::new();
        let mut next = Next::Wait;
        while source.wait(next, &mut batch) {
            next = lead(&mut batch);
            batch.clear();
            // One unusually large batch must not be paid for ever after.
            batch.shrink_to(MAX_BATCH);
        }
    })
}

impl<T> Source<T> {
    /// Blocks until there is a batch to lead; `false`: the stage ends.
    fn wait(&self, next: Next, batch: &mut Vec<T>) -> bool {
        let first = match next {
            Next::End => return false,
            Next::Wait => self.receiver.recv().map_err(|_gone| RecvTimeoutError::Disconnected),
            Next::At(moment) => self.receiver.recv_deadline(moment),
        };
        match first {
            Ok(item) => {
                batch.push(item);
                batch.extend(self.receiver.try_iter().take(MAX_BATCH - 1));
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }
}

/// Dropped by a panic, it ends the process with a code of its own.
struct EndsProcess;

impl Drop for EndsProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            log::error!("a stage panicked; the server cannot go on");
            // Let the log thread write that line; it has nothing to wait for.
            log::logger().flush();
            std::process::exit(70);
        }
    }
}

/// The moment that comes first, of those there are.
pub fn earliest(moments: impl IntoIterator<Item = Option<Instant>>) -> Next {
    let first = moments.into_iter().flatten().min();
    // A moment that has passed must not spin: it is served once, by an empty batch.
    first.map_or(Next::Wait, |moment| Next::At(moment.max(clock::now())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_one_batch_in_order_and_the_end_is_the_inbox_gone() {
        let (inbox, source) = inbox(10);
        for n in 0..5 {
            inbox.enter(n).unwrap();
        }
        let (seen, batches) = bounded(10);
        let stage = start("test", source, move |batch: &mut Vec<i32>| {
            seen.send(batch.clone()).unwrap();
            Next::Wait
        });
        assert_eq!(batches.recv().unwrap(), [0, 1, 2, 3, 4]);
        drop(inbox);
        stage.unwrap().join().unwrap();
        assert!(batches.recv().is_err());
    }

    #[test]
    fn a_moment_brings_an_empty_batch() {
        let (inbox, source) = inbox(1);
        let (seen, batches) = bounded(10);
        let stage = start("test", source, move |batch: &mut Vec<i32>| {
            seen.send(batch.len()).unwrap();
            if batch.is_empty() { Next::End } else { Next::At(clock::now()) }
        });
        inbox.enter(7).unwrap();
        stage.unwrap().join().unwrap();
        assert_eq!(batches.iter().collect::<Vec<_>>(), [1, 0]);
        assert_eq!(inbox.enter(8), Err(Ended));
    }
}
