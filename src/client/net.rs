//! The thread `client-net`: it owns the socket, waits for whatever comes first of bytes, orders
//! and deadlines, and lets the [`Conversation`] decide what that means.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, select};
use rustix::event::{PollFd, PollFlags, poll};

use crate::clock;
use crate::protocol::{Farewell, Millis};

use super::conversation::{Conversation, Order, Parting};
use super::link::{self, CONNECT_WAIT, Link, STUCK};
use super::servers::Servers;
use super::updates::Handled;
use super::{ConnectError, Lost, Unsent, Update};

/// While the program is leaving and has updates to look at: how soon to see that it has.
const LEAVING_TICK: Duration = Duration::from_millis(20);

/// The clock of the day is this much ahead of the one that stands still in sleep: this computer
/// has slept. More than anybody sets a clock right by.
const SLEPT: Duration = Duration::from_secs(20);

/// What comes from the program.
#[derive(Debug)]
pub(super) struct Inlets {
    pub(super) orders: Receiver<Order>,
    /// One unit for each send without an end.
    pub(super) slots: Receiver<()>,
    /// The moment by which to be gone, and how; its end means now.
    pub(super) closing: Receiver<(Instant, Parting)>,
    pub(super) wake: UnixStream,
    /// What the program has dealt with.
    pub(super) handled: Arc<Handled>,
}

#[derive(Debug)]
pub(super) struct Net {
    servers: Servers,
    inlets: Inlets,
    updates: Sender<Update>,
    conversation: Conversation,
    /// The server has said that it ends.
    moves_on: bool,
    clocks: Clocks,
}

/// What both clocks said last.
#[derive(Debug)]
struct Clocks {
    /// Stands still while this computer sleeps.
    steady: Instant,
    day: Millis,
}

impl Clocks {
    /// Has this computer slept since it was asked last?
    fn slept(&mut self, steady: Instant, day: Millis) -> bool {
        let passed =
            u64::try_from(day.0 - self.day.0).map_or(Duration::ZERO, Duration::from_millis);
        let slept = passed.saturating_sub(steady.saturating_duration_since(self.steady)) > SLEPT;
        (self.steady, self.day) = (steady, day);
        slept
    }
}

impl Net {
    pub(super) fn new(
        servers: Servers,
        inlets: Inlets,
        updates: Sender<Update>,
        conversation: Conversation,
    ) -> Self {
        let clocks = Clocks { steady: clock::now(), day: clock::now_ms() };
        Self { servers, inlets, updates, conversation, moves_on: false, clocks }
    }

    /// Runs until the program leaves. Returns the sends that have no end.
    pub(super) fn run(mut self, link: Link) -> Vec<Unsent> {
        let mut link = Some(self.begin(link));
        while !self.conversation.is_over() {
            if let Some(why) = self.turn(&mut link) {
                link = None;
                self.moves_on = why.farewell() == Some(Farewell::ShuttingDown);
                self.conversation.lost(why, random(), clock::now());
            }
            self.hand_on();
            if self.conversation.wants_link(clock::now()) {
                link = self.reconnect();
            }
        }
        self.hand_on();
        self.conversation.into_unsent()
    }

    /// One round: takes what the program wants, does what is due, writes, waits, reads.
    fn turn(&mut self, link: &mut Option<Link>) -> Option<Lost> {
        self.take_orders();
        let now = clock::now();
        if self.clocks.slept(now, clock::now_ms()) {
            self.conversation.woke(now);
        }
        let (handled, only) = self.inlets.handled.so_far();
        self.conversation.positions.count_only(only);
        self.conversation.tick(handled, now);
        self.hand_on();
        if self.conversation.is_over() {
            return None;
        }
        let bytes = &mut self.conversation.bytes;
        if let Some(link) = link
            && let Err(why) = link.write(bytes, now)
        {
            // The server's last word explains it better.
            drop(link.read(&mut self.conversation));
            return Some(self.conversation.take_lost().unwrap_or(why));
        }
        if let Some(link) = link
            && self.conversation.hangs_up()
        {
            link.hang_up();
        }
        let readable = self.wait(link.as_ref());
        let read = match link {
            Some(link) if readable => link.read(&mut self.conversation),
            _ => Ok(()),
        };
        self.conversation.take_lost().or(read.err())
    }

