//! File descriptors: a session needs one, the store one for each of its files.

use tracing::warn;

/// Raises the process's limit as far as it may. The usual soft limit of 1024 is there for programs
/// that use select(2); without the raise it would be reached before `max_connections` is.
pub fn raise_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a valid pointer to an rlimit that outlives them.
    let outcome = unsafe {
        match libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) {
            0 if limit.rlim_cur < limit.rlim_max => {
                limit.rlim_cur = limit.rlim_max;
                libc::setrlimit(libc::RLIMIT_NOFILE, &limit)
            }
            outcome => outcome,
        }
    };
    if outcome != 0 {
        let error = std::io::Error::last_os_error();
        warn!(%error, "cannot raise the limit of file descriptors");
    }
}
