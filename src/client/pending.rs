//! Sends without an end: kept in the order they were given, at most [`WINDOW`] of them on the
//! wire, repeated after a break or after a temporary refusal.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::protocol::{About, RoomRef, UserId, Who};

use super::Unsent;

/// Sends on the wire at once. Below the server's own bound of 256, and few enough that what is
/// repeated after a break is soon repeated.
pub(super) const WINDOW: usize = 64;

/// The first pause after a temporary refusal; it doubles up to [`MAX_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);

/// A server that comes back is used again within this time.
const MAX_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Pending {
    sends: VecDeque<Send>,
    n_in_flight: usize,
    paused_until: Option<Instant>,
    /// The length of the last pause; none since something was stored.
    pause: Option<Duration>,
}

#[derive(Debug)]
struct Send {
    unsent: Unsent,
    in_flight: bool,
    /// It was on the wire when a connection broke: it may be stored.
    uncertain: bool,
    /// The program knows that it was refused for the time being.
    told: bool,
}

impl Pending {
    pub(super) fn push(&mut self, unsent: Unsent) {
        let send = Send { unsent, in_flight: false, uncertain: false, told: false };
        self.sends.push_back(send);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sends.is_empty()
    }

    /// The next one to write, which is on the wire from now on.
    pub(super) fn next(&mut self, now: Instant) -> Option<&Unsent> {
        self.paused_until = self.paused_until.filter(|until| now < *until);
        if self.paused_until.is_some() || self.n_in_flight >= WINDOW {
            return None;
        }
        let send = self.sends.iter_mut().find(|send| !send.in_flight)?;
        send.in_flight = true;
        self.n_in_flight += 1;
        Some(&send.unsent)
    }

    /// When the next one may be written, if that is a matter of time.
    pub(super) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// It has an end. `None`: it had one before.
    pub(super) fn remove(&mut self, reference: &str) -> Option<Unsent> {
        let at = self.at(reference)?;
        let send = self.sends.remove(at)?;
        self.n_in_flight -= usize::from(send.in_flight);
        Some(send.unsent)
    }

    /// Takes out what was never on the wire. `None`: it had an end before, or may be stored.
    pub(super) fn withdraw(&mut self, reference: &str) -> Option<Unsent> {
        let at = self.at(reference)?;
        let send = self.sends.get(at).filter(|send| !send.in_flight && !send.uncertain)?;
        let unsent = send.unsent.clone();
        self.sends.remove(at);
        Some(unsent)
    }

    /// It was stored, so the server is well.
    pub(super) fn stored(&mut self, reference: &str) -> Option<Unsent> {
        self.pause = None;
        self.remove(reference)
    }

    /// It was refused for the time being: everything pauses, so that what was said first is
    /// repeated first. Returns it when the program does not know yet.
    pub(super) fn postpone(&mut self, reference: &str, now: Instant) -> Option<Unsent> {
        let at = self.at(reference)?;
        let send = self.sends.get_mut(at)?;
        self.n_in_flight -= usize::from(send.in_flight);
        send.in_flight = false;
        if self.paused_until.is_none() {
            let pause = self.pause.map_or(PAUSE, |last| (last * 2).min(MAX_PAUSE));
            self.pause = Some(pause);
            self.paused_until = Some(now + pause);
        }
        let first_time = !std::mem::replace(&mut send.told, true);
        first_time.then(|| send.unsent.clone())
    }

    /// The connection broke: everything is to be written again.
    pub(super) fn lost(&mut self) {
        for send in &mut self.sends {
            send.uncertain |= send.in_flight;
            send.in_flight = false;
        }
        self.n_in_flight = 0;
        self.paused_until = None;
    }

    /// A message under one's own name came: is it one of these, stored before the connection
    /// broke? A server that says the reference is believed; else the words decide, and what it is
    /// about. A room with a name may have been meant by either of `room`.
    pub(super) fn is_own_echo(
        &self,
        reference: Option<&str>,
        (to, room): (Option<UserId>, &[RoomRef]),
        (about, text): (Option<About>, &str),
    ) -> bool {
        let is_there = |unsent: &Unsent| match &unsent.room {
            None => room.is_empty() && unsent.to == to.map(Who::Id),
            Some(meant) => room.contains(meant),
        };
        self.sends.iter().any(|Send { unsent, uncertain, .. }| match reference {
            Some(reference) => unsent.reference.as_str() == reference,
            None => {
                let is_it = unsent.about == about && unsent.text.as_str() == text;
                *uncertain && is_there(unsent) && is_it
            }
        })
    }

    /// Takes everything out.
    pub(super) fn drain(&mut self) -> Vec<Unsent> {
        let sends = std::mem::take(self).sends;
        sends.into_iter().map(|send| send.unsent).collect()
    }

    /// Acknowledgements come in the order of sends, so this finds its place at once.
    fn at(&self, reference: &str) -> Option<usize> {
        self.sends.iter().position(|send| send.unsent.reference.as_str() == reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::protocol::{Reference, Text};

    fn unsent(n: usize) -> Unsent {
        let reference = Reference::new(&format!("r{n}")).unwrap();
        Unsent { reference, to: None, room: None, text: Text::new("hi").unwrap(), about: None }
    }

    #[test]
    fn a_temporary_refusal_holds_everything_back_and_keeps_the_order() {
        let now = clock::now();
        let mut pending = Pending::default();
        (0..3).for_each(|n| pending.push(unsent(n)));
        assert_eq!(pending.next(now).unwrap().reference.as_str(), "r0");
        assert_eq!(pending.next(now).unwrap().reference.as_str(), "r1");
        assert!(pending.postpone("r0", now).is_some());
        assert!(pending.next(now).is_none());
        assert!(pending.postpone("r1", now).is_some());
        let later = now + PAUSE;
        assert_eq!(pending.next(later).unwrap().reference.as_str(), "r0");
        assert!(pending.postpone("r0", later).is_none(), "told once");
        assert!(pending.next(later + PAUSE).is_none(), "pauses grow");
        let order: Vec<_> =
            std::iter::from_fn(|| Some(pending.next(later + 2 * PAUSE)?.reference.clone()))
                .collect();
        assert_eq!(order, [unsent(0).reference, unsent(1).reference, unsent(2).reference]);
    }

    #[test]
    fn at_most_a_window_is_on_the_wire_and_a_break_takes_it_all_back() {
        let now = clock::now();
        let mut pending = Pending::default();
        (0..WINDOW + 1).for_each(|n| pending.push(unsent(n)));
        (0..WINDOW).for_each(|_| assert!(pending.next(now).is_some()));
        assert!(pending.next(now).is_none());
        assert!(pending.stored("r0").is_some());
        assert!(pending.stored("r0").is_none());
        pending.lost();
        // What was on the wire may be stored; what was not is still the program's own.
        assert!(pending.withdraw("r1").is_none());
        assert!(pending.withdraw(&format!("r{WINDOW}")).is_some());
        assert!(pending.withdraw(&format!("r{WINDOW}")).is_none());
        assert_eq!(pending.next(now).unwrap().reference.as_str(), "r1");
        assert!(pending.is_own_echo(None, (None, &[]), (None, "hi")));
        assert!(!pending.is_own_echo(Some("else"), (None, &[]), (None, "hi")));
    }
}
