//! Moves rows between the tiers of a server for as long as it lives.

use super::{Client, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Flushes and compacts all tables, over and over, in a session of its own.
pub struct Mover {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Mover {
    pub fn start(server: &dyn Server) -> Mover {
        let (client, stop) = (server.connect("postgres"), Arc::<AtomicBool>::default());
        let on_thread = stop.clone();
        let thread = std::thread::spawn(move || run(client, &on_thread));
        Mover { stop, thread: Some(thread) }
    }
}

/// How many rows were flushed.
fn run(mut client: Client, stop: &AtomicBool) -> u64 {
    let mut flushed = 0;
    while !stop.load(Ordering::Relaxed) {
        for sql in ["SELECT storage_flush_all()", "SELECT storage_compact_all()"] {
            let moved = client.run(sql).ok();
            flushed += moved.text(0, 0).and_then(|n| n.parse::<u64>().ok()).expect("a number");
        }
    }
    flushed
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let moved = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(matches!(moved, Some(Ok(1..))), "nothing was moved: {moved:?}");
        }
    }
}
