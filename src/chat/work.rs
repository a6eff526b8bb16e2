//! What work costs and who pays for it. Everything that a client causes (packets,
//! recipients, flushes, refusals, entries of lists, logins) is counted in units
//! against that client's quantum and against the tick of its worker, whatever
//! state the client is in. Never: what is done when a budget is used up, which is
//! beside each loop that has one.

use crate::limits;

/// About half a microsecond of a worker.
pub type Units = u32;

/// A packet framed, parsed, routed.
pub const PACKET: Units = 1;
/// A packet put into one queue, or a refusal, or an answer.
pub const DELIVERY: Units = 1;
/// A socket that has to be flushed for it, here or at another worker.
pub const FLUSH: Units = 8;
/// A name claimed, with all that hangs on it.
pub const LOGIN: Units = 32;
/// Bytes of a TLS handshake dealt with: a key agreed upon, a signature made.
pub const HANDSHAKE_STEP: Units = 300;
/// Small TLS records that cost one unit.
pub const RECORDS_PER_UNIT: u32 = 3;
/// A timer that fires.
pub const TIMER: Units = 2;
/// Entries of a list that cost one unit.
const ENTRIES_PER_UNIT: usize = 8;
/// Bytes copied that cost one unit.
const BYTES_PER_UNIT: usize = 4096;

/// Entries of a list, collected or written.
pub fn of_entries(entries: usize) -> Units {
    (entries / ENTRIES_PER_UNIT) as Units + 1
}

/// Bytes copied.
pub fn of_bytes(bytes: usize) -> Units {
    (bytes / BYTES_PER_UNIT) as Units
}

/// Bytes read that cost one unit.
const READ_BYTES_PER_UNIT: usize = 1024;

/// Bytes read from a socket, whatever they are: a tick reads a bounded number.
pub fn of_reading(bytes: usize) -> Units {
    (bytes / READ_BYTES_PER_UNIT) as Units
}

/// What a worker reads in one tick, in bytes: what its budget pays for, and one turn.
pub const TICK_READ_BYTES_MAX: usize =
    limits::TICK_WORK_MAX as usize * READ_BYTES_PER_UNIT + limits::SCRATCH_BYTES;

/// What was spent by whom.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// By the client that is heard now, in this quantum.
    pub quantum: Units,
    /// By all, in this tick.
    pub tick: Units,
    /// The most that was ever spent in one quantum, and in one tick.
    pub quantum_peak: Units,
    pub tick_peak: Units,
}

impl Work {
    /// Counts work against the client that is heard now and the tick.
    #[inline]
    pub fn spend(&mut self, units: Units) {
        self.quantum += units;
        self.tick += units;
    }

    /// Another client is heard.
    pub fn begin_quantum(&mut self) {
        self.quantum_peak = self.quantum_peak.max(self.quantum);
        self.quantum = 0;
    }

    /// The tick is over.
    pub fn end_tick(&mut self) {
        self.begin_quantum();
        self.tick_peak = self.tick_peak.max(self.tick);
        self.tick = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_counts_against_the_client_and_the_tick() {
        let mut work = Work::default();
        work.spend(3);
        work.begin_quantum();
        work.spend(2);
        assert_eq!((work.quantum, work.tick), (2, 5));
        work.end_tick();
        assert_eq!((work.quantum, work.tick, work.quantum_peak, work.tick_peak), (0, 0, 3, 5));
    }

    #[test]
    fn long_lists_and_large_pages_cost_more() {
        assert_eq!((of_entries(0), of_entries(800)), (1, 101));
        assert_eq!((of_bytes(100), of_bytes(65_536)), (0, 16));
    }
}