    fn take_orders(&mut self) {
        let now = clock::now();
        match self.inlets.closing.try_recv() {
            Ok((by, parting)) => self.conversation.close(by, parting),
            Err(TryRecvError::Disconnected) => self.conversation.close(now, Parting::Pause),
            Err(TryRecvError::Empty) => {}
        }
        while self.conversation.takes_orders()
            && let Ok(order) = self.inlets.orders.try_recv()
        {
            self.conversation.order(order, now);
        }
    }

    /// Hands on what happened. Blocks until the program takes it: meanwhile nothing is read, and
    /// TCP slows the server.
    fn hand_on(&mut self) {
        let n_ended = std::mem::take(&mut self.conversation.n_ended);
        self.inlets.slots.try_iter().take(n_ended).for_each(drop);
        while let Some(update) = self.conversation.updates.pop_front() {
            let is_taken = match self.conversation.close_by() {
                Some(by) => self.updates.send_deadline(update, by).is_ok(),
                None => select! {
                    send(self.updates, update) -> sent => sent.is_ok(),
                    recv(self.inlets.closing) -> closing => {
                        let now = |_gone| (clock::now(), Parting::Pause);
                        let (by, parting) = closing.unwrap_or_else(now);
                        self.conversation.close(by, parting);
                        self.updates.send_deadline(update, by).is_ok()
                    }
                },
            };
            if !is_taken {
                self.conversation.stop_receipts();
            }
        }
    }

    fn reconnect(&mut self) -> Option<Link> {
        let close_by = self.conversation.close_by();
        let left = close_by.map(|by| by.saturating_duration_since(clock::now()));
        let wait = left.unwrap_or(CONNECT_WAIT).min(CONNECT_WAIT);
        self.servers.learn(&self.conversation.servers);
        let link = match std::mem::take(&mut self.moves_on) {
            true => self.servers.move_on(random(), wait),
            false => self.servers.connect(wait),
        };
        let why = match link {
            Ok(link) => return Some(self.begin(link)),
            Err(ConnectError::NotThere(error)) => Lost::NotThere(error.to_string()),
            Err(ConnectError::Insecure(error)) => Lost::Insecure(error),
        };
        self.conversation.lost(why, random(), clock::now());
        None
    }

    fn begin(&mut self, mut link: Link) -> Link {
        if let Some(fingerprint) = link.first_met.take() {
            let address = self.servers.current().to_owned();
            self.conversation.hand_on(Update::FirstMet { address, fingerprint });
        }
        self.conversation.connected(clock::now());
        link
    }

    /// Blocks until bytes or orders come or something is due. Are there bytes to read?
    fn wait(&self, link: Option<&Link>) -> bool {
        let now = clock::now();
        let stuck = link.and_then(|link| link.stuck_since).map(|since| since + STUCK);
        // Who is leaving gives no more orders, and may have let go of the other end already.
        let leaving = self.conversation.close_by().map(|_| now + LEAVING_TICK);
        let wake = PollFd::new(&self.inlets.wake, PollFlags::IN);
        let mut fds: Vec<_> = leaving.is_none().then_some(wake).into_iter().collect();
        if let Some(link) = link {
            let writes = !self.conversation.bytes.is_empty() || link.is_pending();
            let events = if writes { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            fds.push(PollFd::new(&link.stream, events));
        }
        let until = [self.conversation.next_tick(), stuck, leaving].into_iter().flatten().min();
        if let Err(error) = poll(&mut fds, link::timeout(until, now).as_ref()) {
            log::debug!("poll: {error}");
        }
        // Orders are looked for in every round: the bytes only end the wait.
        let mut bytes = [0; 64];
        while matches!((&self.inlets.wake).read(&mut bytes), Ok(n) if n > 0) {}
        // Errors and the end are read, too.
        link.is_some()
            && fds.last().is_some_and(|socket| socket.revents().intersects(!PollFlags::OUT))
    }
}

/// Without a source of randomness everybody waits equally long, which is no reason to stop.
fn random() -> u32 {
    getrandom::u32().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_told_from_waiting_and_from_a_clock_that_is_set() {
        let (now, second) = (clock::now(), Duration::from_secs(1));
        let mut clocks = Clocks { steady: now, day: Millis(0) };
        assert!(!clocks.slept(now + 90 * second, Millis(90_000)), "nothing happened for long");
        assert!(!clocks.slept(now + 90 * second, Millis(95_000)), "set right");
        assert!(!clocks.slept(now + 91 * second, Millis(1_000)), "set back");
        assert!(clocks.slept(now + 92 * second, Millis(3_600_000)));
        assert!(!clocks.slept(now + 93 * second, Millis(3_601_000)));
    }
}
