//! Work on a thread that has file descriptors of its own.
//!
//! libpg_query points descriptor 2 at a pipe while it parses. Descriptors belong to the process, so
//! no two threads may parse at once, and a text that takes seconds would keep everybody waiting. A
//! thread can leave the process's table of descriptors, though (Linux's `CLOSE_RANGE_UNSHARE`), and
//! redirect what it likes.

use std::panic::resume_unwind;
use std::thread::Builder;

/// Bytes of the thread's stack.
const STACK_BYTES: usize = 64 << 20;

/// Runs `work` on a new thread and waits for it. `work` is told whether the thread has descriptors
/// of its own; where the system does not give it any, or no thread, it has not.
pub(super) fn run<T: Send>(work: impl FnOnce(bool) -> T + Send + Clone) -> T {
    std::thread::scope(|scope| {
        let apart = work.clone();
        let thread = Builder::new().name("parser".into()).stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, move || apart(leave_descriptors())) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => work(false),
        }
    })
}

/// Gives the calling thread a table with only the three standard descriptors.
fn leave_descriptors() -> bool {
    let (first, last) = (libc::c_uint::from(3u8), libc::c_uint::MAX);
    let unshare = libc::c_int::try_from(libc::CLOSE_RANGE_UNSHARE).unwrap_or(0);
    // SAFETY: with this flag close_range(2) closes descriptors in a copy of the table that only this
    // thread uses from then on; nothing that the thread runs afterwards owns one of them.
    unshare != 0 && unsafe { libc::close_range(first, last, unshare) } == 0
}
