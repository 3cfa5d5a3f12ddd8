//! The pace of flushes and compactions, which leaves sessions their share of the machine.
//!
//! A low priority of the threads is not enough: a step's commit holds up those of sessions whatever
//! its thread's priority is. So pieces of work are followed by pauses while sessions write. The pauses
//! end where sessions write more than the work takes away: what is hot would grow for ever.

use crate::storage::Store;
use std::time::{Duration, Instant};

/// The longest pause, of what the work before it took.
const PAUSE: u32 = 8;
/// Sessions that write one row while so many are moved call for that pause, fewer for less.
const MOVED_PER_WRITE: u64 = 8;
const PAUSE_MAX: Duration = Duration::from_secs(1);

pub(super) struct Pace<'a> {
    store: &'a Store,
    /// When the current piece of work began.
    began: Instant,
    /// What sessions had written at the end of the piece before: its pause counts.
    writes: u64,
}

impl<'a> Pace<'a> {
    pub fn start(store: &'a Store) -> Pace<'a> {
        Pace { store, began: Instant::now(), writes: store.sequencer.session_writes() }
    }

    /// Pauses after a piece of work on `rows` rows.
    pub fn rest(&mut self, rows: u32) {
        let writes = self.store.sequencer.session_writes();
        std::thread::sleep(pause(self.began.elapsed(), rows, writes - self.writes));
        self.writes = writes;
        self.began = Instant::now();
    }
}

/// The pause after work on `rows` rows that took so long, while sessions wrote `written`.
fn pause(took: Duration, rows: u32, written: u64) -> Duration {
    if written >= u64::from(rows) {
        return Duration::ZERO;
    }
    let share = u32::try_from(written * MOVED_PER_WRITE).map_or(rows, |share| share.min(rows));
    (took * PAUSE * share / rows).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_write_get_pauses_unless_they_write_more_than_is_moved() {
        let took = Duration::from_millis(10);
        let pause_ms = |rows, written| pause(took, rows, written).as_millis();
        assert_eq!([pause_ms(800, 0), pause_ms(800, 10), pause_ms(800, 100)], [0, 8, 80]);
        assert_eq!([pause_ms(800, 799), pause_ms(800, 800), pause_ms(0, 0)], [80, 0, 0]);
        assert_eq!(pause(Duration::from_secs(9), 8, 1), PAUSE_MAX);
    }
}
