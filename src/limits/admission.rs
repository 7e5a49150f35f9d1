//! Who gets in: how many connections this machine carries, and how many one address may hold.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections that one address (IPv6: one /64) may hold: a school behind one NAT.
const PER_ADDRESS: usize = 200;

/// How many connections fit, and what the limit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Connections, one thread each.
    pub connections: usize,
    /// What stops at that number, for people.
    pub because: &'static str,
}

impl Ceiling {
    /// Where the kernel's limits cannot be read.
    const ELSEWHERE: usize = 1_000;

    /// Raises the soft limit of open files to the hard one and computes what fits. Every thread
    /// of std costs 4 memory mappings, and std aborts the process where there are none left,
    /// so the numbers are kept well below the wall. Reads `/proc`; called once, at start.
    pub fn of_this_machine() -> Self {
        let nofile = raise_open_files();
        let maps = number("/proc/sys/vm/max_map_count");
        let pids = number("/proc/sys/kernel/pid_max");
        let tasks = count_tasks();
        let limits = [
            (nofile.map(|n| n.saturating_sub(100)), "open files (ulimit -Hn)"),
            (maps.map(|n| n.saturating_sub(1000) / 4), "vm.max_map_count, 4 per thread"),
            (pids.map(|n| n.saturating_sub(tasks + 1000)), "kernel.pid_max"),
            (room_in_control_groups().map(|n| n.saturating_sub(100)), "a control group's pids.max"),
        ];
        let known = limits.into_iter().filter_map(|(n, because)| Some((n?, because)));
        let (connections, because) = known.min().unwrap_or((Self::ELSEWHERE, "no /proc here"));
        Self { connections, because }
    }
}

/// The number in a file of the kernel's; `None` where there is none, or it says `max`.
fn number(path: impl AsRef<Path>) -> Option<usize> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Tasks that this process' control group, and those around it, still take (version 2).
fn room_in_control_groups() -> Option<usize> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let room = |group: &Path| {
        let folder = Path::new("/sys/fs/cgroup").join(group);
        let max = number(folder.join("pids.max"))?;
        Some(max.saturating_sub(number(folder.join("pids.current")).unwrap_or(0)))
    };
    Path::new(own).ancestors().filter_map(room).min()
}

fn raise_open_files() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let open = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    // No limit at all: the others will bite.
    open.map(|n| usize::try_from(n).unwrap_or(usize::MAX))
}

/// Threads of the whole machine, from the fourth field of /proc/loadavg (`running/all`).
fn count_tasks() -> usize {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let all = load.split_whitespace().nth(3).and_then(|field| field.split_once('/'));
    all.and_then(|(_, all)| all.parse().ok()).unwrap_or(1000)
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 household has.
pub fn block_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Counts connections: in all, and per address. Shared by the accept threads.
#[derive(Debug)]
pub struct Addresses {
    /// Connections per address; an entry lives as long as one of them. Held for one look-up.
    counts: Mutex<HashMap<IpAddr, usize>>,
    n_all: AtomicUsize,
    max_all: usize,
}

/// A connection that was let in; it is counted until this is dropped.
#[derive(Debug)]
pub struct Admitted {
    addresses: Arc<Addresses>,
    counted: Option<IpAddr>,
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// No more fit at all.
    Server,
    /// No more from this address.
    Address,
}

impl Addresses {
    /// Lets `max_all` in.
    pub fn new(max_all: usize) -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), n_all: AtomicUsize::new(0), max_all })
    }

    /// Lets a connection in, or says why not. An exempt one is not counted for its address.
    ///
    /// # Errors
    /// [`Full`]: tell the peer, politely, and close.
    pub fn admit(self: &Arc<Self>, address: IpAddr, exempt: bool) -> Result<Admitted, Full> {
        if self.n_all.fetch_add(1, Ordering::Relaxed) >= self.max_all {
            self.n_all.fetch_sub(1, Ordering::Relaxed);
            return Err(Full::Server);
        }
        let block = block_of(address);
        if !exempt {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(block).or_insert(0);
            if *count >= PER_ADDRESS {
                self.n_all.fetch_sub(1, Ordering::Relaxed);
                return Err(Full::Address);
            }
            *count += 1;
        }
        Ok(Admitted { addresses: Arc::clone(self), counted: (!exempt).then_some(block) })
    }

    /// Connections let in and not yet gone.
    pub fn n_admitted(&self) -> usize {
        self.n_all.load(Ordering::Relaxed)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.addresses.n_all.fetch_sub(1, Ordering::Relaxed);
        let Some(block) = self.counted else { return };
        let mut counts = self.addresses.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&block) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_in_all_and_per_address_until_they_end() {
        let addresses = Addresses::new(PER_ADDRESS + 2);
        let v6 = |last: u128| IpAddr::from(Ipv6Addr::from_bits((0xfd00 << 112) + last));
        let held: Vec<_> =
            (0..PER_ADDRESS).map(|n| addresses.admit(v6(n as u128), false).unwrap()).collect();
        assert_eq!(addresses.admit(v6(9999), false).unwrap_err(), Full::Address);
        let _exempt = addresses.admit(v6(9999), true).unwrap();
        let other = addresses.admit(v6(1 << 64), false).unwrap();
        assert_eq!(addresses.admit(v6(2 << 64), false).unwrap_err(), Full::Server);
        drop((held, other));
        assert_eq!(addresses.n_admitted(), 1);
        assert!(addresses.counts.lock().unwrap().is_empty());
    }
}
