//! What work costs and who pays for it. Everything that a client causes (packets,
//! recipients, flushes, refusals, entries of lists, logins) is counted in units
//! against that client's quantum and against the tick of its worker, whatever
//! state the client is in; what the connection itself costs (accepting, reading,
//! closing it, long writes) against the tick alone. Never: what is done when a budget
//! is used up, which is beside each loop that has one.

use crate::limits;

/// About half a microsecond of a worker.
pub type Units = u32;

/// A packet framed, parsed, routed, besides its bytes.
const PACKET: Units = 1;
/// A recipient's name that is not ASCII: normalized and folded.
pub const FOREIGN_NAME: Units = 2;
/// A packet put into one queue, or a refusal, or an answer.
pub const DELIVERY: Units = 1;
/// A frame for many put into one of their queues, which is in memory that is not at hand.
pub const FAN_OUT_DELIVERY: Units = 2;
/// A socket that has to be flushed for it, here or at another worker.
pub const FLUSH: Units = 8;
/// A name claimed, with all that hangs on it.
pub const LOGIN: Units = 32;
/// Bytes of a TLS handshake dealt with ...
pub const HANDSHAKE_STEP: Units = 40;
/// ... and a ClientHello answered: a key agreed upon, a signature made. Measured: 100 to
/// 130 µs, with and without a ticket; what follows it takes 15 µs.
pub const HELLO: Units = 220;
/// Small TLS records that cost one unit.
pub const RECORDS_PER_UNIT: u32 = 3;
/// A timer that fires.
pub const TIMER: Units = 2;
/// A connection accepted, and one closed.
pub const ACCEPT: Units = 32;
pub const CLOSE: Units = 32;
/// One read of a socket, whatever comes of it.
pub const READ: Units = 4;
/// A message from another shard.
pub const MESSAGE: Units = 1;
/// A query replied to: rooms and users looked up, members added and removed.
pub const QUERY: Units = 6;
/// A request to the store, with its reply.
pub const STORE: Units = 32;
/// A packet for the store, here; the store bounds its own work.
pub const POST: Units = 4;
/// A connection looked at for whether it has to go.
pub const LOOK: Units = 2;
/// A room left by one who goes, with what the room's home has to do.
pub const LEAVE: Units = 8;
/// Entries of a list that cost one unit.
const ENTRIES_PER_UNIT: usize = 8;
/// Bytes copied that cost one unit.
const BYTES_PER_UNIT: usize = 4096;
/// Bytes given to a socket that cost one unit.
const SENT_BYTES_PER_UNIT: usize = 1024;
/// Bytes received and looked through that cost one unit.
const READ_BYTES_PER_UNIT: usize = 256;
/// Bytes of a packet, which may have to be read letter by letter, that cost one unit.
const PARSED_BYTES_PER_UNIT: usize = 64;

/// Entries of a list, collected or written.
pub fn of_entries(entries: usize) -> Units {
    (entries / ENTRIES_PER_UNIT) as Units + 1
}

/// Bytes copied.
pub fn of_bytes(bytes: usize) -> Units {
    (bytes / BYTES_PER_UNIT) as Units
}

/// One read of so many bytes.
pub fn of_read(bytes: usize) -> Units {
    READ + (bytes / READ_BYTES_PER_UNIT) as Units
}

/// Kept input of so many bytes looked at again.
pub fn of_kept(bytes: usize) -> Units {
    READ + of_bytes(bytes)
}

/// Bytes of a packet that isn't whole, looked through.
pub fn of_scanned(bytes: usize) -> Units {
    (bytes / READ_BYTES_PER_UNIT) as Units
}

/// Bytes that a socket took.
pub fn of_sent(bytes: usize) -> Units {
    (bytes / SENT_BYTES_PER_UNIT) as Units
}

/// A packet framed, parsed, routed; so many of its bytes were looked at one by one.
pub fn of_parsed(bytes: usize) -> Units {
    PACKET + (bytes / PARSED_BYTES_PER_UNIT) as Units
}

/// The most that a worker reads in one tick, in bytes: its budget, and one turn more.
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

    /// Counts work against the tick alone.
    #[inline]
    pub fn spend_on_tick(&mut self, units: Units) {
        self.tick += units;
    }

    /// Another client is heard.
    #[inline]
    pub fn begin_quantum(&mut self) {
        self.quantum = 0;
    }

    /// It has been heard.
    #[inline]
    pub fn end_quantum(&mut self) {
        self.quantum_peak = self.quantum_peak.max(self.quantum);
    }

    /// The tick is over.
    pub fn end_tick(&mut self) {
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
        work.begin_quantum();
        work.spend(3);
        work.end_quantum();
        work.begin_quantum();
        work.spend(2);
        work.end_quantum();
        work.spend_on_tick(4);
        assert_eq!((work.quantum, work.tick), (2, 9));
        work.end_tick();
        assert_eq!((work.tick, work.quantum_peak, work.tick_peak), (0, 3, 9));
    }

    #[test]
    fn long_lists_and_large_pages_cost_more() {
        assert_eq!((of_entries(0), of_entries(800)), (1, 101));
        assert_eq!((of_bytes(100), of_bytes(65_536)), (0, 16));
    }
}
