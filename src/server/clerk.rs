//! What the threads that look after the store have in common: small writes through the journal,
//! pauses between them, and an end when the server shuts down.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, bounded, select};

use super::indexer;
use super::keeper::Keeping;
use crate::config::Options;
use crate::dao::{Job, Store, StoreError, Tell, Write, Written};
use crate::hub::Item;
use crate::protocol::ErrorCode;
use crate::stage::Inbox;
use crate::threads;

/// One of them, in its own thread.
pub(super) struct Clerk {
    pub(super) store: Arc<dyn Store>,
    journal: Inbox<Vec<Job>>,
    /// Disconnected when the server shuts down.
    stop: Receiver<()>,
}

/// The running threads. They end soon after this is dropped.
#[derive(Debug)]
pub(super) struct Clerks {
    /// Nothing is ever sent: its end is the news.
    _running: Sender<()>,
}

/// Starts the threads `keeper` and `indexer`.
///
/// # Errors
/// The kernel has no room for a thread.
pub(super) fn start(
    options: &Options,
    store: &Arc<dyn Store>,
    journal: &Inbox<Vec<Job>>,
    hub: &Inbox<Item>,
) -> io::Result<(Clerks, [JoinHandle<()>; 2])> {
    let (running, stop) = bounded(0);
    let clerk = || Clerk { store: Arc::clone(store), journal: journal.clone(), stop: stop.clone() };
    let (keeping, indexing) = (Keeping::new(options, clerk(), hub.clone()), clerk());
    let keeper = threads::spawn("keeper", move || keeping.run())?;
    let indexer = threads::spawn("indexer", move || indexer::run(&indexing))?;
    Ok((Clerks { _running: running }, [keeper, indexer]))
}

/// Why a round ends early.
pub(super) enum Halt {
    /// The server shuts down.
    Stopped,
    /// Tried again in the next round.
    Failed(String),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Clerk {
    /// Writes and waits until it is done; how many things it was about.
    pub(super) fn write(&self, write: Write) -> Result<u64, Halt> {
        let (waiter, answer) = bounded(1);
        let job = Job { write, tell: Tell::Waiter(waiter) };
        self.journal.enter(vec![job]).map_err(|_ended| Halt::Stopped)?;
        select! {
            recv(answer) -> written => match written {
                Ok(Ok(Written::Pruned(n) | Written::Indexed(n))) => Ok(n),
                Ok(Ok(Written::Done)) => Ok(0),
                Ok(Ok(Written::Refused(code)) | Err(code)) => {
                    Err(Halt::Failed(code.name().to_owned()))
                }
                Ok(Ok(_)) => Err(Halt::Failed(ErrorCode::Internal.name().to_owned())),
                Err(_gone) => Err(Halt::Stopped),
            },
            recv(self.stop) -> _ => Err(Halt::Stopped),
        }
    }

    /// Does nothing for a while, but for noticing the end.
    pub(super) fn pause(&self, time: Duration) -> Result<(), Halt> {
        select! {
            recv(after(time)) -> _ => Ok(()),
            recv(self.stop) -> _ => Err(Halt::Stopped),
        }
    }
}
