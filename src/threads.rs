//! Every thread is started here: it has a name, a stack size and a handle that somebody joins
//! or whose end somebody observes.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Bytes. Read buffers live on the heap; 128 KiB is for Argon2's caller, SQLite and serde in a
/// debug build. The kernel maps pages as they are touched, so an idle thread costs 8 to 12 KiB.
pub const STACK: usize = 128 * 1024;

/// Bytes of address space that must be free before another connection gets a thread. Std maps a
/// signal stack within the new thread and panics there, which ends the process, where the kernel
/// has none; and so does every small allocation that fails. Above 32 MiB, so that `malloc` asks
/// the kernel each time (`M_MMAP_THRESHOLD` in mallopt(3)).
const HEADROOM: usize = 64 * 1024 * 1024;

/// Is there address space for another thread, and enough left for what the others do? The space
/// is asked for and given back untouched: some microseconds.
pub fn has_room() -> bool {
    let mut probe: Vec<u8> = Vec::new();
    let is_there = probe.try_reserve_exact(HEADROOM).is_ok();
    // Or the optimiser would leave out what nobody uses.
    drop(std::hint::black_box(probe));
    is_there
}

/// Starts a named thread. Linux shows the first 15 bytes of the name.
///
/// # Errors
/// The kernel has no room for another thread; admission control should have said no before.
pub fn spawn<T, F>(name: impl Into<String>, run: F) -> io::Result<JoinHandle<T>>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    Builder::new().name(name.into()).stack_size(STACK).spawn(run)
}
