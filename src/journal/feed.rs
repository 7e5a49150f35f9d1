//! What the servers of one store hear of each other, on its way to the hub; and the sign of life
//! that this one gives the others. Two threads for each feed of the store, `feed` and `pulse`,
//! `feed-1` and `pulse-1` and so on, which wait for their part of the store and for a full hub and
//! keep nobody else waiting: a server that is behind in reading still lives, and a part that stands
//! still delays no sign of life in another.
//!
//! Knows nothing of sessions and fronts.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::as_posted;
use crate::dao::{Beat, Feed, FeedEntry, Pulse, StoreError};
use crate::hub::Item;
use crate::limits;
use crate::stage::Inbox;
use crate::state::{Heard, Input};

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(1);

/// Before a store that cannot be reached is asked again.
const RETRY: Duration = Duration::from_millis(200);

/// Ends its threads when it is dropped; the others are told that this server has left.
#[derive(Debug)]
pub struct Membership {
    is_over: Arc<AtomicBool>,
    /// Nothing is sent on it: its end is the news.
    _end: Sender<()>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

/// Where what is heard goes.
pub struct Ears {
    /// The hub.
    pub hub: Inbox<Item>,
    /// Hears that the store has to be opened again; it holds one word, and one is enough.
    pub replaced: Sender<()>,
    /// Hears where the servers are, when that changes.
    pub addresses: Box<dyn Fn(Vec<String>) + Send>,
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ears")
    }
}

/// Starts the threads of every feed. They end within a store's deadline when what is returned
/// first is dropped.
///
/// # Errors
/// The kernel has no room for a thread; those that were started end.
pub fn start(
    feeds: Vec<(Box<dyn Feed>, Box<dyn Pulse>)>,
    ears: Ears,
) -> io::Result<(Membership, Vec<JoinHandle<()>>)> {
    let is_over = Arc::new(AtomicBool::new(false));
    let (end, ended) = bounded(0);
    let membership = Membership { is_over: Arc::clone(&is_over), _end: end };
    let Ears { hub, replaced, addresses } = ears;
    let mut voice = Some(Voice { hub: hub.clone(), addresses, known: Vec::new() });
    let mut threads = Vec::new();
    for (n, (feed, pulse)) in feeds.into_iter().enumerate() {
        let reader = Reader {
            feed,
            hub: hub.clone(),
            replaced: replaced.clone(),
            is_over: Arc::clone(&is_over),
        };
        let heart =
            Heart { pulse, replaced: replaced.clone(), voice: voice.take(), is_unsure: false };
        let ended = ended.clone();
        threads.push(crate::threads::spawn(name("feed", n), move || reader.run())?);
        threads.push(crate::threads::spawn(name("pulse", n), move || heart.run(&ended))?);
    }
    Ok((membership, threads))
}

fn name(thread: &str, feed: usize) -> String {
    match feed {
        0 => thread.to_owned(),
        feed => format!("{thread}-{feed}"),
    }
}

struct Reader {
    feed: Box<dyn Feed>,
    hub: Inbox<Item>,
    replaced: Sender<()>,
    is_over: Arc<AtomicBool>,
}

impl Reader {
    fn run(mut self) {
        while !self.is_over.load(Ordering::Acquire) {
            match self.feed.next() {
                Ok(entries) if entries.is_empty() => {}
                Ok(entries) => {
                    let heard: Vec<_> = entries.into_iter().filter_map(heard).collect();
                    // The next page is read while the hub delivers this one.
                    if self.hub.enter(Item::Input(Input::Heard(heard))).is_err() {
                        return log::debug!("the hub has ended");
                    }
                }
                Err(StoreError::Replaced(why)) => {
                    log::error!("{why}");
                    // Said before, where it is full.
                    self.replaced.try_send(()).ok();
                    return;
                }
                Err(error) => {
                    log::warn!("nothing is heard of the other servers: {error}");
                    limits::pause(RETRY);
                }
            }
        }
    }
}

fn heard(entry: FeedEntry) -> Option<Heard> {
    match entry {
        FeedEntry::Done { from, session, write, written, room } => {
            let posted = as_posted(session, *write, Ok(written))?;
            Some(Heard::Posted { from, posted, room })
        }
        FeedEntry::Told { from, tidings } => Some(Heard::Told { from, tidings }),
        FeedEntry::Gone(node) => Some(Heard::Gone(node)),
    }
}

struct Heart {
    pulse: Box<dyn Pulse>,
    replaced: Sender<()>,
    /// Of the first feed only: in the others nobody is given up.
    voice: Option<Voice>,
    /// A sign of life was not answered: the others may have given this server up meanwhile, and
    /// taken it back.
    is_unsure: bool,
}

/// Who hears how the others see this server.
struct Voice {
    hub: Inbox<Item>,
    addresses: Box<dyn Fn(Vec<String>) + Send>,
    known: Vec<String>,
}

impl Heart {
    fn run(mut self, ended: &Receiver<()>) {
        let mut is_over = false;
        while !is_over {
            match self.pulse.beat() {
                Ok(beat) => self.on_beat(beat),
                Err(error @ (StoreError::Replaced(_) | StoreError::Newer { .. })) => {
                    log::error!("{error}");
                    self.replaced.try_send(()).ok();
                    return;
                }
                Err(error) => {
                    log::warn!("{} hear nothing of this one: {error}", self.who());
                    self.is_unsure = true;
                }
            }
            is_over = ended.recv_timeout(BEAT) != Err(RecvTimeoutError::Timeout);
        }
        self.pulse.leave();
    }

    /// Who does not hear the sign of life where it fails.
    fn who(&self) -> &'static str {
        if self.voice.is_some() { "the other servers" } else { "the others in one feed" }
    }

    fn on_beat(&mut self, beat: Beat) {
        let is_unsure = std::mem::take(&mut self.is_unsure);
        if let Some(voice) = &mut self.voice {
            voice.on_beat(beat, is_unsure);
        }
    }
}

impl Voice {
    fn on_beat(&mut self, Beat { was_gone, addresses }: Beat, is_unsure: bool) {
        if was_gone {
            log::warn!("the other servers had given this one up");
        }
        let must_announce = was_gone || is_unsure;
        if must_announce && self.hub.enter(Item::Input(Input::Announce)).is_err() {
            log::debug!("the hub has ended");
        }
        if addresses != self.known {
            (self.addresses)(addresses.clone());
            self.known = addresses;
        }
    }
}
