//! Every thread is started here: it has a name, a stack size and a handle that somebody joins
//! or whose end somebody observes.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Bytes. Read buffers live on the heap; 128 KiB is for Argon2's caller, SQLite and serde in a
/// debug build. The kernel maps pages as they are touched, so an idle thread costs 8 to 12 KiB.
pub const STACK: usize = 128 * 1024;

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
