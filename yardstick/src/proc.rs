//! What the kernel says of a process and of the machine: `/proc`.

use std::fs;

/// Nanoseconds in a tick of `/proc/PID/stat`: 100 a second on every Linux there is.
const TICK: u64 = 10_000_000;

/// What a process has used and holds. All zero where there is no such process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Nanoseconds of CPU, user and system, of all its threads, ended ones too; counted in ticks
    /// of 10 ms.
    pub cpu: u64,
    /// Resident memory, KiB.
    pub rss_kib: u64,
    /// The most that was ever resident, KiB.
    pub rss_top_kib: u64,
    /// Threads.
    pub n_threads: u64,
}

/// The processes of what is measured: a server, or several servers that are one chat, with what
/// they share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pids([u32; Pids::MAX]);

impl Pids {
    /// So many at most.
    pub const MAX: usize = 8;

    /// Those of a list; what is beyond [`Self::MAX`] is left out.
    pub fn new(pids: &[u32]) -> Self {
        let mut all = [0; Self::MAX];
        all.iter_mut().zip(pids).for_each(|(place, pid)| *place = *pid);
        Self(all)
    }

    /// How many there are.
    pub fn n(self) -> usize {
        self.0.iter().filter(|pid| **pid > 0).count()
    }

    /// The processor time of each, nanoseconds.
    pub fn cpu_of_each(self) -> [u64; Self::MAX] {
        self.0.map(|pid| of_one(pid).cpu)
    }
}

/// Asks about processes: what they use and hold together.
pub fn usage(pids: Pids) -> Usage {
    let running = pids.0.into_iter().filter(|pid| *pid > 0);
    running.map(of_one).fold(Usage::default(), |all, one| Usage {
        cpu: all.cpu + one.cpu,
        rss_kib: all.rss_kib + one.rss_kib,
        rss_top_kib: all.rss_top_kib + one.rss_top_kib,
        n_threads: all.n_threads + one.n_threads,
    })
}

fn of_one(pid: u32) -> Usage {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is the name, which may hold anything, in parentheses.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let field = |n: usize| -> u64 {
        after_name.split_whitespace().nth(n - 3).and_then(|word| word.parse().ok()).unwrap_or(0)
    };
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    Usage {
        cpu: (field(14) + field(15)) * TICK,
        rss_kib: row(&status, "VmRSS:"),
        rss_top_kib: row(&status, "VmHWM:"),
        n_threads: field(20),
    }
}

/// The processor time of this process, nanoseconds.
pub fn own_cpu() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or(0) * 1_000_000_000 + nanos.unwrap_or(0)
}

/// What the kernel holds for all processes, KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel {
    /// Stacks of threads.
    pub stacks_kib: u64,
    /// Sockets, descriptors, threads and all other objects.
    pub slab_kib: u64,
    /// Tables of pages.
    pub tables_kib: u64,
    /// Bytes that wait in TCP sockets, in whole pages.
    pub tcp_kib: u64,
}

/// Asks about the machine.
pub fn kernel() -> Kernel {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let sockets = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let tcp = sockets.lines().find(|line| line.starts_with("TCP:")).unwrap_or_default();
    let pages = tcp.split_once(" mem ").and_then(|(_, rest)| rest.trim().parse::<u64>().ok());
    Kernel {
        stacks_kib: row(&memory, "KernelStack:"),
        slab_kib: row(&memory, "Slab:"),
        tables_kib: row(&memory, "PageTables:"),
        tcp_kib: pages.unwrap_or(0) * 4,
    }
}

/// The one-minute load average: who else is at work.
pub fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

fn row(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_threads_and_memory() {
        let usage = usage(Pids::new(&[std::process::id()]));
        assert!(usage.n_threads >= 1 && usage.rss_kib > 100, "{usage:?}");
        assert!(own_cpu() > 0);
        assert!(kernel().slab_kib > 0);
    }
}
