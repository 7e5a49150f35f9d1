//! The leading of a stage, in every interleaving: `src/stage/lead.rs` itself, with loom's `sync`
//! in the place of std's.
//!
//! Loom's clock does not move and its `wait_timeout` never times out, so moments that are still to
//! come are left to `src/stage/tests.rs`.

mod interrupted;
#[path = "../src/stage/lead.rs"]
mod lead;
mod sync {
    pub(super) use loom::sync::atomic::{AtomicBool, Ordering, fence};
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;
}

use std::collections::VecDeque;

use hubbub::clock::now;
use hubbub::stage::{Guests, Next};
use lead::{Lead, Queue, around};
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread::{self, ThreadId};

/// An inbox whose emptiness can be seen without its lock, as the channel's can.
struct Inbox {
    items: Mutex<VecDeque<u8>>,
    waiting: loom::sync::atomic::AtomicUsize,
}

impl Inbox {
    fn new() -> Self {
        Self { items: Mutex::new(VecDeque::new()), waiting: 0.into() }
    }

    fn put(&self, item: u8) {
        let mut items = self.items.lock().unwrap();
        items.push_back(item);
        self.waiting.store(items.len(), Ordering::Release);
    }

    fn take(&self) -> Option<u8> {
        let mut items = self.items.lock().unwrap();
        let item = items.pop_front();
        self.waiting.store(items.len(), Ordering::Release);
        item
    }
}

impl Queue for Arc<Inbox> {
    fn is_empty(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0
    }
}

type Work = Box<dyn FnMut() -> Next + Send>;
type Stage = Arc<Lead<Arc<Inbox>, Work>>;

fn stage() -> (Stage, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::new());
    (Arc::new(Lead::new(Arc::clone(&inbox))), inbox)
}

/// What a stage does: notes what it takes, one item a round, and that nobody else does.
fn noting(inbox: &Arc<Inbox>, seen: &Arc<Mutex<Vec<u8>>>) -> Work {
    let (inbox, seen) = (Arc::clone(inbox), Arc::clone(seen));
    let led = AtomicBool::new(false);
    Box::new(move || {
        assert!(!led.swap(true, Ordering::SeqCst), "two lead");
        seen.lock().unwrap().extend(inbox.take());
        led.store(false, Ordering::SeqCst);
        Next::Wait
    })
}

/// At most so many forced switches: more find nothing new here, and take hours.
fn model(switches: usize, check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(check);
}

#[test]
fn nothing_waits_without_a_leader() {
    // A guest, somebody who only puts in, and the stage's own thread. If an item were left behind,
    // the own thread would sleep for ever, and loom calls that a deadlock.
    model(3, || {
        let (stage, inbox) = stage();
        let seen = Arc::new(Mutex::new(Vec::new()));
        stage.begin(noting(&inbox, &seen), Guests::Welcome);
        let guest = thread::spawn({
            let stage = Arc::clone(&stage);
            move || {
                stage.queue().put(1);
                stage.once();
                stage.queue().put(2);
                stage.once();
            }
        });
        let own = thread::spawn({
            let stage = Arc::clone(&stage);
            move || stage.run(|| {})
        });
        stage.queue().put(3);
        stage.settle();
        guest.join().unwrap();
        // The end waits for the inbox to be empty.
        stage.close();
        own.join().unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 3);
        let place = |item| seen.iter().position(|seen| *seen == item).unwrap();
        assert!(place(1) < place(2) && place(3) < 3, "in order, each once: {seen:?}");
    });
}

/// What is put into the hub of the second model.
const ACT: u8 = 0;
const POSTED: u8 = 1;

/// Which threads lead which stage: a check, not a part of the model.
type Leaders = std::sync::Arc<std::sync::Mutex<Vec<(ThreadId, &'static str)>>>;

/// Runs a round of the stage `name`; its thread may lead nothing else meanwhile.
fn round(leaders: &Leaders, name: &'static str, run: impl FnOnce() -> Next) -> Next {
    let me = thread::current().id();
    {
        let mut leaders = leaders.lock().unwrap();
        assert!(leaders.iter().all(|(thread, stage)| *thread != me && *stage != name));
        leaders.push((me, name));
    }
    let next = run();
    leaders.lock().unwrap().retain(|(thread, _)| *thread != me);
    next
}

#[test]
fn what_goes_around_two_stages_arrives_and_nobody_leads_both_at_once() {
    model(2, || {
        let ((hub, acts), (journal, jobs)) = (stage(), stage());
        let leaders = Leaders::default();
        let work: Work = {
            let (acts, jobs, leaders) = (Arc::clone(&acts), Arc::clone(&jobs), leaders.clone());
            let mut left = 2;
            Box::new(move || {
                round(&leaders, "hub", || {
                    while let Some(item) = acts.take() {
                        left -= u8::from(item == POSTED);
                        if item == ACT {
                            jobs.put(ACT);
                        }
                    }
                    if left == 0 { Next::End } else { Next::Wait }
                })
            })
        };
        hub.begin(work, Guests::Welcome);
        let work: Work = {
            let (acts, jobs) = (Arc::clone(&acts), Arc::clone(&jobs));
            Box::new(move || {
                round(&leaders, "journal", || {
                    while jobs.take().is_some() {
                        acts.put(POSTED);
                    }
                    Next::Wait
                })
            })
        };
        journal.begin(work, Guests::Welcome);
        let hub_thread = thread::spawn({
            let (hub, journal) = (Arc::clone(&hub), Arc::clone(&journal));
            move || hub.run(|| journal.settle())
        });
        let journal_thread = thread::spawn({
            let (hub, journal) = (Arc::clone(&hub), Arc::clone(&journal));
            move || {
                journal.run(|| {
                    hub.once();
                });
            }
        });
        let guest = thread::spawn({
            let (hub, journal) = (Arc::clone(&hub), Arc::clone(&journal));
            move || {
                hub.queue().put(ACT);
                around(&hub, &journal);
            }
        });
        hub.queue().put(ACT);
        hub.settle();
        guest.join().unwrap();
        // It ends by itself when both have arrived; anything lost is a deadlock.
        hub_thread.join().unwrap();
        journal.close();
        journal_thread.join().unwrap();
    });
}
